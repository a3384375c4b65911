//! `edge-registry-tls`: what stands between the world and the services, and between the nodes and their images.

use crate::components::grafana::board::{
    Board, DAYS_LEFT, ERRORS, LINES, NONE_IS_GOOD, NUMBER, Panel, Row, STACK, Unit, View, WAITING, query,
};

/// Does the world get in, do certificates renew, do nodes get their images, do alerts get out?
pub const BOARD: Board = Board {
    name: "edge-registry-tls",
    title: "Edge, certificates, registry, notifications",
    about: "Does the world get in, do certificates renew, do nodes get their images, do alerts get out?",
    variables: &[],
    rows: &[
        Row { title: "", folded: false, height: 4, panels: NOW },
        Row { title: "Edge", folded: false, height: 8, panels: EDGE },
        Row { title: "Certificates", folded: false, height: 8, panels: CERTIFICATES },
        Row { title: "Registry", folded: false, height: 8, panels: REGISTRY },
        Row { title: "Notifications", folded: false, height: 8, panels: NOTIFICATIONS },
    ],
};

const NOW: &[Panel] = &[
    Panel {
        title: "Requests at the edge",
        unit: Unit::Requests,
        queries: &[query("sum(rate(nginx_ingress_controller_requests[5m]))", "requests")],
        ..NUMBER
    },
    Panel {
        title: "Failing at the edge",
        about: "Share of requests that end in a server error. More than the services count: the edge cannot reach them.",
        unit: Unit::Ratio,
        marks: ERRORS,
        queries: &[query(
            r#"(sum(rate(nginx_ingress_controller_requests{status=~"5.."}[5m])) or vector(0)) / (sum(rate(nginx_ingress_controller_requests[5m])) > 0)"#,
            "failing",
        )],
        ..NUMBER
    },
    Panel {
        title: "p95 at the edge",
        about: "As clients see it, slow uploads included.",
        unit: Unit::Seconds,
        marks: WAITING,
        queries: &[query(
            "histogram_quantile(0.95, sum by (le) (rate(nginx_ingress_controller_request_duration_seconds_bucket[5m])))",
            "p95",
        )],
        ..NUMBER
    },
    Panel {
        title: "Controllers with a broken configuration",
        about: "They serve the last one that worked, so new routes do not appear.",
        marks: NONE_IS_GOOD,
        queries: &[query(
            "count(nginx_ingress_controller_config_last_reload_successful == 0) or vector(0)",
            "controllers",
        )],
        ..NUMBER
    },
    Panel {
        title: "Days to the next expiry",
        unit: Unit::Days,
        marks: DAYS_LEFT,
        queries: &[query("(min(certmanager_certificate_expiration_timestamp_seconds > 0) - time()) / 86400", "days")],
        ..NUMBER
    },
    Panel {
        title: "Certificates not ready",
        about: "`kubectl describe` of the Certificate names the order that fails.",
        marks: NONE_IS_GOOD,
        queries: &[query(
            r#"count(certmanager_certificate_ready_status{condition="True"} == 0) or vector(0)"#,
            "certificates",
        )],
        ..NUMBER
    },
];

const EDGE: &[Panel] = &[
    Panel {
        title: "Requests by host",
        unit: Unit::Requests,
        queries: &[query(
            "topk(10, sum by (host) (rate(nginx_ingress_controller_requests[$__rate_interval])))",
            "{{host}}",
        )],
        ..LINES
    },
    Panel {
        title: "Requests by outcome",
        unit: Unit::Requests,
        queries: &[
            query(r#"sum(rate(nginx_ingress_controller_requests{status=~"[123].."}[$__rate_interval]))"#, "1xx to 3xx"),
            query(r#"sum(rate(nginx_ingress_controller_requests{status=~"4.."}[$__rate_interval]))"#, "4xx"),
            query(r#"sum(rate(nginx_ingress_controller_requests{status=~"5.."}[$__rate_interval]))"#, "5xx"),
        ],
        ..STACK
    },
    Panel {
        title: "Connections",
        about: "Waiting ones are kept alive for the next request.",
        queries: &[query("sum by (state) (nginx_ingress_controller_nginx_process_connections)", "{{state}}")],
        ..LINES
    },
    Panel {
        title: "Failing requests by route",
        about: "Share of requests that end in a server error.",
        unit: Unit::Ratio,
        marks: ERRORS,
        queries: &[query(
            r#"topk(10, sum by (ingress) (rate(nginx_ingress_controller_requests{status=~"5.."}[$__rate_interval])) / sum by (ingress) (rate(nginx_ingress_controller_requests[$__rate_interval])))"#,
            "{{ingress}}",
        )],
        width: 12,
        ..LINES
    },
    Panel {
        title: "p95 by route",
        unit: Unit::Seconds,
        queries: &[query(
            "topk(10, histogram_quantile(0.95, sum by (ingress, le) (rate(nginx_ingress_controller_request_duration_seconds_bucket[$__rate_interval]))))",
            "{{ingress}}",
        )],
        width: 12,
        ..LINES
    },
];

const CERTIFICATES: &[Panel] = &[
    Panel {
        title: "Days left, as issued",
        about: "Renewed after two thirds of the lifetime. Below seven days renewal has failed for long.",
        view: View::Bars { full: 90.0 },
        unit: Unit::Days,
        marks: DAYS_LEFT,
        queries: &[query(
            "bottomk(12, (min by (name) (certmanager_certificate_expiration_timestamp_seconds > 0) - time()) / 86400)",
            "{{name}}",
        )],
        width: 6,
    },
    Panel {
        title: "Days left, as served",
        about: "What the leader of the controllers serves. Less than as issued: it has not taken up the new one.",
        view: View::Bars { full: 90.0 },
        unit: Unit::Days,
        marks: DAYS_LEFT,
        queries: &[query(
            "bottomk(12, (min by (host) (nginx_ingress_controller_ssl_expire_time_seconds) - time()) / 86400)",
            "{{host}}",
        )],
        width: 6,
    },
    Panel {
        title: "Requests to the authority",
        about: "429 is its rate limit: stop deleting Certificates and wait. 4xx on orders: a challenge was not answered.",
        queries: &[query(
            "sum by (status, action) (increase(certmanager_http_acme_client_request_count[1h])) > 0",
            "{{status}} {{action}}",
        )],
        width: 6,
        ..LINES
    },
    Panel {
        title: "Failed attempts of cert-manager",
        about: "In the last hour, by controller. `orders` and `challenges` that keep failing end in an expired certificate.",
        queries: &[query(
            "sum by (controller) (increase(certmanager_controller_sync_error_count[1h])) > 0",
            "{{controller}}",
        )],
        width: 6,
        ..LINES
    },
];

const REGISTRY: &[Panel] = &[
    Panel {
        title: "Requests by code",
        about: "401 opens every login and 404 every push; 5xx is a failed pull or push.",
        unit: Unit::Requests,
        queries: &[query("sum by (code) (rate(registry_http_requests_total[$__rate_interval]))", "{{code}}")],
        ..STACK
    },
    Panel {
        title: "p95 by kind of request",
        unit: Unit::Seconds,
        queries: &[query(
            "histogram_quantile(0.95, sum by (handler, le) (rate(registry_http_request_duration_seconds_bucket[$__rate_interval])))",
            "{{handler}}",
        )],
        ..LINES
    },
    Panel {
        title: "p95 of the storage",
        about: "Slow here and slow above: the volume. Slow above only: the network.",
        unit: Unit::Seconds,
        queries: &[query(
            "histogram_quantile(0.95, sum by (action, le) (rate(registry_storage_action_seconds_bucket[$__rate_interval])))",
            "{{action}}",
        )],
        ..LINES
    },
];

const NOTIFICATIONS: &[Panel] = &[
    Panel {
        title: "Sent, last hour",
        queries: &[query(
            "sum by (integration) (increase(alertmanager_notifications_total[1h])) > 0",
            "{{integration}}",
        )],
        ..LINES
    },
    Panel {
        title: "Failed, last hour",
        about: "authError: the credential. clientError: the address or the template. serverError and deadlines: the other side, or a network policy.",
        queries: &[query(
            "sum by (integration, reason) (increase(alertmanager_notifications_failed_total[1h])) > 0",
            "{{integration}}: {{reason}}",
        )],
        ..LINES
    },
    Panel {
        title: "p95 of sending",
        unit: Unit::Seconds,
        queries: &[query(
            "histogram_quantile(0.95, sum by (integration, le) (rate(alertmanager_notification_latency_seconds_bucket[15m])))",
            "{{integration}}",
        )],
        ..LINES
    },
];
