//! How many pods an object keeps: what an autoscaler says of it, what it says itself, and one where nobody says anything.

use crate::manifest::document::{Document, Id};
use crate::manifest::node::Node;
use crate::reach::pods::namespace;
use crate::tables::HashMap;

/// Who else decides: kind, group, its fewest and its most pods, each with what holds where nothing is said. Sources:
/// `pkg/apis/autoscaling/v2/defaults.go` and the documentation of KEDA, "ScaledObject specification".
const AUTOSCALERS: &[(&str, &str, Bound, Bound)] = &[
    ("HorizontalPodAutoscaler", "autoscaling", ("minReplicas", 1), ("maxReplicas", 1)),
    ("ScaledObject", "keda.sh", ("minReplicaCount", 0), ("maxReplicaCount", 100)),
];

type Bound = (&'static str, i128);

/// Whether objects like this decide how many pods others keep.
pub fn is_autoscaler(id: &Id) -> bool {
    AUTOSCALERS.iter().any(|row| row.0 == id.kind && row.1 == id.group)
}

/// The autoscalers of a platform: namespace, kind and name of what they scale, the fewest pods and the most.
#[derive(Debug, Default)]
pub struct Scales<'a>(HashMap<(&'a str, &'a str, &'a str), (i128, i128)>);

impl<'a> Scales<'a> {
    /// The autoscalers among `documents`.
    pub fn of(documents: impl IntoIterator<Item = &'a Document>) -> Self {
        let read = |document: &'a Document| {
            let (id, root) = (&document.id, &document.root);
            let (.., least, most) = AUTOSCALERS.iter().find(|row| row.0 == id.kind && row.1 == id.group)?;
            let target = root.at(&["spec", "scaleTargetRef"])?;
            let bound = |(key, unsaid): &Bound| root.at(&["spec", key]).and_then(Node::integer).unwrap_or(*unsaid);
            let kind = target.text_at(&["kind"]).unwrap_or("Deployment");
            Some(((namespace(document), kind, target.text_at(&["name"])?), (bound(least), bound(most))))
        };
        Self(documents.into_iter().filter_map(read).collect())
    }

    /// The fewest pods that an object keeps, and the most.
    pub fn range(&self, document: &Document) -> (i128, i128) {
        let written = document.root.at(&["spec", "replicas"]).and_then(Node::integer);
        let fixed = written.unwrap_or(1);
        // none at all is a word of its own: an autoscaler leaves that alone
        let scaled = || self.0.get(&(namespace(document), document.id.kind.as_str(), document.id.name.as_str()));
        if written == Some(0) { (0, 0) } else { scaled().copied().unwrap_or((fixed, fixed)) }
    }

    /// The number of pods that an object keeps, where that is one number.
    pub fn fixed(&self, document: &Document) -> Option<i128> {
        let (least, most) = self.range(document);
        (least == most).then_some(least)
    }
}
