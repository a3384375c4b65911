//! What an output directory holds before we write: ours, someone else's, or what a killed run left.
//! Only reads, follows no symbolic link, and must never judge by a file's content what its name should say.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, FileType};
use std::io::{self, ErrorKind};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::commands::output::listing;
use crate::commands::output::staging;
use crate::model::tree::Tree;
use crate::ordered::Ordered;

/// Files that people put beside generated ones on purpose; kept, never ours.
pub const WELCOME: [&str; 3] = [".gitattributes", ".gitignore", ".gitkeep"];

/// How many foreign files a message names.
const NAMED: usize = 5;

/// A directory in which everything is ours to replace.
#[derive(Debug)]
pub struct Survey {
    /// What earlier runs wrote or were about to write, whether it is there or not.
    pub owned: BTreeSet<String>,
    /// Those that are there, as regular files.
    pub present: BTreeSet<String>,
    /// Whether a killed run left its staging directory.
    pub leftover: bool,
}

/// Looks at everything below `dir`; an error if any of it is not from us, or stands where `tree` needs something else.
pub fn survey(dir: &Path, tree: &Tree) -> Result<Survey> {
    let owned = owned(dir)?;
    let leftover = fs::symlink_metadata(dir.join(staging::NAME)).is_ok_and(|found| found.is_dir());
    let files = || owned.iter().chain(tree.files.iter().map(|file| &file.path)).map(String::as_str);
    let mut walk = Walk {
        dir,
        owned: &owned,
        homes: owned.iter().flat_map(|path| listing::parents(path)).ordered(),
        files: files().ordered(),
        parents: files().flat_map(listing::parents).ordered(),
        present: BTreeSet::new(),
        foreign: Vec::new(),
    };
    walk.directory("")?;
    let Walk { present, foreign, .. } = walk;
    if !foreign.is_empty() {
        bail!(
            "`{}` holds what platformgen did not write: {}; move it elsewhere, or name a new or empty directory",
            dir.display(),
            sentence(&foreign)
        );
    }
    Ok(Survey { owned, present, leftover })
}

/// The list in the directory, and the journal of a killed run: what it was about to add and to remove is ours as well.
fn owned(dir: &Path) -> Result<BTreeSet<String>> {
    let mut owned = BTreeSet::new();
    let place = dir.join(listing::FILE);
    if let Some(text) = read(&place)? {
        let paths = listing::parse(&text).with_context(|| {
            format!(
                "`{}` is not as platformgen writes it; restore it, or name a new or empty directory",
                place.display()
            )
        })?;
        owned.extend(paths.into_iter().map(str::to_owned));
        owned.insert(listing::FILE.to_owned());
    }
    // A journal is renamed into place whole. One that cannot be read gives nothing away: its files are then foreign.
    if let Some(text) = read(&dir.join(staging::NAME).join(staging::JOURNAL))? {
        owned.extend(listing::parse(&text).unwrap_or_default().into_iter().map(str::to_owned));
    }
    Ok(owned)
}

/// The text of a regular file. Whatever else has that name is left to the walk to complain about.
fn read(place: &Path) -> Result<Option<String>> {
    match fs::symlink_metadata(place) {
        Ok(found) if !found.is_file() => Ok(None),
        Ok(_) => fs::read_to_string(place).map(Some).with_context(|| format!("cannot read `{}`", place.display())),
        Err(fault) if matches!(fault.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(fault) => Err(fault).with_context(|| format!("cannot look at `{}`", place.display())),
    }
}

struct Walk<'a> {
    dir: &'a Path,
    owned: &'a BTreeSet<String>,
    /// Directories of files that are ours; any other with a file in it is one foreign thing, named as a whole.
    homes: BTreeSet<&'a str>,
    /// Paths at which only a file may stand, and those at which only a directory may.
    files: BTreeSet<&'a str>,
    parents: BTreeSet<&'a str>,
    present: BTreeSet<String>,
    foreign: Vec<String>,
}

impl Walk<'_> {
    /// Everything in the directory whose path, with a `/` behind it, is `prefix`. Stops when there is enough to complain.
    fn directory(&mut self, prefix: &str) -> Result<()> {
        let dir = self.dir.join(prefix);
        for (name, kind) in entries(&dir).with_context(|| format!("cannot list the directory `{}`", dir.display()))? {
            if self.foreign.len() > NAMED {
                break;
            }
            let path = format!("{prefix}{}", name.to_string_lossy());
            if kind.is_dir() && self.homes.contains(path.as_str()) {
                self.directory(&format!("{path}/"))?;
            } else if kind.is_file() && self.owned.contains(&path) {
                self.present.insert(path);
            } else if let Some(note) = self.objection(&path, &dir.join(&name), kind) {
                self.foreign.push(format!("`{}`{note}", listing::shown(&path)));
            }
        }
        Ok(())
    }

    /// What is wrong with something that is not ours, as a note behind its name; none if it may stay.
    fn objection(&self, path: &str, place: &Path, kind: FileType) -> Option<&'static str> {
        if kind.is_symlink() {
            Some(" (a symbolic link)")
        } else if kind.is_dir() {
            self.objection_to_directory(path, place)
        } else if kind.is_file() {
            (!is_welcome(place)).then_some("")
        } else {
            Some(" (not a regular file)")
        }
    }

    /// Letter case is ignored: on some file systems `Apps` is where `apps/api.yaml` would go, and be foreign ever after.
    fn objection_to_directory(&self, path: &str, place: &Path) -> Option<&'static str> {
        let folded = path.to_lowercase();
        if path == staging::NAME {
            None
        } else if self.files.contains(folded.as_str()) {
            Some(" (a directory where a file belongs)")
        } else if folded != path && self.parents.contains(folded.as_str()) {
            Some(" (a directory that differs from a needed one in case only)")
        } else {
            // What cannot be looked into is certainly not ours.
            holds_files(place).unwrap_or(true).then_some(" (a directory)")
        }
    }
}

fn is_welcome(place: &Path) -> bool {
    WELCOME.iter().any(|name| place.ends_with(name))
}

/// Directories without a file in them are nobody's: git, for one, does not see them.
fn holds_files(dir: &Path) -> io::Result<bool> {
    for (name, kind) in entries(dir)? {
        let place = dir.join(name);
        let found = if kind.is_dir() { holds_files(&place)? } else { !kind.is_file() || !is_welcome(&place) };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Names and kinds (of links themselves, not of what they point at) in a directory, sorted by name.
fn entries(dir: &Path) -> io::Result<Vec<(OsString, FileType)>> {
    let entry = |entry: fs::DirEntry| Ok((entry.file_name(), entry.file_type()?));
    let mut found: Vec<_> = fs::read_dir(dir)?.map(|found| found.and_then(entry)).collect::<io::Result<_>>()?;
    found.sort_unstable_by(|left, right| left.0.cmp(&right.0));
    Ok(found)
}

fn sentence(foreign: &[String]) -> String {
    let named = &foreign[..foreign.len().min(NAMED)];
    let more = if foreign.len() > NAMED { " and more" } else { "" };
    format!("{}{more}", named.join(", "))
}
