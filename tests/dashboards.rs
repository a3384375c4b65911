//! Dashboards against what is really collected: on the flagship nothing is missing but what only kubelets know, and no
//! query asks for a metric that no job brings.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;

use platformgen::derive::promql::metrics_in;
use platformgen::diagnostics::report::Report;
use platformgen::model::platform::Platform;
use platformgen::pipeline;
use serde_json::Value;

/// Panels about containers and volumes, which need the kubelets' own metrics.
const FROM_KUBELETS: &[&str] = &[
    "CPU used by namespace",
    "Memory used by namespace",
    "Most slowed down by their CPU limit",
    "Nearest to their memory limit",
    "Slowed down by the CPU limit",
    "Volumes: bytes free",
    "Volumes: share in use",
];

fn flagship() -> Platform {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("platform.toml");
    let text = fs::read_to_string(path).expect("platform.toml is in the repository");
    let mut report = Report::default();
    let platform = pipeline::platform(&text, None, &mut report);
    platform.unwrap_or_else(|| panic!("the description is wrong: {:#?}", report.sorted()))
}

/// Every dashboard in any `ConfigMap`.
fn dashboards(platform: &Platform) -> Vec<Value> {
    let objects = pipeline::bundle(platform).expect("names differ").objects;
    let objects = objects.iter().map(|placed| serde_json::to_value(&placed.object).expect("objects are JSON"));
    let files = objects.flat_map(|object| object["data"].as_object().cloned().unwrap_or_default());
    let files = files.filter(|(name, _)| name.rsplit('.').next() == Some("json"));
    files.map(|(_, text)| serde_json::from_str(text.as_str().expect("data is text")).expect("it is JSON")).collect()
}

fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("expr").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|inner| expressions(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| expressions(inner, found)),
        _ => {}
    }
}

#[test]
fn the_flagship_collects_what_its_dashboards_show() {
    let platform = flagship();
    let all = dashboards(&platform);
    assert_eq!(all.len(), 4, "the flagship names four dashboards");
    for dashboard in all {
        let description = dashboard["description"].as_str().expect("every dashboard is described");
        let missing = description.split("metrics: ").nth(1).unwrap_or_default().trim_end_matches('.');
        for title in missing.split(", ").filter(|title| !title.is_empty()) {
            assert!(FROM_KUBELETS.contains(&title), "{} lacks `{title}`", dashboard["uid"]);
        }
        let mut asked = Vec::new();
        expressions(&dashboard, &mut asked);
        assert!(!asked.is_empty());
        for metric in asked.iter().flat_map(|expr| metrics_in(expr)) {
            assert!(platform.around.monitoring.collected.contains(metric), "{}: {metric}", dashboard["uid"]);
        }
    }
}
