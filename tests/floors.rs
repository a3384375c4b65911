//! The shape of the code base, held by reading it: imports go down, files stay readable, only commands print.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use platformgen::parts::{payload, template};

/// The floors, from the ground up. A module imports only from its own floor's children or from floors below it.
const FLOORS: &[&[&str]] = &[
    &["ordered", "tables"],
    &["diagnostics", "shares", "values"],
    &["manifest", "sealing"],
    &["spec"],
    &["model", "reach", "rights", "schema"],
    &["parts"],
    &["derive"],
    &["components"],
    &["stages"],
    &["emit", "diff"],
    &["validate"],
    &["hatches"],
    &["views", "inventory"],
    &["pipeline", "manual"],
    &["causes", "provenance", "traces"],
    &["commands"],
    &["main", "lib"],
];

/// Longest file of code, tests at its end not counted.
const LONGEST: usize = 400;

fn sources() -> BTreeMap<String, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    collect(&root, &root, &mut found);
    found
}

fn collect(root: &Path, directory: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).expect("src can be listed") {
        let path = entry.expect("src can be listed").path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            let name = path.strip_prefix(root).expect("below src").to_string_lossy().into_owned();
            found.insert(name, fs::read_to_string(&path).expect("sources are text"));
        }
    }
}

/// `derive/edges.rs` stands in `derive`.
fn module(file: &str) -> &str {
    file.split(['/', '.']).next().expect("a path has a first part")
}

fn floor(module: &str) -> usize {
    FLOORS.iter().position(|floor| floor.contains(&module)).unwrap_or_else(|| panic!("`{module}` stands on no floor"))
}

/// The code without its tests.
fn code(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests").next().expect("a split has a first part")
}

fn imported(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).filter(|tail| !tail.starts_with('{')).map(module_of)
}

fn module_of(tail: &str) -> &str {
    tail.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .next()
        .expect("a split has a first part")
}

#[test]
fn imports_go_down() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let own = module(&file);
        for line in code(&text).lines().filter(|line| !line.trim_start().starts_with("//")) {
            for other in imported(line).filter(|other| *other != own) {
                if floor(other) >= floor(own) {
                    wrong.push(format!("{file} imports `{other}`: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What judges, and what makes that which is judged.
const JUDGES: &[&str] = &["diff", "reach", "rights", "schema", "validate"];
const MAKERS: &[&str] = &["parts", "derive", "components", "stages", "pipeline"];

#[test]
fn what_judges_shares_nothing_with_what_makes() {
    let mut wrong = Vec::new();
    for (file, text) in sources().iter().filter(|(file, _)| JUDGES.contains(&module(file))) {
        for line in code(text).lines().filter(|line| imported(line).any(|other| MAKERS.contains(&other))) {
            wrong.push(format!("{file}: {}", line.trim()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn templates_hold_payloads_and_no_kubernetes_objects() {
    let templates = payload::TEMPLATES;
    assert!(templates.len() > 5, "there are templates");
    for (path, text) in templates {
        let names_a_kind = text.lines().any(|line| line.starts_with("kind:"));
        assert!(!names_a_kind, "{path} is a Kubernetes object");
    }
}

/// Whoever writes a template in the place of a built-in one reads there what it is given.
#[test]
fn every_template_is_documented_with_what_it_knows() {
    let manual = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/templates.md"));
    let manual = manual.expect("docs/templates.md is there");
    let row = |path: &str| manual.lines().find(|line| line.starts_with('|') && line.contains(&format!("`{path}`")));
    for path in payload::paths() {
        assert!(row(path).is_some(), "docs/templates.md lacks {path}");
    }
    let engine = template::engine();
    for (path, text) in payload::TEMPLATES {
        let known = engine.template_from_str(text).expect("it is a template").undeclared_variables(false);
        let row = row(path).unwrap_or_default();
        let lacking: Vec<_> = known.iter().filter(|name| !row.contains(&format!("`{name}`"))).collect();
        assert!(lacking.is_empty(), "docs/templates.md does not say that {path} knows {lacking:?}");
    }
}

#[test]
fn components_never_import_each_other() {
    let mut wrong = Vec::new();
    for (file, text) in sources().iter().filter(|(file, _)| file.starts_with("components/")) {
        let own = file["components/".len()..].split(['/', '.']).next().expect("a path has a first part");
        for line in text.lines().filter(|line| line.contains("crate::components::")) {
            let other = line.split("crate::components::").nth(1).map_or("", module_of);
            let shared = ["entry", "references", "COMPONENTS"].contains(&other);
            if other != own && !shared {
                wrong.push(format!("{file}: {}", line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_readable_and_say_what_they_are() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let lines = code(&text).lines().count();
        if lines > LONGEST {
            wrong.push(format!("{file} has {lines} lines"));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{file} does not open with what it is"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_commands_touch_the_world() {
    const WORLD: &[&str] =
        &["println!", "eprintln!", "print!(", "std::fs", "std::io", "std::env", "std::net::Tcp", "std::time"];
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        if module(&file) == "commands" || module(&file) == "main" {
            continue;
        }
        for word in WORLD {
            if code(&text).contains(word) {
                wrong.push(format!("{file} uses {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_component_file_is_registered_documented_and_tested() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_else(|_| panic!("{path} can be read"));
    let (registry, reference) = (read("src/components.rs"), read("docs/reference.md"));
    let mut platforms = read("platform.toml");
    for entry in fs::read_dir(root.join("tests/platforms")).expect("tests/platforms exists") {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            platforms += &fs::read_to_string(path).expect("descriptions are text");
        }
    }
    for entry in platformgen::components::COMPONENTS {
        let file = format!("src/components/{}.rs", entry.name.replace('-', "_"));
        assert!(root.join(&file).exists(), "`{}` should live in {file}", entry.name);
        assert!(reference.contains(&format!("`{}`", entry.name)), "docs/reference.md lacks `{}`", entry.name);
        assert!(platforms.contains(&format!("\"{}\"", entry.name)), "no tested platform has a `{}`", entry.name);
        assert!(!entry.summary.is_empty() && entry.summary.ends_with('.'), "`{}` has no summary", entry.name);
    }
    for file in sources().keys().filter(|file| file.starts_with("components/") && file.matches('/').count() == 1) {
        let name = file.trim_start_matches("components/").trim_end_matches(".rs");
        assert!(registry.contains(&format!("mod {name};")), "{file} is not registered");
    }
}
