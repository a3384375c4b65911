//! Anchors and aliases: what a manifest says once and means several times.
//!
//! Lives here: how much may be repeated. It must never know where an alias stands.

use crate::manifest::node::{Node, Value};
use crate::tables::HashMap;

/// How many values all aliases of a file may stand for: enough for any real manifest, little for a file that was made to
/// fill the memory ("a billion laughs").
const MOST: usize = 1_000_000;

/// The anchored values of a file.
#[derive(Default)]
pub struct Anchors {
    known: HashMap<usize, Node>,
    repeated: usize,
    kept: usize,
}

impl Anchors {
    /// Remembers the value of anchor `id`; 0 is none. There is an end to it: anchors in anchors would be kept many times
    /// over.
    pub fn remember(&mut self, id: usize, node: &Node) {
        if id != 0 && self.kept <= MOST {
            self.kept += size(node);
            self.known.insert(id, node.clone());
        }
    }

    /// The value that an alias stands for. The error says what is wrong with it.
    pub fn repeat(&mut self, id: usize) -> Result<Node, &'static str> {
        let node = self.known.get(&id).ok_or("stands for a value that holds it, or for too large a one")?;
        self.repeated += size(node);
        if self.repeated > MOST { Err("stands for more than a million values") } else { Ok(node.clone()) }
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|entry| size(&entry.node)).sum::<usize>(),
        _ => 1,
    }
}
