//! The environments that are not chosen, read aside, so that a mistake in one does not wait for the day somebody needs it.

use std::collections::BTreeSet;

use toml::de::DeTable;

use crate::diagnostics::codes;
use crate::diagnostics::report::{Diagnostic, Report};
use crate::diagnostics::source::Span;
use crate::model::platform::Platform;
use crate::spec::overlay;
use crate::spec::read::Node;
use crate::stages::resolve::Beside;
use crate::stages::{build, capacity, images, overrides, resolve};
use crate::validate::written;

/// Which environments are read aside, and how.
#[derive(Clone, Copy)]
pub struct Rehearsal<'a> {
    /// The one that is not read aside; `None` is the base.
    pub chosen: Option<&'a str>,
    /// What lies beside the description.
    pub beside: Beside<'a>,
    /// Whether every image must be pinned.
    pub is_locked: bool,
    /// Whether none is.
    pub is_alone: bool,
}

/// An environment that is not chosen.
pub struct Other {
    /// Its name; `None` is the base.
    pub name: Option<String>,
    /// What it is.
    pub platform: Platform,
    /// Whether nothing at all was found in it: whoever reads it by itself finds the same platform, and nothing either.
    pub is_faultless: bool,
}

/// What has been found in an environment. Nothing of it depends on what is found elsewhere.
pub struct Rehearsed<'d> {
    name: &'d str,
    change: &'d Node<'d>,
    platform: Option<Platform>,
    overlay: Report,
    resolve: Report,
    room: Report,
    files: Report,
}

/// Reads the environment that `change` makes of the base.
pub fn rehearse<'d>(
    base: &'d DeTable<'d>,
    name: &'d str,
    change: &'d Node<'d>,
    rehearsal: &Rehearsal<'_>,
) -> Rehearsed<'d> {
    let (mut overlay, mut resolve) = (Report::default(), Report::default());
    let (mut room, mut files) = (Report::default(), Report::default());
    let mut merged = base.clone();
    let removed = overlay::overlay(&mut merged, name, &mut overlay);
    let platform = resolve::resolve(&merged, &removed, rehearsal.beside, &mut resolve).ok();
    if let Some(platform) = &platform {
        let outlines = build::outlines(platform);
        capacity::check(platform, &outlines, &mut room);
        images::check(platform, rehearsal.is_locked, &mut files);
        written::check(platform, &mut files);
        overrides::check(platform, &outlines, false, &mut files);
    }
    Rehearsed { name, change, platform, overlay, resolve, room, files }
}

impl Rehearsed<'_> {
    /// Tells what is wrong with the environment itself and not with the base, and hands out its platform. What does not
    /// go with a component that is `troubled` already may be the fault of that. Where nothing is wrong by itself, `is_clean`,
    /// what is wrong with the base is the environment's doing.
    pub fn adopt(
        self,
        base: &DeTable<'_>,
        (troubled, is_clean): (&BTreeSet<&str>, bool),
        report: &mut Report,
    ) -> Option<Other> {
        let is_faultless = [&self.overlay, &self.resolve, &self.room, &self.files].iter().all(|part| part.is_empty());
        let own = overlay::spans(self.change);
        let is_within = |spans: &[Span], span: Span| spans.iter().any(|own| own.holds(span));
        // what goes with what in an overlay that could not be merged whole is a guess
        let is_whole = !self.overlay.has_errors();
        report.adopt(self.overlay, |found| is_within(&own, found.span));
        // what stands in for a value that is wrong may take any room
        if !report.has_errors() {
            report.adopt_in(self.room, self.name);
        }
        report.adopt_in(self.files, self.name);
        let beyond = self.resolve.picked(|found| !is_within(&own, found.span));
        let is_alone = !self.resolve.picked(|found| is_within(&own, found.span)).has_errors();
        if is_whole && is_alone && is_clean {
            report.adopt_in(beyond, self.name);
        }
        let tables = self.change.get_ref().as_table();
        let components = tables.and_then(|table| table.get("components")?.get_ref().as_table());
        let is_doubtful = |name: &str| troubled.contains(name) || name == "*" && !troubled.is_empty();
        let doubtful = components.into_iter().flatten().filter(|(name, _)| is_doubtful(name.get_ref()));
        let doubtful: Vec<Span> = doubtful.flat_map(|(_, change)| overlay::spans(change)).collect();
        // a table that only the overlay has lacks what the base should have said
        let lone = tables.into_iter().flatten().filter(|(key, _)| !base.contains_key(key.get_ref().as_ref()));
        let lone: Vec<Span> = lone.map(|(_, table)| table.span().into()).collect();
        report.adopt(self.resolve, |Diagnostic { code, span, .. }| {
            let is_guess = codes::RELATIONS.contains(code) && is_within(&doubtful, *span)
                || *code == codes::REQUIRES && !is_whole
                || *code == codes::MISSING_KEY && lone.contains(span);
            is_within(&own, *span) && !is_guess
        });
        let platform = self.platform?;
        Some(Other { name: Some(self.name.to_owned()), platform, is_faultless })
    }
}

/// The components with an error in their own table.
pub fn troubled<'d>(document: &'d DeTable<'_>, report: &Report) -> BTreeSet<&'d str> {
    let places = report.error_places();
    let holds =
        |span: &Span| places.get(places.partition_point(|at| *at < span.start())).is_some_and(|at| *at < span.end());
    let components = document.get("components").and_then(|node| node.get_ref().as_table());
    let is_troubled = |node: &Node<'_>| !places.is_empty() && overlay::spans(node).iter().any(holds);
    let named = components.into_iter().flatten();
    named.filter(|(_, node)| is_troubled(node)).map(|(name, _)| name.get_ref().as_ref()).collect()
}
