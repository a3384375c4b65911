//! What files of somebody's own have given is decoded before anything is rendered, and told at the lines that it comes from.

use crate::diagnostics::report::{Report, Severity};
use crate::model::platform::Platform;
use crate::schema::Schema;
use crate::validate::decode;
use crate::validate::policy::literals;

/// Decodes every object that somebody's templates give, as strictly as a server; what is doubtful is left to the checks.
pub fn check(platform: &Platform, report: &mut Report) {
    let minor = platform.facts.platform.kubernetes;
    let written = platform.components.iter().flat_map(|declared| declared.component.written());
    for written in written {
        let mut aside = Report::default();
        for document in &written.documents {
            decode::decode(document, Schema::of(minor), minor, &mut aside);
            literals::in_rendered(document, &platform.accepted, &mut aside);
        }
        aside.retain(|found| found.severity == Severity::Error);
        written.tell(&aside, report);
    }
}
