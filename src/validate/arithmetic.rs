//! Whether amounts fit: quotas, ranges, budgets, rollouts, volumes and times.

pub mod asks;
mod devices;
mod drains;
pub mod metrics;
mod quotas;
mod ranges;
pub mod scale;
mod scopes;
mod times;
mod uses;

use crate::validate::findings::Findings;
use crate::validate::world::World;

/// All checks of amounts.
pub fn fit(world: &World<'_>, findings: &mut Findings) {
    let scales = scale::of(world);
    quotas::hold(world, &scales, findings);
    ranges::hold(world, findings);
    drains::end(world, &scales, findings);
    drains::rollouts_end(world, &scales, findings);
    metrics::measured(world, findings);
    times::suffice(world, findings);
}
