//! Rules for rights.
//!
//! Source: `pkg/apis/rbac/validation/validation.go` of Kubernetes 1.35 to 1.37.

use crate::manifest::node::Node;
use crate::validate::api::Judge;
use crate::validate::api::forms::SUBDOMAIN;

const GROUP: &str = "rbac.authorization.k8s.io";

pub fn right(judge: &mut Judge<'_>, node: &Node) {
    if node.items_at(&["verbs"]).is_empty() {
        judge.refuse(node, "verbs", "must not be empty");
    }
    let has = |key: &str| !node.items_at(&[key]).is_empty();
    let urls = has("nonResourceURLs");
    if urls && ["apiGroups", "resources", "resourceNames"].iter().any(|key| has(key)) {
        judge.refuse(node, "nonResourceURLs", "must not stand in one rule with resources");
    } else if !urls && !has("resources") {
        judge.refuse(node, "resources", "must not be empty");
    } else if !urls && !has("apiGroups") {
        judge.refuse(node, "apiGroups", "must not be empty: the core group is `\"\"`");
    }
}

pub fn role(judge: &mut Judge<'_>, node: &Node) {
    judge.each(node, "rules", |judge, rule| {
        if !rule.items_at(&["nonResourceURLs"]).is_empty() {
            judge.refuse(rule, "nonResourceURLs", "are for a ClusterRole: no path is of one namespace");
        }
    });
}

pub fn aggregation(judge: &mut Judge<'_>, node: &Node) {
    if node.items_at(&["clusterRoleSelectors"]).is_empty() {
        judge.refuse(node, "clusterRoleSelectors", "must not be empty");
    }
}

pub fn cluster_binding(judge: &mut Judge<'_>, node: &Node) {
    if node.text_at(&["roleRef", "kind"]) == Some("Role")
        && let Some(kind) = node.at(&["roleRef", "kind"])
    {
        judge.at(&judge.path.key("roleRef").key("kind"), kind.span, "is `Role`; it must be `ClusterRole`");
    }
    judge.each(node, "subjects", |judge, subject| {
        let is_account = subject.text_at(&["kind"]) == Some("ServiceAccount");
        if is_account && subject.text_at(&["namespace"]).is_none_or(str::is_empty) {
            judge.refuse(subject, "namespace", "is missing");
        }
    });
}

pub fn subject(judge: &mut Judge<'_>, node: &Node) {
    let group = node.text_at(&["apiGroup"]);
    match node.text_at(&["kind"]) {
        Some("ServiceAccount") => {
            judge.form(node, "name", SUBDOMAIN);
            if let Some(group) = group.filter(|group| !group.is_empty()) {
                judge.refuse(node, "apiGroup", &format!("is `{group}`; it must be empty for a ServiceAccount"));
            }
        }
        // what is not said follows from the kind
        Some(kind @ ("User" | "Group")) => {
            if let Some(group) = group.filter(|group| ![GROUP, ""].contains(group)) {
                judge.refuse(node, "apiGroup", &format!("is `{group}`; it must be `{GROUP}` for a {kind}"));
            }
        }
        _ => {}
    }
}
