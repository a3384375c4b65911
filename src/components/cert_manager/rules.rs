//! What is watched of cert-manager: the metrics that it serves, and the rules over them.
//! Source of the names: cert-manager 1.21, `pkg/metrics` and `internal/collectors`.

use crate::components::cert_manager::CONTROLLER;
use crate::derive::promql::unreached;
use crate::model::identity::Own;
use crate::model::monitoring::{Alert, Rule, RuleGroup, Urgency};

/// What the controller serves, but for those of its libraries.
pub const METRICS: &[&str] = &[
    "certmanager_certificate_challenge_status",
    "certmanager_certificate_expiration_timestamp_seconds",
    "certmanager_certificate_not_after_timestamp_seconds",
    "certmanager_certificate_not_before_timestamp_seconds",
    "certmanager_certificate_ready_status",
    "certmanager_certificate_renewal_timestamp_seconds",
    "certmanager_clock_time_seconds",
    "certmanager_clock_time_seconds_gauge",
    "certmanager_clusterissuer_ready_status",
    "certmanager_controller_sync_call_count",
    "certmanager_controller_sync_error_count",
    "certmanager_http_acme_client_request_count",
    "certmanager_http_acme_client_request_duration_seconds",
    "certmanager_http_acme_client_request_duration_seconds_count",
    "certmanager_http_acme_client_request_duration_seconds_sum",
    "certmanager_issuer_ready_status",
    "go_goroutines",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
];

/// Rules about certificates, and about the way to them.
pub fn group(acme: bool) -> RuleGroup {
    let mut rules = vec![expiry(), not_ready(), issuer_not_ready()];
    if acme {
        rules.extend([challenge_failing(), rate_limited()]);
    }
    RuleGroup { name: "cert-manager".to_owned(), rules: rules.into_iter().map(Rule::Alert).collect() }
}

/// Of the certificate alone: the labels of the pod that tells of it would name the service of another team, mute one
/// certificate by another, and change when that pod is replaced.
fn of_certificate(expr: &str) -> String {
    format!("max by (namespace, name, condition) ({expr})")
}

/// A week: renewal begins with a third of the lifetime left, which is more than a week for every lifetime that
/// authorities plan. A certificate that was never issued has the time 0 and an alert of its own.
fn expiry() -> Alert {
    Alert {
        name: "CertificateExpiringSoon",
        expr: of_certificate("(certmanager_certificate_expiration_timestamp_seconds > 0) - time() < 7 * 86400"),
        hold: "1h",
        urgency: Urgency::Critical,
        summary: "{{ $labels.namespace }}/{{ $labels.name }} expires in {{ $value | humanizeDuration }}",
        description: "It should have been renewed by now. `kubectl describe certificate` in that namespace names the request, order or challenge that is stuck.",
    }
}

fn not_ready() -> Alert {
    Alert {
        name: "CertificateNotReady",
        expr: of_certificate(r#"certmanager_certificate_ready_status{condition!="True"} == 1"#),
        hold: "15m",
        urgency: Urgency::Warning,
        summary: "{{ $labels.namespace }}/{{ $labels.name }} is not ready",
        description: "Its Secret is missing, outdated or about to expire. `kubectl describe certificate` in that namespace says which and why.",
    }
}

fn issuer_not_ready() -> Alert {
    Alert {
        name: "ClusterIssuerNotReady",
        expr: r#"max by (name, condition) (certmanager_clusterissuer_ready_status{condition!="True"}) == 1"#.to_owned(),
        hold: "15m",
        urgency: Urgency::Warning,
        summary: "issuer {{ $labels.name }} cannot sign",
        description: "No certificate of a route can be issued or renewed. `kubectl describe clusterissuer` shows whether the account, the network or the authority is the cause.",
    }
}

fn challenge_failing() -> Alert {
    Alert {
        name: "AcmeChallengeFailing",
        expr: r#"max by (namespace, domain, status) (certmanager_certificate_challenge_status{status=~"invalid|errored|expired"}) == 1"#
            .to_owned(),
        hold: "10m",
        urgency: Urgency::Warning,
        summary: "the challenge for {{ $labels.domain }} is {{ $labels.status }}",
        description: "The authority did not get the answer that it expected. Check that the host's DNS record leads to the ingress controller and that port 80 is open to the world.",
    }
}

fn rate_limited() -> Alert {
    Alert {
        name: "AcmeRateLimited",
        expr: r#"sum by (host) (increase(certmanager_http_acme_client_request_count{status="429"}[1h])) > 0"#
            .to_owned(),
        hold: "5m",
        urgency: Urgency::Warning,
        summary: "{{ $labels.host }} refuses further orders for now",
        description: "Too many certificates were asked for. Something orders the same ones again and again: find it before the limit outlasts a renewal.",
    }
}

/// The controller only: without it nothing is renewed, whatever the webhook and the injector beside it do.
pub fn absence(own: &Own) -> Alert {
    Alert {
        name: "CertManagerAbsent",
        expr: unreached(own, Some(CONTROLLER)),
        hold: "15m",
        urgency: Urgency::Critical,
        summary: "{{ $labels.namespace }}/{{ $labels.service }} renews no certificates",
        description: "Prometheus reaches no pod of the controller of cert-manager. Certificates that are there stay valid until they expire; none is issued or renewed while this lasts.",
    }
}
