//! Rights in as few lines as they can be read in.

use std::collections::{BTreeMap, BTreeSet};

use crate::rights::Right;

/// The order in which people say verbs; others follow by the alphabet.
const ORDER: &[&str] = &["*", "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

type Texts<'a> = BTreeSet<&'a str>;

/// Namespaces, and whether everywhere is among them.
type Places<'a> = BTreeSet<Option<&'a str>>;

/// `monitoring/prometheus  get, list, watch pods, services  in default, production`, a line for each subject and what it
/// may do alike.
pub fn folded(rights: &BTreeSet<Right>) -> Vec<String> {
    let mut verbs: BTreeMap<(&str, Option<&str>, &str), Vec<&str>> = BTreeMap::new();
    for right in rights {
        verbs.entry((&right.subject, right.namespace.as_deref(), &right.resource)).or_default().push(&right.verb);
    }
    let mut resources: BTreeMap<(&str, Option<&str>, Vec<&str>), Texts<'_>> = BTreeMap::new();
    for ((subject, namespace, resource), verbs) in verbs {
        resources.entry((subject, namespace, ordered(verbs))).or_default().insert(resource);
    }
    let mut places: BTreeMap<(&str, Texts<'_>, Vec<&str>), Places<'_>> = BTreeMap::new();
    for ((subject, namespace, verbs), resources) in resources {
        // one place is everywhere, the others are by name
        places.entry((subject, resources, verbs)).or_default().insert(namespace);
    }
    places.into_iter().map(|((subject, resources, verbs), places)| line(subject, &verbs, resources, &places)).collect()
}

fn ordered(mut verbs: Vec<&str>) -> Vec<&str> {
    verbs.sort_unstable_by_key(|verb| (ORDER.iter().position(|known| known == verb).unwrap_or(ORDER.len()), *verb));
    verbs
}

fn line(subject: &str, verbs: &[&str], resources: Texts<'_>, places: &Places<'_>) -> String {
    let resources = resources.into_iter().collect::<Vec<_>>().join(", ");
    let named: Vec<&str> = places.iter().copied().flatten().collect();
    // what holds everywhere holds in each of the namespaces
    let place = if places.contains(&None) { "everywhere".to_owned() } else { format!("in {}", named.join(", ")) };
    format!("{subject}  {} {resources}  {place}", verbs.join(", "))
}
