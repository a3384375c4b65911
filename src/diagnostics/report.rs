//! The collected diagnostics of one run: nothing returns early, everything is sorted by place at the end.

use crate::diagnostics::codes;
use crate::diagnostics::source::Span;

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is rendered.
    Error,
    /// Rendered, but somebody should decide.
    Warning,
}

/// One mistake or doubt, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, from [`codes`](crate::diagnostics::codes).
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The fact and then the expectation: lower case, no full stop.
    pub message: String,
    /// Where it is.
    pub span: Span,
    /// What stands under the caret.
    pub label: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// The path in the description, such as `components.api`, by which `[[accept]]` names it.
    pub object: Option<String>,
}

impl Diagnostic {
    /// Says what to do.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Says what stands under the caret.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(label.into());
        self
    }

    /// Suggests `word` when there is one.
    pub fn did_you_mean(&mut self, word: Option<&str>) -> &mut Self {
        if let Some(word) = word {
            self.help = Some(format!("did you mean `{word}`?"));
        }
        self
    }
}

/// All diagnostics of one run.
#[derive(Debug, Default)]
pub struct Report {
    found: Vec<Diagnostic>,
}

impl Report {
    /// Adds an error and hands it back for a label or help.
    pub fn error(&mut self, code: &'static str, span: impl Into<Span>, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Severity::Error, code, span.into(), message.into())
    }

    /// Adds a warning about the object at `path`.
    pub fn warning(
        &mut self,
        code: &'static str,
        span: impl Into<Span>,
        path: String,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let diagnostic = self.add(Severity::Warning, code, span.into(), message.into());
        diagnostic.object = Some(path);
        diagnostic
    }

    fn add(&mut self, severity: Severity, code: &'static str, span: Span, message: String) -> &mut Diagnostic {
        self.found.push(Diagnostic { code, severity, message, span, label: None, help: None, object: None });
        self.found.last_mut().expect("a diagnostic was just pushed")
    }

    /// How much has been found so far.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// Whether anything forbids rendering.
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Everything found, in order of place; two at one place stand in order of code, the same twice stands once. What
    /// stands in for a faulty value is nobody's mistake: the fault itself has been reported.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut sorted: Vec<&Diagnostic> =
            self.found.iter().filter(|diagnostic| diagnostic.span != Span::STAND_IN).collect();
        sorted.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
        sorted.dedup();
        // What the parser put in place of broken text is nobody's mistake.
        let broken: Vec<usize> = sorted
            .iter()
            .filter(|diagnostic| diagnostic.code == codes::SYNTAX)
            .map(|diagnostic| diagnostic.span.start)
            .collect();
        sorted.retain(|diagnostic| diagnostic.code == codes::SYNTAX || !broken.contains(&diagnostic.span.start));
        sorted
    }

    /// Drops the warnings for which `keep` says no.
    pub fn retain_warnings(&mut self, mut keep: impl FnMut(&Diagnostic) -> bool) {
        self.found.retain(|diagnostic| diagnostic.severity == Severity::Error || keep(diagnostic));
    }
}
