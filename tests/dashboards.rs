//! Dashboards against what is really collected: on the flagship no panel is missing, no query asks for a metric that no
//! job brings, and who collects Grafana's own metrics knows their password.

use platformgen::derive::promql::metrics_in;
use platformgen::diagnostics::report::Report;
use platformgen::model::platform::Platform;
use platformgen::pipeline;
use serde_json::Value;

#[path = "support/flagship.rs"]
mod flagship;

fn flagship() -> Platform {
    let mut report = Report::default();
    let platform = pipeline::platform(flagship::described(), None, &mut report);
    assert!(platform.is_some(), "the description is wrong: {:#?}", report.sorted());
    platform.expect("just looked")
}

fn objects(platform: &Platform) -> Vec<Value> {
    let objects = pipeline::bundle(platform).expect("no two objects are one").objects;
    objects.iter().map(|placed| serde_json::to_value(&placed.object).expect("objects are JSON")).collect()
}

/// Every file in any `ConfigMap` whose name ends so.
fn files(objects: &[Value], ending: &str) -> Vec<String> {
    let files = objects.iter().flat_map(|object| object["data"].as_object().cloned().unwrap_or_default());
    let files = files.filter(|(name, _)| name.ends_with(ending));
    files.map(|(_, text)| text.as_str().expect("data is text").to_owned()).collect()
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
    let all = files(&objects(&platform), ".json");
    assert_eq!(all.len(), 4, "the flagship names four dashboards");
    for text in all {
        let dashboard: Value = serde_json::from_str(&text).expect("it is JSON");
        let description = dashboard["description"].as_str().expect("every dashboard is described");
        assert!(!description.contains("Not shown"), "{}: {description}", dashboard["uid"]);
        let mut asked = Vec::new();
        expressions(&dashboard, &mut asked);
        assert!(!asked.is_empty());
        for metric in asked.iter().flat_map(|expr| metrics_in(expr)) {
            assert!(platform.around.monitoring.collected.contains(metric), "{}: {metric}", dashboard["uid"]);
        }
    }
}

/// Where the pods of `kind` `name` see the keys of Secrets: path, Secret, key.
fn secret_files(objects: &[Value], kind: &str, name: &str) -> Vec<(String, String, String)> {
    let owner = objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    let pod = &owner.expect("the flagship has one")["spec"]["template"]["spec"];
    let mut seen = Vec::new();
    for volume in pod["volumes"].as_array().into_iter().flatten() {
        let mounts = pod["containers"][0]["volumeMounts"].as_array().into_iter().flatten();
        for mount in mounts.filter(|mount| mount["name"] == volume["name"]) {
            for item in volume["secret"]["items"].as_array().into_iter().flatten() {
                let text = |value: &Value| value.as_str().expect("it is text").to_owned();
                let path = format!("{}/{}", text(&mount["mountPath"]), text(&item["path"]));
                seen.push((path, text(&volume["secret"]["secretName"]), text(&item["key"])));
            }
        }
    }
    seen
}

#[test]
fn prometheus_and_grafana_read_one_password() {
    let objects = objects(&flagship());
    let config = files(&objects, "prometheus.yml").concat();
    let asked = config.split("password_file: ").nth(1).expect("a job has a password");
    let asked = asked.lines().next().expect("a line").trim().trim_matches('"');
    let collector = secret_files(&objects, "StatefulSet", "prometheus");
    let (_, secret, key) = collector.iter().find(|(path, ..)| path == asked).expect("Prometheus sees the password");
    let exporter = secret_files(&objects, "Deployment", "grafana");
    let (path, ..) = exporter.iter().find(|(_, name, item)| (name, item) == (secret, key)).expect("so does Grafana");
    let told = objects.iter().find(|object| object["kind"] == "Deployment" && object["metadata"]["name"] == "grafana");
    let variables = &told.expect("there is a Grafana")["spec"]["template"]["spec"]["containers"][0]["env"];
    let named = |variable: &&Value| variable["name"] == "GF_METRICS_BASIC_AUTH_PASSWORD__FILE";
    let variable = variables.as_array().into_iter().flatten().find(named).expect("Grafana asks for it");
    assert_eq!(variable["value"].as_str(), Some(path.as_str()));
    // Prometheus reads this one key, not the password of the administrator beside it.
    assert_eq!(collector.len(), 1, "{collector:?}");
}
