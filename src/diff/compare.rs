//! Two sides to everything that is different between them. The answer holds no secret: whatever shows it need not care.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diff::capacity::{self, Delta};
use crate::diff::change::{Change, What};
use crate::diff::effects::around::Around;
use crate::diff::effects::{self, Effect};
use crate::diff::exchange::{self, Exchange};
use crate::diff::pair::{self, Pair, Pairs, Placed};
use crate::diff::secrets::Veil;
use crate::diff::side::Side;
use crate::diff::structure;
use crate::manifest::document::Id;
use crate::ordered::Ordered;
use crate::shares;
use crate::tables::{HashMap, HashSet};

/// Everything that is different.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Files that are not the same byte for byte, sorted by path.
    pub files: Vec<FileChange>,
    /// Objects that are not the same, in the order of the new side; what is gone stands last.
    pub objects: Vec<ObjectChange>,
    /// Who can reach whom.
    pub connections: Exchange,
    /// Who may do what.
    pub rights: Exchange,
    /// Namespaces that ask for more or less of the cluster.
    pub capacity: Vec<Delta>,
    /// Keys that one environment sets and the other does not, where two environments are compared.
    pub lone_keys: Vec<LoneKey>,
    /// What could not be found out.
    pub notes: Vec<String>,
}

/// A key that only one of two environments sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoneKey {
    /// The environment that sets it.
    pub environment: String,
    /// The key, below the environment.
    pub key: String,
    /// Where it stands, counted from one.
    pub line: usize,
}

/// A file that is not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Its path.
    pub path: String,
    /// What became of it.
    pub fate: FileFate,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFate {
    /// It was not there.
    Added,
    /// It is no longer there: on the old side it is an orphan.
    Removed,
    /// Its bytes are others.
    Changed,
}

/// An object that is not the same.
#[derive(Clone, Debug)]
pub struct ObjectChange {
    /// What it is called, or was.
    pub id: Id,
    /// What became of it.
    pub fate: Fate,
    /// What it was called, if that was something else: the API server will take it for another object.
    pub was: Option<Id>,
    /// Where it stands, or stood.
    pub file: String,
    /// Where it stood, if that was another file.
    pub was_in: Option<String>,
    /// What is different in it.
    pub changes: Vec<Change>,
    /// What that will do, the gravest first.
    pub effects: Vec<Effect>,
    /// The lines of the description that did it, where two descriptions are compared.
    pub cause: Option<Arc<Cause>>,
}

/// Lines of a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The name of the description.
    pub file: String,
    /// The first line that says something, counted from one, in the new description; where lines were removed, the line
    /// before which they stood.
    pub line: usize,
    /// That line, as it stands or stood.
    pub text: String,
    /// How many lines there are.
    pub lines: usize,
    /// Whether they were removed.
    pub is_removed: bool,
}

/// What became of an object; the worst that can be said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has got another name: it is removed and added.
    Renamed,
    /// It says something else.
    Changed,
    /// It says the same in another place.
    Moved,
    /// It says the same in other words.
    Reformatted,
}

/// What is not told, and why.
const APART: &str = "an object stands in several files, as in a base and an overlay: connections, rights and capacity follow from what is built of them, and are not told";

/// Compares two sides.
pub fn compare(old: &Side, new: &Side) -> Comparison {
    let files = files(old, new);
    if files.is_empty() {
        return Comparison::default();
    }
    let (before, after) = (old.objects(), new.objects());
    let Pairs { pairs, doubts } = pair::pair(&before, &after);
    // a base and what is laid over it are two halves of a platform, not two platforms
    let is_platform = !old.repeats && !new.repeats;
    let apart = (!is_platform).then(|| APART.to_owned());
    let objects = changed(&pairs, &files);
    let has_changed = |matters: fn(&ObjectChange) -> bool| is_platform && objects.iter().any(matters);
    let connections = || {
        let may_connect = is_platform && exchange::may_connect(&objects, &before, &after);
        if may_connect { exchange::connections(&before, &after, &pairs) } else { Exchange::default() }
    };
    let rest = || {
        let may_entitle = has_changed(exchange::may_entitle);
        let rights = if may_entitle { exchange::rights(&before, &after, &pairs) } else { Exchange::default() };
        let capacity = if has_changed(capacity::may_weigh) { capacity::deltas(&before, &after) } else { Vec::new() };
        (rights, capacity)
    };
    let (connections, (rights, capacity)) = shares::both(connections, rest);
    let notes = doubts.into_iter().chain(apart).collect();
    Comparison { files, objects, connections, rights, capacity, lone_keys: Vec::new(), notes }
}

/// Compares the objects of two sides, one by one.
pub fn objects(old: &Side, new: &Side) -> Vec<ObjectChange> {
    changed(&pair::pair(&old.objects(), &new.objects()).pairs, &files(old, new))
}

fn changed(pairs: &[Pair<'_>], files: &[FileChange]) -> Vec<ObjectChange> {
    let touched: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let shifted = shifted(pairs);
    let around = Around::new(pairs);
    let is_touched = |placed: Placed<'_>| touched.contains(placed.file);
    let touched =
        pairs.iter().filter(|pair| pair.before().is_some_and(is_touched) || pair.after().is_some_and(is_touched));
    let touched: Vec<&Pair<'_>> = touched.collect();
    let is_shifted = |pair: &Pair<'_>| pair.after().is_some_and(|new| shifted.contains(&spot(new)));
    let found = shares::each(&touched, FEWEST_PAIRS, |pair| object(pair, &around, is_shifted(pair)));
    found.into_iter().flatten().collect()
}

/// Fewer objects than this are not worth a thread.
const FEWEST_PAIRS: usize = 256;

fn files(old: &Side, new: &Side) -> Vec<FileChange> {
    let (before, after) = (texts(old), texts(new));
    let paths: BTreeSet<&str> = before.keys().chain(after.keys()).copied().ordered();
    let fate = |path: &str| match (before.get(path), after.get(path)) {
        (None, _) => Some(FileFate::Added),
        (_, None) => Some(FileFate::Removed),
        (Some(before), Some(after)) => (before != after).then_some(FileFate::Changed),
    };
    paths.into_iter().filter_map(|path| fate(path).map(|fate| FileChange { path: path.to_owned(), fate })).collect()
}

fn texts(side: &Side) -> BTreeMap<&str, &str> {
    side.files.iter().map(|file| (file.path.as_str(), file.text.as_str())).ordered()
}

fn object(pair: &Pair<'_>, around: &Around<'_>, is_shifted: bool) -> Option<ObjectChange> {
    let id = pair.id();
    let (fate, changes) = match pair {
        Pair::Added(_) => (Fate::Added, Vec::new()),
        Pair::Removed(_) => (Fate::Removed, Vec::new()),
        Pair::Kept(old, new) => {
            let changes = structure::differences(&old.document.root, &new.document.root);
            let fate = if pair.is_renamed() {
                Fate::Renamed
            } else if !changes.is_empty() {
                Fate::Changed
            } else if old.file != new.file || is_shifted {
                Fate::Moved
            } else if text(old) != text(new) {
                Fate::Reformatted
            } else {
                return None;
            };
            (fate, changes)
        }
    };
    let roots = [pair.before(), pair.after()].into_iter().flatten().map(|placed| &placed.document.root);
    let mut effects = effects::effects(pair, &changes, around);
    let veil = Veil::over(roots, &changes, effects.iter().map(|effect| effect.why.as_str()));
    let hidden: Vec<String> = effects.iter().map(|effect| veil.said(&effect.why)).collect();
    effects.iter_mut().zip(hidden).for_each(|(effect, why)| effect.why = why);
    let was = pair.before().map(|old| old.document.id.clone()).filter(|_| pair.is_renamed());
    let is_echo = |change: &Change| was.as_ref().is_some_and(|was| echoes(change, was, id));
    let file = pair.after().or(pair.before()).map(|placed| placed.file.to_owned()).unwrap_or_default();
    let was_in = pair.before().map(|old| old.file.to_owned()).filter(|was| *was != file);
    // what has no name is known by its file
    let name = if id.name.is_empty() { file.as_str().into() } else { id.name.clone() };
    Some(ObjectChange {
        id: Id { name, ..id.clone() },
        fate,
        changes: changes.into_iter().filter(|change| !is_echo(change)).map(|change| veil.hidden(change)).collect(),
        was,
        file,
        was_in,
        effects,
        cause: None,
    })
}

/// Whether a change only repeats that the object has got another name: a reference or label that was the name and is.
fn echoes(change: &Change, was: &Id, id: &Id) -> bool {
    let What::Changed(old, new) = &change.what else { return false };
    let pair = (old.text(), new.text());
    let is_name = pair == (Some(&was.name), Some(&id.name)) || pair == (Some(&was.namespace), Some(&id.namespace));
    // a variable or a payload with that text is something else
    is_name && change.path.last_key() != "value" && !change.path.begins(&["data"])
}

/// The words of an object, without what separates it from others.
fn text<'a>(placed: &Placed<'a>) -> &'a str {
    let span = placed.document.span;
    let text = placed.text.get(span.start()..span.end()).unwrap_or_default();
    text.trim_start_matches("---").trim()
}

/// An object by its place: names may stand several times.
type Spot<'a> = (&'a str, usize);

fn spot(placed: Placed<'_>) -> Spot<'_> {
    (placed.file, placed.document.span.start())
}

/// Objects that stand in the same file as before, but not in the same order: the fewest that can be said to have moved.
fn shifted<'a>(pairs: &[Pair<'a>]) -> BTreeSet<Spot<'a>> {
    let mut files: HashMap<&str, Vec<(usize, Spot<'a>)>> = HashMap::default();
    for pair in pairs {
        if let Pair::Kept(old, new) = pair
            && old.file == new.file
        {
            files.entry(new.file).or_default().push((old.document.span.start(), spot(*new)));
        }
    }
    files.values().flat_map(|places| out_of_order(places)).collect()
}

/// All but a longest run of places that go up.
fn out_of_order<T: Copy>(places: &[(usize, T)]) -> Vec<T> {
    if places.is_sorted_by_key(|(place, _)| *place) {
        return Vec::new();
    }
    // `tails[n]` ends the run of length n+1 that ends lowest; `before` leads back along it
    let (mut tails, mut before): (Vec<usize>, Vec<Option<usize>>) = (Vec::new(), vec![None; places.len()]);
    for at in 0..places.len() {
        let length = tails.partition_point(|tail| places[*tail].0 < places[at].0);
        before[at] = length.checked_sub(1).map(|shorter| tails[shorter]);
        if length == tails.len() { tails.push(at) } else { tails[length] = at }
    }
    let mut run: BTreeSet<usize> = BTreeSet::new();
    let mut next = tails.last().copied();
    while let Some(at) = next {
        run.insert(at);
        next = before[at];
    }
    places.iter().enumerate().filter(|(at, _)| !run.contains(at)).map(|(_, (_, spot))| *spot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_out_of_order_has_moved() {
        let places: Vec<(usize, char)> = [9, 1, 4, 6].into_iter().zip(['a', 'b', 'c', 'd']).collect();
        assert_eq!(out_of_order(&places), ['a']);
        assert!(out_of_order(&places[1..]).is_empty());
    }
}
