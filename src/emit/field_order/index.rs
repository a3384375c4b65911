//! Finds a row of the field order, and a field of a row, without a search.
//!
//! Lives here: hash tables with open addressing, laid out at compile time; looking through the rows took a quarter of the
//! writer's time. It must never know what the names mean.

use crate::emit::field_order::{FieldOrder, ORDERS};

/// The row of a type, if it has one.
#[inline]
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

/// The fields that a row names: for each slot the rank of the field there, and one more.
pub(super) struct Ranks([u8; RANKS]);

/// The longest row fills a third of it.
const RANKS: usize = 64;

const FREE: u8 = 0;

impl Ranks {
    pub(super) const fn of(first: &[&str], last: &[&str]) -> Self {
        let mut ranks = Self([FREE; RANKS]);
        ranks.add(first, 0);
        ranks.add(last, FieldOrder::UNNAMED + 1);
        ranks
    }

    const fn add(&mut self, names: &[&str], first: u8) {
        let (mut at, mut rank) = (0, first);
        while at < names.len() {
            let mut slot = hash(names[at]) % RANKS;
            while self.0[slot] != FREE {
                slot = (slot + 1) % RANKS;
            }
            (at, rank) = (at + 1, rank + 1);
            self.0[slot] = rank;
        }
    }

    #[inline]
    pub(super) fn rank(&self, row: &FieldOrder, field: &str) -> Option<u8> {
        let mut slot = hash(field) % RANKS;
        loop {
            let rank = self.0[slot].checked_sub(1)?;
            if named(row.first, row.last, rank) == Some(field) {
                return Some(rank);
            }
            slot = (slot + 1) % RANKS;
        }
    }
}

/// The field of a rank.
#[inline]
const fn named<'n>(first: &[&'n str], last: &[&'n str], rank: u8) -> Option<&'n str> {
    let (names, at) = if rank < FieldOrder::UNNAMED {
        (first, rank as usize)
    } else {
        (last, rank as usize - FieldOrder::UNNAMED as usize - 1)
    };
    if at < names.len() { Some(names[at]) } else { None }
}

/// A few bytes tell the names of types and of fields apart well enough.
#[inline]
const fn hash(name: &str) -> usize {
    let bytes = name.as_bytes();
    if bytes.is_empty() {
        return 0;
    }
    let (first, middle, last) = (bytes[0], bytes[bytes.len() / 2], bytes[bytes.len() - 1]);
    (bytes.len() * 31 + first as usize * 7 + middle as usize * 13 + last as usize) % SIZE
}
