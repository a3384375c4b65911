//! Which files differ, and by how much.

use std::fmt::Write;

use crate::diff::compare::{Comparison, FileFate};
use crate::diff::side::Side;
use crate::views::lines;
use crate::views::text::number;

/// One path a line.
pub fn names(comparison: &Comparison) -> String {
    comparison.files.iter().flat_map(|file| [lines::visible(&file.path), "\n".to_owned()]).collect()
}

/// One file a line with the lines that came and went, as `git diff --stat` counts them.
pub fn stat(comparison: &Comparison, old: &Side, new: &Side) -> String {
    let width = comparison.files.iter().map(|file| file.path.chars().count()).max().unwrap_or(0);
    let (mut out, mut all) = (String::new(), (0, 0));
    for file in &comparison.files {
        let (came, went) = lines::counts(old.text(&file.path), new.text(&file.path));
        let note = match file.fate {
            FileFate::Added => "  (new)",
            FileFate::Removed => "  (gone)",
            FileFate::Changed => "",
        };
        let _ = writeln!(out, " {:width$} | +{came} -{went}{note}", lines::visible(&file.path));
        all = (all.0 + came, all.1 + went);
    }
    out + &format!(" {}: +{} -{}\n", number(comparison.files.len(), "file"), all.0, all.1)
}
