//! What the Prometheus operator is told to scrape: Services and pods that are there, at ports that they have.
//!
//! Source: `ServiceMonitor` and `PodMonitor` of the Prometheus operator, `monitoring.coreos.com/v1`.

use crate::diagnostics::{codes, suggest};
use crate::manifest::node::Node;
use crate::manifest::selector::{self, Selector};
use crate::validate::findings::Findings;
use crate::validate::references::elsewhere;
use crate::validate::world::{Thing, World};

const GROUP: &str = "monitoring.coreos.com";

/// A kind of monitor: what it selects, and the list of where it asks.
const MONITORS: &[(&str, &str, &str)] =
    &[("PodMonitor", "pod", "podMetricsEndpoints"), ("ServiceMonitor", "Service", "endpoints")];

/// Follows every monitor. Operators make Services of their own, so that nothing here is certain.
pub fn find(world: &World<'_>, findings: &mut Findings) {
    if !world.is_closed() {
        return;
    }
    for monitor in world.objects.iter().copied().filter(|thing| thing.document.id.group == GROUP) {
        let Some((_, what, list)) = MONITORS.iter().find(|(kind, ..)| *kind == monitor.document.id.kind) else {
            continue;
        };
        let Some(places) = places(world, monitor) else { continue };
        let node = monitor.root().at(&["spec", "selector"]);
        let selector = node.map(Selector::read).unwrap_or_default();
        findings.ask();
        let ports = match *what {
            "pod" => of_pods(world, &places, &selector),
            _ => of_services(world, &places, &selector),
        };
        // whoever selects everything means what is yet to come, too
        if ports.is_none() && selector.0.is_empty() {
            continue;
        }
        let Some(ports) = ports else {
            let message = format!("no {what} has the labels `{}`: the monitor asks nobody", selector.text());
            findings
                .warning(codes::SELECTS_NOTHING, monitor, node.unwrap_or(monitor.root()), &message)
                .help("give it the labels of what it is to ask, and name their namespaces in `namespaceSelector`");
            continue;
        };
        for endpoint in monitor.root().items_at(&["spec", list]) {
            let Some((node, name)) = endpoint.get("port").and_then(|node| Some((node, node.text()?))) else { continue };
            findings.ask();
            let names = || ports.iter().filter_map(|port| port.text_at(&["name"]));
            if !names().any(|own| own == name) {
                let known = suggest::joined(names(), "and");
                findings
                    .warning(
                        codes::DANGLING_PORT,
                        monitor,
                        node,
                        &format!("no {what} that is meant has a port `{name}`"),
                    )
                    .help(format!("the names of their ports are {known}"))
                    .did_you_mean(suggest::nearest(name, names()));
            }
        }
    }
}

/// The namespaces in which a monitor looks; `None` if some of them are elsewhere.
fn places<'a>(world: &World<'a>, monitor: Thing<'a>) -> Option<Vec<&'a str>> {
    let of = monitor.root().at(&["spec", "namespaceSelector"]);
    if of.and_then(|of| of.get("any")).and_then(Node::bool) == Some(true) {
        return None;
    }
    let named: Vec<&str> =
        of.map(|of| of.items_at(&["matchNames"])).unwrap_or_default().iter().filter_map(Node::text).collect();
    let places = if named.is_empty() { vec![monitor.place()] } else { named };
    let is_elsewhere = elsewhere(world).any(|known| places.contains(&known));
    (!is_elsewhere).then_some(places)
}

/// The ports of the pods that are selected; `None` if there are no pods.
fn of_pods<'a>(world: &World<'a>, places: &[&str], selector: &Selector<'_>) -> Option<Vec<&'a Node>> {
    let mut found = places.iter().flat_map(|place| world.selected(place, selector)).peekable();
    found.peek()?;
    Some(found.flat_map(|at| world.pods[at].ports()).collect())
}

/// The ports of the Services that are selected; `None` if there are no Services.
fn of_services<'a>(world: &World<'a>, places: &[&str], selector: &Selector<'_>) -> Option<Vec<&'a Node>> {
    let is_meant = |service: &Thing<'_>| {
        places.contains(&service.place())
            && selector.matches(&selector::labels(service.root().at(&["metadata", "labels"])))
    };
    let mut found = world.of_kind("Service").filter(is_meant).peekable();
    found.peek()?;
    Some(found.flat_map(|service| service.root().items_at(&["spec", "ports"])).collect())
}
