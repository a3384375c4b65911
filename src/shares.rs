//! Work on many things that know nothing of each other, on as many threads as there are processors. The answers come in
//! the order of the things, so nobody can tell how many worked.

use std::num::NonZero;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::{iter, panic, thread};

/// What `work` makes of each thing. Whoever has nothing to do takes the next few of them: so many that they are worth a
/// thread, so that the last to end does not end long after the others.
pub fn each<T: Send, R: Send>(things: impl IntoIterator<Item = T>, few: usize, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let things: Vec<T> = things.into_iter().collect();
    let (count, few) = (things.len(), few.max(1));
    let workers = processors().min(count.div_ceil(few));
    if workers <= 1 {
        return things.into_iter().map(work).collect();
    }
    let mut things = things.into_iter();
    let some =
        iter::from_fn(move || Some(things.by_ref().take(few).collect::<Vec<T>>()).filter(|some| !some.is_empty()));
    let waiting = Mutex::new(some.enumerate());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let share = || {
        let mut done: Vec<(usize, Vec<R>)> = Vec::new();
        while let Some((at, some)) = next() {
            done.push((at, some.into_iter().map(&work).collect()));
        }
        done
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
    let mut all = Vec::with_capacity(count);
    for (_, made) in done {
        all.extend(made);
    }
    all
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
