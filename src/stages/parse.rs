//! Text to document: TOML syntax, all of its faults at once, each said once and in words of ours.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, Error};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;

/// The parsed file, still untyped. With syntax errors in the report, what is left of it.
pub type Document<'i> = Spanned<DeTable<'i>>;

/// Parses `text`; syntax errors and duplicate keys go to the report.
pub fn parse<'i>(text: &'i str, report: &mut Report) -> Document<'i> {
    let (document, mut errors) = DeTable::parse_recoverable(text);
    errors.sort_by_key(|error| place(error).start);
    let (repeated, broken): (Vec<&Error>, Vec<&Error>) =
        errors.iter().partition(|error| error.message() == "duplicate key");
    let open = unclosed(text, &broken);
    // What stands behind it is taken for a part of it, and nothing that the parser says of that is true.
    let end = open.as_ref().map_or(usize::MAX, |open| open.outermost);
    syntax(text, broken.into_iter().filter(|error| place(error).start < end), report);
    duplicates(text, repeated.into_iter().map(place).filter(|key| key.start < end), report);
    if let Some(Open { outermost, innermost, enclosure: (opening, closing) }) = open {
        let is_line = matches!(opening, "\"" | "'");
        let what = if is_line { "" } else { ": without it, the rest of the file is a part of it" };
        report
            .error(codes::SYNTAX, innermost..innermost + opening.len(), format!("nothing closes this `{opening}`"))
            .help(format!("add `{closing}` where it ends{what}"));
        report.distrust(outermost..text.len());
        report.miss_text();
    }
    document
}

fn place(error: &Error) -> Range<usize> {
    error.span().unwrap_or(0..0)
}

/// What opens a value of several lines, and what closes it.
type Enclosure = (&'static str, &'static str);

const STRINGS: &[Enclosure] = &[("\"\"\"", "\"\"\""), ("'''", "'''"), ("\"", "\""), ("'", "'"), ("#", "\n")];
const BRACKETS: &[Enclosure] = &[("[", "]"), ("{", "}")];

/// Values that only the end of the file closes: where they begin, and what opens the innermost.
struct Open {
    outermost: usize,
    innermost: usize,
    enclosure: Enclosure,
}

fn unclosed(text: &str, errors: &[&Error]) -> Option<Open> {
    const COMPLAINTS: &[&str] = &["unclosed array,", "unclosed inline table,", "invalid multi-line"];
    let end = text.trim_end().len();
    let complains = |error: &&&Error| COMPLAINTS.iter().any(|begin| error.message().starts_with(begin));
    errors.iter().filter(complains).find(|error| place(error).start >= end)?;
    let mut open: Vec<(usize, Enclosure)> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let begins = |(opening, _): &&Enclosure| rest.starts_with(opening);
        if let Some(quotes) = STRINGS.iter().find(begins) {
            let Some(length) = string(rest, *quotes) else {
                open.push((at, *quotes));
                break;
            };
            // What should close the brackets may stand in a string that should have ended before it.
            if is_short(*quotes) && !is_closed(&rest[..length], *quotes) && !open.is_empty() {
                open.push(loose_quote(text, at, *quotes));
                break;
            }
            at += length;
            continue;
        }
        if let Some(bracket) = BRACKETS.iter().find(begins) {
            open.push((at, *bracket));
        } else if open.last().is_some_and(|(_, (_, closing))| rest.starts_with(closing)) {
            open.pop();
        }
        at += rest.chars().next().map_or(0, char::len_utf8);
    }
    let (outermost, _) = *open.first()?;
    open.last().map(|&(innermost, enclosure)| Open { outermost, innermost, enclosure })
}

/// Whether a line ends the string; a comment is none.
fn is_short((opening, _): Enclosure) -> bool {
    matches!(opening, "\"" | "'")
}

/// The quote in `line` whose text ends where the next should begin, so that the last of the line has no end.
fn swallowed(text: &str, line: &Range<usize>) -> Option<(usize, Enclosure)> {
    let mut at = line.start;
    while at < line.end {
        let rest = &text[at..line.end];
        let quotes = STRINGS.iter().copied().find(|(opening, _)| rest.starts_with(opening));
        let length = match quotes {
            Some(quotes) => string(rest, quotes)?,
            None => rest.chars().next().map_or(1, char::len_utf8),
        };
        if let Some(quotes) = quotes.filter(|quotes| is_short(*quotes) && !is_closed(&rest[..length], *quotes)) {
            return Some(loose_quote(text, at, quotes)).filter(|(loose, _)| *loose != at);
        }
        at += length;
    }
    None
}

fn is_closed(string: &str, (opening, closing): Enclosure) -> bool {
    string.len() > opening.len() && string.ends_with(closing)
}

/// The quote that nothing closes, in a line whose last one stands at `at`: after a string comes what may stand between
/// values, so one before anything else has taken the quote of the next for its own.
fn loose_quote(text: &str, at: usize, quotes: Enclosure) -> (usize, Enclosure) {
    let mut from = line(text, at).start;
    while from < at {
        let rest = &text[from..at];
        let short = STRINGS.iter().copied().find(|short| is_short(*short) && rest.starts_with(short.0));
        let length = short.and_then(|short| string(rest, short));
        if let (Some(short), Some(length)) = (short, length) {
            if !rest[length..].trim_start().starts_with([',', ']', '}', '=', '.', '#']) {
                return (from, short);
            }
            from += length;
        } else {
            from += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    (at, quotes)
}

/// How long the string or comment is with which `rest` begins; `None` if it goes on to the end of the file and should
/// not. A line ends the short ones.
fn string(rest: &str, (opening, closing): Enclosure) -> Option<usize> {
    let mut at = opening.len();
    loop {
        let inside = &rest[at..];
        let line_ends = opening.len() == 1 && inside.starts_with('\n');
        if inside.starts_with(closing) || line_ends {
            return Some(at + if line_ends { 0 } else { closing.len() });
        }
        let escape = opening.starts_with('"') && inside.starts_with('\\');
        let step: usize = inside.chars().take(if escape { 2 } else { 1 }).map(char::len_utf8).sum();
        if step == 0 {
            return (opening.len() == 1).then_some(at);
        }
        at += step;
    }
}

/// One error a line: what the parser says of the rest of it, and what we would say of its values, are guesses.
fn syntax<'e>(text: &str, errors: impl Iterator<Item = &'e Error>, report: &mut Report) {
    let mut last = None;
    for error in errors {
        let span = place(error);
        let line = line(text, span.start);
        if last.replace(line.clone()).is_some_and(|last| last == line) {
            continue;
        }
        if let Some((at, (quote, _))) = swallowed(text, &line) {
            report
                .error(codes::SYNTAX, at..at + quote.len(), format!("nothing closes this `{quote}`"))
                .help(format!("add `{quote}` where it ends: it closes with the quote that should open the next text"));
        } else {
            let (message, help) = in_words(error.message(), text.get(span.clone()).unwrap_or(""));
            report.error(codes::SYNTAX, span, message).help(help);
        }
        report.distrust(line);
        if !SCALARS.iter().any(|begin| error.message().starts_with(begin)) {
            report.miss_text();
        }
    }
}

fn line(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    start..end
}

/// How messages begin about a value of which all is known but what it should be.
const SCALARS: &[&str] =
    &["string values must be quoted", "invalid boolean", "invalid float", "invalid date", "unexpected leading zero"];

/// How the parser's message begins, what we say instead, and what would be right. `{}` is the text in question.
const WORDS: &[(&str, &str, &str)] = &[
    ("cannot recurse further", "this is nested too deep", "no value here has more than a few levels"),
    ("extra `=`", "this `=` is one too many", "remove it"),
    ("extra comma", "this comma is one too many", "remove it"),
    ("invalid basic string, expected `\"`", "the string has no end", "add `\"`"),
    ("invalid boolean", "`{}` is no value", "expected `true`, `false`, a number, or a string in quotes"),
    ("invalid float", "`{}` is no value", "expected a number, or a string in quotes"),
    ("invalid literal string, expected `'`", "the string has no end", "add `'`"),
    ("invalid unquoted key", "`{}` cannot stand in a key", "expected letters, digits, `-` and `_`, or a key in quotes"),
    ("key with no value", "`=` is missing here", "expected `key = value`"),
    ("missing assignment", "`=` is missing here", "expected `key = value`"),
    ("missing comma", "a comma is missing here", "put `,` between one and the next"),
    ("recursion limit", "this is nested too deep", "no value here has more than a few levels"),
    ("string values must be quoted", "`{}` is no value", "expected one number, or a string in quotes"),
    ("unclosed table", "the header has no end", "add `]`"),
    ("unclosed array table", "the header has no end", "add `]]`"),
    ("unexpected key or value", "something stands after the end", "begin a new line; a comment begins with `#`"),
    ("unexpected leading zero", "a number begins with a zero", "remove the zero, or write a string in quotes"),
    ("unquoted keys cannot be empty", "a key is missing here", "expected letters, digits, `-` and `_`"),
];

fn in_words(message: &str, found: &str) -> (String, String) {
    if found.is_empty() && message.starts_with("string values must be quoted") {
        let help = "expected a string in quotes, a number, `true`, `false`, a list or a table";
        return ("a value is missing here".to_owned(), help.to_owned());
    }
    if let Some((_, said, help)) = WORDS.iter().find(|(begin, ..)| message.starts_with(begin)) {
        return (said.replace("{}", found), (*help).to_owned());
    }
    let message = message.replace('\n', "; ");
    match message.split_once(", expected ") {
        Some((fact, expected)) if expected != "nothing" => (fact.to_owned(), format!("expected {expected}")),
        found => (found.map_or(&*message, |(fact, _)| fact).to_owned(), "see toml.io for the format".to_owned()),
    }
}

/// A table that begins twice is one mistake: its keys would each be told again.
fn duplicates(text: &str, keys: impl Iterator<Item = Range<usize>>, report: &mut Report) {
    let mut told = 0;
    for key in keys {
        if key.start < told {
            continue;
        }
        let header = header(text, key.start);
        let span = header.clone().unwrap_or(key);
        report
            .error(codes::DUPLICATE, span.clone(), format!("`{}` is written twice", &text[span]))
            .help("keep one of the two");
        if let Some(header) = header {
            told = text[header.end..].find("\n[").map_or(text.len(), |next| header.end + next + 1);
            report.distrust(header.end..told - 1);
        }
    }
}

/// The header on whose line `at` stands.
fn header(text: &str, at: usize) -> Option<Range<usize>> {
    let line = line(text, at);
    let start = line.start + text[line.clone()].len() - text[line.clone()].trim_start().len();
    let close = if text[start..].starts_with("[[") { "]]" } else { "]" };
    let end = at + text[at..line.end].find(close)? + close.len();
    text[start..].starts_with('[').then_some(start..end)
}
