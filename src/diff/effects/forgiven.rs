//! Changes of immutable fields that the API server takes all the same: it lets a few grow, keeps what it has allocated, and
//! is less strict with what does not run yet.

use crate::diff::change::{Change, What};
use crate::diff::effects::unsaid::is_unsaid;
use crate::diff::quantities::amount;
use crate::manifest::node::Node;

/// A chain of keys from the root of an object.
pub type Keys = &'static [&'static str];

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
    ("Service", &["spec", "loadBalancerClass"], is_typed_anew),
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
    is_unsaid(kind, edit) || FORGIVEN.iter().any(is_row)
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

/// Only one load balancer cannot make way for another (`validateLoadBalancerClassField`).
fn is_typed_anew(edit: &Edit<'_>) -> bool {
    [edit.old, edit.new].iter().any(|root| root.text_at(&["spec", "type"]) != Some("LoadBalancer"))
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
        let balanced =
            "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer, loadBalancerClass: a}}";
        assert!(is_recreated(&edited(balanced, "loadBalancerClass: a", "loadBalancerClass: b")));
        assert!(is_recreated(&edited(balanced, ", loadBalancerClass: a", "")), "none is another one");
        assert!(!is_recreated(&edited(balanced, "LoadBalancer, loadBalancerClass: a", "ClusterIP")));
        assert!(!is_recreated(&edited(
            &balanced.replace("LoadBalancer, loadBalancerClass: a", "NodePort"),
            "NodePort",
            "LoadBalancer, loadBalancerClass: a"
        )));
        let secret = "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: YQ==}}";
        assert!(!is_recreated(&edited(secret, ", data:", ", type: Opaque, data:")), "that is what it was");
        let volume = "{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}, spec: {capacity: {storage: 1Gi}, iscsi: {lun: 0}}}";
        assert!(is_recreated(&edited(volume, "lun: 0", "lun: 1")));
        assert!(!is_recreated(&edited(volume, "1Gi", "2Gi")));
    }
}
