//! Acceptance cases: each folder of `tests/cases/` is one run of the program as a user sees it.
//!
//! `command` holds the arguments, one a line; `code` the exit code; `stdout` and `stderr` the exact texts (an absent
//! `stdout` means empty); the folder is the working directory, so `input.toml` is named as such. Bless wanted changes
//! with `PLATFORMGEN_BLESS=1 cargo test --test cases`.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use platformgen::diagnostics::codes;
use platformgen::views::lines::hunks;

fn cases() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .expect("tests/cases exists")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    cases.sort();
    cases
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn every_case_prints_what_its_files_say() {
    let bless = std::env::var_os("PLATFORMGEN_BLESS").is_some();
    let mut failures = Vec::new();
    for case in cases() {
        let arguments = read(&case.join("command"));
        let stdin = match fs::File::open(case.join("stdin")) {
            Ok(file) => Stdio::from(file),
            Err(_) => Stdio::null(),
        };
        let output = Command::new(env!("CARGO_BIN_EXE_platformgen"))
            .args(arguments.lines())
            .current_dir(&case)
            .env_remove("NO_COLOR")
            .stdin(stdin)
            .output()
            .expect("the program runs");
        let code = output.status.code().map_or("signal".to_owned(), |code| code.to_string());
        let got = [
            ("code", format!("{code}\n")),
            ("stdout", String::from_utf8_lossy(&output.stdout).into_owned()),
            ("stderr", String::from_utf8_lossy(&output.stderr).into_owned()),
        ];
        for (name, text) in got {
            let path = case.join(name);
            if read(&path) == text {
                continue;
            }
            if bless {
                fs::write(&path, &text).expect("cases can be blessed");
            } else {
                let expected = read(&path);
                failures.push(format!("{}\n{}", path.display(), hunks(&expected, &text, 3).concat()));
            }
        }
    }
    assert!(failures.is_empty(), "{} cases differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_diagnostic_code_has_a_case_and_a_line_in_the_reference() {
    let shown: String =
        cases().iter().flat_map(|case| ["stderr", "stdout"].map(|name| read(&case.join(name)))).collect();
    let reference = read(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/reference.md"));
    let mut seen = BTreeSet::new();
    for (code, meaning) in codes::ALL {
        assert!(seen.insert(code), "`{code}` is listed twice");
        let is_shown = [format!("[{code}]"), format!(": {code}: ")].iter().any(|mark| shown.contains(mark));
        assert!(is_shown, "no case shows `{code}`");
        assert!(
            reference.contains(&format!("`{code}`")) && reference.contains(meaning),
            "docs/reference.md lacks `{code}`"
        );
    }
}
