//! A simulator of network policies, by brute force: who reaches whom is asked for every pair and port, rule by rule, as
//! the documentation of Kubernetes says. It reads rendered objects and shares no line with what makes the policies.
//! Source: kubernetes.io, "Network Policies".

pub mod addresses;
pub mod cilium;
pub mod edges;
pub mod reasons;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::{Value, json};

use crate::support::availability::replicas;
use crate::support::examples::World;
use crate::support::network::addresses::Range;
use crate::support::objects::{items, protocol_of, text, texts};
use crate::support::selectors::{NAMESPACE, SOLVER, dns, matches};

/// A transport and a port number.
pub type Port = (&'static str, u16);

/// A namespace that the platform knows nothing about.
pub const ELSEWHERE: &str = "elsewhere";

/// One pod: of the platform, or made up to try what others could do.
#[derive(Clone, Debug)]
pub struct Pod {
    /// `namespace/workload`.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its labels.
    pub labels: Value,
    /// Its declared ports.
    pub ports: Vec<Value>,
    /// Its component; empty for made-up pods.
    pub component: String,
    /// Whether there may be another one like it.
    pub several: bool,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The rules of all policies that select it, inwards and outwards; `None` where no policy does.
    rules: [Option<Vec<Value>>; 2],
    /// The same of Cilium's own policies, outwards.
    cilium: Option<Vec<Value>>,
}

/// One end of a connection outside of the pods.
#[derive(Clone, Debug)]
pub enum Place {
    /// An address, and the name that it was looked up by.
    Address(IpAddr, Option<String>),
    /// An address of the API server.
    ApiServer(IpAddr),
    /// An address of a node.
    Node(IpAddr),
}

/// One end of a connection.
#[derive(Clone, Copy, Debug)]
pub enum End<'n> {
    /// A pod.
    Pod(&'n Pod),
    /// Something else.
    Outside(&'n Place),
}

/// How a rule lets somebody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opening {
    /// By its labels.
    Named,
    /// By its address, or because anybody may.
    Anybody,
    /// Because nothing isolates the pod in this direction.
    Unguarded,
}

/// The direction in which a policy looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into the selected pods.
    Ingress,
    /// Out of them.
    Egress,
}

impl Direction {
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Ingress => ("Ingress", "ingress", "from"),
            Self::Egress => ("Egress", "egress", "to"),
        }
    }
}

/// The pods of a platform and everything that guards them.
pub struct Network<'w> {
    /// The platform.
    pub world: &'w World,
    /// Pods of the platform, then made-up ones.
    pub pods: Vec<Pod>,
    namespaces: BTreeMap<String, Value>,
    /// Whether ranges match neither pods nor nodes nor the API server.
    /// Source: docs.cilium.io, "Kubernetes Network Policies", known missing features.
    cilium: bool,
}

impl<'w> Network<'w> {
    /// The network of a rendered platform.
    pub fn of(world: &'w World) -> Self {
        let mut namespaces: BTreeMap<String, Value> = world
            .of_kind("Namespace")
            .map(|namespace| (namespace.name.clone(), namespace.at("/metadata/labels").clone()))
            .collect();
        let (_, resolver) = dns(world);
        for name in [ELSEWHERE, "kube-system", &resolver] {
            namespaces.entry(name.to_owned()).or_insert(json!({}));
        }
        for (name, labels) in &mut namespaces {
            labels[NAMESPACE] = name.as_str().into();
        }
        let mut pods = declared(world);
        let made_up = made_up(world, &pods, &namespaces);
        pods.extend(made_up);
        let ranges = addresses::ranges(world.says("/cluster/pod-cidrs"));
        for (at, pod) in pods.iter_mut().enumerate() {
            pod.rules = [Direction::Ingress, Direction::Egress].map(|direction| rules(world, pod, direction));
            pod.cilium = cilium::rules(world, pod);
            pod.addresses = ranges.iter().filter_map(|range| range.nth(at as u128 + 10)).collect();
        }
        Self { world, pods, namespaces, cilium: world.says("/cluster/cni") == "cilium" }
    }

    /// The pods of the platform.
    pub fn own_pods(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().filter(|pod| !pod.component.is_empty())
    }

    /// Whether the platform says what happens in the pod's namespace.
    pub fn is_inside(&self, pod: &Pod) -> bool {
        !pod.component.is_empty() || self.world.description["namespaces"].get(&pod.namespace).is_some()
    }

    /// Whether `from` may open a connection to `to`.
    pub fn connects(&self, from: &Pod, to: &Pod, port: Port) -> bool {
        self.leaves(from, End::Pod(to), port).is_some() && self.enters(End::Pod(from), to, port).is_some()
    }

    /// Whether the policies of `from` let it open a connection to `to`, and how.
    pub fn leaves(&self, from: &Pod, to: End<'_>, port: Port) -> Option<Opening> {
        self.passes(from, Direction::Egress, to, port)
    }

    /// Whether the policies of `to` let `from` open a connection to it, and how.
    pub fn enters(&self, from: End<'_>, to: &Pod, port: Port) -> Option<Opening> {
        self.passes(to, Direction::Ingress, from, port)
    }

    /// Every rule of every policy that selects the pod is asked; one that allows is enough, no policy allows everything.
    fn passes(&self, pod: &Pod, direction: Direction, other: End<'_>, port: Port) -> Option<Opening> {
        let plain = &pod.rules[direction as usize];
        let more = pod.cilium.as_deref().filter(|_| direction == Direction::Egress);
        if plain.is_none() && more.is_none() {
            return Some(Opening::Unguarded);
        }
        // Ports are those of the pod that is called, and so are their names.
        let called = match (direction, other) {
            (Direction::Ingress, _) => Some(pod),
            (Direction::Egress, End::Pod(called)) => Some(called),
            (Direction::Egress, End::Outside(_)) => None,
        };
        let plain = plain.iter().flatten().filter(|rule| admits_port(&rule["ports"], port, called));
        let plain = plain.filter_map(|rule| self.admits(&rule[direction.words().2], other, &pod.namespace));
        let more = more.into_iter().flatten().filter_map(|rule| cilium::admits(rule, other, port));
        plain.chain(more).min()
    }

    /// How a list of peers admits `other`; a list that is absent or empty admits everybody.
    fn admits(&self, peers: &Value, other: End<'_>, own: &str) -> Option<Opening> {
        if items(peers).len() == 0 {
            return Some(Opening::Anybody);
        }
        items(peers).filter_map(|peer| self.admits_peer(peer, other, own)).min()
    }

    fn admits_peer(&self, peer: &Value, other: End<'_>, own: &str) -> Option<Opening> {
        if peer["ipBlock"].is_object() {
            assert!(peer["podSelector"].is_null() && peer["namespaceSelector"].is_null(), "{peer} is not allowed");
            return self.in_block(&peer["ipBlock"], other).then_some(Opening::Anybody);
        }
        let End::Pod(pod) = other else { return None };
        let (namespaces, pods) = (&peer["namespaceSelector"], &peer["podSelector"]);
        assert!(namespaces.is_object() || pods.is_object(), "{peer} selects nothing");
        let in_namespace = match namespaces {
            Value::Null => pod.namespace == own,
            selector => matches(selector, &self.namespaces[&pod.namespace]),
        };
        (in_namespace && (pods.is_null() || matches(pods, &pod.labels))).then_some(Opening::Named)
    }

    fn in_block(&self, block: &Value, other: End<'_>) -> bool {
        let range = Range::parse(text(&block["cidr"]));
        let except: Vec<Range> = texts(&block["except"]).into_iter().map(Range::parse).collect();
        assert!(except.iter().all(|inner| range.contains(inner.first()) && inner.is_narrower_than(&range)), "{block}");
        let inside = |address: &IpAddr| range.contains(*address) && !except.iter().any(|r| r.contains(*address));
        match other {
            End::Pod(pod) => !self.cilium && pod.addresses.iter().any(inside),
            End::Outside(Place::Address(address, _)) => inside(address),
            End::Outside(Place::ApiServer(address) | Place::Node(address)) => !self.cilium && inside(address),
        }
    }

    /// Every port worth asking about: those that anybody declares or any policy names, and some that nobody does.
    pub fn ports(&self) -> Vec<Port> {
        let mut numbers: BTreeSet<u16> = [1, 22, 53, 8081, 65_535].into();
        let mut add = |value: &Value| numbers.extend(value.as_u64().and_then(|number| u16::try_from(number).ok()));
        for pod in &self.pods {
            pod.ports.iter().for_each(|port| add(&port["containerPort"]));
        }
        for policy in self.world.of_kind("NetworkPolicy") {
            for direction in ["ingress", "egress"] {
                let rules = items(policy.at(&format!("/spec/{direction}")));
                rules.flat_map(|rule| items(&rule["ports"])).for_each(|port| {
                    add(&port["port"]);
                    add(&port["endPort"]);
                });
            }
        }
        ["TCP", "UDP", "SCTP"].into_iter().flat_map(|name| numbers.iter().map(move |number| (name, *number))).collect()
    }
}

/// The rules of every policy that selects the pod and looks in that direction.
fn rules(world: &World, pod: &Pod, direction: Direction) -> Option<Vec<Value>> {
    let policies = world.of_kind("NetworkPolicy").filter(|policy| {
        let spec = policy.at("/spec");
        policy.place() == pod.namespace && matches(&spec["podSelector"], &pod.labels) && looks(spec, direction)
    });
    let lists: Vec<&Value> = policies.map(|policy| &policy.value["spec"][direction.words().1]).collect();
    (!lists.is_empty()).then(|| lists.into_iter().flat_map(items).cloned().collect())
}

/// Whether a policy looks in a direction; when it does not say, it looks inwards, and outwards if it has such rules.
fn looks(spec: &Value, direction: Direction) -> bool {
    if spec["policyTypes"].is_array() {
        return texts(&spec["policyTypes"]).contains(&direction.words().0);
    }
    direction == Direction::Ingress || items(&spec["egress"]).len() > 0
}

/// Whether a list of ports admits `port`; a list that is absent or empty admits every port.
fn admits_port(ports: &Value, (protocol, number): Port, called: Option<&Pod>) -> bool {
    let admits = |port: &Value| {
        protocol_of(port) == protocol
            && match &port["port"] {
                Value::Null => true,
                Value::String(name) => called.is_some_and(|pod| {
                    pod.ports.iter().any(|own| {
                        own["name"] == name.as_str() && own["containerPort"] == number && protocol_of(own) == protocol
                    })
                }),
                first => {
                    let first = first.as_u64().expect("a number");
                    let last = port["endPort"].as_u64().unwrap_or(first);
                    (first..=last).contains(&u64::from(number))
                }
            }
    };
    items(ports).len() == 0 || items(ports).any(admits)
}

fn declared(world: &World) -> Vec<Pod> {
    let pod = |pods: crate::support::objects::Pods<'_>| Pod {
        name: format!("{}/{}", pods.owner.place(), pods.owner.name),
        namespace: pods.owner.place().to_owned(),
        labels: pods.labels().clone(),
        ports: pods.ports().into_iter().cloned().collect(),
        component: pods.owner.component().to_owned(),
        several: replicas(world, pods.owner).1 > 1,
        addresses: Vec::new(),
        rules: [None, None],
        cilium: None,
    };
    world.pods().map(pod).collect()
}

/// Pods that somebody else brings: the resolver, a stranger in every namespace, a solver in every namespace, and for
/// each pod of the platform one that looks just like it in a namespace that nobody knows.
fn made_up(world: &World, own: &[Pod], namespaces: &BTreeMap<String, Value>) -> Vec<Pod> {
    let pod = |namespace: &str, name: &str, labels: Value, ports: Vec<Value>| Pod {
        name: format!("{namespace}/{name}"),
        namespace: namespace.to_owned(),
        labels,
        ports,
        component: String::new(),
        several: true,
        addresses: Vec::new(),
        rules: [None, None],
        cilium: None,
    };
    let (resolver, resolver_namespace) = dns(world);
    let mut made_up = vec![pod(&resolver_namespace, "dns", resolver, Vec::new())];
    for namespace in namespaces.keys() {
        made_up.push(pod(namespace, "stranger", json!({ "run": "stranger" }), Vec::new()));
        made_up.push(pod(namespace, "solver", json!({ SOLVER: "true" }), Vec::new()));
    }
    for original in own {
        let name = format!("like-{}", original.name.replace('/', "-"));
        made_up.push(pod(ELSEWHERE, &name, original.labels.clone(), original.ports.clone()));
    }
    made_up
}
