//! One difference between two versions of an object.

use crate::diff::path::Path;
use crate::manifest::node::Node;

/// What is different, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where.
    pub path: Path,
    /// What.
    pub what: What,
}

/// What is different at one place.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// It was not there.
    Added(Node),
    /// It is no longer there.
    Removed(Node),
    /// It is another value.
    Changed(Node, Node),
    /// A text of several lines that has no structure to compare.
    Text(String, String),
    /// The same items in another order, which means something here: their names as they were and as they are.
    Order(Vec<String>, Vec<String>),
}
