//! Which files a directory should hold: the list in `kustomization.yaml`, read back as strictly as it was written.
//! Must never touch a file, and never let a path through that could leave the directory.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};

use crate::emit;
use crate::model::tree::Tree;

/// The file that lists all others. It is written last, so a tree with it is whole.
pub const FILE: &str = "kustomization.yaml";

/// How the first line of the list begins; more may follow on that line.
pub const MARKER: &str = emit::MARKER;

/// All that may stand between the marker and the list, besides the kinds in apply order.
const HEADER: [&str; 7] = [
    "apiVersion: kustomize.config.k8s.io/v1beta1",
    "kind: Kustomization",
    "sortOptions:",
    "  order: legacy",
    "  legacySortOptions:",
    "    orderFirst:",
    "    orderLast:",
];

/// The paths that a list names, in its order. Anything that we would not have written is an error: whoever changed
/// the list may have added a file of their own to it, and what the list names may be removed.
pub fn parse(text: &str) -> Result<Vec<&str>> {
    ensure!(text.starts_with(MARKER), "its first line does not begin with `{MARKER}`");
    let last = text.lines().count();
    let mut listing = false;
    let mut seen = BTreeSet::new();
    let mut paths = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        match line.strip_prefix("- ") {
            Some(path) if listing && path != FILE && is_safe(path) && seen.insert(path) => paths.push(path),
            None if !listing && (line.starts_with('#') || HEADER.contains(&line) || is_kind(line)) => {}
            None if !listing && (line == "resources:" || line == "resources: []" && number == last) => listing = true,
            _ => bail!("line {number}, `{}`, is not one that platformgen writes", shown(line)),
        }
    }
    ensure!(listing, "it has no `resources:`");
    Ok(paths)
}

/// A list of `paths` that [`parse`] reads; without the list's own name, which goes without saying.
pub fn write<'a>(paths: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = format!("{MARKER}\nresources:\n");
    for path in paths.into_iter().filter(|path| *path != FILE) {
        text.push_str("- ");
        text.push_str(path);
        text.push('\n');
    }
    text
}

/// That the tree can be written, and read back by the next run: safe paths, no two of them one file on any file
/// system, and a list at the end that names exactly the others. A violation is our bug, found before a file is touched.
pub fn check(tree: &Tree) -> Result<()> {
    check_paths(tree).context("the rendered tree cannot be written; this is a bug in platformgen, please report it")
}

fn check_paths(tree: &Tree) -> Result<()> {
    let mut folded = BTreeSet::new();
    for file in &tree.files {
        ensure!(folded.insert(file.path.to_lowercase()), "two files have the path `{}`", shown(&file.path));
        ensure!(is_safe(&file.path), "`{}` is not a plain path", shown(&file.path));
    }
    let above = folded.iter().flat_map(|path| parents(path)).find(|parent| folded.contains(*parent));
    ensure!(above.is_none(), "`{}` is a file and a directory", above.unwrap_or_default());
    let (list, others) = tree.files.split_last().context("it has no files")?;
    ensure!(list.path == FILE, "its last file is not `{FILE}`");
    let listed = parse(&list.text).with_context(|| format!("`{FILE}` cannot be read back"))?;
    let same = listed.into_iter().eq(others.iter().map(|file| file.path.as_str()));
    ensure!(same, "`{FILE}` does not list the other files in their order");
    Ok(())
}

/// A kind of the apply order.
fn is_kind(line: &str) -> bool {
    line.strip_prefix("    - ")
        .is_some_and(|kind| !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The directories above `path`, the nearest first.
pub fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').map(|(end, _)| &path[..end])
}

/// `text` for a message: of a foreign name or line, without what could garble a terminal, and not longer than a line.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let clean = |letter: char| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter };
    let mut short: String = text.chars().take(LONGEST).map(clean).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

/// Lower-case letters only, so that a case-insensitive file system sees what we see; no hidden names, so that neither
/// `..` nor anything of git or our own staging can be meant.
fn is_safe(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    path.split('/').all(|name| !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain))
}
