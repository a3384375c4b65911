//! Rules for kinds that stand alone: priorities, leases, certificates, namespaces.
//!
//! Source: `pkg/apis/{scheduling,coordination,certificates,core}/validation` of Kubernetes 1.35 to 1.37.

use crate::diff::path::Step;
use crate::manifest::node::Node;
use crate::validate::api::amounts::{self, Amount};
use crate::validate::api::forms::{is_label, is_qualified, is_subdomain};
use crate::validate::api::quota::container_resource_fault;
use crate::validate::api::rules::distinct;
use crate::validate::api::{Judge, meta};
use crate::values::base64;

/// The highest priority that is not Kubernetes' own.
const HIGHEST: i128 = 1_000_000_000;
/// Priorities that Kubernetes has by itself.
const SYSTEM: &[(&str, i128)] = &[("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];
/// What may keep an object from going, without the domain of whoever works on it.
pub const FINALIZERS: &[&str] = &["foregroundDeletion", "kubernetes", "orphan"];
const LEGACY_SIGNER: &str = "kubernetes.io/legacy-unknown";

pub fn priority(judge: &mut Judge<'_>, node: &Node) {
    let name = node.text_at(&["metadata", "name"]).unwrap_or_default();
    let value = node.get("value").and_then(Node::integer).unwrap_or(0);
    let is_default = node.get("globalDefault").and_then(Node::bool) == Some(true);
    if name.starts_with("system-") {
        if is_default || !SYSTEM.contains(&(name, value)) {
            let path = judge.path.key("metadata").key("name");
            let span = node.at(&["metadata", "name"]).map_or(super::begin(node), |name| name.span);
            judge.at(&path, span, &format!("is `{name}`: names that begin with `system-` are Kubernetes' own"));
        }
    } else if value > HIGHEST {
        judge.refuse(node, "value", &format!("is {value}; it must be at most {HIGHEST}"));
    }
}

pub fn namespace(judge: &mut Judge<'_>, node: &Node) {
    judge.faults(node, "finalizers", |text| finalizer_fault(text).map(str::to_owned));
}

/// Why a text is no finalizer.
pub fn finalizer_fault(text: &str) -> Option<&'static str> {
    let is_fine = is_qualified(text) && (text.contains('/') || FINALIZERS.contains(&text));
    (!is_fine).then_some("is none of Kubernetes' own, nor one such as `example.com/cleanup`")
}

pub fn lease(judge: &mut Judge<'_>, node: &Node) {
    for key in ["acquireTime", "renewTime"] {
        exact_time(judge, node, key);
    }
}

/// A time that is exact to a millionth of a second.
pub fn exact_time(judge: &mut Judge<'_>, node: &Node, key: &str) {
    if let Some(time) = node.text_at(&[key]).filter(|time| !time.is_empty() && !is_fine_time(time)) {
        let why = format!("is `{time}`; it must have six digits of a second, such as `2026-01-31T12:00:00.000000Z`");
        judge.refuse(node, key, &why);
    }
}

/// `2026-01-31T12:00:00.000000Z`
fn is_fine_time(text: &str) -> bool {
    let Some((_, rest)) = text.split_once('.') else { return false };
    rest.len() > 6 && rest.bytes().take(6).all(|byte| byte.is_ascii_digit()) && !rest.as_bytes()[6].is_ascii_digit()
}

pub fn runtime(judge: &mut Judge<'_>, node: &Node) {
    if let Some(scheduling) = node.get("scheduling") {
        judge.step(Step::Key("scheduling".into()), |judge| meta::labels(judge, scheduling, "nodeSelector"));
    }
    let mut known: Vec<Vec<Option<&str>>> = Vec::new();
    for toleration in node.items_at(&["scheduling", "tolerations"]) {
        let own = ["effect", "key", "operator", "value"].iter().map(|key| toleration.text_at(&[key])).collect();
        if known.contains(&own) {
            let path = judge.path.key("scheduling").key("tolerations");
            judge.at(&path, super::begin(toleration), "holds the same toleration twice");
        }
        known.push(own);
    }
    let path = judge.path.key("overhead").key("podFixed");
    for entry in node.at(&["overhead", "podFixed"]).map(Node::entries).unwrap_or_default() {
        if let Some(why) = container_resource_fault(&entry.key) {
            judge.at(&path.key(&entry.key), entry.span, why);
        }
        if amounts::read(&entry.node).is_some_and(|amount| amount < Amount::ZERO) {
            judge.at(&path.key(&entry.key), entry.node.span, "must not be less than nothing");
        }
    }
}

pub fn signing_request(judge: &mut Judge<'_>, node: &Node) {
    distinct(judge, node, "usages");
    if let Some(name) = node.text_at(&["signerName"]).filter(|name| !name.is_empty() && !is_signer(name)) {
        judge.refuse(node, "signerName", &format!("is `{name}`; it must be a name such as `example.com/signer`"));
    }
    let is_request = |text: &str| {
        base64::bytes(text)
            .is_some_and(|bytes| String::from_utf8_lossy(&bytes).contains("-----BEGIN CERTIFICATE REQUEST-----"))
    };
    if node.text_at(&["request"]).is_some_and(|text| !text.is_empty() && !is_request(text)) {
        judge.refuse(node, "request", "must be a PEM block `CERTIFICATE REQUEST`, in base64");
    }
}

fn is_signer(name: &str) -> bool {
    let Some((domain, path)) = name.split_once('/') else { return false };
    name != LEGACY_SIGNER
        && domain.contains('.')
        && domain.len() <= 253
        && domain.split('.').all(is_label)
        && !path.contains('/')
        && path.split('.').all(is_subdomain)
}
