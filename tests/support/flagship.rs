//! The flagship: `platform.toml` with what lies beside it.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use platformgen::commands::shelf::Directory;
use platformgen::values::shelf::Described;

/// The description.
pub const TEXT: &str = include_str!("../../platform.toml");

/// What lies beside it.
const BESIDE: &[&str] = &["manifests", "templates"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The flagship.
pub fn described() -> Described<'static> {
    with_text(TEXT)
}

/// What lies beside the flagship, and another text in the place of its own.
pub fn with_text(text: &str) -> Described<'_> {
    static SHELF: LazyLock<Directory> = LazyLock::new(|| Directory::of(&root().join("platform.toml")));
    Described { text, shelf: &*SHELF, is_locked: false, is_alone: false }
}

/// Writes the flagship into a directory.
pub fn lay_out(directory: &Path) {
    fs::write(directory.join("platform.toml"), TEXT).expect("there is room");
    for beside in BESIDE {
        copy(&root().join(beside), &directory.join(beside));
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("there is room");
    for entry in fs::read_dir(from).expect("it can be listed") {
        let entry = entry.expect("it can be listed");
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("there is room");
        }
    }
}
