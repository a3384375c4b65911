//! What all changes together will do, grouped so that it fits on a screen.

use std::collections::BTreeMap;

use crate::diff::compare::Comparison;
use crate::diff::effects::EffectKind;

/// Objects that one line names; more are counted.
const NAMED: usize = 4;

/// The effects, the gravest first: the kind, and the objects with the reason that they share.
pub fn effects(comparison: &Comparison) -> Vec<(EffectKind, String)> {
    let mut groups: BTreeMap<(EffectKind, &str), Vec<String>> = BTreeMap::new();
    for object in &comparison.objects {
        for effect in &object.effects {
            let places = groups.entry((effect.kind, &effect.why)).or_default();
            let place = object.id.to_string();
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    groups.into_iter().map(|((effect, why), places)| (effect, format!("{}: {why}", some(&places)))).collect()
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
    let sections = [("capacity", capacity), ("effects", effects)];
    sections.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}
