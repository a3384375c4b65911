//! What the README says of the example is true: its map from the architecture document to objects, which leaves no drawn
//! system out, and the Secrets that somebody must fill.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use platformgen::diagnostics::report::Report;
use platformgen::model::object::Object;
use platformgen::pipeline;

#[path = "support/flagship.rs"]
mod flagship;

/// Every box, layer and namespace that the document draws, by words that its row holds.
const DRAWN: &[&str] = &[
    "Ingress Controller",
    "TLS Termination",
    "API Service",
    "Auth Service",
    "Image Service",
    "PostgreSQL",
    "Redis",
    "S3",
    "Prometheus",
    "Grafana",
    "Alertmanager",
    "Docker Registry",
    "Registry UI",
    "External request",
    "by path",
    "ClusterIP",
    "Authentication flow",
    "Image storage",
    "Layer 1",
    "Layer 2",
    "Layer 3",
    "Layer 4",
    "Layer 5",
    "Alert rules",
    "HPA",
    "disruption budgets",
    "Multiple replicas",
    "Health checks",
    "oad balancing",
    "pull images",
    "Namespace production",
    "Namespace monitoring",
    "Namespace default",
    "Namespace cert-manager",
    "Namespace ingress-nginx",
];

fn read(path: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).expect("the file is in the repository")
}

/// The rows between the marks of this name.
fn table<'r>(readme: &'r str, mark: &str) -> impl Iterator<Item = &'r str> {
    let (_, tail) = readme.split_once(&format!("<!-- {mark} -->")).expect("the table begins");
    let (table, _) = tail.split_once(&format!("<!-- /{mark} -->")).expect("the table ends");
    table.lines()
}

fn map(readme: &str) -> Vec<(&str, &str)> {
    table(readme, "map")
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "))
        .filter(|(drawn, _)| *drawn != "in the document")
        .collect()
}

/// `Kind namespace/name`, or `Kind name` for cluster-scoped objects.
fn spelled(object: &Object) -> String {
    let id = object.id();
    if id.namespace.is_empty() {
        format!("{} {}", id.kind, id.name)
    } else {
        format!("{} {}/{}", id.kind, id.namespace, id.name)
    }
}

/// The names between backquotes.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn objects() -> Vec<Object> {
    let mut report = Report::default();
    let (_, bundle) = pipeline::render(flagship::described(), None, &mut report).expect("the flagship is right");
    bundle.objects.into_iter().map(|placed| placed.object).collect()
}

/// What the operator makes out of the store is what somebody without it has to make.
#[test]
fn every_secret_is_listed_with_its_keys() {
    let made = objects().into_iter().filter_map(|object| match object {
        Object::ExternalSecret(secret) => {
            let id = format!("{}/{}", secret.metadata.namespace.clone().unwrap_or_default(), secret.spec.target.name);
            let keys: BTreeSet<String> = match &secret.spec.target.template {
                Some(template) => template.data.keys().cloned().collect(),
                None => secret.spec.data.iter().map(|data| data.secret_key.clone()).collect(),
            };
            Some((id, keys))
        }
        _ => None,
    });
    let readme = read("README.md");
    let listed = table(&readme, "secrets").filter(|row| row.starts_with("| `")).map(|row| {
        let mut cells = row.split(" | ");
        let mut names = |what: &str| quoted(cells.next().expect(what)).map(str::to_owned).collect::<Vec<_>>();
        (names("the Secret").concat(), names("its keys").into_iter().collect())
    });
    assert_eq!(listed.collect::<Vec<_>>(), made.collect::<BTreeMap<_, _>>().into_iter().collect::<Vec<_>>());
}

#[test]
fn every_object_of_the_map_is_rendered() {
    let objects: BTreeSet<String> = objects().iter().map(spelled).collect();
    let readme = read("README.md");
    let mut missing = Vec::new();
    let mut named = 0;
    for (drawn, cell) in map(&readme) {
        for object in quoted(cell).filter(|text| text.contains(' ')) {
            named += 1;
            // Names that end in a hash of their content are given without it.
            let hashed = |known: &String| {
                known.strip_prefix(object).is_some_and(|tail| tail.len() == 11 && tail.starts_with('-'))
            };
            if !objects.contains(object) && !objects.iter().any(hashed) {
                missing.push(format!("{drawn}: {object}"));
            }
        }
    }
    assert!(named > 60, "the map names objects");
    assert!(missing.is_empty(), "not rendered:\n{}", missing.join("\n"));
}

#[test]
fn every_drawn_system_has_a_row() {
    let readme = read("README.md");
    let rows: Vec<&str> = map(&readme).into_iter().map(|(drawn, _)| drawn).collect();
    for drawn in DRAWN {
        assert!(rows.iter().any(|row| row.contains(drawn)), "the map has no row for {drawn}");
    }
}

/// The lists of an environment take the place of those of the description.
#[test]
fn the_example_of_an_environment_is_rendered_as_it_says() {
    let page = read("docs/environments.md");
    let example: Vec<&str> = table(&page, "example").filter(|line| !line.starts_with("```")).collect();
    let annotations = |environment: Option<&str>| {
        let mut report = Report::default();
        let (_, bundle) = pipeline::render(example.join("\n").as_str(), environment, &mut report)
            .unwrap_or_else(|| panic!("{:?}", report.sorted()));
        let web = bundle.objects.into_iter().find(|placed| placed.id.kind == "Service").expect("there is one");
        let web = serde_json::to_value(&web.object).expect("an object is JSON");
        let found = web["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
        found.into_iter().map(|(key, _)| key).filter(|key| key.starts_with("example.com/")).collect::<Vec<_>>()
    };
    assert_eq!(annotations(None), ["example.com/tier"]);
    assert_eq!(annotations(Some("staging")), ["example.com/owner"]);
}
