//! The stable code of every diagnostic, with one line on what it means. Codes are only ever added.

/// The text is not TOML.
pub const SYNTAX: &str = "syntax";
/// A key that nothing reads.
pub const UNKNOWN_KEY: &str = "unknown-key";
/// A key that must be there.
pub const MISSING_KEY: &str = "missing-key";
/// A value of another type than the key takes.
pub const WRONG_TYPE: &str = "wrong-type";
/// A value of the right type that is not well formed.
pub const INVALID_VALUE: &str = "invalid-value";
/// A name that the description does not declare.
pub const UNKNOWN_NAME: &str = "unknown-name";
/// A port that the called component does not offer.
pub const UNKNOWN_PORT: &str = "unknown-port";
/// The same thing said twice.
pub const DUPLICATE: &str = "duplicate";
/// Two statements that cannot both hold.
pub const CONFLICT: &str = "conflict";
/// A quota that does not hold what its namespace needs.
pub const QUOTA_EXCEEDED: &str = "quota-exceeded";
/// More connections than somebody takes.
pub const TOO_MANY_CONNECTIONS: &str = "too-many-connections";
/// An amount that a limit range does not allow.
pub const OUTSIDE_LIMIT_RANGE: &str = "outside-limit-range";
/// A disruption budget that never lets a pod go.
pub const BLOCKED_DRAIN: &str = "blocked-drain";
/// A rollout that waits for itself.
pub const STUCK_ROLLOUT: &str = "stuck-rollout";
/// A pod that is killed before it has been told to stop.
pub const SHORT_GRACE: &str = "short-grace";
/// A pod that its namespace does not admit.
pub const POD_SECURITY: &str = "pod-security";
/// Two objects steer the same thing.
pub const CONTESTED: &str = "contested";
/// A ConfigMap or a Secret does not have the key that is asked of it.
pub const DANGLING_KEY: &str = "dangling-key";
/// An autoscaler looks at what nobody measures, or at a share of nothing.
pub const UNMEASURED_AUTOSCALER: &str = "unmeasured-autoscaler";
/// A volume does not hold what is kept on it.
pub const FULL_VOLUME: &str = "full-volume";
/// No such port is there.
pub const DANGLING_PORT: &str = "dangling-port";
/// An object that is named is not there.
pub const DANGLING_REFERENCE: &str = "dangling-reference";
/// Nothing uses this object.
pub const ORPHAN: &str = "orphan";
/// The configuration of an image registry does not go with the container that reads it.
pub const REGISTRY_CONFIG: &str = "registry-config";
/// A selector finds no pod.
pub const SELECTS_NOTHING: &str = "selects-nothing";
/// An address leads to a component that nobody declares to be called.
pub const UNDECLARED_ADDRESS: &str = "undeclared-address";
/// What is named is there and cannot serve.
pub const UNFIT_TARGET: &str = "unfit-target";
/// Something that must be declared as well.
pub const REQUIRES: &str = "requires";
/// A value that is known but that this version does not render.
pub const UNSUPPORTED: &str = "unsupported";
/// A Secret that is needed, or a key of it, is not where the backend looks for it.
pub const MISSING_SECRET: &str = "missing-secret";
/// A file of a Secret, or a key in it, that nobody needs.
pub const UNNEEDED_SECRET: &str = "unneeded-secret";
/// A file of a Secret that does not fit: it could not be opened, would be another Secret, or is not encrypted.
pub const UNFIT_SECRET: &str = "unfit-secret";
/// An environment overlay that has no effect.
pub const NO_EFFECT: &str = "no-effect";
/// Alerts are not handed to the Alertmanager that is there to deliver them.
pub const NO_DELIVERY: &str = "no-delivery";
/// A manifest that cannot be read, or that holds something twice.
pub const MANIFEST: &str = "manifest";
/// A value that the API server refuses.
pub const INVALID_FIELD: &str = "invalid-field";
/// A kind that Kubernetes does not have.
pub const UNKNOWN_KIND: &str = "unknown-kind";
/// A version of the API that the server does not serve.
pub const NOT_SERVED: &str = "not-served";
/// The policies let through what nothing declares.
pub const UNDECLARED_CONNECTION: &str = "undeclared-connection";
/// The policies do not let through what is declared.
pub const BLOCKED_CONNECTION: &str = "blocked-connection";
/// A rollout may leave no pod.
pub const ABRUPT_ROLLOUT: &str = "abrupt-rollout";
/// A binding gives more than anybody needs.
pub const ADMIN_BINDING: &str = "admin-binding";
/// Somebody may change what judges every object.
pub const ADMISSION_RIGHT: &str = "admission-right";
/// A binding gives rights to everybody.
pub const BROAD_SUBJECT: &str = "broad-subject";
/// A pod has a token of an account that others share.
pub const DEFAULT_ACCOUNT: &str = "default-account";
/// An object lies in the namespace `default`.
pub const DEFAULT_NAMESPACE: &str = "default-namespace";
/// Something else has taken the place of this field.
pub const DEPRECATED_FIELD: &str = "deprecated-field";
/// Names from outside are looked for in the cluster first.
pub const DNS_SEARCH: &str = "dns-search";
/// A variable is set twice.
pub const DUPLICATE_VARIABLE: &str = "duplicate-variable";
/// A job leaves its traces for ever, or starts long after its time.
pub const ENDLESS_JOB: &str = "endless-job";
/// Somebody may take the rights of others.
pub const ESCALATING_RIGHT: &str = "escalating-right";
/// Somebody may run commands in the pods of others.
pub const EXEC_RIGHT: &str = "exec-right";
/// A Service faces the outside.
pub const EXPOSED_SERVICE: &str = "exposed-service";
/// A Service takes addresses for itself.
pub const EXTERNAL_IP: &str = "external-ip";
/// One pod runs, and nobody stands in for it.
pub const FEW_REPLICAS: &str = "few-replicas";
/// A pod mounts a place of its node.
pub const HOST_MOUNT: &str = "host-mount";
/// A pod shares processes, memory or the network with its node.
pub const HOST_NAMESPACE: &str = "host-namespace";
/// An image is not named by its digest.
pub const IMAGE_DIGEST: &str = "image-digest";
/// An image is of no certain registry.
pub const IMAGE_REGISTRY: &str = "image-registry";
/// An image is of no certain version.
pub const IMAGE_TAG: &str = "image-tag";
/// A host is served without TLS.
pub const INGRESS_WITHOUT_TLS: &str = "ingress-without-tls";
/// A token of an account never ends.
pub const LASTING_TOKEN: &str = "lasting-token";
/// A secret stands in plain sight.
pub const LITERAL_SECRET: &str = "literal-secret";
/// A container runs as a user that its node may have as well.
pub const LOW_USER_ID: &str = "low-user-id";
/// A container may take all that its node has.
pub const MISSING_LIMITS: &str = "missing-limits";
/// Nobody notices that a container hangs.
pub const MISSING_LIVENESS: &str = "missing-liveness";
/// A Service sends to pods that nobody asks whether they are ready.
pub const MISSING_READINESS: &str = "missing-readiness";
/// Nothing is set aside for a container, or nothing stops it.
pub const MISSING_REQUESTS: &str = "missing-requests";
/// Somebody may call kubelets through the API server.
pub const NODE_PROXY_RIGHT: &str = "node-proxy-right";
/// All pods of a workload may be evicted at once.
pub const NO_DISRUPTION_BUDGET: &str = "no-disruption-budget";
/// Pods have no priority.
pub const NO_PRIORITY: &str = "no-priority";
/// All pods of a workload may be on one node.
pub const NO_SPREAD: &str = "no-spread";
/// A container has what it takes to leave its bounds.
pub const PRIVILEGED_CONTAINER: &str = "privileged-container";
/// A container listens to a port that needs a capability.
pub const PRIVILEGED_PORT: &str = "privileged-port";
/// A node runs the image that it has, whoever pulled it.
pub const PULL_POLICY: &str = "pull-policy";
/// A container can write to its own programs.
pub const READ_ONLY_ROOT: &str = "read-only-root";
/// A container may run as root.
pub const ROOT_USER: &str = "root-user";
/// A container is ended as soon as it is late.
pub const SAME_PROBE: &str = "same-probe";
/// A Secret is in the environment of a container.
pub const SECRET_IN_ENV: &str = "secret-in-env";
/// Somebody may read Secrets.
pub const SECRET_RIGHT: &str = "secret-right";
/// An Ingress writes into the configuration of its controller.
pub const SNIPPET_ANNOTATION: &str = "snippet-annotation";
/// A container may take more memory than is set aside for it.
pub const UNEQUAL_MEMORY: &str = "unequal-memory";
/// No policy says who may call a pod.
pub const UNISOLATED_POD: &str = "unisolated-pod";
/// The Pod Security level `restricted` would not take a pod.
pub const UNRESTRICTED_POD: &str = "unrestricted-pod";
/// An account has rights that none of its pods can use, or a rule allows nothing.
pub const UNUSABLE_RIGHT: &str = "unusable-right";
/// A pod has a token of an account that may do nothing.
pub const UNUSED_TOKEN: &str = "unused-token";
/// The API server takes this, and nothing can come of it.
pub const UNWORKABLE: &str = "unworkable";
/// Somebody has rights that nobody has listed.
pub const WILDCARD_RIGHT: &str = "wildcard-right";
/// Somebody may start pods.
pub const WORKLOAD_RIGHT: &str = "workload-right";
/// A query that Prometheus does not understand.
pub const PROMQL_SYNTAX: &str = "promql-syntax";
/// A query for what nothing collects.
pub const UNKNOWN_METRIC: &str = "unknown-metric";
/// A window of time that holds too few samples.
pub const SHORT_WINDOW: &str = "short-window";
/// Words of an alert or a message that cannot be filled in.
pub const ALERT_TEMPLATE: &str = "alert-template";
/// A configuration that the monitoring software refuses, or that does not do what it says.
pub const MONITORING_CONFIG: &str = "monitoring-config";
/// An alert that reaches nobody.
pub const SILENT_ALERT: &str = "silent-alert";
/// A component that no alert is about.
pub const UNWATCHED_COMPONENT: &str = "unwatched-component";
/// A file that the description names cannot be had.
pub const MISSING_FILE: &str = "missing-file";
/// A file has another sum than the description says.
pub const WRONG_SUM: &str = "wrong-sum";
/// A patch changes what follows from something else.
pub const DERIVED_FIELD: &str = "derived-field";
/// A field that only the cluster writes.
pub const SERVER_FIELD: &str = "server-field";
/// A patch finds an object otherwise than it expects.
pub const PATCH_FAILS: &str = "patch-fails";
/// Somebody has changed an object beyond what the keys of the description cover.
pub const PATCHED: &str = "patched";
/// The `ingress-nginx` controller receives no more fixes.
pub const INGRESS_NGINX_RETIRED: &str = "ingress-nginx-retired";
/// Nobody would learn that alerting itself has failed.
pub const NO_HEARTBEAT: &str = "no-heartbeat";
/// An image from where none may come from.
pub const FORBIDDEN_REGISTRY: &str = "forbidden-registry";
/// A template that cannot be rendered, or that gives what its component may not have.
pub const TEMPLATE: &str = "template";
/// An image without a digest, where each must have one.
pub const UNPINNED_IMAGE: &str = "unpinned-image";
/// A digest of an image that nothing runs.
pub const UNUSED_PIN: &str = "unused-pin";
/// An `[[accept]]` entry that accepts nothing.
pub const UNUSED_ACCEPT: &str = "unused-accept";
/// An `[[accept]]` entry whose day has passed.
pub const EXPIRED_ACCEPT: &str = "expired-accept";

/// Codes that say that something is not there.
pub const ABSENCE: &[&str] = &[MISSING_KEY, NO_EFFECT, REQUIRES, UNKNOWN_NAME, UNKNOWN_PORT, UNUSED_ACCEPT];

/// Codes that say that things do not go with one another, of which one may have been told to be wrong.
pub const RELATIONS: &[&str] = &[CONFLICT, MISSING_KEY, REQUIRES];

/// Every code with what it means, in alphabetical order.
pub const ALL: &[(&str, &str)] = &[
    (ABRUPT_ROLLOUT, "a rollout may leave no pod"),
    (ADMIN_BINDING, "a binding gives more than anybody needs"),
    (ADMISSION_RIGHT, "somebody may change what judges every object"),
    (ALERT_TEMPLATE, "the words of an alert or of a message cannot be filled in"),
    (BLOCKED_CONNECTION, "the policies do not let through what is declared"),
    (BLOCKED_DRAIN, "a disruption budget never lets a pod go, so no node can be drained"),
    (BROAD_SUBJECT, "a binding gives rights to everybody"),
    (CONFLICT, "two statements cannot both hold"),
    (CONTESTED, "two objects steer the same thing"),
    (DANGLING_KEY, "a ConfigMap or a Secret does not have the key that is asked of it"),
    (DANGLING_PORT, "no such port is there"),
    (DANGLING_REFERENCE, "an object that is named is not there"),
    (DEFAULT_ACCOUNT, "a pod has a token of an account that others share"),
    (DEFAULT_NAMESPACE, "an object lies in the namespace `default`"),
    (DEPRECATED_FIELD, "something else has taken the place of this field"),
    (DERIVED_FIELD, "a patch changes what follows from something else"),
    (DNS_SEARCH, "names from outside are looked for in the cluster first"),
    (DUPLICATE, "the same thing is said twice"),
    (DUPLICATE_VARIABLE, "a variable is set twice"),
    (ENDLESS_JOB, "a job leaves its traces for ever, or starts long after its time"),
    (ESCALATING_RIGHT, "somebody may take the rights of others"),
    (EXEC_RIGHT, "somebody may run commands in the pods of others"),
    (EXPIRED_ACCEPT, "a finding is no longer accepted: the day until which it was has passed"),
    (EXPOSED_SERVICE, "a Service faces the outside"),
    (EXTERNAL_IP, "a Service takes addresses for itself"),
    (FEW_REPLICAS, "one pod runs, and nobody stands in for it"),
    (FORBIDDEN_REGISTRY, "an image comes from a registry that is not allowed"),
    (FULL_VOLUME, "a volume does not hold what is kept on it"),
    (HOST_MOUNT, "a pod mounts a place of its node"),
    (HOST_NAMESPACE, "a pod shares processes, memory or the network with its node"),
    (IMAGE_DIGEST, "an image is not named by its digest"),
    (IMAGE_REGISTRY, "an image is of no certain registry"),
    (IMAGE_TAG, "an image is of no certain version"),
    (INGRESS_NGINX_RETIRED, "the ingress-nginx controller has been retired and receives no more fixes"),
    (INGRESS_WITHOUT_TLS, "a host is served without TLS"),
    (INVALID_FIELD, "the API server refuses this value"),
    (INVALID_VALUE, "the value is not well formed"),
    (LASTING_TOKEN, "a token of an account never ends"),
    (LITERAL_SECRET, "a secret stands in plain sight"),
    (LOW_USER_ID, "a container runs as a user that its node may have as well"),
    (MANIFEST, "a manifest cannot be read"),
    (MISSING_KEY, "a required key is missing"),
    (MISSING_LIMITS, "a container may take all that its node has"),
    (MISSING_LIVENESS, "nobody notices that a container hangs"),
    (MISSING_READINESS, "a Service sends to pods that nobody asks whether they are ready"),
    (MISSING_REQUESTS, "nothing is set aside for a container, or nothing stops it"),
    (MISSING_FILE, "a file that the description names cannot be had"),
    (MISSING_SECRET, "a Secret that is needed, or a key of it, is not where the backend looks for it"),
    (MONITORING_CONFIG, "the monitoring software refuses this, or it does not do what it says"),
    (NODE_PROXY_RIGHT, "somebody may call kubelets through the API server"),
    (NOT_SERVED, "the server does not serve this version of the API"),
    (NO_DELIVERY, "alerts are handed to nobody, though somebody is there to deliver them"),
    (NO_DISRUPTION_BUDGET, "all pods of a workload may be evicted at once"),
    (NO_EFFECT, "an overlay, a patch, a template or a requirement is for nothing"),
    (NO_HEARTBEAT, "nobody would learn that alerting itself has failed"),
    (NO_PRIORITY, "pods have no priority"),
    (NO_SPREAD, "all pods of a workload may be on one node"),
    (ORPHAN, "nothing uses this object"),
    (OUTSIDE_LIMIT_RANGE, "a limit range does not allow this amount"),
    (PATCHED, "an object is changed beyond what the keys of the description cover"),
    (PATCH_FAILS, "a patch finds an object otherwise than it expects"),
    (POD_SECURITY, "a pod is not admitted by the Pod Security level of its namespace"),
    (PRIVILEGED_CONTAINER, "a container has what it takes to leave its bounds"),
    (PRIVILEGED_PORT, "a container listens to a port that needs a capability"),
    (PROMQL_SYNTAX, "a query is not one that Prometheus understands"),
    (PULL_POLICY, "a node runs the image that it has, whoever pulled it"),
    (QUOTA_EXCEEDED, "a quota does not hold what its namespace needs at its largest"),
    (READ_ONLY_ROOT, "a container can write to its own programs"),
    (REGISTRY_CONFIG, "a registry asks for no password, listens elsewhere, or keeps its images nowhere"),
    (REQUIRES, "something else must be declared for this to work"),
    (ROOT_USER, "a container may run as root"),
    (SAME_PROBE, "a container is ended as soon as it is late"),
    (SECRET_IN_ENV, "a Secret is in the environment of a container"),
    (SECRET_RIGHT, "somebody may read Secrets"),
    (SELECTS_NOTHING, "a selector finds no pod"),
    (SERVER_FIELD, "an object has a field that only the cluster and its tools write"),
    (SHORT_GRACE, "a pod is killed before it has been told to stop"),
    (SHORT_WINDOW, "a query looks at a window that holds too few samples"),
    (SILENT_ALERT, "an alert reaches nobody"),
    (SNIPPET_ANNOTATION, "an Ingress writes into the configuration of its controller"),
    (STUCK_ROLLOUT, "a rollout waits for a volume that it keeps itself"),
    (SYNTAX, "the file is not valid TOML"),
    (TEMPLATE, "a template cannot be rendered, or gives what its component may not have"),
    (TOO_MANY_CONNECTIONS, "an external takes fewer connections than its callers may hold"),
    (UNDECLARED_ADDRESS, "an address leads to a component that nobody declares to be called"),
    (UNDECLARED_CONNECTION, "the policies let through what nothing declares"),
    (UNEQUAL_MEMORY, "a container may take more memory than is set aside for it"),
    (UNFIT_SECRET, "a file of a Secret could not be opened, would be another Secret, or is not encrypted"),
    (UNFIT_TARGET, "what is named is there and cannot serve"),
    (UNISOLATED_POD, "no policy says who may call a pod"),
    (UNKNOWN_KEY, "nothing reads this key"),
    (UNKNOWN_KIND, "Kubernetes has no such kind"),
    (UNKNOWN_METRIC, "a query asks for what no job collects and no rule records"),
    (UNKNOWN_NAME, "the name is not declared"),
    (UNKNOWN_PORT, "the called component offers no such port"),
    (UNNEEDED_SECRET, "a file of a Secret, or a key in it, is of no use to anybody"),
    (UNRESTRICTED_POD, "the Pod Security level `restricted` would not take a pod"),
    (UNMEASURED_AUTOSCALER, "an autoscaler looks at what nobody measures, or at a share of nothing"),
    (UNPINNED_IMAGE, "an image is pinned to no digest, where each must be"),
    (UNSUPPORTED, "this version does not render it"),
    (UNUSABLE_RIGHT, "an account has rights that none of its pods can use, or a rule allows nothing"),
    (UNUSED_ACCEPT, "an accepted finding no longer applies"),
    (UNUSED_PIN, "a digest is pinned for an image that nothing runs"),
    (UNUSED_TOKEN, "a pod has a token of an account that may do nothing"),
    (UNWATCHED_COMPONENT, "nobody would hear that this component is gone"),
    (UNWORKABLE, "the API server takes this, and nothing can come of it"),
    (WILDCARD_RIGHT, "somebody has rights that nobody has listed"),
    (WORKLOAD_RIGHT, "somebody may start pods"),
    (WRONG_SUM, "a file has another sum than the description says"),
    (WRONG_TYPE, "the value has another type than the key takes"),
];
