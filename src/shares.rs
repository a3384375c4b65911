//! Work on many things that know nothing of each other, on as many threads as there are processors. The answers come in
//! the order of the things, so nobody can tell how many worked.

use std::num::NonZero;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::{panic, thread};

/// What `work` makes of each thing. Whoever has nothing to do takes the next few of them: so many that they are worth a
/// thread, so that the last to end does not end long after the others.
pub fn each<T: Send, R: Send>(things: impl IntoIterator<Item = T>, few: usize, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let things: Vec<T> = things.into_iter().collect();
    let few = few.max(1);
    let workers = processors().min(things.len().div_ceil(few));
    if workers <= 1 {
        return things.into_iter().map(work).collect();
    }
    let waiting = Mutex::new(things.into_iter().enumerate());
    let next =
        || -> Vec<(usize, T)> { waiting.lock().unwrap_or_else(PoisonError::into_inner).by_ref().take(few).collect() };
    let share = || {
        let mut done = Vec::new();
        loop {
            let taken = next();
            if taken.is_empty() {
                return done;
            }
            done.extend(taken.into_iter().map(|(at, thing)| (at, work(thing))));
        }
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(share)).collect();
        let mut done = share();
        for other in others {
            done.extend(other.join().unwrap_or_else(|cause| panic::resume_unwind(cause)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

/// Both answers, found at once.
pub fn both<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|cause| panic::resume_unwind(cause)), other)
    })
}

/// How many there are, which the system reads from files.
fn processors() -> usize {
    static KNOWN: OnceLock<usize> = OnceLock::new();
    *KNOWN.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_things() {
        assert_eq!(each(0..1000, 10, |thing| thing + 1), (1..1001).collect::<Vec<_>>());
        assert!(each(Vec::<usize>::new(), 10, |thing| thing + 1).is_empty());
        assert_eq!(both(|| 1, || 2), (1, 2));
    }
}
