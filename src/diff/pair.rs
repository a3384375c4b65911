//! Which object became which: by what they are called, and those that have got another name by likeness.

use std::collections::{BTreeMap, HashMap};

use crate::diff::structure;
use crate::manifest::document::{Document, Id};
use crate::manifest::node::{Entry, Node, Value};

/// An object and the file that it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// The file.
    pub file: &'a str,
    /// The text of the file.
    pub text: &'a str,
    /// The object.
    pub document: &'a Document,
}

/// What became of an object.
#[derive(Clone, Copy, Debug)]
pub enum Pair<'a> {
    /// It is new.
    Added(Placed<'a>),
    /// It is gone.
    Removed(Placed<'a>),
    /// It is still there, under the same or another name.
    Kept(Placed<'a>, Placed<'a>),
}

impl<'a> Pair<'a> {
    /// The object as it was.
    pub fn before(&self) -> Option<Placed<'a>> {
        match self {
            Self::Added(_) => None,
            Self::Removed(old) | Self::Kept(old, _) => Some(*old),
        }
    }

    /// The object as it is.
    pub fn after(&self) -> Option<Placed<'a>> {
        match self {
            Self::Removed(_) => None,
            Self::Added(new) | Self::Kept(_, new) => Some(*new),
        }
    }

    /// What the object is called, or was.
    pub fn id(&self) -> &'a Id {
        match self {
            Self::Removed(placed) | Self::Added(placed) | Self::Kept(_, placed) => &placed.document.id,
        }
    }

    /// Whether it has got another name or namespace.
    pub fn is_renamed(&self) -> bool {
        matches!(self, Self::Kept(old, new) if old.document.id != new.document.id)
    }
}

/// Objects of one kind that have at least this much in common, their names aside, are one object renamed.
const ALIKE: f64 = 0.7;

/// More pairs than this are not compared: what has no equal is then added and removed.
const MOST: usize = 40_000;

/// Pairs the objects of two trees; ids are unique on each side. The order is that of the new tree; what is gone stands
/// at the end, in its own order.
pub fn pair<'a>(old: &[Placed<'a>], new: &[Placed<'a>]) -> Vec<Pair<'a>> {
    let before: HashMap<&Id, usize> = old.iter().enumerate().map(|(at, placed)| (&placed.document.id, at)).collect();
    let mut heirs: Vec<Option<usize>> = new.iter().map(|placed| before.get(&placed.document.id).copied()).collect();
    let mut gone = vec![true; old.len()];
    heirs.iter().flatten().for_each(|at| gone[*at] = false);
    renames(old, new, &mut heirs, &mut gone);
    let mut pairs: Vec<Pair<'a>> = new
        .iter()
        .zip(heirs)
        .map(|(placed, heir)| heir.map_or(Pair::Added(*placed), |at| Pair::Kept(old[at], *placed)))
        .collect();
    pairs.extend(old.iter().zip(gone).filter(|(_, gone)| *gone).map(|(placed, _)| Pair::Removed(*placed)));
    pairs
}

/// Objects of one kind without a partner: the old ones and the new ones.
type Strays = (Vec<usize>, Vec<usize>);

/// Finds the new names of what seems to be gone, the surest first.
fn renames(old: &[Placed<'_>], new: &[Placed<'_>], heirs: &mut [Option<usize>], gone: &mut [bool]) {
    let mut kinds: BTreeMap<(&str, &str), Strays> = BTreeMap::new();
    for (at, placed) in old.iter().enumerate().filter(|(at, _)| gone[*at]) {
        kinds.entry((&placed.document.id.kind, &placed.document.id.group)).or_default().0.push(at);
    }
    for (at, placed) in new.iter().enumerate().filter(|(at, _)| heirs[*at].is_none()) {
        kinds.entry((&placed.document.id.kind, &placed.document.id.group)).or_default().1.push(at);
    }
    for (left, fresh) in kinds.into_values().filter(|(left, fresh)| left.len() * fresh.len() <= MOST) {
        let anonymous = |placed: &Placed<'_>| without_name(&placed.document.root, &placed.document.id.name);
        let left: Vec<(usize, Node)> = left.into_iter().map(|at| (at, anonymous(&old[at]))).collect();
        let fresh: Vec<(usize, Node)> = fresh.into_iter().map(|at| (at, anonymous(&new[at]))).collect();
        let mut likeness: Vec<(f64, usize, usize)> = Vec::new();
        for (before, one) in &left {
            for (after, other) in &fresh {
                let is_near = old[*before].document.id.namespace == new[*after].document.id.namespace;
                let common = structure::similarity(one, other);
                if common >= ALIKE {
                    likeness.push((common + if is_near { 1.0 } else { 0.0 }, *before, *after));
                }
            }
        }
        likeness.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        for (_, before, after) in likeness {
            if gone[before] && heirs[after].is_none() {
                gone[before] = false;
                heirs[after] = Some(before);
            }
        }
    }
}

/// The object with its own name left out wherever it stands, so that two objects that differ in nothing else are equal.
fn without_name(node: &Node, name: &str) -> Node {
    let value = match &node.value {
        Value::Text(text) if !name.is_empty() => Value::Text(text.replace(name, "\u{0}").into()),
        Value::List(items) => Value::List(items.iter().map(|item| without_name(item, name)).collect()),
        Value::Map(entries) => Value::Map(
            entries.iter().map(|entry| Entry { node: without_name(&entry.node, name), ..entry.clone() }).collect(),
        ),
        other => other.clone(),
    };
    Node { span: node.span, value }
}
