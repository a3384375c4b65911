//! What is watched whatever the platform holds: that targets answer, that alerting works, that volumes and nodes have
//! room. Rules about a component type stand with that type.

use crate::model::monitoring::{Alert, Rule, RuleGroup, Urgency};

/// The rules about Prometheus, and about what it sees of every pod alike. `alerting` says whether there is an
/// Alertmanager to deliver to, `kubelet` whether the kubelets are asked.
pub fn rules(alerting: bool, kubelet: bool) -> Vec<RuleGroup> {
    let mut about_itself = vec![watchdog(), target_down(), reload_failed(), rule_failures()];
    about_itself.extend(kubelet.then(node_not_measured));
    if alerting {
        about_itself.push(not_delivering());
    }
    vec![
        RuleGroup { name: "prometheus".to_owned(), rules: about_itself },
        RuleGroup {
            name: "containers".to_owned(),
            rules: vec![cpu_usage(), cpu_throttling(), volume_almost_full(), volume_filling()],
        },
    ]
}

/// Always there: when it stops arriving, alerting is broken.
fn watchdog() -> Rule {
    Rule::Alert(Alert {
        name: "Watchdog",
        expr: "vector(1)".to_owned(),
        hold: "0s",
        urgency: Urgency::Info,
        summary: "Alerting works",
        description: "This alert always fires. When it stops arriving, the way from Prometheus through Alertmanager to you is broken somewhere.",
    })
}

/// The jobs whose targets are nodes.
const NODE_JOBS: &str = "kubelet|cadvisor";

/// Every pod that answers Prometheus is somebody's; a node is the cluster's.
fn target_down() -> Rule {
    Rule::Alert(Alert {
        name: "TargetDown",
        expr: format!("up{{job!~{NODE_JOBS:?}}} == 0"),
        hold: "2m",
        urgency: Urgency::Critical,
        summary: "{{ or $labels.pod $labels.instance }} does not answer Prometheus",
        description: "The target {{ $labels.instance }} of job {{ $labels.job }} has not answered for two minutes. The targets page of Prometheus shows the error: a refused connection is the process, a timeout is load or a network policy, an exceeded sample limit is a label with too many values.",
    })
}

/// Nodes come and go: one that is drained, restarted or replaced answers again, or is no target any more, within a
/// quarter of an hour. What runs on it is moved, and told about by the alerts of whoever it belongs to; what is lost is
/// the measuring, which can wait for the morning. One alert for the two targets of a node.
fn node_not_measured() -> Rule {
    Rule::Alert(Alert {
        name: "NodeNotMeasured",
        expr: format!("min by (node) (up{{job=~{NODE_JOBS:?}}}) == 0"),
        hold: "15m",
        urgency: Urgency::Warning,
        summary: "The kubelet of {{ $labels.node }} does not answer Prometheus",
        description: "Nobody knows what containers and volumes on node {{ $labels.node }} use. If the node is switched off for good, delete its Node object. If it is every node, the targets page of Prometheus shows why: certificates that the cluster's authority has not signed need `kubelet-tls`, a timeout is a network policy or an address outside of `node-cidrs`.",
    })
}

fn reload_failed() -> Rule {
    Rule::Alert(Alert {
        name: "PrometheusConfigReloadFailed",
        expr: "prometheus_config_last_reload_successful == 0".to_owned(),
        hold: "5m",
        urgency: Urgency::Warning,
        summary: "{{ $labels.pod }} refuses its new configuration",
        description: "The configuration before the last change is still in effect, so new targets and rules are not. The log of {{ $labels.namespace }}/{{ $labels.pod }} names the line.",
    })
}

fn rule_failures() -> Rule {
    Rule::Alert(Alert {
        name: "PrometheusRuleFailures",
        expr: "sum by (namespace, pod, rule_group) (increase(prometheus_rule_evaluation_failures_total[5m])) > 0"
            .to_owned(),
        hold: "15m",
        urgency: Urgency::Warning,
        summary: "Rules in {{ $labels.rule_group }} fail",
        description: "An alert that cannot be evaluated cannot fire. The rules page of Prometheus shows the error beside the rule; most often two series match where one should.",
    })
}

/// The addresses are fixed, so the number of Alertmanagers that Prometheus knows says nothing: what counts is whether
/// they take alerts. A batch that fails does not count as sent.
fn not_delivering() -> Rule {
    let rate = |metric| format!("rate({metric}[5m])");
    let errors = rate("prometheus_notifications_errors_total");
    let sent = rate("prometheus_notifications_sent_total");
    Rule::Alert(Alert {
        name: "PrometheusNotConnectedToAlertmanager",
        expr: format!("{errors} / ({errors} + {sent}) > 0.5"),
        hold: "10m",
        urgency: Urgency::Critical,
        summary: "Alerts from {{ $labels.pod }} do not reach Alertmanager",
        description: "{{ $value | humanizePercentage }} of the alerts for {{ $labels.alertmanager }} could not be delivered. If this is the only replica, this alert cannot be delivered either: the missing Watchdog is then the only sign.",
    })
}

fn cpu_usage() -> Rule {
    Rule::Record {
        name: "namespace:container_cpu_usage:rate5m",
        expr: r#"sum by (namespace) (rate(container_cpu_usage_seconds_total{container!=""}[5m]))"#.to_owned(),
    }
}

fn cpu_throttling() -> Rule {
    let periods = |metric| format!(r#"sum by (namespace, pod, container) (increase({metric}{{container!=""}}[5m]))"#);
    let throttled = periods("container_cpu_cfs_throttled_periods_total");
    let all = periods("container_cpu_cfs_periods_total");
    Rule::Alert(Alert {
        name: "CPUThrottlingHigh",
        expr: format!("{throttled}\n  / {all}\n  > 0.25"),
        hold: "15m",
        urgency: Urgency::Info,
        summary: "{{ $labels.container }} in {{ $labels.pod }} is held back by its CPU limit",
        description: "{{ $labels.namespace }}/{{ $labels.pod }} was throttled in {{ $value | humanizePercentage }} of the periods. Slow without being busy looks like this: raise the size of the component.",
    })
}

fn volume_almost_full() -> Rule {
    Rule::Alert(Alert {
        name: "PVCFillingUp",
        expr: "kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes < 0.1".to_owned(),
        hold: "5m",
        urgency: Urgency::Critical,
        summary: "Volume {{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} left",
        description: "{{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is almost full. Delete what is not needed, or raise `storage` if the storage class can grow volumes.",
    })
}

/// Only when little is left: a young volume that fills for the first time is no news, and Prometheus' own levels off
/// where `retention` ends, which leaves at least this much.
fn volume_filling() -> Rule {
    let free = "kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes < 0.15";
    let soon = "predict_linear(kubelet_volume_stats_available_bytes[6h], 4 * 24 * 3600) < 0";
    Rule::Alert(Alert {
        name: "PVCFillingUp",
        expr: format!("{free}\nand {soon}"),
        hold: "1h",
        urgency: Urgency::Warning,
        summary: "Volume {{ $labels.persistentvolumeclaim }} will be full within four days",
        description: "{{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} left and fills as it did in the last six hours. Find out what writes, or raise `storage`.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(name: &str, kubelet: bool) -> Option<Alert> {
        let rules = rules(true, kubelet).into_iter().flat_map(|group| group.rules);
        rules.into_iter().find_map(|rule| match rule {
            Rule::Alert(alert) if alert.name == name => Some(alert),
            _ => None,
        })
    }

    #[test]
    fn nobody_gets_up_for_a_node_that_is_drained() {
        let target = alert("TargetDown", true).expect("always");
        assert_eq!(target.expr, r#"up{job!~"kubelet|cadvisor"} == 0"#);
        let node = alert("NodeNotMeasured", true).expect("where kubelets are asked");
        assert_eq!((node.urgency, node.hold), (Urgency::Warning, "15m"));
        assert!(alert("NodeNotMeasured", false).is_none(), "it could never fire");
    }
}
