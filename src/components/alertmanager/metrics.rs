//! What Alertmanager says about itself.

/// Its series, as far as anybody asks for them.
pub const OWN: &[&str] = &[
    "alertmanager_alerts",
    "alertmanager_alerts_invalid_total",
    "alertmanager_alerts_received_total",
    "alertmanager_build_info",
    "alertmanager_cluster_enabled",
    "alertmanager_config_hash",
    "alertmanager_config_last_reload_success_timestamp_seconds",
    "alertmanager_config_last_reload_successful",
    "alertmanager_dispatcher_aggregation_groups",
    "alertmanager_inhibition_rules",
    "alertmanager_integrations",
    "alertmanager_nflog_maintenance_errors_total",
    "alertmanager_notification_latency_seconds_bucket",
    "alertmanager_notification_latency_seconds_count",
    "alertmanager_notification_latency_seconds_sum",
    "alertmanager_notification_requests_failed_total",
    "alertmanager_notification_requests_total",
    "alertmanager_notifications_failed_total",
    "alertmanager_notifications_total",
    "alertmanager_receivers",
    "alertmanager_silences",
    "go_goroutines",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
];

/// More of them when there are several replicas.
pub const CLUSTER: &[&str] = &[
    "alertmanager_cluster_failed_peers",
    "alertmanager_cluster_health_score",
    "alertmanager_cluster_members",
    "alertmanager_cluster_messages_queued",
    "alertmanager_cluster_peers_joined_total",
    "alertmanager_cluster_peers_left_total",
    "alertmanager_cluster_reconnections_failed_total",
    "alertmanager_cluster_reconnections_total",
    "alertmanager_peer_position",
];
