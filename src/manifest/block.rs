//! Text to values, for the YAML that people and programs mostly write: maps and lists in lines, a scalar on its line or as
//! a literal block. It reads that many times faster than a reader of all of YAML.
//!
//! Lives here: block style, and lists of words between brackets. It must never guess: whatever is not plainly that, mistakes
//! included, is left to the library, and whatever is read here means what the library says it means (the tests below).

pub(super) mod scalars;

use compact_str::CompactString;

use crate::diagnostics::source::Span;
use crate::manifest::block::scalars::{bare, is_control, is_unprintable, quoted};
use crate::manifest::node::{Entry, Node, Value};
use crate::manifest::plain;
use crate::tables;

/// How deep it goes: no manifest does, and the library has its own limit.
pub(super) const DEEPEST: usize = 100;

/// Readers look no further for the `:` of a key.
pub(super) const LONGEST_KEY: usize = 1000;

/// The value of every document with the place of the document; `None` if the text is not plain block style.
pub fn roots(text: &str) -> Option<Vec<(Span, Node)>> {
    if !text.is_ascii() && text.contains(is_unprintable) {
        return None;
    }
    let mut lines = Lines { text, at: 0, column: 0, is_over: false, items: Vec::new(), entries: Vec::new() };
    let mut found = Vec::new();
    lines.skip()?;
    loop {
        let (start, is_marked) = (lines.at, lines.is_marker());
        if is_marked {
            lines.at += 3;
            lines.end_of_line()?;
        }
        let root = if lines.is_end() { None } else { Some(lines.node(0)?) };
        if !lines.is_end() {
            return None;
        }
        // a document that says nothing is one if it is announced
        let nothing = || is_marked.then(|| Node { span: (lines.at..lines.at).into(), value: Value::Null });
        found.extend(root.or_else(nothing).map(|root| (Span::from(start..lines.at), root)));
        if lines.is_over {
            return Some(found);
        }
    }
}

/// A place in the text. Between values it is the first letter of a line that says something.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    /// How far in that letter stands.
    column: usize,
    /// Whether the text has ended.
    is_over: bool,
    /// The items of lists and the entries of maps that have not ended: of each list it is known only at its end how many
    /// it has, and then it takes no more memory than they do.
    items: Vec<Node>,
    entries: Vec<Entry>,
}

impl<'t> Lines<'t> {
    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// Goes from the beginning of a line to the next line that is more than a remark.
    fn skip(&mut self) -> Option<()> {
        loop {
            let rest = self.rest();
            let column = rest.iter().take_while(|byte| **byte == b' ').count();
            match rest.get(column) {
                None => {
                    (self.at, self.column, self.is_over) = (self.text.len(), 0, true);
                    return Some(());
                }
                Some(b'\n') => self.at += column + 1,
                Some(b'#') => {
                    self.at += column;
                    let remark = self.line();
                    if remark.bytes().any(is_control) {
                        return None;
                    }
                    self.at += remark.len();
                    self.at = self.text.len().min(self.at + 1);
                }
                Some(b'\t') => return None,
                Some(b'%' | b'.') if column == 0 => return None,
                Some(_) => {
                    (self.at, self.column) = (self.at + column, column);
                    return Some(());
                }
            }
        }
    }

    /// From here to the end of the line.
    fn line(&self) -> &'t str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        rest.find('\n').map_or(rest, |end| &rest[..end])
    }

    /// Leaves a line of which nothing is left.
    fn end_of_line(&mut self) -> Option<()> {
        match self.peek() {
            None => self.is_over = true,
            Some(b'\n') => {
                self.at += 1;
                return self.skip();
            }
            Some(_) => return None,
        }
        self.column = 0;
        Some(())
    }

    /// Whether a document begins here.
    fn is_marker(&self) -> bool {
        self.column == 0 && self.rest().starts_with(b"---")
    }

    fn is_end(&self) -> bool {
        self.is_over || self.is_marker()
    }

    /// Whether an item of a list begins here.
    fn is_dash(&self) -> bool {
        matches!(self.rest(), [b'-', b' ' | b'\n', ..] | [b'-']) && !self.is_end()
    }

    /// The list or map that begins here.
    fn node(&mut self, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        if self.is_dash() { self.list(depth) } else { self.map(depth, None) }
    }

    fn list(&mut self, depth: usize) -> Option<Node> {
        let (start, column, first) = (self.at, self.column, self.items.len());
        while self.column == column && self.is_dash() {
            self.at += 1;
            let item = self.item(column, depth + 1)?;
            self.items.push(item);
            if self.column > column && !self.is_end() {
                return None;
            }
        }
        let items = self.items.drain(first..).collect();
        Some(Node { span: (start..self.at).into(), value: Value::List(items) })
    }

    /// What follows a dash.
    fn item(&mut self, column: usize, depth: usize) -> Option<Node> {
        let blanks = self.rest().iter().take_while(|byte| **byte == b' ').count();
        if self.rest().get(blanks)? == &b'\n' {
            return None;
        }
        self.at += blanks;
        self.column = column + 1 + blanks;
        if self.is_dash() {
            return self.node(depth);
        }
        match self.key_ahead() {
            Some(_) if depth > DEEPEST => None,
            Some(key) => self.map(depth, Some(key)),
            None => self.scalar(column, depth),
        }
    }

    /// The key with which the line begins, if it begins with one, and its length.
    fn key_ahead(&self) -> Option<(Value, usize)> {
        let rest = self.rest();
        if rest.starts_with(b"\"") {
            let (key, length) = quoted(self.line())?;
            return (rest.get(length) == Some(&b':')).then_some((Value::Text(key), length));
        }
        let length = bare(rest, true)?;
        Some((plain::resolve(self.text.get(self.at..self.at + length)?), length))
    }

    /// The map that begins here, maybe with a key that is known.
    fn map(&mut self, depth: usize, mut ahead: Option<(Value, usize)>) -> Option<Node> {
        let (start, column, first) = (self.at, self.column, self.entries.len());
        while self.column == column && !self.is_end() && !self.is_dash() {
            let key = ahead.take().or_else(|| self.key_ahead())?;
            let (key, span) = self.key(key)?;
            let node = if self.peek() == Some(b' ') {
                self.at += self.rest().iter().take_while(|byte| **byte == b' ').count();
                self.scalar(column, depth + 1)?
            } else {
                self.end_of_line()?;
                // a key without a value is left to the library
                let is_inner = !self.is_end() && (self.column > column || self.column == column && self.is_dash());
                is_inner.then_some(())?;
                self.node(depth + 1)?
            };
            self.entries.push(Entry { key, span, node });
            if self.column > column && !self.is_end() {
                return None;
            }
        }
        let entries: Box<[Entry]> = self.entries.drain(first..).collect();
        has_each_once(&entries).then(|| Node { span: (start..self.at).into(), value: Value::Map(entries) })
    }

    /// The key that stands here with its place; leaves its colon behind.
    fn key(&mut self, (key, length): (Value, usize)) -> Option<(CompactString, Span)> {
        let (start, Value::Text(key)) = (self.at, key) else { return None };
        self.at = start + length + 1;
        let is_simple = length <= LONGEST_KEY && key != "<<" && matches!(self.peek(), None | Some(b' ' | b'\n'));
        is_simple.then(|| (key, (start..start + length).into()))
    }

    /// A value on the line of its key or dash, which stands at `column`, or begun there.
    fn scalar(&mut self, column: usize, depth: usize) -> Option<Node> {
        let (start, rest) = (self.at, self.rest());
        if depth > DEEPEST {
            return None;
        }
        let (value, length) = match rest {
            [b'"', ..] => quoted(self.line()).map(|(text, length)| (Value::Text(text), length))?,
            [b'|', ..] => return self.literal(column),
            [b'{', b'}', ..] => (Value::Map(Box::default()), 2),
            [b'[', ..] => self.flow(depth)?,
            _ => {
                let length = bare(rest, false)?;
                (plain::resolve(self.text.get(start..start + length)?), length)
            }
        };
        self.at = start + length;
        self.end_of_line()?;
        Some(Node { span: (start..start + length).into(), value })
    }

    /// A list of plain or quoted words between brackets, and how long it is. All else between brackets is left to the
    /// library.
    fn flow(&mut self, depth: usize) -> Option<(Value, usize)> {
        let (line, mut at) = (self.line(), 1);
        if line.as_bytes().get(at) == Some(&b']') {
            return Some((Value::List(Box::default()), 2));
        }
        let first = self.items.len();
        (depth < DEEPEST).then_some(())?;
        loop {
            let (start, rest) = (self.at + at, &line[at..]);
            let (value, length) = if rest.starts_with('"') {
                quoted(rest).map(|(text, length)| (Value::Text(text), length))?
            } else {
                let is_word = |letter: char| letter.is_ascii_alphanumeric() || "_./".contains(letter);
                let length = rest.find(|letter| !is_word(letter)).filter(|length| *length > 0)?;
                (plain::resolve(&rest[..length]), length)
            };
            self.items.push(Node { span: (start..start + length).into(), value });
            at += length;
            match line.as_bytes().get(at)? {
                b',' => at += 1,
                b']' => return Some((Value::List(self.items.drain(first..).collect()), at + 1)),
                _ => return None,
            }
            at += line[at..].bytes().take_while(|byte| *byte == b' ').count();
        }
    }

    /// A literal block; it stands further in than `column`.
    fn literal(&mut self, column: usize) -> Option<Node> {
        let start = self.at;
        let header = self.line();
        let told = header.as_bytes().get(1).filter(|byte| (b'1'..=b'9').contains(byte));
        let chomp = match &header[1 + usize::from(told.is_some())..] {
            "" => Chomp::Clip,
            "-" => Chomp::Strip,
            "+" => Chomp::Keep,
            _ => return None,
        };
        let mut next = self.at + header.len() + 1;
        let mut inner = told.map(|digit| column + usize::from(digit - b'0'));
        let mut text = String::new();
        // breaks that belong to the text only if more of it follows, or if all are kept
        let mut breaks = 0;
        let mut widest = 0;
        while let Some(rest) = self.text.get(next..).filter(|rest| !rest.is_empty()) {
            let line = rest.find('\n').map_or(rest, |end| &rest[..end]);
            let blanks = line.bytes().take_while(|byte| *byte == b' ').count();
            let is_blank = blanks == line.len();
            if is_blank && inner.is_none_or(|inner| blanks <= inner) {
                if line.len() == rest.len() {
                    // readers do not agree on blanks without a break
                    return None;
                }
                widest = widest.max(blanks);
                breaks += 1;
            } else {
                let inner = *inner.get_or_insert(blanks);
                if blanks < inner {
                    break;
                }
                if line.bytes().any(is_control) {
                    return None;
                }
                if inner <= column || (text.is_empty() && widest > inner) || line[inner..].starts_with('\t') && is_blank
                {
                    return None;
                }
                text.extend(std::iter::repeat_n('\n', breaks));
                text.push_str(&line[inner..]);
                breaks = usize::from(rest.len() > line.len());
            }
            next += line.len() + 1;
        }
        if text.is_empty() || (breaks == 0 && !matches!(chomp, Chomp::Strip)) {
            return None;
        }
        let kept = match chomp {
            Chomp::Strip => 0,
            Chomp::Clip => breaks.min(1),
            Chomp::Keep => breaks,
        };
        text.extend(std::iter::repeat_n('\n', kept));
        let end = next.min(self.text.len());
        self.at = end;
        self.skip()?;
        Some(Node { span: (start..end).into(), value: Value::Text(text.into()) })
    }
}

/// What becomes of the line breaks at the end of a literal block.
enum Chomp {
    Strip,
    Clip,
    Keep,
}

pub(super) fn has_each_once(entries: &[Entry]) -> bool {
    const FEW: usize = 40;
    if entries.len() > FEW {
        let mut known = tables::set(entries.len());
        return entries.iter().all(|entry| known.insert(entry.key.as_str()));
    }
    // most keys have a mark that no other has, and then need not be compared
    let mut marks = 0_u64;
    entries.iter().enumerate().all(|(at, entry)| {
        let mark = 1 << mark(entry.key.as_bytes());
        let is_marked = marks & mark != 0;
        marks |= mark;
        !(is_marked && entries[..at].iter().any(|other| other.key == entry.key))
    })
}

/// A number below 64 out of a few bytes of a key.
fn mark(key: &[u8]) -> u8 {
    let (Some(first), Some(last)) = (key.first(), key.last()) else { return 0 };
    let middle = key[key.len() / 2];
    let length = key.len().to_le_bytes()[0];
    let sum = length.wrapping_mul(31).wrapping_add(first.wrapping_mul(7)).wrapping_add(middle.wrapping_mul(13));
    sum.wrapping_add(*last) % 64
}

#[cfg(test)]
mod tests;
