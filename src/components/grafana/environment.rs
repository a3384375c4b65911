//! What Grafana is told through its environment: every setting of its ini file has a variable.

use crate::components::grafana::{
    ADMIN_SECRET, Grafana, METRICS_SECRET, METRICS_USER, PROMETHEUS, PROVISIONING, secret_key,
};
use crate::model::site::Site;
use crate::model::workload::Env;

/// What holds always, then secrets as files, then what follows from the route and from whom it calls.
pub fn environment(grafana: &Grafana, site: &Site<'_>) -> Vec<Env> {
    let mut variables: Vec<Env> = SETTINGS.iter().map(|(name, value)| Env::literal(name, *value)).collect();
    let mut set = |name: &str, value: String| variables.push(Env::literal(name, value));
    // The image's entry point reads the file and drops the suffix.
    set("GF_SECURITY_ADMIN_PASSWORD__FILE", format!("{ADMIN_SECRET}/{}", grafana.spec.admin.value.key.as_str()));
    set("GF_SECURITY_SECRET_KEY__FILE", format!("{ADMIN_SECRET}/{}", secret_key().as_str()));
    if let Some(password) = grafana.guard(site.own) {
        set("GF_METRICS_BASIC_AUTH_USERNAME", METRICS_USER.to_owned());
        set("GF_METRICS_BASIC_AUTH_PASSWORD__FILE", format!("{METRICS_SECRET}/{}", password.key.as_str()));
    }
    if let Some(host) = &site.host {
        set("GF_SERVER_ROOT_URL", format!("https://{host}{}/", grafana.sub_path()));
    }
    if !grafana.sub_path().is_empty() {
        set("GF_SERVER_SERVE_FROM_SUB_PATH", "true".to_owned());
    }
    // Whoever lets Grafana call more than Prometheus has another data source in mind.
    if site.peers.iter().all(|peer| peer.type_name == Some(PROMETHEUS)) {
        set("GF_PLUGINS_DISABLE_PLUGINS", UNUSED_PLUGINS.join(","));
    }
    variables
}

/// Data sources that the image bundles besides Prometheus. Each is a process of its own from the start, and none of
/// them has anything to reach.
const UNUSED_PLUGINS: &[&str] = &[
    "cloudwatch",
    "elasticsearch",
    "grafana-postgresql-datasource",
    "grafana-pyroscope-datasource",
    "influxdb",
    "jaeger",
    "loki",
    "mssql",
    "mysql",
    "opentsdb",
    "stackdriver",
    "tempo",
    "zipkin",
];

/// Settings that hold wherever Grafana runs.
const SETTINGS: &[(&str, &str)] = &[
    ("GF_PATHS_PROVISIONING", PROVISIONING),
    // The log directory belongs to the image, which is read-only.
    ("GF_LOG_MODE", "console"),
    // Compression is the edge's business, and in 13 it costs more memory than everything else (grafana#123017).
    ("GF_SERVER_ENABLE_GZIP", "false"),
    ("GF_SECURITY_ADMIN_USER", "admin"),
    ("GF_SECURITY_COOKIE_SECURE", "true"),
    ("GF_USERS_ALLOW_SIGN_UP", "false"),
    ("GF_AUTH_ANONYMOUS_ENABLED", "false"),
    ("GF_METRICS_ENABLED", "true"),
    // Nothing that would call the world: no policy lets it out, so each of these would only time out.
    ("GF_ANALYTICS_REPORTING_ENABLED", "false"),
    ("GF_ANALYTICS_CHECK_FOR_UPDATES", "false"),
    ("GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "false"),
    ("GF_NEWS_NEWS_FEED_ENABLED", "false"),
    ("GF_SECURITY_DISABLE_GRAVATAR", "true"),
    ("GF_SNAPSHOTS_EXTERNAL_ENABLED", "false"),
    ("GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED", "true"),
    // The installer replaces bundled plugins, the Prometheus data source among them: it stops the running one, cannot
    // write to the read-only image, and leaves none (grafana#132528).
    ("GF_PLUGINS_PREINSTALL_DISABLED", "true"),
    ("GF_PLUGINS_PREINSTALL_AUTO_UPDATE", "false"),
];
