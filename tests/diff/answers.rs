//! Same or different: what the exit code says, of the rendered platform, of every environment and of trees that others
//! wrote.

use std::fs;

use platformgen::diff::change::What;
use platformgen::diff::compare::{Fate, compare};
use platformgen::diff::side::Side;
use platformgen::manifest::read::Dialect;
use platformgen::model::tree::{Tree, TreeFile};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::flagship::TEXT;
use crate::random;
use crate::trees::tree;
use crate::workshop::{change, run, stdout, workshop};

proptest! {
    // each case starts the program four times
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// `render -o d; diff d` says nothing, and says something once one byte of one file is another.
    #[test]
    fn a_platform_does_not_differ_from_what_it_was_written_as(description in random::platforms(), file in any::<Index>(), byte in any::<Index>()) {
        let dir = tempfile::tempdir().expect("there is room");
        let place = dir.path().join("platform.toml");
        fs::write(&place, &description).expect("there is room");
        prop_assert!(run(dir.path(), &["render", "-o", "d"]).status.success());
        let same = run(dir.path(), &["diff", "d"]);
        prop_assert_eq!((same.status.code(), same.stdout.len(), same.stderr.len()), (Some(0), 0, 0));
        let files = tree(&description).files;
        let TreeFile { path, text } = &files[file.index(files.len())];
        let mut bytes = text.clone().into_bytes();
        let at = byte.index(bytes.len());
        bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
        fs::write(dir.path().join("d").join(path), bytes).expect("there is room");
        prop_assert_ne!(run(dir.path(), &["diff", "d"]).status.code(), Some(0));
    }
}

#[test]
fn exit_codes_say_same_different_and_trouble() {
    let dir = workshop();
    let same = run(dir.path(), &["diff"]);
    assert_eq!((same.status.code(), stdout(&same).as_str()), (Some(0), ""));
    change(dir.path(), "cpu = 70", "cpu = 71");
    assert_eq!(run(dir.path(), &["diff"]).status.code(), Some(1));
    change(dir.path(), "cpu = 70", "cpu = seventy");
    let broken = run(dir.path(), &["diff"]);
    assert_eq!((broken.status.code(), stdout(&broken).as_str()), (Some(2), ""), "never looks like a difference");
}

#[test]
fn a_missing_file_and_an_orphan_are_differences() {
    let dir = workshop();
    fs::remove_file(dir.path().join("golden/production/api.yaml")).expect("it was rendered");
    fs::write(dir.path().join("golden/notes.txt"), "mine\n").expect("there is room");
    let output = run(dir.path(), &["diff", "--name-only"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), "notes.txt\nproduction/api.yaml\n"));
    fs::remove_dir_all(dir.path().join("golden")).expect("it was rendered");
    let output = run(dir.path(), &["diff"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("platformgen render -o golden"));
}

#[test]
fn foreign_trees_are_compared_as_well() {
    let dir = tempfile::tempdir().expect("there is room");
    let old = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports: &p\n  - {port: 80, protocol: TCP}\n  - {port: 443, protocol: TCP}\n";
    let new = "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"a\"}, \"spec\": {\"ports\": [{\"port\": 443, \"protocol\": \"TCP\", \"targetPort\": 8443}, {\"port\": 80, \"protocol\": \"TCP\"}]}}]}";
    fs::write(dir.path().join("old.yaml"), old).expect("there is room");
    fs::write(dir.path().join("new.yaml"), new).expect("there is room");
    let output = run(dir.path(), &["diff", "old.yaml", "new.yaml"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(stdout(&output).starts_with("+ Service a  .spec.ports[443/TCP].targetPort  8443\n"), "{}", stdout(&output));
}

#[test]
fn a_file_of_another_name_is_the_same_file_alone_and_another_one_in_a_tree() {
    let dir = tempfile::tempdir().expect("there is room");
    for (tree, name, text) in [
        ("old", "a.json", "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"a\"}}\n"),
        ("new", "a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
    ] {
        fs::create_dir(dir.path().join(tree)).expect("there is room");
        fs::write(dir.path().join(tree).join(name), text).expect("there is room");
    }
    let told = |old: &str, new: &str| stdout(&run(dir.path(), &["diff", old, new]));
    assert!(told("old", "new").starts_with("= ConfigMap a  moved from a.json to a.yaml\n"), "{}", told("old", "new"));
    assert!(!told("old/a.json", "new/a.yaml").contains("moved"), "two files are versions of one");
}

#[test]
fn between_environments_effects_are_what_would_be() {
    let dir = workshop();
    let note = "note: two environments are compared";
    let told = stdout(&run(dir.path(), &["diff", "--environment", "staging", "--against-environment", "base"]));
    assert!(told.contains(note), "{told}");
    change(dir.path(), "cpu = 70", "cpu = 71");
    assert!(!stdout(&run(dir.path(), &["diff"])).contains(note));
}

#[test]
fn quantities_of_one_amount_are_no_change() {
    let old = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, resources: {limits: {cpu: 1000m, memory: 1Gi}}}]}\n";
    let new = old.replace("1000m", "1").replace("1Gi", "1024Mi");
    let side = |text: &str| {
        let files = vec![TreeFile { path: "a.yaml".to_owned(), text: text.to_owned() }];
        Side::read(Tree { files }, Dialect::Any).unwrap_or_else(|faulty| panic!("{faulty:?}"))
    };
    let comparison = compare(&side(old), &side(&new));
    assert_eq!(comparison.objects.iter().map(|object| object.fate).collect::<Vec<_>>(), [Fate::Reformatted]);
    let comparison = compare(&side(old), &side(&old.replace("1000m", "1100m")));
    assert!(matches!(comparison.objects[0].changes[0].what, What::Changed(..)));
}

#[test]
fn every_environment_has_its_tree() {
    let dir = workshop();
    let code = |arguments: &[&str]| run(dir.path(), arguments).status.code();
    assert_eq!(code(&["render", "--all-environments", "-o", "trees"]), Some(0));
    assert_eq!(code(&["diff", "--all-environments", "trees"]), Some(0));
    for (own, environment) in [("base", None), ("staging", Some("staging"))] {
        let place = format!("trees/{own}");
        let chosen: Vec<&str> = environment.iter().flat_map(|name| ["--environment", name]).collect();
        assert_eq!(code(&[["diff", place.as_str()].as_slice(), &chosen].concat()), Some(0), "{own}");
    }
    let changed = dir.path().join("trees/staging/production/api.yaml");
    let text = fs::read_to_string(&changed).expect("it is there");
    fs::write(&changed, text.replace("maxReplicas: ", "maxReplicas: 1")).expect("it can be written");
    let told = run(dir.path(), &["diff", "--all-environments", "trees"]);
    assert_eq!(told.status.code(), Some(1));
    let told = stdout(&told);
    assert!(told.starts_with("~ HorizontalPodAutoscaler production/api") && !told.contains("base/"), "{told}");
    assert_eq!(code(&["diff", "--accept", "--all-environments", "trees"]), Some(0));
    assert_eq!(code(&["diff", "--all-environments", "trees"]), Some(0));
    // without a directory, each has a place of its own
    assert_eq!(code(&["diff", "--environment", "staging"]), Some(1), "nothing is kept yet");
    assert_eq!(code(&["diff", "--all-environments", "--accept"]), Some(0));
    // the tree of one does not take the place of another's by a slip
    assert_eq!(code(&["diff", "golden", "--environment", "staging", "--accept"]), Some(2));
    for arguments in [&["diff", "--all-environments"][..], &["diff"], &["diff", "--environment", "staging"]] {
        assert_eq!(code(arguments), Some(0), "{arguments:?}");
    }
    fs::create_dir(dir.path().join("environments/gone")).expect("it can be made");
    fs::copy(dir.path().join("environments/staging/cluster.yaml"), dir.path().join("environments/gone/cluster.yaml"))
        .expect("it can be copied");
    let told = stdout(&run(dir.path(), &["diff", "--all-environments", "--name-only"]));
    assert_eq!(told, "environments/gone/cluster.yaml\n");
    let judged = run(dir.path(), &["validate", "--all-environments"]);
    assert_eq!(judged.status.code(), Some(0), "{}", stdout(&judged));
}

/// What is chosen is told whole, and nothing of what is only called alike.
#[test]
fn only_what_is_chosen_is_told() {
    let dir = workshop();
    let gateway = "\n[components.image-proxy]\ntype = \"web-service\"\nnamespace = \"production\"\nimage = \"registry.example.com/acme/proxy:1.0.0\"\nport = 9000\ncalls = [\"image\"]\n";
    fs::write(dir.path().join("platform.toml"), format!("{TEXT}{gateway}")).expect("there is room");
    let connections = |only: &str| {
        let told = stdout(&run(dir.path(), &["diff", "--only", only]));
        told.lines().filter(|line| line.contains(" → ") && line.starts_with('+')).map(str::to_owned).collect::<Vec<_>>()
    };
    let call = "+ production/image-proxy → production/image:5000";
    assert_eq!(connections("production/image"), [call]);
    let own = connections("production/image-proxy");
    assert!(own.len() > 1 && own.iter().any(|line| line == call), "{own:?}");
    assert!(connections("production").len() >= own.len());
    let slip = run(dir.path(), &["diff", "--only", "production/image-prxy"]);
    assert_eq!(slip.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&slip.stderr).contains("did you mean `production/image-proxy`?"));
}

/// Only what was written for an environment is taken away, and only if nothing else lies there.
#[test]
fn the_tree_of_an_environment_that_is_gone_goes_too() {
    let dir = workshop();
    let code = |arguments: &[&str]| run(dir.path(), arguments).status.code();
    let is_there = |place: &str| dir.path().join(place).exists();
    assert_eq!(code(&["render", "--all-environments", "-o", "trees"]), Some(0));
    assert_eq!(code(&["diff", "--all-environments", "--accept"]), Some(0));
    let renamed = TEXT.replace("environments.staging", "environments.trial");
    fs::write(dir.path().join("platform.toml"), renamed).expect("there is room");
    let told = stdout(&run(dir.path(), &["diff", "--all-environments", "--name-only"]));
    assert!(told.contains("environments/staging/cluster.yaml\n"), "{told}");
    let notes = dir.path().join("environments/staging/notes.txt");
    fs::write(&notes, "somebody's own").expect("there is room");
    assert_eq!(code(&["diff", "--all-environments", "--accept"]), Some(2));
    assert!(is_there("environments/staging/cluster.yaml") && !is_there("environments/trial"), "nothing is written");
    fs::remove_file(notes).expect("it is there");
    // `golden` is of no environment, wherever it lies
    for place in [&["diff", "--accept"][..], &["render", "-o", "trees"], &["render", "-o", "."]] {
        assert_eq!(code(&[place, &["--all-environments"]].concat()), Some(0), "{place:?}");
    }
    for place in ["environments/staging", "trees/staging"] {
        assert!(!is_there(place), "{place}");
    }
    for place in ["golden", "environments/trial", "trees/trial", "trees/base"] {
        assert!(is_there(place), "{place}");
    }
}
