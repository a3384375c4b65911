//! `capacity`: what is left of what the platform may use.

use crate::components::grafana::board::{
    BARS, Board, FEW_IS_FINE, FULLNESS, LINES, NONE_IS_GOOD, NUMBER, Panel, Row, STACK, Unit, View, query,
};

/// Does everything fit, and for how long?
pub const BOARD: Board = Board {
    name: "capacity",
    title: "Capacity",
    about: "Does everything fit, and for how long?",
    variables: &[],
    rows: &[
        Row { title: "", folded: false, height: 4, panels: NOW },
        Row { title: "Quotas", folded: false, height: 8, panels: QUOTAS },
        Row { title: "CPU", folded: false, height: 8, panels: CPU },
        Row { title: "Memory", folded: false, height: 8, panels: MEMORY },
        Row { title: "Pods", folded: false, height: 8, panels: PODS },
        Row { title: "Storage", folded: false, height: 8, panels: STORAGE },
        Row { title: "Nodes", folded: false, height: 8, panels: NODES },
    ],
};

const NOW: &[Panel] = &[
    Panel {
        title: "CPU reserved",
        about: "Requests of this platform's pods, as a share of what all nodes offer. Other namespaces come on top.",
        unit: Unit::Ratio,
        marks: FULLNESS,
        queries: &[query(
            r#"sum(kube_pod_container_resource_requests{resource="cpu"}) / sum(kube_node_status_allocatable{resource="cpu"})"#,
            "reserved",
        )],
        ..NUMBER
    },
    Panel {
        title: "Memory reserved",
        about: "Requests of this platform's pods, as a share of what all nodes offer. Other namespaces come on top.",
        unit: Unit::Ratio,
        marks: FULLNESS,
        queries: &[query(
            r#"sum(kube_pod_container_resource_requests{resource="memory"}) / sum(kube_node_status_allocatable{resource="memory"})"#,
            "reserved",
        )],
        ..NUMBER
    },
    Panel {
        title: "Pods pending",
        about: "Pods that no node has room for, whose volume is elsewhere, or whose image is still being pulled.",
        marks: FEW_IS_FINE,
        queries: &[query(r#"sum(kube_pod_status_phase{phase="Pending"})"#, "pending")],
        ..NUMBER
    },
    Panel {
        title: "Autoscalers at their maximum",
        marks: FEW_IS_FINE,
        queries: &[query(
            "count(kube_horizontalpodautoscaler_status_current_replicas >= kube_horizontalpodautoscaler_spec_max_replicas) or vector(0)",
            "autoscalers",
        )],
        ..NUMBER
    },
    Panel {
        title: "Killed for memory, last hour",
        about: "Containers that went over their memory limit and were started again.",
        marks: NONE_IS_GOOD,
        queries: &[query(
            r#"sum(max by (namespace, pod, container, uid) (increase(kube_pod_container_status_restarts_total[1h])) * max by (namespace, pod, container, uid) (kube_pod_container_status_last_terminated_reason{reason="OOMKilled"})) or vector(0)"#,
            "kills",
        )],
        ..NUMBER
    },
    Panel {
        title: "Budgets that allow no disruption",
        about: "A node under such a pod cannot be drained now.",
        marks: FEW_IS_FINE,
        queries: &[query(
            "count(kube_poddisruptionbudget_status_pod_disruptions_allowed == 0) or vector(0)",
            "budgets",
        )],
        ..NUMBER
    },
];

const QUOTAS: &[Panel] = &[
    Panel {
        title: "Quota in use",
        about: "At 100 % the namespace takes no new pod: rollouts and autoscalers stop without an error of their own.",
        marks: FULLNESS,
        queries: &[query(
            r#"max by (namespace, resource) (kube_resourcequota{type="used", resource=~"requests.cpu|requests.memory|limits.memory|pods"}) / max by (namespace, resource) (kube_resourcequota{type="hard", resource=~"requests.cpu|requests.memory|limits.memory|pods"} > 0)"#,
            "{{namespace}} {{resource}}",
        )],
        width: 12,
        ..BARS
    },
    Panel {
        title: "Quota in use over time",
        unit: Unit::Ratio,
        marks: FULLNESS,
        queries: &[query(
            r#"max by (namespace, resource) (kube_resourcequota{type="used", resource=~"requests.cpu|requests.memory|limits.memory|pods"}) / max by (namespace, resource) (kube_resourcequota{type="hard", resource=~"requests.cpu|requests.memory|limits.memory|pods"} > 0)"#,
            "{{namespace}} {{resource}}",
        )],
        width: 12,
        ..LINES
    },
];

const CPU: &[Panel] = &[
    Panel {
        title: "CPU used by namespace",
        unit: Unit::Cores,
        queries: &[query(
            r#"sum by (namespace) (rate(container_cpu_usage_seconds_total{container!=""}[$__rate_interval]))"#,
            "{{namespace}}",
        )],
        ..STACK
    },
    Panel {
        title: "CPU reserved by namespace",
        about: "Far above what is used: requests are too high, and nodes stand idle.",
        unit: Unit::Cores,
        queries: &[query(
            r#"sum by (namespace) (kube_pod_container_resource_requests{resource="cpu"})"#,
            "{{namespace}}",
        )],
        ..STACK
    },
    Panel {
        title: "Most slowed down by their CPU limit",
        about: "Share of scheduling periods in which the container had to wait although it had work.",
        unit: Unit::Ratio,
        marks: FULLNESS,
        queries: &[query(
            "topk(10, sum by (namespace, container) (rate(container_cpu_cfs_throttled_periods_total[$__rate_interval])) / sum by (namespace, container) (rate(container_cpu_cfs_periods_total[$__rate_interval])))",
            "{{namespace}}/{{container}}",
        )],
        ..LINES
    },
];

const MEMORY: &[Panel] = &[
    Panel {
        title: "Memory used by namespace",
        unit: Unit::Bytes,
        queries: &[query(r#"sum by (namespace) (container_memory_working_set_bytes{container!=""})"#, "{{namespace}}")],
        ..STACK
    },
    Panel {
        title: "Memory reserved by namespace",
        unit: Unit::Bytes,
        queries: &[query(
            r#"sum by (namespace) (kube_pod_container_resource_requests{resource="memory"})"#,
            "{{namespace}}",
        )],
        ..STACK
    },
    Panel {
        title: "Nearest to their memory limit",
        about: "At 100 % the kernel kills the container.",
        unit: Unit::Ratio,
        marks: FULLNESS,
        queries: &[query(
            r#"topk(10, max by (namespace, pod, container) (container_memory_working_set_bytes{container!=""}) / max by (namespace, pod, container) (kube_pod_container_resource_limits{resource="memory"}))"#,
            "{{pod}}",
        )],
        ..LINES
    },
];

const PODS: &[Panel] = &[
    Panel {
        title: "Pods by namespace",
        queries: &[query(r#"sum by (namespace) (kube_pod_status_phase{phase="Running"})"#, "{{namespace}}")],
        width: 6,
        ..STACK
    },
    Panel {
        title: "Autoscalers: share of their maximum",
        unit: Unit::Ratio,
        marks: FULLNESS,
        queries: &[query(
            "max by (namespace, horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_current_replicas) / max by (namespace, horizontalpodautoscaler) (kube_horizontalpodautoscaler_spec_max_replicas)",
            "{{namespace}}/{{horizontalpodautoscaler}}",
        )],
        width: 6,
        ..LINES
    },
    Panel {
        title: "Restarts",
        about: "In the last hour; the ten containers that restart most.",
        queries: &[query(
            "topk(10, sum by (namespace, container) (increase(kube_pod_container_status_restarts_total[1h])) > 0)",
            "{{namespace}}/{{container}}",
        )],
        width: 6,
        ..LINES
    },
    Panel {
        title: "Disruption budgets",
        about: "How many pods may be away at once, now.",
        view: View::Table(&[("Value", "Allowed"), ("namespace", "Namespace"), ("poddisruptionbudget", "Budget")]),
        queries: &[query(
            "sum by (namespace, poddisruptionbudget) (kube_poddisruptionbudget_status_pod_disruptions_allowed)",
            "",
        )],
        width: 6,
        ..LINES
    },
];

const STORAGE: &[Panel] = &[
    Panel {
        title: "Volumes: share in use",
        marks: FULLNESS,
        queries: &[query(
            "topk(10, 1 - min by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes) / max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes))",
            "{{namespace}}/{{persistentvolumeclaim}}",
        )],
        ..BARS
    },
    Panel {
        title: "Volumes: bytes free",
        about: "A line that points to zero says when.",
        unit: Unit::Bytes,
        queries: &[query(
            "bottomk(10, min by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes))",
            "{{namespace}}/{{persistentvolumeclaim}}",
        )],
        ..LINES
    },
    Panel {
        title: "Prometheus: blocks and their limit",
        about: "At the limit Prometheus drops its oldest days.",
        unit: Unit::Bytes,
        queries: &[
            query("sum by (pod) (prometheus_tsdb_storage_blocks_bytes)", "{{pod}}"),
            query("max(prometheus_tsdb_retention_limit_bytes)", "limit"),
        ],
        ..LINES
    },
];

const NODES: &[Panel] = &[
    Panel {
        title: "CPU reserved by node",
        about: "Requests of this platform's pods, as a share of what the node offers. Other namespaces come on top.",
        marks: FULLNESS,
        queries: &[query(
            r#"topk(20, sum by (node) (kube_pod_container_resource_requests{resource="cpu", node!=""}) / sum by (node) (kube_node_status_allocatable{resource="cpu"}))"#,
            "{{node}}",
        )],
        ..BARS
    },
    Panel {
        title: "Memory reserved by node",
        about: "Requests of this platform's pods, as a share of what the node offers. Other namespaces come on top.",
        marks: FULLNESS,
        queries: &[query(
            r#"topk(20, sum by (node) (kube_pod_container_resource_requests{resource="memory", node!=""}) / sum by (node) (kube_node_status_allocatable{resource="memory"}))"#,
            "{{node}}",
        )],
        ..BARS
    },
    Panel {
        title: "Nodes in trouble",
        about: "Not ready, or under pressure. Empty when all is well.",
        view: View::Table(&[("node", "Node"), ("condition", "Condition")]),
        queries: &[query(
            r#"sum by (node, condition) (kube_node_status_condition{condition!="Ready", status="true"} or kube_node_status_condition{condition="Ready", status!="true"}) > 0"#,
            "",
        )],
        ..LINES
    },
];
