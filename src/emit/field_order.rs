//! The order in which people write the fields of Kubernetes objects.
//!
//! Lives here: one table, keyed by the name a type gives to serde. It must never know values, only names.
//!
//! `k8s-openapi` serializes fields by the alphabet, so a container would begin with its `args` and a volume mount would
//! hide its `name` in the middle. The order here is that of the Kubernetes documentation and of widespread Helm charts:
//! identity first, then what decides the meaning, the long and nested parts last.

mod index;

/// A row: these fields first, then those that nobody names in serde's order, then these.
pub(super) struct FieldOrder {
    of: &'static str,
    first: &'static [&'static str],
    last: &'static [&'static str],
    ranks: index::Ranks,
}

impl FieldOrder {
    /// The rank of what the table does not name.
    pub(super) const UNNAMED: u8 = 128;

    /// The order for the type that gives serde this name.
    pub(super) fn of(type_name: &str) -> &'static Self {
        index::row(type_name).unwrap_or(&ANY)
    }

    /// A number that is lower the further ahead the field stands, if the table names it.
    #[inline]
    pub(super) fn rank(&self, field: &str) -> Option<u8> {
        self.ranks.rank(self, field)
    }
}

const fn order(of: &'static str, first: &'static [&'static str], last: &'static [&'static str]) -> FieldOrder {
    FieldOrder { of, first, last, ranks: index::Ranks::of(first, last) }
}

/// What is not in the table: whole objects, references, and the many small things that begin with their name.
static ANY: FieldOrder = order("", &["apiVersion", "kind", "metadata", "name"], &[]);

/// One type a row, sorted by name.
static ORDERS: &[FieldOrder] = &[
    order("AppArmorProfile", &["type"], &[]),
    order("CertificateSpec", &["secretName", "commonName", "dnsNames"], &["issuerRef"]),
    order("ConfigMap", &["apiVersion", "kind", "metadata", "immutable", "data"], &[]),
    order("ConfigMapKeySelector", &["name", "key"], &[]),
    order("ConfigMapProjection", &["name", "optional"], &["items"]),
    order("ConfigMapVolumeSource", &["name", "optional", "defaultMode"], &["items"]),
    order("Container", CONTAINER_FIRST, CONTAINER_LAST),
    order("ContainerPort", &["name", "containerPort", "hostPort"], &["protocol"]),
    order("CronJobSpec", &["schedule", "timeZone", "concurrencyPolicy", "suspend"], &["jobTemplate"]),
    order("DaemonSetSpec", &["selector", "updateStrategy"], &["template"]),
    order("DaemonSetUpdateStrategy", &["type"], &[]),
    order("DeploymentSpec", &["replicas", "selector", "strategy"], &["template"]),
    order("DeploymentStrategy", &["type"], &[]),
    order("DownwardAPIVolumeFile", &["path"], &[]),
    order("EphemeralContainer", CONTAINER_FIRST, CONTAINER_LAST),
    order("GRPCAction", &["port", "service"], &[]),
    order("HPAScalingPolicy", &["type", "value", "periodSeconds"], &[]),
    order("HPAScalingRules", &["stabilizationWindowSeconds", "selectPolicy"], &["policies"]),
    order("HTTPGetAction", &["path", "port", "scheme"], &[]),
    order("HTTPIngressPath", &["path", "pathType", "backend"], &[]),
    order("HorizontalPodAutoscalerSpec", &["scaleTargetRef", "minReplicas", "maxReplicas", "metrics"], &["behavior"]),
    order("HostAlias", &["ip", "hostnames"], &[]),
    order("IngressSpec", &["ingressClassName", "tls", "defaultBackend"], &["rules"]),
    order("JobSpec", &["parallelism", "completions"], &["selector", "template"]),
    order("KeyToPath", &["key", "path", "mode"], &[]),
    order("LabelSelector", &["matchLabels", "matchExpressions"], &[]),
    order("LimitRangeItem", &["type"], &[]),
    order("MetricSpec", &["type"], &[]),
    order("MetricTarget", &["type"], &[]),
    order("NetworkPolicyEgressRule", &["to", "ports"], &[]),
    order("NetworkPolicyIngressRule", &["from", "ports"], &[]),
    order("NetworkPolicyPeer", &["namespaceSelector", "podSelector", "ipBlock"], &[]),
    order("NetworkPolicyPort", &["protocol", "port", "endPort"], &[]),
    order("NetworkPolicySpec", &["podSelector", "policyTypes", "ingress", "egress"], &[]),
    order(
        "ObjectMeta",
        &["name", "generateName", "namespace", "labels", "annotations", "ownerReferences", "finalizers"],
        &[],
    ),
    order("PersistentVolumeClaimSpec", &["storageClassName", "accessModes", "volumeMode", "resources"], &[]),
    order("PodDisruptionBudgetSpec", &["minAvailable", "maxUnavailable"], &["selector"]),
    order(
        "PodSecurityContext",
        &[
            "runAsNonRoot",
            "runAsUser",
            "runAsGroup",
            "fsGroup",
            "fsGroupChangePolicy",
            "supplementalGroups",
            "seccompProfile",
        ],
        &[],
    ),
    order(
        "PodSpec",
        &[
            "serviceAccountName",
            "automountServiceAccountToken",
            "securityContext",
            "imagePullSecrets",
            "hostNetwork",
            "hostPID",
            "hostIPC",
            "hostUsers",
            "enableServiceLinks",
            "restartPolicy",
            "terminationGracePeriodSeconds",
            "priorityClassName",
            "nodeSelector",
            "affinity",
            "tolerations",
            "topologySpreadConstraints",
        ],
        &["initContainers", "containers", "volumes"],
    ),
    order("PolicyRule", &["apiGroups", "resources", "resourceNames", "nonResourceURLs"], &["verbs"]),
    order("PreferredSchedulingTerm", &["weight"], &[]),
    order(
        "PriorityClass",
        &["apiVersion", "kind", "metadata", "value", "globalDefault", "preemptionPolicy"],
        &["description"],
    ),
    order(
        "Probe",
        &[
            "httpGet",
            "exec",
            "tcpSocket",
            "grpc",
            "initialDelaySeconds",
            "periodSeconds",
            "timeoutSeconds",
            "successThreshold",
            "failureThreshold",
        ],
        &[],
    ),
    order("ResourceFieldSelector", &["containerName", "resource", "divisor"], &[]),
    order("ResourceRequirements", &["requests", "limits"], &[]),
    order("RoleRef", &["apiGroup", "kind", "name"], &[]),
    order("SeccompProfile", &["type"], &[]),
    order("Secret", &["apiVersion", "kind", "metadata", "immutable", "type", "data", "stringData"], &[]),
    order("SecretKeySelector", &["name", "key"], &[]),
    order("SecretProjection", &["name", "optional"], &["items"]),
    order("SecretVolumeSource", &["secretName", "optional", "defaultMode"], &["items"]),
    order(
        "SecurityContext",
        &[
            "allowPrivilegeEscalation",
            "privileged",
            "readOnlyRootFilesystem",
            "runAsNonRoot",
            "runAsUser",
            "runAsGroup",
            "capabilities",
            "seccompProfile",
        ],
        &[],
    ),
    order("ServiceAccountTokenProjection", &["path", "audience", "expirationSeconds"], &[]),
    order("ServicePort", &["name", "port", "targetPort", "nodePort", "protocol", "appProtocol"], &[]),
    order("ServiceSpec", &["type", "clusterIP", "clusterIPs", "externalName"], &["selector", "ports"]),
    order(
        "StatefulSetSpec",
        &["serviceName", "replicas", "selector", "updateStrategy", "podManagementPolicy"],
        &["template", "volumeClaimTemplates"],
    ),
    order("StatefulSetUpdateStrategy", &["type"], &[]),
    order("StorageClass", &["apiVersion", "kind", "metadata", "provisioner", "parameters"], &[]),
    order("Subject", &["kind", "name", "namespace", "apiGroup"], &[]),
    order("TCPSocketAction", &["port", "host"], &[]),
    order("Taint", &["key", "value", "effect"], &[]),
    order("Toleration", &["key", "operator", "value", "effect"], &[]),
    order("TopologySpreadConstraint", &["maxSkew", "minDomains", "topologyKey", "whenUnsatisfiable"], &[]),
    order("VolumeDevice", &["name", "devicePath"], &[]),
    order("VolumeMount", &["name", "mountPath", "subPath", "subPathExpr", "readOnly"], &[]),
    order("VolumeResourceRequirements", &["requests", "limits"], &[]),
    order("WeightedPodAffinityTerm", &["weight"], &[]),
];

const CONTAINER_FIRST: &[&str] = &[
    "name",
    "image",
    "imagePullPolicy",
    "restartPolicy",
    "command",
    "args",
    "workingDir",
    "ports",
    "envFrom",
    "env",
    "startupProbe",
    "livenessProbe",
    "readinessProbe",
    "lifecycle",
    "resources",
    "securityContext",
];
const CONTAINER_LAST: &[&str] = &["volumeDevices", "volumeMounts"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ANY, FieldOrder, ORDERS};
    use crate::emit::scalar;

    fn names(order: &FieldOrder) -> impl Iterator<Item = &'static str> {
        order.first.iter().chain(order.last).copied()
    }

    #[test]
    fn rows_are_sorted_and_found() {
        assert!(ORDERS.is_sorted_by(|a, b| a.of < b.of));
        for order in ORDERS {
            assert_eq!(FieldOrder::of(order.of).of, order.of);
        }
        for other in ["", "X", "Containers", "ontainer"] {
            assert_eq!(FieldOrder::of(other).of, ANY.of, "{other}");
        }
    }

    #[test]
    fn no_row_names_a_field_twice() {
        for order in ORDERS {
            assert_eq!(names(order).count(), names(order).collect::<BTreeSet<_>>().len(), "{}", order.of);
        }
    }

    /// The writer relies on it: it looks for traps only in names that the table does not know.
    #[test]
    fn every_name_can_stand_plain() {
        for name in ORDERS.iter().chain([&ANY]).flat_map(names) {
            let mut out = String::new();
            scalar::push_line(name, &mut out);
            assert_eq!(out, name);
        }
    }

    #[test]
    fn ranks_leave_room_for_what_nobody_names() {
        let container = FieldOrder::of("Container");
        assert_eq!(container.rank("name"), Some(0));
        assert!(container.rank("securityContext") < Some(FieldOrder::UNNAMED));
        assert_eq!(container.rank("tty"), None);
        assert!(container.rank("volumeMounts") > Some(FieldOrder::UNNAMED));
    }
}
