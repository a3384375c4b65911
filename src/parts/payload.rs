//! Payloads: configuration files of the software inside the pods, from the templates that are built into the program, or
//! from those that somebody puts into their place.

use std::sync::LazyLock;

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use crate::model::payload::{Made, Overrides, Payload};
use crate::model::rendered::Rendered;
use crate::parts::template;

macro_rules! templates {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("payload/", $path)))),*]
    };
}

/// Every built-in template, by its path below `templates/`.
pub const TEMPLATES: &[(&str, &str)] = templates![
    "alertmanager/alertmanager.yml",
    "alertmanager/messages.tmpl",
    "grafana/datasources.yaml",
    "grafana/providers.yaml",
    "prometheus-adapter/config.yaml",
    "prometheus/prometheus.yml",
    "prometheus/rules.yml",
    "registry/collect-garbage.sh",
    "registry/config.yml",
];

/// Files that no template gives, and that one may take the place of all the same.
pub const DRAWN: &[&str] = &[
    "grafana/capacity.json",
    "grafana/edge-registry-tls.json",
    "grafana/platform-overview.json",
    "grafana/service-red.json",
];

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = template::engine();
    for (path, text) in TEMPLATES {
        engine.add_template(path, text).expect("a test has parsed every built-in template");
    }
    engine
});

/// Every path at which a template takes the place of something built in.
pub fn paths() -> impl Iterator<Item = &'static str> {
    TEMPLATES.iter().map(|(path, _)| *path).chain(DRAWN.iter().copied())
}

/// What the template at `path` gives with `values`.
pub fn file(path: &str, values: impl Serialize, overrides: &Overrides) -> Payload {
    file_or(path, &values, overrides, || render(path, &values))
}

/// What stands in the place of `path` gives with `values`; what is built in, if nothing does.
pub fn file_or(
    path: &str,
    values: impl Serialize,
    overrides: &Overrides,
    built_in: impl FnOnce() -> String,
) -> Payload {
    let Some(by) = overrides.get(path) else { return built_in().into() };
    let values = serde_json::to_value(values).expect("what a template sees can always be written as JSON");
    let (rendered, fault) = match template::render(path, &[(path, &by.text)], &values) {
        Ok(rendered) => (rendered, None),
        Err(fault) => (Rendered { text: String::new(), lines: Vec::new() }, Some(fault)),
    };
    let Rendered { text, lines } = rendered;
    Payload { text, made: Some(Box::new(Made { by: by.clone(), lines, fault })) }
}

/// The built-in template at `path` with `values`. Values are the program's own, so a failure is a mistake of ours that the
/// golden test shows.
fn render(path: &str, values: impl Serialize) -> String {
    let template = ENGINE.get_template(path).expect("the template is listed");
    template.render(Serde(values)).expect("a test has rendered every built-in template")
}
