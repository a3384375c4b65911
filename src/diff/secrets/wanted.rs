//! Which values of an object matter, where only some of them would be shown.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ptr;

use crate::diff::change::{Change, What};
use crate::diff::secrets::walk::may_be_structure;
use crate::manifest::node::{Node, Value};

/// The values that would be shown.
#[derive(Default)]
pub(super) struct Wanted<'a> {
    /// They, sorted.
    texts: Vec<Cow<'a, str>>,
    /// Where they, or texts that may hold one, stand in the objects, with all that holds those.
    holders: HashSet<*const Node>,
}

impl<'a> Wanted<'a> {
    /// The values that the changes and what is said about them would show.
    pub(super) fn of(changes: &'a [Change], said: impl IntoIterator<Item = &'a str>) -> Self {
        let mut texts: Vec<Cow<'a, str>> = said.into_iter().flat_map(words).map(Cow::Borrowed).collect();
        for change in changes {
            told(change, &mut texts);
        }
        texts.sort_unstable();
        Self { texts, holders: HashSet::new() }
    }

    /// Whether the node, where it was found, holds one.
    pub(super) fn is_in(&self, node: &Node) -> bool {
        self.holders.contains(&ptr::from_ref(node))
    }

    /// Finds all below a node that stands under this key; whether there are any.
    pub(super) fn find(&mut self, key: &str, node: &Node) -> bool {
        let holds = match &node.value {
            Value::Map(entries) => entries.iter().filter(|entry| self.find(&entry.key, &entry.node)).count() > 0,
            Value::List(items) => items.iter().filter(|item| self.find(key, item)).count() > 0,
            value => scalar(value)
                .is_some_and(|text| self.texts.binary_search(&text).is_ok() || may_be_structure(key, &text)),
        };
        if holds {
            self.holders.insert(ptr::from_ref(node));
        }
        holds
    }
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
    said.split_whitespace().flat_map(move |word| {
        let bare = word.trim_matches(is_mark);
        let path = bare.find('/').map(|at| &bare[at..]);
        bare.split(is_mark).chain([bare]).chain(path)
    })
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
        Value::Text(text) | Value::Number(text) => Some(Cow::Borrowed(text)),
        Value::Integer(number) => Some(Cow::Owned(number.to_string())),
        Value::Float(number) => Some(Cow::Owned(number.to_string())),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => None,
    }
}
