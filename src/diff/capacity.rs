//! What each namespace asks of the cluster: the requests of its pods when it is quiet and when it is busy.
//! Pods of a `DaemonSet` are told for each node: how many nodes there are, only the cluster knows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::diff::change::Change;
use crate::diff::compare::{Fate, ObjectChange};
use crate::diff::effects::{template_of, template_way};
use crate::diff::exchange::says_something_else;
use crate::diff::pair::Placed;
use crate::diff::quantities::amount;
use crate::diff::scale::{self, Scales};
use crate::manifest::node::Node;
use crate::ordered::Ordered;
use crate::reach::pods::namespace;
use crate::values::quantity::Quantity;

/// What pods ask for together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    /// Cores.
    pub cpu: Quantity,
    /// Bytes.
    pub memory: Quantity,
    /// Pods.
    pub pods: i128,
}

/// What a namespace asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// At the fewest replicas, without jobs.
    pub quiet: Amounts,
    /// At the most replicas, with every job running.
    pub busy: Amounts,
    /// On each node besides.
    pub node: Amounts,
}

/// A namespace that asks for something else than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// The namespace.
    pub namespace: String,
    /// What it asked for.
    pub old: Need,
    /// What it asks for.
    pub new: Need,
}

impl Default for Amounts {
    fn default() -> Self {
        Self { cpu: Quantity::whole(0), memory: Quantity::whole(0), pods: 0 }
    }
}

impl Amounts {
    fn plus(self, other: Self) -> Self {
        Self { cpu: self.cpu.plus(other.cpu), memory: self.memory.plus(other.memory), pods: self.pods + other.pods }
    }

    fn times(self, count: i128) -> Self {
        Self { cpu: self.cpu.times(count), memory: self.memory.times(count), pods: self.pods * count }
    }
}

/// Whether a change of this object may let its namespace ask for something else.
pub fn may_weigh(object: &ObjectChange) -> bool {
    let way = template_way(&object.id);
    let weighs = |change: &Change| {
        let Some(mut keys) = way.and_then(|way| change.path.beyond(way)) else {
            return !change.path.begins(&["metadata"]);
        };
        match [keys.next(), keys.next(), keys.next()] {
            [Some("spec"), Some("containers" | "initContainers"), Some(key)] => {
                ["resources", "restartPolicy"].contains(&key)
            }
            [Some("spec"), Some(key), _] => ["containers", "initContainers", "overhead", "resources"].contains(&key),
            [first, ..] => first != Some("metadata"),
        }
    };
    let concerns = way.is_some() || scale::is_autoscaler(&object.id);
    concerns && says_something_else(object) && (object.fate != Fate::Changed || object.changes.iter().any(weighs))
}

/// The namespaces whose needs differ.
pub fn deltas(old: &[Placed<'_>], new: &[Placed<'_>]) -> Vec<Delta> {
    let (before, after) = (needs(old), needs(new));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).ordered();
    let delta = |name: &&String| Delta {
        namespace: (*name).clone(),
        old: before.get(*name).copied().unwrap_or_default(),
        new: after.get(*name).copied().unwrap_or_default(),
    };
    names.iter().map(delta).filter(|delta| delta.old != delta.new).collect()
}

fn needs(objects: &[Placed<'_>]) -> BTreeMap<String, Need> {
    let scales = Scales::of(objects.iter().map(|placed| placed.document));
    let mut found: BTreeMap<String, Need> = BTreeMap::new();
    for document in objects.iter().map(|placed| placed.document) {
        let root = &document.root;
        let Some(pod) = template_of(document).and_then(|template| template.get("spec")) else { continue };
        let each = requests(pod);
        let need = found.entry(namespace(document).to_owned()).or_default();
        let said = |path: &[&str]| root.at(path).and_then(Node::integer);
        // no more pods run than completions are left
        let busy = |parallelism: &[&str], completions: &[&str]| {
            let most = said(parallelism).unwrap_or(1);
            said(completions).map_or(most, |completions| most.min(completions))
        };
        let (least, most) = match document.id.kind.as_str() {
            "DaemonSet" => {
                need.node = need.node.plus(each);
                continue;
            }
            "Job" | "CronJob" if root.at(&["spec", "suspend"]).and_then(Node::bool) == Some(true) => continue,
            "Job" => (0, busy(&["spec", "parallelism"], &["spec", "completions"])),
            "CronJob" => {
                let of = |key| ["spec", "jobTemplate", "spec", key];
                (0, busy(&of("parallelism"), &of("completions")))
            }
            "Pod" => (1, 1),
            _ => scales.range(document),
        };
        need.quiet = need.quiet.plus(each.times(least));
        need.busy = need.busy.plus(each.times(most));
    }
    found
}

/// What one pod asks for: what it says for itself; otherwise its containers together, or the largest of what runs before
/// them, whichever is more. Source: `PodRequests` in `k8s.io/component-helpers/resource`.
fn requests(pod: &Node) -> Amounts {
    let of = |container: &Node, resource: &str| {
        let asked = container.at(&["resources", "requests", resource]);
        asked
            .or_else(|| container.at(&["resources", "limits", resource]))
            .and_then(amount)
            .unwrap_or(Quantity::whole(0))
    };
    let sum = |resource: &str| {
        let mut sidecars = Quantity::whole(0);
        let mut highest = Quantity::whole(0);
        for container in pod.items_at(&["initContainers"]) {
            let own = of(container, resource);
            if container.text_at(&["restartPolicy"]) == Some("Always") {
                sidecars = sidecars.plus(own);
                highest = highest.max(sidecars);
            } else {
                highest = highest.max(sidecars.plus(own));
            }
        }
        let together = pod.items_at(&["containers"]).iter().fold(sidecars, |sum, next| sum.plus(of(next, resource)));
        let overhead = pod.at(&["overhead", resource]).and_then(amount).unwrap_or(Quantity::whole(0));
        let own = pod.at(&["resources", "requests", resource]).and_then(amount);
        own.unwrap_or(highest.max(together)).plus(overhead)
    };
    Amounts { cpu: sum("cpu"), memory: sum("memory"), pods: 1 }
}

/// `production  quiet: cpu 600m → 850m, memory 1Gi → 2Gi; busy: pods 30 → 31; each node: pods 0 → 1`
impl fmt::Display for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("quiet", self.old.quiet, self.new.quiet),
            ("busy", self.old.busy, self.new.busy),
            ("each node", self.old.node, self.new.node),
        ];
        let parts: Vec<String> = rows
            .into_iter()
            .filter(|(_, old, new)| old != new)
            .map(|(when, old, new)| format!("{when}: {}", differing(old, new).join(", ")))
            .collect();
        write!(f, "{}  {}", self.namespace, parts.join("; "))
    }
}

fn differing(old: Amounts, new: Amounts) -> Vec<String> {
    let rows = [
        ("pods", old.pods.to_string(), new.pods.to_string()),
        ("cpu", old.cpu.to_string(), new.cpu.to_string()),
        ("memory", old.memory.to_string(), new.memory.to_string()),
    ];
    rows.into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(what, old, new)| format!("{what} {old} → {new}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::report::Report;
    use crate::manifest::document::Document;
    use crate::manifest::read::{Dialect, read};

    const POD: &str = "containers: [{name: a, resources: {requests: {cpu: 250m, memory: 1Gi}}}]";

    fn documents(text: &str) -> Vec<Document> {
        read(text, Dialect::Any, &mut Report::default())
    }

    fn told(old: &str, new: &str) -> Vec<String> {
        let (old, new) = (documents(old), documents(new));
        let old: Vec<Placed<'_>> = old.iter().map(|document| Placed { file: "", text: "", document }).collect();
        let new: Vec<Placed<'_>> = new.iter().map(|document| Placed { file: "", text: "", document }).collect();
        deltas(&old, &new).iter().map(ToString::to_string).collect()
    }

    fn deployment(replicas: &str, pod: &str) -> String {
        format!(
            "---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: a, namespace: b}}, spec: {{{replicas}template: {{spec: {{{pod}}}}}}}}}\n"
        )
    }

    const SCALE: &str = "---\n{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a, namespace: b}, spec: {minReplicas: 2, maxReplicas: 10, scaleTargetRef: {kind: Deployment, name: a}}}\n";

    #[test]
    fn replicas_and_sizes_count() {
        assert_eq!(
            told(&deployment("replicas: 2, ", POD), &deployment("replicas: 3, ", POD)),
            [
                "b  quiet: pods 2 → 3, cpu 500m → 750m, memory 2Gi → 3Gi; busy: pods 2 → 3, cpu 500m → 750m, memory 2Gi → 3Gi"
            ]
        );
        assert!(told(&deployment("", POD), &deployment("", &POD.replace("250m", "0.25"))).is_empty());
    }

    #[test]
    fn a_namespace_that_is_written_out_asks_for_nothing_more() {
        let bare = deployment("", POD).replace(", namespace: b", "");
        assert!(told(&bare, &deployment("", POD).replace("namespace: b", "namespace: default")).is_empty());
        assert!(!told(&bare, &deployment("", POD)).is_empty());
    }

    #[test]
    fn an_autoscaler_decides_both_ends() {
        let scaled = |pod: &str| deployment("", pod) + SCALE;
        let more = POD.replace("250m", "500m");
        assert_eq!(told(&scaled(POD), &scaled(&more)), ["b  quiet: cpu 500m → 1; busy: cpu 2500m → 5"]);
    }

    #[test]
    fn keda_starts_pods_where_none_are_written_and_may_keep_fewer_while_idle() {
        let scaled = |says: &str| {
            let object = format!(
                "---\n{{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {{name: a, namespace: b}}, spec: {{{says}, scaleTargetRef: {{name: a}}}}}}\n"
            );
            deployment("replicas: 0, ", "containers: [{name: a}]") + &object
        };
        let old = scaled("minReplicaCount: 2, maxReplicaCount: 5");
        assert_eq!(told(&old, &scaled("minReplicaCount: 2, maxReplicaCount: 50")), ["b  busy: pods 5 → 50"]);
        let idle = scaled("minReplicaCount: 2, maxReplicaCount: 5, idleReplicaCount: 0");
        assert_eq!(told(&old, &idle), ["b  quiet: pods 2 → 0"]);
        let off = |scale: &str| deployment("replicas: 0, ", POD) + scale;
        assert!(told(&off(""), &off(SCALE)).is_empty(), "others leave none alone");
    }

    #[test]
    fn two_autoscalers_of_one_thing_count_in_any_order() {
        let other =
            SCALE.replace("name: a, namespace", "name: other, namespace").replace("maxReplicas: 10", "maxReplicas: 3");
        let [one, two] = [[SCALE, &other].concat(), [&other, SCALE].concat()].map(|both| deployment("", POD) + &both);
        assert!(told(&one, &two).is_empty());
    }

    #[test]
    fn jobs_are_busy_only_and_sidecars_count_twice() {
        let job = format!(
            "{{apiVersion: batch/v1, kind: Job, metadata: {{name: a, namespace: b}}, spec: {{template: {{spec: {{{POD}}}}}}}}}"
        );
        assert_eq!(told("", &job), ["b  busy: pods 0 → 1, cpu 0 → 250m, memory 0 → 1Gi"]);
        let many = job.replace("spec: {template", "spec: {parallelism: 100, completions: 2, template");
        assert_eq!(told("", &many), ["b  busy: pods 0 → 2, cpu 0 → 500m, memory 0 → 2Gi"]);
        let sidecar = "initContainers: [{name: s, restartPolicy: Always, resources: {requests: {cpu: 1}}}, {name: i, resources: {requests: {cpu: 2}}}], ";
        let with = format!("{sidecar}{POD}");
        assert_eq!(told(&deployment("", POD), &deployment("", &with)), ["b  quiet: cpu 250m → 3; busy: cpu 250m → 3"]);
    }

    #[test]
    fn what_a_pod_says_for_itself_counts_and_its_overhead_too() {
        let whole = format!("resources: {{requests: {{cpu: 2}}}}, {POD}");
        assert_eq!(told(&deployment("", POD), &deployment("", &whole)), ["b  quiet: cpu 250m → 2; busy: cpu 250m → 2"]);
        let wrapped = format!("overhead: {{cpu: 50m}}, {POD}");
        assert_eq!(
            told(&deployment("", POD), &deployment("", &wrapped)),
            ["b  quiet: cpu 250m → 300m; busy: cpu 250m → 300m"]
        );
        assert!(told(&deployment("", POD), &deployment("", &POD.replace("name: a", "name: b"))).is_empty());
    }

    #[test]
    fn what_never_runs_asks_for_nothing() {
        let job = format!(
            "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: a, namespace: b}}, spec: {{suspend: true, jobTemplate: {{spec: {{template: {{spec: {{{POD}}}}}}}}}}}}}"
        );
        assert!(told("", &job).is_empty());
        assert!(!told("", &job.replace("suspend: true", "suspend: false")).is_empty());
    }

    #[test]
    fn what_runs_on_each_node_is_told_for_one() {
        let set = |pod: &str| deployment("", pod).replace("Deployment", "DaemonSet");
        assert_eq!(told("", &set(POD)), ["b  each node: pods 0 → 1, cpu 0 → 250m, memory 0 → 1Gi"]);
        assert_eq!(told(&set(POD), &set(&POD.replace("250m", "500m"))), ["b  each node: cpu 250m → 500m"]);
        assert!(told(&set(POD), &set(&POD.replace("name: a", "name: b"))).is_empty());
    }
}
