//! Finds a row of the field order without a search.
//!
//! Lives here: a hash table with open addressing, laid out at compile time; looking through the rows took a quarter of
//! the writer's time. It must never know what the names mean.

use crate::emit::field_order::{FieldOrder, ORDERS};

/// The row of a type, if it has one.
pub(super) fn row(type_name: &str) -> Option<&'static FieldOrder> {
    let mut slot = hash(type_name);
    while let Some(row) = SLOTS[slot] {
        if row.of == type_name {
            return Some(row);
        }
        slot = next(slot);
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
        let mut slot = hash(ORDERS[row].of);
        while slots[slot].is_some() {
            slot = next(slot);
        }
        slots[slot] = Some(&ORDERS[row]);
        row += 1;
    }
    slots
};

const fn next(slot: usize) -> usize {
    (slot + 1) % SIZE
}

/// A few bytes tell the names of types apart well enough.
const fn hash(name: &str) -> usize {
    let bytes = name.as_bytes();
    if bytes.is_empty() {
        return 0;
    }
    let (first, middle, last) = (bytes[0], bytes[bytes.len() / 2], bytes[bytes.len() - 1]);
    (bytes.len() * 31 + first as usize * 7 + middle as usize * 13 + last as usize) % SIZE
}
