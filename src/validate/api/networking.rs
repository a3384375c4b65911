//! Rules for routes, network policies and ranges of addresses.
//!
//! Source: `pkg/apis/networking/validation/validation.go` of Kubernetes 1.35 to 1.37.

use crate::diff::path::Step;
use crate::manifest::node::{Node, Value};
use crate::spec::shapes::Minor;
use crate::validate::api::Judge;
use crate::validate::api::addresses::{address, is_within, range, range_fault, strict_range_fault};
use crate::validate::api::forms::{LABEL, LETTER_LABEL, PORT_NAME, SEGMENT, SUBDOMAIN, is_port_name, is_subdomain};
use crate::validate::api::rules::{exactly_one, given, has};

const CLASS: &str = "kubernetes.io/ingress.class";
const LONGEST_CONTROLLER: usize = 250;

pub fn ingress(judge: &mut Judge<'_>, node: &Node) {
    let annotation = node.at(&["metadata", "annotations", CLASS]);
    let (Some(annotation), Some(class)) = (annotation, node.text_at(&["spec", "ingressClassName"])) else { return };
    if annotation.text().is_some_and(|own| own != class) {
        let path = judge.path.key("metadata").key("annotations").key(CLASS);
        judge.at(&path, annotation.span, &format!("must be `{class}` as `ingressClassName` says, or not be there"));
    }
}

pub fn ingress_spec(judge: &mut Judge<'_>, node: &Node) {
    if node.items_at(&["rules"]).is_empty() && !has(node, "defaultBackend") {
        judge.refuse(node, "rules", "must not be empty unless there is a `defaultBackend`");
    }
}

pub fn ingress_rule(judge: &mut Judge<'_>, node: &Node) {
    if let Some(host) = node.text_at(&["host"]).filter(|host| address(host).is_some()) {
        judge.refuse(node, "host", &format!("is `{host}`, which is an address; it must be a host name"));
    }
}

pub fn ingress_path(judge: &mut Judge<'_>, node: &Node) {
    let path = node.text_at(&["path"]).unwrap_or_default();
    let is_exact = match node.text_at(&["pathType"]) {
        Some("Exact" | "Prefix") => true,
        Some("ImplementationSpecific") if !path.is_empty() => false,
        _ => return,
    };
    if !path.starts_with('/') {
        judge.refuse(node, "path", "must begin with `/`");
    }
    if let Some(part) = ["//", "/./", "/../", "%2f", "%2F"].iter().find(|part| is_exact && path.contains(**part)) {
        judge.refuse(node, "path", &format!("must not hold `{part}`"));
    }
    if let Some(end) = ["/..", "/."].iter().find(|end| is_exact && path.ends_with(**end)) {
        judge.refuse(node, "path", &format!("must not end with `{end}`"));
    }
}

pub fn ingress_backend(judge: &mut Judge<'_>, node: &Node) {
    exactly_one(judge, node, &["service", "resource"]);
    if let Some(resource) = node.get("resource") {
        judge.step(Step::Key("resource".into()), |judge| local_reference(judge, resource));
    }
    let Some(service) = node.get("service") else { return };
    let minor = judge.minor;
    judge.step(Step::Key("service".into()), |judge| {
        judge.form(service, "name", if minor < Minor::V1_36 { LETTER_LABEL } else { LABEL });
        let port = service.get("port");
        let number = port.and_then(|port| port.get("number")?.integer()).filter(|number| *number != 0);
        let name = port.and_then(|port| port.text_at(&["name"])).filter(|name| !name.is_empty());
        match (name, number) {
            (Some(_), Some(_)) => judge.refuse(service, "port", "must not have both a `name` and a `number`"),
            (None, None) => judge.refuse(service, "port", "must have a `name` or a `number`"),
            _ => {}
        }
    });
}

/// An object of any kind in the same namespace.
fn local_reference(judge: &mut Judge<'_>, node: &Node) {
    judge.filled(node, "apiGroup");
    judge.form(node, "apiGroup", SUBDOMAIN);
    for key in ["kind", "name"] {
        if node.text_at(&[key]).is_none_or(str::is_empty) {
            judge.refuse(node, key, "is missing");
        }
        judge.form(node, key, SEGMENT);
    }
}

pub fn class(judge: &mut Judge<'_>, node: &Node) {
    let Some(controller) = node.text_at(&["controller"]).filter(|text| !text.is_empty()) else { return };
    let is_path = |path: &str| {
        !path.is_empty()
            && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte))
    };
    let is_controller = |(host, path): (&str, &str)| is_subdomain(host) && is_path(path);
    if !controller.split_once('/').is_some_and(is_controller) {
        judge.refuse(
            node,
            "controller",
            &format!("is `{controller}`; it must be a path such as `example.com/ingress`"),
        );
    } else if controller.len() > LONGEST_CONTROLLER {
        judge.refuse(node, "controller", &format!("must not be longer than {LONGEST_CONTROLLER}"));
    }
}

pub fn class_parameters(judge: &mut Judge<'_>, node: &Node) {
    match node.text_at(&["scope"]).unwrap_or("Cluster") {
        "Namespace" if !has(node, "namespace") => {
            judge.refuse(node, "namespace", "is missing where the scope is `Namespace`");
        }
        "Cluster" if has(node, "namespace") => {
            judge.refuse(node, "namespace", "must not be there unless the scope is `Namespace`");
        }
        _ => {}
    }
}

pub fn policy(judge: &mut Judge<'_>, node: &Node) {
    let count = node.items_at(&["policyTypes"]).len();
    if count > 2 {
        judge.refuse(node, "policyTypes", &format!("holds {count}; it must not hold more than 2"));
    }
}

pub fn peer(judge: &mut Judge<'_>, node: &Node) {
    match given(node, &["ipBlock", "namespaceSelector", "podSelector"]).as_slice() {
        [] => judge.refuse(node, "", "must name pods, namespaces or a range"),
        ["ipBlock", other, ..] => judge.refuse(node, other, "must not stand beside `ipBlock`"),
        _ => {}
    }
}

pub fn block(judge: &mut Judge<'_>, node: &Node) {
    let minor = judge.minor;
    let fault = |text: &str| range_fault(text, minor).map(str::to_owned);
    judge.faults(node, "cidr", fault);
    let Some(whole) = node.text_at(&["cidr"]) else { return };
    judge.faults(node, "except", |text| {
        let is_part = |part| range(whole).is_none_or(|whole| is_within(part, whole));
        let is_wrong = range(text).is_some_and(|part| !is_part(part));
        fault(text).or_else(|| is_wrong.then(|| format!("is not a part of `{whole}`")))
    });
}

pub fn policy_port(judge: &mut Judge<'_>, node: &Node) {
    let port = node.get("port").filter(|port| !matches!(port.value, Value::Null));
    if let Some(name) = port.and_then(Node::text).filter(|name| !is_port_name(name)) {
        judge.refuse(node, "port", &format!("is `{name}`; it must be a number, or {}", PORT_NAME.1));
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

pub fn service_ranges(judge: &mut Judge<'_>, node: &Node) {
    judge.faults(node, "cidrs", |text| strict_range_fault(text).map(str::to_owned));
    let read: Vec<_> = node.items_at(&["cidrs"]).iter().filter_map(|item| range(item.text()?)).collect();
    match read.as_slice() {
        [(one, _), (other, _)] if one.is_ipv4() == other.is_ipv4() => {
            judge.refuse(node, "cidrs", "must not hold two ranges of one family");
        }
        [_, _, _, ..] => judge.refuse(node, "cidrs", "must not hold more than 2 ranges"),
        _ => {}
    }
}

/// A group and version, or a version alone.
pub fn group_and_version(text: &str) -> Option<(&str, &str)> {
    match text.split('/').collect::<Vec<_>>().as_slice() {
        [version] => Some(("", version)),
        [group, version] => Some((group, version)),
        _ => None,
    }
}
