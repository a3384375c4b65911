//! Objects to bundle: apply order, and the proof that no two objects are one.

use std::collections::HashMap;

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
    "DaemonSet",
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

/// Two objects that would be one: two components whose names, with what is added to them, meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// What both are called.
    pub id: ObjectId,
    /// The files that they belong to.
    pub homes: [Home; 2],
}

/// Puts the objects into apply order: by kind, then by file, then by name.
pub fn order<T>(objects: Vec<Placed<T>>) -> Result<Bundle<T>, Box<Collision>> {
    let mut seen: HashMap<&ObjectId, &Home> = HashMap::with_capacity(objects.len());
    // objects of one kind come nearly in order, so sorting each kind by itself moves hardly any of them
    let mut kinds: Vec<Vec<Placed<T>>> = (0..=APPLY_ORDER.len()).map(|_| Vec::new()).collect();
    for placed in objects {
        kinds[rank(&placed.id.kind)].push(placed);
    }
    for kind in &mut kinds {
        kind.sort_by(|one, other| (&one.home, &one.id).cmp(&(&other.home, &other.id)));
    }
    for Placed { home, id, .. } in kinds.iter().flatten() {
        if let Some(other) = seen.insert(id, home) {
            return Err(Box::new(Collision { id: id.clone(), homes: [other.clone(), home.clone()] }));
        }
    }
    Ok(Bundle { objects: kinds.into_iter().flatten().collect() })
}

fn rank(kind: &str) -> usize {
    APPLY_ORDER.iter().position(|known| *known == kind).unwrap_or(APPLY_ORDER.len())
}
