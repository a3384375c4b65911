//! Findings for people and for programs.

pub mod github;
pub mod json;
pub mod junit;
pub mod sarif;

use std::cell::Cell;

use crate::diagnostics::caret;
use crate::diagnostics::report::{Diagnostic, Severity};
use crate::diagnostics::source::Source;
use crate::diff::secrets::{self, Description};
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
        let description = Description::of(source.text);
        return caret::text_of(&found, source, is_colored, &|_, line| description.shows(line));
    }
    let shown = secrets::shown_lines(&file.text);
    // they come in the order of their places, so that lines are counted once
    let known = Cell::new((0, 0));
    let is_shown = |at: usize, _: &str| {
        let (from, before) = known.get();
        let lines = |text: &str| text.matches('\n').count();
        let line = match file.text.get(from..at) {
            Some(between) => before + lines(between),
            None => lines(file.text.get(..at).unwrap_or(&file.text)),
        };
        known.set((at, line));
        shown.get(line).copied().unwrap_or(false)
    };
    let with_origin: Vec<Diagnostic> = found.into_iter().map(|found| placed(found, file)).collect();
    caret::text_of(&with_origin.iter().collect::<Vec<_>>(), source, is_colored, &is_shown)
}

fn placed(found: &Diagnostic, file: &Checked) -> Diagnostic {
    let origin = file.origin.as_ref().map(ToString::to_string);
    Diagnostic { origin, ..found.clone() }
}

/// One finding a line.
pub fn short(file: &Checked) -> String {
    let line = |found: told::Finding<'_>| {
        let told::Finding { line, column, code, .. } = found;
        format!("{}:{line}:{column}: {code}: {}\n", visible(found.file), visible(found.message))
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
