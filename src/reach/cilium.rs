//! Policies of Cilium, as far as they can be compared with plain ones. What is not understood becomes an end of its own,
//! called by its key, so that a change of it is seen.
//! Source: docs.cilium.io, "Layer 3 policies".

use crate::manifest::document::{Document, Id};
use crate::manifest::node::Node;
use crate::manifest::selector::{NAMESPACE_NAME, Need, Selector, said};
use crate::reach::party::Party;
use crate::reach::pods::{Choice, Place, namespace};
use crate::reach::policy::{Peer, Policy, Rule};
use crate::reach::port::{Port, Protocol};

/// The label by which Cilium knows a pod's namespace.
const NAMESPACE: &str = "io.kubernetes.pod.namespace";

/// Before labels of namespaces.
pub const OF_NAMESPACES: &str = "io.cilium.k8s.namespace.labels.";

/// Ends the keys of rules that take away what others let through.
const DENY: &str = "Deny";

/// Whether an end of a connection stands for a rule that takes something away.
pub fn is_denial(party: &Party) -> bool {
    matches!(party, Party::Outside(name) if name.starts_with(OURS) && name.ends_with(DENY))
}

/// Stands before keys that are not understood.
const OURS: &str = "cilium ";

/// Reads a `CiliumNetworkPolicy`: its one rule, or all of them. A section that is there closes its direction.
pub fn read(document: &Document) -> Vec<Policy<'_>> {
    let own = namespace(document);
    let specs = document.root.get("spec").into_iter().chain(document.root.items_at(&["specs"]));
    specs.filter_map(|spec| policy(&document.id, spec, own)).collect()
}

fn policy<'a>(id: &'a Id, spec: &'a Node, own: &'a str) -> Option<Policy<'a>> {
    let direction = |key: &str, ends: &str| {
        let denied = said(spec, &format!("{key}Deny"))
            .map(|_| Rule { peers: vec![unknown(&format!("{key}{DENY}"))], ports: vec![Port::Every] });
        let allowed = said(spec, key).map(|rules| rules.items().iter().map(|rule| self::rule(rule, ends, own)));
        let is_closed = allowed.is_some() || denied.is_some();
        is_closed.then(|| allowed.into_iter().flatten().chain(denied).collect())
    };
    // one without a selector of endpoints holds for nodes
    let subject = choice(said(spec, "endpointSelector")?, own);
    Some(Policy { id, subject, ingress: direction("ingress", "from"), egress: direction("egress", "to") })
}

fn rule<'a>(rule: &'a Node, ends: &str, own: &'a str) -> Rule<'a> {
    let mut peers = Vec::new();
    let mut names_ends = false;
    for entry in rule.entries() {
        let Some(what) = entry.key.strip_prefix(ends).filter(|what| *what != "Ports") else { continue };
        names_ends = true;
        match what {
            "Endpoints" => peers.extend(entry.node.items().iter().map(|item| Peer::Pods(choice(item, own)))),
            "Entities" => peers.extend(entry.node.items().iter().filter_map(Node::text).map(entity)),
            "CIDR" => peers.extend(texts(&entry.node).map(|range| Peer::range(range, Vec::new()))),
            "CIDRSet" => peers.extend(entry.node.items().iter().map(range)),
            "FQDNs" => peers.extend(entry.node.items().iter().filter_map(host)),
            _ => peers.push(unknown(&entry.key)),
        }
    }
    let ports = rule.items_at(&["toPorts"]);
    if !names_ends && !ports.is_empty() {
        peers.push(Peer::Everybody);
    }
    let ports: Vec<Port> = ports.iter().flat_map(|list| list.items_at(&["ports"])).flat_map(self::ports).collect();
    Rule { peers, ports: if ports.is_empty() { vec![Port::Every] } else { ports } }
}

/// Labels with and without the prefix of their source; those about namespaces choose the place.
fn choice<'a>(node: &'a Node, own: &'a str) -> Choice<'a> {
    let (mut pods, mut place) = (Vec::new(), Vec::new());
    for mut need in Selector::read(node).0 {
        let mut is_about_place = false;
        if let Need::In(key, _) | Need::NotIn(key, _) | Need::Exists(key) | Need::DoesNotExist(key) = &mut need {
            *key = key.strip_prefix("k8s:").or_else(|| key.strip_prefix("any:")).unwrap_or(key);
            let of_place = if *key == NAMESPACE { Some(NAMESPACE_NAME) } else { key.strip_prefix(OF_NAMESPACES) };
            is_about_place = of_place.is_some();
            *key = of_place.unwrap_or(key);
        }
        if is_about_place { place.push(need) } else { pods.push(need) }
    }
    pods.sort_unstable();
    place.sort_unstable();
    let place = if place.is_empty() { Place::Namespace(own) } else { Place::labelled(Selector(place)) };
    Choice { place, pods: Selector(pods) }
}

fn texts(node: &Node) -> impl Iterator<Item = &str> {
    node.items().iter().filter_map(Node::text)
}

fn entity<'a>(name: &str) -> Peer<'a> {
    if name == "all" { Peer::Everybody } else { named(name) }
}

fn range<'a>(item: &Node) -> Peer<'a> {
    match item.text_at(&["cidr"]) {
        Some(range) => Peer::range(range, item.get("except").map_or(Vec::new(), |e| texts(e).collect())),
        None => unknown("cidrGroupRef"),
    }
}

fn host<'a>(item: &Node) -> Option<Peer<'a>> {
    let name = item.text_at(&["matchName"]).or_else(|| item.text_at(&["matchPattern"]))?;
    Some(named(name))
}

fn unknown<'a>(key: &str) -> Peer<'a> {
    named(&format!("{OURS}{key}"))
}

/// What has no address.
fn named<'a>(name: &str) -> Peer<'a> {
    Peer::Outside(Party::Outside(name.into()), None)
}

/// Numbers are text here, and may be names; 0 is every port, `ANY` every protocol.
fn ports(item: &Node) -> Vec<Port> {
    let protocols = match item.text_at(&["protocol"]) {
        None | Some("ANY") => Protocol::ALL.to_vec(),
        known => Protocol::read(known).into_iter().collect(),
    };
    let text = item.text_at(&["port"]).unwrap_or("0");
    let last = item.get("endPort").and_then(Node::integer).and_then(|end| u16::try_from(end).ok());
    let port = |protocol| match text.parse::<u16>() {
        Ok(0) => Port::all(protocol),
        Ok(first) => Port::Numbers { protocol, first, last: last.unwrap_or(first) },
        Err(_) => Port::Named { protocol, name: text.into() },
    };
    protocols.into_iter().map(port).collect()
}
