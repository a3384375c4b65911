//! Rules for nodes, for what binds pods to them, and for what controllers remember of their pods.
//!
//! Source: `ValidateNode` and `ValidatePodBinding` in `pkg/apis/core/validation/validation.go`, `Convert_v1_NodeSpec` in
//! `pkg/apis/core/v1/conversion.go` and `ValidateControllerRevisionCreate` in `pkg/apis/apps/validation/validation.go` of
//! Kubernetes 1.35 to 1.37.

use std::collections::BTreeSet;

use crate::diff::path::Step;
use crate::manifest::node::{Node, Value};
use crate::spec::shapes::Minor;
use crate::validate::api::Judge;
use crate::validate::api::addresses::{range, range_fault};
use crate::validate::api::forms::{SUBDOMAIN, is_subdomain};

pub fn spec(judge: &mut Judge<'_>, node: &Node) {
    ranges(judge, node);
    let mut known: BTreeSet<(&str, &str)> = BTreeSet::new();
    judge.each(node, "taints", |judge, taint| {
        let text = |key: &str| taint.text_at(&[key]).unwrap_or_default();
        let (key, effect) = (text("key"), text("effect"));
        if !known.insert((key, effect)) {
            judge.refuse(taint, "key", &format!("is `{key}`, which another taint has with the same `{effect}`"));
        }
    });
}

/// The addresses of the pods of a node: one range of each family. Where the older field says something else than the newer
/// one, the older one counts.
fn ranges(judge: &mut Judge<'_>, node: &Node) {
    let minor = judge.minor;
    let single = node.text_at(&["podCIDR"]).filter(|single| !single.is_empty());
    let first = node.items_at(&["podCIDRs"]).first().and_then(Node::text);
    if let Some(text) = single.filter(|single| first != Some(*single)) {
        if let Some(why) = range_fault(text, minor) {
            judge.refuse(node, "podCIDR", &format!("is `{text}`, which {why}"));
        }
        return;
    }
    judge.faults(node, "podCIDRs", |text| range_fault(text, minor).map(str::to_owned));
    let texts = node.items_at(&["podCIDRs"]).iter().filter_map(Node::text);
    let families: Vec<bool> = texts.filter_map(|text| Some(range(text)?.0.is_ipv4())).collect();
    let is_pair = families.len() == 2 && families[0] != families[1];
    if families.len() > 1 && !is_pair {
        judge.refuse(node, "podCIDRs", "must hold at most one range of IPv4 and one of IPv6");
    }
}

pub fn binding(judge: &mut Judge<'_>, node: &Node) {
    let Some(target) = node.get("target") else { return };
    judge.step(Step::Key("target".into()), |judge| {
        judge.word(target, "kind", &["Node"]);
        match target.text_at(&["name"]).unwrap_or_default() {
            "" => judge.refuse(target, "name", "is missing"),
            name if judge.minor >= Minor::V1_37 && !is_subdomain(name) => {
                judge.refuse(target, "name", &format!("is `{name}`; it must be {}", SUBDOMAIN.1));
            }
            _ => {}
        }
    });
}

pub fn revision(judge: &mut Judge<'_>, node: &Node) {
    match node.get("data").map(|data| &data.value) {
        None | Some(Value::Null) => judge.refuse(node, "data", "is missing"),
        Some(Value::Map(_)) => {}
        Some(_) => judge.refuse(node, "data", "must be an object"),
    }
}
