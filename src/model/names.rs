//! Every name that the description declares, right or wrong: what references are checked against, so that a fault in
//! one declaration does not make every reference to it look wrong too.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::DeTable;

use crate::diagnostics::source::Span;

/// Declared names, by the table that declares them.
#[derive(Clone, Debug, Default)]
pub struct Names<'i> {
    /// Namespaces.
    pub namespaces: BTreeSet<&'i str>,
    /// Externals.
    pub externals: BTreeSet<&'i str>,
    /// Components.
    pub components: BTreeSet<&'i str>,
    /// Where each namespace is declared.
    pub spans: BTreeMap<&'i str, Span>,
}

impl<'i> Names<'i> {
    /// The names in a file.
    pub fn of(document: &'i DeTable<'_>) -> Self {
        let keys = |table: &str| {
            let inner = document.get(table).and_then(|node| node.get_ref().as_table());
            inner.into_iter().flatten().map(|(key, _)| key.get_ref().as_ref()).collect()
        };
        let tables = document.get("namespaces").and_then(|node| node.get_ref().as_table());
        let spans = tables.into_iter().flatten().map(|(key, _)| (key.get_ref().as_ref(), key.span().into())).collect();
        Self { namespaces: keys("namespaces"), externals: keys("externals"), components: keys("components"), spans }
    }
}
