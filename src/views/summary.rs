//! What all changes together will do, grouped so that it fits on a screen.

use std::collections::{BTreeMap, HashSet};

use crate::diff::compare::Comparison;
use crate::diff::effects::{Effect, EffectKind};
use crate::diff::exchange::Exchange;
use crate::manifest::document::Id;
use crate::views::lines::visible;

/// Objects that one line names; more are counted.
const NAMED: usize = 4;

/// The effects, the gravest first: the kind, and the objects with the reason that they share.
pub fn effects(comparison: &Comparison) -> Vec<(EffectKind, String)> {
    let mut groups: BTreeMap<(EffectKind, &str), Vec<String>> = BTreeMap::new();
    // an object stands once for each cause
    let mut known: HashSet<(&Effect, &Id)> = HashSet::new();
    for object in &comparison.objects {
        for effect in object.effects.iter().filter(|effect| known.insert((effect, &object.id))) {
            groups.entry((effect.kind, &effect.why)).or_default().push(object.id.to_string());
        }
    }
    for (kind, gained) in
        [(EffectKind::Exposure, &comparison.connections.gained), (EffectKind::Privilege, &comparison.rights.gained)]
    {
        if let Some(reason) = gains(kind, gained.len()) {
            groups.insert((kind, reason), gained.clone());
        }
    }
    groups.into_iter().map(|((effect, why), places)| (effect, format!("{}: {why}", some(&places)))).collect()
}

/// Why it matters that connections or rights were gained, if any were.
fn gains(kind: EffectKind, count: usize) -> Option<&'static str> {
    match (kind, count) {
        (_, 0) => None,
        (EffectKind::Privilege, _) => Some("a right in the Kubernetes API that nobody had here"),
        _ => Some("a connection that was not open"),
    }
}

/// `a, b, c, d and 3 more`
fn some(places: &[String]) -> String {
    let named = places[..places.len().min(NAMED)].join(", ");
    if places.len() > NAMED { format!("{named} and {} more", places.len() - NAMED) } else { named }
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
    let shown = |lines: Vec<String>| lines.iter().map(|line| visible(line)).collect();
    sections.into_iter().filter(|(_, lines)| !lines.is_empty()).map(|(title, lines)| (title, shown(lines))).collect()
}
