//! What is lost for good, and what stays behind.

use crate::diff::change::Change;
use crate::diff::effects::around::Around;
use crate::diff::effects::{Effect, EffectKind, effect, retention};
use crate::diff::pair::{Pair, Placed};
use crate::manifest::document::Document;
use crate::manifest::node::Node;

/// What happens to an object as a whole.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Removed,
    Renamed,
    /// Removed and made again under its name.
    MadeAnew,
}

/// Whether data goes with the object, or with the old version of it.
pub fn effects(pair: &Pair<'_>, changes: &[Change], around: &Around<'_>, is_recreated: bool) -> Vec<Effect> {
    let found = match pair {
        Pair::Added(_) => None,
        Pair::Removed(old) => lost(old, End::Removed),
        Pair::Kept(old, _) if pair.is_renamed() => lost(old, End::Renamed),
        Pair::Kept(old, _) if is_recreated => lost(old, End::MadeAnew),
        Pair::Kept(old, new) => scaled(old.document, new.document, around),
    };
    let loosened = match pair {
        Pair::Kept(old, new) => loosened(old, &new.document.root),
        _ => Vec::new(),
    };
    let forgotten = changes.iter().filter_map(retention::shortened).map(|why| effect(EffectKind::DeletesData, why));
    found.into_iter().chain(loosened).chain(forgotten).collect()
}

/// What becomes of data: kind, group, where that is said, what holds where it is not, and what is told once it is to be
/// deleted.
type Fate = (&'static str, &'static str, &'static [&'static str], &'static str, &'static str);

const FATES: &[Fate] = &[
    (
        "StatefulSet",
        "apps",
        &["spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"],
        "Retain",
        "from now on its claims go with it (`whenDeleted: Delete`)",
    ),
    (
        "StatefulSet",
        "apps",
        &["spec", "persistentVolumeClaimRetentionPolicy", "whenScaled"],
        "Retain",
        "from now on the claims of replicas that go go with them (`whenScaled: Delete`)",
    ),
    (
        "PersistentVolume",
        "",
        &["spec", "persistentVolumeReclaimPolicy"],
        "Retain",
        "from now on its disk goes with its claim",
    ),
    (
        "StorageClass",
        "storage.k8s.io",
        &["reclaimPolicy"],
        "Delete",
        "from now on its new volumes go with their claims",
    ),
    (
        "VolumeSnapshotClass",
        "snapshot.storage.k8s.io",
        &["deletionPolicy"],
        "",
        "from now on what it stores goes with its snapshots",
    ),
    (
        "VolumeSnapshotContent",
        "snapshot.storage.k8s.io",
        &["spec", "deletionPolicy"],
        "",
        "from now on what is stored goes with its snapshot",
    ),
];

/// Data that was to stay and is to be deleted one day.
fn loosened(old: &Placed<'_>, new: &Node) -> Vec<Effect> {
    let (id, old) = (&old.document.id, &old.document.root);
    let deletes = |root: &Node, fate: &Fate| ["Delete", "Recycle"].contains(&root.text_at(fate.2).unwrap_or(fate.3));
    let is_own = |fate: &&Fate| fate.0 == id.kind && fate.1 == id.group;
    let has_data = id.kind != "StatefulSet" || !new.items_at(&["spec", "volumeClaimTemplates"]).is_empty();
    let rows = FATES.iter().filter(is_own).filter(|fate| has_data && !deletes(old, fate) && deletes(new, fate));
    rows.map(|fate| effect(EffectKind::DeletesData, fate.4)).collect()
}

fn lost(gone: &Placed<'_>, end: End) -> Option<Effect> {
    let (id, root) = (&gone.document.id, &gone.document.root);
    let why = match (id.kind.as_str(), id.group.as_str()) {
        ("PersistentVolumeClaim", "") => "its volume goes with it, unless its class retains volumes",
        ("PersistentVolume", "") if root.text_at(&["spec", "persistentVolumeReclaimPolicy"]) == Some("Delete") => {
            "its disk goes with it"
        }
        ("StatefulSet", "apps") => return claims(root, end),
        ("Namespace", "") => "everything in it goes with it",
        ("CustomResourceDefinition", "apiextensions.k8s.io") => "every object of its kind goes with it",
        // one that is made again brings its values along
        ("Secret", "") if end == End::Removed => "its values are nowhere else in these manifests",
        _ => return None,
    };
    Some(effect(EffectKind::DeletesData, why))
}

/// What becomes of the claims that a StatefulSet has made. They bear its name, so that one of the same name finds them.
fn claims(root: &Node, end: End) -> Option<Effect> {
    if root.items_at(&["spec", "volumeClaimTemplates"]).is_empty() {
        return None;
    }
    match (policy(root, "whenDeleted"), end) {
        ("Delete", _) => Some(effect(EffectKind::DeletesData, "its claims go with it (`whenDeleted: Delete`)")),
        (_, End::Removed) => Some(effect(EffectKind::Recreate, "its claims stay behind until somebody deletes them")),
        (_, End::Renamed) => {
            Some(effect(EffectKind::Recreate, "its claims stay behind, and it begins with empty ones"))
        }
        (_, End::MadeAnew) => None,
    }
}

/// Claims of the replicas that there are fewer of.
fn scaled(old: &Document, new: &Document, around: &Around<'_>) -> Option<Effect> {
    let is_set = new.id.kind == "StatefulSet";
    let has_claims = !new.root.items_at(&["spec", "volumeClaimTemplates"]).is_empty();
    if !is_set || !has_claims || policy(&new.root, "whenScaled") != "Delete" {
        return None;
    }
    let (was, is) = (around.before.scales().fixed(old)?, around.after.scales().fixed(new)?);
    (is < was).then(|| {
        let why = format!("the claims of {} replicas go with them (`whenScaled: Delete`)", was - is);
        effect(EffectKind::DeletesData, why)
    })
}

/// What becomes of claims, `Retain` unless the set says otherwise.
fn policy<'a>(root: &'a Node, when: &str) -> &'a str {
    root.text_at(&["spec", "persistentVolumeClaimRetentionPolicy", when]).unwrap_or("Retain")
}

#[cfg(test)]
mod tests {
    use crate::diff::effects::examples::{edited, told, told_of_all};

    const SET: &str = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {replicas: 3, serviceName: s, persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Retain}, volumeClaimTemplates: [{metadata: {name: data}}]}}";

    fn deletes(told: &[String]) -> bool {
        told.iter().any(|line| line.starts_with("deletes data: "))
    }

    fn leaves_claims(told: &[String]) -> bool {
        told.iter().any(|line| line.starts_with("recreate: its claims stay behind"))
    }

    #[test]
    fn claims_and_what_holds_them() {
        let claim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: a, resources: {requests: {storage: 1Gi}}}}";
        assert!(deletes(&told(claim, "")));
        assert!(deletes(&edited(claim, "storageClassName: a", "storageClassName: b")), "made anew");
        assert!(deletes(&edited(claim, "{name: a}", "{name: b}")));
        assert!(!deletes(&edited(claim, "1Gi", "2Gi")));
        let volume = "{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}, spec: {persistentVolumeReclaimPolicy: Delete}}";
        assert!(deletes(&told(volume, "")));
        assert!(!deletes(&told(&volume.replace("Delete", "Retain"), "")));
    }

    #[test]
    fn what_holds_everything() {
        let namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {a: b}}}";
        assert!(deletes(&told(namespace, "")));
        assert!(deletes(&edited(namespace, "{name: a", "{name: b")));
        assert!(!deletes(&edited(namespace, "{a: b}", "{a: c}")));
        let definition = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}}";
        assert!(deletes(&told(definition, "")));
        assert!(!deletes(&told("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "")));
    }

    #[test]
    fn a_secret_is_lost_when_nothing_takes_its_place() {
        let secret = "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: Opaque, data: {a: YQ==}}";
        assert!(deletes(&told(secret, "")));
        assert!(!deletes(&edited(secret, "{name: a}", "{name: b}")), "the new one brings the values");
        assert!(!deletes(&edited(secret, "Opaque", "example.com/key")), "so does one that is made anew");
        assert!(!deletes(&told("{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: a}}", "")));
    }

    #[test]
    fn a_stateful_set_keeps_its_claims_unless_it_says_otherwise() {
        let deleting = SET.replace("whenDeleted: Retain", "whenDeleted: Delete");
        let unclaimed = deleting.replace("[{metadata: {name: data}}]", "[]");
        for (end, leaves) in [("", true), ("name: b", true), ("serviceName: t", false)] {
            let ended = |set: &str| match end {
                "" => told(set, ""),
                "name: b" => edited(set, "metadata: {name: a}", "metadata: {name: b}"),
                _ => edited(set, "serviceName: s", end),
            };
            assert!(!deletes(&ended(SET)) && leaves_claims(&ended(SET)) == leaves, "{end}");
            assert!(deletes(&ended(&deleting)), "{end}");
            assert!(!deletes(&ended(&unclaimed)) && !leaves_claims(&ended(&unclaimed)), "{end}");
        }
    }

    #[test]
    fn what_was_to_stay_and_is_to_be_deleted() {
        let volume = "{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}, spec: {persistentVolumeReclaimPolicy: Retain}}";
        let class = "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}, reclaimPolicy: Retain}";
        let snapshots = "{apiVersion: snapshot.storage.k8s.io/v1, kind: VolumeSnapshotClass, metadata: {name: a}, deletionPolicy: Retain}";
        for (object, from, to) in [
            (SET, "whenDeleted: Retain", "whenDeleted: Delete"),
            (SET, "whenScaled: Retain", "whenScaled: Delete"),
            (volume, "Retain", "Delete"),
            (class, "Retain", "Delete"),
            (class, ", reclaimPolicy: Retain", ""),
            (snapshots, "Retain", "Delete"),
        ] {
            let new = object.replace(from, to);
            assert!(deletes(&told(object, &new)), "{new}");
            assert!(!deletes(&told(&new, object)), "{new}");
        }
        let unclaimed = SET.replace("[{metadata: {name: data}}]", "[]");
        assert!(!deletes(&edited(&unclaimed, "whenDeleted: Retain", "whenDeleted: Delete")));
    }

    #[test]
    fn fewer_replicas_lose_their_claims_only_where_the_set_says_so() {
        let deleting = SET.replace("whenScaled: Retain", "whenScaled: Delete");
        assert!(deletes(&edited(&deleting, "replicas: 3", "replicas: 1")));
        assert!(!deletes(&edited(&deleting, "replicas: 3", "replicas: 4")));
        assert!(!deletes(&edited(SET, "replicas: 3", "replicas: 1")));
        assert!(deletes(&edited(&deleting, "replicas: 3, ", "")), "where nothing is said, it is one");
        assert!(!deletes(&edited(&deleting.replace("replicas: 3", "replicas: 1"), "replicas: 1, ", "")));
        let scaler = "\n---\n{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {minReplicas: 3, maxReplicas: 5, scaleTargetRef: {kind: StatefulSet, name: a}}}";
        let told = told_of_all(&(deleting.clone() + scaler), &(deleting.replace("replicas: 3, ", "") + scaler));
        assert!(told.is_empty(), "an autoscaler decides: {told:?}");
    }
}
