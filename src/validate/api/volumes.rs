//! Rules for the volumes of pods, by where they come from.
//!
//! Source: `validateVolumeSource` and what it calls in `pkg/apis/core/validation/validation.go` of Kubernetes 1.35 to 1.37.

use std::collections::BTreeSet;

use crate::diff::path::Step;
use crate::manifest::node::Node;
use crate::spec::shapes::Minor;
use crate::validate::api::Judge;
use crate::validate::api::forms::{LABEL_KEY, is_qualified, is_subdomain};
use crate::validate::api::mounts::{file_fault, inner_fault};
use crate::validate::api::rules::{given, has};

/// Where a volume can come from.
const SOURCES: &[&str] = &[
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
];
/// What an iSCSI volume and its initiator may be called, together.
const LONGEST_PORTAL: usize = 64;

/// A volume has one source; one without any is an empty directory.
pub fn volume(judge: &mut Judge<'_>, node: &Node) {
    if let [first, second, ..] = given(node, SOURCES).as_slice() {
        judge.refuse(node, second, &format!("must not stand beside `{first}`"));
    }
    let name = node.text_at(&["name"]).unwrap_or_default();
    judge.under(node, &["iscsi"], |judge, iscsi| {
        let length = name.len() + 1 + iscsi.text_at(&["targetPortal"]).map_or(0, str::len);
        if has(iscsi, "initiatorName") && length > LONGEST_PORTAL {
            let why = format!("is too long: with the volume's name it must have at most {LONGEST_PORTAL} characters");
            judge.refuse(iscsi, "targetPortal", &why);
        }
    });
}

/// The claims that a pod makes by itself are called after it.
pub fn claims(judge: &mut Judge<'_>, pod: &Node) {
    let Some(own) = pod.text_at(&["metadata", "name"]).filter(|name| !name.is_empty()) else { return };
    judge.under(pod, &["spec"], |judge, spec| {
        let mut made: BTreeSet<String> = BTreeSet::new();
        judge.each(spec, "volumes", |judge, volume| {
            let Some(name) = volume.text_at(&["name"]).filter(|_| has(volume, "ephemeral")) else { return };
            let claim = format!("{own}-{name}");
            if !is_subdomain(&claim) {
                judge.refuse(volume, "name", &format!("would make a claim `{claim}`, which no claim is called"));
            }
            made.insert(claim);
        });
        judge.each(spec, "volumes", |judge, volume| {
            let claim = volume.text_at(&["persistentVolumeClaim", "claimName"]);
            if claim.is_some_and(|claim| made.contains(claim)) {
                judge.refuse(volume, "persistentVolumeClaim", "is the claim that another volume makes");
            }
        });
    });
}

pub fn empty(judge: &mut Judge<'_>, node: &Node) {
    judge.not_negative(node, "sizeLimit");
}

pub fn git(judge: &mut Judge<'_>, node: &Node) {
    judge.faults(node, "directory", inner_fault);
}

pub fn iscsi(judge: &mut Judge<'_>, node: &Node) {
    judge.faults(node, "iqn", iqn_fault);
    judge.faults(node, "initiatorName", iqn_fault);
    let asks = |key: &str| node.get(key).and_then(Node::bool) == Some(true);
    if (asks("chapAuthDiscovery") || asks("chapAuthSession")) && !has(node, "secretRef") {
        judge.refuse(node, "secretRef", "is missing where CHAP is used");
    }
}

fn iqn_fault(name: &str) -> Option<String> {
    let is_number = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let rest = name.get(4..).unwrap_or_default();
    let is_form = match name.get(..3) {
        Some("iqn") => is_iqn(name),
        Some("eui") => is_number(rest, 16),
        Some("naa") => is_number(rest, 32),
        _ => false,
    };
    (!is_form)
        .then(|| "must be such as `iqn.2001-04.com.example:storage`, `eui.` and 16 or `naa.` and 32 digits".to_owned())
}

/// `iqn.`, a year and a month, a domain, and anything after a colon.
fn is_iqn(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("iqn.") else { return false };
    let is_digits = |text: Option<&str>| text.is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let (Some(domain), is_date) = (rest.get(8..), is_digits(rest.get(..4)) && is_digits(rest.get(5..7))) else {
        return false;
    };
    let marks = rest.get(4..5) == Some("-") && rest.get(7..8) == Some(".");
    let Some((domain, own)) = domain.split_once(':') else { return false };
    let is_domain = domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let is_strange = |letter: char| letter.is_ascii_whitespace() || ",;*&$|".contains(letter);
    is_date && marks && is_domain && !domain.is_empty() && !own.is_empty() && !own.contains(is_strange)
}

pub fn fibre_channel(judge: &mut Judge<'_>, node: &Node) {
    let is_there = |key: &str| !node.items_at(&[key]).is_empty();
    match (is_there("targetWWNs"), is_there("wwids")) {
        (true, true) => judge.refuse(node, "wwids", "must not stand beside `targetWWNs`"),
        (false, false) => judge.refuse(node, "targetWWNs", "must not be empty unless there are `wwids`"),
        (true, false) if !has(node, "lun") => judge.refuse(node, "lun", "is missing where there are `targetWWNs`"),
        (true, false) => judge.range(node, "lun", 0, 255),
        (false, true) => {}
    }
}

pub fn quobyte(judge: &mut Judge<'_>, node: &Node) {
    let is_pair =
        |pair: &str| pair.rsplit_once(':').is_some_and(|(host, _)| !host.contains(':') || host.ends_with(']'));
    judge.faults(node, "registry", |text| {
        (!text.split(',').all(is_pair)).then(|| "must be pairs of `host:port`, with commas between them".to_owned())
    });
    if node.text_at(&["tenant"]).is_some_and(|tenant| tenant.len() > 64) {
        judge.refuse(node, "tenant", "must have at most 64 characters");
    }
}

pub fn flocker(judge: &mut Judge<'_>, node: &Node) {
    let text = |key: &str| node.text_at(&[key]).unwrap_or_default();
    match (text("datasetName"), text("datasetUUID")) {
        ("", "") => judge.refuse(node, "", "must have one of `datasetName` or `datasetUUID`"),
        (name, "") if !name.contains('/') => {}
        ("", _) => {}
        (_, "") => judge.refuse(node, "datasetName", "must not hold `/`"),
        _ => judge.refuse(node, "datasetUUID", "must not stand beside `datasetName`"),
    }
}

pub fn flex(judge: &mut Judge<'_>, node: &Node) {
    for entry in node.get("options").map(Node::entries).unwrap_or_default() {
        let domain = entry.key.split('/').next().unwrap_or_default().to_lowercase();
        if [".kubernetes.io", ".k8s.io"].iter().any(|own| format!(".{domain}").ends_with(own)) {
            let path = judge.path.key("options").key(&entry.key);
            judge.at(&path, entry.span, "is of a domain that Kubernetes keeps for itself");
        }
    }
}

pub fn azure_disk(judge: &mut Judge<'_>, node: &Node) {
    let start = match node.text_at(&["kind"]).unwrap_or("Shared") {
        "Managed" => "/subscriptions/",
        "Shared" | "Dedicated" => "https://",
        _ => return,
    };
    if node.text_at(&["diskURI"]).is_some_and(|uri| !uri.is_empty() && !uri.starts_with(start)) {
        judge.refuse(node, "diskURI", &format!("must begin with `{start}` for a disk of this kind"));
    }
}

/// A Secret that is mentioned has a name.
pub fn secret_of_driver(judge: &mut Judge<'_>, node: &Node) {
    judge.under(node, &["secretRef"], |judge, secret| {
        if secret.text_at(&["name"]).is_none_or(str::is_empty) {
            judge.refuse(secret, "name", "is missing");
        }
    });
}

pub fn inline_driver(judge: &mut Judge<'_>, node: &Node) {
    judge.under(node, &["nodePublishSecretRef"], |judge, secret| {
        if !secret.text_at(&["name"]).is_some_and(is_subdomain) {
            judge.refuse(secret, "name", "must be the name of a Secret");
        }
    });
}

pub fn image(judge: &mut Judge<'_>, node: &Node) {
    // servers up to 1.36 look at it in pods only
    let is_template = judge.path.keys().any(|key| key == "template");
    if node.text_at(&["reference"]).is_none_or(str::is_empty) && !(is_template && judge.minor < Minor::V1_37) {
        judge.refuse(node, "reference", "is missing");
    }
}

/// A claim that a pod makes can have labels and annotations, and a name of nobody's choosing.
pub fn claim_template(judge: &mut Judge<'_>, node: &Node) {
    judge.under(node, &["metadata"], |judge, metadata| {
        for entry in metadata.entries().iter().filter(|entry| !["annotations", "labels"].contains(&entry.key.as_str()))
        {
            if has(metadata, &entry.key) && entry.node.text() != Some("") {
                judge.refuse(metadata, &entry.key, "must not be there: only labels and annotations can be set");
            }
        }
    });
}

pub fn file(judge: &mut Judge<'_>, node: &Node) {
    judge.faults(node, "path", file_fault);
}

/// A volume of several sources: each file comes from one of them.
pub fn projected(judge: &mut Judge<'_>, node: &Node) {
    let mut known: BTreeSet<String> = BTreeSet::new();
    judge.each(node, "sources", |judge, source| {
        let kinds: &[&str] =
            &["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"];
        if let [first, second, ..] = given(source, kinds).as_slice() {
            judge.refuse(source, second, &format!("must not stand beside `{first}`"));
        }
        for kind in ["secret", "configMap", "downwardAPI"] {
            judge.under(source, &[kind], |judge, inner| {
                judge.each(inner, "items", |judge, item| one_source(judge, item, "path", &mut known));
            });
        }
        if judge.minor >= Minor::V1_37 {
            judge.under(source, &["clusterTrustBundle"], |judge, inner| one_source(judge, inner, "path", &mut known));
            judge.under(source, &["podCertificate"], |judge, inner| {
                for key in CERTIFICATE_PATHS {
                    one_source(judge, inner, key, &mut known);
                }
            });
        }
    });
}

const CERTIFICATE_PATHS: &[&str] = &["credentialBundlePath", "keyPath", "certificateChainPath"];

fn one_source(judge: &mut Judge<'_>, node: &Node, key: &str, known: &mut BTreeSet<String>) {
    let Some(path) = node.text_at(&[key]).filter(|path| !path.is_empty()) else { return };
    if !known.insert(path.to_owned()) {
        judge.refuse(node, key, &format!("is `{path}`, which another source makes too"));
    }
}

/// Since 1.37; servers before drop it unseen.
pub fn trust_bundle(judge: &mut Judge<'_>, node: &Node) {
    if judge.minor < Minor::V1_37 {
        return;
    }
    judge.faults(node, "path", file_fault);
    match (has(node, "name"), has(node, "signerName")) {
        (true, true) => judge.refuse(node, "signerName", "must not stand beside `name`"),
        (false, false) => judge.refuse(node, "", "must have one of `name` or `signerName`"),
        (true, false) => {
            if has(node, "labelSelector") {
                judge.refuse(node, "labelSelector", "must not stand beside `name`");
            }
            let name = node.text_at(&["name"]).unwrap_or_default();
            let own = name.rsplit(':').next().unwrap_or_default();
            if !is_subdomain(own) {
                judge.refuse(node, "name", &format!("is `{name}`, which no ClusterTrustBundle is called"));
            }
        }
        (false, true) => signer(judge, node),
    }
}

/// Since 1.37; servers before drop it unseen.
pub fn pod_certificate(judge: &mut Judge<'_>, node: &Node) {
    if judge.minor < Minor::V1_37 {
        return;
    }
    signer(judge, node);
    judge.word(node, "keyType", &["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"]);
    let is_own = node.text_at(&["signerName"]).is_some_and(|name| name.starts_with("kubernetes.io/"));
    judge.range(node, "maxExpirationSeconds", 3600, if is_own { 86_400 } else { 7_862_400 });
    for key in CERTIFICATE_PATHS {
        judge.faults(node, key, file_fault);
    }
    if CERTIFICATE_PATHS.iter().all(|key| node.text_at(&[key]).is_none_or(str::is_empty)) {
        judge.refuse(node, "", "must have a `credentialBundlePath`, `keyPath` or `certificateChainPath`");
    }
    for entry in node.get("userAnnotations").map(Node::entries).unwrap_or_default() {
        if !is_qualified(&entry.key.to_lowercase()) {
            let path = judge.path.key("userAnnotations").and(Step::Key(entry.key.clone()));
            judge.at(&path, entry.span, &format!("is no key: it must be {}", LABEL_KEY.1));
        }
    }
}

fn signer(judge: &mut Judge<'_>, node: &Node) {
    judge.faults(node, "signerName", |name| {
        let is_form = name.split_once('/').is_some_and(|(domain, path)| {
            domain.contains('.') && is_subdomain(domain) && path.split('.').all(is_subdomain)
        });
        (!is_form).then(|| "must be such as `example.com/signer`".to_owned())
    });
    if node.text_at(&["signerName"]) == Some("") {
        judge.refuse(node, "signerName", "must not be empty");
    }
}
