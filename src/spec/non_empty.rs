//! Lists and tables that must hold something.

use std::borrow::Cow;
use std::ops::Deref;

use serde_json::Value;
use toml::de::DeValue;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::spec::read::{At, Entries, Node, Read};

/// A list or table of which an empty one would take away, without a word, what the key is for: an address that nobody
/// can reach, a selector that matches every pod.
#[derive(Clone, Debug)]
pub struct NonEmpty<C> {
    entries: C,
}

impl<K, V> NonEmpty<Entries<K, V>> {
    /// A table of one entry.
    pub fn entry(key: At<K>, value: V) -> Self {
        Self { entries: Entries(vec![(key, value)]) }
    }
}

impl<C> Deref for NonEmpty<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.entries
    }
}

impl<C: Read> Read for NonEmpty<C> {
    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        let entries = C::read(node, report)?;
        let empty = match node.get_ref() {
            DeValue::Array(list) => list.is_empty().then_some("this list is empty"),
            DeValue::Table(table) => table.is_empty().then_some("this table is empty"),
            _ => None,
        };
        if let Some(message) = empty {
            let help = format!("expected at least one entry in {}", C::type_name());
            report.error(codes::INVALID_VALUE, node.span(), message).help(help);
        }
        Some(Self { entries })
    }

    fn stand_in(default: Option<Self>) -> Option<Self> {
        C::stand_in(default.map(|default| default.entries)).map(|entries| Self { entries })
    }

    fn type_name() -> Cow<'static, str> {
        C::type_name()
    }

    fn how_to_add(key: &str) -> String {
        C::how_to_add(key)
    }

    fn schema() -> Value {
        let mut schema = C::schema();
        let key = if schema["type"] == "array" { "minItems" } else { "minProperties" };
        schema[key] = 1.into();
        schema
    }
}
