//! A directory in which the program is run.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::flagship::{TEXT, lay_out};

pub fn run(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_platformgen"))
        .args(arguments)
        .current_dir(dir)
        .env_remove("CI")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .output()
        .expect("the program runs")
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A directory with the flagship and its golden tree.
pub fn workshop() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("there is room");
    lay_out(dir.path());
    let written = run(dir.path(), &["render", "-o", "golden"]);
    assert!(written.status.success());
    dir
}

pub fn change(dir: &Path, from: &str, to: &str) {
    assert!(TEXT.contains(from), "{from}");
    fs::write(dir.join("platform.toml"), TEXT.replace(from, to)).expect("there is room");
}
