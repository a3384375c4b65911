//! Rules for autoscalers and disruption budgets.
//!
//! Source: `pkg/apis/autoscaling/validation/validation.go` and `pkg/apis/policy/validation/validation.go` of Kubernetes
//! 1.35 to 1.37.

use crate::manifest::node::{Node, Value};
use crate::spec::shapes::Minor;
use crate::validate::api::amounts::{self, Amount};
use crate::validate::api::networking::group_and_version;
use crate::validate::api::rules::{given, has};
use crate::validate::api::{Judge, annotated, quota};

/// What a metric is about, by its type.
const SOURCES: &[(&str, &str)] = &[
    ("ContainerResource", "containerResource"),
    ("External", "external"),
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
];

/// The one of version 1, whose other metrics stand in an annotation.
pub fn first(judge: &mut Judge<'_>, node: &Node) {
    let metrics = annotated::fields(node).find(|(field, _)| *field == "metrics");
    let metrics = metrics.as_ref().map(|(_, metrics)| metrics.items()).unwrap_or_default();
    judge.under(node, &["spec"], |judge, spec| from_outside(judge, spec, metrics));
}

pub fn autoscaler(judge: &mut Judge<'_>, node: &Node) {
    scale(judge, node);
    from_outside(judge, node, node.items_at(&["metrics"]));
}

/// Pods that are not there have no metrics of their own.
fn from_outside(judge: &mut Judge<'_>, node: &Node, metrics: &[Node]) {
    let is_from_outside = |metric: &Node| matches!(metric.text_at(&["type"]), Some("Object" | "External"));
    let is_zero = judge.minor >= Minor::V1_37 && node.get("minReplicas").and_then(Node::integer) == Some(0);
    if is_zero && !metrics.iter().any(is_from_outside) {
        judge.refuse(node, "minReplicas", "is 0, which needs a metric of the type `Object` or `External`");
    }
}

/// How far anything may scale, and what.
pub fn scale(judge: &mut Judge<'_>, node: &Node) {
    let number = |key: &str| node.get(key).and_then(Node::integer);
    let (least, most) = (number("minReplicas"), number("maxReplicas"));
    let lowest = i128::from(judge.minor < Minor::V1_37);
    if let Some(least) = least.filter(|least| *least < lowest) {
        judge.refuse(node, "minReplicas", &format!("is {least}; it must be at least {lowest}"));
    }
    if let (Some(least), Some(most)) = (least, most)
        && most < least
        && most > 0
    {
        judge.refuse(node, "maxReplicas", &format!("is {most}, which is less than the {least} of `minReplicas`"));
    }
    let Some(target) = node.get("scaleTargetRef") else { return };
    let version = target.text_at(&["apiVersion"]).unwrap_or_default();
    let path = judge.path.key("scaleTargetRef").key("apiVersion");
    let span = target.get("apiVersion").map_or(super::begin(target), |node| node.span);
    // the one kind of the core group that scales
    let is_core = target.text_at(&["kind"]) == Some("ReplicationController");
    match group_and_version(version) {
        None => judge.at(&path, span, &format!("is `{version}`; it must be a group and a version such as `apps/v1`")),
        Some(("", "")) if !is_core => {
            judge.at(&path, span, "is missing; it must be a group and a version such as `apps/v1`");
        }
        Some(("", _)) if !is_core => {
            judge.at(&path, span, &format!("is `{version}`; it must name the group too, such as `apps/v1`"));
        }
        Some(_) => {}
    }
}

pub fn metric(judge: &mut Judge<'_>, node: &Node) {
    let Some(kind) = node.text_at(&["type"]) else { return };
    let Some((_, source)) = SOURCES.iter().find(|(known, _)| *known == kind) else { return };
    if !has(node, source) {
        judge.refuse(node, source, &format!("is missing where the type is `{kind}`"));
    }
    let all: Vec<&str> = SOURCES.iter().map(|(_, source)| *source).collect();
    for other in given(node, &all).iter().filter(|other| *other != source) {
        judge.refuse(node, other, &format!("must not be there where the type is `{kind}`"));
    }
    let Some(target) = node.at(&[source, "target"]) else { return };
    let path = judge.path.key(source).key("target");
    let judge = &mut judge.below(&path);
    let needed: &[&str] = match *source {
        "resource" | "containerResource" => &["averageUtilization", "averageValue"],
        "pods" => &["averageValue"],
        _ => &["value", "averageValue"],
    };
    match given(target, needed).as_slice() {
        [] => judge.refuse(target, needed[0], "is missing"),
        [first, second] if *source != "object" => {
            judge.refuse(target, second, &format!("must not stand beside `{first}`"));
        }
        _ => {}
    }
}

pub fn metric_target(judge: &mut Judge<'_>, node: &Node) {
    for key in ["value", "averageValue"] {
        if node.get(key).and_then(amounts::read).is_some_and(|amount| amount <= Amount::ZERO) {
            judge.refuse(node, key, "must be more than 0");
        }
    }
}

pub fn container_metric(judge: &mut Judge<'_>, node: &Node) {
    let Some(name) = node.text_at(&["name"]).filter(|name| !name.is_empty()) else { return };
    if let Some(why) = quota::container_resource_fault(name) {
        judge.refuse(node, "name", &format!("is `{name}`, which {why}"));
    }
}

pub fn described(judge: &mut Judge<'_>, node: &Node) {
    let version = node.text_at(&["describedObject", "apiVersion"]).unwrap_or_default();
    if group_and_version(version).is_none() {
        let path = judge.path.key("describedObject").key("apiVersion");
        judge.at(&path, super::begin(node), &format!("is `{version}`; it must be a group and a version"));
    }
}

pub fn scaling_rules(judge: &mut Judge<'_>, node: &Node) {
    if node.get("tolerance").and_then(amounts::read).is_some_and(|amount| amount < Amount::ZERO) {
        judge.refuse(node, "tolerance", "must not be less than 0");
    }
}

pub fn budget(judge: &mut Judge<'_>, node: &Node) {
    if has(node, "minAvailable") && has(node, "maxUnavailable") {
        judge.refuse(node, "maxUnavailable", "must not stand beside `minAvailable`");
    }
    for key in ["minAvailable", "maxUnavailable"] {
        let why = node.get(key).and_then(share_fault);
        if let Some(why) = why {
            judge.refuse(node, key, &why);
        }
    }
}

/// Why a value is neither a count nor a share of all.
fn share_fault(node: &Node) -> Option<String> {
    match &node.value {
        Value::Integer(number) if number.get() < 0 => Some(format!("is {number}; it must not be less than 0")),
        Value::Text(text) => {
            let digits = text
                .strip_suffix('%')
                .filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
            match digits.map(str::parse::<u64>) {
                Some(Ok(share)) if share <= 100 => None,
                Some(_) => Some(format!("is `{text}`; it must be at most `100%`")),
                None => Some(format!("is `{text}`; it must be a number or a share such as `50%`")),
            }
        }
        _ => None,
    }
}
