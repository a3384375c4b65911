//! Whatever is rendered has no findings, and whatever is given is judged without a crash.
#![allow(clippy::panic, reason = "a test fails by panicking")]

#[path = "support/random.rs"]
mod random;

use std::fs;
use std::path::PathBuf;

use platformgen::diagnostics::report::{Report, Severity};
use platformgen::diagnostics::source::Source;
use platformgen::manifest::read::Dialect;
use platformgen::model::tree::{Tree, TreeFile};
use platformgen::spec::shapes::Minor;
use platformgen::validate::groups::Group;
use platformgen::validate::world::Known;
use platformgen::validate::{Question, validate};
use platformgen::{emit, pipeline};
use proptest::prelude::*;

const MINORS: [Minor; 3] = [Minor::V1_35, Minor::V1_36, Minor::V1_37];

/// What is wrong with the objects that a description gives, a finding a line.
fn findings(description: &str) -> Vec<String> {
    let mut report = Report::default();
    let rendered = pipeline::render_as(description, None, &mut report, emit::writer());
    let (platform, bundle) = rendered.unwrap_or_else(|| panic!("it renders: {:?}", report.sorted()));
    let (tree, known) = (emit::tree(&bundle), pipeline::known(&platform, &bundle));
    MINORS.into_iter().flat_map(|minor| told(tree.clone(), minor, Dialect::Own, Some(&known))).collect()
}

fn told(tree: Tree, minor: Minor, dialect: Dialect, known: Option<&Known>) -> Vec<String> {
    let told = |file: platformgen::validate::Checked| {
        let source = Source { name: &file.path, text: &file.text };
        let errors = file.report.sorted().into_iter().filter(|found| found.severity == Severity::Error);
        errors
            .map(|found| format!("{}:{}: {}", file.path, source.place(found.span.start).line, found.message))
            .collect()
    };
    let question = Question { minor, dialect, known, groups: Vec::new() };
    validate(tree, &question).files.into_iter().flat_map::<Vec<String>, _>(told).collect()
}

#[test]
fn every_example_platform_is_without_findings() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut descriptions = vec![root.join("platform.toml")];
    descriptions.extend(
        fs::read_dir(root.join("tests/platforms"))
            .expect("it exists")
            .map(|entry| entry.expect("it can be listed").path()),
    );
    assert!(descriptions.len() > 3);
    for description in descriptions {
        let found = findings(&fs::read_to_string(&description).expect("descriptions are text"));
        assert!(found.is_empty(), "{}:\n{}", description.display(), found.join("\n"));
    }
}

/// A value of a random object put out of place: of another type, twice, misspelt, too large, missing.
fn bent() -> impl Strategy<Value = String> {
    let golden = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/production/api.yaml"));
    let lines: Vec<String> = golden.expect("golden is there").lines().map(str::to_owned).collect();
    (0..lines.len(), 0..6_usize, "\\PC{0,8}").prop_map(move |(at, how, noise)| {
        let mut lines = lines.clone();
        match how {
            0 => _ = lines.remove(at),
            1 => lines.insert(at, lines[at].clone()),
            2 => lines[at].push_str(&noise),
            3 => lines[at] = lines[at].split(':').next().unwrap_or_default().to_owned() + ": [" + &noise + "]",
            4 => lines[at] = lines[at].split(':').next().unwrap_or_default().to_owned() + ": 99999999999",
            _ => lines[at] = lines[at].replacen(char::is_alphabetic, "", 1),
        }
        lines.join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_platforms_are_without_findings(text in random::platforms()) {
        prop_assert_eq!(findings(&text), Vec::<String>::new());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_given_is_judged(text in prop_oneof![bent(), "\\PC{0,200}"]) {
        let tree = Tree { files: vec![TreeFile { path: "any.yaml".to_owned(), text }] };
        told(tree, Minor::V1_36, Dialect::Any, None);
    }
}

/// The flagship's files, changed, and what the connectivity theorem says about them.
fn theorem(change: impl Fn(&str, String) -> String) -> Vec<String> {
    let description = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("platform.toml"));
    let rendered = pipeline::render_as(&description.expect("it is text"), None, &mut Report::default(), emit::writer());
    let (platform, bundle) = rendered.expect("the flagship renders");
    let mut tree = emit::tree(&bundle);
    for file in &mut tree.files {
        file.text = change(&file.path, std::mem::take(&mut file.text));
    }
    let known = pipeline::known(&platform, &bundle);
    let question =
        Question { minor: Minor::V1_36, dialect: Dialect::Own, known: Some(&known), groups: vec![Group::Network] };
    let told = |file: platformgen::validate::Checked| {
        file.report.sorted().into_iter().map(|found| found.message.clone()).collect::<Vec<_>>()
    };
    validate(tree, &question).files.into_iter().flat_map(told).collect()
}

#[test]
fn what_is_open_is_what_is_declared() {
    assert_eq!(theorem(|_, text| text), Vec::<String>::new());
    let wider = theorem(|path, text| {
        if path == "production/auth.yaml" {
            text.replace("          port: 8080", "          port: 8080\n          endPort: 8090")
        } else {
            text
        }
    });
    assert!(wider.iter().all(|line| line.contains("nothing declares it")), "{wider:?}");
    let closed = theorem(
        |path, text| {
            if path == "production/api.yaml" { text.replace("port: 8080", "port: 8081") } else { text }
        },
    );
    let expected = "NetworkPolicy production/api: production/api → production/auth:8080 is declared, and the policies do not let it through";
    assert_eq!(closed, [expected]);
    let unpoliced = theorem(|path, text| {
        if path == "production/namespace.yaml" { text.replace("kind: NetworkPolicy", "kind: Nothing") } else { text }
    });
    assert!(unpoliced.iter().any(|line| line.contains("53 is declared, and")), "{unpoliced:?}");
}
