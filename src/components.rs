//! The registry: every component type, one line each. The parent lists; what the children share stands below them.

pub mod entry;
pub mod references;
pub mod web_service;

use crate::components::entry::Entry;

/// Every component type, in alphabetical order.
pub const COMPONENTS: &[Entry] = &[Entry::of::<web_service::WebService>()];

/// The component type of that name.
pub fn named(name: &str) -> Option<&'static Entry> {
    COMPONENTS.iter().find(|entry| entry.name == name)
}
