//! Which object became which: by what they are called, and those that have got another name by likeness.

use crate::diff::renames::{self, Matches};
use crate::manifest::document::{Document, Id};
use crate::tables::{self, HashMap};

/// An object and the file that it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// The file.
    pub file: &'a str,
    /// The text of the file.
    pub text: &'a str,
    /// The object.
    pub document: &'a Document,
}

/// What became of an object.
#[derive(Clone, Copy, Debug)]
pub enum Pair<'a> {
    /// It is new.
    Added(Placed<'a>),
    /// It is gone.
    Removed(Placed<'a>),
    /// It is still there, under the same or another name.
    Kept(Placed<'a>, Placed<'a>),
}

impl<'a> Pair<'a> {
    /// The object as it was.
    pub fn before(&self) -> Option<Placed<'a>> {
        match self {
            Self::Added(_) => None,
            Self::Removed(old) | Self::Kept(old, _) => Some(*old),
        }
    }

    /// The object as it is.
    pub fn after(&self) -> Option<Placed<'a>> {
        match self {
            Self::Removed(_) => None,
            Self::Added(new) | Self::Kept(_, new) => Some(*new),
        }
    }

    /// What the object is called, or was.
    pub fn id(&self) -> &'a Id {
        match self {
            Self::Removed(placed) | Self::Added(placed) | Self::Kept(_, placed) => &placed.document.id,
        }
    }

    /// Whether it has got another name or namespace.
    pub fn is_renamed(&self) -> bool {
        matches!(self, Self::Kept(old, new) if Key::of(&old.document.id) != Key::of(&new.document.id))
    }
}

/// What is one object to the API server, however it is written: who names no namespace means `default`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key<'a> {
    kind: &'a str,
    group: &'a str,
    namespace: &'a str,
    name: &'a str,
}

/// Kinds that have moved to another group and are stored once: the kinds, the group that they left, and the new one.
const MOVED: &[(&[&str], &str, &str)] = &[
    (&["Deployment", "DaemonSet", "ReplicaSet"], "extensions", "apps"),
    (&["Ingress", "NetworkPolicy"], "extensions", "networking.k8s.io"),
    (&["PodSecurityPolicy"], "extensions", "policy"),
];

impl<'a> Key<'a> {
    fn of(id: &'a Id) -> Self {
        let moved = MOVED.iter().find(|(kinds, left, _)| *left == id.group && kinds.contains(&id.kind.as_str()));
        Self {
            kind: &id.kind,
            group: moved.map_or(&id.group, |(.., group)| group),
            namespace: if id.namespace.is_empty() { "default" } else { &id.namespace },
            name: &id.name,
        }
    }
}

/// The objects of two trees, and what could not be found out about them.
#[derive(Debug)]
pub struct Pairs<'a> {
    /// In the order of the new tree; what is gone stands at the end, in its own order.
    pub pairs: Vec<Pair<'a>>,
    /// What may be otherwise, for people.
    pub doubts: Vec<String>,
}

/// Pairs the objects of two trees.
pub fn pair<'a>(old: &[Placed<'a>], new: &[Placed<'a>]) -> Pairs<'a> {
    let mut matches = Matches { heirs: vec![None; new.len()], gone: vec![true; old.len()] };
    by_name(old, new, &mut matches);
    by_spelling(old, new, &mut matches);
    let doubts = renames::renames(old, new, &mut matches);
    let Matches { heirs, gone } = matches;
    let mut pairs: Vec<Pair<'a>> = new
        .iter()
        .zip(heirs)
        .map(|(placed, heir)| heir.map_or(Pair::Added(*placed), |at| Pair::Kept(old[at], *placed)))
        .collect();
    pairs.extend(old.iter().zip(gone).filter(|(_, gone)| *gone).map(|(placed, _)| Pair::Removed(*placed)));
    Pairs { pairs, doubts }
}

/// Finds what is written in another way and is the same object.
fn by_spelling(old: &[Placed<'_>], new: &[Placed<'_>], matches: &mut Matches) {
    let is_named = |placed: &Placed<'_>| !placed.document.id.name.is_empty();
    let left = old.iter().enumerate().filter(|(at, placed)| matches.gone[*at] && is_named(placed));
    let mut left: HashMap<Key<'_>, usize> = left.map(|(at, placed)| (Key::of(&placed.document.id), at)).collect();
    for (at, placed) in new.iter().enumerate().filter(|(_, placed)| is_named(placed)) {
        if matches.heirs[at].is_none()
            && let Some(before) = left.remove(&Key::of(&placed.document.id))
        {
            matches.join(before, at);
        }
    }
}

/// Whether two objects of one name are versions of one, the surest first. A name stands several times where a base and
/// what is laid over it are one tree, and where the API server or nobody gives one.
const RULES: &[fn(&Placed<'_>, &Placed<'_>) -> bool] = &[
    |old, new| old.file == new.file && old.document.root == new.document.root,
    |old, new| old.file == new.file,
    |old, new| old.document.root == new.document.root,
    |old, _| !old.document.id.name.is_empty(),
];

/// The first rule that one object of a name needs.
const FOR_ONE: usize = 1;

fn by_name(old: &[Placed<'_>], new: &[Placed<'_>], matches: &mut Matches) {
    // the first object of each name, and the next one of the same name
    let mut first: HashMap<&Id, usize> = tables::map(old.len());
    let mut next: Vec<Option<usize>> = vec![None; old.len()];
    for (at, placed) in old.iter().enumerate().rev() {
        next[at] = first.insert(&placed.document.id, at);
    }
    let starts: Vec<Option<usize>> = new.iter().map(|placed| first.get(&placed.document.id).copied()).collect();
    for (rank, rule) in RULES.iter().enumerate() {
        for (at, (placed, start)) in new.iter().zip(&starts).enumerate() {
            let Some(start) = start.filter(|_| matches.heirs[at].is_none()) else { continue };
            if rank < FOR_ONE && next[start].is_none() {
                continue;
            }
            let mut same = std::iter::successors(Some(start), |at| next[*at]);
            if let Some(before) = same.find(|before| matches.gone[*before] && rule(&old[*before], placed)) {
                matches.join(before, at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::report::Report;
    use crate::manifest::read::{Dialect, read};

    fn documents(text: &str) -> Vec<Document> {
        read(text, Dialect::Any, &mut Report::default())
    }

    fn is_one(old: &str, new: &str) -> bool {
        let (old, new) = (documents(old), documents(new));
        let old: Vec<Placed<'_>> = old.iter().map(|document| Placed { file: "a", text: "", document }).collect();
        let new: Vec<Placed<'_>> = new.iter().map(|document| Placed { file: "b", text: "", document }).collect();
        matches!(pair(&old, &new).pairs.as_slice(), [only] if matches!(only, Pair::Kept(..)) && !only.is_renamed())
    }

    #[test]
    fn one_object_in_two_spellings_is_one() {
        let object = |version: &str, kind: &str, place: &str| {
            format!("{{apiVersion: {version}, kind: {kind}, metadata: {{{place}}}}}")
        };
        for (old, new, is_same) in [
            (("v1", "ConfigMap", "name: c"), ("v1", "ConfigMap", "name: c, namespace: default"), true),
            (("v1", "ConfigMap", "name: c, namespace: default"), ("v1", "ConfigMap", "name: c"), true),
            (("v1", "ConfigMap", "name: c"), ("v1", "ConfigMap", "name: c, namespace: other"), false),
            (("apps/v1beta1", "Deployment", "name: c"), ("apps/v1", "Deployment", "name: c"), true),
            (("extensions/v1beta1", "Deployment", "name: c"), ("apps/v1", "Deployment", "name: c"), true),
            (("extensions/v1beta1", "Ingress", "name: c"), ("networking.k8s.io/v1", "Ingress", "name: c"), true),
            (("extensions/v1beta1", "Deployment", "name: c"), ("example.com/v1", "Deployment", "name: c"), false),
        ] {
            let written = |(version, kind, place)| object(version, kind, place);
            assert_eq!(is_one(&written(old), &written(new)), is_same, "{old:?} {new:?}");
        }
    }

    #[test]
    fn a_name_may_change_with_what_bears_it_or_alone() {
        let budget = |name: &str, label: &str| {
            format!(
                "---\n{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: {name}, labels: {{app: {label}, part-of: shop}}}}, spec: {{minAvailable: 1, selector: {{matchLabels: {{app: {label}}}}}}}}}\n"
            )
        };
        let old = documents(&(budget("api", "api") + &budget("web", "web")));
        for (api, web) in [("api", "web"), ("dev-api", "dev-web")] {
            let new = documents(&(budget("dev-web", web) + &budget("dev-api", api)));
            let [old, new] = [&old, &new].map(|side| {
                let placed = |document| Placed { file: "a", text: "", document };
                side.iter().map(placed).collect::<Vec<_>>()
            });
            let names = |pair: &Pair<'_>| {
                let name =
                    |placed: Option<Placed<'_>>| placed.map_or(String::new(), |at| at.document.id.name.to_string());
                (name(pair.before()), name(pair.after()))
            };
            let told: Vec<_> = pair(&old, &new).pairs.iter().map(names).collect();
            let wanted = [("web", "dev-web"), ("api", "dev-api")].map(|(was, is)| (was.to_owned(), is.to_owned()));
            assert_eq!(told, wanted, "{api}");
        }
    }

    #[test]
    fn an_object_prefers_what_is_written_as_it_is() {
        let (bare, full) = ("name: c", "name: c, namespace: default");
        let map = |place: &str| format!("---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{{place}}}}}\n");
        let both = documents(&(map(bare) + &map(full)));
        let placed: Vec<Placed<'_>> = both.iter().map(|document| Placed { file: "a", text: "", document }).collect();
        for pair in pair(&placed, &placed).pairs {
            assert_eq!(pair.before().map(|old| &old.document.id), pair.after().map(|new| &new.document.id));
        }
    }
}
