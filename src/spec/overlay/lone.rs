//! What one overlay says and another does not.

use std::collections::BTreeSet;

use toml::de::{DeTable, DeValue};

use crate::diagnostics::source::Span;
use crate::ordered::Ordered;
use crate::spec::overlay;
use crate::spec::read::Node;

/// The keys, such as `components.api.scale.max`, that the overlay `name` sets and `other` does not, with their places.
pub fn lone_keys(document: &DeTable<'_>, name: &str, other: &str) -> Vec<(String, Span)> {
    let keys = |name: &str| {
        let mut found = Vec::new();
        if let Some(overlay) = overlay::of(document, name) {
            leaves(overlay, "", &mut found);
        }
        found
    };
    let others: BTreeSet<String> = keys(other).into_iter().map(|(key, _)| key).ordered();
    keys(name).into_iter().filter(|(key, _)| !others.contains(key)).collect()
}

fn leaves(node: &Node<'_>, way: &str, found: &mut Vec<(String, Span)>) {
    match node.get_ref() {
        DeValue::Table(table) => {
            for (key, value) in table {
                let dot = if way.is_empty() { "" } else { "." };
                leaves(value, &format!("{way}{dot}{}", key.get_ref()), found);
            }
        }
        _ => found.push((way.to_owned(), node.span().into())),
    }
}
