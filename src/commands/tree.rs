//! Reads a directory of manifests, a file or stdin. Follows no symbolic link out of a directory, and reads all or nothing.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, bail, ensure};

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

/// The files at `place`: a directory, one file, or stdin for `-`. `None` if there is nothing. The error tells all that is
/// wrong with all files.
pub fn read(place: &Path, wanted: Wanted) -> Result<Option<Tree>> {
    if place == Path::new("-") {
        let text = text("<stdin>", std::io::stdin().lock())?;
        return Ok(Some(Tree { files: vec![TreeFile { path: "<stdin>".to_owned(), text }] }));
    }
    // what somebody names may be a link to anywhere
    let found = match fs::metadata(place) {
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(None),
        found => found.with_context(|| format!("cannot look at `{}`", place.display()))?,
    };
    if !found.is_dir() {
        let path = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(Some(Tree { files: vec![TreeFile { path, text: manifest(place)? }] }));
    }
    let mut walk = Walk { root: place, wanted, tree: Tree::default(), faults: Vec::new() };
    walk.directory("");
    ensure!(walk.faults.is_empty(), told(&walk.faults));
    Ok(Some(walk.tree))
}

/// More of one sort are counted, not told.
pub const MOST_TOLD: usize = 20;

/// One fault a line; that they are errors is said of the first.
fn told(faults: &[Error]) -> String {
    let mut lines: Vec<String> = faults.iter().take(MOST_TOLD).map(|fault| format!("{fault:#}")).collect();
    if faults.len() > MOST_TOLD {
        lines.push(format!("and {} more", faults.len() - MOST_TOLD));
    }
    lines.join("\nerror: ")
}

/// What was found below a directory.
struct Walk<'a> {
    root: &'a Path,
    wanted: Wanted,
    tree: Tree,
    faults: Vec<Error>,
}

impl Walk<'_> {
    fn directory(&mut self, prefix: &str) {
        let dir = self.root.join(prefix);
        let list = || -> std::io::Result<Vec<fs::DirEntry>> {
            let mut found: Vec<_> = fs::read_dir(&dir)?.collect::<std::io::Result<_>>()?;
            found.sort_unstable_by_key(fs::DirEntry::file_name);
            Ok(found)
        };
        match list().with_context(|| format!("cannot list the directory `{}`", dir.display())) {
            Ok(entries) => {
                for entry in &entries {
                    if let Err(fault) = self.entry(prefix, entry) {
                        self.faults.push(fault);
                    }
                }
            }
            Err(fault) => self.faults.push(fault),
        }
    }

    fn entry(&mut self, prefix: &str, entry: &fs::DirEntry) -> Result<()> {
        let place = entry.path();
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            bail!("`{}` has a name that is not UTF-8", place.display());
        };
        let kind = entry.file_type().with_context(|| format!("cannot look at `{}`", place.display()))?;
        let path = format!("{prefix}{name}");
        if kind.is_symlink() {
            if let Some(target) = self.led_to(&place, &name)? {
                self.tree.files.push(TreeFile { path, text: manifest(&target)? });
            }
        } else if kind.is_dir() {
            if !is_hidden(&name) {
                self.directory(&format!("{path}/"));
            }
        } else if side::is_manifest(&name) {
            self.tree.files.push(TreeFile { path, text: manifest(&place)? });
        } else if self.wanted == Wanted::All && !WELCOME.contains(&name.as_str()) {
            let text = of_any(opened(&place)?).with_context(|| format!("cannot read `{}`", place.display()))?;
            self.tree.files.push(TreeFile { path, text });
        }
        Ok(())
    }

    /// The manifest that a link leads to, unless it is read where it lies: so a mounted ConfigMap shows files of a hidden
    /// directory.
    fn led_to(&self, link: &Path, name: &str) -> Result<Option<PathBuf>> {
        let (shown, root) = (link.display(), self.root.display());
        ensure!(self.wanted != Wanted::All, "`{shown}` is a symbolic link, which a tree of manifests cannot hold");
        // what Emacs leaves beside a file that is open leads nowhere
        if name.starts_with(".#") || !side::is_manifest(name) && !link.is_dir() {
            return Ok(None);
        }
        let lead =
            |place: &Path| fs::canonicalize(place).with_context(|| format!("cannot follow `{}`", place.display()));
        let (target, top) = (lead(link)?, lead(self.root)?);
        let Ok(within) = target.strip_prefix(&top) else {
            bail!(
                "`{shown}` is a symbolic link that leads out of `{root}` and is not followed; name where it leads as well"
            )
        };
        let is_seen = |path: &Path| !path.iter().any(|name| is_hidden(&name.to_string_lossy()));
        if target.is_dir() {
            ensure!(
                is_seen(within) || is_hidden(name),
                "`{shown}` is a symbolic link to a hidden directory and is not followed; name that directory as well"
            );
            return Ok(None);
        }
        let is_read = within.parent().is_none_or(is_seen) && side::is_manifest(&within.to_string_lossy());
        Ok((!is_read).then_some(target))
    }
}

/// Git and editors keep their own things in hidden directories.
fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

fn opened(place: &Path) -> Result<fs::File> {
    let shown = place.display();
    // what a shell puts in place of `<(helm template …)`
    let is_pipe = place.starts_with("/dev/fd");
    let is_file = is_pipe || fs::metadata(place).with_context(|| format!("cannot look at `{shown}`"))?.is_file();
    ensure!(is_file, "`{shown}` is not a regular file");
    fs::File::open(place).with_context(|| format!("cannot open `{shown}`"))
}

/// What nobody renders is a difference, whatever it is: what is no text gets a NUL.
fn of_any(reader: impl Read) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    reader.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| format!("\0{}", String::from_utf8_lossy(error.as_bytes()))))
}

fn manifest(place: &Path) -> Result<String> {
    let (file, name) = (opened(place)?, place.display().to_string());
    // a file that says how large it is need not be read for that
    let size = file.metadata().with_context(|| format!("cannot look at `{name}`"))?.len();
    ensure!(size <= LARGEST, too_large(&name));
    text(&name, file)
}

fn too_large(name: &str) -> String {
    format!("{name} is larger than {} MiB, which no file of manifests is", LARGEST >> 20)
}

fn text(name: &str, reader: impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    reader.take(LARGEST + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read `{name}`"))?;
    ensure!(bytes.len() as u64 <= LARGEST, too_large(name));
    String::from_utf8(bytes).or_else(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let place = Source { name, text: &before }.place(before.len());
        bail!("{name}:{}:{}: this byte is not UTF-8", place.line, place.column)
    })
}
