//! What the component types do not cover: objects that somebody wrote, definitions of kinds, changes to objects. All of it
//! is read, judged as strictly as a server would, and reported in the file where it stands.

pub mod definitions;
pub mod derived;
pub mod files;
pub mod kinds;
pub mod manifests;
pub mod patches;
pub mod pods;
pub mod work;
pub mod written;

use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::model::platform::Platform;
use crate::values::shelf::Described;

/// What is wrong with manifests and patches though the rest of the description is wrong, so that nothing is built of it: one
/// mistake does not wait for the next. `patches` is where the latter stand.
pub fn by_themselves(platform: &Platform, described: Described<'_>, patches: &[Span], report: &mut Report) {
    manifests::by_themselves(platform, described.shelf, report);
    // of one that could not be read, nobody knows what it does
    let is_among = |at: &usize| patches.iter().any(|span| span.start <= *at && *at < span.end);
    if !report.error_places().iter().any(is_among) {
        for spec in &platform.hatches.patches {
            work::read(spec, described.text, report);
        }
    }
}
