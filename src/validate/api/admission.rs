//! Rules for webhooks, admission policies and other servers of an API.
//!
//! Source: `pkg/apis/admissionregistration/validation/validation.go`, `apiserver/pkg/util/webhook/validation.go` and
//! `kube-aggregator/pkg/apis/apiregistration/validation/validation.go` of Kubernetes 1.35 to 1.37. Of expressions the
//! form is judged (`cel.rs`), not the types.

use std::collections::BTreeSet;

use crate::diff::path::Step;
use crate::manifest::node::Node;
use crate::ordered::Ordered;
use crate::validate::api::Judge;
use crate::validate::api::cel::{self, AUTHORIZER, PARAMS, VARIABLES};
use crate::validate::api::forms::{LABEL_KEY, is_letter_label, is_qualified, is_subdomain};
use crate::validate::api::networking::group_and_version;
use crate::validate::api::rules::{distinct, exactly_one, given, has, once};

const OPERATIONS: &[&str] = &["*", "CREATE", "UPDATE", "DELETE", "CONNECT"];
/// Versions of reviews that servers send.
const REVIEWS: &[&str] = &["v1", "v1beta1"];
const MOST_CONDITIONS: usize = 64;
const MOST_ANNOTATIONS: usize = 20;

pub fn webhooks(judge: &mut Judge<'_>, node: &Node) {
    once(judge, node, "webhooks", "name");
}

pub fn webhook(judge: &mut Judge<'_>, node: &Node) {
    let name = node.text_at(&["name"]).unwrap_or_default();
    if !name.is_empty() && (!is_subdomain(name) || name.split('.').count() < 3) {
        let why = format!("is `{name}`; it must be a name of at least three parts such as `pods.example.com`");
        judge.refuse(node, "name", &why);
    }
    reviews(judge, node, "admissionReviewVersions");
    conditions(judge, node);
    conditions_compile(judge, node);
}

/// The server must know one of the versions that a webhook takes.
pub fn reviews(judge: &mut Judge<'_>, node: &Node, key: &str) {
    let versions: Vec<&str> = node.items_at(&[key]).iter().filter_map(Node::text).collect();
    if !versions.is_empty() && !versions.iter().any(|version| REVIEWS.contains(version)) {
        judge.refuse(node, key, "must hold `v1`, which is what servers send");
    }
    distinct(judge, node, key);
}

pub fn conditions(judge: &mut Judge<'_>, node: &Node) {
    let count = node.items_at(&["matchConditions"]).len();
    if count > MOST_CONDITIONS {
        judge.refuse(node, "matchConditions", &format!("holds {count}; it must not hold more than {MOST_CONDITIONS}"));
    }
    once(judge, node, "matchConditions", "name");
}

/// What is only blank is nothing.
pub fn expression(judge: &mut Judge<'_>, node: &Node) {
    for key in ["expression", "valueExpression", "messageExpression", "message", "rule"] {
        if node.text_at(&[key]).is_some_and(|text| !text.is_empty() && text.trim().is_empty()) {
            judge.refuse(node, key, "must not be blank");
        }
    }
}

/// The server compiles every expression; `roots` are the names that it may begin with.
pub fn compiles(judge: &mut Judge<'_>, node: &Node, key: &str, roots: &[&str]) {
    let text = node.text_at(&[key]).filter(|text| !text.trim().is_empty());
    let Some(why) = text.and_then(|text| cel::fault(text, roots)) else { return };
    judge.refuse(node, key, &format!("does not compile: {why}"));
    if why.contains(&format!("called `{PARAMS}`")) {
        judge.report.last_help("`params` is what a policy is given that has a `paramKind`");
    }
}

/// The conditions of webhooks: what a policy is given or computes is not there.
fn conditions_compile(judge: &mut Judge<'_>, node: &Node) {
    let roots = roots(&[AUTHORIZER]);
    judge.each(node, "matchConditions", |judge, own| compiles(judge, own, "expression", &roots));
}

/// All expressions of a policy, each about what the server declares for it.
fn policy_compiles(judge: &mut Judge<'_>, node: &Node) {
    let given: &[&str] = if has(node, "paramKind") { &[PARAMS] } else { &[] };
    let places: [&[&str]; 3] = [&[AUTHORIZER], &[AUTHORIZER, VARIABLES], &[VARIABLES]];
    let [conditions, inner, messages] = places.map(|more| roots(&[given, more].concat()));
    judge.each(node, "matchConditions", |judge, own| compiles(judge, own, "expression", &conditions));
    let mut known = Vec::new();
    judge.each(node, "variables", |judge, own| {
        compiles_with(judge, own, "expression", &inner, &known);
        known.extend(own.text_at(&["name"]));
    });
    judge.each(node, "validations", |judge, own| {
        compiles_with(judge, own, "expression", &inner, &known);
        compiles_with(judge, own, "messageExpression", &messages, &known);
    });
    judge.each(node, "auditAnnotations", |judge, own| {
        compiles_with(judge, own, "valueExpression", &inner, &known);
    });
    judge.each(node, "mutations", |judge, own| {
        for key in ["applyConfiguration", "jsonPatch"] {
            judge.under(own, &[key], |judge, patch| compiles_with(judge, patch, "expression", &inner, &known));
        }
    });
}

/// The same of an expression that may be about what has been computed before it: the server declares one after the other.
fn compiles_with(judge: &mut Judge<'_>, node: &Node, key: &str, roots: &[&str], known: &[&str]) {
    compiles(judge, node, key, roots);
    let asked = node.text_at(&[key]).map(|text| cel::fields(text, VARIABLES)).unwrap_or_default();
    if let Some(name) = asked.into_iter().find(|name| !known.contains(name)) {
        judge.refuse(node, key, &format!("does not compile: no variable before it is called `{name}`"));
    }
}

fn roots(more: &[&'static str]) -> Vec<&'static str> {
    cel::OF_ADMISSION.iter().chain(more).copied().collect()
}

pub fn validation(judge: &mut Judge<'_>, node: &Node) {
    expression(judge, node);
    if node.text_at(&["message"]).is_some_and(|text| text.trim().contains(['\n', '\r'])) {
        judge.refuse(node, "message", "must be of one line");
    }
}

pub fn variable(judge: &mut Judge<'_>, node: &Node) {
    expression(judge, node);
    let Some(name) = node.text_at(&["name"]).filter(|name| !name.is_empty()) else { return };
    if !is_identifier(name) {
        judge.refuse(node, "name", &format!("is `{name}`; it must be letters, digits and `_`, and no word of CEL"));
    }
}

/// Words that CEL keeps for itself. Source: `cel-spec`, "Syntax".
const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

fn is_identifier(name: &str) -> bool {
    !name.starts_with(|letter: char| letter.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !RESERVED.contains(&name)
}

/// How the address of a webhook begins, in whatever letters.
const SAFE: &str = "https://";

pub fn client(judge: &mut Judge<'_>, node: &Node) {
    exactly_one(judge, node, &["service", "url"]);
    let Some(url) = node.text_at(&["url"]) else { return };
    let is_safe = url.get(..SAFE.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SAFE));
    let why = match url.get(SAFE.len()..).filter(|_| is_safe) {
        None => Some("it must begin with `https://`"),
        Some(rest) if rest.is_empty() || rest.starts_with('/') => Some("it must name a host"),
        Some(rest) if rest.split('/').next().is_some_and(|host| host.contains('@')) => Some("it must name no user"),
        Some(rest) if rest.contains('?') && !rest.ends_with('?') => Some("it must have no query"),
        Some(rest) if rest.contains('#') && !rest.ends_with('#') => Some("it must have no fragment"),
        Some(rest) if rest.contains(' ') => Some("it must have no blank"),
        Some(_) => None,
    };
    if let Some(why) = why {
        judge.refuse(node, "url", &format!("is `{url}`; {why}"));
    }
}

pub fn service(judge: &mut Judge<'_>, node: &Node) {
    let Some(path) = node.text_at(&["path"]).filter(|path| !["", "/"].contains(path)) else { return };
    let inner = path.get(1..).unwrap_or_default();
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if !path.starts_with('/') || !inner.split('/').all(is_subdomain) {
        let why =
            format!("is `{path}`; it must begin with `/` and have lower-case letters, digits, `-` and `.` between");
        judge.refuse(node, "path", &why);
    }
}

pub fn rule(judge: &mut Judge<'_>, node: &Node) {
    judge.word(node, "operations", OPERATIONS);
    let texts = |key: &str| -> Vec<&str> { node.items_at(&[key]).iter().filter_map(Node::text).collect() };
    for key in ["apiGroups", "apiVersions", "operations"] {
        let all = texts(key);
        if all.len() > 1 && all.contains(&"*") {
            judge.refuse(node, key, "must hold nothing beside `*`");
        }
    }
    for key in ["apiVersions", "resources"] {
        if texts(key).contains(&"") {
            judge.refuse(node, key, "must not hold an empty text");
        }
    }
    let resources = texts("resources");
    let is_wild = |whole: &str| resources.contains(&whole);
    let covered = |resource: &&str| -> bool {
        let Some((name, part)) = resource.split_once('/') else { return false };
        let mut before = resources.iter().take_while(|other| **other != *resource);
        before.any(|other| *other == format!("{name}/*") || *other == format!("*/{part}"))
    };
    if is_wild("*/*") && resources.len() > 1 {
        judge.refuse(node, "resources", "must hold nothing beside `*/*`");
    } else if is_wild("*") && resources.last().is_some_and(|last| !last.contains('/') && *last != "*") {
        judge.refuse(node, "resources", "must not hold other resources beside `*`");
    } else if let Some(resource) = resources.iter().find(|resource| covered(resource)) {
        judge.refuse(node, "resources", &format!("holds `{resource}`, which another one holds already"));
    }
    distinct(judge, node, "resourceNames");
}

pub fn policy(judge: &mut Judge<'_>, node: &Node) {
    conditions(judge, node);
    policy_compiles(judge, node);
    if has(node, "matchConstraints") && node.items_at(&["matchConstraints", "resourceRules"]).is_empty() {
        judge.refuse(node, "matchConstraints", "must have `resourceRules`");
    }
    let annotations = node.items_at(&["auditAnnotations"]);
    if node.items_at(&["validations"]).is_empty() && annotations.is_empty() {
        judge.refuse(node, "validations", "must not be empty unless there are `auditAnnotations`");
    }
    if annotations.len() > MOST_ANNOTATIONS {
        judge.refuse(node, "auditAnnotations", &format!("must not hold more than {MOST_ANNOTATIONS}"));
    }
    once(judge, node, "auditAnnotations", "key");
    judge.each(node, "auditAnnotations", |judge, annotation| {
        judge.form(annotation, "key", (is_annotation_key, LABEL_KEY.1));
    });
}

pub fn mutating_policy(judge: &mut Judge<'_>, node: &Node) {
    conditions(judge, node);
    policy_compiles(judge, node);
    if has(node, "matchConstraints") && node.items_at(&["matchConstraints", "resourceRules"]).is_empty() {
        judge.refuse(node, "matchConstraints", "must have `resourceRules`");
    }
    deletes_nothing(judge, node, "matchConstraints");
}

pub fn mutating_binding(judge: &mut Judge<'_>, node: &Node) {
    deletes_nothing(judge, node, "matchResources");
}

/// What is deleted cannot be changed on the way.
fn deletes_nothing(judge: &mut Judge<'_>, node: &Node, key: &str) {
    let rules = node.items_at(&[key, "resourceRules"]).iter();
    if rules.flat_map(|rule| rule.items_at(&["operations"])).any(|item| item.text() == Some("DELETE")) {
        judge.refuse(node, key, "must not hold the operation `DELETE`: what goes cannot be changed");
    }
}

pub fn mutation(judge: &mut Judge<'_>, node: &Node) {
    let (own, other) = match node.text_at(&["patchType"]) {
        Some("JSONPatch") => ("jsonPatch", "applyConfiguration"),
        Some("ApplyConfiguration") => ("applyConfiguration", "jsonPatch"),
        _ => return,
    };
    if !has(node, own) {
        judge.refuse(node, own, "is missing: the `patchType` says that it is there");
    }
    if has(node, other) {
        judge.refuse(node, other, &format!("must not be there: the `patchType` says `{own}`"));
    }
}

/// The name of the policy stands before it.
fn is_annotation_key(key: &str) -> bool {
    is_qualified(&format!("policy/{key}"))
}

pub fn parameter_kind(judge: &mut Judge<'_>, node: &Node) {
    let Some(text) = node.text_at(&["apiVersion"]).filter(|text| !text.is_empty()) else { return };
    let is_fine =
        |(group, version): (&str, &str)| (group.is_empty() || is_subdomain(group)) && is_letter_label(version);
    if !group_and_version(text).is_some_and(is_fine) {
        judge.refuse(node, "apiVersion", &format!("is `{text}`; it must be a version such as `v1` or `apps/v1`"));
    }
}

pub fn parameters(judge: &mut Judge<'_>, node: &Node) {
    let is_empty = |key: &&&str| **key == "name" && node.text_at(&["name"]) == Some("");
    let given = given(node, &["name", "selector"]);
    match given.iter().filter(|key| !is_empty(key)).collect::<Vec<_>>().as_slice() {
        [] => judge.refuse(node, "name", "is missing, and so is `selector`"),
        [_, _] => judge.refuse(node, "selector", "must not stand beside `name`"),
        _ => {}
    }
}

pub fn binding(judge: &mut Judge<'_>, node: &Node) {
    distinct(judge, node, "validationActions");
    let actions: BTreeSet<&str> = node.items_at(&["validationActions"]).iter().filter_map(Node::text).ordered();
    if actions.contains("Deny") && actions.contains("Warn") {
        judge.refuse(node, "validationActions", "must not hold both `Deny` and `Warn`");
    }
}

pub fn api_service(judge: &mut Judge<'_>, node: &Node) {
    let Some(spec) = node.get("spec") else { return };
    let text = |key: &str| spec.text_at(&[key]).unwrap_or_default();
    let wanted = format!("{}.{}", text("version"), text("group"));
    if let Some(name) = node.at(&["metadata", "name"]).filter(|name| name.text().is_some_and(|name| name != wanted)) {
        let path = judge.path.key("metadata").key("name");
        judge.at(&path, name.span, &format!("must be `{wanted}`, the version and the group"));
    }
    judge.step(Step::Key("spec".into()), |judge| {
        if text("group").is_empty() && !["", "v1"].contains(&text("version")) {
            judge.refuse(spec, "group", "is missing");
        }
        let is_unverified = spec.get("insecureSkipTLSVerify").and_then(Node::bool) == Some(true);
        let has_bundle = !text("caBundle").is_empty();
        if !has(spec, "service") {
            let keys = [("caBundle", has_bundle), ("insecureSkipTLSVerify", is_unverified)];
            for (key, _) in keys.iter().filter(|(_, is_there)| *is_there) {
                judge.refuse(spec, key, "needs a `service`");
            }
        } else if is_unverified && has_bundle {
            judge.refuse(spec, "insecureSkipTLSVerify", "must not be true beside a `caBundle`");
        }
    });
}
