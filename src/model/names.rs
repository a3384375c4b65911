//! Every name that the description declares, right or wrong: what references are checked against, so that a fault in
//! one declaration does not make every reference to it look wrong too.

use std::collections::BTreeSet;

use toml::de::DeTable;

/// Declared names, by the table that declares them.
#[derive(Clone, Debug, Default)]
pub struct Names<'i> {
    /// Namespaces.
    pub namespaces: BTreeSet<&'i str>,
    /// Externals.
    pub externals: BTreeSet<&'i str>,
    /// Components.
    pub components: BTreeSet<&'i str>,
}

impl<'i> Names<'i> {
    /// The names in a file.
    pub fn of(document: &'i DeTable<'_>) -> Self {
        let keys = |table: &str| {
            let inner = document.get(table).and_then(|node| node.get_ref().as_table());
            inner.into_iter().flatten().map(|(key, _)| key.get_ref().as_ref()).collect()
        };
        Self { namespaces: keys("namespaces"), externals: keys("externals"), components: keys("components") }
    }
}
