//! Puts the fields of a struct in order when it closes.
//!
//! Lives here: where each field of the structs that are still open stands in the text. It must never know what a field
//! means: its rank comes with it.

/// The fields of all structs that are still open, the innermost last.
#[derive(Default)]
pub(super) struct OpenFields {
    fields: Vec<Field>,
}

/// Where the text of a field is, from its key to the end of its value, and how far ahead it belongs.
struct Field {
    rank: u8,
    start: usize,
    /// Known when the struct closes.
    end: usize,
}

impl OpenFields {
    /// Forgets what a document that could not be written has left open.
    pub(super) fn clear(&mut self) {
        self.fields.clear();
    }

    pub(super) fn count(&self) -> usize {
        self.fields.len()
    }

    /// Remembers a field whose text begins at `start`.
    pub(super) fn push(&mut self, rank: u8, start: usize) {
        self.fields.push(Field { rank, start, end: start });
    }

    /// Moves the fields of the innermost struct, all but the `others`, to their places; `line` stands between them.
    pub(super) fn close(&mut self, others: usize, line: &str, out: &mut String) {
        let fields = &mut self.fields[others..];
        if !fields.is_sorted_by_key(|field| field.rank) {
            arrange(fields, line, out);
        }
        self.fields.truncate(others);
    }
}

/// Writes the fields once more, in order, and takes away what stood there before.
fn arrange(fields: &mut [Field], line: &str, out: &mut String) {
    let (start, stop) = (fields[0].start, out.len());
    let mut end = stop;
    for field in fields.iter_mut().rev() {
        field.end = end;
        end = field.start.saturating_sub(line.len());
    }
    fields.sort_by_key(|field| field.rank);
    for field in fields {
        out.push_str(line);
        out.extend_from_within(field.start..field.end);
    }
    out.drain(start..stop + line.len());
}
