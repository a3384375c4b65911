//! What a change will do to a running platform, as far as two manifests tell. It must never guess at what only a cluster
//! knows.

pub mod accounts;
pub mod around;
pub mod availability;
pub mod behind;
pub mod data;
pub mod exposure;
pub mod filters;
pub mod forgiven;
pub mod gateways;
pub mod guards;
pub mod immutable;
pub mod privilege;
pub mod retention;
pub mod routes;
pub mod serving;
pub mod unsaid;
pub mod ways;
pub mod weaknesses;

use std::fmt;

use crate::diff::change::Change;
use crate::diff::effects::around::Around;
use crate::diff::pair::Pair;
use crate::manifest::document::{Document, Id};
use crate::manifest::node::Node;

/// One thing that will happen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Effect {
    /// Of which kind.
    pub kind: EffectKind,
    /// Why, for people: lower case, no full stop.
    pub why: String,
}

/// Kinds of effects, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EffectKind {
    /// Something is lost for good.
    DeletesData,
    /// Nobody answers for a while, or ever again.
    Downtime,
    /// The object must be deleted and made anew: the API server refuses the change.
    Recreate,
    /// Something may do more than before.
    Privilege,
    /// Something can be reached by more than before.
    Exposure,
    /// Pods are replaced by others.
    Restart,
}

impl fmt::Display for EffectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DeletesData => "deletes data",
            Self::Downtime => "downtime",
            Self::Recreate => "recreate",
            Self::Privilege => "privilege+",
            Self::Exposure => "exposure+",
            Self::Restart => "restart",
        })
    }
}

/// What becomes of an object will do this, the gravest first.
pub fn effects(pair: &Pair<'_>, changes: &[Change], around: &Around<'_>) -> Vec<Effect> {
    let (mut found, is_recreated) = immutable::effects(pair, changes);
    found.extend(availability::effects(pair, changes, around, is_recreated));
    found.extend(data::effects(pair, changes, around, is_recreated));
    found.extend(ways::joined(pair, around).into_iter().map(|why| effect(EffectKind::Exposure, why)));
    if says_more(pair, changes) {
        found.extend(availability::of_ways(pair, around));
        found.extend(exposure::effects(pair, around));
        found.extend(privilege::effects(pair, around));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether there is more than other labels: these say who is chosen by others, and of a namespace what it admits.
fn says_more(pair: &Pair<'_>, changes: &[Change]) -> bool {
    let is_label = |change: &Change| LABELS.iter().any(|keys| change.path.begins(keys));
    let is_kept = matches!(pair, Pair::Kept(..)) && !pair.is_renamed() && pair.id().kind != "Namespace";
    !is_kept || !changes.iter().all(is_label)
}

/// Where labels stand that choose nothing by themselves.
const LABELS: &[&[&str]] = &[&["metadata", "labels"], &["spec", "template", "metadata", "labels"]];

fn effect(kind: EffectKind, why: impl Into<String>) -> Effect {
    Effect { kind, why: why.into() }
}

/// Kinds that make pods.
struct Workload {
    kinds: &'static [&'static str],
    groups: &'static [&'static str],
    /// Where the pod stands.
    template: &'static [&'static str],
    /// Whether pods make way for others when the template changes.
    rolls: bool,
}

const fn workload(kinds: &'static [&'static str], groups: &'static [&'static str], rolls: bool) -> Workload {
    Workload { kinds, groups, template: &["spec", "template"], rolls }
}

/// Those of the API itself, and those of others that keep their pods as it does. Sources: the definitions of Argo Rollouts,
/// OpenKruise and OpenShift.
const WORKLOADS: &[Workload] = &[
    Workload { kinds: &["Pod"], groups: &[""], template: &[], rolls: false },
    workload(&["ReplicationController"], &[""], false),
    workload(&["ReplicaSet"], &["apps", "extensions"], false),
    workload(&["Deployment", "StatefulSet", "DaemonSet"], &["apps", "extensions"], true),
    workload(&["Rollout"], &["argoproj.io"], true),
    workload(&["CloneSet", "StatefulSet", "DaemonSet"], &["apps.kruise.io"], true),
    workload(&["DeploymentConfig"], &["apps.openshift.io"], true),
    workload(&["Job"], &[JOBS], false),
    Workload {
        kinds: &["CronJob"],
        groups: &[JOBS],
        template: &["spec", "jobTemplate", "spec", "template"],
        rolls: false,
    },
];

/// The group of what runs once.
const JOBS: &str = "batch";

fn row(kind: &str, group: &str) -> Option<&'static Workload> {
    WORKLOADS.iter().find(|row| row.kinds.contains(&kind) && row.groups.contains(&group))
}

/// Where objects like this keep the template of the pods that they make.
pub fn template_way(id: &Id) -> Option<&'static [&'static str]> {
    row(&id.kind, &id.group).map(|row| row.template)
}

/// Whether objects like this keep pods running.
fn keeps_pods(id: &Id) -> bool {
    id.group != JOBS && template_way(id).is_some()
}

/// Whether objects like this replace their pods when the template changes.
fn rolls(id: &Id) -> bool {
    row(&id.kind, &id.group).is_some_and(|row| row.rolls)
}

/// The pod that an object makes with its metadata, wherever its kind keeps it.
pub fn template(root: &Node) -> Option<&Node> {
    root.at(template_path(root)?)
}

/// The same of an object whose kind has been read: most make none, and are not looked into.
pub fn template_of(document: &Document) -> Option<&Node> {
    template_way(&document.id).and_then(|way| document.root.at(way))
}

/// Where objects like this keep the pod that they make.
pub fn template_path(root: &Node) -> Option<&'static [&'static str]> {
    let kind = root.text_at(&["kind"])?;
    let group = root.text_at(&["apiVersion"])?.split_once('/').map_or("", |(group, _)| group);
    row(kind, group).map(|row| row.template)
}

/// The pod that an object makes.
pub fn pod_spec(root: &Node) -> Option<&Node> {
    template(root)?.get("spec")
}

/// All containers of a pod.
pub fn containers(pod: &Node) -> impl Iterator<Item = &Node> {
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|list| pod.items_at(&[list]))
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub mod examples {
    //! Two versions of an object to what that does.

    use super::around::Around;
    use super::effects;
    use crate::diagnostics::report::Report;
    use crate::diff::pair::{Pair, Placed, pair};
    use crate::diff::structure;
    use crate::manifest::document::Document;
    use crate::manifest::read::{Dialect, read};

    fn documents(text: &str) -> Vec<Document> {
        let mut report = Report::default();
        let documents = read(text, Dialect::Any, &mut report);
        assert!(!report.has_errors(), "{report:?}");
        documents
    }

    /// What happens when `old` becomes `new`, as `kind: why`; nothing for either is no object.
    pub fn told(old: &str, new: &str) -> Vec<String> {
        let (old, new) = (documents(old), documents(new));
        let placed = |document| Placed { file: "a.yaml", text: "", document };
        let pairs = match (old.first(), new.first()) {
            // an object that has got another name is meant, however little is left of it
            (Some(old), Some(new)) => vec![Pair::Kept(placed(old), placed(new))],
            (old, new) => {
                old.map(placed).map(Pair::Removed).into_iter().chain(new.map(placed).map(Pair::Added)).collect()
            }
        };
        tell(&pairs).into_iter().map(|(_, told)| told).collect()
    }

    /// What happens to each object when `old` becomes `new`: several documents, as `Kind name: kind: why`.
    pub fn told_of_all(old: &str, new: &str) -> Vec<String> {
        let (old, new) = (documents(old), documents(new));
        let placed = |document| Placed { file: "a.yaml", text: "", document };
        let (old, new): (Vec<Placed<'_>>, Vec<Placed<'_>>) =
            (old.iter().map(placed).collect(), new.iter().map(placed).collect());
        tell(&pair(&old, &new).pairs).into_iter().map(|(id, told)| format!("{id}: {told}")).collect()
    }

    fn tell(pairs: &[Pair<'_>]) -> Vec<(String, String)> {
        let around = Around::new(pairs);
        let mut found = Vec::new();
        for pair in pairs {
            let changes = match pair {
                Pair::Kept(old, new) => structure::differences(&old.document.root, &new.document.root),
                _ => Vec::new(),
            };
            let told = effects(pair, &changes, &around);
            found.extend(told.into_iter().map(|one| (pair.id().to_string(), format!("{}: {}", one.kind, one.why))));
        }
        found
    }

    /// What happens when `from` becomes `to` in an object.
    pub fn edited(object: &str, from: &str, to: &str) -> Vec<String> {
        assert!(object.contains(from), "{from}");
        told(object, &object.replace(from, to))
    }
}
