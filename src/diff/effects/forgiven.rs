//! Changes of immutable fields that the API server takes all the same: it puts in what is not said, lets a few grow, and
//! is less strict with what does not run yet.

use crate::diff::change::{Change, What};
use crate::diff::path::Path;
use crate::diff::quantities::amount;
use crate::manifest::node::{Node, Value};

/// A chain of keys from the root of an object.
pub type Keys = &'static [&'static str];

/// What the API server puts where nothing is said, so that saying it is no change. Source: `pkg/apis/*/v1/defaults.go`.
const DEFAULTS: &[(&str, Keys, &str)] = &[
    ("Secret", &["type"], "Opaque"),
    ("StatefulSet", &["spec", "podManagementPolicy"], "OrderedReady"),
    ("StatefulSet", &["spec", "serviceName"], ""),
    ("Job", &["spec", "completionMode"], "NonIndexed"),
    ("PersistentVolumeClaim", &["spec", "volumeMode"], "Filesystem"),
    ("PersistentVolume", &["spec", "volumeMode"], "Filesystem"),
    ("StorageClass", &["reclaimPolicy"], "Delete"),
    ("StorageClass", &["volumeBindingMode"], "Immediate"),
    ("PriorityClass", &["preemptionPolicy"], "PreemptLowerPriority"),
    ("RoleBinding", &["roleRef", "apiGroup"], "rbac.authorization.k8s.io"),
    ("ClusterRoleBinding", &["roleRef", "apiGroup"], "rbac.authorization.k8s.io"),
];

/// One change and the object around it.
pub struct Edit<'a> {
    /// The object as it was.
    pub old: &'a Node,
    /// The object as it is.
    pub new: &'a Node,
    /// The change.
    pub change: &'a Change,
}

/// A kind, where the change stands, and when it is taken.
type Forgiven = (&'static str, Keys, fn(&Edit<'_>) -> bool);

/// Changes of fixed fields that the API server takes all the same.
const FORGIVEN: &[Forgiven] = &[
    ("PersistentVolumeClaim", &["spec", "resources", "requests", "storage"], grows),
    ("PersistentVolume", &["spec", "csi", "controllerExpandSecretRef"], is_first),
    ("PersistentVolume", &["spec", "nodeAffinity"], is_first),
    ("Service", &["spec", "clusterIP"], is_allocated),
    ("Service", &["spec", "clusterIPs"], is_allocated),
    ("Service", &["spec", "ipFamilies"], is_allocated),
    ("Job", &["spec", "completions"], is_elastic),
    ("Job", &["spec", "template", "metadata"], is_suspended),
    ("Job", &["spec", "template", "spec", "nodeSelector"], is_suspended),
    ("Job", &["spec", "template", "spec", "tolerations"], is_suspended),
    ("Job", &["spec", "template", "spec", "schedulingGates"], is_suspended),
    ("Job", &["spec", "template", "spec", "affinity", "nodeAffinity"], is_suspended),
];

/// Whether the API server takes this change of a field that it never changes otherwise.
pub fn is_forgiven(kind: &str, edit: &Edit<'_>) -> bool {
    let is_row = |(of, keys, why): &Forgiven| *of == kind && edit.change.path.begins(keys) && why(edit);
    is_default(kind, edit.change) || FORGIVEN.iter().any(is_row)
}

/// Whether something is said now, or no longer, that holds when nothing is said.
fn is_default(kind: &str, change: &Change) -> bool {
    let (What::Added(node) | What::Removed(node)) = &change.what else { return false };
    let is_row = |(of, keys, value): &(&str, Keys, &str)| {
        *of == kind && change.path == Path::of(keys) && node.text() == Some(*value)
    };
    matches!(node.value, Value::Null) || DEFAULTS.iter().any(is_row)
}

fn grows(edit: &Edit<'_>) -> bool {
    matches!(&edit.change.what, What::Changed(old, new) if amount(new) > amount(old))
}

fn is_first(edit: &Edit<'_>) -> bool {
    matches!(edit.change.what, What::Added(_))
}

/// The server keeps the address that it has where none is asked for (`patchAllocatedValues`), a Service without an
/// address has none to keep, and only the first of two is fixed.
fn is_allocated(edit: &Edit<'_>) -> bool {
    let is_external = |root: &Node| root.text_at(&["spec", "type"]) == Some("ExternalName");
    let path = edit.change.path.to_string();
    let is_unsaid = matches!(edit.change.what, What::Removed(_)) && !path.ends_with(']');
    is_unsaid || path.ends_with("[1]") || is_external(edit.old) || is_external(edit.new)
}

/// An indexed Job may have more completions together with more pods (`validateCompletions`).
fn is_elastic(edit: &Edit<'_>) -> bool {
    let number = |key: &str| edit.new.at(&["spec", key]).and_then(Node::integer);
    let is_indexed = edit.new.text_at(&["spec", "completionMode"]) == Some("Indexed");
    is_indexed && number("completions").is_some() && number("completions") == Some(number("parallelism").unwrap_or(1))
}

/// A Job that waits may be told where to run (`validatePodTemplateUpdate`).
fn is_suspended(edit: &Edit<'_>) -> bool {
    edit.old.at(&["spec", "suspend"]).and_then(Node::bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use crate::diff::effects::examples::edited;

    fn is_recreated(told: &[String]) -> bool {
        told.iter().any(|line| line.starts_with("recreate: "))
    }

    #[test]
    fn what_the_server_forgives_is_not_told() {
        let service = "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ClusterIP, clusterIP: 10.0.0.1, ipFamilies: [IPv4]}}";
        assert!(!is_recreated(&edited(service, "clusterIP: 10.0.0.1, ", "")), "the server keeps the address");
        assert!(!is_recreated(&edited(service, "[IPv4]", "[IPv4, IPv6]")));
        assert!(is_recreated(&edited(service, "[IPv4]", "[IPv6]")));
        assert!(!is_recreated(&edited(service, "type: ClusterIP, clusterIP: 10.0.0.1", "type: ExternalName")));
        let job = "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {completionMode: Indexed, parallelism: 2, completions: 2, suspend: true, template: {spec: {nodeSelector: {a: b}}}}}";
        assert!(!is_recreated(&edited(job, "parallelism: 2, completions: 2", "parallelism: 3, completions: 3")));
        assert!(is_recreated(&edited(job, "completions: 2", "completions: 3")));
        assert!(!is_recreated(&edited(job, "{a: b}", "{a: c}")));
        assert!(is_recreated(&edited(&job.replace("suspend: true", "suspend: false"), "{a: b}", "{a: c}")));
        let secret = "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: YQ==}}";
        assert!(!is_recreated(&edited(secret, ", data:", ", type: Opaque, data:")), "that is what it was");
        let volume = "{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}, spec: {capacity: {storage: 1Gi}, iscsi: {lun: 0}}}";
        assert!(is_recreated(&edited(volume, "lun: 0", "lun: 1")));
        assert!(!is_recreated(&edited(volume, "1Gi", "2Gi")));
    }
}
