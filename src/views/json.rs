//! For programs. The schema is documented in docs/diff.md and has a version: keys are only ever added to it.

use serde_json::{Map, Value as Json, json};

use crate::diff::capacity::{Amounts, Delta, Need};
use crate::diff::change::{Change, What};
use crate::diff::compare::{Comparison, Fate, FileFate, ObjectChange};
use crate::diff::exchange::Exchange;
use crate::manifest::document::Id;
use crate::manifest::node::{Node, Value};

/// Name and version of the schema.
pub const SCHEMA: &str = "platformgen.io/diff/v1";

/// The whole comparison as one JSON object.
pub fn json(comparison: &Comparison) -> String {
    let files: Vec<Json> =
        comparison.files.iter().map(|file| json!({ "path": file.path, "fate": file_fate(file.fate) })).collect();
    let lone_keys: Vec<Json> = comparison
        .lone_keys
        .iter()
        .map(|key| json!({ "environment": key.environment, "key": key.key, "line": key.line }))
        .collect();
    let capacity: Vec<Json> = comparison.capacity.iter().map(capacity).collect();
    let objects: Vec<Json> = comparison.objects.iter().map(object).collect();
    let all = json!({
        "schema": SCHEMA,
        "different": !comparison.files.is_empty(),
        "onlyIn": lone_keys,
        "connections": exchange(&comparison.connections),
        "rights": exchange(&comparison.rights),
        "capacity": capacity,
        "files": files,
        "notes": comparison.notes,
        "objects": objects,
    });
    format!("{all:#}\n")
}

fn object(object: &ObjectChange) -> Json {
    let mut out = id(&object.id);
    out.insert("fate".to_owned(), fate(object.fate).into());
    out.insert("file".to_owned(), object.file.clone().into());
    if let Some(was) = &object.was {
        out.insert("was".to_owned(), id(was).into());
    }
    if let Some(was) = &object.was_in {
        out.insert("wasIn".to_owned(), was.clone().into());
    }
    let effects = object.effects.iter().map(|effect| json!({ "effect": effect.kind.to_string(), "why": effect.why }));
    out.insert("effects".to_owned(), effects.collect());
    if let Some(cause) = &object.cause {
        let json = json!({
            "file": cause.file, "line": cause.line, "text": cause.text, "lines": cause.lines, "removed": cause.is_removed,
        });
        out.insert("cause".to_owned(), json);
    }
    out.insert("changes".to_owned(), object.changes.iter().map(change).collect());
    out.into()
}

fn exchange(exchange: &Exchange) -> Json {
    json!({ "gained": exchange.gained, "lost": exchange.lost })
}

fn capacity(delta: &Delta) -> Json {
    let amounts = |amounts: Amounts| json!({ "pods": i64::try_from(amounts.pods).unwrap_or(i64::MAX), "cpu": amounts.cpu.to_string(), "memory": amounts.memory.to_string() });
    let need = |need: Need| json!({ "quiet": amounts(need.quiet), "busy": amounts(need.busy), "eachNode": amounts(need.node) });
    json!({ "namespace": delta.namespace, "before": need(delta.old), "after": need(delta.new) })
}

fn id(id: &Id) -> Map<String, Json> {
    let rows = [("kind", &id.kind), ("group", &id.group), ("namespace", &id.namespace), ("name", &id.name)];
    rows.into_iter().map(|(key, value)| (key.to_owned(), value.as_str().into())).collect()
}

fn change(change: &Change) -> Json {
    let path = change.path.to_string();
    match &change.what {
        What::Added(node) => json!({ "path": path, "change": "added", "after": plain(node) }),
        What::Removed(node) => json!({ "path": path, "change": "removed", "before": plain(node) }),
        What::Changed(old, new) => {
            json!({ "path": path, "change": "changed", "before": plain(old), "after": plain(new) })
        }
        What::Text(old, new) => json!({ "path": path, "change": "text", "before": old, "after": new }),
        What::Order(old, new) => json!({ "path": path, "change": "order", "before": old, "after": new }),
    }
}

fn plain(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(is) => (*is).into(),
        Value::Integer(number) => i64::try_from(number.get()).map_or_else(|_| number.to_string().into(), Json::from),
        // JSON has no infinity
        Value::Float(number) if number.is_finite() => (*number).into(),
        Value::Float(number) => number.to_string().into(),
        Value::Text(text) => text.as_str().into(),
        Value::Number(text) => text.as_ref().into(),
        Value::List(items) => items.iter().map(plain).collect(),
        Value::Map(entries) => entries.iter().map(|entry| (entry.key.to_string(), plain(&entry.node))).collect(),
    }
}

fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Added => "added",
        Fate::Removed => "removed",
        Fate::Renamed => "renamed",
        Fate::Changed => "changed",
        Fate::Moved => "moved",
        Fate::Reformatted => "reformatted",
    }
}

fn file_fate(fate: FileFate) -> &'static str {
    match fate {
        FileFate::Added => "added",
        FileFate::Removed => "removed",
        FileFate::Changed => "changed",
    }
}
