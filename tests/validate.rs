//! Whatever is rendered has no findings, and whatever is given is judged without a crash.
#![allow(clippy::panic, reason = "a test fails by panicking")]

#[path = "support/flagship.rs"]
mod flagship;
#[path = "support/random.rs"]
mod random;

use std::fs;
use std::path::PathBuf;

use platformgen::commands::shelf::Directory;
use platformgen::diagnostics::report::{Report, Severity};
use platformgen::diagnostics::source::Source;
use platformgen::manifest::read::Dialect;
use platformgen::model::tree::{Tree, TreeFile};
use platformgen::spec::shapes::Minor;
use platformgen::validate::groups::Group;
use platformgen::validate::wanted::Wanted;
use platformgen::validate::world::Known;
use platformgen::validate::{Question, validate};
use platformgen::values::shelf::Described;
use platformgen::{emit, pipeline};
use proptest::prelude::*;

const MINORS: [Minor; 3] = [Minor::V1_35, Minor::V1_36, Minor::V1_37];

/// What is wrong with the objects that a description gives, a finding a line.
fn findings<'a>(description: impl Into<Described<'a>>) -> Vec<String> {
    let mut report = Report::default();
    let rendered = pipeline::render_as(description, None, &mut report, emit::writer);
    let (platform, bundle) = rendered.unwrap_or_else(|| panic!("it renders: {:?}", report.sorted()));
    let (tree, known) = (emit::tree(&bundle), pipeline::known(&platform, &bundle));
    MINORS.into_iter().flat_map(|minor| told(tree.clone(), minor, Dialect::Own, Some(&known))).collect()
}

fn told(tree: Tree, minor: Minor, dialect: Dialect, known: Option<&Known>) -> Vec<String> {
    let told = |file: platformgen::validate::Checked| {
        let source = Source { name: &file.path, text: &file.text };
        let all = file.report.sorted().into_iter().filter(|found| found.severity != Severity::Note);
        all.map(|found| format!("{}:{}: {}", file.path, source.place(found.span.start()).line, found.message)).collect()
    };
    let question = Question { minor, dialect, known, wanted: Wanted::default() };
    validate(tree, &question).files.into_iter().flat_map::<Vec<String>, _>(told).collect()
}

#[test]
fn every_example_platform_is_without_findings() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut descriptions = vec![root.join("platform.toml")];
    descriptions.extend(
        fs::read_dir(root.join("tests/platforms"))
            .expect("it exists")
            .map(|entry| entry.expect("it can be listed").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml")),
    );
    assert!(descriptions.len() > 3);
    for description in descriptions {
        let text = fs::read_to_string(&description).expect("descriptions are text");
        let found =
            findings(Described { text: &text, shelf: &Directory::of(&description), is_locked: false, is_alone: false });
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

/// The flagship's files, changed, and what groups of checks say about them.
fn flagship(groups: &[Group], changes: impl Iterator<Item = impl Fn(&str, &str) -> String>) -> Vec<Vec<String>> {
    let rendered = pipeline::render_as(flagship::described(), None, &mut Report::default(), emit::writer);
    let (platform, bundle) = rendered.expect("the flagship renders");
    let (tree, known) = (emit::tree(&bundle), pipeline::known(&platform, &bundle));
    let question =
        Question { minor: Minor::V1_36, dialect: Dialect::Own, known: Some(&known), wanted: Wanted::of(groups) };
    let told = |file: platformgen::validate::Checked| {
        file.report.sorted().into_iter().map(|found| found.message.clone()).collect::<Vec<_>>()
    };
    let judged = |change: _| {
        let file = |file: &TreeFile| TreeFile { path: file.path.clone(), text: change_one(&change, file) };
        let changed = Tree { files: tree.files.iter().map(file).collect() };
        validate(changed, &question).files.into_iter().flat_map(told).collect()
    };
    changes.map(judged).collect()
}

fn change_one(change: &impl Fn(&str, &str) -> String, file: &TreeFile) -> String {
    change(&file.path, &file.text)
}

/// What the connectivity theorem says.
fn theorem(change: impl Fn(&str, &str) -> String) -> Vec<String> {
    flagship(&[Group::Network], std::iter::once(change)).concat()
}

/// Kinds of which no object can go without leaving a name, a selector or a connection that leads nowhere.
const NEEDED: &[&str] = &[
    "CiliumNetworkPolicy",
    "ClusterIssuer",
    "ClusterRole",
    "ConfigMap",
    "ExternalSecret",
    "Issuer",
    "Namespace",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "PriorityClass",
    "Role",
    "ServiceAccount",
];

/// What can go: every pod has a policy of its own besides, every cluster has the namespace, and a program looks for the
/// ConfigMap by an argument.
const SPARE: &[&str] = &["NetworkPolicy default-deny-all", "Namespace default", "ConfigMap ingress-nginx-controller"];

#[test]
fn nothing_that_is_needed_can_be_taken_away_unnoticed() {
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut removed = Vec::new();
    for file in platformgen::commands::tree::read(&golden, platformgen::commands::tree::Wanted::Manifests)
        .expect("golden can be read")
        .expect("golden is there")
        .files
    {
        for (at, document) in file.text.split("---\n").enumerate() {
            let of =
                |key: &str| document.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().to_owned();
            if NEEDED.contains(&of("kind: ").as_str()) {
                removed.push((file.path.clone(), at, format!("{} {}", of("kind: "), of("  name: "))));
            }
        }
    }
    assert!(removed.len() > 50, "{removed:?}");
    let changes = removed.iter().map(|(path, at, _)| {
        move |own: &str, text: &str| {
            if own != path {
                return text.to_owned();
            }
            let kept = text.split("---\n").enumerate().filter(|(number, _)| number != at).map(|(_, document)| document);
            kept.collect::<Vec<_>>().join("---\n")
        }
    });
    let found = flagship(&[Group::References, Group::Network], changes);
    let unnoticed: Vec<&str> = removed
        .iter()
        .zip(found)
        .filter(|(_, found)| found.is_empty())
        .map(|((.., name), _)| name.as_str())
        .filter(|name| !SPARE.contains(name))
        .collect();
    assert!(unnoticed.is_empty(), "taken away, and nothing is told: {unnoticed:#?}");
}

#[test]
fn what_is_open_is_what_is_declared() {
    assert_eq!(theorem(|_, text| text.to_owned()), Vec::<String>::new());
    let wider = theorem(|path, text| {
        if path == "production/auth.yaml" {
            text.replace("          port: 8080", "          port: 8080\n          endPort: 8090")
        } else {
            text.to_owned()
        }
    });
    assert!(wider.iter().all(|line| line.contains("nothing declares it")), "{wider:?}");
    let closed =
        theorem(
            |path, text| {
                if path == "production/api.yaml" { text.replace("port: 8080", "port: 8081") } else { text.to_owned() }
            },
        );
    let expected = "NetworkPolicy production/api: production/api → production/auth:8080 is declared, and the policies do not let it through";
    assert_eq!(closed, [expected]);
    let unpoliced = theorem(|path, text| {
        if path == "production/namespace.yaml" {
            text.replace("kind: NetworkPolicy", "kind: Nothing")
        } else {
            text.to_owned()
        }
    });
    assert!(unpoliced.iter().any(|line| line.contains("53 is declared, and")), "{unpoliced:?}");
}
