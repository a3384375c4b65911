//! Texts that templates of a user gave, with the places that they come from.

use std::sync::Arc;

use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::manifest::document::Document;

/// Why a template cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The template: one that the rendered one includes may be wrong.
    pub name: String,
    /// Where in it.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// A rendered template.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// What came of it.
    pub text: String,
    /// For each of its lines, the line of the template that it comes from, from zero; empty if nobody knows.
    pub lines: Vec<usize>,
}

/// The objects of a rendered template.
#[derive(Clone, Debug)]
pub struct Written {
    /// The template's file, as its user knows it.
    pub name: String,
    /// The template.
    pub source: Arc<str>,
    /// What came of it.
    pub rendered: Rendered,
    /// The objects in that.
    pub documents: Vec<Document>,
}

impl Written {
    /// Tells what has been found in the rendered text at the places that it comes from.
    pub fn tell(&self, found: &Report, report: &mut Report) {
        for found in found.sorted() {
            let own = report.beside(self.name.clone(), &self.source);
            let told = own.add(found.severity, found.code, self.origin(found.span), found.message.clone());
            told.help.clone_from(&found.help);
        }
    }

    /// Where in the template what stands at `span` comes from: the same words in the line that made it, or else that line.
    pub fn origin(&self, span: Span) -> Span {
        self.rendered.origin(span, &self.source)
    }
}

impl Rendered {
    /// The same for the template `source`.
    pub fn origin(&self, span: Span, source: &str) -> Span {
        let start = span.start().min(self.text.len());
        let before = self.text.get(..start).unwrap_or_default();
        // what is missing is missed behind the last line
        let number = self.lines.get(before.matches('\n').count()).or(self.lines.last()).copied().unwrap_or_default();
        let begin: usize = source.split_inclusive('\n').take(number).map(str::len).sum();
        let line = source[begin..].lines().next().unwrap_or_default();
        let words = self.text.get(start..span.end()).and_then(|text| text.lines().next()).unwrap_or_default();
        if let Some(at) = line.find(words).filter(|_| words.len() > 1) {
            return (begin + at..begin + at + words.len()).into();
        }
        let indent = line.len() - line.trim_start().len();
        (begin + indent..begin + line.trim_end().len().max(indent)).into()
    }
}
