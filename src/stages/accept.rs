//! Accepted findings: what somebody has decided to live with is not said again, and what is accepted for nothing is.

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::suggest;
use crate::spec::shapes::AcceptSpec;

/// Drops the accepted warnings; entries that accept nothing or give no reason are findings themselves.
///
/// What reading could not finish may be what an entry is about, so with errors in the report none is called unused.
pub fn accept(accepted: &[AcceptSpec], report: &mut Report) {
    let finished = !report.has_errors();
    let mut used = vec![false; accepted.len()];
    report.retain_warnings(|warning| {
        let applies =
            |entry: &AcceptSpec| entry.code.value == warning.code && Some(&entry.object) == warning.object.as_ref();
        match accepted.iter().position(applies) {
            Some(at) => {
                used[at] = true;
                false
            }
            None => true,
        }
    });
    for (entry, used) in accepted.iter().zip(used) {
        judge(entry, used || !finished, report);
    }
}

fn judge(entry: &AcceptSpec, used: bool, report: &mut Report) {
    let known = || codes::ALL.iter().map(|(code, _)| *code);
    if entry.reason.value.trim().is_empty() {
        report.error(codes::INVALID_VALUE, entry.reason.span, "the reason is empty").help("say why this is acceptable");
    }
    if !known().any(|code| code == entry.code.value) {
        report
            .error(codes::UNKNOWN_NAME, entry.code.span, format!("`{}` is no code", entry.code.value))
            .did_you_mean(suggest::nearest(&entry.code.value, known()));
    } else if !used {
        let path = format!("accept.{}", entry.code.value);
        report
            .warning(
                codes::UNUSED_ACCEPT,
                entry.code.span,
                path,
                format!("nothing about `{}` has this code", entry.object),
            )
            .help("remove the entry");
    }
}
