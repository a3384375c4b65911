//! Findings as somebody is told of them: where, about what, and which line of the description it comes from.

use crate::diagnostics::report::{Diagnostic, Severity};
use crate::diagnostics::source::{Source, Span};
use crate::diff::path::{Path, Step};
use crate::manifest::document::Document;
use crate::manifest::node::{Node, Value};
use crate::validate::groups::{self, Group};
use crate::validate::{Checked, Origin};

/// A finding and all that is known about its place.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// Its code.
    pub code: &'static str,
    /// The group that found it; `None` for what is said about the description.
    pub group: Option<Group>,
    /// How much it matters.
    pub severity: Severity,
    /// The fact and the expectation.
    pub message: &'a str,
    /// What to do about it.
    pub help: Option<&'a str>,
    /// The file.
    pub file: &'a str,
    /// The line, from one.
    pub line: usize,
    /// The column in characters, from one.
    pub column: usize,
    /// The object, such as `Deployment production/api`, or the path in the description; empty if there is none.
    pub object: String,
    /// The field, such as `.spec.replicas`; empty for the whole object.
    pub field: String,
    /// The line of the description that it comes from.
    pub origin: Option<&'a Origin>,
}

/// Everything that has been found in a file, in order of place.
pub fn told(file: &Checked) -> Vec<Finding<'_>> {
    let source = Source { name: &file.path, text: &file.text };
    let mut known = (0, 1);
    file.report
        .sorted()
        .into_iter()
        .map(|found| {
            let Diagnostic { code, span, severity, .. } = *found;
            let place = if span.start() < known.0 {
                source.place(span.start())
            } else {
                source.place_from(span.start(), known)
            };
            known = (place.start, place.line);
            let (object, field) = about(file, found);
            Finding {
                code,
                group: groups::group_of(code),
                severity,
                message: &found.message,
                help: found.help.as_deref(),
                file: &file.path,
                line: place.line,
                column: place.column,
                origin: file.origin_of(&object, span.start()),
                object,
                field,
            }
        })
        .collect()
}

/// The object and the field that a diagnostic is about.
pub fn about(file: &Checked, found: &Diagnostic) -> (String, String) {
    let at = found.span.start();
    let next = file.documents.partition_point(|document| document.root.span.start() <= at);
    let holder = next.checked_sub(1).map(|at| &file.documents[at]).filter(|document| at <= document.span.end());
    match holder {
        // where an object begins, all of it is meant
        Some(document) if at == document.root.span.start() => (document.id.to_string(), String::new()),
        Some(document) => (document.id.to_string(), field(document, found.span)),
        None => (found.object.clone().unwrap_or_default(), String::new()),
    }
}

/// The path of the innermost value at a place; where lists and maps begin, all of them is meant.
fn field(document: &Document, place: Span) -> String {
    let is_beginning = place == place.first();
    let (mut node, mut path) = (&document.root, Path::default());
    while let Some((inner, step)) = within(node, place.start()) {
        (node, path) = (inner, path.and(step));
        let is_whole = matches!(node.value, Value::List(_) | Value::Map(_)) && node.span.start() == place.start();
        if is_beginning && is_whole {
            break;
        }
    }
    path.told()
}

fn within(node: &Node, at: usize) -> Option<(&Node, Step)> {
    let entries = node.entries();
    if let Some(entry) = entries.iter().rfind(|entry| entry.span.start() <= at) {
        let is_inside = at < entry.node.span.end().max(entry.span.end());
        return is_inside.then(|| (&entry.node, Step::Key(entry.key.clone())));
    }
    let items = node.items();
    let number = items.iter().rposition(|item| item.span.start() <= at)?;
    let is_inside = at < items[number].span.end();
    is_inside.then(|| (&items[number], Step::Index(number)))
}
