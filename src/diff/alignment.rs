//! What of two sequences is the same, in an order that both have.

use std::convert::Infallible;
use std::hash::Hash;
use std::ops::Range;

use similar::DiffOp;
use similar::algorithms::{Capture, Compact, Replace, myers};

use crate::tables::HashMap;

/// A part of two sequences that is not the same in both: these items of the old one became those of the new one. One of
/// them may be empty, and says where the others went or came.
pub type Change = (Range<usize>, Range<usize>);

/// What is not the same, in order.
pub fn changes<T: Eq + Hash>(old: &[T], new: &[T]) -> Vec<Change> {
    let is_other = |operation: &DiffOp| !matches!(operation, DiffOp::Equal { .. });
    let ranges = |operation: DiffOp| (operation.old_range(), operation.new_range());
    operations(old, new).into_iter().filter(is_other).map(ranges).collect()
}

/// What stays, goes, comes and is replaced, in order.
pub fn operations<T: Eq + Hash>(old: &[T], new: &[T]) -> Vec<DiffOp> {
    let mut numbers: HashMap<&T, usize> = HashMap::default();
    let old = numbered(old, &mut numbers);
    let new = numbered(new, &mut numbers);
    of_numbers(&old, &new)
}

/// Equal items have equal numbers.
fn numbered<'i, T: Eq + Hash>(items: &'i [T], numbers: &mut HashMap<&'i T, usize>) -> Vec<usize> {
    let number = |item| {
        let next = numbers.len();
        *numbers.entry(item).or_insert(next)
    };
    items.iter().map(number).collect()
}

/// The one place for which the algorithm is compiled.
fn of_numbers(old: &[usize], new: &[usize]) -> Vec<DiffOp> {
    let mut found = Compact::new(Replace::new(Capture::new()), old, new);
    let done: Result<(), Infallible> = myers::diff(&mut found, old, 0..old.len(), new, 0..new.len());
    match done {
        Ok(()) => found.into_inner().into_inner().into_ops(),
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_stays() {
        let (old, new) = (["a", "b", "c", "d"], ["a", "c", "x", "d", "e"]);
        assert_eq!(changes(&old, &new), [(1..2, 1..1), (3..3, 2..3), (4..4, 4..5)]);
        assert_eq!(changes(&old, &old), []);
        assert_eq!(changes(&old, &[]), [(0..4, 0..0)]);
    }
}
