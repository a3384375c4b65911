//! Two versions of a value to the places where they differ. It must never know what a place means, only how lists pair
//! their items and which spellings are one amount.

use std::collections::{BTreeMap, HashMap};

use crate::diagnostics::source::Span;
use crate::diff::alignment::changes;
use crate::diff::change::{Change, What};
use crate::diff::likeness::Leaves;
use crate::diff::lists::{self, Pairing};
use crate::diff::path::{Path, Step};
use crate::diff::{payload, quantities};
use crate::manifest::node::{Entry, Node, Value};

/// The differences between two versions of an object, in the order of the new one.
pub fn differences(old: &Node, new: &Node) -> Vec<Change> {
    let mut walk = Walk { found: Vec::new() };
    walk.node(&Path::default(), old, new);
    walk.found
}

/// Items that have at least this much in common are versions of one item.
const ALIKE: f64 = 0.5;

struct Walk {
    found: Vec<Change>,
}

impl Walk {
    fn put(&mut self, path: Path, what: What) {
        self.found.push(Change { path, what });
    }

    fn node(&mut self, path: &Path, old: &Node, new: &Node) {
        if old == new {
            return;
        }
        match (&old.value, &new.value) {
            (Value::Map(before), Value::Map(after)) => self.maps(path, before, after),
            (Value::List(before), Value::List(after)) => self.lists(path, before, after),
            (Value::Text(before), Value::Text(after))
                if payload::is_file(path) || before.contains('\n') || after.contains('\n') =>
            {
                self.texts(path, before, after);
            }
            _ if quantities::same(path, old, new) => {}
            _ => self.put(path.clone(), What::Changed(old.clone(), new.clone())),
        }
    }

    fn maps(&mut self, path: &Path, old: &[Entry], new: &[Entry]) {
        let before: HashMap<&str, &Node> = old.iter().map(|entry| (entry.key.as_str(), &entry.node)).collect();
        for entry in new {
            match before.get(entry.key.as_str()) {
                Some(old) => self.node(&path.key(&entry.key), old, &entry.node),
                None => self.put(path.key(&entry.key), What::Added(entry.node.clone())),
            }
        }
        let after: HashMap<&str, &Node> = new.iter().map(|entry| (entry.key.as_str(), &entry.node)).collect();
        for entry in old.iter().filter(|entry| !after.contains_key(entry.key.as_str())) {
            self.put(path.key(&entry.key), What::Removed(entry.node.clone()));
        }
    }

    /// A payload is compared as what it is; where that finds nothing, the difference is one of lines.
    fn texts(&mut self, path: &Path, old: &str, new: &str) {
        let before = self.found.len();
        if let Some((old, new)) = payload::structures(path.last_key(), old, new) {
            self.node(path, &old, &new);
        }
        if self.found.len() == before {
            let is_line = !old.contains('\n') && !new.contains('\n');
            let node = |text: &str| Node { span: Span::default(), value: Value::Text(text.into()) };
            let what =
                if is_line { What::Changed(node(old), node(new)) } else { What::Text(old.to_owned(), new.to_owned()) };
            self.put(path.clone(), what);
        }
    }

    fn lists(&mut self, path: &Path, old: &[Node], new: &[Node]) {
        match lists::pairing(path, old, new) {
            Pairing::Keys { keys, ordered } => self.keyed(path, old, new, keys, ordered),
            Pairing::Set => self.sets(path, old, new),
            Pairing::Sequence => self.sequences(path, old, new),
        }
    }

    fn keyed(&mut self, path: &Path, old: &[Node], new: &[Node], keys: &[&str], ordered: bool) {
        let named = |items: &[Node]| -> Vec<String> {
            items.iter().map(|item| lists::name(keys, item).unwrap_or_default()).collect()
        };
        let (old_names, new_names) = (named(old), named(new));
        let place: BTreeMap<&str, usize> = old_names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let is_new = |name: &&String| !place.contains_key(name.as_str());
        let is_old = |name: &&String| !new_names.contains(name);
        let mut gone: Vec<usize> =
            old_names.iter().enumerate().filter(|(_, name)| is_old(name)).map(|(at, _)| at).collect();
        let is_alone = gone.len() == 1 && new_names.iter().filter(is_new).count() == 1;
        for (at, name) in new_names.iter().enumerate() {
            if let Some(before) = place.get(name.as_str()) {
                self.node(&path.and(Step::Item(name.as_str().into())), &old[*before], &new[at]);
                continue;
            }
            // An item that has got another name is still the same item.
            let is_heir = |before: &usize| {
                (is_alone || *before == at) && are_versions(&Item::of(&old[*before]), &Item::of(&new[at]), ALIKE)
            };
            let heir = gone.iter().position(is_heir);
            match heir.map(|found| gone.remove(found)) {
                Some(before) => {
                    self.node(&path.and(Step::Item(old_names[before].as_str().into())), &old[before], &new[at]);
                }
                None => self.put(path.and(Step::Item(name.as_str().into())), What::Added(new[at].clone())),
            }
        }
        for at in gone {
            self.put(path.and(Step::Item(old_names[at].as_str().into())), What::Removed(old[at].clone()));
        }
        if ordered {
            let common = |names: &[String], others: &[String]| -> Vec<String> {
                names.iter().filter(|name| others.contains(name)).cloned().collect()
            };
            let (before, after) = (common(&old_names, &new_names), common(&new_names, &old_names));
            if before != after {
                self.put(path.clone(), What::Order(before, after));
            }
        }
    }

    /// What stands in both is the same wherever it stands; what is left is paired by likeness.
    fn sets(&mut self, path: &Path, old: &[Node], new: &[Node]) {
        let mut left: Vec<usize> = (0..old.len()).collect();
        let mut fresh = Vec::new();
        for (at, item) in new.iter().enumerate() {
            match left.iter().position(|before| old[*before] == *item) {
                Some(found) => {
                    left.remove(found);
                }
                None => fresh.push(at),
            }
        }
        self.rest(path, (old, left), (new, fresh));
    }

    fn sequences(&mut self, path: &Path, old: &[Node], new: &[Node]) {
        let said = |items: &[Node]| -> Vec<String> { items.iter().map(|item| leaves(item).join("\n")).collect() };
        let (before, after) = (said(old), said(new));
        if let Some(what) = reordered(old, new, &before, &after) {
            return self.put(path.clone(), what);
        }
        for (left, fresh) in changes(&before, &after) {
            self.rest(path, (old, left.collect()), (new, fresh.collect()));
        }
    }

    /// Items without an equal: those that are alike are one item that has changed.
    fn rest(&mut self, path: &Path, (old, mut left): (&[Node], Vec<usize>), (new, fresh): (&[Node], Vec<usize>)) {
        let least = if left.len() == fresh.len() { 0.0 } else { ALIKE };
        let items: HashMap<usize, Item> = left.iter().map(|at| (*at, Item::of(&old[*at]))).collect();
        for at in fresh {
            let item = Item::of(&new[at]);
            let heir = left
                .iter()
                .position(|before| items.get(before).is_some_and(|before| are_versions(before, &item, least)));
            match heir.map(|found| left.remove(found)) {
                Some(before) => self.node(&path.and(Step::Index(at)), &old[before], &new[at]),
                None => self.put(path.and(Step::Index(at)), What::Added(new[at].clone())),
            }
        }
        for at in left {
            self.put(path.and(Step::Index(at)), What::Removed(old[at].clone()));
        }
    }
}

/// An item of a list that may be a version of another one.
enum Item {
    /// A map or list: what it holds.
    Holder(Leaves, bool),
    /// A plain value.
    Plain,
}

impl Item {
    fn of(node: &Node) -> Self {
        match &node.value {
            Value::Map(_) => Self::Holder(Leaves::of(node), true),
            Value::List(_) => Self::Holder(Leaves::of(node), false),
            _ => Self::Plain,
        }
    }
}

/// Of more items, the order is no line that anybody reads.
const MOST_ORDERED: usize = 50;

/// The same items in another order; they are called by their places, for a value of theirs may be a secret.
fn reordered(old: &[Node], new: &[Node], before: &[String], after: &[String]) -> Option<What> {
    fn sorted(items: &[String]) -> Vec<&str> {
        let mut sorted: Vec<&str> = items.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        sorted
    }
    if old.len() > MOST_ORDERED || old.len() != new.len() || before == after || sorted(before) != sorted(after) {
        return None;
    }
    let mut left: Vec<usize> = (0..before.len()).collect();
    let take = |item: &String| {
        let found = left.iter().position(|at| before[*at] == *item)?;
        Some(format!("[{}]", left.remove(found)))
    };
    let places = (0..before.len()).map(|at| format!("[{at}]")).collect();
    Some(What::Order(places, after.iter().filter_map(take).collect()))
}

/// Whether two items may be versions of one: two maps or lists that are alike, or two plain values.
fn are_versions(old: &Item, new: &Item, least: f64) -> bool {
    match (old, new) {
        (Item::Holder(old, was_map), Item::Holder(new, is_map)) => was_map == is_map && old.similarity(new) >= least,
        (Item::Plain, Item::Plain) => true,
        _ => false,
    }
}

/// Every plain value with the way to it, sorted: two nodes have the same leaves if and only if they are equal.
fn leaves(node: &Node) -> Vec<String> {
    let mut found = Vec::new();
    collect(node, "", &mut found);
    found.sort_unstable();
    found
}

fn collect(node: &Node, way: &str, found: &mut Vec<String>) {
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                collect(&entry.node, &format!("{way}.{}", entry.key), found);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                collect(item, &format!("{way}[{at}]"), found);
            }
        }
        value => found.push(format!("{way}={value:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::report::Report;
    use crate::manifest::read::{Dialect, read};

    fn told(old: &str, new: &str) -> Vec<Change> {
        let root = |text: &str| {
            let text = format!("{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{{text}}}}}");
            read(&text, Dialect::Any, &mut Report::default()).remove(0).root
        };
        differences(&root(old), &root(new))
    }

    #[test]
    fn an_order_that_means_something_is_told_as_one_and_another_is_not_told() {
        let args = |args: &str| format!("containers: [{{name: a, args: [{args}]}}]");
        let changes = told(&args("--password, x, --quiet"), &args("--quiet, --password, x"));
        let [Change { path, what: What::Order(before, after) }] = changes.as_slice() else {
            unreachable!("one change of the order: {changes:?}")
        };
        assert_eq!(path.to_string(), ".spec.containers[a].args");
        assert_eq!((before.join(" "), after.join(" ")), ("[0] [1] [2]".to_owned(), "[2] [0] [1]".to_owned()));
        assert!(told(&args("a, b"), &args("b, c")).iter().all(|change| !matches!(change.what, What::Order(..))));
        for list in [
            "tolerations: [{key: a}, {key: b}]|tolerations: [{key: b}, {key: a}]",
            "hostnames: [a.test, b.test]|hostnames: [b.test, a.test]",
            "affinity: {nodeAffinity: {x: {nodeSelectorTerms: [{matchExpressions: [{key: a, values: [a, b]}, {key: b}]}]}}}|affinity: {nodeAffinity: {x: {nodeSelectorTerms: [{matchExpressions: [{key: b}, {key: a, values: [b, a]}]}]}}}",
        ] {
            let (old, new) = list.split_once('|').unwrap_or_default();
            assert!(told(old, new).is_empty(), "{list}");
        }
    }
}
