//! What checks of several objects find, and how much they looked at.

use std::collections::BTreeMap;

use crate::diagnostics::report::{Diagnostic, Report, Severity};
use crate::diagnostics::source::Span;
use crate::manifest::node::{Node, Value};
use crate::validate::wanted::Wanted;
use crate::validate::world::Thing;

/// What has been found so far.
#[derive(Debug, Default)]
pub struct Findings {
    /// The report of each file that has one, by its number.
    pub found: BTreeMap<usize, Report>,
    /// How many questions have been asked.
    pub asked: usize,
    /// The codes that are asked about.
    pub wanted: Wanted,
}

impl Findings {
    /// None yet, of these codes.
    pub fn of(wanted: &Wanted) -> Self {
        Self { found: BTreeMap::new(), asked: 0, wanted: wanted.clone() }
    }

    /// Takes over what others have found.
    pub fn take(&mut self, other: Self) {
        self.asked += other.asked;
        for (file, report) in other.found {
            self.found.entry(file).or_default().take(report);
        }
    }

    /// Counts a question.
    pub fn ask(&mut self) {
        self.asked += 1;
    }

    /// Something that will not work, at `node` of an object.
    pub fn error(&mut self, code: &'static str, thing: Thing<'_>, node: &Node, message: &str) -> &mut Diagnostic {
        self.add(Severity::Error, code, thing, node, message)
    }

    /// Something that somebody should decide, at `node` of an object.
    pub fn warning(&mut self, code: &'static str, thing: Thing<'_>, node: &Node, message: &str) -> &mut Diagnostic {
        self.add(Severity::Warning, code, thing, node, message)
    }

    /// Something worth knowing, at `node` of an object.
    pub fn note(&mut self, code: &'static str, thing: Thing<'_>, node: &Node, message: &str) -> &mut Diagnostic {
        self.add(Severity::Note, code, thing, node, message)
    }

    /// Something of this severity, at `node` of an object.
    pub fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        thing: Thing<'_>,
        node: &Node,
        message: &str,
    ) -> &mut Diagnostic {
        let report = self.found.entry(thing.file).or_default();
        report.add(severity, code, place(node), format!("{}: {message}", thing.document.id))
    }
}

/// Where a caret for a value stands: below all of what fits into a line.
fn place(node: &Node) -> Span {
    match node.value {
        Value::List(_) | Value::Map(_) => node.span.first(),
        _ => node.span,
    }
}
