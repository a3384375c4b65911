//! Changed lines of a text, with some that have not changed around them.

use std::ops::Range;

use similar::{DiffOp, group_diff_ops};

use crate::diagnostics::caret::is_invisible;
use crate::diff::alignment::{changes, operations};

/// Hunks as `diff -u` writes them, without its file names: each begins with `@@`.
pub fn hunks(old: &str, new: &str, context: usize) -> Vec<String> {
    let (old, new) = (split(old), split(new));
    let groups = group_diff_ops(operations(&old, &new), context);
    groups.iter().map(|group| hunk(group, &old, &new)).collect()
}

/// With their line breaks; the last one may have none.
fn split(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn hunk(operations: &[DiffOp], old: &[&str], new: &[&str]) -> String {
    let (Some(first), Some(last)) = (operations.first(), operations.last()) else { return String::new() };
    let span = |of: fn(&DiffOp) -> Range<usize>| place(&(of(first).start..of(last).end));
    let mut text = format!("@@ -{} +{} @@\n", span(DiffOp::old_range), span(DiffOp::new_range));
    for operation in operations {
        if let DiffOp::Equal { .. } = operation {
            put(&mut text, ' ', &old[operation.old_range()]);
        } else {
            put(&mut text, '-', &old[operation.old_range()]);
            put(&mut text, '+', &new[operation.new_range()]);
        }
    }
    text
}

fn put(text: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        text.push(sign);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// The first line and how many there are; of no lines, the one before them.
fn place(range: &Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        many => format!("{},{many}", range.start + 1),
    }
}

/// How many lines came and went.
pub fn counts(old: &str, new: &str) -> (usize, usize) {
    let changes = changes(&split(old), &split(new));
    (changes.iter().map(|(_, came)| came.len()).sum(), changes.iter().map(|(went, _)| went.len()).sum())
}

/// A line that a terminal may show.
pub fn visible(line: impl Into<String>) -> String {
    let line = line.into();
    let is_plain = |byte: u8| matches!(byte, b'\t' | b' '..=b'~');
    // most lines have one sign beyond ASCII, and it is ours; all bytes at once are faster looked at than one by one
    let are_plain = |part: &str| part.bytes().fold(true, |are, byte| are & is_plain(byte));
    if line.split('→').all(are_plain) || !line.contains(|letter| letter != '\t' && is_invisible(letter)) {
        return line;
    }
    let shown = |letter: char| {
        if letter != '\t' && is_invisible(letter) { letter.escape_unicode().collect() } else { String::from(letter) }
    };
    line.chars().map(shown).collect()
}
