//! Hash maps and sets that find fast. Those of the standard library withstand whoever chooses keys to slow a server down, and
//! pay for it; here, nobody waits for a manifest but who runs the program on it.

use foldhash::fast::RandomState;

/// A hash map.
pub type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;

/// A hash set.
pub type HashSet<T> = std::collections::HashSet<T, RandomState>;

/// A map with room for so many.
pub fn map<K, V>(room: usize) -> HashMap<K, V> {
    HashMap::with_capacity_and_hasher(room, RandomState::default())
}

/// A set with room for so many.
pub fn set<T>(room: usize) -> HashSet<T> {
    HashSet::with_capacity_and_hasher(room, RandomState::default())
}
