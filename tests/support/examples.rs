//! The example platforms: the flagship in the root of the repository and its environments, and every file in
//! `tests/platforms/`. Each is rendered once and read back, so that checks judge the text.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use platformgen::commands::shelf::Directory;
use platformgen::diagnostics::caret;
use platformgen::diagnostics::report::Report;
use platformgen::diagnostics::source::Source;
use platformgen::model::bundle::Bundle;
use platformgen::values::shelf::Described;
use platformgen::{emit, pipeline};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use toml::de::{DeTable, DeValue};

use crate::support::objects::{Object, Pods, at, entries, items, text};

/// A description before it is rendered.
pub struct Example {
    /// File, and environment if it is not the base.
    pub name: String,
    /// Where it stands.
    pub path: PathBuf,
    /// The description.
    pub text: String,
    /// The environment.
    pub environment: Option<String>,
}

/// A rendered platform, read back.
#[derive(Clone)]
pub struct World {
    /// File, and environment if it is not the base.
    pub name: String,
    /// The objects in the order of the stream.
    pub objects: Vec<Object>,
    /// The description, as plain values with the environment merged in.
    pub description: Value,
    /// Kind, namespace and name of what somebody wrote in manifests of their own.
    pub brought: Vec<(String, Option<String>, String)>,
}

/// Every example platform.
pub fn examples() -> Vec<Example> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("platform.toml")];
    let mut more: Vec<PathBuf> = fs::read_dir(root.join("tests/platforms"))
        .expect("tests/platforms exists")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    more.sort();
    files.extend(more);
    files.iter().flat_map(read).collect()
}

fn read(path: &PathBuf) -> Vec<Example> {
    let text = fs::read_to_string(path).expect("descriptions are text");
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let description = description(&text, None);
    let environments = entries(&description["environments"]).into_iter().map(|(name, _)| Some(name.to_owned()));
    std::iter::once(None)
        .chain(environments)
        .map(|environment| Example {
            name: environment.as_ref().map_or_else(|| file.clone(), |name| format!("{file} ({name})")),
            path: path.clone(),
            text: text.clone(),
            environment,
        })
        .collect()
}

/// The objects of an example, or what is wrong with it.
pub fn bundle(example: &Example) -> Result<Bundle, String> {
    let mut report = Report::default();
    let shelf = Directory::of(&example.path);
    let described = Described { text: &example.text, shelf: &shelf, is_locked: false, is_alone: false };
    let rendered = pipeline::render(described, example.environment.as_deref(), &mut report);
    let source = Source { name: &example.name, text: &example.text };
    let beside = report.files().map(|(source, report)| caret::text(&report.sorted(), source, false));
    let told = || std::iter::once(caret::text(&report.sorted(), source, false)).chain(beside).collect();
    rendered.map(|(_, bundle)| bundle).ok_or_else(told)
}

/// Every document of a YAML stream.
pub fn documents(yaml: &str) -> Vec<Value> {
    yaml_serde::Deserializer::from_str(yaml)
        .map(|document| Value::deserialize(document).expect("every document is YAML"))
        .filter(|value| !value.is_null())
        .collect()
}

/// The examples that render; `every_example_renders` holds that all do.
pub fn worlds() -> &'static [World] {
    static WORLDS: LazyLock<Vec<World>> = LazyLock::new(|| {
        let world = |example: &Example| {
            let stream = emit::stream(&bundle(example).ok()?.objects);
            let description = description(&example.text, example.environment.as_deref());
            Some(World {
                name: example.name.clone(),
                objects: documents(&stream).into_iter().map(Object::of).collect(),
                brought: brought(&example.path, &description),
                description,
            })
        };
        examples().iter().filter_map(world).collect()
    });
    &WORLDS
}

/// What the manifests hold that a description names, each by its path.
fn brought(description: &Path, says: &Value) -> Vec<(String, Option<String>, String)> {
    let files = items(&says["manifests"]).map(|manifests| text(&manifests["files"]));
    let read = |file: &str| fs::read_to_string(description.with_file_name(file)).expect("it is named by its path");
    let objects = files.flat_map(|file| documents(&read(file))).map(Object::of);
    objects.map(|object| (object.kind, object.namespace, object.name)).collect()
}

/// The flagship.
pub fn flagship() -> &'static World {
    worlds().iter().find(|world| world.name == "platform.toml").expect("the flagship renders")
}

impl World {
    /// Whether somebody wrote the object, who may label it and name in it whom they like.
    pub fn is_brought(&self, object: &Object) -> bool {
        self.brought.iter().any(|(kind, namespace, name)| {
            *kind == object.kind && *namespace == object.namespace && *name == object.name
        })
    }

    /// Objects of a kind.
    pub fn of_kind<'w>(&'w self, kind: &'w str) -> impl Iterator<Item = &'w Object> {
        self.objects.iter().filter(move |object| object.kind == kind)
    }

    /// The object of that kind, namespace (empty for cluster-scoped ones) and name.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Object> {
        self.objects.iter().find(|o| o.kind == kind && o.place() == namespace && o.name == name)
    }

    /// The pods of every workload.
    pub fn pods(&self) -> impl Iterator<Item = Pods<'_>> {
        self.objects.iter().filter_map(Object::pods)
    }

    /// The autoscaler of a workload.
    pub fn autoscaler(&self, workload: &Object) -> Option<&Object> {
        self.of_kind("HorizontalPodAutoscaler").find(|scaler| {
            let target = scaler.at("/spec/scaleTargetRef");
            scaler.namespace == workload.namespace
                && text(&target["kind"]) == workload.kind
                && text(&target["name"]) == workload.name
        })
    }

    /// What the description says at a JSON pointer.
    pub fn says(&self, pointer: &str) -> &Value {
        at(&self.description, pointer)
    }

    /// The type of a component.
    pub fn type_of(&self, component: &str) -> &str {
        text(&self.description["components"][component]["type"])
    }

    /// Whether Secrets come from objects that we render.
    pub fn renders_secrets(&self) -> bool {
        text(self.says("/secrets/backend")) != "existing"
    }
}

/// A description as plain values; with an environment merged in the way the reference says: tables merge, everything
/// else replaces, `"*"` stands for every component that has the key, `"off"` removes a component.
pub fn description(text: &str, environment: Option<&str>) -> Value {
    let table = DeTable::parse(text).expect("examples are TOML").into_inner();
    let mut base = plain_table(&table);
    let Some(mut overlay) = environment.map(|name| base["environments"][name].take()) else {
        return with_implied(base);
    };
    let components = overlay["components"].take();
    merge(&mut base, &overlay);
    let Value::Object(declared) = base["components"].take() else { return with_implied(base) };
    let mut merged = Map::new();
    for (name, mut component) in declared {
        for (key, change) in
            entries(&components["*"]).into_iter().filter(|(key, _)| component.get(key).is_some()).collect::<Vec<_>>()
        {
            merge(&mut component[key], change);
        }
        merge(&mut component, &components[&name]);
        if components[&name] != "off" {
            merged.insert(name, component);
        }
    }
    base["components"] = Value::Object(merged);
    with_implied(base)
}

/// What the cluster is said to want stands among the components, as if somebody had declared it.
fn with_implied(mut description: Value) -> Value {
    if description["cluster"]["metrics-server"] == "install" {
        description["components"]["metrics-server"] = json!({ "type": "metrics-server", "namespace": "kube-system" });
    }
    description
}

fn merge(base: &mut Value, change: &Value) {
    match (base, change) {
        (_, Value::Null) => {}
        (Value::Object(base), Value::Object(change)) => {
            for (key, value) in change {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, change) => *base = change.clone(),
    }
}

fn plain_table(table: &DeTable<'_>) -> Value {
    table.iter().map(|(key, value)| (key.get_ref().to_string(), plain(value.get_ref()))).collect::<Map<_, _>>().into()
}

fn plain(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => text.to_string().into(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).expect("a number").into(),
        DeValue::Float(number) => number.as_str().parse::<f64>().expect("a number").into(),
        DeValue::Boolean(word) => (*word).into(),
        DeValue::Datetime(date) => date.to_string().into(),
        DeValue::Array(list) => list.iter().map(|item| plain(item.get_ref())).collect(),
        DeValue::Table(table) => plain_table(table),
    }
}
