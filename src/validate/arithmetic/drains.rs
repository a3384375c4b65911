//! A node can be drained, and a rollout ends.

use crate::diagnostics::codes;
use crate::manifest::node::Node;
use crate::manifest::selector::Selector;
use crate::validate::arithmetic::scale::{Scale, share};
use crate::validate::findings::Findings;
use crate::validate::world::World;

/// Every disruption budget lets a pod go when the fewest run.
pub fn end(world: &World<'_>, scales: &[Option<Scale>], findings: &mut Findings) {
    for budget in world.of_kind("PodDisruptionBudget") {
        let Some(spec) = budget.root().get("spec") else { continue };
        let Some(selector) = spec.get("selector").map(Selector::read) else { continue };
        let meant = world.selected(budget.place(), &selector);
        let least = meant.filter_map(|at| scales[at]).fold(0_i128, |sum, scale| sum.saturating_add(scale.least));
        // of jobs, none need run
        if least == 0 {
            continue;
        }
        findings.ask();
        let (key, free) = if let Some(node) = spec.get("maxUnavailable") {
            ("maxUnavailable", share(node, least, true))
        } else if let Some(node) = spec.get("minAvailable") {
            ("minAvailable", share(node, least, true).map(|wanted| least.saturating_sub(wanted)))
        } else {
            // who counts nothing expects nothing, and allows nothing. Source: `updatePdbStatus` of disruption.go
            ("selector", Some(0))
        };
        let (Some(free), Some(node)) = (free, spec.get(key)) else { continue };
        if free < 1 {
            let runs = if least == 1 { "one pod runs".to_owned() } else { format!("{least} pods run") };
            let why = match key {
                "selector" => "neither `minAvailable` nor `maxUnavailable` is set".to_owned(),
                _ => format!("`{key}` leaves none to spare while {runs}"),
            };
            findings
                .error(codes::BLOCKED_DRAIN, budget, node, &format!("no pod may ever be evicted: {why}"))
                .help("let one be unavailable, or let more run at least");
        }
    }
}

/// A Deployment whose pods hold a volume that one node can mount must let the old pod go before the new one comes.
pub fn rollouts_end(world: &World<'_>, scales: &[Option<Scale>], findings: &mut Findings) {
    for (pod, scale) in world.pods.iter().zip(scales) {
        let (Some(scale), "Deployment") = (scale, pod.owner.document.id.kind.as_str()) else { continue };
        for volume in pod.spec().items_at(&["volumes"]) {
            let Some(name) = volume.text_at(&["persistentVolumeClaim", "claimName"]) else { continue };
            let Some(claim) = world.find("PersistentVolumeClaim", pod.namespace(), name) else { continue };
            findings.ask();
            let modes: Vec<&str> =
                claim.root().items_at(&["spec", "accessModes"]).iter().filter_map(Node::text).collect();
            let is_shared = modes.iter().any(|mode| ["ReadWriteMany", "ReadOnlyMany"].contains(mode));
            if !is_shared && scale.fewer == 0 {
                let message = format!(
                    "a rollout may never end: the new pod waits for the volume `{name}`, which the old one keeps until the new one is ready"
                );
                findings
                    .error(codes::STUCK_ROLLOUT, pod.owner, volume, &message)
                    .help("write `strategy: {type: Recreate}`, or use a StatefulSet");
            }
        }
    }
}
