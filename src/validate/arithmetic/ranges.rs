//! Containers, pods and claims stay within the limit ranges of their namespace.
//! Source: `plugin/pkg/admission/limitranger/admission.go` of Kubernetes 1.35 to 1.37.

use std::collections::BTreeSet;

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
    for (_, pod) in world.pods_in(range.place()) {
        for (_, container) in pod.containers().filter(|(list, _)| *list != "ephemeralContainers") {
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
    for (_, pod) in world.pods_in(range.place()) {
        let asked = Asked {
            owner: pod.owner,
            node: pod.spec(),
            name: "a pod".to_owned(),
            requests: defaults.together(pod.spec(), Side::Requests),
            limits: defaults.together(pod.spec(), Side::Limits),
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
        // of a claim, what it asks for is what it may use
        let asked = Asked { owner, node, name: format!("claim `{name}`"), limits: requests.clone(), requests };
        judge(range, item, &asked, findings);
    }
}

fn judge(range: Thing<'_>, item: &Node, asked: &Asked<'_>, findings: &mut Findings) {
    let Asked { owner, node, name, requests, limits } = asked;
    let own = &range.document.id.name;
    let mut tell = |message: &str| {
        findings.error(codes::OUTSIDE_LIMIT_RANGE, *owner, node, message);
    };
    // what nobody says is outside of every range
    let mut unsaid: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (resource, most) in amounts(item.get("max")) {
        let request = requests.get(resource).filter(|request| **request > most);
        match (limits.get(resource), request) {
            (None, _) => {
                unsaid.insert((resource, "limit"));
            }
            (Some(limit), _) if *limit > most => {
                tell(&format!("{name} may use {limit} of {resource}; `{own}` allows at most {most}"));
            }
            (_, Some(request)) => {
                tell(&format!("{name} asks for {request} of {resource}; `{own}` allows at most {most}"));
            }
            _ => {}
        }
    }
    for (resource, least) in amounts(item.get("min")) {
        match requests.get(resource) {
            None => {
                unsaid.insert((resource, "request"));
            }
            Some(request) if *request < least => {
                tell(&format!("{name} asks for {request} of {resource}; `{own}` wants at least {least}"));
            }
            Some(_) => {}
        }
    }
    for (resource, most) in amounts(item.get("maxLimitRequestRatio")) {
        // nothing is not a part of anything
        let some = |amounts: &Amounts<'_>| amounts.get(resource).copied().filter(|amount| amount.in_millis() > 0);
        match (some(requests), some(limits)) {
            (Some(request), Some(limit)) => {
                let allowed = request.in_millis().saturating_mul(most.in_millis());
                if limit.in_millis().saturating_mul(1000) > allowed {
                    let ratio = format!("{name} may use {limit} of {resource} and asks for {request}");
                    tell(&format!("{ratio}; `{own}` allows at most {most} times as much"));
                }
            }
            (request, limit) => {
                unsaid.extend(request.is_none().then_some((resource, "request")));
                unsaid.extend(limit.is_none().then_some((resource, "limit")));
            }
        }
    }
    if !unsaid.is_empty() {
        let unsaid: Vec<String> = unsaid.iter().map(|(resource, side)| format!("no {side} of {resource}")).collect();
        tell(&format!("{name} has {}; `{own}` bounds it", unsaid.join(", ")));
    }
    findings.ask();
}
