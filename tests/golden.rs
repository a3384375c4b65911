//! The flagship, `platform.toml`, renders to `golden/` byte for byte, and each of its environments to `environments/NAME/`:
//! twice, in any order of its tables, and nothing there is an orphan. Bless a wanted change with
//! `cargo run --release -- diff --all-environments --accept`.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use platformgen::diagnostics::report::Report;
use platformgen::emit;
use platformgen::model::tree::Tree;
use platformgen::pipeline;
use platformgen::views::lines::hunks;

#[path = "support/flagship.rs"]
mod flagship;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rendered(text: &str) -> Tree {
    rendered_in(text, None)
}

fn rendered_in(text: &str, environment: Option<&str>) -> Tree {
    let mut report = Report::default();
    let rendered = pipeline::render(flagship::with_text(text), environment, &mut report);
    let (_, bundle) = rendered.unwrap_or_else(|| panic!("the description is wrong: {:#?}", report.sorted()));
    emit::tree(&bundle)
}

fn files_below(directory: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).expect("it can be listed") {
        let entry = entry.expect("it can be listed");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            files_below(&entry.path(), &format!("{name}/"), found);
        } else {
            found.insert(name, fs::read_to_string(entry.path()).expect("golden files are text"));
        }
    }
}

#[test]
fn the_flagship_and_its_environments_render_to_what_is_kept_and_nothing_else_is_there() {
    let mut kept = BTreeMap::new();
    for place in ["golden", "environments"] {
        files_below(&root().join(place), &format!("{place}/"), &mut kept);
    }
    let environments = pipeline::environments(flagship::TEXT);
    assert!(!environments.is_empty(), "the flagship has environments");
    let places = environments.iter().map(|name| (Some(name.as_str()), format!("environments/{name}")));
    for (environment, place) in places.chain([(None, "golden".to_owned())]) {
        for file in rendered_in(flagship::TEXT, environment).files {
            let path = format!("{place}/{}", file.path);
            let expected = kept.remove(&path).unwrap_or_else(|| panic!("{path} is missing"));
            let changes = hunks(&expected, &file.text, 3).concat();
            assert!(expected == file.text, "{path} differs:\n{changes}");
        }
    }
    assert!(kept.is_empty(), "orphans: {:?}", kept.keys());
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    assert_eq!(rendered(flagship::TEXT), rendered(flagship::TEXT));
}

/// The tables of a description, each with its header and the comments above it.
fn tables(text: &str) -> Vec<String> {
    let mut tables = vec![String::new()];
    for line in text.lines() {
        if line.starts_with('[') {
            tables.push(String::new());
        }
        let current = tables.last_mut().expect("there is always one");
        current.push_str(line);
        current.push('\n');
    }
    tables
}

#[test]
fn the_order_of_tables_does_not_reach_the_output() {
    let text = flagship::TEXT;
    let mut shuffled = tables(text);
    assert!(shuffled.len() > 20, "the flagship has many tables");
    shuffled[1..].reverse();
    assert_eq!(rendered(text), rendered(&shuffled.concat()), "reversed");
    shuffled[1..].rotate_left(7);
    assert_eq!(rendered(text), rendered(&shuffled.concat()), "rotated");
}

#[test]
fn line_endings_do_not_reach_the_output() {
    assert_eq!(rendered(flagship::TEXT), rendered(&flagship::TEXT.replace('\n', "\r\n")));
}
