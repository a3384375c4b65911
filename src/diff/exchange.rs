//! What a platform as a whole gains and loses: connections and rights, each of which follows from several objects. A
//! workload that has got another name keeps what it had.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::compare::{Fate, ObjectChange};
use crate::diff::hiding::HIDDEN;
use crate::diff::pair::{Pair, Placed};
use crate::diff::path::Path;
use crate::manifest::document::{Document, Id};
use crate::ordered::Ordered;
use crate::reach::party::Party;
use crate::reach::pods::{namespace, path_of_template};
use crate::reach::policy::{self, LabelKeys};
use crate::reach::{self, apart::Apart};
use crate::rights::{self, Right, folded, holders, roles, wider};

/// Statements that are new, and statements that no longer hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// What is new.
    pub gained: Vec<String>,
    /// What no longer holds.
    pub lost: Vec<String>,
    /// What of the new follows from nothing that held before.
    pub news: Vec<String>,
}

impl Exchange {
    /// Whether nothing has changed hands.
    pub fn is_empty(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty()
    }
}

/// Whether these changes may open or close a connection. Labels that no policy of either side asks about do not, and a
/// label that everything bears is what most often changes everywhere.
pub fn may_connect(objects: &[ObjectChange], old: &[Placed<'_>], new: &[Placed<'_>]) -> bool {
    let mut labels = LabelKeys::default();
    for object in objects.iter().filter(|object| says_something_else(object) && reach::concerns(&object.id)) {
        if object.fate != Fate::Changed {
            return true;
        }
        for change in &object.changes {
            match Touched::by(&object.id, &change.path) {
                Touched::Nothing => {}
                Touched::Label(key) if object.id.kind == "Namespace" => labels.namespaces.extend([key]),
                Touched::Label(key) => labels.pods.extend([key]),
                Touched::More => return true,
            }
        }
    }
    !labels.is_empty() && documents(old).chain(documents(new)).any(|document| policy::may_ask(document, &labels))
}

/// What of an object a change touches that has a say in connections.
#[derive(Debug, PartialEq)]
enum Touched<'c> {
    Nothing,
    /// A label of pods or of a namespace.
    Label(&'c str),
    More,
}

impl<'c> Touched<'c> {
    fn by(id: &Id, path: &'c Path) -> Self {
        if policy::is_heard(id) {
            return if path.begins(&["metadata"]) { Self::Nothing } else { Self::More };
        }
        // a namespace bears its labels itself
        let way = path_of_template(id).unwrap_or_default();
        let Some(mut keys) = path.beyond(way) else { return Self::Nothing };
        match [keys.next(), keys.next(), keys.next()] {
            // a key that is not shown is none that could be looked for
            [Some("metadata"), Some("labels"), Some(key)] if key != HIDDEN => Self::Label(key),
            [Some("metadata"), Some("labels") | None, _]
            | [Some("spec"), Some("hostNetwork") | None, _]
            | [Some("spec"), Some("containers" | "initContainers"), Some("ports" | "restartPolicy") | None]
            | [None, ..] => Self::More,
            _ => Self::Nothing,
        }
    }
}

/// Whether a change of this object may give or take a right.
pub fn may_entitle(object: &ObjectChange) -> bool {
    says_something_else(object) && (object.id.group == roles::GROUP || object.id.kind == "ServiceAccount")
}

/// Whether an object is not only somewhere else, or spelled in another way.
pub fn says_something_else(object: &ObjectChange) -> bool {
    !matches!(object.fate, Fate::Moved | Fate::Reformatted)
}

/// New names by old ones, both as `namespace/name`.
type Names = BTreeMap<String, String>;

/// The new names of objects of these kinds; none where another of them is still called so.
fn renamed(pairs: &[Pair<'_>], kinds: &[&str]) -> Names {
    let of_kinds = pairs.iter().filter(|pair| kinds.contains(&pair.id().kind.as_str()));
    let (names, others): (Vec<&Pair<'_>>, Vec<&Pair<'_>>) = of_kinds.partition(|pair| pair.is_renamed());
    // who names no namespace lands in `default`, and that is what ends of connections and subjects are called
    let place = |placed: Placed<'_>| format!("{}/{}", namespace(placed.document), placed.document.id.name);
    let mut names: Names =
        names.into_iter().filter_map(|pair| Some((place(pair.before()?), place(pair.after()?)))).ordered();
    let is_any = !names.is_empty();
    for still in others.into_iter().filter(|_| is_any).filter_map(Pair::after) {
        names.remove(&place(still));
    }
    names
}

fn documents<'a>(placed: &[Placed<'a>]) -> impl Iterator<Item = &'a Document> {
    placed.iter().map(|placed| placed.document)
}

/// Who can reach whom now and could not before, and the other way round.
pub fn connections(old: &[Placed<'_>], new: &[Placed<'_>], pairs: &[Pair<'_>]) -> Exchange {
    let names = renamed(pairs, &["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"]);
    let heir = |party: &Party| if names.is_empty() { None } else { names.get(&party.to_string()) };
    let party = |party: &Party| match heir(party).and_then(|name| name.split_once('/')) {
        Some((namespace, name)) => Party::Workload { namespace: namespace.into(), name: name.into() },
        None => party.clone(),
    };
    let Apart { lost, gained, opened } = reach::apart(documents(old), documents(new), party);
    let [gained, lost, news] = [gained, lost, opened].map(|some| some.iter().map(ToString::to_string).collect());
    Exchange { gained, lost, news }
}

/// Who may do what now and could not before, and the other way round.
pub fn rights(old: &[Placed<'_>], new: &[Placed<'_>], pairs: &[Pair<'_>]) -> Exchange {
    let names = renamed(pairs, &["ServiceAccount"]);
    let (old, new): (Vec<_>, Vec<_>) = (documents(old).collect(), documents(new).collect());
    // who holds a role that nobody here is bound to gains what it gains; a new one is held by nobody
    let held: BTreeSet<&str> = holders::unbound(&old).intersection(&holders::unbound(&new)).copied().ordered();
    let of = |side: &[&Document]| {
        let mut found = rights::rights(side.iter().copied());
        found.extend(holders::rights(side, &held));
        found
    };
    let before: BTreeSet<Right> = of(&old)
        .into_iter()
        .map(|right| match names.get(&*right.subject) {
            Some(name) => Right { subject: name.as_str().into(), ..right },
            None => right,
        })
        .ordered();
    let after = of(&new);
    let told = |some: &BTreeSet<Right>, others: &BTreeSet<Right>| folded::folded(&wider::beyond(some, others));
    let gained = told(&after, &before);
    Exchange { news: gained.clone(), gained, lost: told(&before, &after) }
}

#[cfg(test)]
mod tests;
