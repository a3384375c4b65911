//! Objects to bundle: apply order, and the proof that no two objects are one.

use crate::model::bundle::{Bundle, Home, Placed};
use crate::model::object::ObjectId;
use crate::tables::{self, HashMap};

/// Kinds in apply order: each stands after what it cannot do without. Kinds that stand nowhere come after them, before
/// [`LAST`]: custom resources need what watches them.
pub const APPLY_ORDER: &[&str] = &[
    // what is of a kind waits for the kind
    "CustomResourceDefinition",
    // everything else lives in one
    "Namespace",
    // pods name them and are refused without
    "PriorityClass",
    "RuntimeClass",
    // volumes and claims name them
    "StorageClass",
    "VolumeAttributesClass",
    "CSIDriver",
    "DeviceClass",
    // how requests queue, addresses are given and certificates trusted: nothing needs to be there for it
    "PriorityLevelConfiguration",
    "FlowSchema",
    "ServiceCIDR",
    "ClusterTrustBundle",
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
    "Secret",
    "ExternalSecret",
    "SealedSecret",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ResourceClaimTemplate",
    "ResourceClaim",
    // cert-manager's webhook is not registered yet, so its own objects need not wait for it
    "ClusterIssuer",
    "Issuer",
    "Certificate",
    // programs look their peers up when they start
    "Service",
    "Endpoints",
    "EndpointSlice",
    "PodTemplate",
    "Deployment",
    "DaemonSet",
    "StatefulSet",
    "ReplicaSet",
    "ReplicationController",
    "Pod",
    "CronJob",
    "Job",
    // about workloads that exist now
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "IngressClass",
    "Ingress",
];

/// Kinds that come last: from here on the API server asks our pods, or judges objects by what we say.
pub const LAST: &[&str] = &[
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "APIService",
];

/// Whether objects of this kind of Kubernetes' own are applied by people, and not made by the cluster itself.
pub fn is_applied(kind: &str) -> bool {
    APPLY_ORDER.contains(&kind) || LAST.contains(&kind)
}

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
    let mut seen: HashMap<&ObjectId, &Home> = tables::map(objects.len());
    // objects of one kind come nearly in order, so sorting each kind by itself moves hardly any of them
    let mut kinds: Vec<Vec<Placed<T>>> = (0..=APPLY_ORDER.len() + LAST.len()).map(|_| Vec::new()).collect();
    for placed in objects {
        kinds[rank(&placed.id.kind)].push(placed);
    }
    for kind in &mut kinds {
        kind.sort_unstable_by(|one, other| (&one.home, &one.id).cmp(&(&other.home, &other.id)));
    }
    for Placed { home, id, .. } in kinds.iter().flatten() {
        if let Some(other) = seen.insert(id, home) {
            return Err(Box::new(Collision { id: id.clone(), homes: [other.clone(), home.clone()] }));
        }
    }
    let objects = kinds.into_iter().flatten().collect();
    Ok(Bundle { objects, patched: Vec::new(), environment: None, guests: Vec::new() })
}

fn rank(kind: &str) -> usize {
    let place = |kinds: &[&str]| kinds.iter().position(|known| *known == kind);
    place(APPLY_ORDER).or_else(|| place(LAST).map(|at| APPLY_ORDER.len() + 1 + at)).unwrap_or(APPLY_ORDER.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;
    use crate::spec::shapes::Minor;

    /// Kinds that a server takes and that nobody keeps in a file: it makes them itself, or they are questions and answers.
    const MADE: &[&str] = &[
        "APIGroup",
        "APIGroupList",
        "APIResourceList",
        "APIVersions",
        "Binding",
        "CSINode",
        "CSIStorageCapacity",
        "CertificateSigningRequest",
        "ComponentStatus",
        "CompositePodGroup",
        "ControllerRevision",
        "DeviceTaintRule",
        "Event",
        "Eviction",
        "EvictionRequest",
        "IPAddress",
        "Lease",
        "LeaseCandidate",
        "LocalSubjectAccessReview",
        "Node",
        "PodCertificateRequest",
        "PodGroup",
        "ResourcePoolStatusRequest",
        "ResourceSlice",
        "Scale",
        "SelfSubjectAccessReview",
        "SelfSubjectReview",
        "SelfSubjectRulesReview",
        "Status",
        "StorageVersion",
        "StorageVersionMigration",
        "SubjectAccessReview",
        "TokenRequest",
        "TokenReview",
        "VolumeAttachment",
        "Workload",
    ];

    #[test]
    fn every_kind_of_kubernetes_has_a_place_or_is_made_by_the_cluster() {
        let schema = Schema::of(Minor::V1_37);
        let versions = schema.group_versions();
        let kinds = versions.iter().flat_map(|version| schema.kinds(version));
        let lost: Vec<&str> = kinds.filter(|kind| is_applied(kind) == MADE.contains(kind)).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }

    #[test]
    fn custom_kinds_come_after_workloads_and_before_those_that_are_last() {
        assert!(rank("Deployment") < rank("Widget") && rank("Ingress") < rank("Widget"));
        assert!(LAST.iter().all(|last| rank("Widget") < rank(last)));
        assert!(rank("CustomResourceDefinition") < rank("Namespace"));
    }
}
