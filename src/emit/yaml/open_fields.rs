//! Puts the fields of a struct in order when it closes.
//!
//! Lives here: where each field of the structs that are still open stands in the text. It must never know what a field
//! means: its rank comes with it.

/// The fields of all structs that are still open, the innermost last.
#[derive(Default)]
pub(super) struct OpenFields {
    fields: Vec<Field>,
    /// For the struct that closes: the ranks of its fields in order, and which fields they are. Kept, for its memory.
    order: Vec<(u8, usize)>,
}

/// Where the text of a field begins, its key, and how far ahead it belongs.
#[derive(Clone, Copy)]
struct Field {
    rank: u8,
    start: usize,
}

impl OpenFields {
    /// Forgets what a document that could not be written has left open.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.fields.clear();
    }

    #[inline]
    pub(super) fn count(&self) -> usize {
        self.fields.len()
    }

    /// Remembers a field whose text begins at `start`.
    #[inline]
    pub(super) fn push(&mut self, rank: u8, start: usize) {
        self.fields.push(Field { rank, start });
    }

    /// Moves the fields of the innermost struct, all but the `others`, to their places; `line` stands between them.
    #[inline]
    pub(super) fn close(&mut self, others: usize, line: &str, out: &mut String) {
        let fields = &self.fields[others..];
        if !fields.is_sorted_by_key(|field| field.rank) {
            arrange(fields, &mut self.order, line, out);
        }
        self.fields.truncate(others);
    }
}

/// Writes once more, in order, what does not stand where it belongs, and takes away what stood there before.
fn arrange(fields: &[Field], order: &mut Vec<(u8, usize)>, line: &str, out: &mut String) {
    order.clear();
    order.extend(fields.iter().enumerate().map(|(at, field)| (field.rank, at)));
    order.sort_unstable();
    let stop = out.len();
    let line_before = |at: usize| fields[at].start - line.len();
    let Some(first) = order.iter().enumerate().position(|(place, (_, at))| place != *at) else { return };
    let mut moved = order[first..].iter().map(|(_, at)| *at).peekable();
    while let Some(begin) = moved.next() {
        // what stood together and still does is one piece
        let mut last = begin;
        while let Some(next) = moved.next_if_eq(&(last + 1)) {
            last = next;
        }
        let end = if last + 1 < fields.len() { line_before(last + 1) } else { stop };
        if begin == 0 {
            out.push_str(line);
            out.extend_from_within(fields[begin].start..end);
        } else {
            out.extend_from_within(line_before(begin)..end);
        }
    }
    out.drain(fields[first].start..stop + line.len());
}
