//! Work on many things that know nothing of each other, on as many threads as there are processors. The answers come in
//! the order of the things, so nobody can tell how many worked.

use std::num::NonZero;
use std::{panic, thread};

/// What `work` makes of each thing; `fewest` of them are worth a thread.
pub fn each<T: Sync, R: Send>(things: &[T], fewest: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let share = things.len().div_ceil(processors()).max(fewest).max(1);
    let work = |part: &[T]| part.iter().map(&work).collect::<Vec<R>>();
    let mut parts = things.chunks(share);
    let Some(first) = parts.next() else { return Vec::new() };
    thread::scope(|scope| {
        let others: Vec<_> = parts.map(|part| scope.spawn(|| work(part))).collect();
        let mut all = work(first);
        for other in others {
            all.extend(other.join().unwrap_or_else(|cause| panic::resume_unwind(cause)));
        }
        all
    })
}

/// Both answers, found at once.
pub fn both<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|cause| panic::resume_unwind(cause)), other)
    })
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_things() {
        let things: Vec<usize> = (0..1000).collect();
        assert_eq!(each(&things, 10, |thing| thing + 1), (1..1001).collect::<Vec<_>>());
        assert!(each(&[] as &[usize], 10, |thing| thing + 1).is_empty());
        assert_eq!(both(|| 1, || 2), (1, 2));
    }
}
