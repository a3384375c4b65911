//! What can be reached from outside that could not.

use std::collections::BTreeSet;

use crate::diff::effects::{Effect, EffectKind, containers, effect, pod_spec};
use crate::diff::pair::Pair;
use crate::manifest::node::Node;

/// New ways in.
pub fn effects(pair: &Pair<'_>) -> Vec<Effect> {
    let (old, new) = (pair.before().map(|old| &old.document.root), pair.after().map(|new| &new.document.root));
    let ways_of = |root: Option<&Node>| root.map(ways).unwrap_or_default();
    let mut found: Vec<Effect> =
        ways_of(new).difference(&ways_of(old)).map(|way| effect(EffectKind::Exposure, way.as_str())).collect();
    if matches!(pair, Pair::Removed(_)) && pair.id().kind == "NetworkPolicy" {
        found.push(effect(EffectKind::Exposure, "its pods may lose their isolation"));
    }
    found
}

/// Every way from outside to an object.
fn ways(root: &Node) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = routes(root).into_iter().map(|route| format!("route {route}")).collect();
    match root.text_at(&["kind"]) {
        Some("Service") => {
            let kind = root.text_at(&["spec", "type"]).filter(|kind| ["LoadBalancer", "NodePort"].contains(kind));
            found.extend(kind.map(|kind| format!("a Service of type {kind}")));
            let addresses = root.items_at(&["spec", "externalIPs"]).iter().filter_map(Node::text);
            found.extend(addresses.map(|address| format!("external address {address}")));
        }
        Some("HTTPRoute" | "GRPCRoute" | "TLSRoute") => {
            let hosts = root.items_at(&["spec", "hostnames"]).iter().filter_map(Node::text);
            found.extend(hosts.map(|host| format!("route {host}")));
        }
        _ => {}
    }
    if let Some(pod) = pod_spec(root) {
        found.extend(
            (pod.get("hostNetwork").and_then(Node::bool) == Some(true)).then(|| "the node's network".to_owned()),
        );
        let ports = containers(pod).flat_map(|container| container.items_at(&["ports"]));
        let ports = ports.filter_map(|port| port.get("hostPort").and_then(Node::integer));
        found.extend(ports.map(|port| format!("port {port} of every node")));
    }
    found
}

/// Hosts and paths of an Ingress, such as `shop.example.com/api`.
pub fn routes(root: &Node) -> BTreeSet<String> {
    if root.text_at(&["kind"]) != Some("Ingress") {
        return BTreeSet::new();
    }
    let mut found = BTreeSet::new();
    for rule in root.items_at(&["spec", "rules"]) {
        let host = rule.text_at(&["host"]).unwrap_or("*");
        for path in rule.items_at(&["http", "paths"]) {
            found.insert(format!("{host}{}", path.text_at(&["path"]).unwrap_or("/")));
        }
    }
    found.extend(root.at(&["spec", "defaultBackend"]).map(|_| "*/".to_owned()));
    found
}

#[cfg(test)]
mod tests {
    use crate::diff::effects::examples::{edited, told};

    #[test]
    fn new_routes_and_addresses_are_told_and_old_ones_are_not() {
        let ingress = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, labels: {a: b}}, spec: {rules: [{host: a.test, http: {paths: [{path: /a}]}}]}}";
        assert_eq!(told("", ingress), ["exposure+: route a.test/a"]);
        assert!(edited(ingress, "path: /a", "path: /b").contains(&"exposure+: route a.test/b".to_owned()));
        assert!(edited(ingress, "{a: b}", "{a: c}").is_empty());
        let service =
            "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ClusterIP, externalIPs: [192.0.2.1]}}";
        assert_eq!(edited(service, "ClusterIP", "LoadBalancer"), ["exposure+: a Service of type LoadBalancer"]);
        assert!(edited(&service.replace("ClusterIP", "NodePort"), "NodePort", "ClusterIP").is_empty());
        assert_eq!(edited(service, "192.0.2.1", "192.0.2.2"), ["exposure+: external address 192.0.2.2"]);
    }

    #[test]
    fn ports_of_nodes_and_policies() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, ports: [{containerPort: 80}]}], automountServiceAccountToken: false}}";
        let open = |told: Vec<String>| told.iter().any(|line| line.starts_with("exposure+"));
        assert!(open(edited(pod, "{containerPort: 80}", "{containerPort: 80, hostPort: 80}")));
        assert!(!open(edited(pod, "containerPort: 80", "containerPort: 81")));
        let policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}";
        assert!(open(told(policy, "")));
        assert!(!open(told("", policy)));
    }
}
