//! What is watched of a registry: the metrics of its debug port, and the alerts over them.

use crate::derive::promql::unreached;
use crate::model::identity::Own;
use crate::model::monitoring::{Alert, Rule, RuleGroup, Urgency};

/// What the debug port serves. Source: the metrics endpoint of v3.1.1.
pub const METRICS: &[&str] = &[
    "go_goroutines",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "registry_http_in_flight_requests",
    "registry_http_request_duration_seconds_bucket",
    "registry_http_request_duration_seconds_count",
    "registry_http_request_duration_seconds_sum",
    "registry_http_request_size_bytes_bucket",
    "registry_http_request_size_bytes_count",
    "registry_http_request_size_bytes_sum",
    "registry_http_requests_total",
    "registry_http_response_size_bytes_bucket",
    "registry_http_response_size_bytes_count",
    "registry_http_response_size_bytes_sum",
    "registry_storage_action_seconds_bucket",
    "registry_storage_action_seconds_count",
    "registry_storage_action_seconds_sum",
    "registry_storage_cache_errors_total",
    "registry_storage_cache_hits_total",
    "registry_storage_cache_requests_total",
];

/// Whether pushes and pulls succeed.
pub fn health() -> RuleGroup {
    let rate =
        |selector: &str| format!("sum by (namespace, service) (rate(registry_http_requests_total{selector}[5m]))");
    RuleGroup {
        name: "registry".to_owned(),
        rules: vec![Rule::Alert(Alert {
            name: "RegistryFailing",
            expr: format!("{} / {} > 0.05", rate(r#"{code=~"5.."}"#), rate("")),
            hold: "10m",
            urgency: Urgency::Warning,
            summary: "{{ $labels.service }} fails {{ $value | humanizePercentage }} of its requests",
            description: "Pushes and pulls end in server errors. Look at the registry's log: its volume may be full or slow, or its htpasswd file malformed.",
        })],
    }
}

/// Whether it runs, serves and is reached.
///
/// A registry that collects garbage is away on purpose, and nothing that is sure to be collected tells a long collection
/// from a pod that cannot start. So it may be away for half an hour of collection, with ten minutes to stop, move its
/// volume and start again; meanwhile running pods go on. A pod that runs without answering is another matter: that is
/// `TargetDown`, after two minutes.
pub fn absence(own: &Own, collects: bool) -> Alert {
    Alert {
        name: "RegistryDown",
        expr: unreached(own, None),
        hold: if collects { "40m" } else { "5m" },
        urgency: Urgency::Critical,
        summary: "{{ $labels.namespace }}/{{ $labels.service }} serves no images",
        description: "Running pods go on, but none can start on a node that lacks its image. Look at the pod first: it may be collecting garbage, or wait for its volume.",
    }
}

#[cfg(test)]
mod tests {
    use crate::derive::promql::metrics_in;

    use super::*;
    use crate::values::name::Name;

    #[test]
    fn a_collection_of_half_an_hour_wakes_nobody() {
        let own = Own { namespace: Name::fixed("tools"), name: Name::fixed("images") };
        let minutes = |collects| {
            let alert = absence(&own, collects);
            alert.hold.strip_suffix('m').and_then(|minutes| minutes.parse::<u32>().ok()).expect("minutes")
        };
        assert!(minutes(true) > 30, "{}", minutes(true));
        assert!(minutes(false) < 10, "{}", minutes(false));
    }

    /// A rule over a metric that nobody lists would be dropped in silence.
    #[test]
    fn rules_ask_for_metrics_that_are_served() {
        for rule in health().rules {
            let Rule::Alert(alert) = rule else { panic!("there are alerts only") };
            for metric in metrics_in(&alert.expr) {
                assert!(METRICS.contains(&metric), "{metric} in {}", alert.name);
            }
        }
    }
}
