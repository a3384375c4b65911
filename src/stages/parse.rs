//! Text to document: TOML syntax, all of its faults at once.

use toml::Spanned;
use toml::de::DeTable;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;

/// The parsed file, still untyped. With syntax errors in the report, what is left of it.
pub type Document<'i> = Spanned<DeTable<'i>>;

/// Parses `text`; syntax errors and duplicate keys go to the report.
pub fn parse<'i>(text: &'i str, report: &mut Report) -> Document<'i> {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        if error.message().starts_with("duplicate key") {
            let key = text.get(span.clone()).unwrap_or("a key");
            report.error(codes::DUPLICATE, span, format!("`{key}` is written twice")).help("keep one of the two");
        } else {
            report.error(codes::SYNTAX, span, error.message().replace('\n', "; "));
        }
    }
    document
}
