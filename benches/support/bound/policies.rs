//! Network policies: as many peers as there are, wherever they really live.

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
    NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::objects::{Labels, labels, map, matching, metadata};
use super::{Platform, Service};

/// The policy of a service. It lists as many callers as callees, which over all services is how many there are.
pub fn service(service: &Service<'_>) -> NetworkPolicy {
    let declared = service.declared;
    let callees = || declared.calls.iter().filter(|callee| !service.externals.contains_key(*callee));
    let callers = callees().map(|caller| pods(&declared.namespace, caller));
    let fixed = [("ingress-nginx", "ingress-nginx-controller"), ("monitoring", "prometheus")];
    let from = fixed.into_iter().map(|(namespace, name)| pods(namespace, name)).chain(callers).collect();
    let ingress = NetworkPolicyIngressRule { from: Some(from), ports: Some(vec![port("TCP", declared.port)]) };
    let mut egress: Vec<NetworkPolicyEgressRule> =
        callees().map(|callee| to(vec![pods(&declared.namespace, callee)], declared.port)).collect();
    for external in declared.calls.iter().filter_map(|callee| service.externals.get(callee)) {
        egress.push(to(external.cidrs.iter().map(|cidr| block(cidr)).collect(), external.port));
    }
    NetworkPolicy {
        metadata: service.metadata(),
        spec: Some(spec(service.selector(), Some(vec![ingress]), Some(egress))),
    }
}

/// The policy of somebody who calls every service, on three ports as services have them.
pub fn to_all(name: &str, services: &[Service<'_>], platform: &Platform) -> NetworkPolicy {
    let mut rules = std::collections::BTreeMap::<u16, Vec<NetworkPolicyPeer>>::new();
    for service in services {
        rules.entry(service.declared.port).or_default().push(pods(&service.declared.namespace, service.name));
    }
    let egress = rules.into_iter().map(|(port, peers)| to(peers, port)).collect();
    NetworkPolicy {
        metadata: metadata(name, name, labels(name, "server", platform)),
        spec: Some(spec(map(&[("app.kubernetes.io/name", name)]), None, Some(egress))),
    }
}

pub fn solvers(namespace: &str, platform: &Platform) -> NetworkPolicy {
    let ingress = NetworkPolicyIngressRule {
        from: Some(vec![pods("ingress-nginx", "ingress-nginx-controller")]),
        ports: Some(vec![port("TCP", 8089)]),
    };
    let selector = map(&[("acme.cert-manager.io/http01-solver", "true")]);
    shared("acme-http01-solver", namespace, platform, spec(selector, Some(vec![ingress]), None))
}

pub fn allow_dns(namespace: &str, platform: &Platform) -> NetworkPolicy {
    let egress = NetworkPolicyEgressRule {
        to: Some(vec![peer("kube-system", map(&[("k8s-app", "kube-dns")]))]),
        ports: Some(vec![port("TCP", 53), port("UDP", 53)]),
    };
    shared("allow-dns", namespace, platform, spec(Labels::new(), None, Some(vec![egress])))
}

pub fn default_deny(namespace: &str, platform: &Platform) -> NetworkPolicy {
    shared("default-deny-all", namespace, platform, spec(Labels::new(), None, None))
}

fn shared(name: &str, namespace: &str, platform: &Platform, spec: NetworkPolicySpec) -> NetworkPolicy {
    let metadata = metadata(name, namespace, labels(&platform.name, "namespace", platform));
    NetworkPolicy { metadata, spec: Some(spec) }
}

fn spec(
    selector: Labels,
    ingress: Option<Vec<NetworkPolicyIngressRule>>,
    egress: Option<Vec<NetworkPolicyEgressRule>>,
) -> NetworkPolicySpec {
    NetworkPolicySpec {
        pod_selector: Some(matching(selector)),
        policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
        ingress,
        egress,
    }
}

fn to(peers: Vec<NetworkPolicyPeer>, number: u16) -> NetworkPolicyEgressRule {
    NetworkPolicyEgressRule { to: Some(peers), ports: Some(vec![port("TCP", number)]) }
}

fn port(protocol: &str, number: u16) -> NetworkPolicyPort {
    NetworkPolicyPort {
        protocol: Some(protocol.to_owned()),
        port: Some(IntOrString::Int(i32::from(number))),
        end_port: None,
    }
}

fn pods(namespace: &str, name: &str) -> NetworkPolicyPeer {
    peer(namespace, map(&[("app.kubernetes.io/name", name), ("app.kubernetes.io/instance", name)]))
}

fn peer(namespace: &str, selector: Labels) -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        namespace_selector: Some(matching(map(&[("kubernetes.io/metadata.name", namespace)]))),
        pod_selector: Some(matching(selector)),
        ip_block: None,
    }
}

fn block(cidr: &str) -> NetworkPolicyPeer {
    NetworkPolicyPeer { ip_block: Some(IPBlock { cidr: cidr.to_owned(), except: None }), ..Default::default() }
}
