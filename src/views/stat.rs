//! Which files differ, and by how much.

use std::fmt::Write;

use crate::diff::compare::{Comparison, FileFate};
use crate::diff::side::Side;
use crate::model::tree::is_text;
use crate::views::lines;
use crate::views::text::number;

/// One path a line.
pub fn names(comparison: &Comparison) -> String {
    comparison.files.iter().flat_map(|file| [lines::visible(&file.path), "\n".to_owned()]).collect()
}

/// One file a line with the lines that came and went, as `git diff --stat` counts them. What is no text has none.
pub fn stat(comparison: &Comparison, old: &Side, new: &Side) -> String {
    let paths: Vec<String> = comparison.files.iter().map(|file| lines::visible(&file.path)).collect();
    let width = paths.iter().map(|path| path.chars().count()).max().unwrap_or(0);
    let (mut out, mut all) = (String::new(), (0, 0));
    for (file, path) in comparison.files.iter().zip(paths) {
        let sides = [old.text(&file.path), new.text(&file.path)];
        let note = match file.fate {
            FileFate::Added => "  (new)",
            FileFate::Removed => "  (gone)",
            FileFate::Changed => "",
        };
        if !sides.into_iter().all(is_text) {
            let _ = writeln!(out, " {path:width$} | no text{note}");
            continue;
        }
        let (came, went) = lines::counts(sides[0], sides[1]);
        let _ = writeln!(out, " {path:width$} | +{came} -{went}{note}");
        all = (all.0 + came, all.1 + went);
    }
    out + &format!(" {}: +{} -{}\n", number(comparison.files.len(), "file"), all.0, all.1)
}
