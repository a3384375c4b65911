//! How values are told in sentences.

use crate::diff::path::Path;
use crate::manifest::node::{Node, Value};

/// What stands where something else is expected.
pub fn found(node: &Node) -> String {
    match &node.value {
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
        Value::Text(_) => "this text".to_owned(),
        _ => spelled(node),
    }
}

/// A value as it is written, where that is short.
pub fn spelled(node: &Node) -> String {
    node.spelled().map_or_else(|| "this".to_owned(), |text| format!("`{}`", shortened(&text)))
}

/// A text that goes into a sentence.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    let line = text.lines().next().unwrap_or_default();
    if line == text && text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    line.chars().take(LONGEST).chain(['…']).collect()
}

/// A value as limits see it.
pub fn measured(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => format!("{} letters long", text.chars().count()),
        Value::List(items) => format!("a list of {}", items.len()),
        Value::Map(entries) => format!("a map of {}", entries.len()),
        _ => spelled(node),
    }
}

/// Where something stands.
pub fn said(path: &Path) -> String {
    let path = path.told();
    if path.is_empty() { "the object".to_owned() } else { format!("`{path}`") }
}
