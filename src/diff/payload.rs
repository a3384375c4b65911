//! Structures inside texts: a configuration file in a `ConfigMap` is compared as what it is.

use toml::de::DeTable;

use crate::diagnostics::source::Span;
use crate::diff::path::Path;
use crate::manifest::node::{Node, Value};
use crate::manifest::read;
use crate::spec::any;

/// Whether a place holds a file with a structure.
pub fn is_file(path: &Path) -> bool {
    let extension = path.last_key().rsplit_once('.').map_or("", |(_, extension)| extension);
    path.begins(&["data"]) && ["yaml", "yml", "json", "toml"].contains(&extension)
}

/// Both texts as the lists or maps that they spell, if the file name says how and they do.
pub fn structures(file: &str, old: &str, new: &str) -> Option<(Node, Node)> {
    let parse = match file.rsplit_once('.')?.1 {
        "yaml" | "yml" | "json" => read::payload,
        "toml" => toml,
        _ => return None,
    };
    let is_structure = |node: &Node| matches!(node.value, Value::List(_) | Value::Map(_));
    let parsed = |text: &str| parse(text).filter(is_structure);
    Some((parsed(old)?, parsed(new)?))
}

/// A text as the value that it says in TOML.
pub fn toml(text: &str) -> Option<Node> {
    DeTable::parse(text).ok().map(|table| Node { span: Span::default(), value: any::map(table.get_ref()) })
}
