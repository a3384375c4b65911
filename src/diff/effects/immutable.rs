//! Fields that the API server never changes: one table.
//!
//! Source: Kubernetes 1.36, the `Validate…Update` functions under `pkg/apis/*/validation`, named in each row.

use crate::diff::change::{Change, What};
use crate::diff::effects::{Effect, EffectKind, effect};
use crate::diff::pair::Pair;
use crate::diff::path::Path;
use crate::diff::quantities::amount;
use crate::manifest::node::Node;

struct Row {
    kind: &'static str,
    /// What cannot be changed.
    path: &'static [&'static str],
    /// What can, below it.
    except: &'static [&'static [&'static str]],
}

const fn row(kind: &'static str, path: &'static [&'static str]) -> Row {
    Row { kind, path, except: &[] }
}

const ROWS: &[Row] = &[
    // ValidateDeploymentUpdate, ValidateDaemonSetUpdate, ValidateReplicaSetUpdate
    row("Deployment", &["spec", "selector"]),
    row("DaemonSet", &["spec", "selector"]),
    row("ReplicaSet", &["spec", "selector"]),
    // ValidateStatefulSetUpdate
    Row {
        kind: "StatefulSet",
        path: &["spec"],
        except: &[
            &["spec", "replicas"],
            &["spec", "ordinals"],
            &["spec", "template"],
            &["spec", "updateStrategy"],
            &["spec", "revisionHistoryLimit"],
            &["spec", "persistentVolumeClaimRetentionPolicy"],
            &["spec", "minReadySeconds"],
        ],
    },
    // ValidateJobSpecUpdate
    row("Job", &["spec", "completions"]),
    row("Job", &["spec", "selector"]),
    row("Job", &["spec", "template"]),
    row("Job", &["spec", "completionMode"]),
    row("Job", &["spec", "podFailurePolicy"]),
    row("Job", &["spec", "successPolicy"]),
    row("Job", &["spec", "backoffLimitPerIndex"]),
    row("Job", &["spec", "managedBy"]),
    // ValidatePodUpdate
    Row {
        kind: "Pod",
        path: &["spec"],
        except: &[
            &["spec", "containers", "image"],
            &["spec", "initContainers", "image"],
            &["spec", "activeDeadlineSeconds"],
            &["spec", "tolerations"],
            &["spec", "schedulingGates"],
        ],
    },
    // ValidateServiceUpdate, ValidateServiceClusterIPsRelatedFields
    row("Service", &["spec", "clusterIP"]),
    row("Service", &["spec", "clusterIPs"]),
    // ValidateRoleBindingUpdate, ValidateClusterRoleBindingUpdate
    row("RoleBinding", &["roleRef"]),
    row("ClusterRoleBinding", &["roleRef"]),
    // ValidatePersistentVolumeClaimUpdate; a request may grow, see `grows`
    Row { kind: "PersistentVolumeClaim", path: &["spec"], except: &[&["spec", "volumeAttributesClassName"]] },
    // ValidatePersistentVolumeUpdate
    row("PersistentVolume", &["spec", "csi"]),
    row("PersistentVolume", &["spec", "nfs"]),
    row("PersistentVolume", &["spec", "local"]),
    row("PersistentVolume", &["spec", "hostPath"]),
    row("PersistentVolume", &["spec", "volumeMode"]),
    // ValidateSecretUpdate
    row("Secret", &["type"]),
    // ValidateStorageClassUpdate
    row("StorageClass", &["provisioner"]),
    row("StorageClass", &["parameters"]),
    row("StorageClass", &["reclaimPolicy"]),
    row("StorageClass", &["volumeBindingMode"]),
    // ValidatePriorityClassUpdate
    row("PriorityClass", &["value"]),
    row("PriorityClass", &["preemptionPolicy"]),
    // ValidateIngressClassUpdate
    row("IngressClass", &["spec", "controller"]),
    // ValidateRuntimeClassUpdate
    row("RuntimeClass", &["handler"]),
    // ValidateCSIDriverUpdate
    row("CSIDriver", &["spec", "attachRequired"]),
    row("CSIDriver", &["spec", "volumeLifecycleModes"]),
    // ValidateEndpointSliceUpdate
    row("EndpointSlice", &["addressType"]),
    // ValidateCustomResourceDefinitionUpdate, once it is established
    row("CustomResourceDefinition", &["spec", "group"]),
    row("CustomResourceDefinition", &["spec", "scope"]),
    row("CustomResourceDefinition", &["spec", "names", "kind"]),
    row("CustomResourceDefinition", &["spec", "names", "plural"]),
];

/// Groups that are not part of Kubernetes have kinds of the same names with rules of their own.
const FOREIGN: &[&str] = &["serving.knative.dev", "argoproj.io", "batch.volcano.sh"];

/// Whether the object has to be made anew.
pub fn effects(pair: &Pair<'_>, changes: &[Change]) -> Vec<Effect> {
    let Pair::Kept(old, new) = pair else { return Vec::new() };
    let (was, id) = (&old.document.id, &new.document.id);
    if was != id {
        return vec![effect(EffectKind::Recreate, format!("it has another name: {} → {}", was.place(), id.place()))];
    }
    if FOREIGN.contains(&id.group.as_str()) {
        return Vec::new();
    }
    if old.document.root.at(&["immutable"]).and_then(Node::bool) == Some(true)
        && let Some(change) = changes.iter().find(|change| !change.path.begins(&["metadata"]))
    {
        return vec![effect(EffectKind::Recreate, format!("it is immutable, and `{}` changes", change.path))];
    }
    let mut found: Vec<&str> = Vec::new();
    let fixed = changes.iter().filter_map(|change| fixed(&id.kind, change));
    for row in fixed {
        let field = row.path.last().copied().unwrap_or_default();
        if !found.contains(&field) {
            found.push(field);
        }
    }
    found.into_iter().map(|field| effect(EffectKind::Recreate, format!("`{field}` cannot be changed"))).collect()
}

fn fixed(kind: &str, change: &Change) -> Option<&'static Row> {
    let rows = ROWS.iter().filter(|row| row.kind == kind && covers(row.path, &change.path));
    rows.into_iter().find(|row| !row.except.iter().any(|path| change.path.begins(path)) && !grows(kind, change))
}

/// Whether the change is at or below a path, or replaces what holds it.
fn covers(path: &[&str], place: &Path) -> bool {
    place.begins(path)
}

fn grows(kind: &str, change: &Change) -> bool {
    let is_request = change.path.begins(&["spec", "resources", "requests", "storage"]);
    match &change.what {
        What::Changed(old, new) if kind == "PersistentVolumeClaim" && is_request => amount(new) > amount(old),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::diff::effects::examples::{edited, told};

    const CLAIM: &str = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}}";
    const SET: &str = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {replicas: 2, serviceName: a, minReadySeconds: 1}}";

    fn is_recreated(told: &[String]) -> bool {
        told.iter().any(|line| line.starts_with("recreate: "))
    }

    #[test]
    fn immutable_fields_are_told_and_their_neighbours_are_not() {
        let deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {minReadySeconds: 1, selector: {matchLabels: {app: a}}}}";
        assert!(is_recreated(&edited(deployment, "{app: a}", "{app: b}")));
        assert!(!is_recreated(&edited(deployment, "minReadySeconds: 1", "minReadySeconds: 2")));
        assert!(is_recreated(&edited(SET, "serviceName: a", "serviceName: b")));
        assert!(!is_recreated(&edited(SET, "replicas: 2", "replicas: 3")));
        let service =
            "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: None, sessionAffinity: None}}";
        assert!(is_recreated(&edited(service, "clusterIP: None", "clusterIP: 10.0.0.1")));
        assert!(!is_recreated(&edited(service, "sessionAffinity: None", "sessionAffinity: ClientIP")));
        let binding = "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, roleRef: {kind: Role, name: a}, subjects: [{kind: User, name: a}]}";
        assert!(is_recreated(&edited(binding, "{kind: Role, name: a}", "{kind: Role, name: b}")));
        assert!(!is_recreated(&edited(binding, "{kind: User, name: a}", "{kind: User, name: b}")));
        let secret = "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: Opaque, data: {a: YQ==}}";
        assert!(is_recreated(&edited(secret, "Opaque", "example.com/key")));
        assert!(!is_recreated(&edited(secret, "YQ==", "Yg==")));
        let priority =
            "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: a}, value: 1, description: a}";
        assert!(is_recreated(&edited(priority, "value: 1", "value: 2")));
        assert!(!is_recreated(&edited(priority, "description: a", "description: b")));
        let job = "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {parallelism: 1, template: {spec: {restartPolicy: Never}}}}";
        assert!(is_recreated(&edited(job, "Never", "OnFailure")));
        assert!(!is_recreated(&edited(job, "parallelism: 1", "parallelism: 2")));
    }

    #[test]
    fn a_claim_may_grow_and_nothing_else() {
        assert!(!is_recreated(&edited(CLAIM, "10Gi", "20Gi")));
        assert!(is_recreated(&edited(CLAIM, "10Gi", "5Gi")));
        assert!(is_recreated(&edited(CLAIM, "ReadWriteOnce", "ReadWriteMany")));
    }

    #[test]
    fn immutable_objects_and_renamed_ones_are_made_anew() {
        let map =
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {a: b}}, immutable: true, data: {a: b}}";
        assert!(is_recreated(&edited(map, "data: {a: b}", "data: {a: c}")));
        assert!(!is_recreated(&edited(map, "labels: {a: b}", "labels: {a: c}")));
        assert!(!is_recreated(&edited(&map.replace("true", "false"), "data: {a: b}", "data: {a: c}")));
        assert!(is_recreated(&told(CLAIM, &CLAIM.replace("name: a", "name: b"))));
    }
}
