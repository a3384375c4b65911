//! How much two values have in common.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::manifest::node::{Node, Value};

/// Every plain value of a value with the way to it, as numbers: comparing two of them costs no more than reading them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Leaves(Vec<u64>);

impl Leaves {
    /// Of a whole value.
    pub fn of(node: &Node) -> Self {
        Self::without(node, "")
    }

    /// The same with a name left out wherever it stands, so that two objects that differ in nothing else are equal.
    pub fn without(node: &Node, name: &str) -> Self {
        let mut found = Vec::new();
        collect(node, name, &DefaultHasher::new(), &mut found);
        found.sort_unstable();
        Self(found)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// They, sorted.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        self.0.iter().copied()
    }

    /// How much of both is the same: 0 nothing, 1 all.
    pub fn similarity(&self, other: &Self) -> f64 {
        let total = self.count().max(other.count());
        let fraction = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        if total == 0 { 1.0 } else { fraction(self.common(other)) / fraction(total) }
    }

    fn common(&self, other: &Self) -> usize {
        let (mut one, mut two, mut count) = (0, 0, 0);
        while let (Some(left), Some(right)) = (self.0.get(one), other.0.get(two)) {
            match left.cmp(right) {
                Ordering::Less => one += 1,
                Ordering::Greater => two += 1,
                Ordering::Equal => (one, two, count) = (one + 1, two + 1, count + 1),
            }
        }
        count
    }
}

fn collect(node: &Node, name: &str, way: &DefaultHasher, found: &mut Vec<u64>) {
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                collect(&entry.node, name, &and(way, &entry.key), found);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                collect(item, name, &and(way, at), found);
            }
        }
        Value::Text(text) if !name.is_empty() && text.contains(name) => {
            found.push(and(way, text.replace(name, "\0")).finish());
        }
        Value::Text(text) => found.push(and(way, text).finish()),
        value => found.push(and(way, (0, format!("{value:?}"))).finish()),
    }
}

fn and(way: &DefaultHasher, step: impl Hash) -> DefaultHasher {
    let mut hasher = way.clone();
    step.hash(&mut hasher);
    hasher
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::read::payload;

    #[test]
    fn likeness_is_the_part_that_both_have() {
        let leaves = |text: &str, name: &str| Leaves::without(&payload(text).expect("it is YAML"), name);
        let similarity = |one: &str, other: &str| leaves(one, "").similarity(&leaves(other, ""));
        assert!((similarity("{a: 1, b: [x, y]}", "{b: [x, z], a: 1}") - 2.0 / 3.0).abs() < 1e-9);
        assert!((similarity("{}", "{}") - 1.0).abs() < 1e-9);
        assert!(similarity("{a: 1}", "{a: \"1\"}") < 0.1);
        assert_eq!(leaves("{a: api-x, b: 1}", "api"), leaves("{b: 1, a: web-x}", "web"));
    }
}
