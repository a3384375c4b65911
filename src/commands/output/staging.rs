//! Changes files of one directory all or none: staged beside them, renamed into place, taken back on a fault.
//! Must never know what the files mean or to whom they belong; all paths it is given are checked already.
//!
//! What a kill leaves behind is the staging directory with a journal of all paths concerned; the next run knows them
//! by it. While a run lives it holds a lock on the directory that the kernel drops with the process, so a staging
//! directory that is found under the lock is always a dead one's: no process id, clock or waiting is needed.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, bail};

use crate::commands::output::listing;

/// The staging directory. It stands inside the output directory, as only there a rename is sure to be possible.
pub const NAME: &str = ".platformgen-staging";

/// The list of all paths that a run found to be ours or is about to write.
pub const JOURNAL: &str = "journal.yaml";

/// One file to change.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Path in the directory.
    pub path: &'a str,
    /// What to do there.
    pub action: Action<'a>,
}

/// What happens to a file; the text is its new content.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// There is none yet.
    Create(&'a str),
    /// There is one with another content.
    Update(&'a str),
    /// It goes.
    Remove,
}

/// Everything that a change of the directory needs, written and waiting.
#[derive(Debug)]
pub struct Staging<'a> {
    dir: &'a Path,
    root: PathBuf,
    changes: &'a [Change<'a>],
    /// Whether a killed run left the staging directory; its journal, if any, has to outlive our failure.
    leftover: bool,
}

/// The right to write into `dir`, held until the value is dropped or the process ends in any way.
pub fn lock(dir: &Path) -> Result<File> {
    let handle = File::open(dir).with_context(|| format!("cannot open the directory `{}`", dir.display()))?;
    match handle.try_lock() {
        Ok(()) => Ok(handle),
        Err(TryLockError::WouldBlock) => {
            bail!("another platformgen is writing into `{}`; run this one again when that has ended", dir.display())
        }
        Err(TryLockError::Error(fault)) => Err(fault).with_context(|| {
            format!("cannot lock the directory `{}`; name one on a file system that has locks", dir.display())
        }),
    }
}

impl<'a> Staging<'a> {
    /// Writes all new texts and keeps all old ones, without touching a file outside the staging directory.
    /// `owned` are all paths that were ours before; `leftover` tells that a killed run's staging directory is there.
    pub fn prepare(dir: &'a Path, changes: &'a [Change<'a>], owned: &BTreeSet<String>, leftover: bool) -> Result<Self> {
        let root = dir.join(NAME);
        if !leftover {
            fs::create_dir(&root)
                .with_context(|| format!("cannot write into `{}`; nothing was changed", dir.display()))?;
        }
        let staging = Self { dir, root, changes, leftover };
        let concerned: BTreeSet<&str> =
            owned.iter().map(String::as_str).chain(changes.iter().map(|change| change.path)).collect();
        if let Err(fault) = staging.fill(&listing::write(concerned)) {
            staging.abandon();
            return Err(fault.context(format!("cannot write into `{}`; nothing was changed", dir.display())));
        }
        Ok(staging)
    }

    /// Makes the changes in their order. On a fault takes back those made: the directory is then as it was.
    pub fn apply(&self) -> Result<()> {
        let mut made = Vec::new();
        for step in 0..self.changes.len() {
            if let Err(fault) = self.carry_out(step, &mut made) {
                return Err(self.take_back(step, &made, fault));
            }
        }
        Ok(())
    }

    /// Ends the run. Until here everything could be taken back.
    pub fn close(self) -> Result<()> {
        fs::remove_dir_all(&self.root).with_context(|| {
            format!("all files are written, but cannot remove `{}`; run the same command again", self.root.display())
        })
    }

    fn fill(&self, journal: &str) -> Result<()> {
        if self.leftover {
            self.sweep().with_context(|| format!("cannot clear `{}`, which a killed run left", self.root.display()))?;
        }
        let draft = self.root.join("draft");
        fs::write(&draft, journal).context("writing the journal")?;
        fs::rename(&draft, self.root.join(JOURNAL)).context("writing the journal")?;
        for (step, change) in self.changes.iter().enumerate() {
            let staged = match change.action {
                Action::Create(text) => fs::write(self.fresh(step), text),
                Action::Update(text) => {
                    fs::write(self.fresh(step), text).and_then(|()| keep(&self.target(step), &self.kept(step)))
                }
                Action::Remove => keep(&self.target(step), &self.kept(step)),
            };
            staged.with_context(|| format!("staging `{}`", change.path))?;
        }
        Ok(())
    }

    /// Removes what was staged, except the journal.
    fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else if entry.file_name() != JOURNAL {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// As far as possible: this runs when something has failed already, and that is what the user has to hear of.
    fn abandon(&self) {
        if self.leftover {
            let _ = self.sweep();
        } else {
            let _ = fs::remove_dir_all(&self.root);
        }
    }

    fn carry_out(&self, step: usize, made: &mut Vec<PathBuf>) -> Result<()> {
        let target = self.target(step);
        if let Action::Remove = self.changes[step].action {
            return fs::remove_file(&target).with_context(|| format!("cannot remove `{}`", target.display()));
        }
        self.make_parents(self.changes[step].path, made)?;
        fs::rename(self.fresh(step), &target).with_context(|| format!("cannot write `{}`", target.display()))
    }

    fn make_parents(&self, path: &str, made: &mut Vec<PathBuf>) -> Result<()> {
        let parents: Vec<&str> = listing::parents(path).collect();
        for parent in parents.into_iter().rev() {
            let place = self.dir.join(parent);
            match fs::create_dir(&place) {
                Ok(()) => made.push(place),
                Err(fault) if fault.kind() == ErrorKind::AlreadyExists => {}
                Err(fault) => {
                    return Err(fault).with_context(|| format!("cannot create the directory `{}`", place.display()));
                }
            }
        }
        Ok(())
    }

    fn take_back(&self, steps: usize, made: &[PathBuf], fault: Error) -> Error {
        let undone = (0..steps).rev().try_for_each(|step| match self.changes[step].action {
            Action::Create(_) => fs::remove_file(self.target(step)),
            Action::Update(_) | Action::Remove => fs::rename(self.kept(step), self.target(step)),
        });
        for place in made.iter().rev() {
            let _ = fs::remove_dir(place);
        }
        if let Err(second) = undone {
            // The staging directory stays: its journal lets the next run see that the mixture is ours.
            let dir = self.dir.display();
            return fault
                .context(format!("`{dir}` now holds old and new files ({second}); run the same command again"));
        }
        self.abandon();
        fault.context(format!("cannot write into `{}`; nothing was changed", self.dir.display()))
    }

    fn target(&self, step: usize) -> PathBuf {
        self.dir.join(self.changes[step].path)
    }

    fn fresh(&self, step: usize) -> PathBuf {
        self.root.join(format!("{step}.new"))
    }

    fn kept(&self, step: usize) -> PathBuf {
        self.root.join(format!("{step}.old"))
    }
}

/// Directories above `paths` that are empty now. Failing is no harm: an empty directory means nothing.
pub fn remove_emptied<'a>(dir: &Path, paths: impl IntoIterator<Item = &'a str>) {
    for parent in paths.into_iter().flat_map(listing::parents) {
        let _ = fs::remove_dir(dir.join(parent));
    }
}

/// A second name for a file, so that taking a change back restores the very file; a copy where there are no hard links.
fn keep(file: &Path, kept: &Path) -> io::Result<()> {
    fs::hard_link(file, kept).or_else(|_| fs::copy(file, kept).map(drop))
}
