//! What is lost for good.

use crate::diff::effects::{Effect, EffectKind, effect};
use crate::diff::pair::Pair;

/// Whether data goes with the object, or with the old version of it.
pub fn effects(pair: &Pair<'_>, is_recreated: bool) -> Vec<Effect> {
    let gone = match pair {
        Pair::Removed(old) => old,
        Pair::Kept(old, _) if is_recreated => old,
        _ => return Vec::new(),
    };
    let root = &gone.document.root;
    let deletes = |path: &[&str]| root.text_at(path) == Some("Delete");
    let why = match gone.document.id.kind.as_str() {
        "PersistentVolumeClaim" => Some("its volume goes with it, unless its class retains volumes"),
        "PersistentVolume" if deletes(&["spec", "persistentVolumeReclaimPolicy"]) => Some("its disk goes with it"),
        "StatefulSet" if deletes(&["spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"]) => {
            Some("its claims go with it (`whenDeleted: Delete`)")
        }
        "Namespace" => Some("everything in it goes with it"),
        "CustomResourceDefinition" => Some("every object of its kind goes with it"),
        "Secret" if gone.document.id.group.is_empty() => Some("its values are nowhere else in these manifests"),
        _ => None,
    };
    why.map(|why| effect(EffectKind::DeletesData, why)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use crate::diff::effects::examples::{edited, told};

    fn deletes(told: &[String]) -> bool {
        told.iter().any(|line| line.starts_with("deletes data: "))
    }

    #[test]
    fn claims_and_what_holds_them() {
        let claim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: a, resources: {requests: {storage: 1Gi}}}}";
        assert!(deletes(&told(claim, "")));
        assert!(deletes(&edited(claim, "storageClassName: a", "storageClassName: b")), "made anew");
        assert!(deletes(&edited(claim, "{name: a}", "{name: b}")));
        assert!(!deletes(&edited(claim, "1Gi", "2Gi")));
        assert!(deletes(&told("{apiVersion: v1, kind: Namespace, metadata: {name: a}}", "")));
        assert!(!deletes(&told("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "")));
    }

    #[test]
    fn a_stateful_set_keeps_its_claims_unless_it_says_otherwise() {
        let set = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain}}}";
        assert!(!deletes(&told(set, "")));
        assert!(deletes(&told(&set.replace("Retain", "Delete"), "")));
    }
}
