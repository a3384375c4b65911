//! Workflow commands, which GitHub shows beside the line of a pull request.
//! Source: docs.github.com, "Workflow commands for GitHub Actions".

use crate::diagnostics::report::Severity;
use crate::validate::Verdict;
use crate::validate::told::{Finding, told};

/// A command for each finding.
pub fn github(verdict: &Verdict) -> String {
    verdict.files.iter().flat_map(told).map(|found| one(&found)).collect()
}

/// The line of the description is what a pull request changes, so the note stands there if it is known.
fn one(found: &Finding<'_>) -> String {
    let command = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let (file, line, column) = match found.origin {
        Some(origin) => (origin.file.as_str(), origin.line, 1),
        None => (found.file, found.line, found.column),
    };
    let help = found.help.map(|help| format!("\n{help}")).unwrap_or_default();
    let message = match found.origin {
        Some(_) => format!("{}:{}: {}{help}", found.file, found.line, found.message),
        None => format!("{}{help}", found.message),
    };
    format!(
        "::{command} file={},line={line},col={column},title={}::{}\n",
        property(file),
        property(found.code),
        escaped(&message)
    )
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
