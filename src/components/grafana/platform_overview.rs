//! `platform-overview`: what somebody looks at first who has been woken up.

use crate::components::grafana::board::{
    BARS, Board, DAYS_LEFT, ERRORS, FEW_IS_FINE, FULLNESS, LINES, NEUTRAL, NONE_IS_GOOD, NUMBER, Panel, Row, Unit,
    View, WAITING, query,
};

/// Is anything wrong, where, and what will be wrong next?
pub const BOARD: Board = Board {
    name: "platform-overview",
    title: "Platform overview",
    about: "Is anything wrong, where, and what will be wrong next?",
    variables: &[],
    rows: &[
        Row { title: "", folded: false, height: 4, panels: NOW },
        Row { title: "What is wrong", folded: false, height: 8, panels: WRONG },
        Row { title: "Traffic", folded: false, height: 8, panels: TRAFFIC },
        Row { title: "What runs out next", folded: false, height: 8, panels: RUNWAY },
        Row { title: "The monitoring itself", folded: false, height: 4, panels: MONITORING },
    ],
};

const NOW: &[Panel] = &[
    Panel {
        title: "Critical alerts",
        about: "Each of them has paged somebody.",
        marks: NONE_IS_GOOD,
        queries: &[query(r#"count(ALERTS{alertstate="firing", severity="critical"}) or vector(0)"#, "critical")],
        ..NUMBER
    },
    Panel {
        title: "Warnings",
        about: "They can wait until the morning, but not until next week.",
        marks: FEW_IS_FINE,
        queries: &[query(r#"count(ALERTS{alertstate="firing", severity="warning"}) or vector(0)"#, "warnings")],
        ..NUMBER
    },
    Panel {
        title: "Targets down",
        about: "Pods that run but do not answer Prometheus. Pods that are gone altogether are no targets.",
        marks: NONE_IS_GOOD,
        queries: &[query("count(up == 0) or vector(0)", "down")],
        ..NUMBER
    },
    Panel {
        title: "Failing requests",
        about: "Share of all requests to services that end in a server error.",
        unit: Unit::Ratio,
        marks: ERRORS,
        queries: &[query(
            r#"(sum(rate(http_requests_total{status=~"5.."}[5m])) or vector(0)) / (sum(rate(http_requests_total[5m])) > 0)"#,
            "failing",
        )],
        ..NUMBER
    },
    Panel {
        title: "Slowest service, p95",
        about: "One request in twenty to the slowest service takes longer.",
        unit: Unit::Seconds,
        marks: WAITING,
        queries: &[query("max(service:http_request_duration_seconds:p95_5m)", "p95")],
        ..NUMBER
    },
    Panel {
        title: "Requests",
        about: "To all services together. A sudden fall is as telling as errors are: perhaps nothing arrives any more.",
        unit: Unit::Requests,
        marks: NEUTRAL,
        queries: &[query("sum(service:http_requests:rate5m)", "requests")],
        ..NUMBER
    },
];

const WRONG: &[Panel] = &[
    Panel {
        title: "Firing alerts",
        about: "Empty when all is well.",
        view: View::Table(&[
            ("severity", "Severity"),
            ("alertname", "Alert"),
            ("namespace", "Namespace"),
            ("service", "Service"),
        ]),
        queries: &[query(
            r#"count by (severity, alertname, namespace, service) (ALERTS{alertstate="firing", severity=~"critical|warning"})"#,
            "",
        )],
        ..LINES
    },
    Panel {
        title: "Workloads below strength",
        about: "Pods that should be there and are not available. Empty when all is well; a rollout passes through here.",
        view: View::Table(&[("namespace", "Namespace"), ("workload", "Workload"), ("Value", "Pods missing")]),
        queries: &[query(
            r#"sum by (namespace, workload) (label_replace(kube_deployment_spec_replicas - kube_deployment_status_replicas_available, "workload", "$1", "deployment", "(.+)") or label_replace(kube_statefulset_replicas - kube_statefulset_status_replicas_available, "workload", "$1", "statefulset", "(.+)")) > 0"#,
            "",
        )],
        ..LINES
    },
    Panel {
        title: "Containers that wait",
        about: "CrashLoopBackOff: read the log of the last run. ImagePullBackOff: the image or its credential is gone. CreateContainerConfigError: a secret is missing.",
        view: View::Table(&[("namespace", "Namespace"), ("pod", "Pod"), ("reason", "Reason")]),
        queries: &[query(
            "topk(20, sum by (namespace, pod, reason) (kube_pod_container_status_waiting_reason) > 0)",
            "",
        )],
        ..LINES
    },
];

const TRAFFIC: &[Panel] = &[
    Panel {
        title: "Pods that answer",
        about: "Pods of each component that Prometheus reaches, and what is no pod: kubelets.",
        queries: &[
            query(r#"sum by (namespace, service) (up{service!=""})"#, "{{namespace}}/{{service}}"),
            query(r#"sum by (job) (up{service=""})"#, "{{job}}"),
        ],
        width: 6,
        ..LINES
    },
    Panel {
        title: "Requests by service",
        about: "",
        unit: Unit::Requests,
        queries: &[query("service:http_requests:rate5m", "{{namespace}}/{{service}}")],
        width: 6,
        ..LINES
    },
    Panel {
        title: "Failing requests by service",
        about: "Share of requests that end in a server error. The dashed line is where the alert stands.",
        unit: Unit::Ratio,
        marks: ERRORS,
        queries: &[query("service:http_errors:ratio_rate5m", "{{namespace}}/{{service}}")],
        width: 6,
        ..LINES
    },
    Panel {
        title: "p95 by service",
        about: "One request in twenty takes longer. The dashed line is where the alert stands.",
        unit: Unit::Seconds,
        marks: WAITING,
        queries: &[query("service:http_request_duration_seconds:p95_5m", "{{namespace}}/{{service}}")],
        width: 6,
        ..LINES
    },
];

const RUNWAY: &[Panel] = &[
    Panel {
        title: "Certificates: days left",
        about: "cert-manager renews after two thirds of the lifetime. Below seven days it has failed for long.",
        view: View::Bars { full: 90.0 },
        unit: Unit::Days,
        marks: DAYS_LEFT,
        queries: &[query(
            "bottomk(8, (min by (name) (certmanager_certificate_expiration_timestamp_seconds > 0) - time()) / 86400)",
            "{{name}}",
        )],
        ..BARS
    },
    Panel {
        title: "Autoscalers: share of their maximum",
        about: "At 100 % more load makes everything slower: raise `max`, or find out who asks so much.",
        marks: FULLNESS,
        queries: &[query(
            "topk(8, max by (namespace, horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_current_replicas) / max by (namespace, horizontalpodautoscaler) (kube_horizontalpodautoscaler_spec_max_replicas))",
            "{{namespace}}/{{horizontalpodautoscaler}}",
        )],
        ..BARS
    },
    Panel {
        title: "Volumes: share in use",
        about: "A full volume stops what writes to it.",
        marks: FULLNESS,
        queries: &[query(
            "topk(8, 1 - min by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes) / max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes))",
            "{{namespace}}/{{persistentvolumeclaim}}",
        )],
        ..BARS
    },
];

const MONITORING: &[Panel] = &[
    Panel {
        title: "Samples a second",
        about: "What Prometheus takes in. At zero, every other panel shows the past.",
        unit: Unit::PerSecond,
        width: 6,
        queries: &[query("sum(rate(prometheus_tsdb_head_samples_appended_total[5m]))", "samples")],
        ..NUMBER
    },
    Panel {
        title: "Rules that failed, last hour",
        about: "A rule that fails alerts nobody.",
        marks: NONE_IS_GOOD,
        width: 6,
        queries: &[query("sum(increase(prometheus_rule_evaluation_failures_total[1h]))", "failures")],
        ..NUMBER
    },
    Panel {
        title: "Notifications that failed, last hour",
        about: "Alerts that fired and reached nobody.",
        marks: NONE_IS_GOOD,
        width: 6,
        queries: &[query("sum(increase(alertmanager_notifications_failed_total[1h]))", "failures")],
        ..NUMBER
    },
    Panel {
        title: "Grafana queries that failed, last hour",
        about: "Panels that showed an error instead of an answer.",
        marks: FEW_IS_FINE,
        width: 6,
        queries: &[query(
            r#"sum(increase(grafana_plugin_request_total{endpoint="queryData", status="error"}[1h])) or vector(0)"#,
            "failures",
        )],
        ..NUMBER
    },
];
