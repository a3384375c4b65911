//! What is watched of every workload by what the API says about it. Each alert names one thing that somebody can do
//! something about; none fires for a rollout, a finished job or an autoscaler that does its work.

use crate::components::kube_state_metrics::cluster_workload;
use crate::model::identity::Own;
use crate::model::monitoring::{Alert, Rule, RuleGroup, Urgency};
use crate::values::name::Name;

/// The rules about the state of the platform's objects.
pub fn rules() -> RuleGroup {
    RuleGroup {
        name: "kube-state-metrics".to_owned(),
        rules: vec![
            crash_looping(),
            not_ready(),
            out_of_memory(),
            deployment_mismatch(),
            stateful_set_mismatch(),
            job_failed(),
            autoscaler_at_maximum(),
            autoscaler_without_metrics(),
            quota_almost_full(),
        ],
    }
}

/// Every rule here is silent when its series are missing. Each of the two Deployments is known by a series that only it
/// has, about the namespace in which both stand: their targets share a job, so the one would answer for the other, and a
/// pod that runs without the right to read counts as gone too.
pub fn absence(own: &Own) -> Alert {
    let gone = |workload: Name, series: &str| {
        let series = format!(r#"absent({series}{{namespace="{}"}})"#, own.namespace);
        format!(r#"label_replace({series}, "service", "{workload}", "", "")"#)
    };
    let objects = gone(own.name.clone(), "kube_pod_info");
    let cluster = gone(cluster_workload(own), "kube_namespace_created");
    Alert {
        name: "KubeStateMetricsAbsent",
        expr: format!("{objects}\nor {cluster}"),
        hold: "10m",
        urgency: Urgency::Warning,
        summary: "{{ $labels.namespace }}/{{ $labels.service }} tells nothing",
        description: "Prometheus has no series of this Deployment: either no pod of it runs, or it may not read the API. Without it no alert about the state of pods, Deployments, autoscalers, jobs or quotas can fire; if it is the one about the cluster, panels about nodes are empty.",
    }
}

fn crash_looping() -> Rule {
    Rule::Alert(Alert {
        name: "PodCrashLooping",
        expr: "sum by (namespace, pod, container) (increase(kube_pod_container_status_restarts_total[15m])) > 3"
            .to_owned(),
        hold: "5m",
        urgency: Urgency::Warning,
        summary: "{{ $labels.container }} in {{ $labels.pod }} restarts again and again",
        description: "{{ $labels.namespace }}/{{ $labels.pod }} restarted {{ $value | humanize }} times in a quarter of an hour. Read the log of the container before (`kubectl logs --previous`) and its last state.",
    })
}

/// A pod without a node has no readiness at all, hence the phases; a finished one is rightly not ready.
fn not_ready() -> Rule {
    let each = |series: &str| format!("max by (namespace, pod) ({series})");
    let unready = each(r#"kube_pod_status_ready{condition="false"}"#);
    let waiting = each(r#"kube_pod_status_phase{phase=~"Pending|Unknown"}"#);
    let finished = each(r#"kube_pod_status_phase{phase=~"Succeeded|Failed"}"#);
    Rule::Alert(Alert {
        name: "PodNotReady",
        expr: format!("({unready} == 1 or {waiting} == 1)\nunless {finished} == 1"),
        hold: "10m",
        urgency: Urgency::Warning,
        summary: "{{ $labels.pod }} is not ready",
        description: "{{ $labels.namespace }}/{{ $labels.pod }} has not been ready for ten minutes. Its events say whether it waits for a node, a volume or an image; its readiness probe says the rest.",
    })
}

/// The reason of the last end stays for as long as the pod lives, so it counts only beside a fresh restart.
fn out_of_memory() -> Rule {
    let each = |series: &str| format!("max by (namespace, pod, container) ({series})");
    let restarted = each("increase(kube_pod_container_status_restarts_total[10m])");
    let killed = each(r#"kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}"#);
    Rule::Alert(Alert {
        name: "ContainerOOMKilled",
        expr: format!("{restarted} > 0\nand {killed} == 1"),
        hold: "1m",
        urgency: Urgency::Warning,
        summary: "{{ $labels.container }} in {{ $labels.pod }} ran out of memory",
        description: "{{ $labels.namespace }}/{{ $labels.pod }} was killed at its memory limit. Look at its memory before the end: a slope is a leak, a step is a request too large; only then raise its size.",
    })
}

fn deployment_mismatch() -> Rule {
    let each = |series: &str| format!("max by (namespace, deployment) ({series})");
    let available = each("kube_deployment_status_replicas_available");
    let wanted = each("kube_deployment_spec_replicas");
    let progress = each("changes(kube_deployment_status_replicas_updated[10m])");
    Rule::Alert(Alert {
        name: "DeploymentReplicasMismatch",
        expr: format!("{available}\n  < {wanted}\nand {progress} == 0"),
        hold: "10m",
        urgency: Urgency::Warning,
        summary: "Deployment {{ $labels.deployment }} has too few pods",
        description: "{{ $labels.namespace }}/{{ $labels.deployment }} has {{ $value }} available pods, fewer than it wants, and no rollout is under way. Look for a full quota, full nodes, or pods that are not ready.",
    })
}

fn stateful_set_mismatch() -> Rule {
    let each = |series: &str| format!("max by (namespace, statefulset) ({series})");
    let ready = each("kube_statefulset_status_replicas_ready");
    let wanted = each("kube_statefulset_replicas");
    let progress = each("changes(kube_statefulset_status_replicas_updated[10m])");
    Rule::Alert(Alert {
        name: "StatefulSetReplicasMismatch",
        expr: format!("{ready}\n  < {wanted}\nand {progress} == 0"),
        hold: "10m",
        urgency: Urgency::Warning,
        summary: "StatefulSet {{ $labels.statefulset }} has too few pods",
        description: "{{ $labels.namespace }}/{{ $labels.statefulset }} has {{ $value }} ready pods, fewer than it wants, and no rollout is under way. Look for a volume that cannot move to another zone before anything else.",
    })
}

/// Ends when the failed job is deleted, at the latest by its time to live.
fn job_failed() -> Rule {
    Rule::Alert(Alert {
        name: "JobFailed",
        expr: r#"max by (namespace, job_name) (kube_job_failed{condition="true"}) == 1"#.to_owned(),
        hold: "5m",
        urgency: Urgency::Warning,
        summary: "Job {{ $labels.job_name }} failed",
        description: "{{ $labels.namespace }}/{{ $labels.job_name }} gave up after its last attempt. Read the log of its pod, then delete the job.",
    })
}

/// An autoscaler whose range is one number is always at its maximum.
fn autoscaler_at_maximum() -> Rule {
    let each =
        |name: &str| format!("max by (namespace, horizontalpodautoscaler) (kube_horizontalpodautoscaler_{name})");
    let (current, max, min) = (each("status_current_replicas"), each("spec_max_replicas"), each("spec_min_replicas"));
    Rule::Alert(Alert {
        name: "HPAMaxedOut",
        expr: format!("{current}\n  >= {max}\nand {max}\n  > {min}"),
        hold: "15m",
        urgency: Urgency::Warning,
        summary: "{{ $labels.horizontalpodautoscaler }} cannot grow any further",
        description: "{{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} has run its maximum of {{ $value }} pods for a quarter of an hour. More load will make it slow: find out what the load is, then raise `scale.max`.",
    })
}

fn autoscaler_without_metrics() -> Rule {
    let condition = r#"kube_horizontalpodautoscaler_status_condition{condition="ScalingActive",status="false"}"#;
    Rule::Alert(Alert {
        name: "HPAMetricsFailing",
        expr: format!("max by (namespace, horizontalpodautoscaler) ({condition}) == 1"),
        hold: "5m",
        urgency: Urgency::Warning,
        summary: "{{ $labels.horizontalpodautoscaler }} cannot see its metrics",
        description: "{{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} does not scale. Its conditions name the metric: cpu and memory come from metrics-server, requests per second from prometheus-adapter.",
    })
}

/// A quota of nothing is a prohibition, not a budget; and claims and Services are counted exactly, so full is how they
/// are meant to be.
fn quota_almost_full() -> Rule {
    let counted = "persistentvolumeclaims|services.*";
    let sum = |kind| {
        let series = format!(r#"kube_resourcequota{{type="{kind}", resource!~"{counted}"}}"#);
        format!("max by (namespace, resourcequota, resource) ({series})")
    };
    let (used, hard) = (sum("used"), sum("hard"));
    Rule::Alert(Alert {
        name: "QuotaAlmostFull",
        expr: format!("{used}\n  / ({hard} > 0)\n  > 0.9"),
        hold: "15m",
        urgency: Urgency::Warning,
        summary: "{{ $labels.namespace }} has used {{ $value | humanizePercentage }} of its {{ $labels.resource }}",
        description: "When quota {{ $labels.resourcequota }} of {{ $labels.namespace }} is full, no new pod starts there: no rollout, no autoscaling. Raise it in platform.toml or shrink what runs.",
    })
}
