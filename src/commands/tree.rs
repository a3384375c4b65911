//! Reads a directory of manifests, a file or stdin. Follows no symbolic link, and reads all or nothing.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::commands::output::survey::WELCOME;
use crate::diagnostics::source::Source;
use crate::diff::side;
use crate::model::tree::{Tree, TreeFile};

/// Larger than any file of manifests that a person reads.
const LARGEST: u64 = 64 << 20;

/// What is looked for in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Everything: what nobody renders is a difference.
    All,
    /// Manifests.
    Manifests,
}

/// The files at `place`: a directory, one file, or stdin for `-`. `None` if there is nothing.
pub fn read(place: &Path, wanted: Wanted) -> Result<Option<Tree>> {
    let mut tree = Tree::default();
    if place == Path::new("-") {
        let text = text("<stdin>", std::io::stdin().lock())?;
        tree.files.push(TreeFile { path: "<stdin>".to_owned(), text });
        return Ok(Some(tree));
    }
    // what somebody names may be a link; what lies in a tree may not
    let found = match fs::metadata(place) {
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(None),
        found => found.with_context(|| format!("cannot look at `{}`", place.display()))?,
    };
    if found.is_dir() {
        directory(place, "", wanted, &mut tree)?;
    } else {
        let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        tree.files.push(file(place, name)?);
    }
    Ok(Some(tree))
}

fn directory(root: &Path, prefix: &str, wanted: Wanted, tree: &mut Tree) -> Result<()> {
    let dir = root.join(prefix);
    let list = || -> std::io::Result<Vec<fs::DirEntry>> {
        let mut found: Vec<_> = fs::read_dir(&dir)?.collect::<std::io::Result<_>>()?;
        found.sort_by_key(fs::DirEntry::file_name);
        Ok(found)
    };
    for entry in list().with_context(|| format!("cannot list the directory `{}`", dir.display()))? {
        let place = entry.path();
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            bail!("`{}` has a name that is not UTF-8", place.display());
        };
        let kind = entry.file_type().with_context(|| format!("cannot look at `{}`", place.display()))?;
        let path = format!("{prefix}{name}");
        if kind.is_symlink() {
            bail!("`{}` is a symbolic link, which a tree of manifests cannot hold", place.display());
        } else if kind.is_dir() {
            // git and editors keep their own things in hidden directories
            if !name.starts_with('.') {
                directory(root, &format!("{path}/"), wanted, tree)?;
            }
        } else if !WELCOME.contains(&name.as_str()) && (wanted == Wanted::All || side::is_manifest(&name)) {
            tree.files.push(file(&place, path)?);
        }
    }
    Ok(())
}

fn file(place: &Path, path: String) -> Result<TreeFile> {
    let shown = place.display().to_string();
    let is_file = fs::metadata(place).with_context(|| format!("cannot look at `{shown}`"))?.is_file();
    ensure!(is_file, "`{shown}` is not a regular file");
    let opened = fs::File::open(place).with_context(|| format!("cannot open `{shown}`"))?;
    Ok(TreeFile { path, text: text(&shown, opened)? })
}

fn text(name: &str, reader: impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    reader.take(LARGEST + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read `{name}`"))?;
    if bytes.len() as u64 > LARGEST {
        bail!("{name} is larger than {} MiB, which no file of manifests is", LARGEST >> 20);
    }
    String::from_utf8(bytes).or_else(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let place = Source { name, text: &before }.place(before.len());
        bail!("{name}:{}:{}: this byte is not UTF-8", place.line, place.column)
    })
}
