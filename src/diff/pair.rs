//! Which object became which: by what they are called, and those that have got another name by likeness.

use std::collections::HashMap;

use crate::diff::renames::{self, Matches};
use crate::manifest::document::{Document, Id};

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

/// The objects of two trees, and what could not be found out about them.
#[derive(Debug)]
pub struct Pairs<'a> {
    /// In the order of the new tree; what is gone stands at the end, in its own order.
    pub pairs: Vec<Pair<'a>>,
    /// What may be otherwise, for people.
    pub doubts: Vec<String>,
}

/// Pairs the objects of two trees.
pub fn pair<'a>(old: &[Placed<'a>], new: &[Placed<'a>]) -> Pairs<'a> {
    let mut matches = Matches { heirs: vec![None; new.len()], gone: vec![true; old.len()] };
    by_name(old, new, &mut matches);
    let doubts = renames::renames(old, new, &mut matches);
    let Matches { heirs, gone } = matches;
    let mut pairs: Vec<Pair<'a>> = new
        .iter()
        .zip(heirs)
        .map(|(placed, heir)| heir.map_or(Pair::Added(*placed), |at| Pair::Kept(old[at], *placed)))
        .collect();
    pairs.extend(old.iter().zip(gone).filter(|(_, gone)| *gone).map(|(placed, _)| Pair::Removed(*placed)));
    Pairs { pairs, doubts }
}

/// Whether two objects of one name are versions of one, the surest first. A name stands several times where a base and
/// what is laid over it are one tree, and where the API server or nobody gives one.
const RULES: &[fn(&Placed<'_>, &Placed<'_>) -> bool] = &[
    |old, new| old.file == new.file && old.document.root == new.document.root,
    |old, new| old.file == new.file,
    |old, new| old.document.root == new.document.root,
    |old, _| !old.document.id.name.is_empty(),
];

/// The first rule that one object of a name needs.
const FOR_ONE: usize = 1;

fn by_name(old: &[Placed<'_>], new: &[Placed<'_>], matches: &mut Matches) {
    // the first object of each name, and the next one of the same name
    let mut first: HashMap<&Id, usize> = HashMap::with_capacity(old.len());
    let mut next: Vec<Option<usize>> = vec![None; old.len()];
    for (at, placed) in old.iter().enumerate().rev() {
        next[at] = first.insert(&placed.document.id, at);
    }
    for (rank, rule) in RULES.iter().enumerate() {
        for (at, placed) in new.iter().enumerate() {
            if matches.heirs[at].is_some() {
                continue;
            }
            let Some(start) = first.get(&placed.document.id).copied() else { continue };
            if rank < FOR_ONE && next[start].is_none() {
                continue;
            }
            let mut same = std::iter::successors(Some(start), |at| next[*at]);
            if let Some(before) = same.find(|before| matches.gone[*before] && rule(&old[*before], placed)) {
                matches.join(before, at);
            }
        }
    }
}
