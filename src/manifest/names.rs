//! Strings of manifests, without memory of their own for the long names that every manifest is full of.

use compact_str::CompactString;

/// Longer than what a string holds in itself.
const LONG: &[&str] = &[
    "app.kubernetes.io/component",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/version",
    "automountServiceAccountToken",
    "kubernetes.io/metadata.name",
    "rbac.authorization.k8s.io/v1",
    "stabilizationWindowSeconds",
    "terminationGracePeriodSeconds",
    "topology.kubernetes.io/zone",
    "topologySpreadConstraints",
    "unhealthyPodEvictionPolicy",
];

const SHORTEST: usize = size_of::<CompactString>() + 1;

/// The string with this text.
pub fn string(text: &str) -> CompactString {
    let is_long = text.len() >= SHORTEST;
    let known = LONG.iter().find(|name| is_long && **name == text);
    known.map_or_else(|| text.into(), |name| CompactString::const_new(name))
}

#[cfg(test)]
mod tests {
    use super::{LONG, SHORTEST, string};

    #[test]
    fn known_names_take_no_memory_and_others_are_what_they_are() {
        for name in LONG {
            assert!(name.len() >= SHORTEST, "{name} has room in itself");
            assert!(!string(name).is_heap_allocated());
            assert_eq!(string(name), *name);
        }
        for other in ["", "name", "app.kubernetes.io/instances", "a name of more than twenty-four letters"] {
            assert_eq!(string(other), other);
        }
    }
}
