//! Roles, and what they grant to whoever is bound to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::manifest::selector::{self, Selector, said};
use crate::rights::home;

/// The group of roles and bindings.
pub const GROUP: &str = "rbac.authorization.k8s.io";

/// One thing that a role allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// What may be done.
    pub verb: Arc<str>,
    /// With what.
    pub resource: Arc<str>,
}

/// The roles of a platform.
#[derive(Debug)]
pub struct Roles<'a> {
    /// By namespace and name.
    local: BTreeMap<(&'a str, &'a str), &'a Document>,
    global: BTreeMap<&'a str, &'a Document>,
}

/// What a role is made of: one role, or all that it grows by.
#[derive(Debug, Default)]
pub struct Parts<'a> {
    /// The roles whose own rules count.
    pub here: Vec<&'a Document>,
    /// Names of roles that are not among the manifests.
    pub elsewhere: Vec<&'a str>,
}

/// The role that every cluster has and that grants everything.
pub const ADMINISTRATOR: &str = "cluster-admin";

/// Roles that every cluster has and that grow by the labels of others: name, and those whose growth is theirs as well.
const GROWING: &[(&str, &[&str])] =
    &[("admin", &["admin", "edit", "view"]), ("edit", &["edit", "view"]), ("view", &["view"])];

/// Before the names of the growing roles, in the label of what makes them grow.
pub const GROWS: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// Other roles that every cluster has, by the beginning of their name.
const OF_CLUSTERS: &[&str] = &["system:", "extension-apiserver-authentication-reader"];

/// Verbs that ask about no object by name: a rule with names never allows them.
const NAMELESS: &[&str] = &["create", "deletecollection"];

impl<'a> Roles<'a> {
    /// The roles among `documents`.
    pub fn of(documents: &[&'a Document]) -> Self {
        let of_kind = |kind: &'static str| {
            documents.iter().filter(move |document| document.id.group == GROUP && document.id.kind == kind)
        };
        let local = of_kind("Role").map(|role| ((home(role), role.id.name.as_str()), *role));
        let global = of_kind("ClusterRole").map(|role| (role.id.name.as_str(), *role));
        Self { local: local.collect(), global: global.collect() }
    }

    /// What a binding grants, in a namespace or everywhere.
    pub fn granted(&self, binding: &'a Node, namespace: Option<&'a str>) -> BTreeSet<Grant> {
        let mut grants = BTreeSet::new();
        let Some(name) = binding.text_at(&["roleRef", "name"]) else { return grants };
        let kind = binding.text_at(&["roleRef", "kind"]).unwrap_or_default();
        let parts = self.parts(kind, namespace, name);
        parts.here.iter().for_each(|role| rules(&role.root, &mut grants));
        parts.elsewhere.iter().for_each(|name| of_cluster(name, &mut grants));
        if namespace.is_some() {
            // what is no resource is in no namespace
            grants.retain(|grant| !grant.resource.starts_with('/'));
        }
        grants
    }

    /// What the role is made of that a binding in a namespace, or of the cluster, names.
    pub fn parts(&self, kind: &str, namespace: Option<&'a str>, name: &'a str) -> Parts<'a> {
        let mut parts = Parts::default();
        match (kind, namespace) {
            ("Role", Some(namespace)) => match self.local.get(&(namespace, name)) {
                Some(role) => parts.here.push(role),
                None => parts.elsewhere.push(name),
            },
            ("ClusterRole", _) => self.global_role(name, &mut BTreeSet::new(), &mut parts),
            _ => {}
        }
        parts
    }

    fn global_role(&self, name: &'a str, seen: &mut BTreeSet<&'a str>, parts: &mut Parts<'a>) {
        if !seen.insert(name) {
            return;
        }
        let Some(role) = self.global.get(name) else {
            parts.elsewhere.push(name);
            let grown = GROWING.iter().filter(|(growing, _)| *growing == name).flat_map(|(_, by)| *by);
            for label in grown.map(|by| format!("{GROWS}{by}")) {
                self.labelled(|role| role.text_at(&["metadata", "labels", &label]) == Some("true"), seen, parts);
            }
            return;
        };
        match said(&role.root, "aggregationRule") {
            None => parts.here.push(role),
            // its own rules are overwritten
            Some(aggregation) => {
                let selectors: Vec<Selector<'_>> =
                    aggregation.items_at(&["clusterRoleSelectors"]).iter().map(Selector::read).collect();
                let is_selected = |role: &Node| {
                    let labels = selector::labels(role.at(&["metadata", "labels"]));
                    selectors.iter().any(|selector| selector.matches(&labels))
                };
                self.labelled(is_selected, seen, parts);
            }
        }
    }

    fn labelled(&self, is_meant: impl Fn(&Node) -> bool, seen: &mut BTreeSet<&'a str>, parts: &mut Parts<'a>) {
        for (name, _) in self.global.iter().filter(|(_, role)| is_meant(&role.root)) {
            self.global_role(name, seen, parts);
        }
    }
}

/// What a role grants that is not among the manifests; nothing, unless every cluster has it.
fn of_cluster(name: &str, grants: &mut BTreeSet<Grant>) {
    if name == ADMINISTRATOR {
        grants.extend(["*.*", "/*"].map(|resource| Grant { verb: "*".into(), resource: resource.into() }));
    } else if GROWING.iter().any(|(own, _)| *own == name) || OF_CLUSTERS.iter().any(|own| name.starts_with(own)) {
        grants.insert(Grant { verb: "use".into(), resource: format!("the cluster's role {name}").into() });
    }
}

/// Adds what a role itself allows.
pub fn rules(role: &Node, grants: &mut BTreeSet<Grant>) {
    for rule in role.items_at(&["rules"]) {
        let texts = |key: &str| rule.items_at(&[key]).iter().filter_map(Node::text).collect::<Vec<_>>();
        let (verbs, names) = (texts("verbs"), texts("resourceNames"));
        let mut grant = |verb: &str, resource: String| {
            grants.insert(Grant { verb: verb.into(), resource: resource.into() });
        };
        for verb in &verbs {
            for url in texts("nonResourceURLs") {
                // `*` is every path, and a path begins with a slash
                grant(verb, if url == "*" { "/*".to_owned() } else { url.to_owned() });
            }
            for (group, resource) in texts("apiGroups")
                .iter()
                .flat_map(|group| texts("resources").into_iter().map(move |resource| (*group, resource)))
            {
                let whole = written(group, resource);
                if names.is_empty() {
                    grant(verb, whole);
                } else if resource.contains('/') || !NAMELESS.contains(verb) {
                    for name in &names {
                        grant(verb, format!("{whole}[{name}]"));
                    }
                }
            }
        }
    }
}

/// `deployments.apps/scale`
fn written(group: &str, resource: &str) -> String {
    match resource.split_once('/') {
        _ if group.is_empty() => resource.to_owned(),
        Some((resource, part)) => format!("{resource}.{group}/{part}"),
        None => format!("{resource}.{group}"),
    }
}
