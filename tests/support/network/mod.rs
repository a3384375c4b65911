//! A simulator of network policies, by brute force: who reaches whom is asked for every pair and port, rule by rule, as
//! the documentation of Kubernetes says. It reads rendered objects and shares no line with what makes the policies.
//! Source: kubernetes.io, "Network Policies".

pub mod addresses;
pub mod checks;
pub mod cilium;
pub mod edges;
pub mod reasons;
pub mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::{Value, json};

use crate::support::availability::replicas;
use crate::support::examples::World;
use crate::support::network::rules::{Admission, Rule};
use crate::support::objects::{Pods, items, text};
use crate::support::selectors::{NAMESPACE, SOLVER, dns};

/// A transport and a port number.
pub type Port = (&'static str, u16);

/// A namespace that the platform knows nothing about.
pub const ELSEWHERE: &str = "elsewhere";

const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// One pod: of the platform, or made up to try what others could do.
#[derive(Clone, Debug)]
pub struct Pod {
    /// `namespace/workload`.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The labels of its namespace.
    pub namespace_labels: Value,
    /// Its labels.
    pub labels: Value,
    /// Its declared ports.
    pub ports: Vec<Value>,
    /// Its component; empty for made-up pods.
    pub component: String,
    /// Whether there may be another one like it.
    pub several: bool,
    /// Whether it gets a token for the Kubernetes API.
    pub token: bool,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The rules of all policies that select it, inwards and outwards; `None` where no policy does.
    rules: [Option<Vec<Rule>>; 2],
}

/// One end of a connection outside of the pods.
#[derive(Clone, Debug)]
pub enum Place {
    /// An address, and the name that it was looked up by.
    Address(IpAddr, Option<String>),
    /// An address of the API server.
    ApiServer {
        /// The address.
        address: IpAddr,
        /// Whether it is one of a node, too.
        node: bool,
    },
    /// An address of a node.
    Node(IpAddr),
}

impl Place {
    /// Its address.
    pub fn address(&self) -> IpAddr {
        match self {
            Self::Address(address, _) | Self::ApiServer { address, .. } | Self::Node(address) => *address,
        }
    }
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

/// The pods of a platform and everything that guards them.
pub struct Network<'w> {
    /// The platform.
    pub world: &'w World,
    /// Pods of the platform, then made-up ones.
    pub pods: Vec<Pod>,
    /// Whether the plugin is Cilium.
    pub cilium: bool,
    /// Ports of pods that the API server asks: those behind webhooks and aggregated APIs.
    pub asked: Vec<(String, Port)>,
    /// Whether routes get their certificates by answering challenges.
    pub by_challenge: bool,
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
            pod.namespace_labels = namespaces[&pod.namespace].clone();
            pod.addresses = ranges.iter().filter_map(|range| range.nth(at as u128 + 10)).collect();
            pod.rules = [Direction::Ingress, Direction::Egress].map(|direction| rules::of(world, pod, direction));
        }
        let (cilium, asked) = (rules::is_cilium(world), reasons::asked(world));
        Self { world, pods, cilium, asked, by_challenge: reasons::by_challenge(world) }
    }

    /// The pods of the platform.
    pub fn own_pods(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().filter(|pod| !pod.component.is_empty())
    }

    /// Whether the platform says what happens in the pod's namespace.
    pub fn is_inside(&self, pod: &Pod) -> bool {
        !pod.component.is_empty() || self.is_declared(&pod.namespace)
    }

    /// Whether the description declares the namespace.
    pub fn is_declared(&self, namespace: &str) -> bool {
        self.world.description["namespaces"].get(namespace).is_some()
    }

    /// Every port worth asking about: those that anybody declares or any policy names, over TCP and UDP, and some that
    /// nobody does, over everything.
    pub fn ports(&self) -> Vec<Port> {
        let mut numbers: BTreeSet<u16> = [53, 8089].into();
        let mut add = |value: &Value| numbers.extend(value.as_u64().and_then(|number| u16::try_from(number).ok()));
        self.pods.iter().flat_map(|pod| &pod.ports).for_each(|port| add(&port["containerPort"]));
        for policy in self.world.of_kind("NetworkPolicy") {
            for direction in ["ingress", "egress"] {
                let rules = items(policy.at(&format!("/spec/{direction}")));
                rules.flat_map(|rule| items(&rule["ports"])).for_each(|port| {
                    assert_ne!(port["protocol"], "SCTP", "nobody speaks it: {policy}");
                    add(&port["port"]);
                    add(&port["endPort"]);
                });
            }
        }
        let all = PROTOCOLS.into_iter().flat_map(|protocol| [1, 22, 65_535].map(|number| (protocol, number)));
        ["TCP", "UDP"]
            .into_iter()
            .flat_map(|name| numbers.iter().map(move |number| (name, *number)))
            .chain(all)
            .collect()
    }
}

impl Pod {
    /// Whether it may open a connection to `to`, at both ends.
    pub fn connects(&self, to: &Pod, port: Port) -> bool {
        self.leaves(End::Pod(to), port).is_some() && to.admits(End::Pod(self), port).is_some()
    }

    /// Whether its policies let it open a connection to `to`, and how.
    pub fn leaves(&self, to: End<'_>, port: Port) -> Option<Opening> {
        // Ports are those of the pod that is called, and so are their names.
        let called = if let End::Pod(called) = to { Some(called) } else { None };
        passes(self, Direction::Egress, &Admission { other: to, port, called })
    }

    /// Whether its policies let `from` open a connection to it, and how.
    pub fn admits(&self, from: End<'_>, port: Port) -> Option<Opening> {
        passes(self, Direction::Ingress, &Admission { other: from, port, called: Some(self) })
    }
}

/// Every rule of every policy that selects the pod is asked; one that admits is enough, no policy admits everything.
fn passes(pod: &Pod, direction: Direction, wanted: &Admission<'_>) -> Option<Opening> {
    match &pod.rules[direction as usize] {
        None => Some(Opening::Unguarded),
        Some(rules) => rules.iter().filter_map(|rule| rule.admits(wanted)).min(),
    }
}

fn pod(namespace: &str, name: &str, labels: Value, ports: Vec<Value>) -> Pod {
    Pod {
        name: format!("{namespace}/{name}"),
        namespace: namespace.to_owned(),
        namespace_labels: Value::Null,
        labels,
        ports,
        component: String::new(),
        several: true,
        token: false,
        addresses: Vec::new(),
        rules: [None, None],
    }
}

fn declared(world: &World) -> Vec<Pod> {
    let of = |pods: Pods<'_>| {
        let ports = pods.ports().into_iter().cloned().collect();
        Pod {
            component: pods.owner.component().to_owned(),
            token: pods.spec()["automountServiceAccountToken"] == true,
            several: replicas(world, pods.owner).1 > 1 || pods.owner.kind == "DaemonSet",
            ..pod(pods.owner.place(), &pods.owner.name, pods.labels().clone(), ports)
        }
    };
    world.pods().map(of).collect()
}

/// Pods that somebody else brings: the resolver, a stranger and a solver in every namespace, and for each pod of the
/// platform one that looks just like it in a namespace that nobody knows.
fn made_up(world: &World, own: &[Pod], namespaces: &BTreeMap<String, Value>) -> Vec<Pod> {
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

/// The name of a pod as the tables write it.
pub fn name_of(pods: &Pods<'_>) -> String {
    format!("{}/{}", pods.owner.place(), text(pods.owner.at("/metadata/name")))
}
