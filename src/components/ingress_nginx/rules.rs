//! What is watched of the ingress controller: the metrics that it serves, and the rules over them.
//! Source of the names: ingress-nginx 1.15, `internal/ingress/metric/collectors`.

use crate::derive::promql::unreached;
use crate::model::identity::Own;
use crate::model::monitoring::{Alert, Rule, RuleGroup, Urgency};

/// What the controller serves, but for those of its libraries.
pub const METRICS: &[&str] = &[
    "go_goroutines",
    "nginx_ingress_controller_admission_config_size",
    "nginx_ingress_controller_admission_render_duration",
    "nginx_ingress_controller_admission_roundtrip_duration",
    "nginx_ingress_controller_admission_tested_duration",
    "nginx_ingress_controller_admission_tested_ingresses",
    "nginx_ingress_controller_build_info",
    "nginx_ingress_controller_check_errors",
    "nginx_ingress_controller_check_success",
    "nginx_ingress_controller_config_hash",
    "nginx_ingress_controller_config_last_reload_successful",
    "nginx_ingress_controller_config_last_reload_successful_timestamp_seconds",
    "nginx_ingress_controller_connect_duration_seconds_bucket",
    "nginx_ingress_controller_connect_duration_seconds_count",
    "nginx_ingress_controller_connect_duration_seconds_sum",
    "nginx_ingress_controller_errors",
    "nginx_ingress_controller_header_duration_seconds_bucket",
    "nginx_ingress_controller_header_duration_seconds_count",
    "nginx_ingress_controller_header_duration_seconds_sum",
    "nginx_ingress_controller_leader_election_status",
    "nginx_ingress_controller_nginx_process_connections",
    "nginx_ingress_controller_nginx_process_connections_total",
    "nginx_ingress_controller_nginx_process_cpu_seconds_total",
    "nginx_ingress_controller_nginx_process_num_procs",
    "nginx_ingress_controller_nginx_process_oldest_start_time_seconds",
    "nginx_ingress_controller_nginx_process_read_bytes_total",
    "nginx_ingress_controller_nginx_process_requests_total",
    "nginx_ingress_controller_nginx_process_resident_memory_bytes",
    "nginx_ingress_controller_nginx_process_virtual_memory_bytes",
    "nginx_ingress_controller_nginx_process_write_bytes_total",
    "nginx_ingress_controller_orphan_ingress",
    "nginx_ingress_controller_request_duration_seconds_bucket",
    "nginx_ingress_controller_request_duration_seconds_count",
    "nginx_ingress_controller_request_duration_seconds_sum",
    "nginx_ingress_controller_request_size_bucket",
    "nginx_ingress_controller_request_size_count",
    "nginx_ingress_controller_request_size_sum",
    "nginx_ingress_controller_requests",
    "nginx_ingress_controller_response_duration_seconds_bucket",
    "nginx_ingress_controller_response_duration_seconds_count",
    "nginx_ingress_controller_response_duration_seconds_sum",
    "nginx_ingress_controller_response_size_bucket",
    "nginx_ingress_controller_response_size_count",
    "nginx_ingress_controller_response_size_sum",
    "nginx_ingress_controller_ssl_certificate_info",
    "nginx_ingress_controller_ssl_expire_time_seconds",
    "nginx_ingress_controller_success",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
];

/// Rules about what passes through it, and about the controller itself.
pub fn group() -> RuleGroup {
    let record = |name, expr: &str| Rule::Record { name, expr: expr.to_owned() };
    let rules = vec![
        record(
            "ingress:nginx_requests:rate5m",
            "sum by (namespace, ingress) (rate(nginx_ingress_controller_requests[5m]))",
        ),
        record(
            "ingress:nginx_errors:ratio_rate5m",
            r#"sum by (namespace, ingress) (rate(nginx_ingress_controller_requests{status=~"5.."}[5m])) / ingress:nginx_requests:rate5m"#,
        ),
        Rule::Alert(high_5xx()),
        Rule::Alert(reload_failed()),
    ];
    RuleGroup { name: "ingress-nginx".to_owned(), rules }
}

/// Seen from outside: a service without any pod answers nothing, and only the edge counts those requests.
fn high_5xx() -> Alert {
    Alert {
        name: "IngressHigh5xx",
        expr: "ingress:nginx_errors:ratio_rate5m > 0.05 and ingress:nginx_requests:rate5m > 0.1".to_owned(),
        hold: "10m",
        urgency: Urgency::Critical,
        summary: "{{ $labels.namespace }}/{{ $labels.ingress }} fails {{ $value | humanizePercentage }} of its requests",
        description: "Clients of this route see server errors. 502 and 503 mean that no pod answered, 504 that one was too slow, 500 that one failed.",
    }
}

fn reload_failed() -> Alert {
    Alert {
        name: "IngressConfigReloadFailed",
        expr: "nginx_ingress_controller_config_last_reload_successful == 0".to_owned(),
        hold: "5m",
        urgency: Urgency::Critical,
        summary: "{{ $labels.controller_pod }} cannot load its configuration",
        description: "It serves on with the last good configuration: new routes, certificates and limits have no effect. Its log names the line that nginx refuses.",
    }
}

/// Whether anything of it is left.
pub fn absence(own: &Own) -> Alert {
    Alert {
        name: "IngressControllerAbsent",
        expr: unreached(own, None),
        hold: "2m",
        urgency: Urgency::Critical,
        summary: "{{ $labels.namespace }}/{{ $labels.service }} answers nothing",
        description: "Nothing that has a route is reachable from outside, unless only its metrics are out of reach.",
    }
}
