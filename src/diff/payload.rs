//! Structures inside texts: a configuration file in a `ConfigMap` is compared as what it is.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostics::source::Span;
use crate::diff::path::Path;
use crate::manifest::node::{Entry, Node, Value};
use crate::manifest::{plain, read};

/// Whether a place holds a file with a structure.
pub fn is_file(path: &Path) -> bool {
    let extension = path.last_key().rsplit_once('.').map_or("", |(_, extension)| extension);
    path.begins(&["data"]) && ["yaml", "yml", "json", "toml"].contains(&extension)
}

/// Both texts as values, if the file name says what they are and they are that.
pub fn structures(file: &str, old: &str, new: &str) -> Option<(Node, Node)> {
    let parse = match file.rsplit_once('.')?.1 {
        "yaml" | "yml" | "json" => read::payload,
        "toml" => toml,
        _ => return None,
    };
    Some((parse(old)?, parse(new)?))
}

/// A text as the value that it says in TOML.
pub fn toml(text: &str) -> Option<Node> {
    DeTable::parse(text).ok().map(|table| map(table.into_inner()))
}

fn map(table: DeTable<'_>) -> Node {
    let entry = |(key, value): (Spanned<Cow<'_, str>>, Spanned<DeValue<'_>>)| Entry {
        key: key.into_inner().into(),
        span: Span::default(),
        node: node(value.into_inner()),
    };
    Node { span: Span::default(), value: Value::Map(table.into_iter().map(entry).collect()) }
}

fn node(value: DeValue<'_>) -> Node {
    let value = match value {
        DeValue::Table(table) => return map(table),
        DeValue::String(text) => Value::Text(text.into()),
        DeValue::Integer(number) => {
            let exact = i128::from_str_radix(number.as_str(), number.radix());
            exact.map_or_else(|_| Value::Number(number.as_str().into()), Value::Integer)
        }
        DeValue::Float(number) => {
            plain::number(number.as_str()).unwrap_or_else(|| Value::Number(number.as_str().into()))
        }
        DeValue::Boolean(is) => Value::Bool(is),
        DeValue::Datetime(time) => Value::Text(time.to_string().into()),
        DeValue::Array(items) => Value::List(items.into_iter().map(|item| node(item.into_inner())).collect()),
    };
    Node { span: Span::default(), value }
}
