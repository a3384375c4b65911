//! Which object has got another name: among objects of one kind without a partner, by likeness, the surest first.

use std::collections::{BTreeMap, VecDeque};

use crate::diff::likeness::Leaves;
use crate::diff::pair::Placed;
use crate::tables::HashMap;

/// Objects of one kind that have at least this much in common, their names aside, are one object renamed.
const ALIKE: f64 = 0.7;

/// Where comparing each with each would read more values than this, only those are compared that have something in
/// common which few others have.
const MOST: usize = 20_000_000;

/// A value that more objects hold tells nothing about which of them is which.
const RARE: usize = 8;

/// Which old object each new one was, and which old ones are gone.
pub(super) struct Matches {
    /// By the place of the new object.
    pub(super) heirs: Vec<Option<usize>>,
    /// By the place of the old object.
    pub(super) gone: Vec<bool>,
}

impl Matches {
    fn is_open(&self, before: usize, after: usize) -> bool {
        self.gone[before] && self.heirs[after].is_none()
    }

    /// Makes two objects one, if neither has a partner.
    pub(super) fn join(&mut self, before: usize, after: usize) -> bool {
        let is_open = self.is_open(before, after);
        if is_open {
            self.gone[before] = false;
            self.heirs[after] = Some(before);
        }
        is_open
    }
}

/// An object without a partner: its place and what it says, its name aside.
type Stray = (usize, Leaves);

/// Objects of one kind without a partner: the old ones and the new ones.
type Strays = (Vec<Stray>, Vec<Stray>);

/// Finds the new names of what seems to be gone; tells where there was too much to look everywhere.
pub(super) fn renames(old: &[Placed<'_>], new: &[Placed<'_>], matches: &mut Matches) -> Vec<String> {
    let mut kinds: BTreeMap<(&str, &str), Strays> = BTreeMap::new();
    let lone = |kinds: &mut BTreeMap<_, Strays>| kinds.retain(|_, (left, fresh)| !left.is_empty() && !fresh.is_empty());
    for (at, placed) in old.iter().enumerate().filter(|(at, _)| matches.gone[*at]) {
        kinds.entry(kind(placed)).or_default().0.push((at, Leaves::default()));
    }
    for (at, placed) in new.iter().enumerate().filter(|(at, _)| matches.heirs[*at].is_none()) {
        kinds.entry(kind(placed)).or_default().1.push((at, Leaves::default()));
    }
    lone(&mut kinds);
    for (left, fresh) in kinds.values_mut() {
        read(old, left);
        read(new, fresh);
        equals((old, left), (new, fresh), matches);
    }
    let names = names(old, new, &matches.heirs);
    let mut doubts = Vec::new();
    for ((kind, _), (mut left, mut fresh)) in kinds {
        left.retain(|(at, _)| matches.gone[*at]);
        fresh.retain(|(at, _)| matches.heirs[*at].is_none());
        let total = |strays: &[Stray]| strays.iter().map(|(_, leaves)| leaves.count()).sum::<usize>();
        let work = total(&left).saturating_mul(fresh.len()).saturating_add(total(&fresh).saturating_mul(left.len()));
        let is_small = work <= MOST;
        let candidates = if is_small { Vec::new() } else { candidates(old, new, &left, &fresh, &names) };
        let (whole_left, whole_fresh) = (wholes(old, &left), wholes(new, &fresh));
        let mut likeness: Vec<(f64, usize, usize)> = Vec::new();
        for (at, (after, other)) in fresh.iter().enumerate() {
            let mut compare = |place: usize| {
                let (before, one) = &left[place];
                let is_near = old[*before].document.id.namespace == new[*after].document.id.namespace;
                // labels may have become other names with the object, or not
                let common = one.similarity(other).max(whole_left[place].similarity(&whole_fresh[at]));
                if common >= ALIKE {
                    likeness.push((common + if is_near { 1.0 } else { 0.0 }, *before, *after));
                }
            };
            match candidates.get(at) {
                Some(some) => some.iter().copied().for_each(&mut compare),
                None => (0..left.len()).for_each(&mut compare),
            }
        }
        likeness.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        for (_, before, after) in likeness {
            matches.join(before, after);
        }
        doubts.extend(if is_small { None } else { doubt(kind, &left, &fresh, matches) });
    }
    doubts
}

fn kind<'a>(placed: &Placed<'a>) -> (&'a str, &'a str) {
    (&placed.document.id.kind, &placed.document.id.group)
}

fn read(all: &[Placed<'_>], strays: &mut [Stray]) {
    for (at, leaves) in strays {
        let document = all[*at].document;
        *leaves = Leaves::without(&document.root, &document.id.name);
    }
}

/// The same with their names.
fn wholes(all: &[Placed<'_>], strays: &[Stray]) -> Vec<Leaves> {
    strays.iter().map(|(at, _)| Leaves::of(&all[*at].document.root)).collect()
}

/// Those that say the same but for their names: first where one name holds the other, then in their order.
fn equals((old, left): (&[Placed<'_>], &[Stray]), (new, fresh): (&[Placed<'_>], &[Stray]), matches: &mut Matches) {
    let mut same: HashMap<&Leaves, VecDeque<usize>> = HashMap::default();
    for (at, leaves) in left {
        same.entry(leaves).or_default().push_back(*at);
    }
    for is_fit in [is_related, |_, _| true] as [fn(&str, &str) -> bool; 2] {
        for (after, leaves) in fresh {
            let is_open = matches.heirs[*after].is_none();
            let Some(some) = same.get_mut(leaves).filter(|_| is_open) else { continue };
            let is_heir = |before: &usize| is_fit(&old[*before].document.id.name, &new[*after].document.id.name);
            let found = some.iter().take(MOST_EQUAL).position(is_heir);
            if let Some(before) = found.and_then(|at| some.remove(at)) {
                matches.join(before, *after);
            }
        }
    }
}

/// Among more that say the same, nobody looks for a name.
const MOST_EQUAL: usize = 64;

/// Whether two names are one with something before or behind it, or with another word before it.
fn is_related(old: &str, new: &str) -> bool {
    let tail = |name: &str| name.split_once('-').map(|(_, tail)| tail.to_owned());
    new.contains(old) || old.contains(new) || tail(old).is_some_and(|own| tail(new) == Some(own))
}

/// What an object is called: its namespace and name.
type Name<'a> = (&'a str, &'a str);

fn name<'a>(placed: &Placed<'a>) -> Name<'a> {
    (&placed.document.id.namespace, &placed.document.id.name)
}

/// The new names that have been found: what belongs to one thing mostly has one name.
fn names<'a>(old: &[Placed<'a>], new: &[Placed<'a>], heirs: &[Option<usize>]) -> HashMap<Name<'a>, Name<'a>> {
    let found = heirs.iter().zip(new).filter_map(|(heir, placed)| Some((name(&old[(*heir)?]), name(placed))));
    found.filter(|(was, is)| was != is).collect()
}

/// The old objects that each new one may have been: those whose name is known to have become its name, and those that
/// share a rare value with it.
fn candidates(
    old: &[Placed<'_>],
    new: &[Placed<'_>],
    left: &[Stray],
    fresh: &[Stray],
    names: &HashMap<Name<'_>, Name<'_>>,
) -> Vec<Vec<usize>> {
    let mut holders: HashMap<u64, Vec<usize>> = HashMap::default();
    for (at, (_, leaves)) in left.iter().enumerate() {
        for leaf in leaves.iter() {
            let known = holders.entry(leaf).or_default();
            if known.len() <= RARE {
                known.push(at);
            }
        }
    }
    let mut renamed: HashMap<Name<'_>, Vec<usize>> = HashMap::default();
    for (at, (before, _)) in left.iter().enumerate() {
        if let Some(is) = names.get(&name(&old[*before])) {
            renamed.entry(*is).or_default().push(at);
        }
    }
    let of = |(after, leaves): &Stray| -> Vec<usize> {
        let mut common: BTreeMap<usize, usize> = BTreeMap::new();
        for holder in leaves.iter().filter_map(|leaf| holders.get(&leaf)).filter(|some| some.len() <= RARE).flatten() {
            *common.entry(*holder).or_default() += 1;
        }
        let mut some: Vec<(usize, usize)> = common.into_iter().collect();
        some.sort_unstable_by_key(|(at, count)| (std::cmp::Reverse(*count), *at));
        let known = renamed.get(&name(&new[*after])).into_iter().flatten().copied();
        known.chain(some.into_iter().take(RARE).map(|(at, _)| at)).collect()
    };
    fresh.iter().map(of).collect()
}

/// What may have been overlooked.
fn doubt(kind: &str, left: &[Stray], fresh: &[Stray], matches: &Matches) -> Option<String> {
    let left = left.iter().filter(|(at, _)| matches.gone[*at]).count();
    let fresh = fresh.iter().filter(|(at, _)| matches.heirs[*at].is_none()).count();
    (left > 0 && fresh > 0).then(|| {
        format!("{fresh} of kind {kind} are new and {left} are gone: too many to compare each with each, so some may only have got another name")
    })
}
