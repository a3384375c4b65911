//! Rules for what a pod tells its containers about itself: fields of its own, amounts of theirs.
//!
//! Source: `validateObjectFieldSelector` and `validateContainerResourceFieldSelector` in
//! `pkg/apis/core/validation/validation.go` of Kubernetes 1.35 to 1.37.

use crate::diagnostics::suggest;
use crate::manifest::node::Node;
use crate::validate::api::Judge;
use crate::validate::api::amounts::{self, Amount};
use crate::validate::api::forms::is_qualified;
use crate::validate::api::rules::has;

/// What a variable can hold; `spec.host` is the old name of another.
const IN_VARIABLES: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
/// What a file can hold.
const IN_FILES: &[&str] =
    &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
/// Maps of which one entry can be had.
const MAPS: &[&str] = &["metadata.annotations", "metadata.labels"];
const AMOUNTS: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];
const HUGE_PAGES: &[&str] = &["limits.hugepages-", "requests.hugepages-"];
const DECIMAL: &[&str] = &["1", "1k", "1M", "1G", "1T", "1P", "1E"];
const BINARY: &[&str] = &["1", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

pub fn of_variable(judge: &mut Judge<'_>, node: &Node) {
    judge.under(node, &["fieldRef"], |judge, field| own_field(judge, field, IN_VARIABLES));
    judge.under(node, &["resourceFieldRef"], amount);
}

pub fn of_file(judge: &mut Judge<'_>, node: &Node) {
    judge.under(node, &["fieldRef"], |judge, field| own_field(judge, field, IN_FILES));
    judge.under(node, &["resourceFieldRef"], |judge, field| {
        if field.text_at(&["containerName"]).is_none_or(str::is_empty) {
            judge.refuse(field, "containerName", "is missing: files do not belong to one container");
        }
        amount(judge, field);
    });
    match (has(node, "fieldRef"), has(node, "resourceFieldRef")) {
        (false, false) => judge.refuse(node, "", "must have one of `fieldRef` or `resourceFieldRef`"),
        (true, true) => judge.refuse(node, "resourceFieldRef", "must not stand beside `fieldRef`"),
        _ => {}
    }
}

fn own_field(judge: &mut Judge<'_>, node: &Node, known: &[&str]) {
    judge.word(node, "apiVersion", &["v1"]);
    let Some(path) = node.text_at(&["fieldPath"]).filter(|path| !path.is_empty()) else { return };
    match subscripted(path) {
        Some((map, _)) if !MAPS.contains(&map) => {
            let why = format!("is `{path}`; only entries of {} can be had", suggest::list(MAPS.iter().copied()));
            judge.refuse(node, "fieldPath", &why);
        }
        Some((map, key)) => {
            let key = if map == "metadata.labels" { key.to_owned() } else { key.to_lowercase() };
            if !is_qualified(&key) {
                judge.refuse(node, "fieldPath", &format!("is `{path}`, where `{key}` is no key"));
            }
        }
        None if path == "spec.host" && known.contains(&"spec.nodeName") => {}
        None => judge.word(node, "fieldPath", known),
    }
}

/// `metadata.labels['app']` is an entry of a map.
fn subscripted(path: &str) -> Option<(&str, &str)> {
    path.strip_suffix("']")?.split_once("['").filter(|(map, _)| !map.is_empty())
}

fn amount(judge: &mut Judge<'_>, node: &Node) {
    let Some(resource) = node.text_at(&["resource"]).filter(|resource| !resource.is_empty()) else { return };
    let is_huge = HUGE_PAGES.iter().any(|prefix| resource.starts_with(prefix));
    if !is_huge {
        judge.word(node, "resource", AMOUNTS);
    }
    let Some(divisor) = node.get("divisor") else { return };
    let Some(own) = amounts::read(divisor).filter(|own| *own != Amount::ZERO) else { return };
    let is_cpu = ["limits.cpu", "requests.cpu"].contains(&resource);
    if !is_huge && !AMOUNTS.contains(&resource) {
        return;
    }
    let text = divisor.spelled().unwrap_or_default();
    let known: &[&str] = match text.as_str() {
        _ if is_cpu => &["1m", "1"],
        text if text.ends_with('i') => BINARY,
        // written with an exponent, it stays so
        text if text.contains(['e', 'E']) && !text.ends_with('E') => &[],
        _ => DECIMAL,
    };
    if !known.iter().any(|one| amounts::read(&Node::of_text(one)) == Some(own)) {
        let units =
            if is_cpu { "`1m` or `1`".to_owned() } else { "1 of a unit, such as `1`, `1k` or `1Mi`".to_owned() };
        judge.refuse(node, "divisor", &format!("is {text}; it must be {units}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_maps_are_told_from_fields() {
        assert_eq!(subscripted("metadata.labels['app']"), Some(("metadata.labels", "app")));
        for path in ["metadata.labels", "metadata.labels[app]", "['app']", "metadata.labels['app'"] {
            assert_eq!(subscripted(path), None, "{path}");
        }
    }
}
