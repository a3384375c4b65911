//! The connections that a description asks for, in the words in which policies are read back. It must never look at a
//! policy: both would be wrong in the same way.

use std::collections::{BTreeMap, BTreeSet};

use crate::derive::policies::public_ranges;
use crate::model::edge::{Edges, Party, PortKey};
use crate::model::endpoint;
use crate::model::identity::SOLVER_LABEL;
use crate::model::platform::{Declared, Platform};
use crate::model::workload::Workload;
use crate::reach::Connection;
use crate::reach::party::Party as End;
use crate::reach::port::{Port, Protocol, tidy};
use crate::spec::cluster::{Cni, NODE_LOCAL_DNS_PORT};
use crate::spec::external::RangeSpec;
use crate::values::name::Name;

/// Everything that `edges` mean, and that every pod in a namespace of the platform may resolve names. `workloads` holds the workloads of each component,
/// in the platform's order.
pub fn connections(platform: &Platform, workloads: &[Vec<Workload>], edges: &Edges) -> BTreeSet<Connection> {
    let mut open: BTreeMap<(End, End), Vec<Port>> = BTreeMap::new();
    let mut add = |from: &End, to: &End, ports: &mut dyn Iterator<Item = Port>| {
        open.entry((from.clone(), to.clone())).or_default().extend(ports);
    };
    for (from, called) in &edges.outgoing {
        for (to, ports) in called {
            for from in callers(from, platform) {
                for to in called_as(to, platform) {
                    add(&from, &to, &mut ports.iter().copied().map(port));
                }
            }
        }
    }
    let resolvers = resolvers(platform);
    let mut asks_for_names = |own: &End| {
        for (resolver, at) in &resolvers {
            add(own, resolver, &mut names(*at).into_iter());
        }
    };
    // what the cluster needs lives in a namespace of the cluster's, and asks for no names
    let is_ours = |declared: &Declared| platform.namespaces.contains_key(&declared.own.namespace);
    for (declared, workloads) in platform.components.iter().zip(workloads).filter(|(declared, _)| is_ours(declared)) {
        for workload in workloads {
            asks_for_names(&pods(&declared.own.namespace, &workload.name));
        }
    }
    for solvers in edges.incoming.keys().filter(|party| matches!(party, Party::Solvers(_))) {
        callers(solvers, platform).iter().for_each(&mut asks_for_names);
    }
    let connection = |((from, to), ports): ((End, End), Vec<Port>)| {
        tidy(ports).into_iter().map(move |port| Connection { from: from.clone(), to: to.clone(), port })
    };
    open.into_iter().flat_map(connection).collect()
}

/// What the pods of a workload that somebody wrote may do like all others: resolve names.
pub fn of_guest(platform: &Platform, namespace: &str, name: &str) -> impl Iterator<Item = Connection> {
    let from = End::Workload { namespace: namespace.into(), name: name.into() };
    let asked = resolvers(platform).into_iter().flat_map(|(to, at)| names(at).map(|port| (to.clone(), port)));
    asked.map(move |(to, port)| Connection { from: from.clone(), to, port })
}

/// Whom a party is let in as. The API server may come from anywhere.
fn callers(party: &Party, platform: &Platform) -> Vec<End> {
    let is_cilium = platform.facts.cluster.cni == Cni::Cilium;
    match party {
        Party::ApiServer => vec![End::Anywhere],
        // to Cilium, nodes have no address
        Party::World if is_cilium => every_address().into_iter().chain(entities(&["host", "remote-node"])).collect(),
        _ => called_as(party, platform),
    }
}

/// What a party is called where it is called.
fn called_as(party: &Party, platform: &Platform) -> Vec<End> {
    let cluster = &platform.facts.cluster;
    let is_cilium = cluster.cni == Cni::Cilium;
    let range = |range: String| End::range(&range, Vec::new());
    match party {
        Party::Pods(own) => vec![pods(&own.namespace, &own.workload)],
        Party::Solvers(namespace) => {
            let (key, value) = SOLVER_LABEL;
            vec![End::Pods { namespace: namespace.as_str().into(), labels: format!("{key}={value}").into() }]
        }
        Party::ApiServer if is_cilium => entities(&["kube-apiserver"]),
        Party::Nodes if is_cilium => entities(&["host", "remote-node"]),
        Party::ApiServer => cluster.api_server.cidrs.iter().map(|cidr| range(cidr.value.to_string())).collect(),
        Party::Nodes => {
            cluster.node_cidrs.iter().flat_map(|list| list.iter()).map(|cidr| range(cidr.value.to_string())).collect()
        }
        Party::External(name) => external(name, platform),
        Party::Public => public(platform),
        Party::World => every_address(),
    }
}

fn external(name: &Name, platform: &Platform) -> Vec<End> {
    let Some(external) = platform.externals.get(name) else { return Vec::new() };
    let is_public = external.cidrs.iter().any(|range| range.value == RangeSpec::Public);
    if is_public && platform.facts.cluster.cni == Cni::Cilium {
        let host = external.host.to_string();
        return vec![End::Outside(host.as_str().into()), End::Outside(format!("*.{host}").into())];
    }
    let ranges = external.cidrs.iter().flat_map(|range| match range.value {
        RangeSpec::Public => public(platform),
        RangeSpec::Range(cidr) => vec![End::range(&cidr.to_string(), Vec::new())],
    });
    ranges.collect()
}

fn public(platform: &Platform) -> Vec<End> {
    let named = |(all, except): &(&str, Vec<String>)| End::range(all, except.iter().map(String::as_str).collect());
    public_ranges(platform).iter().map(named).collect()
}

fn every_address() -> Vec<End> {
    ["0.0.0.0/0", "::/0"].map(|all| End::range(all, Vec::new())).into()
}

fn entities(names: &[&str]) -> Vec<End> {
    names.iter().map(|name| End::Outside((*name).into())).collect()
}

fn pods(namespace: &Name, workload: &Name) -> End {
    End::Workload { namespace: namespace.as_str().into(), name: workload.as_str().into() }
}

/// Who resolves names, and at which port: pods, and the cache of each node.
fn resolvers(platform: &Platform) -> Vec<(End, u16)> {
    let cluster = &platform.facts.cluster;
    let labels: BTreeMap<&str, &str> =
        cluster.dns.labels.0.iter().map(|(key, value)| (key.value.as_str(), value.as_str())).collect();
    let labels: Vec<String> = labels.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
    let pods = End::Pods { namespace: cluster.dns.namespace.as_str().into(), labels: labels.join(",").into() };
    let caches = cluster.node_local_dns.iter().flat_map(|list| list.iter());
    let caches = caches.map(|cache| (End::range(&cache.value.to_string(), Vec::new()), NODE_LOCAL_DNS_PORT));
    [(pods, cluster.dns.port.0)].into_iter().chain(caches).collect()
}

/// Names are asked for over UDP, and over TCP where the answer is long.
fn names(port: u16) -> [Port; 2] {
    [Protocol::Udp, Protocol::Tcp].map(|protocol| Port::one(protocol, port))
}

fn port((protocol, number): PortKey) -> Port {
    let protocol = match protocol {
        endpoint::Protocol::Tcp => Protocol::Tcp,
        endpoint::Protocol::Udp => Protocol::Udp,
    };
    Port::one(protocol, number)
}
