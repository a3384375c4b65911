//! Changes to pods, their resources, their health and the room that they have.

use serde_json::json;

use crate::support::mutations::{Mutation, breaks, double, drop, push, remove, set};

const API: &str = "Deployment production/api";
const POD: &str = "/spec/template/spec";
const CONTAINER: &str = "/spec/template/spec/containers/0";
const CONTEXT: &str = "/spec/template/spec/containers/0/securityContext";
const UI: &str = "Deployment default/registry-ui";
const INIT: &str = "/spec/template/spec/initContainers/0";
const JOB: &str = "CronJob default/registry-gc";
const JOB_POD: &str = "/spec/jobTemplate/spec/template/spec";
const QUOTA: &str = "ResourceQuota production/production";

pub(super) const MUTATIONS: &[Mutation] = &[
    breaks("names_in_pods_are_distinct", "a port twice", |w| {
        push(w, API, &format!("{CONTAINER}/ports"), json!({ "name": "http", "containerPort": 1, "protocol": "TCP" }));
    }),
    breaks("names_in_pods_are_distinct", "a variable twice", |w| {
        push(w, API, &format!("{CONTAINER}/env"), json!({ "name": "LOG_LEVEL", "value": "debug" }));
    }),
    breaks("names_in_pods_are_distinct", "a mount twice", |w| {
        push(w, API, &format!("{CONTAINER}/volumeMounts"), json!({ "name": "other", "mountPath": "/tmp" }));
    }),
    breaks("pods_are_restricted", "hostNamespaces", |w| set(w, API, &format!("{POD}/hostPID"), json!(true))),
    breaks("pods_are_restricted", "privileged", |w| set(w, API, &format!("{CONTEXT}/privileged"), json!(true))),
    breaks("pods_are_restricted", "hostPorts", |w| {
        set(w, API, &format!("{CONTAINER}/ports/0/hostPort"), json!(3000));
    }),
    breaks("pods_are_restricted", "hostProbesAndHostLifecycle", |w| {
        set(w, API, &format!("{CONTAINER}/livenessProbe/httpGet/host"), json!("169.254.169.254"));
    }),
    breaks("pods_are_restricted", "appArmorProfile", |w| {
        set(w, API, &format!("{CONTEXT}/appArmorProfile"), json!({ "type": "Unconfined" }));
    }),
    breaks("pods_are_restricted", "appArmorProfile by annotation", |w| {
        let key = "container.apparmor.security.beta.kubernetes.io/api";
        set(w, API, "/spec/template/metadata/annotations", json!({ key: "unconfined" }));
    }),
    breaks("pods_are_restricted", "seLinuxOptions", |w| {
        set(w, API, &format!("{POD}/securityContext/seLinuxOptions"), json!({ "type": "spc_t" }));
    }),
    breaks("pods_are_restricted", "sysctls", |w| {
        let sysctl = json!({ "name": "kernel.msgmax", "value": "1" });
        push(w, API, &format!("{POD}/securityContext/sysctls"), sysctl);
    }),
    breaks("pods_are_restricted", "windowsHostProcess", |w| {
        set(w, API, &format!("{CONTEXT}/windowsOptions"), json!({ "hostProcess": true }));
    }),
    breaks("pods_are_restricted", "restrictedVolumes", |w| {
        push(w, API, &format!("{POD}/volumes"), json!({ "name": "host", "hostPath": { "path": "/" } }));
    }),
    breaks("pods_are_restricted", "allowPrivilegeEscalation", |w| remove(w, API, CONTEXT, "allowPrivilegeEscalation")),
    breaks("pods_are_restricted", "runAsNonRoot", |w| {
        remove(w, API, &format!("{POD}/securityContext"), "runAsNonRoot");
    }),
    breaks("pods_are_restricted", "runAsNonRoot of a container", |w| {
        set(w, API, &format!("{CONTEXT}/runAsNonRoot"), json!(false));
    }),
    breaks("pods_are_restricted", "runAsUser", |w| set(w, API, &format!("{CONTEXT}/runAsUser"), json!(0))),
    breaks("pods_are_restricted", "seccompProfile", |w| {
        remove(w, API, &format!("{POD}/securityContext"), "seccompProfile");
    }),
    breaks("pods_are_restricted", "seccompProfile of a container", |w| {
        set(w, API, &format!("{CONTEXT}/seccompProfile"), json!({ "type": "Unconfined" }));
    }),
    breaks("pods_are_restricted", "capabilities kept", |w| remove(w, API, CONTEXT, "capabilities")),
    breaks("pods_are_restricted", "capabilities added", |w| {
        push(w, API, &format!("{CONTEXT}/capabilities/add"), json!("NET_RAW"));
    }),
    breaks("pods_are_restricted", "procMount", |w| set(w, API, &format!("{CONTEXT}/procMount"), json!("Unmasked"))),
    breaks("pods_are_restricted", "a container that runs first", |w| {
        remove(w, UI, &format!("{INIT}/securityContext"), "allowPrivilegeEscalation");
    }),
    breaks("pods_are_restricted", "a job", |w| set(w, JOB, &format!("{JOB_POD}/hostNetwork"), json!(true))),
    breaks("roots_are_read_only", "a container", |w| remove(w, API, CONTEXT, "readOnlyRootFilesystem")),
    breaks("roots_are_read_only", "a container that runs first", |w| {
        set(w, UI, &format!("{INIT}/securityContext/readOnlyRootFilesystem"), json!(false));
    }),
    breaks("pods_keep_the_house_rules", "above the cluster's own", |w| {
        set(w, API, "/spec/template/spec/priorityClassName", json!("system-cluster-critical"));
    }),
    breaks("pods_keep_the_house_rules", "a user by name only", |w| {
        remove(w, API, &format!("{POD}/securityContext"), "runAsUser");
    }),
    breaks("pods_keep_the_house_rules", "variables of Services", |w| remove(w, API, POD, "enableServiceLinks")),
    breaks("resources_are_bounded", "no request", |w| {
        remove(w, API, &format!("{CONTAINER}/resources/requests"), "ephemeral-storage");
    }),
    breaks("resources_are_bounded", "no limit", |w| {
        remove(w, UI, &format!("{INIT}/resources/limits"), "memory");
    }),
    breaks("resources_are_bounded", "more than the limit", |w| {
        set(w, API, &format!("{CONTAINER}/resources/requests/memory"), json!("8Gi"));
    }),
    breaks("resources_are_bounded", "no quantity", |w| {
        set(w, JOB, &format!("{JOB_POD}/containers/0/resources/requests/cpu"), json!("ten"));
    }),
    breaks("scratch_fits", "no size", |w| {
        push(w, API, &format!("{POD}/volumes"), json!({ "name": "spare", "emptyDir": { "medium": "" } }));
    }),
    breaks("scratch_fits", "too much", |w| {
        push(w, API, &format!("{POD}/volumes"), json!({ "name": "spare", "emptyDir": { "sizeLimit": "10Gi" } }));
    }),
    breaks("lasting_containers_have_probes", "no liveness", |w| remove(w, API, CONTAINER, "livenessProbe")),
    breaks("lasting_containers_have_probes", "no readiness", |w| {
        remove(w, "StatefulSet monitoring/prometheus", CONTAINER, "readinessProbe");
    }),
    breaks("lasting_containers_have_probes", "no handler", |w| {
        remove(w, API, &format!("{CONTAINER}/readinessProbe"), "httpGet");
    }),
    breaks("lasting_containers_have_probes", "a job", |w| {
        set(w, JOB, &format!("{JOB_POD}/containers/0/livenessProbe"), json!({ "tcpSocket": { "port": 1 } }));
    }),
    breaks("budgets_fit_replicas", "none", |w| drop(w, "PodDisruptionBudget production/api")),
    breaks("budgets_fit_replicas", "two", |w| double(w, "PodDisruptionBudget production/api", "second")),
    breaks("budgets_fit_replicas", "one for one pod", |w| {
        set(w, "HorizontalPodAutoscaler production/api", "/spec/minReplicas", json!(1));
    }),
    breaks("budgets_fit_replicas", "none may go", |w| {
        set(w, "PodDisruptionBudget production/api", "/spec/maxUnavailable", json!(0));
    }),
    breaks("budgets_fit_replicas", "some must stay", |w| {
        set(w, "PodDisruptionBudget production/api", "/spec/minAvailable", json!(2));
    }),
    breaks("ends_are_graceful", "a long sleep", |w| {
        set(w, API, &format!("{CONTAINER}/lifecycle/preStop/sleep/seconds"), json!(45));
    }),
    breaks("ends_are_graceful", "a short grace", |w| {
        set(w, API, &format!("{POD}/terminationGracePeriodSeconds"), json!(5));
    }),
    breaks("updates_leave_no_gap", "one pod less", |w| {
        set(w, API, "/spec/strategy/rollingUpdate/maxUnavailable", json!(1));
    }),
    breaks("updates_leave_no_gap", "no other pod", |w| set(w, API, "/spec/strategy/rollingUpdate/maxSurge", json!(0))),
    breaks("updates_leave_no_gap", "two pods on one volume", |w| {
        let rolling = json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } });
        set(w, "Deployment default/registry", "/spec/strategy", rolling);
    }),
    breaks("updates_leave_no_gap", "over before ready", |w| set(w, API, "/spec/minReadySeconds", json!(300))),
    breaks("updates_leave_no_gap", "jobs side by side", |w| set(w, JOB, "/spec/concurrencyPolicy", json!("Allow"))),
    breaks("updates_leave_no_gap", "six fields", |w| set(w, JOB, "/spec/schedule", json!("0 0 3 * * 0"))),
    breaks("replicas_spread", "not over hosts", |w| {
        set(w, API, &format!("{POD}/topologySpreadConstraints"), json!([]));
    }),
    breaks("replicas_spread", "at any price", |w| {
        let strict = format!("{POD}/topologySpreadConstraints/0/whenUnsatisfiable");
        set(w, API, &strict, json!("DoNotSchedule"));
    }),
    breaks("replicas_spread", "other pods", |w| {
        let labels = format!("{POD}/topologySpreadConstraints/0/labelSelector/matchLabels/app.kubernetes.io~1name");
        set(w, API, &labels, json!("auth"));
    }),
    breaks("quotas_hold", "too little CPU", |w| set(w, QUOTA, "/spec/hard/requests.cpu", json!("5"))),
    breaks("quotas_hold", "too little memory", |w| set(w, QUOTA, "/spec/hard/requests.memory", json!("2Gi"))),
    breaks("quotas_hold", "too low limits", |w| set(w, QUOTA, "/spec/hard/limits.memory", json!("4Gi"))),
    breaks("quotas_hold", "too few pods", |w| set(w, QUOTA, "/spec/hard/pods", json!("32"))),
    breaks("quotas_hold", "more pods at most", |w| {
        set(w, "HorizontalPodAutoscaler production/api", "/spec/maxReplicas", json!(90));
    }),
    breaks("quotas_hold", "more surge", |w| set(w, API, "/spec/strategy/rollingUpdate/maxSurge", json!("800%"))),
    breaks("quotas_hold", "no claims", |w| {
        set(w, "ResourceQuota monitoring/monitoring", "/spec/hard/persistentvolumeclaims", json!("2"));
    }),
    breaks("quotas_hold", "a node port", |w| set(w, "Service production/api", "/spec/type", json!("NodePort"))),
    breaks("quotas_hold", "no limit of pods", |w| remove(w, QUOTA, "/spec/hard", "pods")),
    breaks("pools_fit", "more pods at most", |w| {
        set(w, "HorizontalPodAutoscaler production/api", "/spec/maxReplicas", json!(30));
    }),
    breaks("limits_admit", "a large container", |w| {
        set(w, API, &format!("{CONTAINER}/resources/limits/memory"), json!("64Gi"));
    }),
    breaks("limits_admit", "a large claim", |w| {
        let size = "/spec/volumeClaimTemplates/0/spec/resources/requests/storage";
        set(w, "StatefulSet monitoring/prometheus", size, json!("900Gi"));
    }),
    breaks("limits_admit", "defaults above the largest", |w| {
        set(w, "LimitRange production/production", "/spec/limits/0/default/cpu", json!("64"));
    }),
];
