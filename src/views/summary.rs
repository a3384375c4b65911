//! What all changes together will do, grouped so that it fits on a screen.

use std::collections::BTreeMap;

use crate::diff::compare::Comparison;
use crate::diff::effects::immutable::RENAMED;
use crate::diff::effects::{Effect, EffectKind};
use crate::diff::exchange::Exchange;
use crate::manifest::document::Id;
use crate::tables::HashSet;
use crate::views::lines::visible;

/// Objects that one line names; more are counted.
const NAMED: usize = 4;

/// The effects, the gravest first: the kind, and the objects with the reason that they share.
pub fn effects(comparison: &Comparison) -> Vec<(EffectKind, String)> {
    let mut groups: BTreeMap<(EffectKind, String), Vec<(&Id, &str)>> = BTreeMap::new();
    // an object stands once for each cause
    let mut known: HashSet<(&Effect, &Id)> = HashSet::default();
    for object in &comparison.objects {
        for effect in object.effects.iter().filter(|effect| known.insert((effect, &object.id))) {
            groups.entry((effect.kind, in_general(effect, &object.id))).or_default().push((&object.id, &effect.why));
        }
    }
    let mut told: Vec<(EffectKind, String, String)> = Vec::new();
    for ((kind, shared), own) in groups {
        let ids: Vec<&Id> = own.iter().map(|(id, _)| *id).collect();
        let why = own.first().map(|(_, why)| *why).filter(|why| own.iter().all(|(_, other)| other == why));
        told.push((kind, why.map_or(shared, str::to_owned), objects(&ids)));
    }
    for (kind, gained) in
        [(EffectKind::Exposure, &comparison.connections.news), (EffectKind::Privilege, &comparison.rights.news)]
    {
        if let Some(reason) = gains(kind, gained.len()) {
            told.push((kind, reason.to_owned(), some(gained)));
        }
    }
    told.sort_unstable();
    told.into_iter().map(|(effect, why, places)| (effect, format!("{places}: {why}"))).collect()
}

/// Why, as it may be said of other objects too.
fn in_general(effect: &Effect, id: &Id) -> String {
    if effect.why.starts_with(RENAMED) { RENAMED.to_owned() } else { anonymous(&effect.why, id) }
}

/// A text about an object without its name where that is the name of an item, as of a container: what is said of several
/// objects is then the same.
pub fn anonymous(text: &str, id: &Id) -> String {
    if id.name.is_empty() { text.to_owned() } else { text.replace(&format!("[{}]", id.name), "[…]") }
}

/// Some objects; what several of one name are is said before the name.
fn objects(ids: &[&Id]) -> String {
    match ids {
        [first, _, ..] if ids.iter().all(|id| id.place() == first.place()) => {
            let kinds: Vec<&str> = ids.iter().map(|id| id.kind.as_str()).collect();
            format!("{} of {}", some(&kinds), first.place())
        }
        _ => some(&ids.iter().map(ToString::to_string).collect::<Vec<_>>()),
    }
}

/// Why it matters that connections or rights were gained, if any were.
fn gains(kind: EffectKind, count: usize) -> Option<&'static str> {
    match (kind, count) {
        (_, 0) => None,
        (EffectKind::Privilege, _) => Some("a right in the Kubernetes API that was not held before"),
        _ => Some("a connection that was not open"),
    }
}

/// `a, b, c, d and 3 more`
fn some(names: &[impl AsRef<str>]) -> String {
    let named: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    let named = named.join(", ");
    if names.len() > NAMED { format!("{named} and {} more", names.len() - NAMED) } else { named }
}

/// Headed lists that follow the changes: each line begins with its sign.
pub fn sections(comparison: &Comparison) -> Vec<(&'static str, Vec<String>)> {
    let effects: Vec<String> =
        effects(comparison).into_iter().map(|(kind, what)| format!("! {:<12}  {what}", kind.to_string())).collect();
    let capacity: Vec<String> = comparison.capacity.iter().map(|delta| format!("~ {delta}")).collect();
    let exchanged = |exchange: &Exchange| -> Vec<String> {
        let lost = exchange.lost.iter().map(|line| format!("- {line}"));
        lost.chain(exchange.gained.iter().map(|line| format!("+ {line}"))).collect()
    };
    let sections = [
        ("connections", exchanged(&comparison.connections)),
        ("rights", exchanged(&comparison.rights)),
        ("capacity", capacity),
        ("effects", effects),
    ];
    let shown = |lines: Vec<String>| lines.iter().map(visible).collect();
    sections.into_iter().filter(|(_, lines)| !lines.is_empty()).map(|(title, lines)| (title, shown(lines))).collect()
}
