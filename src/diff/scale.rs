//! How many pods an object keeps: what an autoscaler says of it, what it says itself, and one where nobody says anything.

use crate::manifest::document::{Document, Id};
use crate::manifest::node::Node;
use crate::reach::pods::namespace;
use crate::tables::HashMap;

/// Who else decides. Sources: `pkg/apis/autoscaling/v2/defaults.go` and the documentation of KEDA, "ScaledObject
/// specification".
struct Autoscaler {
    kind: &'static str,
    group: &'static str,
    /// Where it says the fewest pods: the first that it says counts, and what holds where it says none.
    least: (&'static [&'static str], i128),
    /// Where it says the most, and what holds where it does not.
    most: (&'static [&'static str], i128),
    /// Whether it starts pods where somebody has written that there are none.
    wakes: bool,
}

const AUTOSCALERS: &[Autoscaler] = &[
    Autoscaler {
        kind: "HorizontalPodAutoscaler",
        group: "autoscaling",
        least: (&["minReplicas"], 1),
        most: (&["maxReplicas"], 1),
        wakes: false,
    },
    Autoscaler {
        kind: "ScaledObject",
        group: "keda.sh",
        least: (&["idleReplicaCount", "minReplicaCount"], 0),
        most: (&["maxReplicaCount"], 100),
        wakes: true,
    },
];

fn row(id: &Id) -> Option<&'static Autoscaler> {
    AUTOSCALERS.iter().find(|row| row.kind == id.kind && row.group == id.group)
}

/// Whether objects like this decide how many pods others keep.
pub fn is_autoscaler(id: &Id) -> bool {
    row(id).is_some()
}

/// What an autoscaler says.
#[derive(Clone, Copy, Debug)]
struct Scale {
    least: i128,
    most: i128,
    wakes: bool,
}

/// The autoscalers of a platform by namespace, kind and name of what they scale.
#[derive(Debug, Default)]
pub struct Scales<'a>(HashMap<(&'a str, &'a str, &'a str), Scale>);

impl<'a> Scales<'a> {
    /// The autoscalers among `documents`. Where several scale one thing, nobody knows which of them has its way.
    pub fn of(documents: impl IntoIterator<Item = &'a Document>) -> Self {
        let read = |document: &'a Document| {
            let Autoscaler { least, most, wakes, .. } = row(&document.id)?;
            let spec = document.root.get("spec")?;
            let target = spec.get("scaleTargetRef")?;
            let bound = |(keys, unsaid): &(&[&str], i128)| {
                keys.iter().find_map(|key| spec.get(key).and_then(Node::integer)).unwrap_or(*unsaid)
            };
            let kind = target.text_at(&["kind"]).unwrap_or("Deployment");
            let scale = Scale { least: bound(least), most: bound(most), wakes: *wakes };
            Some(((namespace(document), kind, target.text_at(&["name"])?), scale))
        };
        let mut found: HashMap<_, Scale> = HashMap::default();
        for (target, scale) in documents.into_iter().filter_map(read) {
            let known = found.entry(target).or_insert(scale);
            let (least, most) = (known.least.min(scale.least), known.most.max(scale.most));
            *known = Scale { least, most, wakes: known.wakes || scale.wakes };
        }
        Self(found)
    }

    /// The fewest pods that an object keeps, and the most.
    pub fn range(&self, document: &Document) -> (i128, i128) {
        let written = document.root.at(&["spec", "replicas"]).and_then(Node::integer);
        let fixed = written.unwrap_or(1);
        let scaled = self.0.get(&(namespace(document), document.id.kind.as_str(), document.id.name.as_str()));
        // none at all is a word of its own, which most autoscalers leave alone
        let scaled = scaled.filter(|scale| written != Some(0) || scale.wakes);
        scaled.map_or((fixed, fixed), |scale| (scale.least, scale.most))
    }

    /// The number of pods that an object keeps, where that is one number.
    pub fn fixed(&self, document: &Document) -> Option<i128> {
        let (least, most) = self.range(document);
        (least == most).then_some(least)
    }
}
