//! Rules for questions about rights, which servers answer and never keep.
//!
//! Source: `pkg/apis/authorization/validation/validation.go` of Kubernetes 1.35 to 1.37.

use crate::manifest::node::{Node, Value};
use crate::validate::api::Judge;
use crate::validate::api::rules::{exactly_one, has};

const ABOUT: &[&str] = &["resourceAttributes", "nonResourceAttributes"];

pub fn own(judge: &mut Judge<'_>, node: &Node) {
    exactly_one(judge, node, ABOUT);
}

pub fn of_somebody(judge: &mut Judge<'_>, node: &Node) {
    exactly_one(judge, node, ABOUT);
    if node.text_at(&["user"]).unwrap_or_default().is_empty() && node.items_at(&["groups"]).is_empty() {
        judge.refuse(node, "user", "is missing, and so is `groups`");
    }
}

pub fn selector(judge: &mut Judge<'_>, node: &Node) {
    let is_raw = node.text_at(&["rawSelector"]).is_some_and(|text| !text.is_empty());
    match (is_raw, node.items_at(&["requirements"]).is_empty()) {
        (true, false) => judge.refuse(node, "rawSelector", "must not stand beside `requirements`"),
        (false, true) => judge.refuse(node, "requirements", "is missing, and so is `rawSelector`"),
        _ => {}
    }
}

pub fn review(judge: &mut Judge<'_>, node: &Node) {
    nameless(judge, node, &[]);
}

/// A question about one namespace.
pub fn local_review(judge: &mut Judge<'_>, node: &Node) {
    nameless(judge, node, &["namespace"]);
    judge.under(node, &["spec"], |judge, spec| {
        if has(spec, "nonResourceAttributes") {
            judge.refuse(spec, "nonResourceAttributes", "must not be there: paths are in no namespace");
        }
    });
    let own = node.text_at(&["metadata", "namespace"]).filter(|own| !own.is_empty());
    judge.under(node, &["spec", "resourceAttributes"], |judge, about| {
        let other = about.text_at(&["namespace"]).unwrap_or_default();
        if let Some(own) = own.filter(|own| *own != other) {
            judge.refuse(about, "namespace", &format!("must be `{own}`, the namespace of the question"));
        }
    });
}

/// What nobody keeps has no name, and nothing else by which it would be found.
fn nameless(judge: &mut Judge<'_>, node: &Node, but: &[&str]) {
    let is_said = |value: &Node| match &value.value {
        Value::Null => false,
        Value::Text(text) => !text.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        Value::List(items) => !items.is_empty(),
        _ => true,
    };
    judge.under(node, &["metadata"], |judge, metadata| {
        let told = metadata.entries().iter().filter(|entry| entry.key != "managedFields" && is_said(&entry.node));
        for entry in told.filter(|entry| !but.contains(&entry.key.as_str())) {
            judge.refuse(metadata, &entry.key, "must not be there: nobody keeps the question");
        }
    });
}
