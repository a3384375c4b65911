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
    if matches!(pair, Pair::Removed(_)) && pair.id().kind.ends_with("NetworkPolicy") {
        found.push(effect(EffectKind::Exposure, "its pods may lose their isolation"));
    }
    found
}

/// Every way from outside to an object.
fn ways(root: &Node) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = routes(root).into_iter().map(|route| format!("route {route}")).collect();
    if root.text_at(&["kind"]) == Some("Service") {
        let kind = root.text_at(&["spec", "type"]).filter(|kind| ["LoadBalancer", "NodePort"].contains(kind));
        found.extend(kind.map(|kind| format!("a Service of type {kind}")));
        let addresses = root.items_at(&["spec", "externalIPs"]).iter().filter_map(Node::text);
        found.extend(addresses.map(|address| format!("external address {address}")));
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

/// Whether objects of this kind lead callers from outside to a Service.
fn is_route(kind: &str) -> bool {
    ["Ingress", "HTTPRoute", "GRPCRoute", "TLSRoute"].contains(&kind)
}

/// Hosts and paths that an object leads to a Service, such as `shop.example.com/api`.
pub fn routes(root: &Node) -> BTreeSet<String> {
    match root.text_at(&["kind"]) {
        Some("Ingress") => ingress(root),
        Some(kind) if is_route(kind) => gateway(root),
        _ => BTreeSet::new(),
    }
}

fn ingress(root: &Node) -> BTreeSet<String> {
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

/// Every path of a route of the Gateway API is one of each of its hosts.
fn gateway(root: &Node) -> BTreeSet<String> {
    let or = |mut list: Vec<String>, what: &str| {
        if list.is_empty() {
            list.push(what.to_owned());
        }
        list
    };
    let texts = |nodes: &[Node]| nodes.iter().filter_map(Node::text).map(str::to_owned).collect();
    let rules = root.items_at(&["spec", "rules"]).iter();
    let paths = rules.flat_map(|rule| {
        let paths = rule.items_at(&["matches"]).iter();
        or(paths.map(|one| one.text_at(&["path", "value"]).unwrap_or("/").to_owned()).collect(), "/")
    });
    let (hosts, paths) = (or(texts(root.items_at(&["spec", "hostnames"])), "*"), or(paths.collect(), "/"));
    hosts.iter().flat_map(|host| paths.iter().map(move |path| format!("{host}{path}"))).collect()
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
    fn routes_of_the_gateway_api() {
        let route = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {hostnames: [a.test], rules: [{matches: [{path: {value: /a}}], backendRefs: [{name: a}]}]}}";
        assert_eq!(told("", route), ["exposure+: route a.test/a"]);
        assert_eq!(edited(route, "[a.test]", "[a.test, b.test]"), ["exposure+: route b.test/a"]);
        assert!(edited(route, "{name: a}]", "{name: b}]").is_empty());
        assert!(told("", &route.replace("hostnames: [a.test], ", "")).contains(&"exposure+: route */a".to_owned()));
    }

    #[test]
    fn ports_of_nodes_and_policies() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, ports: [{containerPort: 80}]}], automountServiceAccountToken: false}}";
        let open = |told: Vec<String>| told.iter().any(|line| line.starts_with("exposure+"));
        assert!(open(edited(pod, "{containerPort: 80}", "{containerPort: 80, hostPort: 80}")));
        assert!(!open(edited(pod, "containerPort: 80", "containerPort: 81")));
        assert!(open(edited(pod, "spec: {", "spec: {hostNetwork: true, ")));
        assert!(!open(edited(pod, "spec: {", "spec: {hostNetwork: false, ")));
        let policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}";
        assert!(open(told(policy, "")));
        assert!(!open(told("", policy)));
    }
}
