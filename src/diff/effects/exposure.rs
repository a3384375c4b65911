//! What can be reached from outside that could not.

use std::collections::BTreeSet;

use crate::diff::effects::around::{Around, Network, World};
use crate::diff::effects::routes::{self, Route, host_has};
use crate::diff::effects::{Effect, EffectKind, containers, effect, guards, pod_spec};
use crate::diff::pair::{Pair, Placed};
use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::reach;
use crate::reach::pods::namespace;
use crate::reach::policy::{self, Policy};

/// New ways in.
pub fn effects(pair: &Pair<'_>, around: &Around<'_>) -> Vec<Effect> {
    let (old, new) = (pair.before().map(|old| &old.document.root), pair.after().map(|new| &new.document.root));
    let ways_of = |root: Option<&Node>| root.map(ways).unwrap_or_default();
    let mut found: Vec<String> = ways_of(new).difference(&ways_of(old)).cloned().collect();
    found.extend(raised(old, new));
    found.extend(new_routes(pair, around));
    if let (Some(old), Some(new)) = (old, new) {
        found.extend(guards::lifted(&pair.id().kind, old, new));
        found.extend(more_ports(old, new));
        found.extend(bare_hosts(old, new, pair.after(), around));
    }
    found.extend(unguarded(pair, around));
    let new = new.map(listeners).unwrap_or_default();
    let old = old.map(listeners).unwrap_or_default();
    found.extend(
        new.iter().filter(|one| !old.iter().any(|other| other.takes(one))).map(|one| format!("listener {one}")),
    );
    found.into_iter().map(|why| effect(EffectKind::Exposure, why)).collect()
}

/// Every way from outside to an object, apart from routes.
fn ways(root: &Node) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if is_service(root) {
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

/// Types of Services, the most hidden first: each can be reached by all that can reach the ones before it.
const SERVICES: &[&str] = &["ClusterIP", "NodePort", "LoadBalancer"];

fn is_service(root: &Node) -> bool {
    root.text_at(&["kind"]) == Some("Service") && root.text_at(&["apiVersion"]) == Some("v1")
}

fn rank(service: &Node) -> usize {
    let kind = service.text_at(&["spec", "type"]);
    SERVICES.iter().position(|own| Some(*own) == kind).unwrap_or(0)
}

/// The type of a Service that can be reached by more than before.
fn raised(old: Option<&Node>, new: Option<&Node>) -> Option<String> {
    let of = |root: Option<&Node>| root.filter(|root| is_service(root)).map_or(0, rank);
    (of(new) > of(old)).then(|| format!("a Service of type {}", SERVICES[of(new)]))
}

/// Ports that a Service has got which stood open before.
fn more_ports(old: &Node, new: &Node) -> Vec<String> {
    let is_open =
        |root: &Node| is_service(root) && (rank(root) > 0 || !root.items_at(&["spec", "externalIPs"]).is_empty());
    if !(is_open(old) && is_open(new)) {
        return Vec::new();
    }
    let ports = |root: &Node| -> BTreeSet<(i128, String)> {
        let protocol = |port: &Node| port.text_at(&["protocol"]).unwrap_or("TCP").to_owned();
        let ports = root.items_at(&["spec", "ports"]).iter();
        ports.filter_map(|port| Some((port.get("port")?.integer()?, protocol(port)))).collect()
    };
    ports(new).difference(&ports(old)).map(|(port, protocol)| format!("port {port}/{protocol} from outside")).collect()
}

/// Routes that nothing led to before, or not so.
fn new_routes(pair: &Pair<'_>, around: &Around<'_>) -> BTreeSet<String> {
    let routes = of(pair.after(), &around.after);
    let own = of(pair.before(), &around.before);
    let own: Vec<&Route> = own.iter().collect();
    let reason = |route: &Route| {
        let why = routes::opened(route, &own, around)?;
        let all: Vec<&Route> = around.before.routes_near(&route.host).collect();
        // another object may have led there
        let elsewhere = routes::opened(route, &all, around)?;
        Some(if own.is_empty() { elsewhere } else { why })
    };
    routes.iter().filter_map(reason).collect()
}

/// Routes that nothing leads to any more.
pub fn gone_routes(pair: &Pair<'_>, around: &Around<'_>) -> BTreeSet<String> {
    let left = of(pair.after(), &around.after);
    let is_left = |route: &Route| {
        left.iter().any(|other| other.takes(route))
            || around.after.routes_near(&route.host).any(|other| other.takes(route))
    };
    let gone = of(pair.before(), &around.before).into_iter().filter(|route| !is_left(route));
    gone.map(|route| route.to_string()).collect()
}

fn of(placed: Option<Placed<'_>>, world: &World<'_>) -> Vec<Route> {
    placed.map(|placed| routes::of(placed.document, world)).unwrap_or_default()
}

/// Hosts that an Ingress leads somewhere in the clear, and did not.
fn bare_hosts(old: &Node, new: &Node, placed: Option<Placed<'_>>, around: &Around<'_>) -> BTreeSet<String> {
    let hosts = |root: &Node| -> Vec<String> {
        let named = |tls: &Node| -> Vec<String> {
            let hosts: Vec<String> =
                tls.items_at(&["hosts"]).iter().filter_map(Node::text).map(str::to_owned).collect();
            if hosts.is_empty() { vec!["*".to_owned()] } else { hosts }
        };
        let is_ingress = root.text_at(&["kind"]) == Some("Ingress");
        root.items_at(&["spec", "tls"]).iter().filter(|_| is_ingress).flat_map(named).collect()
    };
    let before = hosts(old);
    let after = hosts(new);
    let has = |hosts: &[String], host: &str| hosts.iter().any(|own| host_has(own, host));
    let routes = of(placed, &around.after);
    let bare = routes.iter().map(|route| route.host.as_str()).filter(|host| has(&before, host) && !has(&after, host));
    bare.map(|host| format!("host {host} without TLS")).collect()
}

/// A listener of a Gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    host: String,
    protocol: String,
    port: i128,
    /// From how many namespaces it takes routes: an index of `FROM`.
    from: usize,
}

/// From where a listener takes routes, the fewest first.
const FROM: &[&str] = &["None", "Same", "Selector", "All"];

impl Listener {
    /// Whether all that the other takes is taken here.
    pub fn takes(&self, other: &Self) -> bool {
        let is_same = self.port == other.port && self.protocol == other.protocol;
        is_same && host_has(&self.host, &other.host) && self.from >= other.from
    }
}

/// `443/HTTPS for *.example.com`
impl std::fmt::Display for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{} for {}", self.port, self.protocol, self.host)?;
        if self.from == FROM.len() - 1 { f.write_str(", open to routes of every namespace") } else { Ok(()) }
    }
}

/// The listeners of a Gateway.
pub fn listeners(root: &Node) -> Vec<Listener> {
    let is_gateway = root.text_at(&["kind"]) == Some("Gateway");
    let read = |one: &Node| {
        let from = one.text_at(&["allowedRoutes", "namespaces", "from"]).unwrap_or("Same");
        Some(Listener {
            host: one.text_at(&["hostname"]).unwrap_or("*").to_owned(),
            protocol: one.text_at(&["protocol"]).unwrap_or_default().to_owned(),
            port: one.get("port")?.integer()?,
            from: FROM.iter().position(|own| *own == from).unwrap_or(1),
        })
    };
    root.items_at(&["spec", "listeners"]).iter().filter(|_| is_gateway).filter_map(read).collect()
}

/// The listeners that a Gateway no longer has.
pub fn closed_listeners(pair: &Pair<'_>) -> Vec<String> {
    let of = |placed: Option<Placed<'_>>| placed.map(|placed| listeners(&placed.document.root)).unwrap_or_default();
    let left = of(pair.after());
    let is_left = |one: &Listener| left.iter().any(|other| Listener { from: one.from, ..other.clone() }.takes(one));
    of(pair.before())
        .iter()
        .filter(|one| !is_left(one))
        .map(|one| format!("{}/{} for {}", one.port, one.protocol, one.host))
        .collect()
}

/// Pods whose callers nobody judges any more, because a policy is gone or holds for fewer.
fn unguarded(pair: &Pair<'_>, around: &Around<'_>) -> Vec<String> {
    let Some(old) = pair.before().map(|old| old.document) else { return Vec::new() };
    if !old.id.kind.ends_with("NetworkPolicy") {
        return Vec::new();
    }
    let policies = policy::read(old);
    if policies.is_empty() && reach::concerns(&old.id) {
        return Vec::new();
    }
    let lone = || "its pods may lose their isolation".to_owned();
    let is_gone = matches!(pair, Pair::Removed(_));
    if policies.is_empty() {
        // who it holds for is not understood
        let is_left = around.after.has_namespace(namespace(old));
        return (is_gone && is_left).then(lone).into_iter().collect();
    }
    policies.iter().flat_map(|policy| left_open(policy, old, is_gone, around)).collect()
}

/// One end of connections.
struct End {
    /// What is told of it.
    what: &'static str,
    /// Whether a policy judges it.
    judges: fn(&Policy<'_>) -> bool,
    /// Whether any policy judges it for a pod.
    is_judged: fn((bool, bool)) -> bool,
}

const ENDS: &[End] = &[
    End { what: "callers", judges: |policy| policy.ingress.is_some(), is_judged: |(callers, _)| callers },
    End { what: "calls", judges: |policy| policy.egress.is_some(), is_judged: |(_, calls)| calls },
];

fn left_open(policy: &Policy<'_>, document: &Document, is_gone: bool, around: &Around<'_>) -> Vec<String> {
    let Network { pods, policies, is_judged } = around.after.network();
    let mut found = Vec::new();
    for end in ENDS.iter().filter(|end| (end.judges)(policy)) {
        let what = end.what;
        let chosen = pods.find(&policy.subject);
        let open = chosen.iter().filter(|pod| !(end.is_judged)(is_judged[**pod]));
        found.extend(open.map(|pod| format!("no policy judges the {what} of {}", pods.all[*pod].party)));
        // pods that others make, and that no other policy may hold for
        let is_unknown = chosen.is_empty() && around.before.network().pods.find(&policy.subject).is_empty();
        let judges_all = |other: &Policy<'_>| {
            (end.judges)(other) && other.subject.place == policy.subject.place && other.subject.pods.0.is_empty()
        };
        if is_unknown
            && is_gone
            && what == "callers"
            && around.after.has_namespace(namespace(document))
            && !policies.iter().any(judges_all)
        {
            found.push("its pods may lose their isolation".to_owned());
        }
    }
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
    fn routes_of_the_gateway_api() {
        let route = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {hostnames: [a.test], rules: [{matches: [{path: {value: /a}}], backendRefs: [{name: a}]}]}}";
        assert_eq!(told("", route), ["exposure+: route a.test/a"]);
        assert_eq!(edited(route, "[a.test]", "[a.test, b.test]"), ["exposure+: route b.test/a"]);
        assert_eq!(edited(route, "{name: a}]", "{name: b}]"), ["exposure+: route a.test/a leads to default/b:"]);
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
        let policy = "{apiVersion: crd.projectcalico.org/v1, kind: NetworkPolicy, metadata: {name: a}}";
        assert!(!open(told(policy, "")), "nothing is left in its namespace");
        assert!(!open(told("", policy)));
    }
}
