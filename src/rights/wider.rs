//! Which rights are part of others: whoever may do everything gains nothing by being told one thing of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::rights::Right;

/// The rights that are no part of `others`.
pub fn beyond(rights: &BTreeSet<Right>, others: &BTreeSet<Right>) -> BTreeSet<Right> {
    let mut held: BTreeMap<&str, Vec<&Right>> = BTreeMap::new();
    for right in others {
        held.entry(&right.subject).or_default().push(right);
    }
    let is_held =
        |right: &&Right| held.get(&*right.subject).is_some_and(|held| held.iter().any(|own| includes(own, right)));
    rights.difference(others).filter(|right| !is_held(right)).cloned().collect()
}

/// Whether a right of the same subject is part of another.
fn includes(wide: &Right, narrow: &Right) -> bool {
    (wide.namespace.is_none() || wide.namespace == narrow.namespace)
        && (&*wide.verb == "*" || wide.verb == narrow.verb)
        && (wide.resource == narrow.resource || is_part(&wide.resource, &narrow.resource))
}

/// Whether one resource, as it is written here, is among those that `wide` means. Source: `pkg/apis/rbac/v1/evaluation_helpers.go`
/// in `k8s.io/kubernetes`.
fn is_part(wide: &str, narrow: &str) -> bool {
    if wide.starts_with('/') || narrow.starts_with('/') {
        return wide.strip_suffix('*').is_some_and(|start| narrow.starts_with(start));
    }
    let (wide, narrow) = (Parts::of(wide), Parts::of(narrow));
    let is_resource = match wide.resource {
        "*" => wide.part.is_none() || wide.part == narrow.part,
        resource => resource == narrow.resource && wide.part == narrow.part,
    };
    is_resource && ["*", narrow.group].contains(&wide.group) && (wide.name.is_none() || wide.name == narrow.name)
}

/// `leases.coordination.k8s.io/status[lock]`
struct Parts<'a> {
    resource: &'a str,
    group: &'a str,
    part: Option<&'a str>,
    name: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(written: &'a str) -> Self {
        let split =
            |text: &'a str, at: char| text.split_once(at).map_or((text, None), |(one, other)| (one, Some(other)));
        let (written, name) = split(written, '[');
        let (written, part) = split(written, '/');
        let (resource, group) = split(written, '.');
        Self { resource, group: group.unwrap_or_default(), part, name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_right_is_no_other_right() {
        let right = |(namespace, verb, resource): (Option<&str>, &str, &str)| Right {
            subject: "p/a".into(),
            namespace: namespace.map(Into::into),
            resource: resource.into(),
            verb: verb.into(),
        };
        for (wide, narrow, is_within) in [
            ((None, "*", "pods"), (None, "get", "pods"), true),
            ((None, "get", "pods"), (None, "*", "pods"), false),
            ((None, "get", "pods"), (None, "list", "pods"), false),
            ((None, "get", "pods"), (Some("p"), "get", "pods"), true),
            ((Some("p"), "get", "pods"), (None, "get", "pods"), false),
            ((Some("p"), "get", "pods"), (Some("q"), "get", "pods"), false),
            ((None, "get", "pods"), (None, "get", "pods[a]"), true),
            ((None, "get", "pods[a]"), (None, "get", "pods"), false),
            ((None, "get", "pods[a]"), (None, "get", "pods[b]"), false),
            ((None, "get", "*"), (None, "get", "pods/log"), true),
            ((None, "get", "*"), (None, "get", "deployments.apps"), false),
            ((None, "get", "*.*"), (None, "get", "deployments.apps/scale"), true),
            ((None, "get", "*.apps"), (None, "get", "deployments.apps"), true),
            ((None, "get", "*.apps"), (None, "get", "jobs.batch"), false),
            ((None, "get", "pods"), (None, "get", "pods/log"), false),
            ((None, "get", "*/log"), (None, "get", "pods/log"), true),
            ((None, "get", "/*"), (None, "get", "/metrics"), true),
            ((None, "get", "/metrics"), (None, "get", "/metrics/slis"), false),
            ((None, "*", "*.*"), (None, "get", "/metrics"), false),
        ] {
            let told = beyond(&[right(narrow)].into(), &[right(wide)].into());
            assert_eq!(told.is_empty(), is_within, "{narrow:?} in {wide:?}");
        }
        let other = Right { subject: "p/b".into(), ..right((None, "get", "pods")) };
        assert!(!beyond(&[other].into(), &[right((None, "*", "pods"))].into()).is_empty(), "another subject");
    }
}
