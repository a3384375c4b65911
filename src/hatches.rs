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

use toml::de::DeTable;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::model::platform::Platform;
use crate::spec::hatches::PatchSpec;
use crate::spec::overlay;
use crate::spec::read::{Node, Read};
use crate::values::shelf::Described;

/// What is wrong with manifests and patches where nothing is built of the description, because something else is wrong: one
/// mistake does not wait for the next. `document` is the description, if that is where the other mistakes are.
pub fn by_themselves(
    platform: &Platform,
    described: Described<'_>,
    document: Option<&DeTable<'_>>,
    report: &mut Report,
) {
    let places = report.error_places();
    let is_sound = |part: &Node<'_>| {
        let part = overlay::spans(part);
        !places.iter().any(|at| part.iter().any(|span| span.start() <= *at && *at < span.end()))
    };
    let is_right = |key: &str| document.is_none_or(|document| document.get(key).is_some_and(is_sound));
    // which fields there are depends on the minor that is said there
    manifests::by_themselves(platform, described.shelf, is_right("platform"), report);
    // of a patch that could not be read, nobody knows what it does
    if is_right("patches") {
        for spec in &platform.hatches.patches {
            work::read(spec, described.text, report);
        }
    }
}

/// Tells secrets in patches that are not those of `merged`, what is looked at: nobody else would before they are needed.
pub fn secrets_in_other_patches(base: &DeTable<'_>, merged: &DeTable<'_>, text: &str, report: &mut Report) {
    let first = |patches: &Node<'_>| Some(patches.get_ref().as_array()?.iter().next()?.span());
    let own = merged.get("patches").and_then(first);
    let overlays = overlay::environments(base, &mut Report::default());
    let of_overlays = overlays.iter().filter_map(|(_, change)| change.get_ref().as_table()?.get("patches"));
    for patches in base.get("patches").into_iter().chain(of_overlays).filter(|patches| first(patches) != own) {
        let mut aside = Report::default();
        for spec in Vec::<PatchSpec>::read(patches, &mut Report::default()).unwrap_or_default() {
            work::read(&spec, text, &mut aside);
        }
        report.adopt(aside, |found| found.code == codes::LITERAL_SECRET);
    }
}
