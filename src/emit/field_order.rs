//! The order in which people write the fields of Kubernetes objects.
//!
//! Lives here: one table, keyed by the name a type gives to serde. It must never know values, only names.
//!
//! `k8s-openapi` serializes fields by the alphabet, so a container would begin with its `args` and a volume mount would
//! hide its `name` in the middle. The order here is that of the Kubernetes documentation and of widespread Helm charts:
//! identity first, then what decides the meaning, the long and nested parts last.

/// Where the fields of one type stand: `first`, then those that nobody names in serde's order, then `last`.
pub(super) struct FieldOrder {
    of: &'static str,
    first: &'static [&'static str],
    last: &'static [&'static str],
}

impl FieldOrder {
    /// The order for the type that calls itself `type_name`.
    pub(super) fn of(type_name: &str) -> &'static Self {
        match ORDERS.binary_search_by(|order| order.of.cmp(type_name)) {
            Ok(at) => &ORDERS[at],
            Err(_) => &ANY,
        }
    }

    /// A number that is lower the further ahead the field stands; equal for fields that keep serde's order.
    pub(super) fn rank(&self, field: &str) -> usize {
        let place = |list: &[&str]| list.iter().position(|&name| name == field);
        let unnamed = self.first.len();
        place(self.first).or_else(|| place(self.last).map(|at| unnamed + 1 + at)).unwrap_or(unnamed)
    }
}

/// What is not in the table: whole objects, references, and the many small things that begin with their name.
const ANY: FieldOrder = FieldOrder { of: "", first: &["apiVersion", "kind", "metadata", "name"], last: &[] };

const fn order(of: &'static str, first: &'static [&'static str], last: &'static [&'static str]) -> FieldOrder {
    FieldOrder { of, first, last }
}

/// One type a row, sorted by name.
const ORDERS: &[FieldOrder] = &[
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
    order("NodeSelectorTerm", &["matchExpressions", "matchFields"], &[]),
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
