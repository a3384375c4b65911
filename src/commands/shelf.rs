//! What lies beside a description: in its directory, or in that directory at a revision that git keeps. Nothing outside of
//! it can be named, not by a symbolic link either.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, str};

use crate::stages::types::TEMPLATES;
use crate::tables::HashMap;
use crate::values::shelf::{MISSING, Shelf};

/// Larger than any file that a description could mean: a cluster keeps no object of a tenth of it.
const LARGEST: u64 = 64 << 20;

/// A text, or why there is none.
type Found = Result<Arc<str>, String>;

/// What has been read, by path.
#[derive(Debug, Default)]
struct Kept(Mutex<HashMap<String, Found>>);

impl Kept {
    fn or_read(&self, path: &str, read: impl FnOnce() -> Result<Vec<u8>, String>) -> Found {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry(path.to_owned()).or_insert_with(|| read().and_then(text)).clone()
    }
}

fn text(bytes: Vec<u8>) -> Found {
    String::from_utf8(bytes).map(Arc::from).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = String::from_utf8_lossy(valid).matches('\n').count() + 1;
        format!("has a byte in line {line} that is not UTF-8")
    })
}

/// The directory of a description.
#[derive(Debug)]
pub struct Directory {
    root: PathBuf,
    kept: Kept,
}

impl Directory {
    /// The directory in which the file at `path` stands; the current one for what is no file.
    pub fn of(path: &Path) -> Self {
        Self { root: directory(path).to_owned(), kept: Kept::default() }
    }
}

/// The directory of a path, which is never empty.
pub fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Shelf for Directory {
    fn text(&self, path: &str) -> Found {
        self.kept.or_read(path, || read(&self.root, path))
    }

    fn below(&self, directory: &str) -> Vec<String> {
        let mut found = Vec::new();
        collect(&self.root, directory, &mut found);
        found.sort_unstable();
        found
    }

    fn shown(&self, path: &str) -> String {
        match self.root.as_path() {
            here if here == Path::new(".") => path.to_owned(),
            root => root.join(path).display().to_string(),
        }
    }
}

fn read(root: &Path, path: &str) -> Result<Vec<u8>, String> {
    let why = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => MISSING.to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    let place = root.join(path).canonicalize().map_err(why)?;
    let leads_out = |of: &Path| of.canonicalize().map(|of| !place.starts_with(of)).map_err(why);
    if leads_out(root)? {
        return Err("leads out of the directory of the description".to_owned());
    }
    if Path::new(path).starts_with(TEMPLATES) && leads_out(&root.join(TEMPLATES))? {
        return Err(format!("leads out of `{TEMPLATES}`"));
    }
    let file = File::open(&place).map_err(why)?;
    if !file.metadata().map_err(why)?.is_file() {
        return Err("is no file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(why)?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("is larger than {} MiB", LARGEST >> 20));
    }
    Ok(bytes)
}

/// Directories that a symbolic link leads to are left alone, so that nothing goes round in circles.
fn collect(root: &Path, directory: &str, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(root.join(directory)) else { return };
    for entry in entries.flatten() {
        let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
        let path = if directory.is_empty() { name } else { format!("{directory}/{name}") };
        if kind.is_dir() {
            collect(root, &path, found);
        } else {
            found.push(path);
        }
    }
}

/// The same directory as git keeps it at a revision.
#[derive(Debug)]
pub struct Revision {
    root: PathBuf,
    name: String,
    kept: Kept,
}

impl Revision {
    /// The directory of the file at `path` at the revision `name`, which must not look like an option.
    pub fn of(path: &Path, name: &str) -> Self {
        Self { root: directory(path).to_owned(), name: name.to_owned(), kept: Kept::default() }
    }

    fn git(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let output = Command::new("git").arg("-C").arg(&self.root).args(arguments).stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("cannot be asked of git: {error}"))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(format!("cannot be had from git: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

impl Shelf for Revision {
    fn text(&self, path: &str) -> Found {
        self.kept.or_read(path, || {
            let shown = self.git(&["show", &format!("{}:./{path}", self.name)]);
            shown.map_err(|why| if self.below(path).is_empty() { MISSING.to_owned() } else { why })
        })
    }

    fn below(&self, directory: &str) -> Vec<String> {
        let place = if directory.is_empty() { "." } else { directory };
        let listed = self.git(&["ls-tree", "-r", "-z", "--name-only", &self.name, "--", place]).unwrap_or_default();
        let mut found: Vec<String> =
            listed.split(|byte| *byte == 0).filter_map(|path| str::from_utf8(path).ok()).map(str::to_owned).collect();
        found.retain(|path| !path.is_empty());
        found.sort_unstable();
        found
    }

    fn shown(&self, path: &str) -> String {
        format!("{}:{path}", self.name)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_leads_nowhere_else() {
        let outer = tempfile::tempdir().expect("there is room");
        let root = outer.path().join("platform");
        fs::create_dir_all(root.join("templates")).expect("there is room");
        for (file, text) in [("outside", "a"), ("platform/beside", "b"), ("platform/templates/own", "c")] {
            fs::write(outer.path().join(file), text).expect("there is room");
        }
        for (target, link) in [
            ("../outside", "out"),
            ("beside", "here"),
            ("../../outside", "templates/out"),
            ("../beside", "templates/here"),
            ("own", "templates/same"),
        ] {
            symlink(target, root.join(link)).expect("links can be made");
        }
        let shelf = Directory::of(&root.join("platform.toml"));
        let told = |path: &str| shelf.text(path).map_or_else(|why| why, |text| text.to_string());
        assert_eq!(told("here"), "b");
        assert_eq!(told("templates/same"), "c");
        assert_eq!(told("out"), "leads out of the directory of the description");
        assert_eq!(told("templates/out"), "leads out of the directory of the description");
        assert_eq!(told("templates/here"), "leads out of `templates`");
    }
}
