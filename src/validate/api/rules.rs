//! Rules that look at several fields of one value.
//!
//! Source: `pkg/apis/*/validation/validation.go` and `apimachinery/pkg/util/validation` of Kubernetes 1.35 to 1.37.

use std::collections::BTreeSet;

use crate::diagnostics::suggest;
use crate::manifest::node::{Node, Value};
use crate::manifest::selector::{self, Selector};
use crate::validate::api::forms::{is_label, is_label_value, is_port_name, is_qualified, is_subdomain};
use crate::validate::api::{Judge, Rule, pods};
use crate::values::parse::Parse;
use crate::values::schedule::Schedule;

/// The rules of each type.
pub const RULES: &[(&str, Rule)] = &[
    ("apps/v1.DaemonSetSpec", selector_fits),
    ("apps/v1.DaemonSetSpec", pods::mounts),
    ("apps/v1.DeploymentSpec", selector_fits),
    ("apps/v1.DeploymentSpec", pods::mounts),
    ("apps/v1.DeploymentStrategy", strategy),
    ("apps/v1.ReplicaSetSpec", selector_fits),
    ("apps/v1.ReplicaSetSpec", pods::mounts),
    ("apps/v1.StatefulSetSpec", selector_fits),
    ("apps/v1.StatefulSetSpec", pods::mounts),
    ("autoscaling/v2.HorizontalPodAutoscalerSpec", autoscaler),
    ("batch/v1.CronJobSpec", schedule),
    ("batch/v1.JobSpec", pods::mounts),
    ("core/v1.ConfigMap", data_keys),
    ("core/v1.Container", pods::container),
    ("core/v1.ContainerPort", pods::named_port),
    ("core/v1.EnvVar", pods::variable),
    ("core/v1.EnvVarSource", pods::variable_source),
    ("core/v1.Pod", pods::mounts),
    ("core/v1.PodSpec", pods::pod),
    ("core/v1.Probe", pods::probe),
    ("core/v1.Secret", data_keys),
    ("core/v1.ServiceSpec", service),
    ("core/v1.VolumeMount", pods::mount),
    ("meta/v1.LabelSelector", selector_labels),
    ("meta/v1.LabelSelectorRequirement", requirement),
    ("meta/v1.ObjectMeta", metadata),
    ("networking/v1.HTTPIngressPath", ingress_path),
    ("networking/v1.IngressBackend", ingress_backend),
    ("networking/v1.NetworkPolicyPeer", peer),
    ("networking/v1.NetworkPolicyPort", policy_port),
    ("policy/v1.PodDisruptionBudgetSpec", budget),
    ("rbac/v1.PolicyRule", right),
];

pub fn has(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(|value| !matches!(value.value, Value::Null))
}

fn given<'k>(node: &Node, keys: &[&'k str]) -> Vec<&'k str> {
    keys.iter().copied().filter(|key| has(node, key)).collect()
}

fn metadata(judge: &mut Judge<'_>, node: &Node) {
    labels(judge, node, "labels");
    let annotations = node.get("annotations").map(Node::entries).unwrap_or_default();
    for entry in annotations.iter().filter(|entry| !is_qualified(&entry.key.to_lowercase())) {
        judge.at(
            &judge.path.key("annotations").key(&entry.key),
            entry.span,
            "is no key of an annotation: it must be `name` or `prefix.example.com/name`",
        );
    }
    let size: usize =
        annotations.iter().map(|entry| entry.key.len() + entry.node.text().unwrap_or_default().len()).sum();
    if size > 256 << 10 {
        judge.refuse(node, "annotations", &format!("hold {size} bytes; they must not hold more than 262144"));
    }
}

fn selector_labels(judge: &mut Judge<'_>, node: &Node) {
    labels(judge, node, "matchLabels");
}

fn labels(judge: &mut Judge<'_>, node: &Node, under: &str) {
    for entry in node.get(under).map(Node::entries).unwrap_or_default() {
        let path = judge.path.key(under).key(&entry.key);
        if !is_qualified(&entry.key) {
            judge.at(&path, entry.span, "is no key of a label: it must be `name` or `prefix.example.com/name`");
        }
        if let Some(value) = entry.node.text().filter(|value| !is_label_value(value)) {
            let why = format!(
                "is `{value}`: a label's value has at most 63 letters, digits, `-`, `_` and `.`, with letters or digits at the ends"
            );
            judge.at(&path, entry.node.span, &why);
        }
    }
}

fn requirement(judge: &mut Judge<'_>, node: &Node) {
    let is_empty = node.items_at(&["values"]).is_empty();
    match node.text_at(&["operator"]) {
        Some(operator @ ("In" | "NotIn")) if is_empty => {
            judge.refuse(node, "values", &format!("must not be empty where the operator is `{operator}`"));
        }
        Some(operator @ ("Exists" | "DoesNotExist")) if !is_empty => {
            judge.refuse(node, "values", &format!("must be empty where the operator is `{operator}`"));
        }
        _ => {}
    }
}

fn selector_fits(judge: &mut Judge<'_>, node: &Node) {
    let Some(own) = node.get("selector") else { return };
    let read = Selector::read(own);
    if read == Selector::default() {
        judge.refuse(node, "selector", "is empty: it would select every pod");
    } else if !read.matches(&selector::labels(node.at(&["template", "metadata", "labels"]))) {
        judge.refuse(node, "selector", "does not match the labels of the template");
    }
}

fn strategy(judge: &mut Judge<'_>, node: &Node) {
    if node.text_at(&["type"]) == Some("Recreate") && has(node, "rollingUpdate") {
        judge.refuse(node, "rollingUpdate", "must not stand beside the type `Recreate`");
    }
    let is_zero = |key| match node.at(&["rollingUpdate", key]).map(|value| &value.value) {
        Some(Value::Integer(number)) => *number == 0,
        Some(Value::Text(text)) => text == "0%",
        _ => false,
    };
    if is_zero("maxSurge") && is_zero("maxUnavailable") {
        judge.refuse(
            node,
            "rollingUpdate",
            "lets neither a pod go nor another one come: `maxSurge` and `maxUnavailable` are both 0",
        );
    }
}

fn autoscaler(judge: &mut Judge<'_>, node: &Node) {
    let number = |key: &str| node.get(key).and_then(Node::integer);
    if let (Some(least), Some(most)) = (number("minReplicas").or(Some(1)), number("maxReplicas"))
        && most < least
        && most > 0
    {
        judge.refuse(node, "maxReplicas", &format!("is {most}, which is less than the {least} of `minReplicas`"));
    }
}

fn schedule(judge: &mut Judge<'_>, node: &Node) {
    let Some(text) = node.text_at(&["schedule"]) else { return };
    let is_alias = text.starts_with('@');
    if let Some(why) = Schedule::parse(text).err().filter(|_| !is_alias) {
        judge.refuse(node, "schedule", &why);
    }
}

fn data_keys(judge: &mut Judge<'_>, node: &Node) {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut size = 0;
    for map in ["data", "binaryData"] {
        for entry in node.get(map).map(Node::entries).unwrap_or_default() {
            let key = entry.key.as_str();
            let is_key = !key.is_empty()
                && key.len() <= 253
                && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            let path = judge.path.key(map).key(key);
            if !is_key || key == "." || key.starts_with("..") {
                judge.at(
                    &path,
                    entry.span,
                    "is no key: it must be letters, digits, `-`, `_` and `.`, and not begin with two dots",
                );
            }
            if !known.insert(key) {
                judge.at(&path, entry.span, "stands in `data` as well");
            }
            size += entry.node.text().unwrap_or_default().len();
        }
    }
    if size > 1 << 20 && node.text_at(&["kind"]) == Some("ConfigMap") {
        judge.refuse(node, "data", &format!("holds {size} bytes; it must not hold more than 1048576"));
    }
}

/// No two items of a list have the same text under a key.
pub fn once(judge: &mut Judge<'_>, node: &Node, list: &str, key: &str) {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for item in node.items_at(&[list]) {
        let Some((text, at)) = item.get(key).and_then(|node| Some((node.text()?, node.span))) else { continue };
        if !text.is_empty() && !known.insert(text) {
            judge.at(&judge.path.key(list), at, &format!("holds the {key} `{text}` twice"));
        }
    }
}

pub fn exactly_one(judge: &mut Judge<'_>, node: &Node, keys: &[&str]) {
    match given(node, keys).as_slice() {
        [_] => {}
        [] => judge.refuse(node, "", &format!("must have one of {}", suggest::list(keys.iter().copied()))),
        [first, second, ..] => judge.refuse(node, second, &format!("must not stand beside `{first}`")),
    }
}

fn service(judge: &mut Judge<'_>, node: &Node) {
    let ports = node.items_at(&["ports"]);
    let kind = node.text_at(&["type"]).unwrap_or("ClusterIP");
    if ports.is_empty() && kind != "ExternalName" && node.text_at(&["clusterIP"]) != Some("None") {
        judge.refuse(node, "ports", "must not be empty unless the service is headless");
    }
    let mut known = BTreeSet::new();
    for port in ports {
        let own = (port.get("port").and_then(Node::integer), port.text_at(&["protocol"]).unwrap_or("TCP"));
        if !known.insert(own) {
            judge.at(&judge.path.key("ports"), super::begin(port), "holds the same port and protocol twice");
        }
        if ports.len() > 1 && port.text_at(&["name"]).is_none_or(str::is_empty) {
            judge.at(&judge.path.key("ports"), super::begin(port), "has several ports, so each must have a name");
        }
        if let Some(name) = port.text_at(&["name"]).filter(|name| !name.is_empty() && !is_label(name)) {
            judge.at(
                &judge.path.key("ports"),
                super::begin(port),
                &format!("holds the port `{name}`, whose name is no DNS label"),
            );
        }
        if let Some(name) = port.text_at(&["targetPort"]).filter(|name| !is_port_name(name)) {
            judge.at(
                &judge.path.key("ports"),
                super::begin(port),
                &format!("leads to the port `{name}`, which is neither a number nor a port's name"),
            );
        }
    }
    once(judge, node, "ports", "name");
    if kind == "ExternalName"
        && node.text_at(&["externalName"]).is_none_or(|name| !is_subdomain(name.trim_end_matches('.')))
    {
        judge.refuse(node, "externalName", "must be a host name where the type is `ExternalName`");
    }
}

fn ingress_path(judge: &mut Judge<'_>, node: &Node) {
    let kind = node.text_at(&["pathType"]).unwrap_or_default();
    let path = node.text_at(&["path"]).unwrap_or_default();
    let is_path = ["Exact", "Prefix"].contains(&kind);
    if is_path && !path.starts_with('/') {
        judge.refuse(node, "path", "must begin with `/`");
    }
    if let Some(part) = ["//", "/./", "/../", "%2f", "%2F"].iter().find(|part| is_path && path.contains(**part)) {
        judge.refuse(node, "path", &format!("must not hold `{part}`"));
    }
}

fn ingress_backend(judge: &mut Judge<'_>, node: &Node) {
    exactly_one(judge, node, &["service", "resource"]);
    if let Some(port) = node.at(&["service", "port"])
        && let [first, second] = given(port, &["name", "number"]).as_slice()
    {
        judge.at(
            &judge.path.key("service").key("port"),
            super::begin(port),
            &format!("must not have both `{first}` and `{second}`"),
        );
    }
}

fn peer(judge: &mut Judge<'_>, node: &Node) {
    match given(node, &["ipBlock", "namespaceSelector", "podSelector"]).as_slice() {
        [] => judge.refuse(node, "", "must name pods, namespaces or a range"),
        ["ipBlock", other, ..] => judge.refuse(node, other, "must not stand beside `ipBlock`"),
        _ => {}
    }
}

fn policy_port(judge: &mut Judge<'_>, node: &Node) {
    let port = node.get("port");
    if let Some(name) = port.and_then(Node::text).filter(|name| !is_port_name(name)) {
        judge.refuse(node, "port", &format!("is `{name}`, which is neither a number nor a port's name"));
    }
    let Some(end) = node.get("endPort").and_then(Node::integer) else { return };
    match port.and_then(Node::integer) {
        None => judge.refuse(node, "endPort", "needs a number as `port`"),
        Some(port) if end < port => {
            judge.refuse(node, "endPort", &format!("is {end}, which is less than the `port` {port}"));
        }
        Some(_) => {}
    }
}

fn budget(judge: &mut Judge<'_>, node: &Node) {
    if has(node, "minAvailable") && has(node, "maxUnavailable") {
        judge.refuse(node, "maxUnavailable", "must not stand beside `minAvailable`");
    }
}

fn right(judge: &mut Judge<'_>, node: &Node) {
    if node.items_at(&["verbs"]).is_empty() {
        judge.refuse(node, "verbs", "must not be empty");
    }
    let (urls, resources) =
        (!node.items_at(&["nonResourceURLs"]).is_empty(), !node.items_at(&["resources"]).is_empty());
    if urls && (resources || !node.items_at(&["apiGroups"]).is_empty()) {
        judge.refuse(node, "nonResourceURLs", "must not stand in one rule with resources");
    } else if !urls && !resources {
        judge.refuse(node, "resources", "must not be empty");
    } else if !urls && node.items_at(&["apiGroups"]).is_empty() {
        judge.refuse(node, "apiGroups", "must not be empty: the core group is `\"\"`");
    }
}
