//! Quotas hold everything at its largest: autoscalers at their maximum, every rollout with what it adds, every ACME
//! challenge with its pod.

use crate::diagnostics::codes;
use crate::diff::quantities::amount;
use crate::manifest::node::Node;
use crate::validate::arithmetic::asks::{Defaults, Side, is_whole};
use crate::validate::arithmetic::scale::Scale;
use crate::validate::arithmetic::scopes::{Scopes, default_priority};
use crate::validate::arithmetic::uses::{self, plain};
use crate::validate::findings::Findings;
use crate::validate::world::{Thing, World};
use crate::values::quantity::Quantity;

/// Judges every quota.
pub fn hold(world: &World<'_>, scales: &[Option<Scale>], findings: &mut Findings) {
    for quota in world.of_kind("ResourceQuota") {
        let Some(spec) = quota.root().get("spec") else { continue };
        let hard = spec.get("hard").map(Node::entries).unwrap_or_default();
        if hard.is_empty() {
            continue;
        }
        let scopes = Scopes::read(spec);
        let shares = uses::of(world, scales, quota.place(), &scopes);
        for entry in hard {
            let Some(held) = amount(&entry.node) else { continue };
            findings.ask();
            let own = shares.of(world, quota.place(), &entry.key, &scopes);
            let needed = own.iter().fold(Quantity::whole(0), |sum, (_, amount)| sum.plus(*amount));
            if needed > held {
                let message = format!("`{}` holds {held}, and what is here needs {needed} at its largest", entry.key);
                findings.error(codes::QUOTA_EXCEEDED, quota, &entry.node, &message).help(largest(&own));
            }
        }
        let resources: Vec<&str> = hard.iter().map(|entry| plain(&entry.key)).collect();
        everybody_says(world, quota, &scopes, &resources, findings);
    }
}

/// Those who take the most.
fn largest(shares: &[(&str, Quantity)]) -> String {
    const TOLD: usize = 4;
    let mut sorted: Vec<&(&str, Quantity)> = shares.iter().collect();
    sorted.sort_unstable_by(|(one, large), (other, small)| small.cmp(large).then(one.cmp(other)));
    let mut told: Vec<String> =
        sorted.iter().take(TOLD).map(|(name, amount)| format!("{name} takes {amount}")).collect();
    told.extend((sorted.len() > TOLD).then(|| format!("and {} others take the rest", sorted.len() - TOLD)));
    told.join(", ")
}

/// What every container has to say where a quota holds it. Source: `validationSet` in
/// `pkg/quota/v1/evaluator/core/pods.go`; of everything else, a pod that says nothing takes nothing.
const ASKED_OF_ALL: &[(&str, Side, &str)] = &[
    ("requests.cpu", Side::Requests, "cpu"),
    ("requests.memory", Side::Requests, "memory"),
    ("limits.cpu", Side::Limits, "cpu"),
    ("limits.memory", Side::Limits, "memory"),
];

/// Where amounts are held to a quota, a pod that does not say how much it wants is refused, unless it speaks as a whole.
fn everybody_says(
    world: &World<'_>,
    quota: Thing<'_>,
    scopes: &Scopes<'_>,
    resources: &[&str],
    findings: &mut Findings,
) {
    let (defaults, priority) = (Defaults::of(world, quota.place()), default_priority(world));
    let asked: Vec<_> = ASKED_OF_ALL.iter().filter(|(resource, ..)| resources.contains(resource)).collect();
    let here = world.pods_in(quota.place()).map(|(_, pod)| pod);
    for pod in here.filter(|pod| scopes.have_pod(pod, &defaults, priority)) {
        findings.ask();
        let missing = asked.iter().filter(|(_, side, resource)| !defaults.says(pod.spec(), *side, resource));
        let missing: Vec<&str> = missing.map(|(name, ..)| *name).collect();
        if !missing.is_empty() && !is_whole(pod.spec()) {
            let message = format!(
                "its pods do not say their {}, which the quota `{}` asks of every pod",
                missing.join(", "),
                quota.document.id.name
            );
            findings
                .error(codes::QUOTA_EXCEEDED, pod.owner, pod.spec(), &message)
                .help("say `resources` of every container, or let a LimitRange fill them in");
        }
    }
}
