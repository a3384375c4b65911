//! Rules for claims on devices and their classes.
//!
//! Source: `pkg/apis/resource/validation/validation.go` of Kubernetes 1.35 to 1.37. Of
//! expressions only the form is judged.

use std::collections::BTreeSet;

use crate::diff::path::Step;
use crate::manifest::node::{Node, Value};
use crate::spec::shapes::Minor;
use crate::validate::api::forms::{Form, LABEL_KEY, LABEL_VALUE, is_driver};
use crate::validate::api::quota::is_extended;
use crate::validate::api::rules::{at_most, distinct, given, has, once};
use crate::validate::api::{Judge, admission};

/// What a claim may hold of each.
const MOST: usize = 32;
const MOST_OPTIONS: usize = 8;
const MOST_TOLERATIONS: usize = 16;
const LONGEST_ID: usize = 32;
const ATTRIBUTE: Form = (is_attribute, "a name such as `gpu.example.com/model`");

/// A driver and the name of what it tells about its devices.
fn is_attribute(text: &str) -> bool {
    let is_id = |id: &str| {
        id.len() <= LONGEST_ID
            && id.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    // what is behind a second slash is not looked at: servers say that this is a mistake, and keep it
    text.split_once('/').is_some_and(|(driver, id)| id.contains('/') || (is_driver(driver) && is_id(id)))
}

/// The same with a driver in small letters.
const SMALL_ATTRIBUTE: Form = (is_small_attribute, ATTRIBUTE.1);

fn is_small_attribute(text: &str) -> bool {
    is_attribute(text)
        && !text.split('/').next().is_some_and(|driver| driver.contains(|letter: char| letter.is_ascii_uppercase()))
}

/// Which devices are meant.
pub fn selector(judge: &mut Judge<'_>, node: &Node) {
    admission::compiles(judge, node, "expression", &["device"]);
}

pub fn claim(judge: &mut Judge<'_>, node: &Node) {
    for list in ["requests", "constraints", "config"] {
        at_most(judge, node, list, MOST);
    }
    once(judge, node, "requests", "name");
    let mut names = BTreeSet::new();
    for request in node.items_at(&["requests"]) {
        let name = request.text_at(&["name"]).unwrap_or_default();
        names.insert(name.to_owned());
        let options = request.items_at(&["firstAvailable"]).iter().filter_map(|option| option.text_at(&["name"]));
        names.extend(options.map(|option| format!("{name}/{option}")));
    }
    for list in ["constraints", "config"] {
        judge.each(node, list, |judge, item| {
            distinct(judge, item, "requests");
            judge.faults(item, "requests", |name| {
                (!names.contains(name)).then(|| "is the name of no request".to_owned())
            });
        });
    }
}

pub fn request(judge: &mut Judge<'_>, node: &Node) {
    let options = node.items_at(&["firstAvailable"]);
    match (has(node, "exactly"), options.is_empty()) {
        (true, false) => judge.refuse(node, "firstAvailable", "must not stand beside `exactly`"),
        (false, true) => judge.refuse(node, "", "must have one of `exactly` or `firstAvailable`"),
        _ => {}
    }
    at_most(judge, node, "firstAvailable", MOST_OPTIONS);
    once(judge, node, "firstAvailable", "name");
}

pub fn amount(judge: &mut Judge<'_>, node: &Node) {
    let count = node.get("count").and_then(Node::integer).unwrap_or(0);
    match node.text_at(&["allocationMode"]).unwrap_or("ExactCount") {
        "All" if count != 0 => judge.refuse(node, "count", "must not be there where the `allocationMode` is `All`"),
        "ExactCount" | "" if count < 0 => judge.refuse(node, "count", "must be at least 1"),
        _ => {}
    }
    at_most(judge, node, "selectors", MOST);
    at_most(judge, node, "tolerations", MOST_TOLERATIONS);
}

pub fn constraint(judge: &mut Judge<'_>, node: &Node) {
    // 1.35 drops the other kind
    let kinds: &[&str] = if is_new(judge) { &["matchAttribute", "distinctAttribute"] } else { &["matchAttribute"] };
    // and 1.37 looks at both
    let (first, form) = if judge.minor >= Minor::V1_37 { (2, SMALL_ATTRIBUTE) } else { (1, ATTRIBUTE) };
    let given = given(node, kinds);
    if given.is_empty() {
        judge.refuse(node, "matchAttribute", "is missing");
    }
    for kind in given.into_iter().take(first) {
        judge.filled(node, kind);
        judge.form(node, kind, form);
    }
}

/// Whether the server knows taints of devices, devices of many and classes by the names of resources.
fn is_new(judge: &Judge<'_>) -> bool {
    judge.minor >= Minor::V1_36
}

pub fn toleration(judge: &mut Judge<'_>, node: &Node) {
    if !is_new(judge) {
        return;
    }
    judge.word(node, "operator", &["Equal", "Exists"]);
    judge.word(node, "effect", &["None", "NoSchedule", "NoExecute"]);
    judge.form(node, "key", LABEL_KEY);
    judge.form(node, "value", LABEL_VALUE);
    let has_value = node.text_at(&["value"]).is_some_and(|value| !value.is_empty());
    if node.text_at(&["operator"]) == Some("Exists") && has_value {
        judge.refuse(node, "value", "must not be there where the operator is `Exists`");
    }
}

pub fn configuration(judge: &mut Judge<'_>, node: &Node) {
    if let Some(opaque) = node.get("opaque")
        && !matches!(opaque.get("parameters").map(|own| &own.value), Some(Value::Map(_)))
    {
        judge.step(Step::Key("opaque".into()), |judge| judge.refuse(opaque, "parameters", "must be a map"));
    }
}

pub fn class(judge: &mut Judge<'_>, node: &Node) {
    at_most(judge, node, "selectors", MOST);
    at_most(judge, node, "config", MOST);
    let name = node.text_at(&["extendedResourceName"]).filter(|name| is_new(judge) && !is_extended(name));
    if let Some(name) = name {
        judge.refuse(
            node,
            "extendedResourceName",
            &format!("is `{name}`; it must be a name such as `example.com/gpu`"),
        );
    }
}
