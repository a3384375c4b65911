//! Rules for definitions of custom resources; `structural.rs` has those for their schemas.
//!
//! Source: `apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go` of Kubernetes 1.35 to 1.37.

use std::collections::BTreeSet;

use crate::diff::path::Step;
use crate::manifest::node::Node;
use crate::validate::api::rules::{has, once};
use crate::validate::api::{Judge, admission, cel};

const APPROVAL: &str = "api-approved.kubernetes.io";
const LONGEST_WARNING: usize = 256;
const MOST_SELECTABLE: usize = 8;

pub fn definition(judge: &mut Judge<'_>, node: &Node) {
    let text = |keys: &[&str]| node.text_at(keys).unwrap_or_default();
    let group = text(&["spec", "group"]);
    let wanted = format!("{}.{group}", text(&["spec", "names", "plural"]));
    if let Some(name) = node.at(&["metadata", "name"]).filter(|name| name.text().is_some_and(|own| own != wanted)) {
        let path = judge.path.key("metadata").key("name");
        judge.at(&path, name.span, &format!("must be `{wanted}`, the plural and the group"));
    }
    let is_protected = ["k8s.io", "kubernetes.io"]
        .iter()
        .any(|own| group.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    let approval = text(&["metadata", "annotations", APPROVAL]);
    let is_link =
        |text: &str| text.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
    if is_protected && !approval.starts_with("unapproved") && !is_link(approval) {
        let path = judge.path.key("spec").key("group");
        let span = node.at(&["spec", "group"]).map_or(super::begin(node), |group| group.span);
        let why =
            format!("is Kubernetes' own, which needs the annotation `{APPROVAL}` with the link of who approved it");
        judge.at(&path, span, &why);
    }
}

pub fn spec(judge: &mut Judge<'_>, node: &Node) {
    let group = node.text_at(&["group"]).unwrap_or_default();
    if !group.is_empty() && !group.contains('.') {
        judge.refuse(node, "group", &format!("is `{group}`; it must be a domain with a dot, such as `example.com`"));
    }
    if node.get("preserveUnknownFields").and_then(Node::bool) == Some(true) {
        judge.refuse(node, "preserveUnknownFields", "must not be true; `x-kubernetes-preserve-unknown-fields` says it");
    }
    let versions = node.items_at(&["versions"]);
    let stored = versions.iter().filter(|version| version.get("storage").and_then(Node::bool) == Some(true)).count();
    if !versions.is_empty() && stored != 1 {
        judge.refuse(node, "versions", &format!("has {stored} with `storage: true`; exactly one must have it"));
    }
    once(judge, node, "versions", "name");
}

pub fn names(judge: &mut Judge<'_>, node: &Node) {
    let kind = node.text_at(&["kind"]).unwrap_or_default();
    if !kind.is_empty() && node.text_at(&["listKind"]) == Some(kind) {
        judge.refuse(node, "listKind", &format!("is `{kind}`, as the kind is: nobody could tell them apart"));
    }
}

pub fn version(judge: &mut Judge<'_>, node: &Node) {
    if let Some(warning) = node.text_at(&["deprecationWarning"]) {
        let is_printable = |letter: char| !letter.is_control();
        if node.get("deprecated").and_then(Node::bool) != Some(true) {
            judge.refuse(node, "deprecationWarning", "needs `deprecated: true`");
        } else if warning.is_empty() || warning.len() > LONGEST_WARNING || !warning.chars().all(is_printable) {
            judge.refuse(node, "deprecationWarning", &format!("must be one line of 1 to {LONGEST_WARNING} letters"));
        }
    }
    selectable(judge, node);
}

fn selectable(judge: &mut Judge<'_>, node: &Node) {
    let schema = node.at(&["schema", "openAPIV3Schema"]);
    let mut known = BTreeSet::new();
    judge.each(node, "selectableFields", |judge, field| {
        let Some(path) = field.text_at(&["jsonPath"]).filter(|path| !path.is_empty()) else { return };
        let keys = path.strip_prefix('.').map(|rest| rest.split('.'));
        let found = keys.and_then(|mut keys| keys.try_fold(schema?, |schema, key| schema.at(&["properties", key])));
        let is_plain = |found: &Node| matches!(found.text_at(&["type"]), Some("string" | "boolean" | "integer"));
        if path.starts_with(".metadata") || !found.is_some_and(is_plain) {
            judge.refuse(
                field,
                "jsonPath",
                &format!("is `{path}`, where the schema has no text, number or truth value"),
            );
        }
        if !known.insert(path) {
            judge.refuse(field, "jsonPath", &format!("is `{path}`, which another one is"));
        }
    });
    if known.len() > MOST_SELECTABLE {
        judge.refuse(node, "selectableFields", &format!("must not hold more than {MOST_SELECTABLE}"));
    }
}

pub fn column(judge: &mut Judge<'_>, node: &Node) {
    if let Some(path) = node.text_at(&["jsonPath"]).filter(|path| !path.is_empty() && !path.starts_with('.')) {
        judge.refuse(node, "jsonPath", &format!("is `{path}`; it must begin with `.`"));
    }
}

pub fn scale(judge: &mut Judge<'_>, node: &Node) {
    let paths: &[(&str, &[&str])] = &[
        ("specReplicasPath", &[".spec."]),
        ("statusReplicasPath", &[".status."]),
        ("labelSelectorPath", &[".spec.", ".status."]),
    ];
    for (key, begins) in paths {
        let Some(path) = node.text_at(&[key]).filter(|path| !path.is_empty()) else { continue };
        if !begins.iter().any(|begin| path.starts_with(begin)) {
            judge.refuse(node, key, &format!("is `{path}`; it must begin with `{}`", begins.join("` or `")));
        }
    }
}

pub fn conversion(judge: &mut Judge<'_>, node: &Node) {
    let webhook = node.get("webhook");
    match node.text_at(&["strategy"]) {
        Some("Webhook") if !has(node, "webhook") => {
            judge.refuse(node, "webhook", "is missing where the strategy is `Webhook`");
        }
        Some("None") if has(node, "webhook") => {
            judge.refuse(node, "webhook", "must not be there where the strategy is `None`");
        }
        _ => {}
    }
    if let Some(webhook) = webhook {
        judge.step(Step::Key("webhook".into()), |judge| admission::reviews(judge, webhook, "conversionReviewVersions"));
    }
}

pub fn rule(judge: &mut Judge<'_>, node: &Node) {
    admission::validation(judge, node);
    for key in ["rule", "messageExpression"] {
        admission::compiles(judge, node, key, cel::OF_DEFINITIONS);
    }
    let is_long = node.text_at(&["rule"]).is_some_and(|rule| rule.trim().contains(['\n', '\r']));
    if is_long && node.text_at(&["message"]).is_none_or(|message| message.trim().is_empty()) {
        judge.refuse(node, "message", "is missing: the rule is of several lines, which no message can show");
    }
}
