//! How many pods of a workload there are.

use crate::manifest::node::{Node, Value};
use crate::tables::HashMap;
use crate::validate::world::{Pod, World};

/// How many pods of a workload there are at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// The fewest that should run.
    pub least: i128,
    /// The most that should run.
    pub most: i128,
    /// How many more a rollout may add.
    pub surge: i128,
    /// How many fewer a rollout may leave.
    pub fewer: i128,
}

/// The scale of each workload, in the world's order; `None` where only the cluster knows.
pub fn of(world: &World<'_>) -> Vec<Option<Scale>> {
    let mut bounds: HashMap<(&str, &str, &str), (i128, i128)> = HashMap::default();
    for scaler in world.of_kind("HorizontalPodAutoscaler") {
        let target = |key: &str| scaler.root().text_at(&["spec", "scaleTargetRef", key]);
        let bound = |key: &str| number(scaler.root(), &["spec", key]).unwrap_or(1);
        if let (Some(kind), Some(name)) = (target("kind"), target("name")) {
            bounds.insert((scaler.place(), kind, name), (bound("minReplicas"), bound("maxReplicas")));
        }
    }
    let scale = |pod: &Pod<'_>| {
        let (id, root) = (&pod.owner.document.id, pod.owner.root());
        let fixed = match root.at(&["spec", "replicas"]) {
            // what is no number is told elsewhere
            Some(node) if !matches!(node.value, Value::Null) => node.integer()?,
            _ => 1,
        };
        let scaler = bounds.get(&(pod.owner.place(), id.kind.as_str(), id.name.as_str()) as &(&str, &str, &str));
        let (least, most) = scaler.copied().unwrap_or((fixed, fixed));
        let steady = Scale { least, most, surge: 0, fewer: 1 };
        Some(match id.kind.as_str() {
            "Deployment" => rolling(root, steady),
            "StatefulSet" | "ReplicaSet" | "ReplicationController" => steady,
            "Pod" => Scale { least: 1, most: 1, ..steady },
            "Job" => Scale { least: 0, most: at_once(root, &["spec"]), ..steady },
            "CronJob" => {
                let is_suspended = root.at(&["spec", "suspend"]).and_then(Node::bool) == Some(true);
                let most = if is_suspended { 0 } else { at_once(root, &["spec", "jobTemplate", "spec"]) };
                Scale { least: 0, most, ..steady }
            }
            _ => return None,
        })
    };
    world.pods.iter().map(scale).collect()
}

/// Source: `k8s.io/kubernetes/pkg/controller/deployment/util`, `ResolveFenceposts`: a quarter where nothing is said, more
/// rounded up, fewer rounded down, and one fewer if both are nothing.
fn rolling(root: &Node, scale: Scale) -> Scale {
    let strategy = ["spec", "strategy", "type"];
    if root.text_at(&strategy) == Some("Recreate") {
        return Scale { surge: 0, fewer: scale.most, ..scale };
    }
    let said = |key: &str, up: bool, of: i128| {
        let node = root.at(&["spec", "strategy", "rollingUpdate", key]);
        node.map_or(Some(part(25, of, up)), |node| share(node, of, up)).unwrap_or(0)
    };
    let (surge, fewer) = (said("maxSurge", true, scale.most), said("maxUnavailable", false, scale.least));
    Scale { surge, fewer: if surge == 0 { fewer.max(1) } else { fewer }, ..scale }
}

/// A number, or a percentage of `of`.
pub fn share(node: &Node, of: i128, up: bool) -> Option<i128> {
    node.integer().or_else(|| Some(part(node.text()?.strip_suffix('%')?.parse().ok()?, of, up)))
}

fn part(percent: i128, of: i128, up: bool) -> i128 {
    percent.saturating_mul(of).saturating_add(if up { 99 } else { 0 }) / 100
}

fn at_once(root: &Node, spec: &[&str]) -> i128 {
    let Some(spec) = root.at(spec) else { return 1 };
    let parallel = number(spec, &["parallelism"]).unwrap_or(1);
    number(spec, &["completions"]).map_or(parallel, |all| all.min(parallel))
}

fn number(root: &Node, path: &[&str]) -> Option<i128> {
    root.at(path).and_then(Node::integer)
}
