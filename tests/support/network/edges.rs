//! Everything that may connect to anything, as sets that can be compared with what should be.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::support::faults::Faults;
use crate::support::network::addresses::{Range, ranges, samples};
use crate::support::network::{End, Network, Opening, Place, Pod, Port};
use crate::support::objects::{entries, text, texts};

/// A connection between two pods.
pub type Edge = (String, String, Port);

/// The pairs of pods that the platform has a say about.
pub fn pairs<'n>(network: &'n Network<'_>) -> impl Iterator<Item = (&'n Pod, &'n Pod)> {
    let all = network.pods.iter().flat_map(|from| network.pods.iter().map(move |to| (from, to)));
    // A pod always reaches itself; a pair of one name is two replicas.
    all.filter(|(from, to)| from.name != to.name || from.several)
        .filter(|(from, to)| network.is_inside(from) || network.is_inside(to))
}

/// Every connection between pods that both ends allow.
pub fn between_pods(network: &Network<'_>) -> BTreeSet<Edge> {
    let ports = network.ports();
    let mut edges = BTreeSet::new();
    for (from, to) in pairs(network) {
        let open = ports.iter().filter(|port| from.connects(to, **port));
        edges.extend(open.map(|port| (from.name.clone(), to.name.clone(), *port)));
    }
    edges
}

/// Connections that one end was opened for and the other was not: a caller that is allowed to call and never let in,
/// or one that is let in and never allowed to call.
pub fn one_sided(network: &Network<'_>, faults: &mut Faults) {
    let ports = network.ports();
    for (from, to) in pairs(network) {
        for port in &ports {
            let leaves = from.leaves(End::Pod(to), *port);
            let enters = to.admits(End::Pod(from), *port);
            let edge = format!("{} -> {} {port:?}", from.name, to.name);
            if leaves == Some(Opening::Named) && enters.is_none() {
                faults.general(format!("{edge}: may leave, is not let in"));
            }
            if enters == Some(Opening::Named) && leaves.is_none() {
                faults.general(format!("{edge}: is let in, may not leave"));
            }
        }
    }
}

/// What is outside of the pods: every address worth asking about, and the names of externals.
pub fn places(network: &Network<'_>) -> Vec<Place> {
    let world = network.world;
    let api = ranges(world.says("/cluster/api-server/cidrs"));
    let nodes = ranges(world.says("/cluster/node-cidrs"));
    let pods = ranges(world.says("/cluster/pod-cidrs"));
    let is_in = |list: &[Range], address: &IpAddr| list.iter().any(|range| range.contains(*address));
    let place = |address: IpAddr| match address {
        address if is_in(&api, &address) => Place::ApiServer { address, node: is_in(&nodes, &address) },
        address if is_in(&nodes, &address) => Place::Node(address),
        address => Place::Address(address, None),
    };
    let plain = samples(world).into_iter().filter(|address| !is_in(&pods, address)).map(place);
    let public = entries(world.says("/externals")).into_iter().map(|(_, external)| external);
    let named = public.filter(|external| texts(&external["cidrs"]).contains(&"public")).flat_map(|external| {
        // The host, what stands below it, and what only looks like it.
        ["", "bucket.", "bucket.of.", "not"].map(|prefix| {
            let name = format!("{prefix}{}", text(&external["host"]));
            Place::Address("8.8.4.4".parse().expect("an address"), Some(name))
        })
    });
    plain.chain(named).collect()
}

/// Every connection from a pod of the platform to somewhere outside.
pub fn outwards<'n>(network: &'n Network<'_>, places: &'n [Place]) -> Vec<(&'n Pod, &'n Place, Port)> {
    let ports = network.ports();
    let mut found = Vec::new();
    for pod in network.pods.iter().filter(|pod| network.is_inside(pod)) {
        for place in places {
            let open = ports.iter().filter(|port| pod.leaves(End::Outside(place), **port).is_some());
            found.extend(open.map(|port| (pod, place, *port)));
        }
    }
    found
}

/// Every port of a pod in the platform's namespaces that is open to somewhere outside.
pub fn inwards<'n>(network: &'n Network<'_>, places: &'n [Place]) -> Vec<(&'n Place, &'n Pod, Port)> {
    let ports = network.ports();
    let mut found = Vec::new();
    for pod in network.pods.iter().filter(|pod| network.is_inside(pod)) {
        for place in places {
            let open = ports.iter().filter(|port| pod.admits(End::Outside(place), **port).is_some());
            found.extend(open.map(|port| (place, pod, *port)));
        }
    }
    found
}
