//! What holds for the connections of every platform: each is there for a reason in its description, and each reason is
//! a connection.

use crate::support::api_semantics::behind;
use crate::support::faults::Faults;
use crate::support::network::edges::{between_pods, pairs, places};
use crate::support::network::{End, Network, Place, Pod, name_of, reasons};
use crate::support::objects::{entries, items, text, texts};
use crate::support::selectors::dns_port;

/// A connection between pods has a reason in the description.
pub fn connections_have_reasons(network: &Network<'_>, faults: &mut Faults) {
    let ports = network.ports();
    for (from, to) in pairs(network) {
        for port in ports.iter().filter(|port| from.connects(to, **port)) {
            if reasons::between(network, from, to, *port).is_none() {
                faults.general(format!("{} -> {} {port:?} is open", from.name, to.name));
            }
        }
    }
}

/// A reason in the description is a connection.
pub fn reasons_are_connections(network: &Network<'_>, faults: &mut Faults) {
    let ports = network.ports();
    for (from, to) in pairs(network).filter(|(from, _)| network.is_inside(from)) {
        for port in &ports {
            // Strangers in our namespaces may look up names and nothing else.
            let stranger = from.component.is_empty() && port.1 != dns_port(network.world);
            let reason = reasons::between(network, from, to, *port).filter(|_| !stranger);
            if let Some(reason) = reason.filter(|_| !from.connects(to, *port)) {
                faults.general(format!("{} -> {} {port:?} is closed: {reason}", from.name, to.name));
            }
        }
    }
}

/// A way to the outside has a reason in the description, and a reason is a way.
pub fn ways_out_have_reasons(network: &Network<'_>, faults: &mut Faults) {
    let (places, ports) = (places(network), network.ports());
    for pod in network.pods.iter().filter(|pod| network.is_inside(pod)) {
        for place in &places {
            for port in &ports {
                let open = pod.leaves(End::Outside(place), *port).is_some();
                let reason = reasons::outwards(network, pod, place, *port);
                if open != reason.is_some() {
                    let state = if open { "open" } else { "closed" };
                    faults.general(format!("{} -> {place:?} {port:?} is {state}: {reason:?}", pod.name));
                }
            }
        }
    }
}

/// Only the edge and what the API server asks are open to the outside. The edge is open to the world and to the nodes,
/// which pull images through it; what the API server asks, to it and to the nodes on which it may run.
pub fn ways_in_have_reasons(network: &Network<'_>, faults: &mut Faults) {
    let (places, ports) = (places(network), network.ports());
    for pod in network.pods.iter().filter(|pod| network.is_inside(pod)) {
        for port in &ports {
            let reason = reasons::anybody(network, pod, *port);
            for place in &places {
                let open = pod.admits(End::Outside(place), *port).is_some();
                let needed = match (reason, place) {
                    (None, _) => false,
                    (Some("edge"), Place::ApiServer { .. }) => open,
                    (Some("edge"), _) | (_, Place::ApiServer { .. } | Place::Node(_)) => true,
                    (_, Place::Address(..)) => open,
                };
                if open != needed {
                    let state = if open { "open" } else { "closed" };
                    faults.general(format!("{place:?} -> {} {port:?} is {state}: {reason:?}", pod.name));
                }
            }
        }
    }
}

/// Each entry of `calls`, each route and each public Service leads somewhere, so that no reason is vacuous.
pub fn everything_declared_is_reached(network: &Network<'_>, faults: &mut Faults) {
    let world = network.world;
    let edges = between_pods(network);
    let named = |component: &str, name: &str| network.own_pods().any(|p| p.component == component && p.name == name);
    let reached = |from: &str, to: &str| edges.iter().any(|(a, b, _)| named(from, a) && named(to, b));
    let components = entries(world.says("/components"));
    for (name, component) in &components {
        for called in texts(&component["calls"]).into_iter().filter_map(|call| call.split(':').next()) {
            let external = world.description["externals"].get(called).is_some();
            if !external && !reached(name, called) {
                faults.general(format!("{name} calls {called} and does not reach it"));
            }
        }
        for (other, _) in components.iter().filter(|(_, other)| other["type"] == "ingress-nginx") {
            if component["route"].is_object() && !reached(other, name) {
                faults.general(format!("{name} has a route and {other} does not reach it"));
            }
        }
        for (other, _) in components.iter().filter(|(other, spec)| spec["type"] == "prometheus" && other != name) {
            let measured = network.ports().into_iter().any(|port| reasons::is_metrics(world, component, port));
            if measured && !reached(other, name) {
                faults.general(format!("{name} has metrics and {other} does not reach it"));
            }
        }
    }
    for service in world.of_kind("Service").filter(|service| text(service.at("/spec/type")) == "LoadBalancer") {
        for port in items(service.at("/spec/ports")) {
            for pods in behind(world, service) {
                let number = pods.port(&port["targetPort"], "TCP").and_then(|number| u16::try_from(number).ok());
                let pod: Option<&Pod> = network.own_pods().find(|pod| pod.name == name_of(&pods));
                let somewhere = Place::Address("203.0.113.200".parse().expect("an address"), None);
                let open = pod
                    .zip(number)
                    .is_some_and(|(pod, number)| pod.admits(End::Outside(&somewhere), ("TCP", number)).is_some());
                faults.unless(open, service, "/spec/ports", format!("the world does not reach {port}"));
            }
        }
    }
}
