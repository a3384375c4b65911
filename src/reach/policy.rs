//! Policies as they stand in manifests: whom they hold for, and whom they let through.

use std::collections::BTreeSet;

use crate::manifest::document::{Document, Id};
use crate::manifest::node::{Entry, Node};
use crate::manifest::selector::{Labels, Selector, said};
use crate::reach::cilium;
use crate::reach::party::Party;
use crate::reach::pods::{Choice, Place, namespace};
use crate::reach::port::{Port, Protocol};
use crate::reach::range::Range;

/// A policy.
#[derive(Debug)]
pub struct Policy<'a> {
    /// The object that holds it.
    pub id: &'a Id,
    /// The pods that it holds for.
    pub subject: Choice<'a>,
    /// Who may call them; `None` if it does not judge that.
    pub ingress: Option<Vec<Rule<'a>>>,
    /// Whom they may call; `None` if it does not judge that.
    pub egress: Option<Vec<Rule<'a>>>,
}

/// What a policy lets through.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Rule<'a> {
    /// The other ends.
    pub peers: Vec<Peer<'a>>,
    /// The ports of the end that is called; names are not resolved yet.
    pub ports: Vec<Port>,
}

/// The other end.
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum Peer<'a> {
    /// Whoever it is.
    Everybody,
    /// Some pods.
    Pods(Choice<'a>),
    /// What is no pod, with its addresses if it has some.
    Outside(Party, Option<Range>),
}

/// The policies that an object holds.
pub fn read(document: &Document) -> Vec<Policy<'_>> {
    match (document.id.kind.as_str(), document.id.group.as_str()) {
        ("NetworkPolicy", "networking.k8s.io") => Policy::read(document).into_iter().collect(),
        ("CiliumNetworkPolicy", "cilium.io") => cilium::read(document),
        _ => Vec::new(),
    }
}

/// Keys of labels, by what bears these.
#[derive(Debug, Default)]
pub struct LabelKeys<'l> {
    /// Of pods.
    pub pods: BTreeSet<&'l str>,
    /// Of namespaces.
    pub namespaces: BTreeSet<&'l str>,
}

impl LabelKeys<'_> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty() && self.namespaces.is_empty()
    }
}

/// Whether an object is a policy that may ask about one of these labels, with a prefix or without: it says the key somewhere.
pub fn may_ask(document: &Document, labels: &LabelKeys<'_>) -> bool {
    let specs = ["spec", "specs"].iter().filter_map(|key| document.root.get(key));
    is_heard(&document.id) && specs.into_iter().any(|node| says(node, labels, false))
}

fn says(node: &Node, labels: &LabelKeys<'_>, is_of_namespaces: bool) -> bool {
    let ends = |text: &str, keys: &BTreeSet<&str>| keys.iter().any(|key| text.ends_with(key));
    let is_one = |text: &str| {
        let is_of_namespaces = || is_of_namespaces || text.contains(cilium::OF_NAMESPACES);
        ends(text, &labels.pods) && !is_of_namespaces() || ends(text, &labels.namespaces) && is_of_namespaces()
    };
    let within = |entry: &Entry| is_of_namespaces || entry.key == "namespaceSelector";
    node.text().is_some_and(is_one)
        || node.items().iter().any(|item| says(item, labels, is_of_namespaces))
        || node.entries().iter().any(|entry| is_one(&entry.key) || says(&entry.node, labels, within(entry)))
}

/// The policies that are understood: kind and group.
const HEARD: &[(&str, &str)] = &[("NetworkPolicy", "networking.k8s.io"), ("CiliumNetworkPolicy", "cilium.io")];

/// Whether objects like this are policies that are understood.
pub fn is_heard(id: &Id) -> bool {
    HEARD.contains(&(id.kind.as_str(), id.group.as_str()))
}

impl<'a> Policy<'a> {
    /// Reads a `NetworkPolicy`.
    pub fn read(document: &'a Document) -> Option<Self> {
        let spec = document.root.get("spec")?;
        let own = namespace(document);
        let types: Vec<&str> = spec.items_at(&["policyTypes"]).iter().filter_map(Node::text).collect();
        let (incoming, outgoing) = (spec.items_at(&["ingress"]), spec.items_at(&["egress"]));
        // what the API server fills in: always Ingress, Egress if there is a rule for it
        let judges = |name: &str, unsaid: bool| if types.is_empty() { unsaid } else { types.contains(&name) };
        let rules = |items: &'a [Node], ends: &str| items.iter().map(|item| Rule::read(item, ends, own)).collect();
        Some(Self {
            id: &document.id,
            subject: Choice {
                place: Place::Namespace(own),
                pods: said(spec, "podSelector").map(Selector::read).unwrap_or_default(),
            },
            ingress: judges("Ingress", true).then(|| rules(incoming, "from")),
            egress: judges("Egress", !outgoing.is_empty()).then(|| rules(outgoing, "to")),
        })
    }

    /// Every choice of pods for which it matters who exactly they are.
    pub fn choices(&self) -> impl Iterator<Item = &Choice<'a>> {
        let others = self.others().filter(|choice| choice.pods.is_specific());
        std::iter::once(&self.subject).chain(others)
    }

    /// Every choice of pods.
    pub fn every_choice(&self) -> impl Iterator<Item = &Choice<'a>> {
        std::iter::once(&self.subject).chain(self.others())
    }

    fn others(&self) -> impl Iterator<Item = &Choice<'a>> {
        let rules = self.ingress.iter().chain(&self.egress).flatten();
        rules.flat_map(|rule| &rule.peers).filter_map(|peer| match peer {
            Peer::Pods(choice) => Some(choice),
            Peer::Everybody | Peer::Outside(..) => None,
        })
    }
}

impl<'a> Rule<'a> {
    fn read(item: &'a Node, ends: &str, own: &'a str) -> Self {
        let peers = item.items_at(&[ends]);
        let ports = item.items_at(&["ports"]);
        Self {
            // no list and an empty one mean everybody, and every port
            peers: if peers.is_empty() {
                vec![Peer::Everybody]
            } else {
                peers.iter().filter_map(|peer| Peer::read(peer, own)).collect()
            },
            ports: if ports.is_empty() { vec![Port::Every] } else { ports.iter().filter_map(port).collect() },
        }
    }
}

impl<'a> Peer<'a> {
    /// A range of addresses without some of them.
    pub fn range(range: &str, except: Vec<&str>) -> Self {
        let addresses = Range::read(range, &except);
        Self::Outside(Party::range(range, except), addresses)
    }

    /// Whether it lets every pod of a namespace with these labels through.
    pub fn has_all_of(&self, home: &Labels<'a>) -> bool {
        match self {
            Self::Everybody => true,
            Self::Pods(choice) => choice.has_all_of(home),
            Self::Outside(..) => false,
        }
    }

    /// Both selectors in one peer mean both; `None` for a peer that names nobody, which the API server refuses.
    fn read(peer: &'a Node, own: &'a str) -> Option<Self> {
        if let Some(block) = said(peer, "ipBlock") {
            let except = block.items_at(&["except"]).iter().filter_map(Node::text).collect();
            return Some(Self::range(block.text_at(&["cidr"])?, except));
        }
        let (pods, namespaces) = (said(peer, "podSelector"), said(peer, "namespaceSelector"));
        if pods.is_none() && namespaces.is_none() {
            return None;
        }
        Some(Self::Pods(Choice {
            place: namespaces.map_or(Place::Namespace(own), |selector| Place::labelled(Selector::read(selector))),
            pods: pods.map(Selector::read).unwrap_or_default(),
        }))
    }
}

fn port(item: &Node) -> Option<Port> {
    let protocol = Protocol::read(item.text_at(&["protocol"]))?;
    let Some(port) = said(item, "port") else { return Some(Port::all(protocol)) };
    if let Some(name) = port.text() {
        return Some(Port::Named { protocol, name: name.into() });
    }
    let first = u16::try_from(port.integer()?).ok()?;
    let last = said(item, "endPort").and_then(Node::integer).map_or(Some(first), |end| u16::try_from(end).ok())?;
    Some(Port::Numbers { protocol, first, last })
}
