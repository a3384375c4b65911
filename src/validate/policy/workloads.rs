//! Rules about how pods are run.

use crate::diagnostics::codes;
use crate::diagnostics::report::Severity::{Note, Warning};
use crate::manifest::node::Node;
use crate::manifest::selector::said;
use crate::validate::policy::Asked::{Always, Named};
use crate::validate::policy::scene::Scene;
use crate::validate::policy::{Fault, OfWorkload, Rule};

/// Every rule.
pub const RULES: &[Rule<OfWorkload>] = &[
    Rule {
        code: codes::ABRUPT_ROLLOUT,
        asked: Always,
        severity: Warning,
        test: abrupt_rollout,
        help: "write `maxUnavailable: 0` and let one more start",
    },
    Rule {
        code: codes::ENDLESS_JOB,
        asked: Always,
        severity: Warning,
        test: endless_job,
        help: "write `ttlSecondsAfterFinished` for a Job, `startingDeadlineSeconds` for a CronJob",
    },
    Rule { code: codes::FEW_REPLICAS, asked: Named, severity: Note, test: few_replicas, help: "let at least two run" },
    Rule {
        code: codes::NO_DISRUPTION_BUDGET,
        asked: Always,
        severity: Warning,
        test: no_disruption_budget,
        help: "write a PodDisruptionBudget with `maxUnavailable: 1`",
    },
    Rule {
        code: codes::NO_SPREAD,
        asked: Named,
        severity: Warning,
        test: no_spread,
        help: "write `topologySpreadConstraints` over `kubernetes.io/hostname`",
    },
    Rule {
        code: codes::UNISOLATED_POD,
        asked: Always,
        severity: Warning,
        test: unisolated,
        help: "write a NetworkPolicy that says who may call them",
    },
];

/// A rollout that may take all pods away at once.
fn abrupt_rollout<'a>(scene: &Scene<'a>) -> Option<Fault<'a>> {
    let scale = scene.scale.filter(|_| scene.is_many() && scene.kind() == "Deployment")?;
    let root = scene.pod.owner.root();
    let node = root.at(&["spec", "strategy"]).unwrap_or(root);
    (scale.fewer >= scale.least)
        .then(|| (node, "no pod need be there during a rollout, though several run otherwise".to_owned()))
}

fn endless_job<'a>(scene: &Scene<'a>) -> Option<Fault<'a>> {
    let root = scene.pod.owner.root();
    let is_owned = !root.items_at(&["metadata", "ownerReferences"]).is_empty();
    let (path, key, what) = match scene.kind() {
        "Job" if !is_owned => (["spec"], "ttlSecondsAfterFinished", "the Job and its pods stay after they are done"),
        "CronJob" => (["spec"], "startingDeadlineSeconds", "a run that was missed starts at any later time"),
        _ => return None,
    };
    let spec = root.at(&path)?;
    said(spec, key).is_none().then(|| (spec, what.to_owned()))
}

/// Kinds whose pods stand for one another.
const ALIKE: &[&str] = &["Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"];

fn few_replicas<'a>(scene: &Scene<'a>) -> Option<Fault<'a>> {
    let root = scene.pod.owner.root();
    let scale = scene.scale.filter(|scale| scale.least == 1 && ALIKE.contains(&scene.kind()))?;
    let node = root.at(&["spec", "replicas"]).unwrap_or(root);
    let least = if scale.most > 1 { "at least one" } else { "one" };
    Some((node, format!("{least} pod runs: while it is moved, nobody answers")))
}

fn no_disruption_budget<'a>(scene: &Scene<'a>) -> Option<Fault<'a>> {
    let is_missing = scene.is_many() && ALIKE.contains(&scene.kind()) && !scene.around.protected[scene.at];
    let told = || {
        (scene.pod.owner.root(), "several pods run, and all may be evicted at once: no disruption budget".to_owned())
    };
    // elsewhere, one may be in the cluster already
    (is_missing && scene.world.is_closed()).then(told)
}

fn no_spread<'a>(scene: &Scene<'a>) -> Option<Fault<'a>> {
    let has = |path: &[&str]| !scene.spec().items_at(path).is_empty();
    let rules = ["requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"];
    let is_spread =
        has(&["topologySpreadConstraints"]) || rules.iter().any(|rule| has(&["affinity", "podAntiAffinity", rule]));
    (scene.is_many() && ALIKE.contains(&scene.kind()) && !is_spread)
        .then(|| (scene.spec(), "several pods run, and all may be on one node".to_owned()))
}

fn unisolated<'a>(scene: &Scene<'a>) -> Option<Fault<'a>> {
    let on_its_node = scene.spec().get("hostNetwork").and_then(Node::bool) == Some(true);
    let is_open = !scene.around.isolated[scene.at] && !on_its_node && scene.world.is_closed();
    is_open.then(|| (scene.spec(), "no policy says who may call the pods: everybody may".to_owned()))
}
