//! The edges of a platform: who may call whom, from the links, the routes, the scrapes and the reaches. The only
//! source of every network policy.

use crate::derive::routes;
use crate::model::edge::{Edges, Party, Pods};
use crate::model::endpoint::{Audience, Endpoint, Protocol};
use crate::model::platform::{Declared, Link, Platform};
use crate::model::workload::{Reach, Workload};
use crate::values::name::Name;

/// The port on which the kubelet listens.
const KUBELET: u16 = 10250;
/// The port on which cert-manager's solver pods listen. Source: `pkg/issuer/acme/http`, `acmeSolverListenPort`.
const SOLVER: u16 = 8089;

/// All edges. `workloads` holds the workloads of each component, in the platform's order.
pub fn edges(platform: &Platform, workloads: &[Vec<Workload>]) -> Edges {
    let mut edges = Edges::default();
    for (declared, workloads) in platform.components.iter().zip(workloads) {
        for (position, workload) in workloads.iter().enumerate() {
            let from = party(declared, &workload.name);
            if position == 0 {
                declared.links.iter().for_each(|link| follow(&mut edges, &from, link, platform));
            }
            workload.reaches.iter().for_each(|reach| extend(&mut edges, &from, reach, platform));
        }
        declared.endpoints.iter().for_each(|endpoint| open(&mut edges, declared, endpoint));
    }
    edges
}

/// The pods of a component's workload.
pub fn party(declared: &Declared, workload: &Name) -> Party {
    Party::Pods(Pods {
        namespace: declared.own.namespace.clone(),
        component: declared.own.name.clone(),
        workload: workload.clone(),
    })
}

fn follow(edges: &mut Edges, from: &Party, link: &Link, platform: &Platform) {
    match link {
        Link::Component { index, endpoint } => {
            let callee = &platform.components[*index];
            connect(edges, from, callee, &callee.endpoints[*endpoint]);
        }
        Link::External(name) => {
            if let Some(external) = platform.externals.get(name) {
                edges.add(from, &Party::External(name.clone()), (Protocol::Tcp, external.port.0));
            }
        }
    }
}

fn connect(edges: &mut Edges, from: &Party, callee: &Declared, endpoint: &Endpoint) {
    edges.add(from, &party(callee, &endpoint.workload), (endpoint.protocol, endpoint.port));
}

fn extend(edges: &mut Edges, from: &Party, reach: &Reach, platform: &Platform) {
    match reach {
        Reach::ApiServer => {
            for port in platform.facts.cluster.api_server.ports.iter() {
                edges.add(from, &Party::ApiServer, (Protocol::Tcp, port.value.0));
            }
        }
        Reach::Kubelets => edges.add(from, &Party::Nodes, (Protocol::Tcp, KUBELET)),
        Reach::Public(ports) => {
            ports.iter().for_each(|port| edges.add(from, &Party::Public, (Protocol::Tcp, *port)));
        }
        Reach::Routed => {
            for callee in platform.components.iter().filter(|callee| callee.component.route().is_some()) {
                callee.front().into_iter().for_each(|front| connect(edges, from, callee, &callee.endpoints[front]));
            }
        }
        Reach::Scraped => connect_all(edges, from, platform, Audience::Scrapers),
        Reach::Edge => connect_all(edges, from, platform, Audience::World),
        Reach::Solvers => {
            let solving = routes::hosts(platform).into_keys().filter(|_| platform.around.acme);
            for namespace in solving {
                edges.add(from, &Party::Solvers(namespace), (Protocol::Tcp, SOLVER));
            }
        }
    }
}

fn connect_all(edges: &mut Edges, from: &Party, platform: &Platform, audience: Audience) {
    for callee in &platform.components {
        for endpoint in callee.endpoints.iter().filter(|endpoint| endpoint.is_for(audience)) {
            let to = party(callee, &endpoint.workload);
            // A pod may always talk to itself; replicas of Prometheus do scrape each other.
            if to != *from || endpoint.stable_replicas.is_some_and(|replicas| replicas > 1) {
                edges.add(from, &to, (endpoint.protocol, endpoint.port));
            }
        }
    }
}

/// Callers that no component is: the API server, the world, and the other replicas.
fn open(edges: &mut Edges, declared: &Declared, endpoint: &Endpoint) {
    let to = party(declared, &endpoint.workload);
    let port = (endpoint.protocol, endpoint.port);
    if endpoint.is_for(Audience::ApiServer) {
        edges.add(&Party::ApiServer, &to, port);
    }
    if endpoint.is_for(Audience::World) {
        edges.add(&Party::World, &to, port);
    }
    if endpoint.is_for(Audience::Peers) && endpoint.stable_replicas.is_some_and(|replicas| replicas > 1) {
        edges.add(&to.clone(), &to, port);
    }
}
