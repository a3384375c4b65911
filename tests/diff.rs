//! What `diff` promises: it is silent where nothing differs, tells each difference at its place and nowhere else, and
//! never tells a secret.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use platformgen::diagnostics::report::Report;
use platformgen::diff::change::What;
use platformgen::diff::compare::{Comparison, Fate, compare};
use platformgen::diff::side::Side;
use platformgen::manifest::read::Dialect;
use platformgen::model::tree::{Tree, TreeFile};
use platformgen::views::paint::Paint;
use platformgen::views::text::{Look, text};
use platformgen::views::{json, markdown, unified};
use platformgen::{emit, pipeline};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

#[path = "support/random.rs"]
mod random;

const FLAGSHIP: &str = include_str!("../platform.toml");

fn tree(description: &str) -> Tree {
    let (_, bundle) = pipeline::render(description, None, &mut Report::default()).expect("the description is right");
    emit::tree(&bundle)
}

fn flagship() -> Tree {
    static TREE: LazyLock<Tree> = LazyLock::new(|| tree(FLAGSHIP));
    TREE.clone()
}

fn side(tree: Tree) -> Side {
    Side::read(tree, Dialect::Own).unwrap_or_else(|faulty| panic!("{faulty:?}"))
}

fn between(old: Tree, new: Tree) -> Comparison {
    compare(&side(old), &side(new))
}

/// Every document of a tree of ours, as text, with its file.
fn documents(tree: &Tree) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, file) in tree.files.iter().enumerate().filter(|(_, file)| file.path != "kustomization.yaml") {
        let pieces = file.text.split("---\n").filter(|text| !text.is_empty());
        found.extend(pieces.map(|text| (at, text.to_owned())));
    }
    found
}

/// A tree of these documents in the files of `tree`.
fn with_documents(tree: &Tree, documents: &[(usize, String)]) -> Tree {
    let files = tree.files.iter().enumerate().map(|(at, file)| {
        let own: Vec<String> =
            documents.iter().filter(|(home, _)| *home == at).map(|(_, text)| format!("---\n{text}")).collect();
        // what lists the others holds none of them
        let text = if file.path == "kustomization.yaml" { file.text.clone() } else { own.concat() };
        TreeFile { path: file.path.clone(), text }
    });
    Tree { files: files.collect() }
}

/// The way to a plain value: keys and positions.
type Way = Vec<String>;

fn leaves(value: &Value, way: &Way, found: &mut Vec<Way>) {
    let step = |name: &str| -> Way { way.iter().cloned().chain([name.to_owned()]).collect() };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| leaves(value, &step(key), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| leaves(item, &step(&at.to_string()), found));
        }
        // nothing is what is not there
        Value::Null => {}
        _ => found.push(way.clone()),
    }
}

fn at_mut<'v>(value: &'v mut Value, way: &[String]) -> &'v mut Value {
    way.iter().fold(value, |value, step| match value {
        Value::Array(items) => &mut items[step.parse::<usize>().expect("a position")],
        Value::Object(map) => map.get_mut(step).expect("a key"),
        _ => panic!("{way:?} leads nowhere"),
    })
}

/// What a reported path leads to in a value, by the names or positions in its brackets: the way in keys and positions.
fn resolve(value: &Value, path: &str) -> Option<Way> {
    let (mut value, mut way, mut rest) = (value, Way::new(), path);
    while !rest.is_empty() {
        let Value::Array(items) = value else {
            let Value::Object(map) = value else { return None };
            // the longest key that the path goes on with, bare or in brackets
            let fits = |key: &str| {
                [format!(".{key}"), format!("[{key}]")].into_iter().find(|text| rest.starts_with(text.as_str()))
            };
            let (key, text) =
                map.keys().filter_map(|key| Some((key, fits(key)?))).max_by_key(|(_, text)| text.len())?;
            rest = &rest[text.len()..];
            way.push(key.clone());
            value = &map[key];
            continue;
        };
        // an item may have brackets in its name: the longest that is there wins
        let ends: Vec<usize> = rest.match_indices(']').map(|(at, _)| at).collect();
        let (at, end) = ends.into_iter().rev().find_map(|end| {
            let name = &rest[1..end];
            let named = items.iter().position(|item| is_called(item, name));
            let placed = name.parse::<usize>().ok().filter(|at| *at < items.len());
            Some((named.or(placed)?, end))
        })?;
        rest = &rest[end + 1..];
        way.push(at.to_string());
        value = &items[at];
    }
    Some(way)
}

/// Whether an item has this name: one of its values, or several joined by `/`.
fn is_called(item: &Value, name: &str) -> bool {
    let Value::Object(map) = item else { return false };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(map) => map.get("name").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let values: Vec<String> = map.values().filter_map(text).collect();
    values.iter().any(|one| one == name || values.iter().any(|other| format!("{one}/{other}") == name))
}

/// What is done to one value.
#[derive(Clone, Copy, Debug)]
enum Edit {
    /// Another value of the same type.
    Change,
    /// A value of another type.
    Retype,
    /// It is no longer there.
    Remove,
    /// There is another key beside it.
    Add,
}

const EDITS: &[Edit] = &[Edit::Change, Edit::Retype, Edit::Remove, Edit::Add];

impl Edit {
    /// Edits what `way` leads to; the way to what is different then. What does not fit a value is a change of it.
    fn make(self, root: &mut Value, way: &Way) -> Way {
        let (last, outer) = way.split_last().expect("a plain value stands in something");
        let is_in_map = at_mut(root, outer).is_object();
        match self {
            Self::Remove | Self::Add if is_in_map => {
                let map = at_mut(root, outer).as_object_mut().expect("it is one");
                if matches!(self, Self::Remove) {
                    map.remove(last);
                    return way.clone();
                }
                map.insert("added".to_owned(), Value::from(7));
                outer.iter().cloned().chain(["added".to_owned()]).collect()
            }
            Self::Retype => {
                let value = at_mut(root, way);
                *value = if value.is_boolean() { Value::from("edited") } else { Value::from(true) };
                way.clone()
            }
            _ => {
                let value = at_mut(root, way);
                *value = match value {
                    Value::Bool(is) => Value::Bool(!*is),
                    Value::Number(number) => Value::from(number.as_i64().unwrap_or(0) + 7),
                    Value::String(text) => Value::String(format!("{text}edited")),
                    other => panic!("{other} is no plain value"),
                };
                way.clone()
            }
        }
    }
}

/// The files inside of an object that are JSON: they are edited as what they say.
fn payloads(object: &Value) -> Vec<(String, Value)> {
    let data = object.get("data").and_then(Value::as_object);
    let files =
        data.into_iter().flatten().filter(|(name, _)| Path::new(name).extension().is_some_and(|end| end == "json"));
    files.filter_map(|(name, text)| Some((name.clone(), serde_json::from_str(text.as_str()?).ok()?))).collect()
}

fn all_views(old: &Side, new: &Side, comparison: &Comparison) -> [String; 4] {
    [
        text(comparison, Look { paint: Paint::default(), context: 3 }),
        unified::unified(comparison, old, new, 3),
        json::json(comparison),
        markdown::markdown(comparison, 3, 60_000),
    ]
}

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// One value of one object is edited, removed or added: that place is told, and no other.
    #[test]
    fn an_edit_is_told_at_its_place_and_nowhere_else(which in any::<Index>(), place in any::<Index>(), edit in any::<Index>()) {
        let old = flagship();
        let mut texts = documents(&old);
        let at = which.index(texts.len());
        let before: Value = yaml_serde::from_str(&texts[at].1).expect("our output is YAML");
        let mut ways = Vec::new();
        leaves(&before, &Way::new(), &mut ways);
        // these say which object it is, and which item of a list
        let is_identity = |way: &Way| way.len() == 1 || (way[0] == "metadata" && ["name", "namespace"].contains(&way[1].as_str()));
        ways.retain(|way| !is_identity(way));
        let way = &ways[place.index(ways.len())];
        let mut after = before.clone();
        let edit = EDITS[edit.index(EDITS.len())];
        let wanted = edit.make(&mut after, way);
        texts[at].1.clear();
        emit::yaml::write(&after, &mut texts[at].1).expect("JSON can be YAML");
        let comparison = between(with_documents(&old, &documents(&old)), with_documents(&old, &texts));

        let told: Vec<_> = comparison.objects.iter().filter(|object| !object.changes.is_empty()).collect();
        prop_assert_eq!(told.len(), 1, "{:?}", comparison.objects);
        prop_assert_eq!(told[0].changes.len(), 1, "{:?} {:?} {:?}", edit, way, told[0].changes);
        let path = told[0].changes[0].path.to_string();
        let file = path.strip_prefix(".data[").map(|rest| &rest[..rest.find(']').unwrap_or(0)]);
        let resolved = match file {
            // a payload may be told by its own structure
            Some(file) => Some(vec!["data".to_owned(), file.to_owned()]),
            None => resolve(&after, &path).or_else(|| resolve(&before, &path)),
        };
        prop_assert_eq!(resolved.as_ref(), Some(&wanted), "{:?} of {:?}: {} in {}", edit, way, path, told[0].id);
    }

    /// The same inside of a file in a `ConfigMap`.
    #[test]
    fn an_edit_of_a_payload_is_told_at_its_place_inside(which in any::<Index>(), place in any::<Index>(), edit in any::<Index>()) {
        let old = flagship();
        let mut texts = documents(&old);
        let read = |text: &str| -> Value { yaml_serde::from_str(text).expect("our output is YAML") };
        let all: Vec<(usize, String, Value)> = texts.iter().enumerate().flat_map(|(at, (_, text))| payloads(&read(text)).into_iter().map(move |(name, payload)| (at, name, payload))).collect();
        let (at, name, before) = &all[which.index(all.len())];
        let mut ways = Vec::new();
        leaves(before, &Way::new(), &mut ways);
        // these say which item of a list it is
        ways.retain(|way| !["id", "uid", "name"].contains(&way[way.len() - 1].as_str()));
        let way = &ways[place.index(ways.len())];
        let mut after = before.clone();
        let edit = EDITS[edit.index(EDITS.len())];
        let wanted = edit.make(&mut after, way);
        let mut object = read(&texts[*at].1);
        object["data"][name] = Value::String(after.to_string());
        texts[*at].1.clear();
        emit::yaml::write(&object, &mut texts[*at].1).expect("JSON can be YAML");
        let comparison = between(with_documents(&old, &documents(&old)), with_documents(&old, &texts));
        let [told] = comparison.objects.as_slice() else { panic!("{:?}", comparison.objects) };
        let [change] = told.changes.as_slice() else { panic!("{edit:?} of {way:?}: {:?}", told.changes) };
        let path = change.path.to_string();
        let inside = path.strip_prefix(&format!(".data[{name}]")).expect("it is in that file");
        let resolved = resolve(&after, inside).or_else(|| resolve(before, inside));
        prop_assert_eq!(resolved.as_ref(), Some(&wanted), "{:?} of {:?}: {}", edit, way, path);
    }

    /// Every document somewhere else, in another file too: everything says the same in another place.
    #[test]
    fn another_order_is_only_moved(homes in prop::collection::vec(any::<Index>(), 1..40), order in prop::collection::vec(any::<u32>(), 512)) {
        let old = flagship();
        let first = documents(&old);
        let mut texts: Vec<_> = first.iter().cloned().enumerate().collect();
        texts.sort_by_key(|(at, _)| order[at % order.len()]);
        let mut texts: Vec<_> = texts.into_iter().map(|(_, text)| text).collect();
        let files: Vec<usize> = first.iter().map(|(home, _)| *home).collect();
        for (at, home) in homes.iter().enumerate() {
            texts[at].0 = files[home.index(files.len())];
        }
        let comparison = between(with_documents(&old, &first), with_documents(&old, &texts));
        prop_assert!(!comparison.objects.is_empty());
        for object in &comparison.objects {
            prop_assert_eq!(object.fate, Fate::Moved, "{:?}", object);
            prop_assert!(object.changes.is_empty() && object.effects.is_empty());
        }
        prop_assert!(comparison.connections.is_empty() && comparison.rights.is_empty() && comparison.capacity.is_empty());
    }

    /// Secrets in every place that holds them, changed and added: no view shows one, plain or in base64.
    #[test]
    fn a_secret_is_never_shown(secret in "[a-zA-Z0-9+/!$%^&*(){}.,;<>?-]{12,40}", other in "[a-z0-9]{12,40}") {
        let written = |secret: &str| {
            let quoted = serde_json::to_string(secret).expect("a string");
            let base64 = base64(secret);
            let text = format!(
                "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: a, annotations: {{last-applied: {quoted}}}}}\nstringData: {{key: {quoted}}}\ndata: {{key: {base64}, .dockerconfigjson: {base64}}}\n\
                 ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: a}}\ndata:\n  app.yaml: |\n    db:\n      password: {quoted}\n  app.conf: |\n    listen 80\n    api_token = {secret}\n  docker.json: |\n    {{\"auths\": {{\"r.example.com\": {{\"auth\": \"{base64}\"}}}}}}\n\
                 ---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: a}}\nspec:\n  containers:\n  - name: main\n    env:\n    - name: DB_PASSWORD\n      value: {quoted}\n    - {{name: URL, value: \"postgres://user:{other}@db:5432/x\"}}\n    args: [\"--client-secret={other}\"]\n",
            );
            Side::read(Tree { files: vec![TreeFile { path: "a.yaml".to_owned(), text }] }, Dialect::Any).unwrap_or_else(|faulty| panic!("{faulty:?}"))
        };
        let (old, new, none) = (written("an-older-one-0123"), written(&secret), Side::default());
        for (old, new) in [(&old, &new), (&new, &old), (&none, &new), (&new, &none)] {
            let comparison = compare(old, new);
            prop_assert!(!comparison.files.is_empty());
            for shown in all_views(old, new, &comparison) {
                for hidden in [secret.clone(), base64(&secret), other.clone(), base64(&other)] {
                    prop_assert!(!shown.contains(&hidden), "{} shows {}", shown, hidden);
                }
            }
        }
    }

    #[test]
    fn markdown_never_exceeds_its_limit(most in 1_000..20_000_usize, keep in any::<Index>()) {
        let new = flagship();
        let old = Tree { files: new.files[keep.index(new.files.len())..].to_vec() };
        let shown = markdown::markdown(&between(old, new), 3, most);
        prop_assert!(shown.len() <= most, "{} of {}", shown.len(), most);
        prop_assert_eq!(shown.matches("<details>").count(), shown.matches("</details>").count(), "nothing is cut in the middle");
    }
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

fn run(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_platformgen"))
        .args(arguments)
        .current_dir(dir)
        .env_remove("CI")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .output()
        .expect("the program runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A directory with the flagship and its golden tree.
fn workshop() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("there is room");
    fs::write(dir.path().join("platform.toml"), FLAGSHIP).expect("there is room");
    let written = run(dir.path(), &["render", "-o", "golden"]);
    assert!(written.status.success());
    dir
}

fn change(dir: &Path, from: &str, to: &str) {
    assert!(FLAGSHIP.contains(from), "{from}");
    fs::write(dir.join("platform.toml"), FLAGSHIP.replace(from, to)).expect("there is room");
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

type Files = BTreeMap<String, String>;

fn files(tree: &Tree) -> Files {
    tree.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect()
}

/// What `patch -p1` makes of these files. Hunks are as long as their heads say, whatever their lines look like.
fn patched(mut files: Files, diff: &str) -> Files {
    let mut lines = diff.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let name = |line: &str, prefix: &str| {
            let name = line.split_once(' ').expect("a name follows").1.trim_end_matches(['\n', '\t']).to_owned();
            (name != "/dev/null").then(|| name.strip_prefix(prefix).expect("a prefix").to_owned())
        };
        if let Some(names) = line.strip_prefix("diff --git a/") {
            // git alone can say that an empty file comes or goes
            let name = names.split(" b/").next().expect("two names").to_owned();
            if lines.next().expect("what becomes of it").starts_with("new") {
                files.insert(name, String::new());
            } else {
                assert_eq!(files.remove(&name).as_deref(), Some(""));
            }
            continue;
        }
        if !line.starts_with("--- ") {
            assert!(line.starts_with("# "), "{line} is no part of a diff");
            continue;
        }
        let (old, new) = (name(line, "a/"), name(lines.next().expect("a head has two lines"), "b/"));
        let text = old.as_ref().map_or_else(String::new, |old| files.remove(old).expect("it is there"));
        let before: Vec<&str> = text.split_inclusive('\n').collect();
        let (mut after, mut next) = (String::new(), 0);
        while let Some(head) = lines.next_if(|line| line.starts_with("@@ -")) {
            let ranges: Vec<usize> = head
                .split(['-', '+', '@', ' '])
                .filter(|range| !range.trim().is_empty())
                .flat_map(|range| match range.split_once(',') {
                    Some((start, count)) => [start.parse().expect("a number"), count.parse().expect("a number")],
                    None => [range.parse().expect("a number"), 1],
                })
                .collect();
            let [start, mut went, _, mut came] = ranges[..] else { panic!("{head}") };
            let start = if went == 0 { start } else { start - 1 };
            after.extend(before[next..start].iter().copied());
            next = start;
            while went + came > 0 {
                let line = lines.next().expect("hunks are whole");
                let (sign, mut text) = line.split_at(1);
                if lines.next_if(|line| line.starts_with('\\')).is_some() {
                    text = text.trim_end_matches('\n');
                }
                if sign != "+" {
                    assert_eq!(before.get(next), Some(&text), "context and removed lines are those of the file");
                    (next, went) = (next + 1, went - 1);
                }
                if sign != "-" {
                    after.push_str(text);
                    came -= 1;
                }
            }
        }
        after.extend(before[next..].iter().copied());
        match new {
            Some(new) => drop(files.insert(new, after)),
            None => assert_eq!(after, "", "nothing is left of a file that goes"),
        }
    }
    files
}

/// Both sides as files, and what `--format unified` says.
fn unified_between(old: &Tree, new: &Tree, context: usize) -> (Files, Files, String) {
    let sides = (side(old.clone()), side(new.clone()));
    let shown = unified::unified(&compare(&sides.0, &sides.1), &sides.0, &sides.1, context);
    (files(old), files(new), shown)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Applied as `patch -p1` does, `--format unified` makes the rendered tree, byte for byte.
    #[test]
    fn the_unified_view_makes_one_platform_of_another(old in random::platforms(), new in random::platforms(), context in 0..5_usize) {
        let (old, new, shown) = unified_between(&tree(&old), &tree(&new), context);
        // a random value may look like a password in an address
        let is_shown = |path: &String| !shown.contains(&format!("# {path} holds secret values"));
        let kept = |files: Files| -> Files { files.into_iter().filter(|(path, _)| is_shown(path)).collect() };
        prop_assert_eq!(patched(kept(old), &shown), kept(new));
    }

    /// The same of any files, with lines that look like parts of a diff, with and without an end.
    #[test]
    fn the_unified_view_makes_one_text_of_another(texts in prop::collection::vec((text_file(), text_file()), 1..4), context in 0..4_usize) {
        let file = |at: usize, text: &Option<String>| Some(TreeFile { path: format!("a {at}/b.txt"), text: text.clone()? });
        let olds = texts.iter().enumerate().filter_map(|(at, (old, _))| file(at, old)).collect();
        let news = texts.iter().enumerate().filter_map(|(at, (_, new))| file(at, new)).collect();
        let (old, new, shown) = unified_between(&Tree { files: olds }, &Tree { files: news }, context);
        prop_assert_eq!(patched(old, &shown), new, "{}", shown);
    }
}

/// A text that may not be there, may be empty and may not end its last line.
fn text_file() -> impl Strategy<Value = Option<String>> {
    let line = prop::sample::select(vec![
        "a\n",
        "b\n",
        "\n",
        "-- x\n",
        "++ x\n",
        "@@ -1 +1 @@\n",
        "\\ No\n",
        "--- a/b\n",
        "c",
    ]);
    prop::option::weighted(0.8, prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat()))
}

#[test]
fn the_unified_view_can_be_applied() {
    let old = flagship();
    for (from, to) in [
        ("[components.image]", "[components.picture]"),
        ("calls     = [\"auth\", \"postgres\"]", "calls     = [\"auth\", \"postgres\", \"image\"]"),
        ("acme/api:1.4.2", "acme/api:1.5.0"),
        ("route     = { host = \"app\", path = \"/auth\" }", ""),
    ] {
        assert!(FLAGSHIP.contains(from), "{from}");
        let (old, new, shown) = unified_between(&old, &tree(&FLAGSHIP.replace(from, to)), 3);
        assert_ne!(old, new, "{to}");
        assert_eq!(patched(old, &shown), new, "{to}");
    }
}

/// The runs that docs/diff.md shows: `<!-- change: 'this' => 'that' -->`, then the command and what it prints.
#[test]
fn the_documented_runs_are_true() {
    let manual = include_str!("../docs/diff.md");
    let dir = workshop();
    fs::write(dir.path().join("released.toml"), FLAGSHIP).expect("there is room");
    let mut runs = 0;
    for section in manual.split("<!-- change: '").skip(1) {
        let (from, rest) = section.split_once("' => '").expect("what is changed");
        let (to, rest) = rest.split_once("' -->\n```text\n$ platformgen ").expect("what it becomes");
        let (command, rest) = rest.split_once('\n').expect("a command");
        let (printed, _) = rest.split_once("```").expect("a block ends");
        change(dir.path(), from, to);
        let arguments: Vec<&str> = command.split(' ').collect();
        assert_eq!(stdout(&run(dir.path(), &arguments)), printed, "{command}");
        runs += 1;
    }
    assert_eq!(runs, 4);
}

#[test]
fn only_its_owner_writes_and_not_in_ci() {
    let dir = workshop();
    change(dir.path(), "acme/api:1.4.2", "acme/api:1.5.0");
    let in_ci = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_platformgen"))
            .args(arguments)
            .current_dir(dir.path())
            .env("CI", "true")
            .output()
            .expect("the program runs")
    };
    for refused in [&["diff", "--accept"][..], &["render", "-o", "golden"], &["diff", "missing", "--accept"]] {
        let output = in_ci(refused);
        assert_eq!(output.status.code(), Some(2), "{refused:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("--force"), "{refused:?}");
        assert_eq!(run(dir.path(), &["diff"]).status.code(), Some(1), "nothing was written");
        assert!(!dir.path().join("missing").exists(), "nothing was written");
    }
    assert!(in_ci(&["render", "-o", "fresh"]).status.success(), "a new directory hides nothing");
    fs::create_dir(dir.path().join("empty")).expect("there is room");
    assert!(in_ci(&["render", "-o", "empty"]).status.success(), "an empty directory hides nothing");
    let forced = in_ci(&["diff", "--accept", "--force"]);
    assert!(forced.status.success());
    assert!(String::from_utf8_lossy(&forced.stderr).contains("~ production/api.yaml"), "says what it wrote");
    assert_eq!(run(dir.path(), &["diff"]).status.code(), Some(0));
}

/// Each of these is said with its place, and nothing is compared or written.
#[test]
fn a_golden_tree_that_nobody_could_have_written_is_trouble() {
    let dir = workshop();
    let place = dir.path().join("golden/production/api.yaml");
    let good = fs::read_to_string(&place).expect("it was rendered");
    let crlf = good.replace('\n', "\r\n");
    let twice = format!("{good}{good}");
    let double = good.replacen("\nkind: ", "\nkind: Pod\nkind: ", 1);
    let anchor = good.replacen("metadata:\n", "metadata: &a\n", 1);
    let mark = format!("\u{feff}{good}");
    let tab = good.replacen("  name:", "\tname:", 1);
    let bare = format!("{good}---\njust text\n");
    for (bytes, words) in [
        (crlf.as_bytes(), "Windows line ending"),
        (twice.as_bytes(), "a second time"),
        (double.as_bytes(), "stands twice"),
        (anchor.as_bytes(), "anchor"),
        (mark.as_bytes(), "byte order mark"),
        (tab.as_bytes(), "not YAML"),
        (bare.as_bytes(), "no Kubernetes object"),
        (b"a: [\n".as_slice(), "not YAML"),
        (b"a: \xff\n".as_slice(), "not UTF-8"),
    ] {
        fs::write(&place, bytes).expect("there is room");
        let output = run(dir.path(), &["diff"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{words}: {told}");
        assert!(told.contains(words) && told.contains("golden/production/api.yaml:"), "{words}: {told}");
    }
    fs::remove_file(&place).expect("it is there");
    std::os::unix::fs::symlink("/etc/passwd", &place).expect("links can be made");
    let output = run(dir.path(), &["diff"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("symbolic link"));
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

/// What is told about one change of the description, line by line.
fn told(from: &str, to: &str) -> BTreeSet<String> {
    let comparison = between(tree(FLAGSHIP), tree(&FLAGSHIP.replace(from, to)));
    let lines = text(&comparison, Look { paint: Paint::default(), context: 0 });
    lines.lines().map(str::to_owned).collect()
}

#[test]
fn one_change_is_one_line() {
    let lines = told("cpu = 65", "cpu = 66");
    let line =
        "~ HorizontalPodAutoscaler production/image  .spec.metrics[0].resource.target.averageUtilization  65 → 66";
    assert!(lines.contains(line), "{lines:?}");
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

/// Names are shown, never obeyed: not by a terminal, and not as markup.
#[test]
fn names_cannot_reach_the_terminal() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\e[31m\\nb\", namespace: \"<b>@all\"}\n";
    let files = vec![TreeFile { path: "a\u{1b}.yaml".to_owned(), text: text.to_owned() }];
    let new = Side::read(Tree { files }, Dialect::Any).unwrap_or_else(|faulty| panic!("{faulty:?}"));
    let comparison = compare(&Side::default(), &new);
    let [text, _, _, markdown] = all_views(&Side::default(), &new, &comparison);
    assert!(!text.contains('\u{1b}') && text.contains("a\\u{1b}[31m\\u{a}b"), "{text}");
    assert!(!markdown.contains('\u{1b}') && !markdown.contains("<code>+ Pod <b>"), "{markdown}");
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
