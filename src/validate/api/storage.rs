//! Rules for volumes, claims, classes and drivers of storage.
//!
//! Source: `pkg/apis/core/validation/validation.go` and `pkg/apis/storage/validation/validation.go` of Kubernetes 1.35 to
//! 1.37.

use std::collections::BTreeSet;

use crate::diagnostics::suggest;
use crate::diff::path::Step;
use crate::manifest::node::{Entry, Node};
use crate::manifest::selector;
use crate::ordered::Ordered;
use crate::validate::api::amounts::{self, Amount};
use crate::validate::api::forms::{LABEL, SUBDOMAIN};
use crate::validate::api::rules::{distinct, exactly_one, given, has, once};
use crate::validate::api::{Judge, begin};

/// What a volume can be.
const SOURCES: &[&str] = &[
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];
const SECRETS: &[&str] =
    &["controllerExpandSecretRef", "controllerPublishSecretRef", "nodeExpandSecretRef", "nodePublishSecretRef"];
const MOST_PARAMETERS: usize = 512;
const MOST_BYTES: usize = 256 << 10;

/// `ReadWriteOncePod` is said alone.
fn access_modes(judge: &mut Judge<'_>, node: &Node) {
    let modes: BTreeSet<&str> = node.items_at(&["accessModes"]).iter().filter_map(Node::text).ordered();
    if modes.contains("ReadWriteOncePod") && modes.len() > 1 {
        judge.refuse(node, "accessModes", "must hold nothing beside `ReadWriteOncePod`");
    }
}

pub fn claim(judge: &mut Judge<'_>, node: &Node) {
    access_modes(judge, node);
    match node.at(&["resources", "requests", "storage"]) {
        None => judge.refuse(node, "resources", "must request an amount of `storage`"),
        Some(amount) if amounts::read(amount).is_some_and(|amount| amount <= Amount::ZERO) => {
            let path = judge.path.key("resources").key("requests").key("storage");
            judge.at(&path, amount.span, "must be more than 0");
        }
        Some(_) => {}
    }
    let source = node.get("dataSource").filter(|source| has(node, "dataSourceRef") || is_kept(source));
    // one of another namespace is dropped unless somebody has turned that on
    let is_near = |source: &&Node| source.text_at(&["namespace"]).is_none_or(str::is_empty);
    let reference = selector::said(node, "dataSourceRef").filter(is_near);
    for (key, source) in [("dataSource", source), ("dataSourceRef", reference)] {
        if let Some(source) = source {
            judge.step(Step::Key(key.into()), |judge| data_source(judge, source));
        }
    }
    let (Some(one), Some(other)) = (source, node.get("dataSourceRef")) else { return };
    let said = |node: &Node, key: &str| node.text_at(&[key]).unwrap_or_default().to_owned();
    if ["apiGroup", "kind", "name"].iter().any(|key| said(one, key) != said(other, key)) {
        judge.refuse(node, "dataSource", "must be the same as `dataSourceRef`, or not be there");
    }
}

/// A source that is neither a claim nor a snapshot is dropped where it stands alone.
fn is_kept(source: &Node) -> bool {
    match (source.text_at(&["apiGroup"]).unwrap_or_default(), source.text_at(&["kind"]).unwrap_or_default()) {
        ("", kind) => kind == "PersistentVolumeClaim",
        (group, kind) => (group, kind) == ("snapshot.storage.k8s.io", "VolumeSnapshot"),
    }
}

fn data_source(judge: &mut Judge<'_>, node: &Node) {
    for key in ["kind", "name"] {
        if node.text_at(&[key]).is_none_or(str::is_empty) {
            judge.refuse(node, key, "must be there, and must not be empty");
        }
    }
    let kind = node.text_at(&["kind"]).unwrap_or_default();
    if node.text_at(&["apiGroup"]).is_none_or(str::is_empty) && !["", "PersistentVolumeClaim"].contains(&kind) {
        judge.refuse(node, "kind", &format!("is `{kind}`; without an `apiGroup` it must be `PersistentVolumeClaim`"));
    }
    judge.form(node, "apiGroup", SUBDOMAIN);
}

pub fn volume(judge: &mut Judge<'_>, node: &Node) {
    access_modes(judge, node);
    let capacity = node.get("capacity").map(Node::entries).unwrap_or_default();
    if has(node, "capacity") && !capacity.iter().any(|entry| entry.key == "storage") {
        judge.refuse(node, "capacity", "must say how much `storage` there is");
    }
    for entry in capacity {
        let path = judge.path.key("capacity").key(&entry.key);
        if entry.key != "storage" {
            judge.at(&path, entry.span, "is none of `storage`");
        } else if amounts::read(&entry.node).is_some_and(|amount| amount <= Amount::ZERO) {
            judge.at(&path, entry.node.span, "must be more than 0");
        }
    }
    match given(node, SOURCES).as_slice() {
        [] => judge.refuse(node, "", &format!("must have one of {}", suggest::list(SOURCES.iter().copied()))),
        [_] => {}
        [first, second, ..] => judge.refuse(node, second, &format!("must not stand beside `{first}`")),
    }
    if has(node, "local") && !has(node, "nodeAffinity") {
        judge.refuse(node, "nodeAffinity", "is missing: a `local` volume is on some nodes only");
    }
    let is_root = |path: &str| path.starts_with('/') && path.split('/').all(|part| ["", "."].contains(&part));
    if node.text_at(&["hostPath", "path"]).is_some_and(is_root)
        && node.text_at(&["persistentVolumeReclaimPolicy"]) == Some("Recycle")
    {
        judge.refuse(node, "persistentVolumeReclaimPolicy", "must not be `Recycle` for `/` of a node");
    }
    if has(node, "volumeAttributesClassName") && !has(node, "csi") {
        judge.refuse(node, "volumeAttributesClassName", "is for volumes of `csi`");
    }
}

/// A path on a node stays below where it begins.
pub fn node_path(judge: &mut Judge<'_>, node: &Node) {
    if let Some(path) = node.text_at(&["path"]).filter(|path| path.split('/').any(|part| part == "..")) {
        judge.refuse(node, "path", &format!("is `{path}`; it must not hold `..`"));
    }
}

pub fn nfs(judge: &mut Judge<'_>, node: &Node) {
    if let Some(path) = node.text_at(&["path"]).filter(|path| !path.is_empty() && !path.starts_with('/')) {
        judge.refuse(node, "path", &format!("is `{path}`; it must begin with `/`"));
    }
}

pub fn driver_of_volume(judge: &mut Judge<'_>, node: &Node) {
    for key in SECRETS {
        let Some(secret) = selector::said(node, key) else { continue };
        judge.step(Step::Key((*key).into()), |judge| {
            for (key, form) in [("name", SUBDOMAIN), ("namespace", LABEL)] {
                if secret.text_at(&[key]).is_none_or(str::is_empty) {
                    judge.refuse(secret, key, "is missing");
                }
                judge.form(secret, key, form);
            }
        });
    }
}

pub fn class(judge: &mut Judge<'_>, node: &Node) {
    parameters(judge, node);
    let mut known: Vec<&Node> = Vec::new();
    judge.each(node, "allowedTopologies", |judge, term| {
        let list = term.items_at(&["matchLabelExpressions"]);
        let is_known = |other: &&Node| {
            let others = other.items_at(&["matchLabelExpressions"]);
            others.len() == list.len() && list.iter().all(|item| others.contains(item))
        };
        let is_empty = list.is_empty().then_some("says nothing");
        if let Some(why) = is_empty.or_else(|| known.iter().any(is_known).then_some("says what one before it says")) {
            judge.at(judge.path, begin(term), why);
        }
        known.push(term);
        once(judge, term, "matchLabelExpressions", "key");
        judge.each(term, "matchLabelExpressions", |judge, item| distinct(judge, item, "values"));
    });
}

fn parameters(judge: &mut Judge<'_>, node: &Node) {
    let entries = node.get("parameters").map(Node::entries).unwrap_or_default();
    let size = |entry: &Entry| entry.key.len() + entry.node.text().unwrap_or_default().len();
    let bytes: usize = entries.iter().map(size).sum();
    if entries.len() > MOST_PARAMETERS {
        judge.refuse(node, "parameters", &format!("must not hold more than {MOST_PARAMETERS}"));
    } else if bytes > MOST_BYTES {
        judge.refuse(node, "parameters", &format!("hold {bytes} bytes; they must not hold more than {MOST_BYTES}"));
    } else if let Some(entry) = entries.iter().find(|entry| entry.key.is_empty()) {
        judge.at(&judge.path.key("parameters"), entry.span, "holds a key that is empty");
    }
}

pub fn attributes_class(judge: &mut Judge<'_>, node: &Node) {
    parameters(judge, node);
    if node.get("parameters").is_some_and(|given| given.entries().is_empty()) {
        judge.refuse(node, "parameters", "must not be empty");
    }
}

pub fn driver(judge: &mut Judge<'_>, node: &Node) {
    once(judge, node, "tokenRequests", "audience");
    if has(node, "serviceAccountTokenInSecrets") && node.items_at(&["tokenRequests"]).is_empty() {
        judge.refuse(node, "serviceAccountTokenInSecrets", "needs `tokenRequests`");
    }
}

/// The longest name by which a driver knows a node.
const LONGEST_ID: usize = 256;

pub fn node_drivers(judge: &mut Judge<'_>, node: &Node) {
    once(judge, node, "drivers", "name");
    judge.each(node, "drivers", |judge, driver| {
        distinct(judge, driver, "topologyKeys");
        let length = driver.text_at(&["nodeID"]).unwrap_or_default().len();
        if length > LONGEST_ID {
            judge.refuse(driver, "nodeID", &format!("has {length} letters; it must not have more than {LONGEST_ID}"));
        }
    });
}

pub fn capacity(judge: &mut Judge<'_>, node: &Node) {
    if node.get("capacity").and_then(amounts::read).is_some_and(|amount| amount < Amount::ZERO) {
        judge.refuse(node, "capacity", "must not be less than 0");
    }
}

pub fn attachment_source(judge: &mut Judge<'_>, node: &Node) {
    exactly_one(judge, node, &["inlineVolumeSpec", "persistentVolumeName"]);
}
