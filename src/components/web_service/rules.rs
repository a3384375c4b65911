//! What is watched of every web service: the metrics that it must serve, and the rules over them.

use crate::derive::promql::unreached;
use crate::model::identity::Own;
use crate::model::monitoring::{Alert, Rule, RuleGroup, Urgency};

/// The contract of a web service with its platform.
pub const HTTP_METRICS: &[&str] = &[
    "http_requests_total",
    "http_request_duration_seconds_bucket",
    "http_request_duration_seconds_count",
    "http_request_duration_seconds_sum",
];

/// Rate, errors and duration, for all services alike.
pub fn golden_signals() -> RuleGroup {
    let record = |name, expr: &str| Rule::Record { name, expr: expr.to_owned() };
    let quantile = |name, share| {
        // Other software exports a histogram of this name too.
        let buckets =
            "sum by (namespace, service, le) (rate(http_request_duration_seconds_bucket{job=~\".+-services.*\"}[5m]))";
        record(name, &format!("histogram_quantile({share}, {buckets})"))
    };
    RuleGroup {
        name: "web-services".to_owned(),
        rules: vec![
            record("service:http_requests:rate5m", "sum by (namespace, service) (rate(http_requests_total[5m]))"),
            record(
                "service:http_errors:ratio_rate5m",
                r#"sum by (namespace, service) (rate(http_requests_total{status=~"5.."}[5m])) / service:http_requests:rate5m"#,
            ),
            quantile("service:http_request_duration_seconds:p95_5m", "0.95"),
            quantile("service:http_request_duration_seconds:p99_5m", "0.99"),
            Rule::Alert(Alert {
                name: "HighErrorRatio",
                expr: "service:http_errors:ratio_rate5m > 0.05 and service:http_requests:rate5m > 0.1".to_owned(),
                hold: "5m",
                urgency: Urgency::Critical,
                summary: "{{ $labels.service }} fails {{ $value | humanizePercentage }} of its requests",
                description: "More than 5 % of the requests to {{ $labels.namespace }}/{{ $labels.service }} end in a server error. Compare with the last rollout, then with what the service calls.",
            }),
            Rule::Alert(Alert {
                name: "HighLatencyP95",
                expr: "service:http_request_duration_seconds:p95_5m > 1".to_owned(),
                hold: "10m",
                urgency: Urgency::Warning,
                summary: "{{ $labels.service }} is slow: p95 {{ $value | humanizeDuration }}",
                description: "One request in twenty to {{ $labels.namespace }}/{{ $labels.service }} takes longer than a second. Look at its saturation (CPU, event loop, pool) before its dependencies.",
            }),
        ],
    }
}

/// Whether anything of it is left.
pub fn absence(own: &Own) -> Alert {
    Alert {
        name: "ServiceAbsent",
        expr: unreached(own, None),
        hold: "2m",
        urgency: Urgency::Critical,
        summary: "{{ $labels.namespace }}/{{ $labels.service }} has no healthy target",
        description: "Prometheus reaches no pod of this service. Either none runs, or none answers for its metrics, or a network policy is in the way.",
    }
}
