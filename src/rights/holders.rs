//! Rights of those whom no manifest names: whoever holds a role by a binding that is elsewhere.

use std::collections::BTreeSet;

use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::rights::roles::{GROUP, GROWS, Grant, rules};
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
    let bound: BTreeSet<&str> = of_group().filter(is_ref).filter_map(named).collect();
    let roles = of_group().filter(|role| role.id.kind == "ClusterRole" && grown(&role.root).next().is_none());
    roles.map(|role| role.id.name.as_str()).filter(|name| !bound.contains(name)).collect()
}

/// What whoever holds one of these roles may do, and what the roles that every cluster has are given by others.
pub fn rights(documents: &[&Document], held: &BTreeSet<&str>) -> BTreeSet<Right> {
    let mut found = BTreeSet::new();
    for role in documents.iter().filter(|role| role.id.group == GROUP && role.id.kind == "ClusterRole") {
        let own = held.get(role.id.name.as_str()).copied();
        let mut grants = BTreeSet::new();
        rules(&role.root, &mut grants);
        for name in grown(&role.root).chain(own) {
            let right = |grant: &Grant| Right {
                subject: format!("whoever holds {name}").into(),
                namespace: None,
                resource: grant.resource.clone(),
                verb: grant.verb.clone(),
            };
            found.extend(grants.iter().map(right));
        }
    }
    found
}

/// The roles that every cluster has and that grow by this one.
fn grown(role: &Node) -> impl Iterator<Item = &str> {
    let labels = role.at(&["metadata", "labels"]).map_or(&[][..], Node::entries);
    labels.iter().filter(|label| label.node.text() == Some("true")).filter_map(|label| label.key.strip_prefix(GROWS))
}
