//! Whether a Service still leads to somebody.

use std::collections::BTreeSet;

use crate::diff::change::Change;
use crate::diff::effects::around::{Around, Workload, World, holds, place, selector};
use crate::diff::effects::routes::Route;
use crate::diff::effects::{containers, template_of};
use crate::diff::pair::Pair;
use crate::manifest::document::{Document, Id};
use crate::manifest::node::Node;
use crate::manifest::selector::labels;
use crate::ordered::Ordered;
use crate::reach::pods::namespace;

/// Why callers of a Service find nobody any more.
pub fn lost(pair: &Pair<'_>, changes: &[Change], around: &Around<'_>) -> Vec<String> {
    let Pair::Kept(old, new) = pair else { return Vec::new() };
    let (old, new) = (old.document, new.document);
    if pair.is_renamed() {
        return Vec::new();
    }
    match (new.id.kind.as_str(), new.id.group.as_str()) {
        ("Service", "") => of_service(old, new, around),
        _ if changes.iter().any(|change| matters(&new.id, change)) => of_pods(old, new, around),
        _ => Vec::new(),
    }
}

/// Whether a change of a pod may be seen by its Services; what a workload itself is labelled with is not.
fn matters(id: &Id, change: &Change) -> bool {
    if change.path.begins(&["metadata"]) && id.kind != "Pod" {
        return false;
    }
    let ends = |key: &str| change.path.keys().any(|own| own == key);
    ends("labels") || ends("ports") || change.path.last_key() == "containers"
}

fn of_service(old: &Document, new: &Document, around: &Around<'_>) -> Vec<String> {
    let is_name = |service: &Document| service.root.text_at(&["spec", "type"]) == Some("ExternalName");
    if is_name(old) || is_name(new) {
        return Vec::new();
    }
    let (before, after) = (ports(&old.root), ports(&new.root));
    let gone = before
        .iter()
        .filter(|port| !after.iter().any(|other| other.number == port.number && other.protocol == port.protocol));
    let mut found: Vec<String> = gone.map(|port| format!("port {} is gone", port.number)).collect();
    if selector(&old.root) != selector(&new.root) && is_deserted(old, new, around) {
        found.push("it selects no pod any more".to_owned());
    }
    found.extend(unnamed(old, new, around));
    // where the Service says the same, its pods have done it
    if before != after || selector(&old.root) != selector(&new.root) {
        let known = unmet(old, &around.before);
        let unmet = unmet(new, &around.after).into_iter().filter(|name| !known.contains(name));
        found.extend(unmet.map(|name| format!("none of its pods has the port `{name}`")));
    }
    found
}

/// Routes that ask for a port by a name that it no longer has.
fn unnamed(old: &Document, new: &Document, around: &Around<'_>) -> BTreeSet<String> {
    let gone: BTreeSet<&str> = names(old).difference(&names(new)).copied().ordered();
    let place = place(new);
    let routes = (!gone.is_empty()).then(|| around.after.routes_to(&place)).into_iter().flatten();
    let why = |route: &Route| {
        let lost = route.missing(&place).filter(|name| gone.contains(name));
        lost.map(|name| format!("route {route} finds no port `{name}`")).collect::<Vec<_>>()
    };
    routes.flat_map(why).collect()
}

/// The names of a Service's ports.
fn names(service: &Document) -> BTreeSet<&str> {
    service.root.items_at(&["spec", "ports"]).iter().filter_map(|port| port.text_at(&["name"])).ordered()
}

/// What another template takes from Services that say the same as before.
fn of_pods(old: &Document, new: &Document, around: &Around<'_>) -> Vec<String> {
    let (Some(before), Some(after)) = (template_of(old), template_of(new)) else { return Vec::new() };
    let (before, after) = [before, after].map(|template| labels(template.at(&["metadata", "labels"]))).into();
    let mut found = Vec::new();
    for service in around.before.services_by(namespace(old), &before) {
        let Some(now) = around.after.service(namespace(service), &service.id.name) else { continue };
        let wanted = selector(&now.root);
        if wanted != selector(&service.root) || !holds(&before, &wanted) {
            continue;
        }
        if !holds(&after, &wanted) && is_lost(&around.after, now) {
            found.push(format!("Service {} selects no pod any more", now.id.place()));
        } else if holds(&after, &wanted) && ports(&service.root) == ports(&now.root) {
            let known = unmet(service, &around.before);
            let unmet = unmet(now, &around.after).into_iter().filter(|name| !known.contains(name));
            found.extend(unmet.map(|name| format!("Service {} finds no port `{name}`", now.id.place())));
        }
    }
    found
}

/// Whether a Service led to pods and leads to none.
pub fn is_deserted(old: &Document, new: &Document, around: &Around<'_>) -> bool {
    leads(&around.before, old) && is_lost(&around.after, new)
}

fn leads(world: &World<'_>, service: &Document) -> bool {
    world.selected(service).is_some_and(|pods| !pods.is_empty())
}

fn is_lost(world: &World<'_>, service: &Document) -> bool {
    world.selected(service).is_some_and(|pods| pods.is_empty())
}

#[derive(PartialEq)]
struct Port<'a> {
    number: i128,
    protocol: &'a str,
    /// The name of the pods' port, if it is one.
    target: Option<&'a str>,
}

fn ports(service: &Node) -> Vec<Port<'_>> {
    service.items_at(&["spec", "ports"]).iter().filter_map(Port::read).collect()
}

impl<'a> Port<'a> {
    fn read(port: &'a Node) -> Option<Self> {
        let protocol = port.text_at(&["protocol"]).unwrap_or("TCP");
        Some(Self { number: port.get("port")?.integer()?, protocol, target: port.text_at(&["targetPort"]) })
    }
}

/// Names of ports that a Service leads to and none of its pods has.
fn unmet<'a>(service: &'a Document, world: &World<'_>) -> Vec<&'a str> {
    let pods = world.selected(service).unwrap_or_default();
    let names = ports(&service.root).into_iter().filter_map(|port| port.target);
    if pods.is_empty() {
        Vec::new()
    } else {
        names.filter(|name| !pods.iter().any(|pod| declares(pod, name))).collect()
    }
}

fn declares(workload: &Workload<'_>, name: &str) -> bool {
    containers(workload.pod).flat_map(|one| one.items_at(&["ports"])).any(|port| port.text_at(&["name"]) == Some(name))
}
