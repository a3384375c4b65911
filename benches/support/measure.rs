//! What things cost in CPU time, and how to compare it.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

/// CPU time, in user and in system mode, that `who` has used so far: this process, or all that it has started and seen
/// end.
pub fn cpu(who: UsageWho) -> Duration {
    let usage = getrusage(who).expect("every process may ask for its own usage");
    let part = |seconds: i64, micros: i64| {
        let total = seconds * 1_000_000 + micros;
        Duration::from_micros(u64::try_from(total).expect("CPU time is never negative"))
    };
    let (user, system) = (usage.user_time(), usage.system_time());
    part(user.tv_sec(), user.tv_usec()) + part(system.tv_sec(), system.tv_usec())
}

/// How many times as long.
pub fn ratio(longer: Duration, shorter: Duration) -> f64 {
    longer.as_secs_f64() / shorter.as_secs_f64()
}
