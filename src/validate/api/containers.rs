//! Rules for containers: their ports, their environment, when they start again.
//!
//! Source: `pkg/apis/core/validation/validation.go` of Kubernetes 1.35 to 1.37.

use std::collections::BTreeSet;

use crate::diff::path::Step;
use crate::manifest::node::Node;
use crate::spec::shapes::Minor;
use crate::validate::api::rules::{exactly_one, has, once};
use crate::validate::api::{Judge, mounts, probes, resources};

/// How many rules about exit codes a container may have, and how many codes a rule.
const MOST_RULES: usize = 20;
const MOST_CODES: usize = 255;

pub fn container(judge: &mut Judge<'_>, node: &Node) {
    once(judge, node, "ports", "name");
    mounts::in_container(judge, node);
    probes::thresholds(judge, node);
    resources::of_container(judge, node);
    once(judge, node, "resizePolicy", "resourceName");
    let rules = node.items_at(&["restartPolicyRules"]).len();
    if rules > 0 && !has(node, "restartPolicy") {
        judge.refuse(node, "restartPolicyRules", "needs a `restartPolicy` beside it");
    } else if rules > MOST_RULES {
        judge.refuse(node, "restartPolicyRules", &format!("holds {rules} rules; it must hold at most {MOST_RULES}"));
    }
}

/// What a container does after certain exit codes.
pub fn restart_rule(judge: &mut Judge<'_>, node: &Node) {
    let actions: &[&str] = if judge.minor < Minor::V1_36 { &["Restart"] } else { &["Restart", "RestartAllContainers"] };
    judge.word(node, "action", actions);
    let codes = node.items_at(&["exitCodes", "values"]).len();
    if codes > MOST_CODES {
        judge.refuse(node, "exitCodes", &format!("holds {codes} codes; it must hold at most {MOST_CODES}"));
    }
}

pub fn variable(judge: &mut Judge<'_>, node: &Node) {
    judge.faults(node, "name", name_fault);
    if has(node, "valueFrom") && node.text_at(&["value"]).is_some_and(|value| !value.is_empty()) {
        judge.refuse(node, "valueFrom", "must not stand beside a value");
    }
}

pub fn variable_source(judge: &mut Judge<'_>, node: &Node) {
    exactly_one(judge, node, &["configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef"]);
}

pub fn variables(judge: &mut Judge<'_>, node: &Node) {
    judge.faults(node, "prefix", name_fault);
    exactly_one(judge, node, &["configMapRef", "secretRef"]);
}

pub fn file_key(judge: &mut Judge<'_>, node: &Node) {
    judge.faults(node, "key", name_fault);
    judge.faults(node, "path", mounts::step_back_fault);
}

/// Why a text is no name of a variable: it takes every printable ASCII character but one.
fn name_fault(name: &str) -> Option<String> {
    let strange = name.chars().find(|letter| *letter == '=' || !(' '..='~').contains(letter))?;
    Some(format!("has {strange:?}; a variable's name has printable ASCII characters without `=`"))
}

/// No two ports of these containers ask the node for the same one; in its network, all ask for what they listen on.
pub fn host_ports(judge: &mut Judge<'_>, list: &str, containers: &[Node], is_host: bool) {
    let mut known: BTreeSet<(&str, &str, i128)> = BTreeSet::new();
    for (at, container) in containers.iter().enumerate() {
        for (number_at, port) in container.items_at(&["ports"]).iter().enumerate() {
            let asked = |key| port.get(key).filter(|node| node.integer().is_some_and(|number| number != 0));
            let own = asked("hostPort").map(|node| ("hostPort", node));
            let other = || asked("containerPort").filter(|_| is_host).map(|node| ("containerPort", node));
            let Some((key, node)) = own.or_else(other) else { continue };
            let number = node.integer().unwrap_or_default();
            let text = |key: &str| port.text_at(&[key]).filter(|text| !text.is_empty());
            if !known.insert((text("protocol").unwrap_or("TCP"), text("hostIP").unwrap_or_default(), number)) {
                let path = judge.path.key(list).and(Step::Index(at)).key("ports").and(Step::Index(number_at)).key(key);
                judge.at(&path, node.span, &format!("is {number}, for which another port asks the node too"));
            }
        }
    }
}
