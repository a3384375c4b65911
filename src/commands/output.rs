//! Where rendered text goes: into a directory that holds nothing else, or to standard output.
//! Must never know how the text came about, and never write, follow or remove anything outside the directory.

pub mod listing;
pub mod staging;
pub mod survey;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::commands::output::staging::{Action, Change, Staging};
use crate::commands::output::survey::Survey;
use crate::model::tree::Tree;
use crate::ordered::Ordered;

/// What [`write_directory`] did; paths are relative to the directory, in the order of the tree, removed ones sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Files that were not there.
    pub created: Vec<String>,
    /// Files that were there with another content.
    pub updated: Vec<String>,
    /// Files of an earlier run that the tree no longer has.
    pub removed: Vec<String>,
    /// How many files were there with this content; they are not touched.
    pub unchanged: usize,
}

/// Makes `dir` hold exactly `tree`, creating it when it is missing. Refuses a directory with anything that an earlier
/// run did not write, apart from `.gitignore`, `.gitattributes` and `.gitkeep`; on any error the directory is as before.
/// A killed run may leave old and new files side by side; the next run recognises and repairs that.
///
/// Guards against what is there, not against someone who swaps directories for links while it works.
pub fn write_directory(dir: &Path, tree: &Tree) -> Result<Written> {
    listing::check(tree)?;
    let made = create(dir)?;
    let written = replace(dir, tree);
    if written.is_err() {
        remove(&made);
    }
    written
}

/// Takes away what an earlier run wrote into `dir`, and `dir` itself. Refuses as [`write_directory`] does.
pub fn remove_directory(dir: &Path) -> Result<Written> {
    let written = replace(dir, &Tree::default())?;
    // what may stay keeps its directory
    let _ = fs::remove_dir(dir);
    Ok(written)
}

/// Writes `pieces` to standard output, see [`write_stream`].
pub fn write_stdout(pieces: impl IntoIterator<Item: AsRef<str>>) -> Result<()> {
    write_stream(&mut BufWriter::with_capacity(1 << 16, io::stdout().lock()), pieces)
}

/// Writes all `pieces`, one after the other. A reader that has closed the pipe (`platformgen render | head`) has seen what it wanted: that
/// is no error, and the command ends with the exit code that it would have had, as ripgrep does.
/// Rust programs ignore SIGPIPE, so the closed pipe arrives here as an error and not as a signal.
pub fn write_stream(out: &mut dyn Write, pieces: impl IntoIterator<Item: AsRef<str>>) -> Result<()> {
    let mut pieces = pieces.into_iter();
    match pieces.try_for_each(|piece| out.write_all(piece.as_ref().as_bytes())).and_then(|()| out.flush()) {
        Err(fault) if fault.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to standard output"),
    }
}

/// Says something to the user. Nobody may be listening, and then there is nobody to tell.
pub fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

fn replace(dir: &Path, tree: &Tree) -> Result<Written> {
    let _held = staging::lock(dir)?;
    let survey = survey::survey(dir, tree)?;
    let (changes, unchanged) = compare(dir, tree, &survey)?;
    if !changes.is_empty() || survey.leftover {
        let staging = Staging::prepare(dir, &changes, &survey.owned, survey.leftover)?;
        staging.apply()?;
        let wanted: BTreeSet<&str> = tree.files.iter().map(|file| file.path.as_str()).ordered();
        staging::remove_emptied(dir, survey.owned.iter().map(String::as_str).filter(|path| !wanted.contains(path)));
        staging.close()?;
    }
    Ok(Written::from(&changes, unchanged))
}

/// What has to change, in the order in which it is safe: new files, the list of them (last in the tree), removals.
fn compare<'a>(dir: &Path, tree: &'a Tree, survey: &'a Survey) -> Result<(Vec<Change<'a>>, usize)> {
    let mut stale = survey.present.clone();
    let mut changes = Vec::new();
    for file in &tree.files {
        let (path, text) = (file.path.as_str(), file.text.as_str());
        if !stale.remove(path) {
            changes.push(Change { path, action: Action::Create(text) });
        } else if !holds(&dir.join(path), text)? {
            changes.push(Change { path, action: Action::Update(text) });
        }
    }
    let unchanged = tree.files.len() - changes.len();
    let stale = survey.present.iter().filter(|path| stale.contains(*path));
    changes.extend(stale.map(|path| Change { path, action: Action::Remove }));
    Ok((changes, unchanged))
}

/// Whether the file has this content already. Files of another length are not read.
fn holds(place: &Path, text: &str) -> Result<bool> {
    let same = || -> io::Result<bool> {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        Ok(fs::metadata(place)?.len() == length && fs::read(place)? == text.as_bytes())
    };
    same().with_context(|| format!("cannot read `{}`", place.display()))
}

/// Creates `dir` if it is missing; returns the directories that this takes, the deepest first.
fn create(dir: &Path) -> Result<Vec<PathBuf>> {
    ensure!(!dir.as_os_str().is_empty(), "the output directory is an empty text; name a directory, `.` for this one");
    let is_loose = dir.is_symlink() && !dir.exists();
    ensure!(!is_loose, "`{}` is a symbolic link that leads nowhere; name a new or empty directory", dir.display());
    if let Ok(found) = fs::metadata(dir) {
        ensure!(found.is_dir(), "`{}` is not a directory; name a new or empty one", dir.display());
    }
    let is_missing = |place: &&Path| {
        fs::symlink_metadata(place).is_err_and(|fault| fault.kind() == ErrorKind::NotFound)
            && !place.as_os_str().is_empty()
    };
    let missing: Vec<PathBuf> = dir.ancestors().take_while(is_missing).map(Path::to_owned).collect();
    fs::create_dir_all(dir).map_err(|fault| {
        remove(&missing);
        anyhow::Error::new(fault).context(format!("cannot create the directory `{}`", dir.display()))
    })?;
    Ok(missing)
}

/// Removes directories that we created, if nothing is in them.
fn remove(made: &[PathBuf]) {
    for place in made {
        let _ = fs::remove_dir(place);
    }
}

impl fmt::Display for Written {
    /// One line of counts, then a line for each file that changed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [("created", &self.created), ("updated", &self.updated), ("removed", &self.removed)];
        for (word, list) in counts {
            write!(f, "{} {word}, ", list.len())?;
        }
        write!(f, "{} unchanged", self.unchanged)?;
        for (sign, list) in ["+", "~", "-"].into_iter().zip(counts.map(|(_, list)| list)) {
            for path in list {
                write!(f, "\n  {sign} {path}")?;
            }
        }
        Ok(())
    }
}

impl Written {
    fn from(changes: &[Change], unchanged: usize) -> Self {
        let mut written = Self { unchanged, ..Self::default() };
        for change in changes {
            let list = match change.action {
                Action::Create(_) => &mut written.created,
                Action::Update(_) => &mut written.updated,
                Action::Remove => &mut written.removed,
            };
            list.push(change.path.to_owned());
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    /// Takes a few bytes, then fails in one way.
    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            if buffer.len() > 10 { Ok(10) } else { Err(self.0.into()) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_quiet_and_other_faults_are_not() {
        let text = "kind: Namespace\n".repeat(1000);
        assert!(write_stream(&mut Broken(io::ErrorKind::BrokenPipe), [&text]).is_ok());
        assert!(write_stream(&mut Broken(io::ErrorKind::StorageFull), [&text]).is_err());

        let (reader, mut writer) = io::pipe().expect("pipes are free");
        drop(reader);
        assert!(write_stream(&mut writer, [&text]).is_ok(), "a real pipe");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error() {
        let full = || File::options().write(true).open("/dev/full").expect("every Linux has it");
        for text in ["a", &"kind: Namespace\n".repeat(100_000)] {
            let message = format!("{:#}", write_stream(&mut full(), [text]).expect_err("there is no room"));
            assert!(message.starts_with("cannot write to standard output: "), "{message}");
            assert!(write_stream(&mut BufWriter::new(full()), [text]).is_err(), "found by the flush");
        }
    }

    #[test]
    fn a_stream_is_written_as_it_is() {
        let mut out = Vec::new();
        write_stream(&mut out, ["a: ", "ü\n"]).expect("memory takes all");
        assert_eq!(out, "a: ü\n".as_bytes());
    }
}
