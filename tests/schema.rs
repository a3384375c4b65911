//! The table of types that `validate` decodes by, against the crate that it is taken from.
//!
//! `UPDATE=1 cargo test --test schema` writes the table anew.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TABLE: &str = "src/schema/types.txt";
const MINORS: [&str; 3] = ["35", "36", "37"];

/// Types whose JSON is no object; what the table calls them.
const LEAVES: &[(&str, &str)] = &[
    ("Quantity", "quantity"),
    ("IntOrString", "int-or-string"),
    ("Time", "time"),
    ("MicroTime", "time"),
    ("JSON", "any"),
    ("RawExtension", "any"),
    ("FieldsV1", "any"),
    ("JSONSchemaPropsOrArray", "apiextensions/v1.JSONSchemaProps|[apiextensions/v1.JSONSchemaProps]"),
    ("JSONSchemaPropsOrBool", "apiextensions/v1.JSONSchemaProps|bool"),
    ("JSONSchemaPropsOrStringArray", "apiextensions/v1.JSONSchemaProps|[string]"),
];

/// Where the sources of the crate are: beside those of every other dependency.
fn sources() -> PathBuf {
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let about = String::from_utf8(rustc.stdout).expect("text");
    let host = between(&about, "host: ", "\n").expect("it names its host");
    // what other platforms need has not been downloaded
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let found = packages.iter().find(|package| package["name"] == "k8s-openapi").expect("it is a dependency");
    Path::new(found["manifest_path"].as_str().expect("a path")).parent().expect("a directory").join("src")
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("the crate can be listed") {
        let path = entry.expect("the crate can be listed").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// `api::core::v1::Pod` is `core/v1.Pod`.
fn name(path: &str) -> String {
    let parts: Vec<&str> = path.split("::").collect();
    let [.., group, version, name] = parts.as_slice() else { panic!("{path} has no group") };
    let leaf = LEAVES.iter().find(|(leaf, _)| leaf == name);
    leaf.map_or_else(|| format!("{group}/{version}.{name}"), |(_, word)| (*word).to_owned())
}

/// What stands between `start` and the next `end`.
fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}

/// The type that a schema in the crate's sources describes.
fn shape(schema: &str) -> String {
    if let Some((_, items)) = schema.split_once("\"items\": ") {
        return format!("[{}]", shape(items));
    }
    if let Some((_, values)) = schema.split_once("\"additionalProperties\": ") {
        return format!("{{{}}}", shape(values));
    }
    if let Some(path) = between(schema, "subschema_for::<crate::", ">(") {
        return name(path);
    }
    let told = |key: &str| between(schema, &format!("\"{key}\": \""), "\"");
    match (told("type"), told("format")) {
        (Some("string"), Some("byte")) => "bytes",
        (Some("string"), _) => "string",
        (Some("integer"), Some("int32")) => "int32",
        (Some("integer"), _) => "int64",
        (Some("boolean"), _) => "bool",
        (Some("number"), _) => "number",
        (Some("object") | None, _) => "any",
        other => panic!("no such type is known: {other:?} in {schema}"),
    }
    .to_owned()
}

/// The fields of the schema of a struct, each with whether it is required.
fn fields(schema: &str) -> Vec<(String, String)> {
    const KEY: &str = "\n                \"";
    let required: BTreeSet<&str> = between(schema, "\n            \"required\": [", "\n            ]")
        .map(|list| list.split('"').skip(1).step_by(2).collect())
        .unwrap_or_default();
    let Some((_, properties)) = schema.split_once("\n            \"properties\": {") else { return Vec::new() };
    let properties = properties.split_once("\n            }").map_or(properties, |(properties, _)| properties);
    let entries = properties.split(KEY).skip(1);
    let told = entries.map(|entry| {
        let (key, schema) = entry.split_once("\": ").expect("a key has a value");
        // descriptions say anything
        let schema: Vec<&str> = schema
            .lines()
            .filter(|line| !line.contains("\"description\": ") && !line.contains("insert(\"description\""))
            .collect();
        let mark = if required.contains(key) { "!" } else { "" };
        (format!("{key}{mark}"), shape(&schema.join("\n")))
    });
    told.collect()
}

/// Every line of the table of one minor, by what it is about.
fn lines(root: &Path, minor: &str) -> BTreeSet<(String, String)> {
    let root = root.join(format!("v1_{minor}"));
    let mut found = Vec::new();
    files(&root, &mut found);
    let mut lines = BTreeSet::new();
    for file in found {
        let text = fs::read_to_string(&file).expect("sources are text");
        let module = file.strip_prefix(&root).expect("below it").parent().expect("it lies in a module");
        let module = module.to_string_lossy().replace('/', "::");
        for part in text.split("impl crate::schemars::JsonSchema for ").skip(1) {
            let (own, rest) = part.split_once(" {").expect("an impl has a body");
            let own = name(&format!("{module}::{own}"));
            if !own.contains('/') || own.contains('|') {
                continue;
            }
            lines.insert((format!("type {own}"), String::new()));
            for (key, shape) in fields(rest) {
                lines.insert((format!("type {own}"), format!("{key} {shape}")));
            }
        }
        for part in text.split("impl crate::Resource for ").skip(1) {
            let own = part.split_once(" {").expect("an impl has a body").0;
            let told = |constant: &str| between(part, &format!("const {constant}: &'static str = \""), "\"");
            let (Some(api), Some(kind)) = (told("API_VERSION"), told("KIND")) else { panic!("{own} is no resource") };
            let scope = match between(part, "type Scope = crate::", ";") {
                Some("NamespaceResourceScope") => "namespaced",
                Some("ClusterResourceScope") => "cluster",
                _ => "other",
            };
            let own = name(&format!("{module}::{own}"));
            lines.insert((format!("kind {api} {kind}"), format!("{scope} {own}")));
        }
    }
    lines
}

/// In which minors something holds, where that is not all of them: `@36+`, `@-36` or `@36`.
fn mark(minors: &BTreeSet<&str>) -> String {
    let (first, last) = (minors.first().expect("one"), minors.last().expect("one"));
    match (*first == MINORS[0], *last == MINORS[2]) {
        (true, true) => String::new(),
        (false, true) => format!(" @{first}+"),
        (true, false) => format!(" @-{last}"),
        (false, false) => format!(" @{first}"),
    }
}

fn table() -> String {
    let root = sources();
    let mut all: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
    for minor in MINORS {
        for line in lines(&root, minor) {
            all.entry(line).or_default().insert(minor);
        }
    }
    let mut out = String::from(
        "# Kubernetes 1.35 to 1.37 as k8s-openapi declares it; `UPDATE=1 cargo test --test schema` writes it anew.\n",
    );
    for ((about, told), minors) in all {
        let mark = mark(&minors);
        let words = match (about.starts_with("kind "), told.is_empty()) {
            (true, _) => [&about, " ", &told],
            (false, true) => [&about, "", ""],
            (false, false) => ["", " ", &told],
        };
        out.extend(words.into_iter().chain([mark.as_str(), "\n"]));
    }
    out
}

#[test]
fn the_table_of_types_is_what_the_crate_declares() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE);
    let table = table();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&place, &table).expect("the table can be written");
    }
    let written = fs::read_to_string(&place).unwrap_or_default();
    assert!(written == table, "{TABLE} is not what the crate declares; UPDATE=1 writes it");
}
