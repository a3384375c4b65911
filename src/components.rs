//! The registry: every component type, one line each. The parent lists; what the children share stands below them.

pub mod entry;
pub mod references;
pub mod web_service;

use serde_json::{Value, json};

use crate::components::entry::Entry;
use crate::spec::read::{Shape, table_schema};
use crate::spec::shapes::ComponentSpec;

/// Every component type, in alphabetical order.
pub const COMPONENTS: &[Entry] = &[Entry::of::<web_service::WebService>()];

/// The table of all components as JSON Schema: each type with the keys of every component and its own.
pub fn schema() -> Value {
    let one = |entry: &Entry| {
        let mut schema = table_schema(&[entry.summary], ComponentSpec::KEYS.iter().chain(entry.keys));
        schema["properties"]["type"] = json!({ "const": entry.name });
        schema
    };
    let types: Vec<Value> = COMPONENTS.iter().map(one).collect();
    json!({ "type": "object", "additionalProperties": { "oneOf": types } })
}

/// The component type of that name.
pub fn named(name: &str) -> Option<&'static Entry> {
    COMPONENTS.iter().find(|entry| entry.name == name)
}
