//! For `patch -p1` and for tools that read unified diffs.

use std::fmt::Write;

use crate::diff::compare::{Comparison, FileFate};
use crate::diff::secrets;
use crate::diff::side::Side;
use crate::model::tree::is_text;
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
        if ![old, new].iter().all(|side| is_text(side.text(path))) {
            let _ = writeln!(out, "# {path} is no text and is left out");
            continue;
        }
        let (old_name, new_name) = (named("a", path), named("b", path));
        let _ = writeln!(out, "diff --git {old_name} {new_name}");
        match file.fate {
            FileFate::Added => out.push_str("new file mode 100644\n"),
            FileFate::Removed => out.push_str("deleted file mode 100644\n"),
            FileFate::Changed => {}
        }
        let hunks = lines::hunks(old.text(path), new.text(path), context);
        // an empty file has no lines to show: git's own words say that it comes or goes
        if hunks.is_empty() {
            continue;
        }
        let nowhere = || "/dev/null".to_owned();
        let (before, after) = match file.fate {
            FileFate::Added => (nowhere(), new_name),
            FileFate::Removed => (old_name, nowhere()),
            FileFate::Changed => (old_name, new_name),
        };
        // a tab ends a name that has a blank in it
        let end = if path.contains(' ') { "\t" } else { "" };
        let _ = write!(out, "--- {before}{end}\n+++ {after}{end}\n");
        out.extend(hunks);
    }
    out
}

/// The name of a file below `side`, as git writes it: in quotes where it holds what would end it.
fn named(side: &str, path: &str) -> String {
    if !path.contains(['\t', '\n', '"', '\\']) {
        return format!("{side}/{path}");
    }
    let path = path.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t").replace('\n', "\\n");
    format!("\"{side}/{path}\"")
}

/// Whether the file holds anything that must not be shown: its text is looked at object by object, and as a whole where
/// it holds none.
fn is_sealed(side: &Side, path: &str) -> bool {
    let text = side.text(path);
    let documents = side.files.iter().filter(|file| file.path == path).flat_map(|file| &file.documents);
    let mut rest = 0;
    let mut is_sealed = false;
    for document in documents {
        let own = text.get(rest..document.span.end()).unwrap_or_default();
        is_sealed |= secrets::is_sealed(&document.root, own);
        rest = document.span.end();
    }
    let rest = text.get(rest..).unwrap_or_default();
    is_sealed || secrets::is_sealed_text(path, rest)
}
