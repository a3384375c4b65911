//! Rules for where pods may run: tolerations, affinity, spread.
//!
//! Source: `ValidateTolerations`, `validateAffinity` and `validateTopologySpreadConstraints` in
//! `pkg/apis/core/validation/validation.go` of Kubernetes 1.35 to 1.37.

use std::collections::BTreeSet;

use crate::diff::path::{Path, Step};
use crate::manifest::node::Node;
use crate::manifest::selector::{labels, said};
use crate::ordered::Ordered;
use crate::validate::api::Judge;
use crate::validate::api::forms::{LABEL_KEY, LABEL_VALUE, SUBDOMAIN, is_label_value, is_qualified};
use crate::validate::api::rules::{has, once};

const OPERATORS: &[&str] = &["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];

pub fn toleration(judge: &mut Judge<'_>, node: &Node) {
    let text = |key: &str| node.text_at(&[key]).unwrap_or_default();
    let (operator, value) = (text("operator"), text("value"));
    if text("key").is_empty() && operator != "Exists" {
        judge.refuse(node, "operator", "must be `Exists` where there is no `key`");
    }
    if has(node, "tolerationSeconds") && text("effect") != "NoExecute" {
        judge.refuse(node, "tolerationSeconds", "needs the `effect` `NoExecute`");
    }
    match operator {
        "Exists" if !value.is_empty() => judge.refuse(node, "value", "must be empty where the operator is `Exists`"),
        "" | "Equal" if !is_label_value(value) => {
            judge.refuse(node, "value", &format!("is `{value}`; it must be {}", LABEL_VALUE.1));
        }
        _ => {}
    }
}

/// What a node must be.
pub fn node_term(judge: &mut Judge<'_>, node: &Node) {
    // what is only preferred may have values that no label has
    let is_preferred = judge.path.last_key() == "preference";
    judge.each(node, "matchExpressions", |judge, need| label_need(judge, need, is_preferred));
    judge.each(node, "matchFields", field_need);
}

fn label_need(judge: &mut Judge<'_>, node: &Node, is_preferred: bool) {
    let key = node.text_at(&["key"]).unwrap_or_default();
    if !is_qualified(key) && !key.is_empty() {
        judge.refuse(node, "key", &format!("is `{key}`; it must be {}", LABEL_KEY.1));
    }
    judge.word(node, "operator", OPERATORS);
    let count = node.items_at(&["values"]).len();
    match node.text_at(&["operator"]).unwrap_or_default() {
        operator @ ("In" | "NotIn") if count == 0 => {
            judge.refuse(node, "values", &format!("must not be empty where the operator is `{operator}`"));
        }
        operator @ ("Exists" | "DoesNotExist") if count > 0 => {
            judge.refuse(node, "values", &format!("must be empty where the operator is `{operator}`"));
        }
        operator @ ("Gt" | "Lt") if count != 1 => {
            judge.refuse(node, "values", &format!("must hold one value where the operator is `{operator}`"));
        }
        _ => {}
    }
    if !is_preferred {
        judge.form(node, "values", LABEL_VALUE);
    }
}

fn field_need(judge: &mut Judge<'_>, node: &Node) {
    judge.word(node, "key", &["metadata.name"]);
    judge.word(node, "operator", &["In", "NotIn"]);
    if node.items_at(&["values"]).len() != 1 {
        judge.refuse(node, "values", "must hold the name of one node");
    }
    judge.form(node, "values", SUBDOMAIN);
}

/// Which pods a term of affinity is about.
pub fn affinity_term(judge: &mut Judge<'_>, node: &Node) {
    label_keys(judge, node);
    let other: Vec<&str> = node.items_at(&["mismatchLabelKeys"]).iter().filter_map(Node::text).collect();
    for (at, key) in node.items_at(&["matchLabelKeys"]).iter().enumerate() {
        if key.text().is_some_and(|key| other.contains(&key)) {
            let path = judge.path.key("matchLabelKeys").and(Step::Index(at));
            judge.at(&path, key.span, "stands in `mismatchLabelKeys` too");
        }
    }
}

/// Labels whose values the pod itself gives to a selector.
fn label_keys(judge: &mut Judge<'_>, node: &Node) {
    for list in ["matchLabelKeys", "mismatchLabelKeys"] {
        if !node.items_at(&[list]).is_empty() && said(node, "labelSelector").is_none() {
            judge.refuse(node, list, "needs a `labelSelector`");
        }
        judge.form(node, list, LABEL_KEY);
    }
    let labels = node.at(&["labelSelector", "matchLabels"]).map(Node::entries).unwrap_or_default();
    let mut known: BTreeSet<&str> = labels.iter().map(|entry| entry.key.as_str()).ordered();
    let own: Vec<&str> = node.items_at(&["matchLabelKeys"]).iter().filter_map(Node::text).collect();
    // the server adds one need for each of them and takes no second one
    for need in node.items_at(&["labelSelector", "matchExpressions"]) {
        let Some(key) = need.text_at(&["key"]) else { continue };
        if !known.insert(key) && own.contains(&key) {
            let path = judge.path.key("labelSelector").key("matchExpressions");
            judge.at(&path, super::begin(need), &format!("is about `{key}`, which stands in `matchLabelKeys` too"));
        }
    }
}

/// Whatever counts pods by their labels: each constraint and each term of affinity, with its place below `path`.
fn counting<'n>(pod: &'n Node, path: &Path) -> Vec<(Path, &'n Node)> {
    let spreads = path.key("topologySpreadConstraints");
    let spread = pod.items_at(&["topologySpreadConstraints"]).iter().enumerate();
    let mut found: Vec<(Path, &Node)> = spread.map(|(at, spread)| (spreads.and(Step::Index(at)), spread)).collect();
    for side in ["podAffinity", "podAntiAffinity"] {
        let below = path.key("affinity").key(side);
        for list in
            ["requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"]
        {
            for (at, item) in pod.items_at(&["affinity", side, list]).iter().enumerate() {
                let path = below.key(list).and(Step::Index(at));
                found.push(match item.get("podAffinityTerm") {
                    Some(term) => (path.key("podAffinityTerm"), term),
                    None => (path, item),
                });
            }
        }
    }
    found
}

/// Labels of a pod by whose values it is to be counted beside what a selector says of them, which no server takes: where
/// each stands. Those that a selector has twice are told by themselves.
///
/// Source: `applyLabelKeysToLabelSelector` in `pkg/registry/core/pod/strategy.go`, before
/// `ValidateMatchLabelKeysAndMismatchLabelKeys`.
pub fn counted_twice<'n>(template: &'n Node, path: &Path) -> Vec<(Path, &'n Node)> {
    let labels = labels(template.at(&["metadata", "labels"]));
    let Some(pod) = template.get("spec") else { return Vec::new() };
    let mut found = Vec::new();
    for (path, term) in counting(pod, path) {
        let plain = term.at(&["labelSelector", "matchLabels"]).map(Node::entries).unwrap_or_default().iter();
        let needs = term.items_at(&["labelSelector", "matchExpressions"]).iter();
        let asked: Vec<&str> =
            plain.map(|entry| entry.key.as_str()).chain(needs.filter_map(|need| need.text_at(&["key"]))).collect();
        for (at, node) in term.items_at(&["matchLabelKeys"]).iter().enumerate() {
            let count = |key: &str| asked.iter().filter(|asked| **asked == key).count();
            if node.text().is_some_and(|key| labels.contains_key(key) && count(key) == 1) {
                found.push((path.key("matchLabelKeys").and(Step::Index(at)), node));
            }
        }
    }
    found
}

/// Of templates the server asks that only when it takes their pods.
pub fn of_bare_pod(judge: &mut Judge<'_>, node: &Node) {
    for (path, key) in counted_twice(node, &judge.path.key("spec")) {
        let why = format!("is `{}`, {COUNTED_TWICE}", key.text().unwrap_or_default());
        judge.at(&path, key.span, &why);
    }
}

/// What is wrong with it.
pub const COUNTED_TWICE: &str = "a label of the pod that the `labelSelector` asks for as well";

pub fn spread(judge: &mut Judge<'_>, node: &Node) {
    let action = node.text_at(&["whenUnsatisfiable"]).unwrap_or_default();
    if has(node, "minDomains") && action == "ScheduleAnyway" {
        judge.refuse(node, "minDomains", "needs `whenUnsatisfiable: DoNotSchedule`");
    }
    label_keys(judge, node);
}

/// What stands in several places of a pod and must differ.
pub fn of_pod(judge: &mut Judge<'_>, pod: &Node) {
    let mut known: BTreeSet<(&str, &str)> = BTreeSet::new();
    judge.each(pod, "topologySpreadConstraints", |judge, spread| {
        let text = |key: &str| spread.text_at(&[key]).unwrap_or_default();
        let (key, action) = (text("topologyKey"), text("whenUnsatisfiable"));
        if !known.insert((key, action)) {
            judge.refuse(spread, "topologyKey", &format!("is `{key}`, which another has with the same `{action}`"));
        }
    });
    once(judge, pod, "schedulingGates", "name");
}
