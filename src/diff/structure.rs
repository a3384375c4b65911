//! Two versions of a value to the places where they differ. It must never know what a place means, only how lists pair
//! their items and which spellings are one amount.

use std::collections::BTreeMap;

use crate::diagnostics::source::Span;
use crate::diff::alignment::changes;
use crate::diff::change::{Change, What};
use crate::diff::likeness::Leaves;
use crate::diff::lists::{self, Pairing};
use crate::diff::path::{Path, Step};
use crate::diff::{payload, quantities};
use crate::manifest::node::{Entry, Node, Value};
use crate::ordered::Ordered;
use crate::tables::{HashMap, HashSet};

/// The differences between two versions of an object, in the order of the new one.
pub fn differences(old: &Node, new: &Node) -> Vec<Change> {
    let mut walk = Walk::default();
    walk.node(old, new);
    walk.found
}

/// Items that have at least this much in common are versions of one item.
const ALIKE: f64 = 0.5;

#[derive(Default)]
struct Walk {
    /// Where it stands.
    path: Path,
    found: Vec<Change>,
}

impl Walk {
    /// Tells of the place where it stands.
    fn put(&mut self, what: What) {
        self.found.push(Change { path: self.path.clone(), what });
    }

    /// Tells of the place one step further.
    fn put_at(&mut self, step: Step, what: What) {
        self.found.push(Change { path: self.path.and(step), what });
    }

    /// Goes one step further, where two values are not the same.
    fn inner(&mut self, step: impl FnOnce() -> Step, old: &Node, new: &Node) {
        if old != new {
            self.path.push(step());
            self.different(old, new);
            self.path.pop();
        }
    }

    fn node(&mut self, old: &Node, new: &Node) {
        if old != new {
            self.different(old, new);
        }
    }

    fn different(&mut self, old: &Node, new: &Node) {
        match (&old.value, &new.value) {
            (Value::Map(before), Value::Map(after)) => self.maps(before, after),
            (Value::List(before), Value::List(after)) => self.lists(before, after),
            (Value::Text(before), Value::Text(after))
                if payload::is_file(&self.path) || before.contains('\n') || after.contains('\n') =>
            {
                self.texts(before, after);
            }
            _ if quantities::same(&self.path, old, new) => {}
            _ => self.put(What::Changed(old.clone(), new.clone())),
        }
    }

    fn maps(&mut self, old: &[Entry], new: &[Entry]) {
        // mostly the same keys stand in the same order
        if old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.key == new.key) {
            for (old, new) in old.iter().zip(new) {
                self.inner(|| Step::Key(new.key.clone()), &old.node, &new.node);
            }
            return;
        }
        let before: HashMap<&str, &Node> = old.iter().map(|entry| (entry.key.as_str(), &entry.node)).collect();
        for entry in new {
            let step = || Step::Key(entry.key.clone());
            match before.get(entry.key.as_str()) {
                Some(old) => self.inner(step, old, &entry.node),
                None => self.put_at(step(), What::Added(entry.node.clone())),
            }
        }
        let after: HashSet<&str> = new.iter().map(|entry| entry.key.as_str()).collect();
        for entry in old.iter().filter(|entry| !after.contains(entry.key.as_str())) {
            self.put_at(Step::Key(entry.key.clone()), What::Removed(entry.node.clone()));
        }
    }

    /// A payload is compared as what it is; where that finds nothing, the difference is one of lines.
    fn texts(&mut self, old: &str, new: &str) {
        let before = self.found.len();
        if let Some((old, new)) = payload::structures(self.path.last_key(), old, new) {
            self.node(&old, &new);
        }
        if self.found.len() == before {
            let is_line = !old.contains('\n') && !new.contains('\n');
            let node = |text: &str| Node { span: Span::default(), value: Value::Text(text.into()) };
            let what =
                if is_line { What::Changed(node(old), node(new)) } else { What::Text(old.to_owned(), new.to_owned()) };
            self.put(what);
        }
    }

    fn lists(&mut self, old: &[Node], new: &[Node]) {
        match lists::pairing(&self.path, old, new) {
            Pairing::Keys { keys, ordered } => self.keyed(old, new, keys, ordered),
            Pairing::Set => self.sets(old, new),
            Pairing::Sequence => self.sequences(old, new),
        }
    }

    fn keyed(&mut self, old: &[Node], new: &[Node], keys: &[&str], ordered: bool) {
        let named = |items: &[Node]| -> Vec<String> {
            items.iter().map(|item| lists::name(keys, item).unwrap_or_default()).collect()
        };
        let (old_names, new_names) = (named(old), named(new));
        let place: BTreeMap<&str, usize> = old_names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).ordered();
        let is_new = |name: &&String| !place.contains_key(name.as_str());
        let is_old = |name: &&String| !new_names.contains(name);
        let mut gone: Vec<usize> =
            old_names.iter().enumerate().filter(|(_, name)| is_old(name)).map(|(at, _)| at).collect();
        let is_alone = gone.len() == 1 && new_names.iter().filter(is_new).count() == 1;
        for (at, name) in new_names.iter().enumerate() {
            if let Some(before) = place.get(name.as_str()) {
                self.inner(|| item(name), &old[*before], &new[at]);
                continue;
            }
            // An item that has got another name is still the same item.
            let is_heir = |before: &usize| {
                (is_alone || *before == at) && are_versions(&Item::of(&old[*before]), &Item::of(&new[at]), ALIKE)
            };
            let heir = gone.iter().position(is_heir);
            match heir.map(|found| gone.remove(found)) {
                Some(before) => self.inner(|| item(&old_names[before]), &old[before], &new[at]),
                None => self.put_at(item(name), What::Added(new[at].clone())),
            }
        }
        for at in gone {
            self.put_at(item(&old_names[at]), What::Removed(old[at].clone()));
        }
        if ordered {
            let common = |names: &[String], others: &[String]| -> Vec<String> {
                names.iter().filter(|name| others.contains(name)).cloned().collect()
            };
            let (before, after) = (common(&old_names, &new_names), common(&new_names, &old_names));
            if before != after {
                self.put(What::Order(before, after));
            }
        }
    }

    /// What stands in both is the same wherever it stands; what is left is paired by likeness.
    fn sets(&mut self, old: &[Node], new: &[Node]) {
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
        self.rest((old, left), (new, fresh));
    }

    fn sequences(&mut self, old: &[Node], new: &[Node]) {
        let said = |items: &[Node]| -> Vec<String> { items.iter().map(|item| leaves(item).join("\n")).collect() };
        let (before, after) = (said(old), said(new));
        if let Some(what) = reordered(old, new, &before, &after) {
            return self.put(what);
        }
        for (left, fresh) in changes(&before, &after) {
            self.rest((old, left.collect()), (new, fresh.collect()));
        }
    }

    /// Items without an equal: those that are alike are one item that has changed.
    fn rest(&mut self, (old, mut left): (&[Node], Vec<usize>), (new, fresh): (&[Node], Vec<usize>)) {
        let least = if left.len() == fresh.len() { 0.0 } else { ALIKE };
        let items: HashMap<usize, Item> = left.iter().map(|at| (*at, Item::of(&old[*at]))).collect();
        for at in fresh {
            let item = Item::of(&new[at]);
            let heir = left
                .iter()
                .position(|before| items.get(before).is_some_and(|before| are_versions(before, &item, least)));
            match heir.map(|found| left.remove(found)) {
                Some(before) => self.inner(|| Step::Index(at), &old[before], &new[at]),
                None => self.put_at(Step::Index(at), What::Added(new[at].clone())),
            }
        }
        for at in left {
            self.put_at(Step::Index(at), What::Removed(old[at].clone()));
        }
    }
}

fn item(name: &str) -> Step {
    Step::Item(name.into())
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
