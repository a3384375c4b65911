//! A named text and the places in it. Offsets are bytes; lines and columns count from one, columns in characters.

/// A range of bytes in a [`Source`], none of which has as many as 4 GiB. Every value of every manifest has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Where nothing stands: the place of what stands in for a value whose fault has been reported.
    pub const STAND_IN: Self = Self { start: u32::MAX, end: u32::MAX };

    /// First byte.
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// One past the last byte.
    pub fn end(self) -> usize {
        self.end as usize
    }

    /// The first byte alone: where something long begins.
    #[must_use]
    pub fn first(self) -> Self {
        Self { end: self.start.saturating_add(1), ..self }
    }

    /// Whether `other` lies within.
    pub fn holds(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: place(range.start), end: place(range.end) }
    }
}

/// A text with the name by which the user knows it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The file name as the user typed it, or `<stdin>`.
    pub name: &'a str,
    /// The whole text.
    pub text: &'a str,
}

/// A place as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Where the line begins.
    pub start: usize,
    /// Line, from one.
    pub line: usize,
    /// Column in characters, from one.
    pub column: usize,
    /// The line itself, without its end.
    pub text: &'a str,
}

impl<'a> Source<'a> {
    /// The line and column of a byte offset; an offset past the end is the end.
    pub fn place(&self, offset: usize) -> Place<'a> {
        self.place_from(offset, (0, 1))
    }

    /// The same for one who knows a line before it: where it begins, and its number.
    pub fn place_from(&self, offset: usize, (known, number): (usize, usize)) -> Place<'a> {
        let offset = floor_char_boundary(self.text, offset);
        let start = self.text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
        let end = self.text[offset..].find('\n').map_or(self.text.len(), |newline| offset + newline);
        let between = self.text.get(known..start).unwrap_or_default();
        Place {
            start,
            line: between.bytes().filter(|byte| *byte == b'\n').count() + number,
            column: self.text[start..offset].chars().count() + 1,
            text: self.text[start..end].trim_end_matches('\r'),
        }
    }
}

fn floor_char_boundary(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let source = Source { name: "x", text: "a\nπß = 1\r\nlast" };
        let at = |offset| (source.place(offset).line, source.place(offset).column);
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (2, 1));
        assert_eq!(at(4), (2, 2));
        assert_eq!(at(5), (2, 2), "inside a character counts as its start");
        assert_eq!(at(999), (3, 5));
        assert_eq!(source.place(2).text, "πß = 1");
    }
}
