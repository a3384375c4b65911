//! Services: one for the ports that have callers, others for ports that must stand apart, and a headless one for pods
//! with names of their own.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::model::endpoint::{Audience, Endpoint};
use crate::model::identity::Identity;
use crate::parts::meta::namespaced;
use crate::values::name::Name;

/// The Services of a workload with these endpoints.
pub fn services(identity: &Identity<'_>, endpoints: &[&Endpoint]) -> Vec<Service> {
    let mut listed: BTreeMap<Name, Vec<&Endpoint>> = BTreeMap::new();
    for endpoint in endpoints.iter().copied().filter(|endpoint| endpoint.service.is_some()) {
        listed.entry(endpoint.service_name()).or_default().push(endpoint);
    }
    let stable = endpoints.iter().any(|endpoint| endpoint.stable_replicas.is_some());
    let mut services: Vec<Service> =
        listed.into_iter().map(|(name, endpoints)| cluster_ip(identity, &name, &endpoints)).collect();
    if stable {
        services.push(headless(identity, endpoints));
    }
    services
}

/// Reached inside the cluster, or from the world when one of its ports is for the world.
fn cluster_ip(identity: &Identity<'_>, name: &Name, endpoints: &[&Endpoint]) -> Service {
    let public = endpoints.iter().any(|endpoint| endpoint.is_for(Audience::World));
    // Replicas with names hold data of their own: a caller whose questions went to one and then another would see jumps.
    let sticky = endpoints.iter().any(|endpoint| endpoint.stable_replicas > Some(1));
    let ports = endpoints.iter().map(|endpoint| port(endpoint, endpoint.service.unwrap_or(endpoint.port))).collect();
    let spec = ServiceSpec {
        type_: Some(if public { "LoadBalancer" } else { "ClusterIP" }.to_owned()),
        // Keeps the client's address, and spares the hop to another node.
        external_traffic_policy: public.then(|| "Local".to_owned()),
        session_affinity: sticky.then(|| "ClientIP".to_owned()),
        internal_traffic_policy: (!public).then(|| "Cluster".to_owned()),
        ports: Some(ports),
        selector: Some(identity.selector()),
        ..Default::default()
    };
    Service {
        metadata: namespaced(name.as_str(), &identity.own.namespace, identity.labels()),
        spec: Some(spec),
        ..Default::default()
    }
}

/// Gives each replica a name, even before it is ready: replicas find each other while they start.
fn headless(identity: &Identity<'_>, endpoints: &[&Endpoint]) -> Service {
    let spec = ServiceSpec {
        type_: Some("ClusterIP".to_owned()),
        cluster_ip: Some("None".to_owned()),
        publish_not_ready_addresses: Some(true),
        ports: Some(endpoints.iter().map(|endpoint| port(endpoint, endpoint.port)).collect()),
        selector: Some(identity.selector()),
        ..Default::default()
    };
    Service {
        metadata: namespaced(identity.instance.with("headless").as_str(), &identity.own.namespace, identity.labels()),
        spec: Some(spec),
        ..Default::default()
    }
}

fn port(endpoint: &Endpoint, number: u16) -> ServicePort {
    ServicePort {
        name: Some(endpoint.name.to_owned()),
        port: i32::from(number),
        target_port: Some(IntOrString::String(endpoint.name.to_owned())),
        protocol: Some(endpoint.protocol.as_str().to_owned()),
        app_protocol: endpoint.app_protocol.map(str::to_owned),
        ..Default::default()
    }
}
