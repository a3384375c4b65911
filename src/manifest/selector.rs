//! Label selectors as the API server understands them.

use std::collections::BTreeMap;

use crate::manifest::node::{Node, Value};

/// Labels of a pod or a namespace.
pub type Labels<'a> = BTreeMap<&'a str, &'a str>;

/// The label that every namespace has by itself.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// A selector: all that it needs must hold, so one that needs nothing selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector<'a>(pub Vec<Need<'a>>);

/// What a selector needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need<'a> {
    /// The label is there and has one of these values.
    In(&'a str, Vec<&'a str>),
    /// The label is there.
    Exists(&'a str),
    /// The label is not there or has none of these values.
    NotIn(&'a str, Vec<&'a str>),
    /// The label is not there.
    DoesNotExist(&'a str),
    /// What the API server would refuse; nothing has it.
    Refused,
}

impl<'a> Selector<'a> {
    /// Reads `matchLabels` and `matchExpressions`.
    pub fn read(node: &'a Node) -> Self {
        let labels = labels(node.get("matchLabels")).into_iter().map(|(key, value)| Need::In(key, vec![value]));
        let mut needs: Vec<Need<'a>> =
            labels.chain(node.items_at(&["matchExpressions"]).iter().map(Need::read)).collect();
        needs.sort_unstable();
        needs.dedup();
        Self(needs)
    }

    /// Whether something with these labels is selected.
    pub fn matches(&self, labels: &Labels<'_>) -> bool {
        self.0.iter().all(|need| need.holds(labels))
    }

    /// The labels that it asks about.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(|need| match need {
            Need::In(key, _) | Need::Exists(key) | Need::NotIn(key, _) | Need::DoesNotExist(key) => Some(*key),
            Need::Refused => None,
        })
    }

    /// Whether it says which pods it means, rather than which it does not.
    pub fn is_specific(&self) -> bool {
        self.0.iter().any(|need| matches!(need, Need::In(..)))
    }

    /// The one value that it allows for `key`, if that is all that it says.
    pub fn only(&self, key: &str) -> Option<&'a str> {
        match self.0.as_slice() {
            [Need::In(own, values)] if *own == key && values.len() == 1 => values.first().copied(),
            _ => None,
        }
    }

    /// Labels that it selects, as far as it says which it wants.
    pub fn example(&self) -> Labels<'a> {
        let wanted = |need: &Need<'a>| match need {
            Need::In(key, values) => values.first().map(|value| (*key, *value)),
            Need::Exists(key) => Some((*key, "")),
            Need::NotIn(..) | Need::DoesNotExist(_) | Need::Refused => None,
        };
        // what says the value comes before what says only that there is one
        self.0.iter().rev().filter_map(wanted).collect()
    }

    /// As `kubectl get --selector` takes it.
    pub fn text(&self) -> String {
        self.0.iter().map(Need::text).collect::<Vec<_>>().join(",")
    }
}

impl<'a> Need<'a> {
    fn read(node: &'a Node) -> Self {
        let key = node.text_at(&["key"]).unwrap_or_default();
        let mut values: Vec<&str> = node.items_at(&["values"]).iter().filter_map(Node::text).collect();
        values.sort_unstable();
        values.dedup();
        match node.text_at(&["operator"]) {
            Some("In") => Self::In(key, values),
            Some("NotIn") => Self::NotIn(key, values),
            Some("Exists") => Self::Exists(key),
            Some("DoesNotExist") => Self::DoesNotExist(key),
            _ => Self::Refused,
        }
    }

    fn holds(&self, labels: &Labels<'_>) -> bool {
        match self {
            Self::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            Self::NotIn(key, values) => labels.get(key).is_none_or(|value| !values.contains(value)),
            Self::Exists(key) => labels.contains_key(key),
            Self::DoesNotExist(key) => !labels.contains_key(key),
            Self::Refused => false,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::In(key, values) if values.len() == 1 => format!("{key}={}", values.concat()),
            Self::In(key, values) => format!("{key} in ({})", values.join(",")),
            Self::NotIn(key, values) if values.len() == 1 => format!("{key}!={}", values.concat()),
            Self::NotIn(key, values) => format!("{key} notin ({})", values.join(",")),
            Self::Exists(key) => (*key).to_owned(),
            Self::DoesNotExist(key) => format!("!{key}"),
            Self::Refused => "?".to_owned(),
        }
    }
}

/// The labels that a map holds; `null` is the empty value.
pub fn labels(node: Option<&Node>) -> Labels<'_> {
    let entries = node.map_or(&[][..], Node::entries);
    entries.iter().filter_map(|entry| Some((entry.key.as_str(), value(&entry.node)?))).collect()
}

fn value(node: &Node) -> Option<&str> {
    if matches!(node.value, Value::Null) { Some("") } else { node.text() }
}

/// The value of a key that says something: `null` is as good as nothing.
pub fn said<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.get(key).filter(|node| !matches!(node.value, Value::Null))
}
