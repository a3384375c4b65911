//! Accepted findings: what somebody has decided to live with is not said again, and what is accepted for nothing is.

use crate::diagnostics::report::Report;
use crate::diagnostics::suggest;
use crate::diagnostics::{acceptance, codes};
use crate::model::names::Names;
use crate::spec::shapes::AcceptSpec;

/// Drops the accepted warnings; entries that accept nothing, twice, or give no reason are findings themselves.
///
/// What reading could not finish may be what an entry is about, so with errors in the report none is called unused.
pub fn accept(accepted: &[AcceptSpec], names: &Names<'_>, report: &mut Report) {
    let finished = !report.has_errors();
    let mut used = vec![false; accepted.len()];
    report.retain_warnings(|warning| {
        let applies = |entry: &AcceptSpec| {
            entry.code.value == warning.code && Some(&entry.object.value) == warning.object.as_ref()
        };
        match accepted.iter().position(applies) {
            Some(at) => {
                used[at] = true;
                false
            }
            None => true,
        }
    });
    for (at, (entry, used)) in accepted.iter().zip(used).enumerate() {
        let same =
            |earlier: &AcceptSpec| earlier.code.value == entry.code.value && earlier.object.value == entry.object.value;
        let is_repeated = accepted[..at].iter().any(same);
        if is_repeated {
            let message = format!("`{}` of `{}` is accepted twice", entry.code.value, entry.object.value);
            report.error(codes::DUPLICATE, entry.code.span, message).help("keep one of the two");
        }
        let is_there = is_there(entry, names, report);
        judge(entry, used || is_repeated || !finished || !is_there, report);
    }
}

/// Whether the object of `entry` is here. One that an environment turned off is not, and one that nobody declares is a
/// mistake.
fn is_there(entry: &AcceptSpec, names: &Names<'_>, report: &mut Report) -> bool {
    let object = entry.object.value.as_str();
    let of_objects = [acceptance::OF_OBJECTS, acceptance::UNACCEPTABLE, acceptance::NOTES].concat();
    let is_code = codes::ALL.iter().any(|(code, _)| *code == entry.code.value);
    if of_objects.contains(&entry.code.value.as_str()) || !is_code {
        // only who has rendered the objects can tell, and of what is no code, nobody
        return false;
    }
    let name = object.strip_prefix("components.");
    if name.is_some_and(|name| names.components.contains(name)) {
        return true;
    }
    if name.is_none_or(|name| !names.removed.contains_key(name)) {
        let known = names.components.iter().copied().chain(names.removed.keys().map(String::as_str));
        let near = suggest::nearest(name.unwrap_or(object), known).map(|near| format!("components.{near}"));
        let mistake =
            report.error(codes::UNKNOWN_NAME, entry.object.span, format!("nothing here is called `{object}`"));
        match near {
            Some(near) => mistake.did_you_mean(Some(&near)),
            None => mistake.help("expected a component, such as `components.ingress`"),
        };
    }
    false
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
    } else if acceptance::UNACCEPTABLE.contains(&entry.code.value.as_str()) {
        let message = format!("`{}` cannot be accepted: the objects would not work", entry.code.value);
        report.error(codes::INVALID_VALUE, entry.code.span, message).help("mend what it is about");
    } else if acceptance::NOTES.contains(&entry.code.value.as_str()) {
        let message = format!("`{}` need not be accepted: it is a note, which never fails", entry.code.value);
        report
            .error(codes::INVALID_VALUE, entry.code.span, message)
            .help("remove the entry; a patch gives its own reason");
    } else if !used {
        let path = format!("accept.{}", entry.code.value);
        report
            .warning(
                codes::UNUSED_ACCEPT,
                entry.code.span,
                path,
                format!("nothing about `{}` has this code", entry.object.value),
            )
            .help("remove the entry");
    }
}
