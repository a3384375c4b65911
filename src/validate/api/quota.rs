//! Rules for quotas and ranges of limits.
//!
//! Source: `pkg/apis/core/validation/validation.go` and `pkg/apis/core/helper/helpers.go` of Kubernetes 1.35 to 1.37.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::node::Node;
use crate::ordered::Ordered;
use crate::validate::api::amounts::{self, Amount};
use crate::validate::api::forms::is_qualified;
use crate::validate::api::{Judge, begin};

const COMPUTE: &[&str] = &["cpu", "ephemeral-storage", "memory"];
/// What objects are counted, each in whole numbers.
const COUNTED: &[&str] = &[
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];
const SCOPES: &[&str] = &[
    "BestEffort",
    "CrossNamespacePodAffinity",
    "NotBestEffort",
    "NotTerminating",
    "PriorityClass",
    "Terminating",
    "VolumeAttributesClass",
];
const OPPOSITES: &[(&str, &str)] = &[("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")];
const OPERATORS: &[&str] = &["In", "NotIn", "Exists", "DoesNotExist"];

fn is_huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// `cpu`, `requests.cpu`, `limits.cpu`.
fn is_compute(name: &str) -> bool {
    let bare = name.strip_prefix("requests.").or_else(|| name.strip_prefix("limits.")).unwrap_or(name);
    COMPUTE.contains(&bare)
}

/// Names that stand without a group in a quota.
fn is_quota_name(name: &str) -> bool {
    is_compute(name)
        || COUNTED.contains(&name)
        || name == "requests.storage"
        || is_huge_pages(name.strip_prefix("requests.").unwrap_or(name))
}

/// Why a name is none of a resource.
fn resource_fault(name: &str) -> Option<&'static str> {
    let is_known = name.contains('/') || is_quota_name(name) || name == "storage";
    (!is_qualified(name) || !is_known)
        .then_some("is no resource that Kubernetes has, nor one such as `example.com/gpu`")
}

/// Why a name is none of a resource that containers have.
pub fn container_resource_fault(name: &str) -> Option<&'static str> {
    let is_own = !name.contains('/') || name.contains("kubernetes.io/");
    let fault = if name.contains('/') {
        (!is_own && !is_extended(name)).then_some("is no resource such as `example.com/gpu`")
    } else {
        (!COMPUTE.contains(&name) && !is_huge_pages(name)).then_some("is no resource of containers")
    };
    resource_fault(name).or(fault)
}

/// Whole things that a group beside Kubernetes counts.
pub fn is_extended(name: &str) -> bool {
    name.contains('/')
        && !name.contains("kubernetes.io/")
        && !name.starts_with("requests.")
        && is_qualified(&format!("requests.{name}"))
}

pub fn quota(judge: &mut Judge<'_>, node: &Node) {
    let hard = node.get("hard").map(Node::entries).unwrap_or_default();
    for entry in hard {
        let path = judge.path.key("hard").key(&entry.key);
        let name = entry.key.as_str();
        if let Some(why) = resource_fault(name) {
            judge.at(&path, entry.span, why);
        } else if !name.contains('/') && !is_quota_name(name) {
            judge.at(&path, entry.span, "is no resource that quotas hold");
        }
        let Some(amount) = amounts::read(&entry.node) else { continue };
        if amount < Amount::ZERO {
            judge.at(&path, entry.node.span, "must not be less than 0");
        } else if (COUNTED.contains(&name) || is_extended(name)) && !amount.is_whole() {
            judge.at(&path, entry.node.span, "must be a whole number");
        }
    }
    let names: Vec<&str> = hard.iter().map(|entry| entry.key.as_str()).collect();
    let scopes: Vec<&str> = node.items_at(&["scopes"]).iter().filter_map(Node::text).collect();
    judge.word(node, "scopes", SCOPES);
    scopes_fit(judge, node, "scopes", &scopes, &names);
    let Some(selector) = node.get("scopeSelector") else { return };
    let required = selector.items_at(&["matchExpressions"]);
    let scopes: Vec<&str> = required.iter().filter_map(|item| item.text_at(&["scopeName"])).collect();
    scopes_fit(judge, node, "scopeSelector", &scopes, &names);
}

fn scopes_fit(judge: &mut Judge<'_>, node: &Node, key: &str, scopes: &[&str], names: &[&str]) {
    for scope in scopes {
        if let Some(name) = names.iter().find(|name| is_quota_name(name) && !is_in_scope(scope, name)) {
            judge.refuse(node, key, &format!("names `{scope}`, which does not go with `{name}`"));
        }
    }
    let all: BTreeSet<&str> = scopes.iter().copied().ordered();
    for (one, other) in OPPOSITES.iter().filter(|(one, other)| all.contains(one) && all.contains(other)) {
        judge.refuse(node, key, &format!("names `{one}` and `{other}`, which nothing is both"));
    }
}

/// Whether a resource can be counted for the objects of a scope.
fn is_in_scope(scope: &str, name: &str) -> bool {
    match scope {
        "BestEffort" => name == "pods",
        "VolumeAttributesClass" => ["persistentvolumeclaims", "requests.storage"].contains(&name),
        _ if SCOPES.contains(&scope) => name == "pods" || (is_compute(name) && is_of_pods(name)),
        _ => true,
    }
}

fn is_of_pods(name: &str) -> bool {
    name != "ephemeral-storage" && !name.ends_with(".ephemeral-storage")
}

pub fn scope(judge: &mut Judge<'_>, node: &Node) {
    judge.word(node, "scopeName", SCOPES);
    judge.word(node, "operator", OPERATORS);
    let (scope, operator) = (node.text_at(&["scopeName"]).unwrap_or_default(), node.text_at(&["operator"]));
    let takes_words = ["PriorityClass", "VolumeAttributesClass"].contains(&scope) || !SCOPES.contains(&scope);
    if let Some(operator) = operator.filter(|operator| !takes_words && *operator != "Exists") {
        judge.refuse(node, "operator", &format!("is `{operator}`; it must be `Exists` where the scope is `{scope}`"));
    }
    let is_empty = node.items_at(&["values"]).is_empty();
    match operator.unwrap_or_default() {
        operator @ ("In" | "NotIn") if is_empty => {
            judge.refuse(node, "values", &format!("must not be empty where the operator is `{operator}`"));
        }
        operator @ ("Exists" | "DoesNotExist") if !is_empty => {
            judge.refuse(node, "values", &format!("must be empty where the operator is `{operator}`"));
        }
        _ => {}
    }
}

pub fn limit_range(judge: &mut Judge<'_>, node: &Node) {
    let mut known = BTreeSet::new();
    judge.each(node, "limits", |judge, item| {
        let kind = item.text_at(&["type"]).unwrap_or_default();
        if !kind.is_empty() && !known.insert(kind) {
            judge.refuse(item, "type", &format!("is `{kind}`, which one before it is"));
        }
    });
}

const BOUNDS: &[&str] = &["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];

pub fn limits(judge: &mut Judge<'_>, node: &Node) {
    let kind = node.text_at(&["type"]).unwrap_or_default();
    let is_of_pods = ["Container", "Pod"].contains(&kind);
    if !is_qualified(kind) || !kind.contains('/') {
        judge.word(node, "type", &["Container", "PersistentVolumeClaim", "Pod"]);
    }
    for bound in BOUNDS {
        for entry in node.get(bound).map(Node::entries).unwrap_or_default() {
            let fault = if is_of_pods { container_resource_fault(&entry.key) } else { resource_fault(&entry.key) };
            if let Some(why) = fault {
                judge.at(&judge.path.key(bound).key(&entry.key), entry.span, why);
            }
        }
    }
    let is_given = |bound: &str| node.get(bound).is_some_and(|given| !given.entries().is_empty());
    if kind == "Pod" {
        for bound in ["default", "defaultRequest"].iter().filter(|bound| is_given(bound)) {
            judge.refuse(node, bound, "must not be there where the type is `Pod`");
        }
    }
    let holds = |bound: &str| node.at(&[bound, "storage"]).is_some();
    if kind == "PersistentVolumeClaim" && !holds("min") && !holds("max") {
        judge.refuse(node, "", "must have `storage` in `min` or `max`");
    }
    let mut all = amounts_of(node);
    if kind == "Container" {
        fill_in(&mut all);
    }
    in_order(judge, node, &all);
}

type Bounds<'n> = BTreeMap<&'static str, BTreeMap<&'n str, Amount>>;

fn amounts_of(node: &Node) -> Bounds<'_> {
    let own = |bound: &&'static str| {
        let entries = node.get(bound).map(Node::entries).unwrap_or_default();
        (*bound, entries.iter().filter_map(|entry| Some((entry.key.as_str(), amounts::read(&entry.node)?))).collect())
    };
    BOUNDS.iter().map(own).collect()
}

/// What is not said follows from what is, as the server fills it in.
fn fill_in(all: &mut Bounds<'_>) {
    for (bound, from) in [("default", "max"), ("defaultRequest", "default"), ("defaultRequest", "min")] {
        let source = all.get(from).cloned().unwrap_or_default();
        let own = all.entry(bound).or_default();
        for (name, amount) in source {
            own.entry(name).or_insert(amount);
        }
    }
}

/// Which bound must not be more than which other.
const ORDER: &[(&str, &str)] = &[
    ("min", "max"),
    ("min", "defaultRequest"),
    ("defaultRequest", "max"),
    ("defaultRequest", "default"),
    ("min", "default"),
    ("default", "max"),
];

fn in_order(judge: &mut Judge<'_>, node: &Node, all: &Bounds<'_>) {
    let names: BTreeSet<&str> = all.values().flat_map(BTreeMap::keys).copied().ordered();
    for name in names {
        let get = |bound: &str| all.get(bound).and_then(|own| own.get(name)).copied();
        let refuse = |judge: &mut Judge<'_>, bound: &str, why: &str| {
            let own = node.get(bound).and_then(|own| own.get(name));
            let span = own.map_or(begin(node), |own| own.span);
            judge.at(&judge.path.key(bound).key(name), span, why);
        };
        // whatever follows from the others is as wrong as what it follows from
        let said = |bound: &str| node.at(&[bound, name]).and_then(amounts::read);
        let wrong = ORDER.iter().find(|(less, more)| matches!((said(less), said(more)), (Some(a), Some(b)) if a > b));
        if let Some((less, more)) = wrong {
            refuse(judge, less, &format!("is more than `{more}`"));
        }
        let is_overcommitted = !name.contains('/') || name.contains("kubernetes.io/");
        if (!is_overcommitted || is_huge_pages(name))
            && matches!((get("default"), get("defaultRequest")), (Some(a), Some(b)) if a != b)
        {
            refuse(judge, "defaultRequest", "must be the same as `default`: it cannot be given twice");
        }
        let Some(ratio) = get("maxLimitRequestRatio") else { continue };
        if ratio < Amount::ONE {
            refuse(judge, "maxLimitRequestRatio", "must not be less than 1");
        } else if let (Some(min), Some(max)) = (get("min"), get("max"))
            && ratio.ratio(Amount::ONE) > max.ratio(min)
        {
            refuse(judge, "maxLimitRequestRatio", "is more than `max` is of `min`");
        }
    }
}
