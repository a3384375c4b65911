//! For `patch -p1` and for tools that read unified diffs.

use std::fmt::Write;

use crate::diff::compare::{Comparison, FileFate};
use crate::diff::secrets;
use crate::diff::side::Side;
use crate::views::lines;

/// What turns the old side into the new one. A file with Secrets in it is named and not shown: nobody could apply it, and
/// nobody can read it.
pub fn unified(comparison: &Comparison, old: &Side, new: &Side, context: usize) -> String {
    let mut out = String::new();
    for file in &comparison.files {
        let path = &file.path;
        if [old, new].iter().any(|side| is_sealed(side, path)) {
            let _ = writeln!(out, "# {path} holds secret values and is left out");
            continue;
        }
        let (before, after) = match file.fate {
            FileFate::Added => ("/dev/null".to_owned(), format!("b/{path}")),
            FileFate::Removed => (format!("a/{path}"), "/dev/null".to_owned()),
            FileFate::Changed => (format!("a/{path}"), format!("b/{path}")),
        };
        let _ = write!(out, "--- {before}\n+++ {after}\n");
        lines::hunks(old.text(path), new.text(path), context).iter().for_each(|hunk| out.push_str(hunk));
    }
    out
}

/// Whether a line of the file may be secret.
fn is_sealed(side: &Side, path: &str) -> bool {
    let text = side.text(path);
    let mut documents = side.files.iter().filter(|file| file.path == path).flat_map(|file| &file.documents);
    documents.any(|document| secrets::is_sealed(&document.id)) || secrets::lines_hidden(text) != text
}
