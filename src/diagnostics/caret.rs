//! Diagnostics as text for people: the place, the line, a caret, the help.

use std::fmt::Write;

use crate::diagnostics::report::{Diagnostic, Severity};
use crate::diagnostics::source::Source;

const LONGEST_LINE: usize = 160;

/// All `diagnostics` about `source`, ready for stderr.
pub fn text(diagnostics: &[&Diagnostic], source: Source<'_>, color: bool) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        one(&mut out, diagnostic, source, Paint { on: color });
        out.push('\n');
    }
    out
}

fn one(out: &mut String, diagnostic: &Diagnostic, source: Source<'_>, paint: Paint) {
    let place = source.place(diagnostic.span.start);
    let (word, tint) = match diagnostic.severity {
        Severity::Error => ("error", "31"),
        Severity::Warning => ("warning", "33"),
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
    put(&format!("{:gutter$}{} {}:{}:{}", "", paint.blue("-->"), source.name, place.line, place.column));
    put(&format!("{:gutter$} {bar}", ""));

    let (line, column) = window(place.text, place.column);
    put(&format!("{} {bar} {line}", paint.blue(&place.line.to_string())));
    let width = caret_width(source, diagnostic, place.text, place.column)
        .min(line.chars().count() + 1 - column.min(line.chars().count()))
        .max(1);
    let mut carets = String::new();
    let _ = write!(carets, "{}{}", " ".repeat(column - 1), "^".repeat(width));
    if let Some(label) = &diagnostic.label {
        let _ = write!(carets, " {}", visible(label));
    }
    put(&format!("{:gutter$} {bar} {}", "", paint.bold(tint, &carets)));
    if let Some(help) = &diagnostic.help {
        put(&format!("{:gutter$} {} help: {}", "", paint.blue("="), visible(help)));
    }
}

fn caret_width(source: Source<'_>, diagnostic: &Diagnostic, line: &str, column: usize) -> usize {
    let rest = line.chars().count() + 1 - column.min(line.chars().count());
    let spanned = source.text.get(diagnostic.span.start..diagnostic.span.end).unwrap_or("");
    spanned.lines().next().unwrap_or("").chars().count().clamp(1, rest.max(1))
}

/// A long line is cut around the column, so that the caret stays on the screen; tabs and control characters are one
/// column wide, so that it stays under its letter.
fn window(line: &str, column: usize) -> (String, usize) {
    let letters: Vec<char> = line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if letters.len() <= LONGEST_LINE {
        return (letters.into_iter().collect(), column);
    }
    let start = column.saturating_sub(LONGEST_LINE / 2).min(letters.len() - LONGEST_LINE);
    (letters[start..start + LONGEST_LINE].iter().collect(), column - start)
}

/// User text may hold anything: control characters are shown, never sent to the terminal, and a novel is cut short.
fn visible(text: &str) -> String {
    const LONGEST: usize = 600;
    let mut shown: String = text.chars().take(LONGEST).flat_map(escape).collect();
    if text.chars().count() > LONGEST {
        shown.push('…');
    }
    shown
}

fn escape(letter: char) -> Vec<char> {
    if letter.is_control() { letter.escape_default().collect() } else { vec![letter] }
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
