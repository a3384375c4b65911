//! Objects to bundle: apply order, and the proof that no two objects are one.

use std::collections::BTreeSet;

use crate::model::bundle::{Bundle, Home, Placed};
use crate::model::object::ObjectId;

/// Kinds in apply order: each stands after what it cannot do without.
pub const APPLY_ORDER: &[&str] = &[
    // everything else lives in one
    "Namespace",
    // pods name them and are refused without
    "PriorityClass",
    // in force before the first pod
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
    "CiliumNetworkPolicy",
    // pods name the account, bindings name both
    "ServiceAccount",
    "ClusterRole",
    "Role",
    "ClusterRoleBinding",
    "RoleBinding",
    // pods wait for what they mount
    "ConfigMap",
    "ExternalSecret",
    "PersistentVolumeClaim",
    // cert-manager's webhook is not registered yet, so its own objects need not wait for it
    "ClusterIssuer",
    "Issuer",
    "Certificate",
    // programs look their peers up when they start
    "Service",
    "Deployment",
    "StatefulSet",
    "CronJob",
    // about workloads that exist now
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "IngressClass",
    "Ingress",
    // last: from here on the API server asks our pods
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "APIService",
];

/// Puts the objects into apply order: by kind, then by file, then by name.
///
/// Two objects with one id are a mistake of ours that `check` has excluded; should one slip through, the first stays
/// and the second is named.
pub fn order(objects: Vec<Placed>) -> Result<Bundle, ObjectId> {
    let mut keyed: Vec<(usize, Home, ObjectId, Placed)> = objects
        .into_iter()
        .map(|placed| (rank(placed.object.kind()), placed.home.clone(), placed.object.id(), placed))
        .collect();
    keyed.sort_by(|a, b| (a.0, &a.1, &a.2).cmp(&(b.0, &b.1, &b.2)));
    let mut seen = BTreeSet::new();
    for (.., id, _) in &keyed {
        if !seen.insert(id) {
            return Err(id.clone());
        }
    }
    Ok(Bundle { objects: keyed.into_iter().map(|(.., placed)| placed).collect() })
}

fn rank(kind: &str) -> usize {
    APPLY_ORDER.iter().position(|known| *known == kind).unwrap_or(APPLY_ORDER.len())
}
