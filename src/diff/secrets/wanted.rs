//! Which values of an object matter, where only some of them would be shown.

use std::borrow::Cow;

use crate::diff::change::{Change, What};
use crate::diff::secrets::walk::may_be_structure;
use crate::manifest::node::{Entry, Node, Value};

/// The values that would be shown.
#[derive(Default)]
pub(super) struct Wanted<'a> {
    /// They, sorted.
    texts: Vec<Cow<'a, str>>,
    /// Which lengths they have, as bits: most values have none of these.
    lengths: u64,
    /// Whether one of them may be a number, which can be spelled in many ways.
    has_numbers: bool,
    /// Whether one of them has a blank, which may be a break of a line where it stands.
    has_blanks: bool,
}

/// A node that holds something wanted, and those of its values that do, by their places.
pub(super) struct Held {
    inner: Vec<(usize, Self)>,
}

/// What of a node matters.
#[derive(Clone, Copy)]
pub(super) enum Matter<'h> {
    All,
    Held(&'h Held),
}

impl<'h> Matter<'h> {
    /// Those of so many values of a node that matter, by their places.
    pub(super) fn inner(self, count: usize) -> impl Iterator<Item = (usize, Self)> + use<'h> {
        let (every, held) = match self {
            Self::All => (count, &[][..]),
            Self::Held(held) => (0, held.inner.as_slice()),
        };
        let held = held.iter().map(|(at, held)| (*at, Self::Held(held)));
        (0..every).map(|at| (at, Self::All)).chain(held)
    }
}

impl<'a> Wanted<'a> {
    /// The values that the changes and what is said about them would show.
    pub(super) fn of(changes: &'a [Change], said: impl IntoIterator<Item = &'a str>) -> Self {
        let mut texts: Vec<Cow<'a, str>> = said.into_iter().flat_map(words).map(Cow::Borrowed).collect();
        for change in changes {
            told(change, &mut texts);
        }
        texts.sort_unstable();
        texts.dedup();
        Self {
            lengths: texts.iter().fold(0, |lengths, text| lengths | bit(text)),
            has_numbers: texts.iter().any(|text| may_be_number(text)),
            has_blanks: texts.iter().any(|text| text.contains(char::is_whitespace)),
            texts,
        }
    }

    /// What of a document holds something wanted, or may.
    pub(super) fn find(&self, root: &Node) -> Option<Held> {
        if self.texts.is_empty() { None } else { self.held("", root) }
    }

    fn held(&self, key: &str, node: &Node) -> Option<Held> {
        let inner: Vec<(usize, Held)> = match &node.value {
            Value::Map(entries) => {
                let find = |(at, entry): (usize, &Entry)| Some((at, self.held(&entry.key, &entry.node)?));
                entries.iter().enumerate().filter_map(find).collect()
            }
            Value::List(items) => {
                items.iter().enumerate().filter_map(|(at, item)| Some((at, self.held(key, item)?))).collect()
            }
            Value::Text(text) => {
                let is_held = self.has(text) || may_be_structure(key, text) && self.may_be_inside(text);
                return is_held.then_some(Held { inner: Vec::new() });
            }
            Value::Number(text) => return self.has(text).then_some(Held { inner: Vec::new() }),
            value => {
                let is_held = self.has_numbers && scalar(value).is_some_and(|text| self.has(&text));
                return is_held.then_some(Held { inner: Vec::new() });
            }
        };
        (!inner.is_empty()).then_some(Held { inner })
    }

    fn has(&self, text: &str) -> bool {
        self.lengths & bit(text) != 0 && self.texts.binary_search_by(|own| own.as_ref().cmp(text)).is_ok()
    }

    /// Whether something wanted may stand in a text that is a structure: as it is written, or spelled in another way.
    fn may_be_inside(&self, text: &str) -> bool {
        self.has_numbers
            || self.has_blanks
            || text.contains('\\')
            || text.contains("''")
            || self.texts.iter().any(|own| text.contains(own.as_ref()))
    }
}

fn bit(text: &str) -> u64 {
    1 << (text.len() % 64)
}

fn may_be_number(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit() || "+-.".contains(letter))
}

/// The values that a change would show.
fn told<'a>(change: &'a Change, wanted: &mut Vec<Cow<'a, str>>) {
    match &change.what {
        What::Added(node) | What::Removed(node) => scalars(node, wanted),
        What::Changed(old, new) => [old, new].into_iter().for_each(|node| scalars(node, wanted)),
        What::Text(old, new) => wanted.extend([old, new].map(|text| Cow::Borrowed(text.as_str()))),
        What::Order(old, new) => wanted.extend(old.iter().chain(new).map(|name| Cow::Borrowed(name.as_str()))),
    }
    wanted.extend(change.path.items().map(Cow::Borrowed));
}

/// The words of a sentence and what they are made of, such as the host and the path of a route: all that may be a value.
fn words(said: &str) -> impl Iterator<Item = &str> {
    let is_mark = |letter: char| "[]`,:()".contains(letter);
    let parts = said.split_whitespace().flat_map(move |word| {
        let bare = word.trim_matches(is_mark);
        let path = bare.find('/').map(|at| &bare[at..]);
        bare.split(is_mark).chain([bare]).chain(path)
    });
    parts.filter(|word| is_long(word))
}

/// Whether a value says so much that it is looked for in sentences.
pub(super) fn is_long(value: &str) -> bool {
    value.chars().nth(2).is_some()
}

fn scalars<'a>(node: &'a Node, found: &mut Vec<Cow<'a, str>>) {
    for inner in node.items().iter().chain(node.entries().iter().map(|entry| &entry.node)) {
        scalars(inner, found);
    }
    found.extend(scalar(&node.value));
}

/// A value as a text; `None` of what is no word.
pub(super) fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Number(text) => Some(Cow::Borrowed(text)),
        Value::Integer(number) => Some(Cow::Owned(number.to_string())),
        Value::Float(number) => Some(Cow::Owned(number.to_string())),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => None,
    }
}
