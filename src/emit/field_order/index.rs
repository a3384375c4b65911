//! Finds a row of the field order, and a field in it, without a search.
//!
//! Lives here: hash tables with open addressing, laid out at compile time; looking through the rows took a quarter of
//! the writer's time. It must never know what the names mean.

use crate::emit::field_order::{FieldOrder, ORDERS};

/// The row of a type, if it has one.
pub(super) fn row(type_name: &str) -> Option<&'static FieldOrder> {
    let mut slot = hash(type_name, SIZE);
    while let Some(row) = SLOTS[slot] {
        if row.of == type_name {
            return Some(row);
        }
        slot = next(slot, SIZE);
    }
    None
}

/// Many more slots than rows: most names are found, or found missing, at once.
const SIZE: usize = 256;

/// Every row, where the hash of its name says or in the next free slot.
static SLOTS: [Option<&FieldOrder>; SIZE] = {
    let mut slots: [Option<&FieldOrder>; SIZE] = [None; SIZE];
    let mut row = 0;
    while row < ORDERS.len() {
        let mut slot = hash(ORDERS[row].of, SIZE);
        while slots[slot].is_some() {
            slot = next(slot, SIZE);
        }
        slots[slot] = Some(&ORDERS[row]);
        row += 1;
    }
    slots
};

/// The ranks of a row's fields, each where the hash of its name says or in the next free slot.
pub(super) struct Ranks([u8; FIELDS]);

/// At least twice as many slots as any row has fields.
const FIELDS: usize = 64;

impl Ranks {
    pub(super) const fn of_names(first: &[&str], last: &[&str]) -> Self {
        assert!(2 * (first.len() + last.len()) <= FIELDS, "a row with that many fields needs more slots");
        let mut ranks = [FieldOrder::UNNAMED; FIELDS];
        let mut rank = 0;
        while (rank as usize) < first.len() {
            Self::put(&mut ranks, first[rank as usize], rank);
            rank += 1;
        }
        let mut rank = 0;
        while (rank as usize) < last.len() {
            Self::put(&mut ranks, last[rank as usize], FieldOrder::UNNAMED + 1 + rank);
            rank += 1;
        }
        Self(ranks)
    }

    const fn put(ranks: &mut [u8; FIELDS], name: &str, rank: u8) {
        let mut slot = hash(name, FIELDS);
        while ranks[slot] != FieldOrder::UNNAMED {
            slot = next(slot, FIELDS);
        }
        ranks[slot] = rank;
    }

    /// The rank of a field, given the names that ranks have.
    pub(super) fn of(&self, field: &str, name: impl Fn(u8) -> &'static str) -> Option<u8> {
        let mut slot = hash(field, FIELDS);
        while self.0[slot] != FieldOrder::UNNAMED {
            if name(self.0[slot]) == field {
                return Some(self.0[slot]);
            }
            slot = next(slot, FIELDS);
        }
        None
    }
}

const fn next(slot: usize, size: usize) -> usize {
    (slot + 1) % size
}

/// A few bytes tell names apart well enough.
const fn hash(name: &str, size: usize) -> usize {
    let bytes = name.as_bytes();
    if bytes.is_empty() {
        return 0;
    }
    let (first, middle, last) = (bytes[0], bytes[bytes.len() / 2], bytes[bytes.len() - 1]);
    (bytes.len() * 31 + first as usize * 7 + middle as usize * 13 + last as usize) % size
}
