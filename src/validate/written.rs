//! What files of somebody's own have given is decoded before anything is rendered, and told at the lines that it comes from.

use crate::diagnostics::codes;
use crate::diagnostics::report::{Report, Severity};
use crate::diagnostics::suggest;
use crate::manifest::document::Document;
use crate::manifest::marks;
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
            if literals::is_told_of_values(document, &mut aside) {
                continue;
            }
            decode::decode(document, Schema::of(minor), minor, &mut aside);
            literals::in_rendered(document, &platform.accepted, &mut aside);
            noted(document, &mut aside);
        }
        aside.retain(|found| found.severity == Severity::Error);
        written.tell(&aside, report);
    }
}

/// Reports what an object has that only the cluster and its tools write.
pub fn noted(document: &Document, report: &mut Report) {
    let found = marks::of(&document.root);
    let Some((_, first)) = found.first() else { return };
    let paths = suggest::joined(found.iter().map(|(path, _)| path.as_str()), "and");
    let (verb, them) = if found.len() == 1 { ("is", "it") } else { ("are", "them") };
    let message = format!("{}: {paths} {verb} for the cluster and its tools to write", document.id);
    report
        .error(codes::SERVER_FIELD, *first, message)
        .help(format!("take {them} out: `kubectl get` shows {them}, and nobody applies {them}"));
}
