//! Every name that the description declares, right or wrong: what references are checked against, so that a fault in
//! one declaration does not make every reference to it look wrong too.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::DeTable;

use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::ordered::Ordered;
use crate::spec::overlay::Removed;
use crate::spec::read::Node;
use crate::spec::shapes::ComponentSpec;
use crate::values::name::Name;
use crate::values::parse::Parse;

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
    /// How many components say that they are in a namespace, whether it is declared or not.
    pub residents: BTreeMap<&'i str, usize>,
    /// Components of the base that the environment turns off.
    pub removed: Removed,
}

impl<'i> Names<'i> {
    /// The names in a file, from which an environment has taken some away.
    pub fn of(document: &'i DeTable<'_>, removed: &Removed) -> Self {
        let namespaces: Vec<_> = entries(document, "namespaces").collect();
        let components: Vec<_> = entries(document, "components").collect();
        let namespace = |component: &'i Node<'_>| component.get_ref().as_table()?.get("namespace")?.get_ref().as_str();
        let mut residents = BTreeMap::new();
        for name in components.iter().filter_map(|(_, _, component)| namespace(component)) {
            *residents.entry(name).or_insert(0) += 1;
        }
        Self {
            namespaces: namespaces.iter().map(|(key, ..)| *key).ordered(),
            externals: entries(document, "externals").map(|(key, ..)| key).ordered(),
            components: components.iter().map(|(key, ..)| *key).ordered(),
            spans: namespaces.iter().map(|(key, span, _)| (*key, *span)).ordered(),
            residents,
            removed: removed.clone(),
        }
    }

    /// Whether `calls` could name `name`.
    pub fn declares(&self, name: &str) -> bool {
        self.components.contains(name) || self.externals.contains(name)
    }

    /// Whether `calls` names `name`, or something that nobody declares and that was meant to be it: that has been told.
    pub fn may_call(&self, common: &ComponentSpec, name: &str) -> bool {
        let slip = |called: &str| !self.declares(called) && suggest::nearest(called, [name]).is_some();
        common.may_call(name) || self.declares(name) && common.callees().any(slip)
    }

    /// The declared namespace that was meant to be called `namespace`: its name is no name at all, or nobody is in it
    /// and several are in the other.
    pub fn misnamed(&self, namespace: &str) -> Option<&'i str> {
        let near = suggest::nearest(
            namespace,
            self.namespaces.iter().copied().filter(|_| !self.namespaces.contains(namespace)),
        )?;
        let several = self.residents.get(namespace).is_some_and(|count| *count > 1);
        let deserted = !self.residents.contains_key(near);
        (Name::parse(near).is_err() || several && deserted).then_some(near)
    }
}

/// The entries of `table`, even where the name of the table itself is misspelt.
fn entries<'i>(document: &'i DeTable<'_>, table: &str) -> impl Iterator<Item = (&'i str, Span, &'i Node<'i>)> {
    let meant = |key: &str| key == table || suggest::nearest(key, [table]).is_some();
    let tables: Vec<_> = document.iter().filter(|(key, _)| meant(key.get_ref())).collect();
    let tables = tables.into_iter().filter_map(|(_, node)| node.get_ref().as_table());
    tables.flatten().map(|(key, node)| (key.get_ref().as_ref(), key.span().into(), node))
}
