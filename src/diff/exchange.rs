//! What a platform as a whole gains and loses: connections and rights, each of which follows from several objects. A
//! workload that has got another name keeps what it had.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::compare::{Fate, ObjectChange};
use crate::diff::pair::{Pair, Placed};
use crate::diff::path::Path;
use crate::reach::party::Party;
use crate::reach::pods::namespace;
use crate::reach::{self, Connection};
use crate::rights::{self, Right, folded, roles, wider};

/// Statements that are new, and statements that no longer hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// What is new.
    pub gained: Vec<String>,
    /// What no longer holds.
    pub lost: Vec<String>,
}

impl Exchange {
    /// Whether nothing has changed hands.
    pub fn is_empty(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty()
    }
}

/// Whether a change of this object may open or close a connection.
pub fn may_connect(object: &ObjectChange) -> bool {
    says_something_else(object)
        && reach::concerns(&object.id)
        && (object.fate != Fate::Changed || !object.changes.iter().all(|change| is_inside_container(&change.path)))
}

/// Whether a change of this object may give or take a right.
pub fn may_entitle(object: &ObjectChange) -> bool {
    says_something_else(object) && (object.id.group == roles::GROUP || object.id.kind == "ServiceAccount")
}

fn says_something_else(object: &ObjectChange) -> bool {
    !matches!(object.fate, Fate::Moved | Fate::Reformatted)
}

/// Whether only what runs in a container is different, and not where it listens.
fn is_inside_container(path: &Path) -> bool {
    let mut keys = path.keys().skip_while(|key| !["containers", "initContainers"].contains(key)).skip(1);
    keys.next().is_some_and(|key| key != "ports")
}

/// New names by old ones, both as `namespace/name`.
type Names = BTreeMap<String, String>;

/// The new names of objects of these kinds.
fn renamed(pairs: &[Pair<'_>], kinds: &[&str]) -> Names {
    let names = pairs.iter().filter(|pair| pair.is_renamed() && kinds.contains(&pair.id().kind.as_str()));
    // who names no namespace lands in `default`, and that is what ends of connections and subjects are called
    let place = |placed: Placed<'_>| format!("{}/{}", namespace(placed.document), placed.document.id.name);
    names.filter_map(|pair| Some((place(pair.before()?), place(pair.after()?)))).collect()
}

/// Who can reach whom now and could not before, and the other way round.
pub fn connections(old: &[Placed<'_>], new: &[Placed<'_>], pairs: &[Pair<'_>]) -> Exchange {
    let names = renamed(pairs, &["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"]);
    let of = |placed: &[Placed<'_>]| reach::connections(placed.iter().map(|placed| placed.document));
    let party = |party: Party| match names.get(&party.to_string()).and_then(|name| name.split_once('/')) {
        Some((namespace, name)) => Party::Workload { namespace: namespace.into(), name: name.into() },
        None => party,
    };
    let before: BTreeSet<Connection> = of(old)
        .into_iter()
        .map(|connection| Connection { from: party(connection.from), to: party(connection.to), ..connection })
        .collect();
    let after = of(new);
    let told = |some: &BTreeSet<Connection>, others: &BTreeSet<Connection>| -> Vec<String> {
        some.difference(others).map(ToString::to_string).collect()
    };
    Exchange { gained: told(&after, &before), lost: told(&before, &after) }
}

/// Who may do what now and could not before, and the other way round.
pub fn rights(old: &[Placed<'_>], new: &[Placed<'_>], pairs: &[Pair<'_>]) -> Exchange {
    let names = renamed(pairs, &["ServiceAccount"]);
    let of = |placed: &[Placed<'_>]| rights::rights(placed.iter().map(|placed| placed.document));
    let before: BTreeSet<Right> = of(old)
        .into_iter()
        .map(|right| match names.get(&*right.subject) {
            Some(name) => Right { subject: name.as_str().into(), ..right },
            None => right,
        })
        .collect();
    let after = of(new);
    let told = |some: &BTreeSet<Right>, others: &BTreeSet<Right>| folded::folded(&wider::beyond(some, others));
    Exchange { gained: told(&after, &before), lost: told(&before, &after) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::path::Step;

    #[test]
    fn what_runs_in_a_container_connects_nobody_and_where_it_listens_does() {
        let pod = Path::of(&["spec", "template", "spec"]);
        let container = pod.key("containers").and(Step::Item("api".to_owned()));
        assert!(is_inside_container(&container.key("image")));
        assert!(is_inside_container(&pod.key("initContainers").and(Step::Index(0)).key("env").and(Step::Index(1))));
        for path in [
            &container,
            &container.key("ports").and(Step::Index(0)),
            &pod.key("hostNetwork"),
            &Path::of(&["metadata", "labels"]),
        ] {
            assert!(!is_inside_container(path), "{path}");
        }
    }
}
