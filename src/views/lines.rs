//! Changed lines of a text, with some that have not changed around them.

use similar::{ChangeTag, TextDiff};

use crate::diagnostics::caret::is_invisible;

/// Hunks as `diff -u` writes them, without its file names: each begins with `@@`.
pub fn hunks(old: &str, new: &str, context: usize) -> Vec<String> {
    let diff = TextDiff::from_lines(old, new);
    let mut hunks = diff.unified_diff();
    hunks.context_radius(context);
    hunks.iter_hunks().map(|hunk| hunk.to_string()).collect()
}

/// How many lines came and went.
pub fn counts(old: &str, new: &str) -> (usize, usize) {
    let diff = TextDiff::from_lines(old, new);
    let count = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
    (count(ChangeTag::Insert), count(ChangeTag::Delete))
}

/// A line that a terminal may show.
pub fn visible(line: &str) -> String {
    if !line.contains(|letter| letter != '\t' && is_invisible(letter)) {
        return line.to_owned();
    }
    let shown = |letter: char| {
        if letter != '\t' && is_invisible(letter) { letter.escape_unicode().collect() } else { String::from(letter) }
    };
    line.chars().map(shown).collect()
}
