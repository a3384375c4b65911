//! One value is edited: that place is told, and no other. Nothing but the order is another: everything has moved.

use std::path::Path;

use platformgen::diff::compare::Fate;
use platformgen::emit;
use platformgen::views::paint::Paint;
use platformgen::views::text::bare_files;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use crate::trees::{between, documents, flagship, with_documents};

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
        prop_assert_eq!(bare_files(&comparison, Paint::default()), Vec::<String>::new(), "each file is told of by what has moved");
        for object in &comparison.objects {
            prop_assert_eq!(object.fate, Fate::Moved, "{:?}", object);
            prop_assert!(object.changes.is_empty() && object.effects.is_empty());
        }
        prop_assert!(comparison.connections.is_empty() && comparison.rights.is_empty() && comparison.capacity.is_empty());
    }
}
