//! A value of a manifest with the place where it stands.

use std::{fmt, mem};

use compact_str::CompactString;
use serde::{Serialize, Serializer};

use crate::diagnostics::source::Span;
use crate::tables::HashMap;

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands in its file.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// What JSON can say, which is all that an object can hold.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(Whole),
    /// Any other number that a computer holds exactly enough to tell it from its neighbours.
    Float(f64),
    /// A number beyond both: its text.
    Number(Box<str>),
    /// A string.
    Text(CompactString),
    /// A list.
    List(Box<[Node]>),
    /// A map, in the order of the file; no key stands twice.
    Map(Box<[Entry]>),
}

/// A whole number of any size that somebody may write. It asks for no place of its own in memory: so a value is no larger
/// than a text, and large manifests take two thirds of what they would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(Rust, packed)]
pub struct Whole(i128);

impl Whole {
    /// The number.
    pub fn get(self) -> i128 {
        self.0
    }
}

impl<N: Into<i128>> From<N> for Whole {
    fn from(number: N) -> Self {
        Self(number.into())
    }
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// Changes the items of a list or the entries of a map, also how many there are.
pub fn edit<T, R>(own: &mut Box<[T]>, work: impl FnOnce(&mut Vec<T>) -> R) -> R {
    let mut all = mem::take(own).into_vec();
    let answer = work(&mut all);
    *own = all.into_boxed_slice();
    answer
}

/// One key of a map.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: CompactString,
    /// Where it stands.
    pub span: Span,
    /// Its value.
    pub node: Node,
}

impl Node {
    /// The value of a key; `None` if there is none or this is no map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        // as bytes: nothing is asked more often, and between texts a comparison is a call
        let is_it = |entry: &&Entry| entry.key.as_bytes() == key.as_bytes();
        self.entries().iter().find(is_it).map(|entry| &entry.node)
    }

    /// A text that stands nowhere.
    pub fn of_text(text: &str) -> Self {
        Self { span: Span::default(), value: Value::Text(text.into()) }
    }

    /// The value at the end of a chain of keys.
    pub fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text at the end of a chain of keys.
    pub fn text_at(&self, keys: &[&str]) -> Option<&str> {
        self.at(keys).and_then(Self::text)
    }

    /// The items of the list at the end of a chain of keys; none if there is no such list.
    pub fn items_at(&self, keys: &[&str]) -> &[Self] {
        self.at(keys).map_or(&[], Self::items)
    }

    /// The string that this is.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A plain value as it is spelled; `None` for nothing, lists and maps.
    pub fn spelled(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) => Some(text.to_string()),
            Value::Number(text) => Some(text.to_string()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Float(number) => Some(spelled_float(*number)),
            Value::Bool(is) => Some(is.to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The whole number that this is.
    pub fn integer(&self) -> Option<i128> {
        match &self.value {
            Value::Integer(number) => Some(number.get()),
            _ => None,
        }
    }

    /// The truth value that this is.
    pub fn bool(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(is) => Some(*is),
            _ => None,
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }
}

/// What it says, without its place.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(is) => serializer.serialize_bool(*is),
            Value::Integer(number) => match i64::try_from(number.get()) {
                Ok(number) => serializer.serialize_i64(number),
                Err(_) => serializer.serialize_i128(number.get()),
            },
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Number(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items.iter()),
            Value::Map(entries) => {
                serializer.collect_map(entries.iter().map(|entry| (entry.key.as_str(), &entry.node)))
            }
        }
    }
}

/// Two nodes are equal when they say the same, wherever they stand and in whatever order their keys do.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Integer(one), Self::Integer(other)) => one == other,
            (Self::Float(one), Self::Float(other)) => one.to_bits() == other.to_bits(),
            (Self::Text(one), Self::Text(other)) => one.as_bytes() == other.as_bytes(),
            (Self::Number(one), Self::Number(other)) => one == other,
            (Self::List(one), Self::List(other)) => one == other,
            (Self::Map(one), Self::Map(other)) => same_entries(one, other),
            _ => false,
        }
    }
}

/// `1.0` is not `1`.
pub fn spelled_float(number: f64) -> String {
    format!("{number:?}")
}

fn same_entries(one: &[Entry], other: &[Entry]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    if one.iter().zip(other).all(|(a, b)| a.key.as_bytes() == b.key.as_bytes()) {
        return one.iter().zip(other).all(|(a, b)| a.node == b.node);
    }
    let others: HashMap<&str, &Node> = other.iter().map(|entry| (entry.key.as_str(), &entry.node)).collect();
    one.iter().all(|entry| others.get(entry.key.as_str()).is_some_and(|node| **node == entry.node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_takes_no_more_memory_than_it_must() {
        let text = size_of::<CompactString>();
        assert_eq!(size_of::<Value>(), text);
        assert_eq!(size_of::<Node>(), text + size_of::<Span>());
        assert_eq!(size_of::<Entry>(), 64, "an entry fills a line of a processor's cache");
    }
}
