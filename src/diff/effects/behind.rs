//! Who stands behind a Service: what its callers reach through each of its ports.

use std::collections::BTreeSet;

use crate::diff::effects::around::{Workload, World, selector};
use crate::diff::effects::containers;
use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::manifest::selector::Labels;
use crate::reach::pods::namespace;

/// What callers of a port reach: workloads that are called as `name` says, with the port at which they listen; the labels
/// of pods that nobody here makes; or the host that the Service stands for.
pub fn behind(
    service: &Document,
    port: &str,
    world: &World<'_>,
    name: impl Fn(&Workload<'_>) -> String,
) -> BTreeSet<String> {
    if let Some(host) = host(service) {
        return [host.to_owned()].into();
    }
    let (Some(target), Some(pods)) = (target(service, port), world.selected(service)) else { return BTreeSet::new() };
    if pods.is_empty() {
        let labels: Vec<String> = selector(&service.root).iter().map(|(key, value)| format!("{key}={value}")).collect();
        return [format!("{}/{}:{target}", namespace(service), labels.join(","))].into();
    }
    pods.iter().map(|pod| format!("{}:{}", name(pod), number(pod, &target))).collect()
}

/// The host outside of the cluster that a Service is another name of.
pub fn host(service: &Document) -> Option<&str> {
    let spec = service.root.get("spec")?;
    spec.text_at(&["externalName"]).filter(|_| spec.text_at(&["type"]) == Some("ExternalName"))
}

/// What a Service itself says of those behind a port.
pub fn said<'a>(service: &'a Document, port: &str) -> (Option<&'a str>, Labels<'a>, Option<String>) {
    (host(service), selector(&service.root), target(service, port))
}

/// The port of the pods, by number or by name.
fn target(service: &Document, port: &str) -> Option<String> {
    let mut ports = service.root.items_at(&["spec", "ports"]).iter();
    let own = |one: &Node| one.get("port").and_then(Node::spelled);
    let item = ports.find(|one| own(one).as_deref() == Some(port))?;
    item.get("targetPort").and_then(Node::spelled).or_else(|| own(item))
}

/// The number that a pod gives to a port, as far as it does.
fn number(pod: &Workload<'_>, target: &str) -> String {
    let mut ports = containers(pod.pod).flat_map(|one| one.items_at(&["ports"]));
    let named = ports.find(|port| port.text_at(&["name"]) == Some(target));
    named.and_then(|port| port.get("containerPort")?.spelled()).unwrap_or_else(|| target.to_owned())
}
