//! Findings for people and for programs.

pub mod github;
pub mod json;
pub mod junit;
pub mod sarif;

use crate::diagnostics::caret;
use crate::diagnostics::report::{Diagnostic, Severity};
use crate::diagnostics::source::Source;
use crate::diff::secrets;
use crate::validate::Checked;
use crate::validate::told;
use crate::views::lines::visible;

/// Each with its line, a caret and help. Lines that may hold a secret are not shown.
pub fn human(file: &Checked, is_colored: bool) -> String {
    let found = file.report.sorted();
    if found.is_empty() {
        return String::new();
    }
    let source = Source { name: &file.path, text: &file.text };
    if file.is_description {
        let is_shown = secrets::shown(&file.path, &file.text);
        return caret::text_of(&found, source, is_colored, &is_shown);
    }
    let is_shown = secrets::shown_of_manifest(&file.text);
    let with_origin: Vec<Diagnostic> = found.into_iter().map(|found| placed(found, file)).collect();
    caret::text_of(&with_origin.iter().collect::<Vec<_>>(), source, is_colored, &is_shown)
}

fn placed(found: &Diagnostic, file: &Checked) -> Diagnostic {
    let mut placed = found.clone();
    placed.origin = file.origin_of(&told::about(file, found).0, found.span.start()).map(ToString::to_string);
    placed
}

/// One finding a line.
pub fn short(file: &Checked) -> String {
    let line = |found: told::Finding<'_>| {
        let told::Finding { line, column, code, .. } = found;
        let origin = found.origin.map_or_else(String::new, |origin| format!(" (from {})", visible(origin.to_string())));
        format!("{}:{line}:{column}: {code}: {}{origin}\n", visible(found.file), visible(found.message))
    };
    told::told(file).into_iter().map(line).collect()
}

/// What a severity is called.
pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
