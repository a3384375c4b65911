//! Where in an object something stands, as people write it: `.spec.containers[api].image`.

use std::fmt;

use compact_str::{CompactString, format_compact};

/// A chain of steps from the root of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into the value of a key.
    Key(CompactString),
    /// Into the item of a list that its keys name.
    Item(CompactString),
    /// Into the item of a list by its position.
    Index(usize),
}

impl Path {
    /// The path of these keys.
    pub fn of(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| Step::Key((*key).into())).collect())
    }

    /// This path and one step more.
    #[must_use]
    pub fn and(&self, step: Step) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        Self(steps)
    }

    /// Goes one step further in.
    pub fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    /// Goes one step back.
    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// This path and the value of `key`.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.and(Step::Key(key.into()))
    }

    /// This path with each step replaced.
    #[must_use]
    pub fn map(self, other: impl FnMut(Step) -> Step) -> Self {
        Self(self.0.into_iter().map(other).collect())
    }

    /// The path as it may be told of what somebody else wrote: a key that has swallowed its value may hold a secret.
    pub fn told(&self) -> String {
        let told = |step: &Step| match step {
            Step::Key(key) => Step::Key(told_key(key)),
            other => other.clone(),
        };
        Self(self.0.iter().map(told).collect()).to_string()
    }

    /// Whether this is the root of an object.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last key on the way; empty at the root.
    pub fn last_key(&self) -> &str {
        self.keys().next_back().unwrap_or_default()
    }

    /// Whether it leads to the value of a key, rather than to an item.
    pub fn ends_in_key(&self) -> bool {
        matches!(self.0.last(), Some(Step::Key(_)))
    }

    /// The keys on the way, without the items of lists.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Item(_) | Step::Index(_) => None,
        })
    }

    /// The keys beyond this way: none where the path ends on it, and `None` where it leads elsewhere.
    pub fn beyond(&self, way: &[&str]) -> Option<impl Iterator<Item = &str>> {
        let mut own = self.keys();
        let leads_elsewhere = way.iter().map_while(|key| own.next().map(|own| own != *key)).any(|is_other| is_other);
        (!leads_elsewhere).then_some(own)
    }

    /// The names of the items of lists on the way.
    pub fn items(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Item(name) => Some(name.as_str()),
            Step::Key(_) | Step::Index(_) => None,
        })
    }

    /// Whether what stands there is this, or within.
    pub fn holds(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether the way begins with these keys, items of lists left out.
    pub fn begins(&self, keys: &[&str]) -> bool {
        let mut own = self.keys();
        keys.iter().all(|key| own.next() == Some(key))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                // a key with a dot in it would look like two
                Step::Key(key) if key.is_empty() || key.contains(['.', '[', ']', ' ']) => write!(f, "[{key}]")?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Item(name) => write!(f, "[{name}]")?,
                Step::Index(at) => write!(f, "[{at}]")?,
            }
        }
        Ok(())
    }
}

/// A key that has swallowed its value, as in `{password:x}`, up to where the value begins.
pub fn told_key(key: &str) -> CompactString {
    match key.find([':', '=']) {
        Some(end) => format_compact!("{}…", key[..end].trim_end()),
        None => key.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_people_write_it() {
        let path = Path::of(&["spec", "containers"]).and(Step::Item("api".into())).key("image");
        assert_eq!(path.to_string(), ".spec.containers[api].image");
        assert_eq!(Path::of(&["data", "prometheus.yml"]).and(Step::Index(2)).to_string(), ".data[prometheus.yml][2]");
        assert!(path.begins(&["spec", "containers", "image"]) && !path.begins(&["image"]));
    }

    #[test]
    fn a_key_that_has_swallowed_its_value_is_told_without_it() {
        for (key, told) in [
            ("password:hunter2", ".data.password…"),
            ("pw :hunter2", ".data.pw…"),
            ("x=y", ".data.x…"),
            ("a b", ".data[a b]"),
        ] {
            assert_eq!(Path::of(&["data", key]).told(), told);
        }
    }
}
