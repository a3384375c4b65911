//! Claims that stateful sets make for their pods, or take if they are there.
//!
//! Source: `getPersistentVolumeClaimName` and `getStartOrdinal` in `pkg/controller/statefulset/stateful_set_utils.go` of
//! Kubernetes 1.35 to 1.37.

use crate::manifest::node::Node;
use crate::validate::world::World;

/// Whether a claim of this name is one of a pod of a set: `TEMPLATE-SET-NUMBER`. Of pods that a set no longer has, or does
/// not have yet, the claims may be there.
pub fn is_of_set(world: &World<'_>, place: &str, name: &str) -> bool {
    let Some((of_set, number)) = name.rsplit_once('-') else { return false };
    let is_plain = number == "0" || !number.starts_with(['0', '+']);
    let Some(number) = number.parse::<u32>().ok().filter(|_| is_plain) else { return false };
    of_set.match_indices('-').any(|(at, _)| {
        let (template, set) = (&of_set[..at], &of_set[at + 1..]);
        let Some(set) = world.find("StatefulSet", place, set) else { return false };
        let first = set.root().at(&["spec", "ordinals", "start"]).and_then(Node::integer).unwrap_or_default();
        let mut templates = set.root().items_at(&["spec", "volumeClaimTemplates"]).iter();
        first <= number.into() && templates.any(|own| own.text_at(&["metadata", "name"]) == Some(template))
    })
}
