//! Rules for what every object has: labels, annotations, selectors.
//!
//! Source: `apimachinery/pkg/api/validation/objectmeta.go` and `pkg/apis/meta/v1/validation/validation.go`.

use crate::diff::path::Step;
use crate::manifest::node::Node;
use crate::manifest::selector::NAMESPACE_NAME;
use crate::validate::api::Judge;
use crate::validate::api::forms::{LABEL_KEY, LABEL_VALUE, is_label_value, is_qualified};

const OPERATORS: &[&str] = &["In", "NotIn", "Exists", "DoesNotExist"];
/// The annotations of an object together.
const MOST_BYTES: usize = 256 << 10;

/// What is made from these has labels and annotations of its own, which the server looks at only then.
const TEMPLATES: &[&str] = &["jobTemplate", "volumeClaimTemplates"];

pub fn metadata(judge: &mut Judge<'_>, node: &Node) {
    if judge.path.keys().nth_back(1).is_some_and(|holder| TEMPLATES.contains(&holder)) {
        return;
    }
    labels(judge, node, "labels");
    let annotations = node.get("annotations").map(Node::entries).unwrap_or_default();
    for entry in annotations.iter().filter(|entry| !is_qualified(&entry.key.to_lowercase())) {
        judge.at(
            &judge.path.key("annotations").key(&entry.key),
            entry.span,
            "is no key of an annotation: it must be `name` or `prefix.example.com/name`",
        );
    }
    let size: usize =
        annotations.iter().map(|entry| entry.key.len() + entry.node.text().unwrap_or_default().len()).sum();
    if size > MOST_BYTES {
        judge.refuse(node, "annotations", &format!("hold {size} bytes; they must not hold more than {MOST_BYTES}"));
    }
}

/// Keys and values of labels.
pub fn labels(judge: &mut Judge<'_>, node: &Node, under: &str) {
    for entry in node.get(under).map(Node::entries).unwrap_or_default() {
        // whatever a namespace says its name is, the server writes its name
        if entry.key == NAMESPACE_NAME && judge.object.kind == "Namespace" && !judge.object.name.is_empty() {
            continue;
        }
        let path = || judge.path.key(under).key(&entry.key);
        if !is_qualified(&entry.key) {
            let why = "is no key of a label: it must be `name` or `prefix.example.com/name`";
            judge.at(&path(), entry.span, why);
        }
        if let Some(value) = entry.node.text().filter(|value| !is_label_value(value)) {
            let why = format!(
                "is `{value}`: a label's value has at most 63 letters, digits, `-`, `_` and `.`, with letters or digits at the ends"
            );
            judge.at(&path(), entry.node.span, &why);
        }
    }
}

/// Judges a selector wherever the server does: those of metrics go to whoever serves the metrics, unseen.
pub fn selector(judge: &mut Judge<'_>, node: &Node) {
    let mut keys = judge.path.keys().rev();
    if (keys.next(), keys.next()) == (Some("selector"), Some("metric")) {
        return;
    }
    labels(judge, node, "matchLabels");
    judge.each(node, "matchExpressions", requirement);
}

fn requirement(judge: &mut Judge<'_>, node: &Node) {
    let key = node.text_at(&["key"]).unwrap_or_default();
    if key.is_empty() {
        judge.refuse(node, "key", "is missing");
    } else if !is_qualified(key) {
        judge.refuse(node, "key", &format!("is `{key}`; it must be {}", LABEL_KEY.1));
    }
    judge.word(node, "operator", OPERATORS);
    let values = node.items_at(&["values"]);
    match node.text_at(&["operator"]).unwrap_or_default() {
        "" => judge.refuse(node, "operator", "is missing"),
        operator @ ("In" | "NotIn") if values.is_empty() => {
            judge.refuse(node, "values", &format!("must not be empty where the operator is `{operator}`"));
        }
        operator @ ("Exists" | "DoesNotExist") if !values.is_empty() => {
            judge.refuse(node, "values", &format!("must be empty where the operator is `{operator}`"));
        }
        _ => {}
    }
    for (at, value) in values.iter().enumerate() {
        if let Some(text) = value.text().filter(|text| !is_label_value(text)) {
            let path = judge.path.key("values").and(Step::Index(at));
            judge.at(&path, value.span, &format!("is `{text}`; it must be {}", LABEL_VALUE.1));
        }
    }
}
