//! Diagnostics as text for people: the place, the line, a caret, the help.

use std::fmt::Write;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::diagnostics::report::{Diagnostic, Severity};
use crate::diagnostics::source::{Place, Source};

const LONGEST_LINE: usize = 160;

/// All `diagnostics` about `source`, ready for stderr.
pub fn text(diagnostics: &[&Diagnostic], source: Source<'_>, color: bool) -> String {
    text_of(diagnostics, source, color, &|_, _| true)
}

/// The same, without the lines that `is_shown` refuses by the place of their diagnostic and their text.
pub fn text_of(
    diagnostics: &[&Diagnostic],
    source: Source<'_>,
    color: bool,
    is_shown: &dyn Fn(usize, &str) -> bool,
) -> String {
    let mut out = String::new();
    // they come in the order of their places, so that lines are counted once
    let mut known = (0, 1);
    for diagnostic in diagnostics {
        let at = diagnostic.span.start();
        let place = if at < known.0 { source.place(at) } else { source.place_from(at, known) };
        known = (place.start, place.line);
        one(&mut out, diagnostic, place, source, Paint { on: color }, is_shown);
        out.push('\n');
    }
    out
}

fn one(
    out: &mut String,
    diagnostic: &Diagnostic,
    place: Place<'_>,
    source: Source<'_>,
    paint: Paint,
    is_shown: &dyn Fn(usize, &str) -> bool,
) {
    let (word, tint) = match diagnostic.severity {
        Severity::Error => ("error", "31"),
        Severity::Warning => ("warning", "33"),
        Severity::Note => ("note", "36"),
    };
    let gutter = place.line.to_string().len();
    let bar = paint.blue("|");
    let message = visible(&diagnostic.message);
    let head = paint.bold(tint, &format!("{word}[{}]", diagnostic.code));
    let mut put = |line: &str| {
        out.push_str(line.trim_end());
        out.push('\n');
    };
    put(&format!("{head}: {message}"));
    put(&format!("{:gutter$}{} {}:{}:{}", "", paint.blue("-->"), visible(source.name), place.line, place.column));
    put(&format!("{:gutter$} {bar}", ""));

    let notes = |put: &mut dyn FnMut(&str)| {
        for (word, note) in [("help", &diagnostic.help), ("from", &diagnostic.origin)] {
            if let Some(note) = note {
                put(&format!("{:gutter$} {} {word}: {}", "", paint.blue("="), visible(note)));
            }
        }
    };

    if diagnostic.is_secret || !is_shown(diagnostic.span.start(), place.text) {
        let number = paint.blue(&place.line.to_string());
        put(&format!("{number} {bar} (hidden: the line may hold a secret)"));
        notes(&mut put);
        return;
    }
    let spanned = source.text.get(diagnostic.span.start()..diagnostic.span.end()).unwrap_or("");
    let length = spanned.lines().next().unwrap_or("").chars().count().max(1);
    let window = window(place.text.chars().count(), place.column);
    let line: Vec<char> = place.text.chars().skip(window.start).take(window.len()).map(shown).collect();
    let begin = (place.column - 1 - window.start).min(line.len());
    let end = (begin + length).min(line.len());
    let text: String = line.iter().collect();
    put(&format!("{} {bar} {text}", paint.blue(&place.line.to_string())));
    let indent = " ".repeat(cells(&line[..begin]));
    let mut carets = format!("{indent}{}", "^".repeat(cells(&line[begin..end]).max(1)));
    if let Some(label) = &diagnostic.label {
        let _ = write!(carets, " {}", visible(label));
    }
    put(&format!("{:gutter$} {bar} {}", "", paint.bold(tint, &carets)));
    notes(&mut put);
}

/// The part of a line of `length` letters that is shown: all of it, or what is around the column.
fn window(length: usize, column: usize) -> Range<usize> {
    let start = column.saturating_sub(LONGEST_LINE / 2).min(length.saturating_sub(LONGEST_LINE));
    start..length.min(start + LONGEST_LINE)
}

/// How wide a terminal prints `letters`: East Asian ones take two cells, combining ones none.
fn cells(letters: &[char]) -> usize {
    letters.iter().filter_map(|letter| letter.width()).sum()
}

/// A letter as a line of the source shows it: one for one, so that a caret below it can be counted.
fn shown(letter: char) -> char {
    match letter {
        '\t' => ' ',
        letter if is_invisible(letter) => char::REPLACEMENT_CHARACTER,
        letter => letter,
    }
}

/// Letters that steer a terminal or change the order in which others appear.
pub fn is_invisible(letter: char) -> bool {
    if letter.is_ascii() {
        return letter.is_ascii_control();
    }
    letter.is_control() || FORMATS.iter().any(|(first, last)| (*first..=*last).contains(&letter))
}

/// The general categories Cf, Zl and Zp. Source: Unicode 17.0, DerivedGeneralCategory.txt.
const FORMATS: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{2064}'),
    ('\u{2066}', '\u{206f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0001}', '\u{e0001}'),
    ('\u{e0020}', '\u{e007f}'),
];

/// User text may hold anything: invisible characters are spelled out, never sent to the terminal, and a novel is cut short.
fn visible(text: &str) -> String {
    const LONGEST: usize = 600;
    let mut shown: String = text.chars().take(LONGEST).flat_map(escape).collect();
    if text.chars().count() > LONGEST {
        shown.push('…');
    }
    shown
}

fn escape(letter: char) -> Vec<char> {
    if is_invisible(letter) { letter.escape_default().collect() } else { vec![letter] }
}

#[derive(Clone, Copy)]
struct Paint {
    on: bool,
}

impl Paint {
    fn blue(self, text: &str) -> String {
        self.bold("34", text)
    }

    fn bold(self, tint: &str, text: &str) -> String {
        if self.on { format!("\x1b[1;{tint}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::codes;
    use crate::diagnostics::report::Report;

    #[test]
    fn a_diagnostic_reads_like_a_compiler_error() {
        let source = Source { name: "platform.toml", text: "version = 1\nimag = 2\n" };
        let mut report = Report::default();
        report.error(codes::UNKNOWN_KEY, 12..16, "unknown key `imag`").label("not a key").did_you_mean(Some("image"));
        let expected = "\
error[unknown-key]: unknown key `imag`
 --> platform.toml:2:1
  |
2 | imag = 2
  | ^^^^ not a key
  = help: did you mean `image`?

";
        assert_eq!(text(&report.sorted(), source, false), expected);
    }

    /// The cell at which the caret begins, as a terminal counts.
    fn cell(text: &str, at: usize) -> usize {
        let mut report = Report::default();
        report.error(codes::SYNTAX, at..at + 1, "here");
        let out = super::text(&report.sorted(), Source { name: "x", text }, false);
        out.lines().nth(4).and_then(|line| line.find('^')).expect("there is a caret") - "1 | ".len()
    }

    #[test]
    fn a_caret_stands_below_its_letter() {
        assert_eq!(cell("ab=1", 2), 2);
        assert_eq!(cell("日本=1", "日本".len()), 4, "two cells each");
        assert_eq!(cell("e\u{301}=1", "e\u{301}".len()), 1, "an accent has no cell");
        assert_eq!(cell("\u{202e}\u{feff}\t=1", "\u{202e}\u{feff}\t".len()), 3, "shown as one cell each");
        assert_eq!(cell("日本", 99), 4, "the end of the line");
    }

    #[test]
    fn wide_letters_have_wide_carets() {
        let mut report = Report::default();
        report.error(codes::SYNTAX, 0.."日本".len(), "here");
        assert!(text(&report.sorted(), Source { name: "x", text: "日本" }, false).contains("| ^^^^\n"));
    }

    #[test]
    fn nothing_invisible_reaches_the_terminal() {
        for letter in ['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{e0041}', '\u{2028}', '\u{9b}', '\u{7f}'] {
            let line = format!("a{letter}b");
            let mut report = Report::default();
            report.error(codes::SYNTAX, 0..line.len(), &line).label(&line).help(&line);
            assert!(!text(&report.sorted(), Source { name: "x", text: &line }, false).contains(letter), "{letter:?}");
        }
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        let source = Source { name: "x", text: "a\u{1b}[2J" };
        let mut report = Report::default();
        report.error(codes::SYNTAX, 0..2, "bad \u{1b}[2J");
        assert!(!text(&report.sorted(), source, false).contains('\u{1b}'));
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let long = "x".repeat(10_000);
        let mut report = Report::default();
        report.error(codes::SYNTAX, 9_000..9_001, "here");
        let out = text(&report.sorted(), Source { name: "x", text: &long }, false);
        assert!(out.lines().all(|line| line.chars().count() < 200), "{out}");
        assert!(out.contains('^'));
    }
}
