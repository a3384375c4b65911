//! Routes: Ingresses, and the public certificates of their hosts.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec,
    IngressTLS, ServiceBackendPort,
};

use crate::model::custom::Certificate;
use crate::model::identity::{Identity, platform_labels};
use crate::model::platform::{Declared, Platform};
use crate::parts::certificate;
use crate::parts::meta::{annotated, namespaced};
use crate::spec::shapes::RouteSpec;
use crate::values::host::Host;
use crate::values::name::Name;

/// The Ingress of a component with a route. `identity` is that of the workload behind it.
pub fn ingress(declared: &Declared, identity: &Identity<'_>, platform: &Platform) -> Option<Ingress> {
    let route = declared.component.route()?;
    let endpoint = &declared.endpoints[declared.front()?];
    let class = platform.around.ingress_class.clone()?;
    let host = route.host.value.below(&platform.facts.platform.domain);
    let metadata = namespaced(declared.own.name.as_str(), &declared.own.namespace, identity.labels());
    let limits = limits(route);
    let limits: Vec<(&str, &str)> = limits.iter().map(|(key, value)| (*key, value.as_str())).collect();
    Some(Ingress {
        metadata: annotated(metadata, &limits),
        spec: Some(IngressSpec {
            ingress_class_name: Some(class),
            tls: Some(vec![IngressTLS {
                hosts: Some(vec![host.to_string()]),
                secret_name: Some(certificate::public_secret(&host)),
            }]),
            rules: Some(vec![IngressRule {
                host: Some(host.to_string()),
                http: Some(HTTPIngressRuleValue {
                    paths: vec![HTTPIngressPath {
                        path: Some(route.path.value.to_string()),
                        path_type: "Prefix".to_owned(),
                        backend: backend(&endpoint.service_name(), endpoint.name),
                    }],
                }),
            }]),
            ..Default::default()
        }),
        ..Default::default()
    })
}

fn backend(service: &Name, port: &str) -> IngressBackend {
    IngressBackend {
        service: Some(IngressServiceBackend {
            name: service.to_string(),
            port: Some(ServiceBackendPort { name: Some(port.to_owned()), number: None }),
        }),
        resource: None,
    }
}

/// The limits of a route in the words of ingress-nginx.
fn limits(route: &RouteSpec) -> Vec<(&'static str, String)> {
    let mut limits = Vec::new();
    if let Some(body) = &route.body {
        limits.push(("nginx.ingress.kubernetes.io/proxy-body-size", body.to_string()));
        // Without a limit, bodies are passed on as they come instead of being collected on the controller's disk.
        if body.is_unlimited() {
            limits.push(("nginx.ingress.kubernetes.io/proxy-request-buffering", "off".to_owned()));
        }
    }
    if let Some(timeout) = route.timeout {
        let seconds = timeout.in_seconds().to_string();
        limits.push(("nginx.ingress.kubernetes.io/proxy-read-timeout", seconds.clone()));
        limits.push(("nginx.ingress.kubernetes.io/proxy-send-timeout", seconds));
    }
    limits
}

/// The certificates of a namespace: one for each of the `hosts` that are routed into it.
pub fn certificates(namespace: &Name, hosts: &[Host], platform: &Platform) -> Vec<Certificate> {
    let Some(issuer) = &platform.around.issuer else { return Vec::new() };
    let labels = platform_labels(&platform.facts.platform.name, "certificate");
    hosts.iter().map(|host| certificate::public(host, namespace, issuer, labels.clone())).collect()
}

/// The hosts that are routed into each namespace, each once.
pub fn hosts(platform: &Platform) -> BTreeMap<Name, Vec<Host>> {
    let mut hosts: BTreeMap<Name, Vec<Host>> = BTreeMap::new();
    for declared in &platform.components {
        if let Some(route) = declared.component.route() {
            let host = route.host.value.below(&platform.facts.platform.domain);
            hosts.entry(declared.own.namespace.clone()).or_default().push(host);
        }
    }
    for list in hosts.values_mut() {
        list.sort_unstable();
        list.dedup();
    }
    hosts
}
