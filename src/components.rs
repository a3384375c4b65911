//! The registry: every component type, one line each. The parent lists; what the children share stands below them.

pub mod alertmanager;
pub mod cert_manager;
pub mod entry;
pub mod grafana;
pub mod ingress_nginx;
pub mod kube_state_metrics;
pub mod metrics_server;
pub mod prometheus;
pub mod prometheus_adapter;
pub mod references;
pub mod registry;
pub mod registry_ui;
pub mod templated;
pub mod web_service;

use serde_json::{Value, json};

use crate::components::entry::Entry;
use crate::diagnostics::report::Report;
use crate::model::facts::Facts;
use crate::model::names::Names;
use crate::model::platform::Declared;
use crate::spec::read::{Shape, table_schema};
use crate::spec::shapes::ComponentSpec;

/// Every component type, in alphabetical order.
pub const COMPONENTS: &[Entry] = &[
    Entry::of::<alertmanager::Alertmanager>(),
    Entry::of::<cert_manager::CertManager>(),
    Entry::of::<grafana::Grafana>(),
    Entry::of::<ingress_nginx::IngressNginx>(),
    Entry::of::<kube_state_metrics::KubeStateMetrics>(),
    Entry::of::<prometheus::Prometheus>(),
    Entry::of::<prometheus_adapter::PrometheusAdapter>(),
    Entry::of::<registry::Registry>(),
    Entry::of::<registry_ui::RegistryUi>(),
    Entry::of::<web_service::WebService>(),
];

/// The table of all components as JSON Schema: each type with the keys of every component and its own.
pub fn schema() -> Value {
    let one = |entry: &Entry| {
        let mut schema = table_schema(&[entry.summary], ComponentSpec::KEYS.iter().chain(entry.keys));
        schema["properties"]["type"] = json!({ "const": entry.name });
        schema
    };
    let types: Vec<Value> = COMPONENTS.iter().map(one).collect();
    json!({ "type": "object", "additionalProperties": { "oneOf": types } })
}

/// The component type of that name.
pub fn named(name: &str) -> Option<&'static Entry> {
    COMPONENTS.iter().find(|entry| entry.name == name)
}

/// The components that nobody declares, because `[cluster]` says that they are wanted.
pub fn implied(facts: &Facts, names: &Names<'_>, report: &mut Report) -> Vec<Declared> {
    metrics_server::implied(facts, names, report).into_iter().collect()
}
