//! The environments of one description, each rendered in its turn. The first turn reads the others beside itself; one in which
//! nothing was found need not be read a second time.

use std::collections::BTreeMap;

use crate::diagnostics::report::Report;
use crate::model::bundle::Bundle;
use crate::model::object::Object;
use crate::model::platform::Platform;
use crate::pipeline::{read, rendered};
use crate::values::shelf::Described;

/// A description whose environments have their turns.
pub struct Turns<'d> {
    described: Described<'d>,
    has_begun: bool,
    /// Those that have been read and have not had their turn.
    read: BTreeMap<String, Platform>,
}

impl<'d> Turns<'d> {
    /// Nobody has had a turn.
    pub fn of(described: Described<'d>) -> Self {
        Self { described, has_begun: false, read: BTreeMap::new() }
    }

    /// What [`pipeline::render_as`](crate::pipeline::render_as) gives for an environment, or for the base. What is wrong in
    /// another one that is not rendered is told with the first turn only.
    pub fn render_as<T: Send, F: FnMut(Object) -> T>(
        &mut self,
        environment: Option<&str>,
        report: &mut Report,
        finish: impl Fn() -> F + Sync,
    ) -> Option<(Platform, Bundle<T>)> {
        let described = if self.has_begun { self.described.alone() } else { self.described };
        self.has_begun = true;
        let known = environment.and_then(|name| self.read.remove(name));
        let platform = known.or_else(|| self.first(described, environment, report))?;
        rendered(platform, (described, environment), report, finish)
    }

    /// The platform of an environment that has not been read; those that are read beside it are kept.
    fn first(&mut self, described: Described<'_>, environment: Option<&str>, report: &mut Report) -> Option<Platform> {
        let (platform, others) = read(described, environment, report)?;
        let faultless = others.into_iter().filter(|other| other.is_faultless);
        self.read.extend(faultless.filter_map(|other| Some((other.name?, other.platform))));
        Some(platform)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{emit, pipeline};

    const TEXT: &str = include_str!("../../tests/cases/explain-list/input.toml");

    #[test]
    fn a_turn_gives_what_the_environment_gives_by_itself() {
        let mut turns = Turns::of(TEXT.into());
        let mut report = Report::default();
        for environment in [None, Some("staging")] {
            let (_, own) = turns.render_as(environment, &mut report, emit::writer).expect("it is right");
            let (_, alone) = pipeline::render_as(TEXT, environment, &mut report, emit::writer).expect("it is right");
            assert_eq!(emit::tree(&own), emit::tree(&alone), "{environment:?}");
            // what the first turn has read is there for the second one, and nobody keeps it after that
            assert_eq!(turns.read.len(), usize::from(environment.is_none()));
        }
        assert!(report.is_empty());
    }
}
