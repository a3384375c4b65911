//! What every cluster has by itself.
//!
//! Source: `plugin/pkg/auth/authorizer/rbac/bootstrappolicy`, `pkg/apis/scheduling`, `pkg/controller/serviceaccount` and
//! `pkg/controlplane/controller/systemnamespaces` of Kubernetes 1.35 to 1.37.

use crate::validate::references::classes;

/// Namespaces that are the cluster's own, with all that is in them.
pub const NAMESPACES: &[&str] = &["kube-system", "kube-public", "kube-node-lease"];

/// Before the names of roles that belong to the cluster.
const OF_SYSTEM: &str = "system:";

/// Whether every cluster has an object of this namespace and this name.
type IsThere = fn(&str, &str) -> bool;

/// What every cluster has, by kind.
const GIVEN: &[(&str, IsThere)] = &[
    ("ClusterRole", |_, name| ROLES.contains(&name)),
    ("ConfigMap", |_, name| name == "kube-root-ca.crt"),
    ("Namespace", |_, name| name == "default" || NAMESPACES.contains(&name)),
    ("PriorityClass", |_, name| classes::SYSTEM.iter().any(|(own, _)| *own == name)),
    ("Service", |namespace, name| (namespace, name) == ("default", "kubernetes")),
    ("ServiceAccount", |_, name| name == "default"),
];

/// Whether every cluster has it.
pub fn is_given(kind: &str, place: &str, name: &str) -> bool {
    GIVEN.iter().any(|(own, is_one)| *own == kind && is_one(place, name))
}

/// Whether nobody can make an object of this name, so that one that is not given is nowhere.
pub fn is_reserved(kind: &str, name: &str) -> bool {
    kind == "PriorityClass" && name.starts_with(classes::RESERVED)
}

/// Whether whoever has installed the cluster, or something in it, may have made an object of this name.
pub fn may_be_installed(kind: &str, name: &str) -> bool {
    kind == "ClusterRole" && name.starts_with(OF_SYSTEM)
}

/// The names that somebody may have meant.
pub fn names(kind: &str) -> Vec<&'static str> {
    match kind {
        "ClusterRole" => ROLES.to_vec(),
        "PriorityClass" => classes::SYSTEM.iter().map(|(name, _)| *name).collect(),
        _ => Vec::new(),
    }
}

/// Roles that every cluster has, of some minor, with whatever it turns on.
const ROLES: &[&str] = &[
    "admin",
    "cluster-admin",
    "edit",
    "view",
    "system:aggregate-to-admin",
    "system:aggregate-to-edit",
    "system:aggregate-to-view",
    "system:auth-delegator",
    "system:basic-user",
    "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
    "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
    "system:certificates.k8s.io:kube-apiserver-client-approver",
    "system:certificates.k8s.io:kube-apiserver-client-kubelet-approver",
    "system:certificates.k8s.io:kubelet-serving-approver",
    "system:certificates.k8s.io:legacy-unknown-approver",
    "system:cluster-trust-bundle-discovery",
    "system:controller:attachdetach-controller",
    "system:controller:certificate-controller",
    "system:controller:clusterrole-aggregation-controller",
    "system:controller:cronjob-controller",
    "system:controller:daemon-set-controller",
    "system:controller:deployment-controller",
    "system:controller:device-taint-eviction-controller",
    "system:controller:disruption-controller",
    "system:controller:endpoint-controller",
    "system:controller:endpointslice-controller",
    "system:controller:endpointslicemirroring-controller",
    "system:controller:ephemeral-volume-controller",
    "system:controller:expand-controller",
    "system:controller:generic-garbage-collector",
    "system:controller:horizontal-pod-autoscaler",
    "system:controller:job-controller",
    "system:controller:kube-apiserver-serving-clustertrustbundle-publisher",
    "system:controller:legacy-service-account-token-cleaner",
    "system:controller:namespace-controller",
    "system:controller:node-controller",
    "system:controller:persistent-volume-binder",
    "system:controller:pod-garbage-collector",
    "system:controller:podcertificaterequestcleaner",
    "system:controller:podgroup-protection-controller",
    "system:controller:pv-protection-controller",
    "system:controller:pvc-protection-controller",
    "system:controller:replicaset-controller",
    "system:controller:replication-controller",
    "system:controller:resource-claim-controller",
    "system:controller:resourcepoolstatusrequest-controller",
    "system:controller:resourcequota-controller",
    "system:controller:root-ca-cert-publisher",
    "system:controller:route-controller",
    "system:controller:selinux-warning-controller",
    "system:controller:service-account-controller",
    "system:controller:service-cidrs-controller",
    "system:controller:service-controller",
    "system:controller:statefulset-controller",
    "system:controller:storage-version-migrator-controller",
    "system:controller:ttl-after-finished-controller",
    "system:controller:ttl-controller",
    "system:controller:validatingadmissionpolicy-status-controller",
    "system:controller:volumeattributesclass-protection-controller",
    "system:discovery",
    "system:heapster",
    "system:kube-aggregator",
    "system:kube-controller-manager",
    "system:kube-dns",
    "system:kube-scheduler",
    "system:kubelet-api-admin",
    "system:monitoring",
    "system:node",
    "system:node-bootstrapper",
    "system:node-problem-detector",
    "system:node-proxier",
    "system:persistent-volume-provisioner",
    "system:public-info-viewer",
    "system:service-account-issuer-discovery",
    "system:volume-scheduler",
];
