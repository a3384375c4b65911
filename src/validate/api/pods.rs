//! Rules for pods and what they hold.
//!
//! Source: `pkg/apis/core/validation/validation.go` of Kubernetes 1.35 to 1.37.

use std::collections::BTreeSet;

use crate::diagnostics::suggest;
use crate::manifest::node::Node;
use crate::validate::api::Judge;
use crate::validate::api::forms::{is_label, is_port_name};
use crate::validate::api::rules::{exactly_one, has, once};

pub fn container(judge: &mut Judge<'_>, node: &Node) {
    if let Some(name) = node.text_at(&["name"]).filter(|name| !is_label(name)) {
        judge.refuse(
            node,
            "name",
            &format!("is `{name}`: a container's name is at most 63 lower-case letters, digits and `-`"),
        );
    }
    if node.text_at(&["image"]).is_none_or(str::is_empty) {
        judge.refuse(node, "image", "is missing");
    }
    once(judge, node, "ports", "name");
    once(judge, node, "volumeMounts", "mountPath");
}

pub fn named_port(judge: &mut Judge<'_>, node: &Node) {
    if let Some(name) = node.text_at(&["name"]).filter(|name| !name.is_empty() && !is_port_name(name)) {
        judge.refuse(node, "name", &format!("is `{name}`: a port's name is at most 15 lower-case letters, digits and single `-`, with a letter among them"));
    }
}

pub fn variable(judge: &mut Judge<'_>, node: &Node) {
    if let Some(name) = node.text_at(&["name"]).filter(|name| name.is_empty() || name.contains('=')) {
        judge.refuse(node, "name", &format!("is `{name}`: a variable's name is not empty and has no `=`"));
    }
    if has(node, "valueFrom") && node.text_at(&["value"]).is_some_and(|value| !value.is_empty()) {
        judge.refuse(node, "valueFrom", "must not stand beside a value");
    }
}

pub fn variable_source(judge: &mut Judge<'_>, node: &Node) {
    exactly_one(judge, node, &["configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef"]);
}

pub fn probe(judge: &mut Judge<'_>, node: &Node) {
    exactly_one(judge, node, &["exec", "grpc", "httpGet", "tcpSocket"]);
}

pub fn pod(judge: &mut Judge<'_>, node: &Node) {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for list in ["initContainers", "containers"] {
        for item in node.items_at(&[list]) {
            let Some((name, at)) = item.get("name").and_then(|node| Some((node.text()?, node.span))) else { continue };
            if !names.insert(name) {
                judge.at(
                    &judge.path.key(list),
                    at,
                    &format!("holds the container `{name}`, whose name another one has"),
                );
            }
        }
    }
    if node.items_at(&["containers"]).is_empty() {
        judge.refuse(node, "containers", "must not be empty");
    }
    once(judge, node, "volumes", "name");
}

/// What a pod mounts are volumes that it has, or that a claim of its stateful set gives it.
pub fn mounts(judge: &mut Judge<'_>, node: &Node) {
    let template: &[&str] = if has(node, "template") { &["template", "spec"] } else { &["spec"] };
    let Some(pod) = node.at(template) else { return };
    let own = pod.items_at(&["volumes"]).iter().filter_map(|volume| volume.text_at(&["name"]));
    let claims = node.items_at(&["volumeClaimTemplates"]).iter();
    let volumes: BTreeSet<&str> = own.chain(claims.filter_map(|claim| claim.text_at(&["metadata", "name"]))).collect();
    for list in ["initContainers", "containers"] {
        let path = template.iter().fold(judge.path.clone(), |path, key| path.key(key)).key(list);
        for mount in pod.items_at(&[list]).iter().flat_map(|container| container.items_at(&["volumeMounts"])) {
            let Some((name, at)) = mount.get("name").and_then(|node| Some((node.text()?, node.span))) else { continue };
            if !volumes.contains(name) {
                judge.at(&path, at, &format!("mounts the volume `{name}`, which the pod does not have"));
                if let Some(near) = suggest::nearest(name, volumes.iter().copied()) {
                    judge.report.last_help(&format!("did you mean `{near}`?"));
                }
            }
        }
    }
}

pub fn mount(judge: &mut Judge<'_>, node: &Node) {
    if node.text_at(&["mountPath"]) == Some("") {
        judge.refuse(node, "mountPath", "is empty");
    }
    let leaves = |path: &&str| path.starts_with('/') || path.split('/').any(|part| part == "..");
    if let Some(path) = node.text_at(&["subPath"]).filter(leaves) {
        judge.refuse(node, "subPath", &format!("is `{path}`: it must be relative and stay within the volume"));
    }
}
