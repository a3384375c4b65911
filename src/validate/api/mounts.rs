//! Rules for where volumes appear in containers, as directories or as devices.
//!
//! Source: `ValidateVolumeMounts` and `ValidateVolumeDevices` in `pkg/apis/core/validation/validation.go` of Kubernetes
//! 1.35 to 1.37.

use std::collections::BTreeMap;

use crate::diagnostics::suggest;
use crate::manifest::node::Node;
use crate::ordered::Ordered;
use crate::validate::api::Judge;
use crate::validate::api::rules::{has, once};

/// Why a path is not taken where it leads out of what it stands in.
pub fn step_back_fault(path: &str) -> Option<String> {
    path.split('/').any(|part| part == "..").then(|| "must not hold `..`".to_owned())
}

/// Why a path is no place within a directory.
pub fn inner_fault(path: &str) -> Option<String> {
    if path.starts_with('/') { Some("must be relative".to_owned()) } else { step_back_fault(path) }
}

/// Why a path is no file that a volume can hold.
pub fn file_fault(path: &str) -> Option<String> {
    let is_reserved = path.starts_with("..") && !path.starts_with("../");
    inner_fault(path).or_else(|| is_reserved.then(|| "must not begin with `..`".to_owned()))
}

pub fn mount(judge: &mut Judge<'_>, node: &Node) {
    judge.faults(node, "subPath", inner_fault);
    judge.faults(node, "subPathExpr", inner_fault);
    let text = |key: &str| node.text_at(&[key]).unwrap_or_default();
    if !text("subPath").is_empty() && !text("subPathExpr").is_empty() {
        judge.refuse(node, "subPathExpr", "must not stand beside `subPath`");
    }
    if ["Enabled", "IfPossible"].contains(&text("recursiveReadOnly")) {
        if node.get("readOnly").and_then(Node::bool) != Some(true) {
            judge.refuse(node, "recursiveReadOnly", "needs `readOnly: true`");
        }
        if !["", "None"].contains(&text("mountPropagation")) {
            judge.refuse(node, "recursiveReadOnly", "needs the `mountPropagation` `None`");
        }
    }
}

pub fn device(judge: &mut Judge<'_>, node: &Node) {
    judge.faults(node, "devicePath", step_back_fault);
}

/// A volume appears in a container as a directory or as a device, and each in its own place.
pub fn in_container(judge: &mut Judge<'_>, node: &Node) {
    once(judge, node, "volumeMounts", "mountPath");
    once(judge, node, "volumeDevices", "name");
    once(judge, node, "volumeDevices", "devicePath");
    let is_privileged = node.at(&["securityContext", "privileged"]).and_then(Node::bool) == Some(true);
    judge.each(node, "volumeMounts", |judge, mount| {
        if mount.text_at(&["mountPropagation"]) == Some("Bidirectional") && !is_privileged {
            judge.refuse(mount, "mountPropagation", "is `Bidirectional`, which only privileged containers may have");
        }
    });
    let text = |node: &'_ Node, key: &str| node.text_at(&[key]).unwrap_or_default().to_owned();
    let mounts: BTreeMap<String, String> =
        node.items_at(&["volumeMounts"]).iter().map(|mount| (text(mount, "name"), text(mount, "mountPath"))).collect();
    judge.each(node, "volumeDevices", |judge, device| {
        if mounts.contains_key(&text(device, "name")) {
            judge.refuse(device, "name", "is a volume that is mounted too");
        }
        if mounts.values().any(|path| *path == text(device, "devicePath")) {
            judge.refuse(device, "devicePath", "is where a volume is mounted");
        }
    });
}

/// Where the pod stands in what holds it.
fn place_of_pod(node: &Node) -> &'static [&'static str] {
    if has(node, "template") { &["template", "spec"] } else { &["spec"] }
}

/// What a pod mounts are volumes that it has, or that a claim of its stateful set gives it.
pub fn used(judge: &mut Judge<'_>, node: &Node) {
    let place = place_of_pod(node);
    let claims = node.items_at(&["volumeClaimTemplates"]).iter();
    let claims: Vec<&str> = claims.filter_map(|claim| claim.text_at(&["metadata", "name"])).collect();
    judge.under(node, place, |judge, pod| {
        let own = pod.items_at(&["volumes"]).iter();
        let own = own.filter_map(|volume| Some((volume.text_at(&["name"])?, is_disk(volume))));
        let volumes: BTreeMap<&str, bool> = own.chain(claims.iter().map(|claim| (*claim, true))).ordered();
        for list in ["initContainers", "containers"] {
            judge.each(pod, list, |judge, container| {
                judge.each(container, "volumeMounts", |judge, mount| known(judge, mount, &volumes));
                judge.each(container, "volumeDevices", |judge, device| {
                    known(judge, device, &volumes);
                    if device.text_at(&["name"]).is_some_and(|name| volumes.get(name) == Some(&false)) {
                        judge.refuse(device, "name", "is a volume that is no disk: a device needs a claim");
                    }
                });
            });
        }
    });
}

/// Whether a volume can be a device.
fn is_disk(volume: &Node) -> bool {
    has(volume, "persistentVolumeClaim") || has(volume, "ephemeral")
}

fn known(judge: &mut Judge<'_>, node: &Node, volumes: &BTreeMap<&str, bool>) {
    let Some(name) = node.text_at(&["name"]).filter(|name| !name.is_empty() && !volumes.contains_key(name)) else {
        return;
    };
    judge.refuse(node, "name", &format!("is `{name}`, a volume that the pod does not have"));
    if let Some(near) = suggest::nearest(name, volumes.keys().copied()) {
        judge.report.last_help(&format!("did you mean `{near}`?"));
    }
}
