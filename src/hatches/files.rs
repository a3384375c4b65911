//! The files that a description names beside itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::spec::read::At;
use crate::values::file_pattern::FilePattern;
use crate::values::shelf::Shelf;

/// Every path that has been named, as it is on file systems that take `A` and `a` for one letter, with how it was spelled
/// and where.
pub type Named = BTreeMap<String, (String, Span)>;

/// The paths that a pattern means, each named for the first time.
pub fn paths(pattern: &At<FilePattern>, shelf: &dyn Shelf, named: &mut Named, report: &mut Report) -> Vec<String> {
    let wanted = &pattern.value;
    let found = if wanted.is_plain() {
        vec![wanted.to_string()]
    } else {
        let mut found = shelf.below(wanted.directory());
        found.retain(|path| wanted.matches(path));
        found
    };
    if found.is_empty() {
        report
            .error(codes::MISSING_FILE, pattern.span, format!("no file is called like `{wanted}`"))
            .help(format!("there is {}", listed(&shelf.below(wanted.directory()), wanted.directory())));
    }
    found.into_iter().filter(|path| is_new(path, pattern.span, named, report)).collect()
}

/// A few of the files of a directory.
fn listed(found: &[String], directory: &str) -> String {
    let place = if directory.is_empty() { "beside the description".to_owned() } else { format!("in `{directory}`") };
    match found {
        [] => format!("nothing {place}"),
        found => format!("{} {place}", suggest::list(found.iter().take(3).map(String::as_str))),
    }
}

fn is_new(path: &str, span: Span, named: &mut Named, report: &mut Report) -> bool {
    let Some((other, _)) = named.get(&path.to_lowercase()) else {
        named.insert(path.to_lowercase(), (path.to_owned(), span));
        return true;
    };
    if other == path {
        report.error(codes::DUPLICATE, span, format!("`{path}` is named twice")).help("name it once");
    } else {
        report
            .error(
                codes::CONFLICT,
                span,
                format!("`{other}` and `{path}` are one file where `A` and `a` are one letter"),
            )
            .help("rename one of the two: on some machines there is only one of them");
    }
    false
}

/// The text of a file; why there is none goes to the report.
pub fn text(path: &str, span: Span, shelf: &dyn Shelf, report: &mut Report) -> Option<Arc<str>> {
    match shelf.text(path) {
        Ok(text) => Some(text),
        Err(why) => {
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            // a file that is there and cannot be read is not meant to be another
            let known = shelf.below(directory);
            let known = if known.iter().any(|known| known == path) { Vec::new() } else { known };
            let near = suggest::nearest(path, known.iter().map(String::as_str)).map(str::to_owned);
            report.error(codes::MISSING_FILE, span, format!("`{path}` {why}")).did_you_mean(near.as_deref());
            None
        }
    }
}
