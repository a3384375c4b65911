//! Text to a value, for JSON, which is YAML too, and read many times faster by itself.
//!
//! Lives here: JSON as programs write it. It must never guess: whatever is not plainly JSON, mistakes included, is left to
//! the library, and whatever is read here means what the library says it means (the tests below), but for letters written as
//! two escapes, which are JSON and no YAML.

use std::ops::Range;

use compact_str::CompactString;

use crate::diagnostics::source::Span;
use crate::manifest::block::scalars::{is_unprintable, quoted};
use crate::manifest::block::{DEEPEST, LONGEST_KEY, has_each_once};
use crate::manifest::node::{Entry, Node, Value};
use crate::manifest::plain;

/// The value with the place of the document; `None` if the text is not one list or map of JSON.
pub fn roots(text: &str) -> Option<Vec<(Span, Node)>> {
    if !text.trim_start().starts_with(['{', '[']) || !text.is_ascii() && text.contains(is_unprintable) {
        return None;
    }
    let mut reader = Reader::of(text, 0);
    reader.blanks();
    let start = reader.at;
    let root = reader.value()?;
    reader.blanks();
    (reader.at == text.len()).then(|| vec![((start..text.len()).into(), root)])
}

/// The value at a place of a text; `None` if it is not plainly JSON.
pub fn root_at(text: &str, place: Range<usize>) -> Option<(Span, Node)> {
    if text[place.clone()].contains(is_unprintable) {
        return None;
    }
    let mut reader = Reader::of(&text[..place.end], place.start);
    let root = reader.value()?;
    (reader.at == place.end).then(|| (place.into(), root))
}

/// Where the objects of JSON stand in a text that holds several, one after the other; `None` if that is not what it holds.
pub fn stream(text: &str) -> Option<Vec<Range<usize>>> {
    let mut places: Vec<Range<usize>> = Vec::new();
    let (mut depth, mut start, mut at) = (0_usize, 0, 0);
    while let Some(letter) = text.as_bytes().get(at) {
        match letter {
            b'{' if depth == 0 => {
                // braces hold other things in YAML
                if !text[at + 1..].trim_start().starts_with(['"', '}']) {
                    return None;
                }
                (depth, start) = (1, at);
            }
            b' ' | b'\n' | b'\r' | b'\t' => {}
            _ if depth == 0 => return None,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' => at += string_len(&text[at..])? - 1,
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(letter, b'}' | b']') {
            places.push(start..at);
        }
    }
    (depth == 0 && places.len() > 1).then_some(places)
}

/// The length of the text in quotes with which a text begins; `None` if it never ends.
fn string_len(text: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        match text.as_bytes().get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The text in quotes that holds letters of two escapes, such as `\ud83d\ude00`, and its length.
fn paired(rest: &str) -> Option<(CompactString, usize)> {
    let length = string_len(rest)?;
    let written = rest.get(..length).filter(|written| written.contains("\\ud") || written.contains("\\uD"))?;
    let text: String = serde_json::from_str(written).ok()?;
    Some((text.into(), length))
}

/// A place in the text.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    /// The items of lists and the entries of maps that have not ended.
    items: Vec<Node>,
    entries: Vec<Entry>,
}

impl<'t> Reader<'t> {
    fn of(text: &'t str, at: usize) -> Self {
        Self { text, at, depth: 0, items: Vec::new(), entries: Vec::new() }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Tabs are left to the library, which takes them in some places only.
    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n')) {
            self.at += 1;
        }
    }

    /// Goes behind a letter, if it is the next one.
    fn skips(&mut self, letter: u8) -> bool {
        let is_next = self.peek() == Some(letter);
        self.at += usize::from(is_next);
        is_next
    }

    fn value(&mut self) -> Option<Node> {
        let start = self.at;
        let value = match self.peek()? {
            b'{' => self.within(Self::map)?,
            b'[' => self.within(Self::list)?,
            b'"' => Value::Text(self.string()?),
            _ => self.word()?,
        };
        Some(Node { span: (start..self.at).into(), value })
    }

    /// What is between brackets, from the first letter behind the opening one.
    fn within(&mut self, read: fn(&mut Self) -> Option<Value>) -> Option<Value> {
        self.depth += 1;
        self.at += 1;
        self.blanks();
        let value = if self.depth > DEEPEST { None } else { read(self) };
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Option<Value> {
        let first = self.items.len();
        if self.skips(b']') {
            return Some(Value::List(Box::default()));
        }
        loop {
            let item = self.value()?;
            self.items.push(item);
            if !self.goes_on(b']')? {
                return Some(Value::List(self.items.drain(first..).collect()));
            }
        }
    }

    fn map(&mut self) -> Option<Value> {
        let first = self.entries.len();
        if self.skips(b'}') {
            return Some(Value::Map(Box::default()));
        }
        loop {
            let start = self.at;
            let key = self.string().filter(|_| self.at - start <= LONGEST_KEY)?;
            let span = Span::from(start..self.at);
            if !self.skips(b':') {
                return None;
            }
            self.blanks();
            let node = self.value()?;
            self.entries.push(Entry { key, span, node });
            if !self.goes_on(b'}')? {
                let entries: Box<[Entry]> = self.entries.drain(first..).collect();
                return has_each_once(&entries).then_some(Value::Map(entries));
            }
        }
    }

    /// Whether another item follows, in front of which the place is then.
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        self.blanks();
        if self.skips(end) {
            return Some(false);
        }
        let goes_on = self.skips(b',');
        self.blanks();
        goes_on.then_some(true)
    }

    fn string(&mut self) -> Option<CompactString> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let rest = &self.text[self.at..];
        let (text, length) = quoted(rest).or_else(|| paired(rest))?;
        self.at += length;
        Some(text)
    }

    /// A number or one of three words.
    fn word(&mut self) -> Option<Value> {
        let rest = &self.text[self.at..];
        let length = rest.find([',', ']', '}', ' ', '\n']).filter(|length| *length > 0)?;
        let word = &rest[..length];
        let is_number = word.starts_with(|letter: char| letter == '-' || letter.is_ascii_digit())
            && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            // a dash by itself begins an item
            && word.bytes().any(|byte| byte.is_ascii_digit());
        if !is_number && !matches!(word, "true" | "false" | "null") {
            return None;
        }
        self.at += length;
        Some(plain::resolve(word))
    }
}

#[cfg(test)]
mod tests;
