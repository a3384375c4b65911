//! Ways from outside that Services and pods open by themselves, without any route.

use std::collections::BTreeSet;

use crate::diff::effects::around::{Around, Workload, World, holds, place, selector};
use crate::diff::effects::behind::{self, behind};
use crate::diff::effects::{containers, pod_spec, serving, template_of};
use crate::diff::pair::Pair;
use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::manifest::selector::labels;
use crate::ordered::Ordered;
use crate::reach::pods::namespace;

/// Types of Services, the most hidden first: each can be reached by all that can reach the ones before it.
const SERVICES: &[&str] = &["ClusterIP", "NodePort", "LoadBalancer"];

/// What goes with each type.
const GONE: &[&str] = &["", "its port of every node", "its load balancer"];

/// What is there and was not.
pub fn opened(pair: &Pair<'_>, around: &Around<'_>) -> BTreeSet<String> {
    let (old, new) = (pair.before().map(|old| &old.document.root), pair.after().map(|new| &new.document.root));
    let of = |root: Option<&Node>| root.map(ways).unwrap_or_default();
    let mut found: BTreeSet<String> = of(new).difference(&of(old)).cloned().ordered();
    let (was, is) = (old.map_or(0, type_of), new.map_or(0, type_of));
    found.extend((is > was).then(|| format!("a Service of type {}", SERVICES[is])));
    if let Pair::Kept(old, new) = pair {
        found.extend(more_ports(&old.document.root, &new.document.root));
        found.extend(led_elsewhere(old.document, new.document, around));
    }
    found
}

/// What is gone, of an object that is still there.
pub fn closed(pair: &Pair<'_>) -> Vec<String> {
    let Pair::Kept(old, new) = pair else { return Vec::new() };
    let (old, new) = (&old.document.root, &new.document.root);
    if pair.is_renamed() {
        return Vec::new();
    }
    if is_open(old) && !is_open(new) {
        return vec!["nobody outside reaches it any more".to_owned()];
    }
    let is_on_node = pod_spec(new).is_some_and(is_on_node);
    let (had, has) = (ways(old), ways(new));
    // in the network of the node, every port is one of the node
    let gone = had.difference(&has).filter(|way| !is_on_node && *way != NETWORK);
    let mut found: Vec<String> = gone.cloned().collect();
    found.extend((type_of(old) > type_of(new)).then(|| GONE[type_of(old)].to_owned()));
    found.extend(moved_ports(old, new));
    found.into_iter().map(|way| format!("{way} is gone")).collect()
}

const NETWORK: &str = "the node's network";

/// Every way from outside to an object, apart from the type of a Service.
fn ways(root: &Node) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if is_service(root) {
        let addresses = root.items_at(&["spec", "externalIPs"]).iter().filter_map(Node::text);
        found.extend(addresses.map(|address| format!("external address {address}")));
    }
    if let Some(pod) = pod_spec(root) {
        found.extend(is_on_node(pod).then(|| NETWORK.to_owned()));
        let ports = containers(pod).flat_map(|container| container.items_at(&["ports"]));
        found.extend(ports.filter_map(|port| number(port, "hostPort")).map(of_node));
    }
    found
}

fn is_on_node(pod: &Node) -> bool {
    pod.get("hostNetwork").and_then(Node::bool) == Some(true)
}

fn number(node: &Node, key: &str) -> Option<i128> {
    node.get(key).and_then(Node::integer)
}

fn of_node(port: i128) -> String {
    format!("port {port} of every node")
}

fn is_service(root: &Node) -> bool {
    root.text_at(&["kind"]) == Some("Service") && root.text_at(&["apiVersion"]) == Some("v1")
}

/// The type of a Service, as an index of `SERVICES`; whatever else something is opens nothing by that.
fn type_of(root: &Node) -> usize {
    let kind = root.text_at(&["spec", "type"]).filter(|_| is_service(root));
    SERVICES.iter().position(|own| Some(*own) == kind).unwrap_or(0)
}

/// Whether a Service can be reached from outside by itself.
fn is_open(root: &Node) -> bool {
    is_service(root) && (type_of(root) > 0 || !root.items_at(&["spec", "externalIPs"]).is_empty())
}

/// Ports of the nodes in whose place a Service asks for others. One that asks for none keeps what it has
/// (`patchAllocatedValues`), and callers of a load balancer need not care.
fn moved_ports(old: &Node, new: &Node) -> Vec<String> {
    if type_of(old) != 1 || type_of(new) == 0 {
        return Vec::new();
    }
    let key = |port: &Node| (number(port, "port"), port.text_at(&["protocol"]).unwrap_or("TCP").to_owned());
    let [before, after] = [old, new].map(|root| root.items_at(&["spec", "ports"]));
    let gone = before.iter().filter_map(|port| {
        let was = number(port, "nodePort")?;
        let is = after.iter().find(|other| key(other) == key(port)).and_then(|other| number(other, "nodePort"))?;
        (was != is).then(|| of_node(was))
    });
    gone.collect()
}

/// Ports that a Service has got which stood open before.
fn more_ports(old: &Node, new: &Node) -> Vec<String> {
    if !(is_open(old) && is_open(new)) {
        return Vec::new();
    }
    let ports = |root: &Node| -> BTreeSet<(i128, String)> {
        let protocol = |port: &Node| port.text_at(&["protocol"]).unwrap_or("TCP").to_owned();
        let ports = root.items_at(&["spec", "ports"]).iter();
        ports.filter_map(|port| Some((number(port, "port")?, protocol(port)))).collect()
    };
    ports(new).difference(&ports(old)).map(|(port, protocol)| format!("port {port}/{protocol} from outside")).collect()
}

/// Whom callers from outside reach through a Service that leads elsewhere.
fn led_elsewhere(old: &Document, new: &Document, around: &Around<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let are_services = is_service(&old.root) && is_service(&new.root);
    if !are_services || old.root.get("spec") == new.root.get("spec") || serving::is_deserted(old, new, around) {
        return found;
    }
    let heir = |workload: &Workload<'_>| around.heir_of(workload.document);
    let called = |workload: &Workload<'_>| place(workload.document);
    for port in open_ports(old, &around.before).intersection(&open_ports(new, &around.after)) {
        // where the Service says the same, its pods have changed
        if behind::said(old, port) != behind::said(new, port) {
            let had = behind(old, port, &around.before, heir);
            found.extend(behind(new, port, &around.after, called).difference(&had).cloned());
        }
    }
    found.into_iter().map(|end| format!("callers from outside reach {end}")).collect()
}

/// Services through which callers from outside reach pods that have come to bear the labels which these want.
pub fn joined(pair: &Pair<'_>, around: &Around<'_>) -> Vec<String> {
    let Pair::Kept(old, new) = pair else { return Vec::new() };
    let (old, new) = (old.document, new.document);
    let (Some(was), Some(is)) = (template_of(old), template_of(new)) else { return Vec::new() };
    let (was, is) = (labels(was.at(&["metadata", "labels"])), labels(is.at(&["metadata", "labels"])));
    if was == is || pair.is_renamed() {
        return Vec::new();
    }
    let chooses = |service: &&Document| {
        let wanted = selector(&service.root);
        let known = around.before.service(namespace(service), &service.id.name);
        // a Service that wants something else tells that itself
        let known = known.filter(|known| selector(&known.root) == wanted);
        let is_new = holds(&is, &wanted) && !holds(&was, &wanted);
        let ports = known.filter(|_| is_new).map(|known| open_ports(known, &around.before));
        ports.is_some_and(|ports| !ports.is_disjoint(&open_ports(service, &around.after)))
    };
    let services = around.after.services_by(namespace(new), &is).into_iter().filter(chooses);
    services.map(|service| format!("callers from outside reach it through Service {}", service.id.place())).collect()
}

/// The ports of a Service that callers from outside reach, by the Service itself or by a route.
fn open_ports(service: &Document, world: &World<'_>) -> BTreeSet<String> {
    let ports = service.root.items_at(&["spec", "ports"]).iter().filter(|_| is_open(&service.root));
    let place = place(service);
    let routed = world.routes_to(&place).flat_map(|route| route.ports(&place)).map(str::to_owned);
    ports.filter_map(|port| port.get("port")?.spelled()).chain(routed).collect()
}
