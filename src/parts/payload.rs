//! Payloads: configuration files of the software inside the pods, from the templates that are built into the program.
//! Delimiters are `<< >>` and `<% %>`, so that Prometheus and Grafana keep their own `{{ }}`.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Serialize;

macro_rules! templates {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../templates/", $path)))),*]
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

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = engine();
    for (path, text) in TEMPLATES {
        engine.add_template(path, text).expect("a test has parsed every built-in template");
    }
    engine
});

/// An engine without templates: the same language for those that are built in and for others.
pub fn engine<'source>() -> Environment<'source> {
    let mut engine = Environment::new();
    let syntax = SyntaxConfig::builder()
        .block_delimiters("<%", "%>")
        .variable_delimiters("<<", ">>")
        .comment_delimiters("<#", "#>")
        .keep_trailing_newline(true)
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .expect("the delimiters differ from each other");
    engine.set_syntax(syntax);
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.add_filter("quoted", quoted);
    engine.add_filter("json", json);
    engine
}

/// The template at `path` with `values`. Values are the program's own, so a failure is a mistake of ours that the
/// golden test shows.
pub fn render(path: &str, values: impl Serialize) -> String {
    let template = ENGINE.get_template(path).expect("the template is listed");
    template.render(Serde(values)).expect("a test has rendered every built-in template")
}

/// A value in one line, as YAML and JSON both read it: lists and maps too.
fn json(value: &Value) -> String {
    serde_json::to_string(value).expect("what a template holds can always be written as JSON")
}

/// A string as YAML and JSON both read it, for the places of a template where a value of the user stands.
pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string can always be written as JSON")
}
