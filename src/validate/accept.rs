//! Accepted findings about objects. Entries of `[[accept]]` about the description itself are judged where it is read.

use std::collections::BTreeSet;

use crate::diagnostics::report::{Diagnostic, Report, Severity};
use crate::diagnostics::{acceptance, codes, suggest};
use crate::ordered::Ordered;
use crate::spec::shapes::AcceptSpec;
use crate::validate::{Question, Verdict, told};
use crate::values::date::Date;

/// Drops what is accepted, and says which entries accept nothing or no longer hold.
pub fn accept(
    verdict: &mut Verdict,
    entries: &[AcceptSpec],
    question: &Question<'_>,
    today: Date,
    report: &mut Report,
) {
    let mut used = vec![false; entries.len()];
    let mut refused = vec![false; entries.len()];
    let holds = |entry: &AcceptSpec| entry.until.as_ref().is_none_or(|until| today <= until.value);
    for file in &mut verdict.files {
        let accepted: Vec<Diagnostic> = file
            .report
            .sorted()
            .into_iter()
            .filter(|found| {
                let (object, field) = told::about(file, found);
                let origin = file.origin.as_ref().map(|origin| origin.path.as_str());
                let is_meant = |entry: &AcceptSpec| {
                    let named = entry.object.value.as_str();
                    entry.code.value == found.code
                        && (named == object || Some(named) == origin)
                        && entry.field.as_ref().is_none_or(|own| own.value == field)
                };
                let meant = entries.iter().position(is_meant);
                meant.is_some_and(|at| {
                    used[at] = true;
                    refused[at] |= !can_be_accepted(found);
                    holds(&entries[at]) && can_be_accepted(found)
                })
            })
            .cloned()
            .collect();
        verdict.accepted += accepted.len();
        file.report.retain(|found| !accepted.contains(found));
    }
    for ((entry, used), refused) in entries.iter().zip(used).zip(refused) {
        let code = entry.code.value.as_str();
        let about = || format!("accept.{code}");
        if refused {
            let message = format!("`{code}` cannot be accepted where it is an error: the objects would not work");
            report.error(codes::INVALID_VALUE, entry.code.span, message).help("mend what it is about");
        } else if !used && acceptance::OF_OBJECTS.contains(&code) && question.wanted.has(code) {
            let message = format!("nothing about `{}` has this code", entry.object.value);
            let near = near(&entry.object.value, verdict);
            let told = report.warning(codes::UNUSED_ACCEPT, entry.code.span, about(), message);
            told.help("remove the entry").did_you_mean(near.as_deref());
        } else if let Some(until) = entry.until.as_ref().filter(|_| !holds(entry)) {
            let message = format!("this was accepted until {}, which has passed", until.value);
            report
                .warning(codes::EXPIRED_ACCEPT, until.span, about(), message)
                .help("mend what was accepted, or decide again");
        }
    }
}

/// What here is called nearly like what an entry is about; `None` if something is called just so.
fn near(object: &str, verdict: &Verdict) -> Option<String> {
    let origins = verdict.files.iter().filter_map(|file| file.origin.as_ref().map(|origin| origin.path.clone()));
    let documents = verdict.files.iter().flat_map(|file| &file.documents).map(|document| document.id.to_string());
    let known: BTreeSet<String> = origins.chain(documents).ordered();
    suggest::nearest(object, known.iter().map(String::as_str).filter(|_| !known.contains(object))).map(str::to_owned)
}

/// Whether a finding is one that somebody can live with: two objects that undo each other's work do not work, a number of
/// replicas that an autoscaler overwrites does no harm.
fn can_be_accepted(found: &Diagnostic) -> bool {
    found.code != codes::CONTESTED || found.severity != Severity::Error
}
