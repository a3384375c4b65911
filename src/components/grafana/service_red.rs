//! `service-red`: rate, errors and duration of one service, then what limits it.

use crate::components::grafana::board::{
    Board, Color, ERRORS, FEW_IS_FINE, FULLNESS, LINES, Marks, NUMBER, Panel, Row, STACK, Unit, Variable, View,
    WAITING, fallback, query,
};

/// What does this service do to its callers, and what keeps it from doing better?
pub const BOARD: Board = Board {
    name: "service-red",
    title: "Service: rate, errors, duration",
    about: "What does this service do to its callers, and what keeps it from doing better?",
    variables: &[
        Variable { label: "namespace", title: "Namespace", series: "http_requests_total", all: true },
        Variable {
            label: "service",
            title: "Service",
            series: r#"http_requests_total{namespace=~"$namespace"}"#,
            all: false,
        },
        Variable {
            label: "pod",
            title: "Pod",
            series: r#"http_requests_total{namespace=~"$namespace", service=~"$service"}"#,
            all: true,
        },
    ],
    rows: &[
        Row { title: "", folded: false, height: 4, panels: NOW },
        Row { title: "Rate", folded: false, height: 8, panels: RATE },
        Row { title: "Errors", folded: false, height: 8, panels: FAILURES },
        Row { title: "Duration", folded: false, height: 8, panels: DURATION },
        Row { title: "Saturation", folded: false, height: 8, panels: SATURATION },
        Row { title: "Scaling and changes", folded: false, height: 8, panels: SCALING },
        // A service has one runtime, so most of these are empty for most services.
        Row { title: "Runtime", folded: true, height: 8, panels: RUNTIME },
    ],
};

const NOW: &[Panel] = &[
    Panel {
        title: "Requests",
        unit: Unit::Requests,
        queries: &[query(
            r#"sum(rate(http_requests_total{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[5m]))"#,
            "requests",
        )],
        ..NUMBER
    },
    Panel {
        title: "Failing",
        about: "Share of requests that end in a server error.",
        unit: Unit::Ratio,
        marks: ERRORS,
        queries: &[query(
            r#"(sum(rate(http_requests_total{namespace=~"$namespace", service=~"$service", pod=~"$pod", status=~"5.."}[5m])) or vector(0)) / (sum(rate(http_requests_total{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[5m])) > 0)"#,
            "failing",
        )],
        ..NUMBER
    },
    Panel {
        title: "p95",
        about: "One request in twenty takes longer.",
        unit: Unit::Seconds,
        marks: WAITING,
        queries: &[query(
            r#"histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[5m])))"#,
            "p95",
        )],
        ..NUMBER
    },
    Panel {
        title: "Pods that answer",
        about: "Pods that Prometheus reaches.",
        marks: Marks { base: Color::Red, steps: &[(1.0, Color::Green)] },
        queries: &[query(r#"sum(up{namespace=~"$namespace", service=~"$service", pod=~"$pod"})"#, "pods")],
        ..NUMBER
    },
    Panel {
        title: "Pods that can be added",
        about: "What the autoscaler has left until its maximum.",
        marks: Marks { base: Color::Red, steps: &[(1.0, Color::Orange), (2.0, Color::Green)] },
        queries: &[query(
            r#"min(kube_horizontalpodautoscaler_spec_max_replicas{namespace=~"$namespace", horizontalpodautoscaler=~"$service"} - kube_horizontalpodautoscaler_status_current_replicas{namespace=~"$namespace", horizontalpodautoscaler=~"$service"})"#,
            "pods",
        )],
        ..NUMBER
    },
    Panel {
        title: "Restarts, last hour",
        marks: FEW_IS_FINE,
        queries: &[query(
            r#"sum(increase(kube_pod_container_status_restarts_total{namespace=~"$namespace", container=~"$service"}[1h]))"#,
            "restarts",
        )],
        ..NUMBER
    },
];

const RATE: &[Panel] = &[
    Panel {
        title: "Requests by status",
        unit: Unit::Requests,
        queries: &[query(
            r#"sum by (status) (rate(http_requests_total{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[$__rate_interval]))"#,
            "{{status}}",
        )],
        ..STACK
    },
    Panel {
        title: "Busiest paths",
        about: "The ten with the most requests. Identifiers in paths belong into labels of a trace, not here.",
        unit: Unit::Requests,
        queries: &[query(
            r#"topk(10, sum by (method, path) (rate(http_requests_total{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[$__rate_interval])))"#,
            "{{method}} {{path}}",
        )],
        ..LINES
    },
    Panel {
        title: "Requests by pod, and the autoscaler's target",
        about: "One pod far above the others: clients keep their connections. All above the target: more pods are coming.",
        unit: Unit::Requests,
        queries: &[
            query(
                r#"sum by (pod) (rate(http_requests_total{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[$__rate_interval]))"#,
                "{{pod}}",
            ),
            query(
                r#"max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_spec_target_metric{namespace=~"$namespace", horizontalpodautoscaler=~"$service", metric_name="http_requests_per_second"})"#,
                "target of {{horizontalpodautoscaler}}",
            ),
        ],
        ..LINES
    },
];

const FAILURES: &[Panel] = &[
    Panel {
        title: "Server errors (5xx)",
        about: "Share of requests. The dashed line is where the alert stands.",
        unit: Unit::Ratio,
        marks: ERRORS,
        queries: &[query(
            r#"sum by (namespace, service) (rate(http_requests_total{namespace=~"$namespace", service=~"$service", pod=~"$pod", status=~"5.."}[$__rate_interval])) / sum by (namespace, service) (rate(http_requests_total{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[$__rate_interval]))"#,
            "{{namespace}}/{{service}}",
        )],
        ..LINES
    },
    Panel {
        title: "Client errors (4xx)",
        about: "Share of requests. A sudden rise after a rollout is often ours: a renamed path, a stricter check.",
        unit: Unit::Ratio,
        queries: &[query(
            r#"sum by (namespace, service) (rate(http_requests_total{namespace=~"$namespace", service=~"$service", pod=~"$pod", status=~"4.."}[$__rate_interval])) / sum by (namespace, service) (rate(http_requests_total{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[$__rate_interval]))"#,
            "{{namespace}}/{{service}}",
        )],
        ..LINES
    },
    Panel {
        title: "Paths that fail most",
        about: "The ten paths with the most server errors.",
        unit: Unit::Requests,
        queries: &[query(
            r#"topk(10, sum by (method, path, status) (rate(http_requests_total{namespace=~"$namespace", service=~"$service", pod=~"$pod", status=~"5.."}[$__rate_interval])))"#,
            "{{status}} {{method}} {{path}}",
        )],
        ..LINES
    },
];

const DURATION: &[Panel] = &[
    Panel {
        title: "Half, one in twenty, one in a hundred",
        about: "So many requests take longer than the line. The dashed line is where the alert on p95 stands.",
        unit: Unit::Seconds,
        marks: WAITING,
        queries: &[
            query(
                r#"histogram_quantile(0.50, sum by (le) (rate(http_request_duration_seconds_bucket{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[$__rate_interval])))"#,
                "p50",
            ),
            query(
                r#"histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[$__rate_interval])))"#,
                "p95",
            ),
            query(
                r#"histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[$__rate_interval])))"#,
                "p99",
            ),
        ],
        width: 12,
        ..LINES
    },
    Panel {
        title: "p95 by pod",
        about: "One slow pod: look at its node. All slow: look at what they call.",
        unit: Unit::Seconds,
        marks: WAITING,
        queries: &[query(
            r#"histogram_quantile(0.95, sum by (pod, le) (rate(http_request_duration_seconds_bucket{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[$__rate_interval])))"#,
            "{{pod}}",
        )],
        width: 12,
        ..LINES
    },
];

const SATURATION: &[Panel] = &[
    Panel {
        title: "CPU by pod",
        about: "The autoscaler compares with the request; at the limit the kernel slows the pod down.",
        unit: Unit::Cores,
        queries: &[
            query(
                r#"sum by (pod) (rate(container_cpu_usage_seconds_total{namespace=~"$namespace", container=~"$service", pod=~"$pod"}[$__rate_interval]))"#,
                "{{pod}}",
            ),
            fallback(
                r#"sum by (pod) (rate(process_cpu_seconds_total{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[$__rate_interval]))"#,
                "{{pod}}",
                "container_cpu_usage_seconds_total",
            ),
            query(
                r#"max by (container) (kube_pod_container_resource_requests{namespace=~"$namespace", container=~"$service", resource="cpu"})"#,
                "request of {{container}}",
            ),
            query(
                r#"max by (container) (kube_pod_container_resource_limits{namespace=~"$namespace", container=~"$service", resource="cpu"})"#,
                "limit of {{container}}",
            ),
        ],
        ..LINES
    },
    Panel {
        title: "Memory by pod",
        about: "At the limit the kernel kills the pod.",
        unit: Unit::Bytes,
        queries: &[
            query(
                r#"sum by (pod) (container_memory_working_set_bytes{namespace=~"$namespace", container=~"$service", pod=~"$pod"})"#,
                "{{pod}}",
            ),
            fallback(
                r#"sum by (pod) (process_resident_memory_bytes{namespace=~"$namespace", service=~"$service", pod=~"$pod"})"#,
                "{{pod}}",
                "container_memory_working_set_bytes",
            ),
            query(
                r#"max by (container) (kube_pod_container_resource_requests{namespace=~"$namespace", container=~"$service", resource="memory"})"#,
                "request of {{container}}",
            ),
            query(
                r#"max by (container) (kube_pod_container_resource_limits{namespace=~"$namespace", container=~"$service", resource="memory"})"#,
                "limit of {{container}}",
            ),
        ],
        ..LINES
    },
    Panel {
        title: "Slowed down by the CPU limit",
        about: "Share of scheduling periods in which the pod had to wait although it had work.",
        unit: Unit::Ratio,
        marks: FULLNESS,
        queries: &[query(
            r#"sum by (pod) (rate(container_cpu_cfs_throttled_periods_total{namespace=~"$namespace", container=~"$service", pod=~"$pod"}[$__rate_interval])) / sum by (pod) (rate(container_cpu_cfs_periods_total{namespace=~"$namespace", container=~"$service", pod=~"$pod"}[$__rate_interval]))"#,
            "{{pod}}",
        )],
        ..LINES
    },
];

const SCALING: &[Panel] = &[
    Panel {
        title: "Replicas",
        about: "Desired above current for long: pods do not become ready, or there is no room for them.",
        queries: &[
            query(
                r#"max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_current_replicas{namespace=~"$namespace", horizontalpodautoscaler=~"$service"})"#,
                "{{horizontalpodautoscaler}} current",
            ),
            query(
                r#"max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_desired_replicas{namespace=~"$namespace", horizontalpodautoscaler=~"$service"})"#,
                "{{horizontalpodautoscaler}} desired",
            ),
            query(
                r#"max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_spec_min_replicas{namespace=~"$namespace", horizontalpodautoscaler=~"$service"})"#,
                "{{horizontalpodautoscaler}} min",
            ),
            query(
                r#"max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_spec_max_replicas{namespace=~"$namespace", horizontalpodautoscaler=~"$service"})"#,
                "{{horizontalpodautoscaler}} max",
            ),
        ],
        ..LINES
    },
    Panel {
        title: "Restarts by pod",
        about: "In the last quarter of an hour.",
        queries: &[query(
            r#"sum by (pod) (increase(kube_pod_container_status_restarts_total{namespace=~"$namespace", container=~"$service", pod=~"$pod"}[15m]))"#,
            "{{pod}}",
        )],
        ..LINES
    },
    Panel {
        title: "Images that run",
        about: "Two images of one service: a rollout is under way, or it is stuck.",
        view: View::Table(&[
            ("namespace", "Namespace"),
            ("container", "Service"),
            ("image_spec", "Image"),
            ("Value", "Pods"),
        ]),
        queries: &[query(
            r#"count by (namespace, container, image_spec) (kube_pod_container_info{namespace=~"$namespace", container=~"$service"})"#,
            "",
        )],
        ..LINES
    },
];

const RUNTIME: &[Panel] = &[
    Panel {
        title: "Node.js: event loop lag",
        about: "How late timers fire. Above some tens of milliseconds something computes where it should wait.",
        unit: Unit::Seconds,
        queries: &[query(
            r#"max by (pod) (nodejs_eventloop_lag_seconds{namespace=~"$namespace", service=~"$service", pod=~"$pod"})"#,
            "{{pod}}",
        )],
        ..LINES
    },
    Panel {
        title: "Node.js: heap in use",
        unit: Unit::Bytes,
        queries: &[query(
            r#"sum by (pod) (nodejs_heap_size_used_bytes{namespace=~"$namespace", service=~"$service", pod=~"$pod"})"#,
            "{{pod}}",
        )],
        ..LINES
    },
    Panel {
        title: "Go: goroutines",
        about: "A steady rise is a leak: something waits for an answer that never comes.",
        queries: &[query(
            r#"sum by (pod) (go_goroutines{namespace=~"$namespace", service=~"$service", pod=~"$pod"})"#,
            "{{pod}}",
        )],
        ..LINES
    },
    Panel {
        title: "Go: longest pause of the collector",
        unit: Unit::Seconds,
        queries: &[query(
            r#"max by (pod) (go_gc_duration_seconds{namespace=~"$namespace", service=~"$service", pod=~"$pod", quantile="1.0"})"#,
            "{{pod}}",
        )],
        ..LINES
    },
    Panel {
        title: "Python: objects collected",
        about: "Objects that referred to each other in circles, so that only the collector could free them.",
        unit: Unit::PerSecond,
        queries: &[query(
            r#"sum by (pod) (rate(python_gc_objects_collected_total{namespace=~"$namespace", service=~"$service", pod=~"$pod"}[$__rate_interval]))"#,
            "{{pod}}",
        )],
        ..LINES
    },
];
