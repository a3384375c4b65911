//! Patches do what their standards say: a second implementation, on the values of `serde_json`, says the same of any.
//! Sources: RFC 7386, RFC 6901 and RFC 6902.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::mem;

use platformgen::manifest::node::Node;
use platformgen::manifest::patch::{self, Operation, Pointer};
use platformgen::manifest::read;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn node(value: &Value) -> Node {
    read::payload(&value.to_string()).expect("JSON is YAML")
}

fn json_of(node: &Node) -> Value {
    serde_json::to_value(node).expect("a node is JSON")
}

/// Values with few keys, so that patches meet what is there.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4).prop_map(Value::from),
        "[ab~/]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let keys = prop_oneof![Just("a"), Just("b"), Just("a/b"), Just("~"), Just("0"), Just("-")];
        let entries = prop::collection::vec((keys, inner.clone()), 0..4);
        let map = |entries: Vec<(&str, Value)>| {
            Value::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        };
        prop_oneof![prop::collection::vec(inner, 0..4).prop_map(Value::from), entries.prop_map(map)]
    })
}

/// RFC 7386, section 2, as it stands there.
fn merged(target: Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else { return patch.clone() };
    let mut target = match target {
        Value::Object(target) => target,
        _ => Map::new(),
    };
    for (name, value) in changes {
        if value.is_null() {
            target.remove(name);
        } else {
            let old = target.remove(name).unwrap_or(Value::Null);
            target.insert(name.clone(), merged(old, value));
        }
    }
    Value::Object(target)
}

fn tokens(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
}

fn position(token: &str) -> Option<usize> {
    (token == "0" || !token.starts_with(['0', '+'])).then(|| token.parse().ok()).flatten()
}

fn step<'v>(value: &'v mut Value, token: &str) -> Option<&'v mut Value> {
    match value {
        Value::Object(map) => map.get_mut(token),
        Value::Array(list) => list.get_mut(position(token)?),
        _ => None,
    }
}

fn find<'v>(value: &'v mut Value, tokens: &[String]) -> Option<&'v mut Value> {
    tokens.iter().try_fold(value, |value, token| step(value, token))
}

fn put(root: &mut Value, pointer: &str, value: Value) -> Option<()> {
    let all = tokens(pointer);
    let Some((last, before)) = all.split_last() else {
        *root = value;
        return Some(());
    };
    match find(root, before)? {
        Value::Object(map) => {
            map.insert(last.clone(), value);
        }
        Value::Array(list) => {
            let at = if last == "-" { list.len() } else { position(last)? };
            if at > list.len() {
                return None;
            }
            list.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

fn cut(root: &mut Value, pointer: &str) -> Option<Value> {
    let all = tokens(pointer);
    let Some((last, before)) = all.split_last() else { return Some(mem::take(root)) };
    match find(root, before)? {
        Value::Object(map) => map.remove(last),
        Value::Array(list) => position(last).filter(|at| *at < list.len()).map(|at| list.remove(at)),
        _ => None,
    }
}

/// RFC 6902, section 4; `None` for what fails.
fn operated(mut root: Value, (op, path, from, value): &(usize, String, String, Value)) -> Option<Value> {
    match op {
        0 => put(&mut root, path, value.clone())?,
        1 => drop(cut(&mut root, path)?),
        2 => *find(&mut root, &tokens(path))? = value.clone(),
        3 => {
            if path != from && path.starts_with(&format!("{from}/")) {
                return None;
            }
            if path == from {
                find(&mut root, &tokens(from))?;
            } else {
                let moved = cut(&mut root, from)?;
                put(&mut root, path, moved)?;
            }
        }
        4 => {
            let copied = find(&mut root, &tokens(from))?.clone();
            put(&mut root, path, copied)?;
        }
        _ => return (find(&mut root, &tokens(path))? == value).then_some(root),
    }
    Some(root)
}

fn pointers() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![Just("a"), Just("b"), Just("a~1b"), Just("~0"), Just("0"), Just("1"), Just("-"), Just("01")],
        0..4,
    )
    .prop_map(|tokens| tokens.into_iter().flat_map(|token| ["/", token]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_merge_patch_is_what_its_standard_says(target in values(), change in values()) {
        let mut own = node(&target);
        patch::merge(&mut own, &node(&change));
        prop_assert_eq!(json_of(&own), merged(target, &change));
    }

    #[test]
    fn operations_are_what_their_standard_says(
        target in values(),
        steps in prop::collection::vec((0_usize..6, pointers(), pointers(), values()), 1..4),
    ) {
        let mut expected = target.clone();
        let mut own = node(&target);
        for step in steps {
            let (op, path, from, value) = &step;
            let (path, from, value) = (Pointer::read(path), Pointer::read(from), node(value));
            let (path, from) = (path.expect("a pointer"), from.expect("a pointer"));
            let operation = match op {
                0 => Operation::Add(&path, &value),
                1 => Operation::Remove(&path),
                2 => Operation::Replace(&path, &value),
                3 => Operation::Move(&from, &path),
                4 => Operation::Copy(&from, &path),
                _ => Operation::Test(&path, &value),
            };
            let done = patch::operate(&mut own, operation).is_ok();
            let theirs = operated(expected.clone(), &step);
            prop_assert_eq!(done, theirs.is_some(), "{:?}", step);
            // what fails has changed nothing
            expected = theirs.unwrap_or(expected);
            prop_assert_eq!(json_of(&own), expected.clone(), "{:?}", step);
        }
    }

    #[test]
    fn no_text_is_too_odd_for_a_pointer(text in "\\PC{0,12}", target in values()) {
        if let Ok(pointer) = Pointer::read(&text) {
            let mut own = node(&target);
            let _ = patch::operate(&mut own, Operation::Remove(&pointer));
            let _ = patch::operate(&mut own, Operation::Add(&pointer, &node(&json!(1))));
        }
    }
}

/// The examples in the appendix of RFC 6901.
#[test]
fn pointers_are_read_as_their_standard_says() {
    for (text, is_one) in
        [("", true), ("/", true), ("/a~1b", true), ("/m~0n", true), ("a", false), ("/~", false), ("/~2", false)]
    {
        assert_eq!(Pointer::read(text).is_ok(), is_one, "{text}");
    }
}
