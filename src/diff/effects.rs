//! What a change will do to a running platform, as far as two manifests tell. It must never guess at what only a cluster
//! knows.

pub mod availability;
pub mod data;
pub mod exposure;
pub mod forgiven;
pub mod immutable;
pub mod privilege;

use std::fmt;

use crate::diff::change::Change;
use crate::diff::pair::Pair;
use crate::manifest::node::Node;

/// One thing that will happen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    /// Of which kind.
    pub kind: EffectKind,
    /// Why, for people: lower case, no full stop.
    pub why: String,
}

/// Kinds of effects, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
pub fn effects(pair: &Pair<'_>, changes: &[Change]) -> Vec<Effect> {
    let mut found = immutable::effects(pair, changes);
    let is_recreated = !found.is_empty();
    found.extend(availability::effects(pair, changes, is_recreated));
    found.extend(data::effects(pair, is_recreated));
    found.extend(exposure::effects(pair));
    found.extend(privilege::effects(pair));
    found.sort();
    found.dedup();
    found
}

fn effect(kind: EffectKind, why: impl Into<String>) -> Effect {
    Effect { kind, why: why.into() }
}

/// The pod that an object makes, wherever its kind keeps it.
pub fn pod_spec(root: &Node) -> Option<&Node> {
    match root.text_at(&["kind"])? {
        "Pod" => root.get("spec"),
        "CronJob" => root.at(&["spec", "jobTemplate", "spec", "template", "spec"]),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => root.at(&["spec", "template", "spec"]),
        _ => None,
    }
}

/// All containers of a pod.
pub fn containers(pod: &Node) -> impl Iterator<Item = &Node> {
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|list| pod.items_at(&[list]))
}

#[cfg(test)]
pub mod examples {
    //! Two versions of an object to what that does.

    use super::{Effect, effects};
    use crate::diagnostics::report::Report;
    use crate::diff::pair::{Pair, Placed};
    use crate::diff::structure;
    use crate::manifest::document::Document;
    use crate::manifest::read::{Dialect, read};

    fn document(text: &str) -> Option<Document> {
        let mut report = Report::default();
        let document = read(text, Dialect::Any, &mut report).pop();
        assert!(!report.has_errors(), "{report:?}");
        document
    }

    /// What happens when `old` becomes `new`; nothing for either is no object.
    pub fn told(old: &str, new: &str) -> Vec<String> {
        let (old, new) = (document(old), document(new));
        let placed = |document| Placed { file: "a.yaml", text: "", document };
        let found: Vec<Effect> = match (&old, &new) {
            (None, Some(new)) => effects(&Pair::Added(placed(new)), &[]),
            (Some(old), None) => effects(&Pair::Removed(placed(old)), &[]),
            (Some(old), Some(new)) => {
                effects(&Pair::Kept(placed(old), placed(new)), &structure::differences(&old.root, &new.root))
            }
            (None, None) => Vec::new(),
        };
        found.into_iter().map(|effect| format!("{}: {}", effect.kind, effect.why)).collect()
    }

    /// What happens when `from` becomes `to` in an object.
    pub fn edited(object: &str, from: &str, to: &str) -> Vec<String> {
        assert!(object.contains(from), "{from}");
        told(object, &object.replace(from, to))
    }
}
