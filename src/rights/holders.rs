//! Rights of those whom no manifest names: whoever holds a role by a binding that is elsewhere.

use std::collections::BTreeSet;

use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::manifest::selector::{Selector, labels};
use crate::ordered::Ordered;
use crate::rights::roles::{GROUP, GROWS, Grant, Roles, rules};
use crate::rights::{BINDINGS, Right};

/// The roles of the cluster among `documents` that none of their bindings names. A role by which others grow is held as
/// those are.
pub fn unbound<'a>(documents: &[&'a Document]) -> BTreeSet<&'a str> {
    let of_group = || documents.iter().filter(|document| document.id.group == GROUP);
    let is_ref = |binding: &&&Document| BINDINGS.contains(&binding.id.kind.as_str());
    let named = |binding: &&'a Document| {
        let role = binding.root.get("roleRef").filter(|role| role.text_at(&["kind"]) == Some("ClusterRole"));
        role.and_then(|role| role.text_at(&["name"]))
    };
    let bound: BTreeSet<&str> = of_group().filter(is_ref).filter_map(named).ordered();
    let growing = of_group().flat_map(|role| role.root.items_at(&["aggregationRule", "clusterRoleSelectors"]));
    let growing: Vec<Selector<'_>> = growing.map(Selector::read).collect();
    let is_part = |role: &Node| {
        let labels = labels(role.at(&["metadata", "labels"]));
        grown(role).next().is_some() || growing.iter().any(|selector| selector.matches(&labels))
    };
    let roles = of_group().filter(|role| role.id.kind == "ClusterRole" && !is_part(&role.root));
    roles.map(|role| role.id.name.as_str()).filter(|name| !bound.contains(name)).collect()
}

/// What whoever holds one of these roles may do, and what the roles that every cluster has are given by others.
pub fn rights<'a>(documents: &[&'a Document], held: &BTreeSet<&'a str>) -> BTreeSet<Right> {
    let roles = Roles::of(documents);
    let own = held
        .iter()
        .flat_map(|name| roles.parts("ClusterRole", None, name).here.into_iter().map(move |role| (*name, role)));
    let of_group = documents.iter().filter(|role| role.id.group == GROUP && role.id.kind == "ClusterRole");
    let given = of_group.flat_map(|role| grown(&role.root).map(move |name| (name, *role)));
    let mut found = BTreeSet::new();
    for (name, role) in own.chain(given) {
        let mut grants = BTreeSet::new();
        rules(&role.root, &mut grants);
        let right = |Grant { verb, resource }: Grant| Right {
            subject: format!("whoever holds {name}").into(),
            namespace: None,
            resource,
            verb,
        };
        found.extend(grants.into_iter().map(right));
    }
    found
}

/// The roles that every cluster has and that grow by this one.
fn grown(role: &Node) -> impl Iterator<Item = &str> {
    let labels = role.at(&["metadata", "labels"]).map_or(&[][..], Node::entries);
    labels.iter().filter(|label| label.node.text() == Some("true")).filter_map(|label| label.key.strip_prefix(GROWS))
}
