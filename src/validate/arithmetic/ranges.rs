//! Containers and claims stay within the limit ranges of their namespace.

use crate::diagnostics::codes;
use crate::manifest::node::Node;
use crate::validate::arithmetic::asks::{Amounts, Defaults, Side, amounts};
use crate::validate::findings::Findings;
use crate::validate::world::{Thing, World};

/// Judges every limit range.
pub fn hold(world: &World<'_>, findings: &mut Findings) {
    for range in world.of_kind("LimitRange") {
        for item in range.root().items_at(&["spec", "limits"]) {
            match item.text_at(&["type"]) {
                Some("Container") => containers(world, range, item, findings),
                Some("Pod") => pods(world, range, item, findings),
                Some("PersistentVolumeClaim") => claims(world, range, item, findings),
                _ => {}
            }
        }
    }
}

/// What one thing asks for, and at most uses.
struct Asked<'a> {
    owner: Thing<'a>,
    node: &'a Node,
    name: String,
    requests: Amounts<'a>,
    limits: Amounts<'a>,
}

fn containers(world: &World<'_>, range: Thing<'_>, item: &Node, findings: &mut Findings) {
    let defaults = Defaults::of(world, range.place());
    for pod in world.pods.iter().filter(|pod| pod.namespace() == range.place()) {
        for (_, container) in pod.containers() {
            let name = container.text_at(&["name"]).unwrap_or_default();
            let asked = Asked {
                owner: pod.owner,
                node: container.get("resources").unwrap_or(container),
                name: format!("container `{name}`"),
                requests: defaults.container(container, Side::Requests),
                limits: defaults.container(container, Side::Limits),
            };
            judge(range, item, &asked, findings);
        }
    }
}

fn pods(world: &World<'_>, range: Thing<'_>, item: &Node, findings: &mut Findings) {
    let defaults = Defaults::of(world, range.place());
    for pod in world.pods.iter().filter(|pod| pod.namespace() == range.place()) {
        let asked = Asked {
            owner: pod.owner,
            node: pod.spec(),
            name: "a pod".to_owned(),
            requests: defaults.pod(pod.spec(), Side::Requests),
            limits: defaults.pod(pod.spec(), Side::Limits),
        };
        judge(range, item, &asked, findings);
    }
}

fn claims(world: &World<'_>, range: Thing<'_>, item: &Node, findings: &mut Findings) {
    let own = world.of_kind("PersistentVolumeClaim").map(|claim| (claim, claim.root()));
    let of_sets = world.of_kind("StatefulSet").flat_map(|set| {
        set.root().items_at(&["spec", "volumeClaimTemplates"]).iter().map(move |template| (set, template))
    });
    for (owner, claim) in own.chain(of_sets).filter(|(owner, _)| owner.place() == range.place()) {
        let Some(node) = claim.at(&["spec", "resources"]) else { continue };
        let requests = amounts(node.get("requests"));
        let name = claim.text_at(&["metadata", "name"]).unwrap_or_default();
        let asked = Asked { owner, node, name: format!("claim `{name}`"), limits: requests.clone(), requests };
        judge(range, item, &asked, findings);
    }
}

fn judge(range: Thing<'_>, item: &Node, asked: &Asked<'_>, findings: &mut Findings) {
    let Asked { owner, node, name, requests, limits } = asked;
    let own = &range.document.id.name;
    findings.ask();
    for (resource, most) in amounts(item.get("max")) {
        if let Some(limit) = limits.get(resource).filter(|limit| **limit > most) {
            let message = format!("{name} may use {limit} of {resource}; `{own}` allows at most {most}");
            findings.error(codes::OUTSIDE_LIMIT_RANGE, *owner, node, &message);
        }
    }
    for (resource, least) in amounts(item.get("min")) {
        if let Some(request) = requests.get(resource).filter(|request| **request < least) {
            let message = format!("{name} asks for {request} of {resource}; `{own}` wants at least {least}");
            findings.error(codes::OUTSIDE_LIMIT_RANGE, *owner, node, &message);
        }
    }
}
