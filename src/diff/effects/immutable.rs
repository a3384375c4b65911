//! Fields that the API server never changes: one table.
//!
//! Source: Kubernetes 1.36, the functions under `pkg/apis/*/validation` that are named above their rows.

use crate::diff::change::{Change, What};
use crate::diff::effects::forgiven::{Edit, Keys, is_forgiven};
use crate::diff::effects::{Effect, EffectKind, effect};
use crate::diff::pair::{Pair, Placed};
use crate::diff::path::Path;
use crate::manifest::document::Id;
use crate::manifest::node::Node;

/// What is said of everything that has got another name.
pub const RENAMED: &str = "it has another name";

struct Row {
    group: &'static str,
    kind: &'static str,
    /// What cannot be changed.
    path: Keys,
    /// What can, below it.
    except: &'static [Keys],
}

const fn row(group: &'static str, kind: &'static str, path: Keys) -> Row {
    Row { group, kind, path, except: &[] }
}

const fn all_but(group: &'static str, kind: &'static str, path: Keys, except: &'static [Keys]) -> Row {
    Row { group, kind, path, except }
}

const ROWS: &[Row] = &[
    // ValidateDeploymentUpdate, ValidateDaemonSetUpdate, ValidateReplicaSetUpdate
    row("apps", "Deployment", &["spec", "selector"]),
    row("apps", "DaemonSet", &["spec", "selector"]),
    row("apps", "ReplicaSet", &["spec", "selector"]),
    // ValidateStatefulSetUpdate
    all_but(
        "apps",
        "StatefulSet",
        &["spec"],
        &[
            &["spec", "replicas"],
            &["spec", "ordinals"],
            &["spec", "template"],
            &["spec", "updateStrategy"],
            &["spec", "revisionHistoryLimit"],
            &["spec", "persistentVolumeClaimRetentionPolicy"],
            &["spec", "minReadySeconds"],
        ],
    ),
    // ValidateJobSpecUpdate
    row("batch", "Job", &["spec", "completions"]),
    row("batch", "Job", &["spec", "selector"]),
    row("batch", "Job", &["spec", "template"]),
    row("batch", "Job", &["spec", "completionMode"]),
    row("batch", "Job", &["spec", "podFailurePolicy"]),
    row("batch", "Job", &["spec", "successPolicy"]),
    row("batch", "Job", &["spec", "backoffLimitPerIndex"]),
    row("batch", "Job", &["spec", "managedBy"]),
    // ValidatePodUpdate
    all_but(
        "",
        "Pod",
        &["spec"],
        &[
            &["spec", "containers", "image"],
            &["spec", "initContainers", "image"],
            &["spec", "activeDeadlineSeconds"],
            &["spec", "tolerations"],
            &["spec", "schedulingGates"],
        ],
    ),
    // ValidateServiceUpdate, validateUpgradeDowngradeClusterIPs, validateUpgradeDowngradeIPFamilies
    row("", "Service", &["spec", "clusterIP"]),
    row("", "Service", &["spec", "clusterIPs"]),
    row("", "Service", &["spec", "ipFamilies"]),
    // validateLoadBalancerClassField
    row("", "Service", &["spec", "loadBalancerClass"]),
    // ValidateRoleBindingUpdate, ValidateClusterRoleBindingUpdate
    row("rbac.authorization.k8s.io", "RoleBinding", &["roleRef"]),
    row("rbac.authorization.k8s.io", "ClusterRoleBinding", &["roleRef"]),
    // ValidatePersistentVolumeClaimUpdate
    all_but("", "PersistentVolumeClaim", &["spec"], &[&["spec", "volumeAttributesClassName"]]),
    // ValidatePersistentVolumeUpdate: the source, whatever its key, the volume mode and the node affinity
    all_but(
        "",
        "PersistentVolume",
        &["spec"],
        &[
            &["spec", "capacity"],
            &["spec", "accessModes"],
            &["spec", "claimRef"],
            &["spec", "persistentVolumeReclaimPolicy"],
            &["spec", "storageClassName"],
            &["spec", "mountOptions"],
            &["spec", "volumeAttributesClassName"],
        ],
    ),
    // ValidateSecretUpdate
    row("", "Secret", &["type"]),
    // ValidateResourceQuotaUpdate
    row("", "ResourceQuota", &["spec", "scopes"]),
    // ValidateStorageClassUpdate, ValidateVolumeAttributesClassUpdate, ValidateCSIDriverUpdate
    row("storage.k8s.io", "StorageClass", &["provisioner"]),
    row("storage.k8s.io", "StorageClass", &["parameters"]),
    row("storage.k8s.io", "StorageClass", &["reclaimPolicy"]),
    row("storage.k8s.io", "StorageClass", &["volumeBindingMode"]),
    row("storage.k8s.io", "VolumeAttributesClass", &["driverName"]),
    row("storage.k8s.io", "VolumeAttributesClass", &["parameters"]),
    row("storage.k8s.io", "CSIDriver", &["spec", "attachRequired"]),
    row("storage.k8s.io", "CSIDriver", &["spec", "volumeLifecycleModes"]),
    // ValidatePriorityClassUpdate
    row("scheduling.k8s.io", "PriorityClass", &["value"]),
    row("scheduling.k8s.io", "PriorityClass", &["preemptionPolicy"]),
    // ValidateIngressClassUpdate
    row("networking.k8s.io", "IngressClass", &["spec", "controller"]),
    // ValidateRuntimeClassUpdate
    row("node.k8s.io", "RuntimeClass", &["handler"]),
    // ValidateEndpointSliceUpdate
    row("discovery.k8s.io", "EndpointSlice", &["addressType"]),
    // ValidateCustomResourceDefinitionUpdate, once it is established
    row("apiextensions.k8s.io", "CustomResourceDefinition", &["spec", "group"]),
    row("apiextensions.k8s.io", "CustomResourceDefinition", &["spec", "scope"]),
    row("apiextensions.k8s.io", "CustomResourceDefinition", &["spec", "names", "kind"]),
    row("apiextensions.k8s.io", "CustomResourceDefinition", &["spec", "names", "plural"]),
];

/// The kinds with a row.
#[cfg(test)]
pub fn kinds() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.kind)
}

/// Why the object has to be made anew, and whether that is certain.
pub fn effects(pair: &Pair<'_>, changes: &[Change]) -> (Vec<Effect>, bool) {
    let refusals = refusals(pair, changes);
    let is_certain = refusals.iter().any(|refusal| refusal.doubt.is_none());
    (refusals.into_iter().map(Refusal::effect).collect(), is_certain)
}

/// Why the API server refuses a change.
struct Refusal {
    why: String,
    /// When it takes it all the same.
    doubt: Option<&'static str>,
}

impl Refusal {
    fn effect(self) -> Effect {
        let doubt = self.doubt.map(|doubt| format!(", {doubt}")).unwrap_or_default();
        effect(EffectKind::Recreate, self.why + &doubt)
    }
}

impl From<String> for Refusal {
    fn from(why: String) -> Self {
        Self { why, doubt: None }
    }
}

fn refusals(pair: &Pair<'_>, changes: &[Change]) -> Vec<Refusal> {
    let Pair::Kept(old, new) = pair else { return Vec::new() };
    let (was, id) = (&old.document.id, &new.document.id);
    if pair.is_renamed() {
        return vec![format!("{RENAMED}: {} → {}", was.place(), id.place()).into()];
    }
    if is_immutable(old)
        && let Some(change) = changes.iter().find(|change| !change.path.begins(&["metadata"]))
    {
        return vec![format!("it is immutable, and `{}` changes", change.path).into()];
    }
    let edit = |change| Edit { old: &old.document.root, new: &new.document.root, change };
    let mut found: Vec<Refusal> = Vec::new();
    let refused = changes.iter().filter_map(|change| Some((fixed(id, &edit(change))?, change)));
    for (field, change) in refused {
        let words = |row: &&Words| row.0 == id.kind && change.path.begins(row.1) && (row.2)(&change.what);
        let (what, doubt) = WORDS.iter().find(words).map_or((CHANGED, None), |row| (row.3, row.4));
        let refusal = Refusal { why: format!("`{field}` {what}"), doubt };
        if !found.iter().any(|known| known.why == refusal.why && known.doubt == refusal.doubt) {
            found.push(refusal);
        }
    }
    found
}

const CHANGED: &str = "cannot be changed";

/// A kind, a field, of which changes of it this is said, what is said, and when the server takes it all the same.
type Words = (&'static str, Keys, fn(&What) -> bool, &'static str, Option<&'static str>);

/// Where more can be said than that a field cannot be changed.
const WORDS: &[Words] = &[
    ("PersistentVolumeClaim", &["spec", "resources", "requests", "storage"], is_changed, "cannot shrink", None),
    ("PersistentVolumeClaim", &["spec", "volumeName"], is_added, CHANGED, OWN),
    ("PersistentVolumeClaim", &["spec", "storageClassName"], is_added, CHANGED, OWN),
    (
        "StatefulSet",
        &["spec", "volumeClaimTemplates", "spec", "resources"],
        is_changed,
        "cannot be changed, and claims that there are keep their size",
        None,
    ),
];

/// What the server puts into a claim by itself.
const OWN: Option<&str> = Some("unless that is the one that it has");

fn is_changed(what: &What) -> bool {
    matches!(what, What::Changed(..))
}

fn is_added(what: &What) -> bool {
    matches!(what, What::Added(_))
}

/// ValidateConfigMapUpdate, ValidateSecretUpdate.
fn is_immutable(placed: &Placed<'_>) -> bool {
    let id = &placed.document.id;
    let can_be = id.group.is_empty() && ["ConfigMap", "Secret"].contains(&id.kind.as_str());
    can_be && placed.document.root.get("immutable").and_then(Node::bool) == Some(true)
}

/// The field that cannot be changed in this way.
fn fixed(id: &Id, edit: &Edit<'_>) -> Option<Path> {
    let path = &edit.change.path;
    let row = ROWS.iter().find(|row| row.kind == id.kind && row.group == id.group && path.begins(row.path))?;
    let is_excepted = row.except.iter().any(|keys| path.begins(keys));
    // of a whole `spec`, the field below says which
    let depth = if row.path == ["spec"] { 2 } else { row.path.len() };
    (!is_excepted && !is_forgiven(&id.kind, edit)).then(|| Path::of(&path.keys().take(depth).collect::<Vec<_>>()))
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

    #[test]
    fn what_the_server_may_have_put_there_itself_is_not_certain() {
        for field in ["volumeName: v", "storageClassName: fast"] {
            let told = edited(CLAIM, "accessModes", &format!("{field}, accessModes"));
            let key = field.split_once(':').map_or(field, |(key, _)| key);
            let wanted = format!("recreate: `.spec.{key}` cannot be changed, unless that is the one that it has");
            assert_eq!(told, [wanted], "nothing says that data is lost");
            let named = CLAIM.replace("accessModes", &format!("{field}, accessModes"));
            let other = edited(&named, field, &format!("{key}: other"));
            assert!(other.iter().any(|line| line.starts_with("deletes data: ")), "{other:?}");
        }
    }

    #[test]
    fn what_a_claim_template_is_may_be_said_and_its_size_not() {
        let set = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: 1Gi}}}}]}}";
        assert!(edited(set, "[{metadata", "[{apiVersion: v1, kind: PersistentVolumeClaim, metadata").is_empty());
        assert!(edited(set, "spec: {resources", "spec: {volumeMode: Filesystem, resources").is_empty());
        assert!(is_recreated(&edited(set, "spec: {resources", "spec: {volumeMode: Block, resources")));
        let why = "recreate: `.spec.volumeClaimTemplates` cannot be changed, and claims that there are keep their size";
        assert!(edited(set, "1Gi", "2Gi").contains(&why.to_owned()));
    }

    #[test]
    fn the_field_is_named_and_kinds_of_other_groups_have_rules_of_their_own() {
        assert_eq!(
            edited(SET, "serviceName: a", "serviceName: b")[1],
            "recreate: `.spec.serviceName` cannot be changed"
        );
        let service = "{apiVersion: serving.example.com/v1, kind: Service, metadata: {name: a}, spec: {clusterIP: a}}";
        assert!(!is_recreated(&edited(service, "clusterIP: a", "clusterIP: b")));
    }
}
