//! Rules for the schemas of custom resources, which must be structural.
//!
//! Source: `apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go` and `pkg/apiserver/schema/` of
//! Kubernetes 1.35 to 1.37. Of expressions only the form is judged.

use std::collections::BTreeSet;

use crate::diff::path::Step;
use crate::manifest::node::{Node, Value};
use crate::ordered::Ordered;
use crate::validate::api::rules::has;
use crate::validate::api::{Judge, begin, defaults, patterns, transitions};

const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];
const UNSUPPORTED: &[&str] =
    &["$ref", "$schema", "additionalItems", "definitions", "dependencies", "id", "patternProperties"];
const LIST_TYPES: &[&str] = &["atomic", "set", "map"];
const MAP_TYPES: &[&str] = &["atomic", "granular"];
/// What only the schema itself may say, not what narrows it.
const OWN: &[&str] = &[
    "additionalProperties",
    "default",
    "description",
    "nullable",
    "title",
    "type",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];
const NARROWING: &[&str] = &["allOf", "anyOf", "oneOf"];
const RULES: &str = "x-kubernetes-validations";
/// What every object has, whatever a schema says.
const META: &[&str] = &["apiVersion", "kind", "metadata"];

/// Where in a schema another one stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Within,
    /// Below what describes `metadata` of the root.
    Meta,
}

pub fn validation(judge: &mut Judge<'_>, node: &Node) {
    let Some(root) = node.get("openAPIV3Schema") else { return };
    judge.step(Step::Key("openAPIV3Schema".into()), |judge| {
        schema(judge, root, Place::Root, false);
        if is_true(root, "nullable") {
            judge.refuse(root, "nullable", "must not be true: there is always an object");
        }
        if kind(root).is_some_and(|kind| kind != "object") {
            judge.refuse(root, "type", "must be `object`, which every resource is");
        }
        if has(root, "additionalProperties") {
            judge.refuse(root, "additionalProperties", "must not be there: a resource has fields of its own");
        }
        metadata(judge, root);
    });
}

fn kind(node: &Node) -> Option<&str> {
    node.text_at(&["type"]).filter(|kind| !kind.is_empty())
}

fn is_true(node: &Node, key: &str) -> bool {
    node.get(key).and_then(Node::bool) == Some(true)
}

/// Of its metadata a schema can narrow the names only.
fn metadata(judge: &mut Judge<'_>, root: &Node) {
    let Some(own) = root.at(&["properties", "metadata"]) else { return };
    let path = judge.path.key("properties").key("metadata");
    let is_name = |key: &str| ["name", "generateName"].contains(&key);
    let names = own.get("properties").map(Node::entries).unwrap_or_default();
    let is_known = |key: &str| ["type", "properties", "default"].contains(&key);
    if kind(own) != Some("object") {
        judge.at(&path, begin(own), "must have the type `object`");
    } else if !names.iter().all(|entry| is_name(&entry.key)) || !own.entries().iter().all(|entry| is_known(&entry.key))
    {
        judge.at(&path, begin(own), "must say nothing beyond `name` and `generateName`: it is what it always is");
    }
}

fn schema(judge: &mut Judge<'_>, node: &Node, place: Place, is_apart: bool) {
    let kind = kind(node);
    judge.word(node, "type", TYPES);
    for key in UNSUPPORTED.iter().filter(|key| is_said(node, key)) {
        judge.refuse(node, key, "is not supported");
    }
    if is_true(node, "uniqueItems") {
        judge.refuse(node, "uniqueItems", "must not be true; `x-kubernetes-list-type: set` says it");
    }
    if matches!(node.get("items").map(|items| &items.value), Some(Value::List(_))) {
        judge.refuse(node, "items", "must be one schema, not a list of them");
    }
    if kind == Some("array") && !has(node, "items") {
        judge.refuse(node, "items", "is missing where the type is `array`");
    }
    let is_free = is_true(node, "x-kubernetes-int-or-string") || is_true(node, "x-kubernetes-preserve-unknown-fields");
    let is_whole = is_true(node, "x-kubernetes-embedded-resource");
    if kind.is_none() && (is_whole || !is_free) {
        judge.refuse(node, "type", "is missing");
    }
    if kind.is_none() && is_said(node, RULES) && !is_true(node, "x-kubernetes-int-or-string") {
        judge.refuse(node, RULES, "needs a `type`");
    }
    extensions(judge, node, kind);
    if is_said(node, RULES) {
        transitions::rules(judge, node, is_apart);
    }
    properties(judge, node, place, is_apart);
    lists(judge, node, kind);
    // the server compares what narrows the root only
    narrowed(judge, node, (place == Place::Root).then_some(node));
    if let Some(why) = node.text_at(&["pattern"]).and_then(patterns::fault) {
        judge.refuse(node, "pattern", &format!("is no regular expression that Go takes: {why}"));
    }
    if let Some(default) = node.get("default").filter(|default| !matches!(default.value, Value::Null)) {
        if place == Place::Meta {
            judge.refuse(node, "default", "must not be there: what every object has is set by the server");
        } else if let Some(why) = defaults::fault(node, default, judge.minor) {
            judge.refuse(node, "default", &why);
        }
    }
}

/// Whether something is said, which an empty text or map does not do.
fn is_said(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(|value| match &value.value {
        Value::Null => false,
        Value::Text(text) => !text.is_empty() || key == "$ref",
        Value::Map(entries) => !entries.is_empty() || key == "dependencies" || key == "additionalItems",
        _ => true,
    })
}

fn extensions(judge: &mut Judge<'_>, node: &Node, kind: Option<&str>) {
    let is_false = |key: &str| node.get(key).and_then(Node::bool) == Some(false);
    if is_false("x-kubernetes-preserve-unknown-fields") {
        judge.refuse(node, "x-kubernetes-preserve-unknown-fields", "must be true or not be there");
    }
    if is_true(node, "x-kubernetes-int-or-string") {
        let others = ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"];
        for key in others.iter().filter(|key| is_true(node, key)) {
            judge.refuse(node, key, "must not stand beside `x-kubernetes-int-or-string`");
        }
    }
    if has(node, "x-kubernetes-map-type") {
        judge.filled(node, "x-kubernetes-map-type");
        judge.word(node, "x-kubernetes-map-type", MAP_TYPES);
        if kind != Some("object") {
            judge.refuse(node, "x-kubernetes-map-type", "is for the type `object`");
        }
    }
    if is_true(node, "x-kubernetes-embedded-resource") {
        if kind.is_some_and(|kind| kind != "object") {
            judge.refuse(node, "type", "must be `object` where there is `x-kubernetes-embedded-resource`");
        }
        if has(node, "additionalProperties") {
            judge.refuse(node, "additionalProperties", "must not stand beside `x-kubernetes-embedded-resource`");
        }
        let is_open = is_true(node, "x-kubernetes-preserve-unknown-fields");
        if !is_open && node.get("properties").is_none_or(|own| own.entries().is_empty()) {
            let why = "needs `properties` or `x-kubernetes-preserve-unknown-fields`";
            judge.refuse(node, "x-kubernetes-embedded-resource", why);
        }
    }
}

fn properties(judge: &mut Judge<'_>, node: &Node, place: Place, is_apart: bool) {
    let own = node.get("properties").map(Node::entries).unwrap_or_default();
    let rest = node.get("additionalProperties");
    if !own.is_empty() && rest.is_some_and(|rest| rest.bool() != Some(true)) {
        judge.refuse(node, "additionalProperties", "must not stand beside `properties`");
    }
    let is_object = place == Place::Root || is_true(node, "x-kubernetes-embedded-resource");
    judge.step(Step::Key("properties".into()), |judge| {
        for entry in own {
            let is_meta = is_object && META.contains(&entry.key.as_str());
            let within =
                if place == Place::Root && is_meta || place == Place::Meta { Place::Meta } else { Place::Within };
            judge.step(Step::Key(entry.key.clone()), |judge| {
                schema(judge, &entry.node, within, is_apart);
                let is_word = is_meta && entry.key != "metadata";
                if is_word && kind(&entry.node).is_some_and(|kind| kind != "string") {
                    judge.refuse(&entry.node, "type", "must be `string`");
                }
            });
        }
    });
    let inner = |place| if place == Place::Meta { Place::Meta } else { Place::Within };
    // of items, only those with a key are the same ones in the next version
    let is_list = node.text_at(&["x-kubernetes-list-type"]) != Some("map");
    for (key, is_apart) in [("additionalProperties", is_apart), ("items", is_apart || is_list)] {
        if let Some(part) = node.get(key).filter(|part| matches!(part.value, Value::Map(_))) {
            judge.step(Step::Key(key.into()), |judge| schema(judge, part, inner(place), is_apart));
        }
    }
}

fn lists(judge: &mut Judge<'_>, node: &Node, kind: Option<&str>) {
    const KEYS: &str = "x-kubernetes-list-map-keys";
    const TYPE: &str = "x-kubernetes-list-type";
    let keys: Vec<&str> = node.items_at(&[KEYS]).iter().filter_map(Node::text).collect();
    let list = node.text_at(&[TYPE]);
    if list.is_some() {
        judge.word(node, TYPE, LIST_TYPES);
        if kind != Some("array") {
            judge.refuse(node, TYPE, "is for the type `array`");
        }
    }
    if !keys.is_empty() && list != Some("map") {
        judge.refuse(node, KEYS, &format!("needs `{TYPE}: map`"));
    }
    let Some(items) = node.get("items") else { return };
    if matches!(list, Some("set" | "map")) && is_true(items, "nullable") {
        judge.refuse(node, "items", &format!("must not be nullable where `{TYPE}` is there"));
    }
    let said = |key: &str| items.text_at(&[key]);
    match (list, said("type")) {
        (Some("set"), Some("array")) if said(TYPE).is_some_and(|own| own != "atomic") => {
            judge.refuse(node, "items", "must be atomic in a set");
        }
        (Some("set"), Some("object")) if said("x-kubernetes-map-type") != Some("atomic") => {
            judge.refuse(node, "items", "must have `x-kubernetes-map-type: atomic` in a set");
        }
        (Some("map"), _) if keys.is_empty() => judge.refuse(node, KEYS, &format!("is missing where `{TYPE}` is `map`")),
        (Some("map"), Some("object")) => map_keys(judge, node, items, &keys),
        (Some("map"), _) => {
            judge.refuse(node, "items", "must be of the type `object`, by whose keys they are told apart");
        }
        _ => {}
    }
}

fn map_keys(judge: &mut Judge<'_>, node: &Node, items: &Node, keys: &[&str]) {
    const KEYS: &str = "x-kubernetes-list-map-keys";
    let required: BTreeSet<&str> = items.items_at(&["required"]).iter().filter_map(Node::text).ordered();
    let mut known = BTreeSet::new();
    for key in keys {
        if !known.insert(key) {
            judge.refuse(node, KEYS, &format!("holds `{key}` twice"));
        }
        let Some(own) = items.at(&["properties", key]) else {
            judge.refuse(node, KEYS, &format!("holds `{key}`, which the items do not have"));
            continue;
        };
        if matches!(kind(own), Some("array" | "object")) {
            judge.refuse(node, KEYS, &format!("holds `{key}`, which is no plain value"));
        }
        if !required.contains(key) && !has(own, "default") {
            judge.refuse(node, KEYS, &format!("holds `{key}`, which must be required or have a default"));
        }
        if is_true(own, "nullable") {
            judge.refuse(node, KEYS, &format!("holds `{key}`, which must not be nullable"));
        }
    }
}

/// What narrows a schema says nothing that the schema itself does not.
fn narrowed(judge: &mut Judge<'_>, node: &Node, whole: Option<&Node>) {
    for key in NARROWING {
        let is_either = |items: &[Node]| {
            let kinds: Vec<Option<&str>> = items.iter().map(kind).collect();
            kinds == [Some("integer"), Some("string")] && items.iter().all(|item| item.entries().len() == 1)
        };
        if *key == "anyOf" && is_either(node.items_at(&[key])) {
            continue;
        }
        let mut is_first = true;
        judge.each(node, key, |judge, part| {
            // the one other place for an integer or a string
            let is_spared = *key == "allOf" && is_first && is_either(part.items_at(&["anyOf"]));
            is_first = false;
            if !is_spared {
                narrowing(judge, part, whole);
            }
        });
    }
    if let Some(part) = node.get("not").filter(|part| matches!(part.value, Value::Map(_))) {
        judge.step(Step::Key("not".into()), |judge| narrowing(judge, part, whole));
    }
}

fn narrowing(judge: &mut Judge<'_>, node: &Node, whole: Option<&Node>) {
    let is_told = |key: &&&str| match node.get(key).map(|value| &value.value) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Text(text)) => !text.is_empty(),
        Some(Value::List(items)) => !items.is_empty(),
        Some(_) => true,
    };
    for key in OWN.iter().filter(is_told) {
        judge.refuse(node, key, "must stand in the schema itself, not in what narrows it");
    }
    narrowed(judge, node, whole);
    if let Some(why) = node.text_at(&["pattern"]).and_then(patterns::fault) {
        judge.refuse(node, "pattern", &format!("is no regular expression that Go takes: {why}"));
    }
    for entry in node.get("properties").map(Node::entries).unwrap_or_default() {
        let own = whole.and_then(|whole| whole.at(&["properties", &entry.key]));
        let path = judge.path.key("properties").key(&entry.key);
        if entry.key == "metadata" {
            judge.at(&path, entry.span, "must not be narrowed");
        } else if whole.is_some() && own.is_none() {
            judge.at(&path, entry.span, "must stand in the schema itself too, with its type");
        } else {
            judge.step(Step::Key("properties".into()), |judge| {
                judge.step(Step::Key(entry.key.clone()), |judge| narrowing(judge, &entry.node, own));
            });
        }
    }
    if let Some(items) = node.get("items").filter(|items| matches!(items.value, Value::Map(_))) {
        let own = whole.and_then(|whole| whole.get("items"));
        if whole.is_some() && own.is_none() {
            judge.refuse(node, "items", "must stand in the schema itself too, with its type");
        } else {
            judge.step(Step::Key("items".into()), |judge| narrowing(judge, items, own));
        }
    }
}
