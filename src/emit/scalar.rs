//! Spells scalars so that every YAML reader, 1.1 or 1.2, gives back what was written.
//!
//! Lives here: plain, quoted or literal, and how numbers are written. It must never know what a scalar belongs to.
//!
//! kubectl reads YAML 1.1, where `no` is false and `12:30:45` is 45045 (<https://yaml.org/type/>); newer tools read
//! YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>). So a string is plain only where both take it for a
//! string, and a literal block only where all of the readers in `conformance/readers/` agree on it.

mod plain;
mod survey;

use std::iter::repeat_n;

use crate::emit::scalar::plain::is_plain;
use crate::emit::scalar::survey::{BREAK, Survey, needs_escape};

/// Writes a string behind a key or dash; `line` is what stands before each line of a literal block, its break included.
#[inline]
pub(super) fn push_text(text: &str, line: &str, out: &mut String) {
    let seen = Survey::of(text);
    if seen.has(BREAK) && is_literal(text, seen) {
        push_literal(text, line, out);
    } else {
        push_surveyed_line(text, seen, out);
    }
}

/// Writes a string on one line, as a key or a whole document must be.
#[inline]
pub(super) fn push_line(text: &str, out: &mut String) {
    push_surveyed_line(text, Survey::of(text), out);
}

/// Writes an integer in decimal.
#[inline]
pub(super) fn push_integer(is_negative: bool, magnitude: u64, out: &mut String) {
    // `write!` takes longer than all the rest of a short field
    let mut digits = [0; 20];
    let mut first = digits.len();
    let mut rest = magnitude;
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10).to_le_bytes()[0];
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if is_negative {
        out.push('-');
    }
    out.push_str(str::from_utf8(&digits[first..]).expect("digits are ASCII"));
}

/// Writes a float, given with its shortest exact spelling in Rust.
///
/// YAML 1.1 wants a dot in every float and a sign in every exponent (<https://yaml.org/type/float.html>): `1e16` is a
/// string to many of its readers, `1.0e+16` is a float to all.
pub(super) fn push_float(value: f64, shortest: &str, out: &mut String) {
    if value.is_nan() {
        return out.push_str(".nan");
    }
    if value.is_infinite() {
        return out.push_str(if value > 0.0 { ".inf" } else { "-.inf" });
    }
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, ""));
    out.push_str(mantissa);
    if !mantissa.contains('.') {
        out.push_str(".0");
    }
    if !exponent.is_empty() {
        out.push_str(if exponent.starts_with('-') { "e" } else { "e+" });
        out.push_str(exponent);
    }
}

#[inline]
fn push_surveyed_line(text: &str, seen: Survey, out: &mut String) {
    if is_plain(text, seen) {
        out.push_str(text);
    } else {
        push_quoted(text, out);
    }
}

/// Whether every reader gives a text of several lines back from a literal block.
///
/// A text that begins with a blank needs an indentation indicator, under which the `yaml` package for Node loses a last
/// line of nothing but blanks; a text of nothing but line breaks has no line to indent.
fn is_literal(text: &str, seen: Survey) -> bool {
    let body = text.trim_matches('\n');
    let is_blank_at_both_ends = body.starts_with(BLANKS) && body.ends_with(BLANKS);
    !(body.is_empty() || is_blank_at_both_ends || seen.has_unprintable(text))
}

const BLANKS: [char; 2] = [' ', '\t'];

/// Writes a literal block, which ends without a line break like every other scalar
/// (<https://yaml.org/spec/1.2.2/#812-literal-style>).
fn push_literal(text: &str, line: &str, out: &mut String) {
    let body = text.trim_end_matches('\n');
    out.push('|');
    if body.trim_start_matches('\n').starts_with(BLANKS) {
        // readers find the column by the first line that has text, so one that begins with blanks must be told
        out.push('2');
    }
    let breaks = text.len() - body.len();
    match breaks {
        0 => out.push('-'),
        1 => {}
        _ => out.push('+'),
    }
    for content in body.split('\n') {
        if content.is_empty() {
            out.push('\n');
        } else {
            out.push_str(line);
            out.push_str(content);
        }
    }
    out.extend(repeat_n('\n', breaks.saturating_sub(1)));
}

/// Writes a double-quoted string on one line (<https://yaml.org/spec/1.2.2/#731-double-quoted-style>).
fn push_quoted(text: &str, out: &mut String) {
    out.push('"');
    let mut copied = 0;
    for (at, character) in text.char_indices().filter(|&(_, character)| needs_escape(character)) {
        out.push_str(&text[copied..at]);
        push_escape(character, out);
        copied = at + character.len_utf8();
    }
    out.push_str(&text[copied..]);
    out.push('"');
}

/// Only escapes that JSON has too: the one set that no reader gets wrong.
fn push_escape(character: char, out: &mut String) {
    out.push('\\');
    match character {
        '"' | '\\' => out.push(character),
        '\n' => out.push('n'),
        '\t' => out.push('t'),
        '\r' => out.push('r'),
        // all that are escaped lie in the basic plane, so four digits are enough
        _ => {
            out.push('u');
            out.extend([12, 8, 4, 0].map(|shift| char::from(HEX[(u32::from(character) >> shift & 15) as usize])));
        }
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::{push_float, push_integer, push_line, push_text};

    fn text(text: &str) -> String {
        let mut out = String::new();
        push_text(text, "\n  ", &mut out);
        out
    }

    fn integer(is_negative: bool, magnitude: u64) -> String {
        let mut out = String::new();
        push_integer(is_negative, magnitude, &mut out);
        out
    }

    fn float(value: f64) -> String {
        let mut out = String::new();
        push_float(value, &format!("{value:?}"), &mut out);
        out
    }

    #[test]
    fn lines_become_a_literal_block() {
        assert_eq!(text("a\nb"), "|-\n  a\n  b");
        assert_eq!(text("a\n"), "|\n  a");
        assert_eq!(text("a\n\n\n"), "|+\n  a\n\n");
        assert_eq!(text("\n\na\n\nb\n"), "|\n\n\n  a\n\n  b");
        assert_eq!(text("a:\n\tb: # c\n  - \"d\" \n"), "|\n  a:\n  \tb: # c\n    - \"d\" ");
        assert_eq!(text("---\n...\n%a\n"), "|\n  ---\n  ...\n  %a");
    }

    #[test]
    fn a_block_that_begins_with_blanks_says_how_far_in_it_stands() {
        assert_eq!(text("  a\nb\n"), "|2\n    a\n  b");
        assert_eq!(text("\ta\nb"), "|2-\n  \ta\n  b");
        assert_eq!(text("\n a\n\n"), "|2+\n\n   a\n");
    }

    #[test]
    fn lines_that_readers_disagree_on_are_quoted() {
        for (given, written) in [
            ("\n", r#""\n""#),
            ("\n\n", r#""\n\n""#),
            (" \n", r#"" \n""#),
            (" a\n ", r#"" a\n ""#),
            ("\ta\n\t\n", r#""\ta\n\t\n""#),
            ("a\r\nb", r#""a\r\nb""#),
            ("a\n\0", r#""a\n\u0000""#),
            ("a\n\u{85}b", r#""a\n\u0085b""#),
            ("a\n\u{2028}b", r#""a\n\u2028b""#),
            ("\u{feff}a\nb", r#""\ufeffa\nb""#),
        ] {
            assert_eq!(text(given), written);
        }
    }

    #[test]
    fn quotes_are_double_and_escapes_are_those_of_json() {
        for (given, written) in [
            ("", r#""""#),
            ("no", r#""no""#),
            ("a: \"b\\c\"", r#""a: \"b\\c\"""#),
            ("a\tb\r\u{1b}[0m", r#""a\tb\r\u001b[0m""#),
            ("\u{7f}\u{9f}\u{202e}\u{ffff}", r#""\u007f\u009f\u202e\uffff""#),
            (" 日本語😀", r#"" 日本語😀""#),
        ] {
            let mut out = String::new();
            push_line(given, &mut out);
            assert_eq!(out, written);
            assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), given);
        }
    }

    #[test]
    fn long_lines_are_never_folded() {
        let long = "word ".repeat(1000) + "end";
        assert_eq!(text(&long), long);
        assert_eq!(text(&format!("{long}: ")), format!("\"{long}: \""));
    }

    #[test]
    fn integers_of_the_whole_range() {
        assert_eq!(integer(false, 0), "0");
        assert_eq!(integer(false, 8080), "8080");
        assert_eq!(integer(false, u64::MAX), u64::MAX.to_string());
        assert_eq!(integer(true, i64::MIN.unsigned_abs()), i64::MIN.to_string());
    }

    #[test]
    fn floats_have_a_dot_and_a_signed_exponent() {
        for (value, written) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-0.1, "-0.1"),
            (1e16, "1.0e+16"),
            (1.5e-7, "1.5e-7"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5.0e-324"),
            (f64::INFINITY, ".inf"),
            (f64::NEG_INFINITY, "-.inf"),
            (f64::NAN, ".nan"),
        ] {
            assert_eq!(float(value), written);
        }
    }
}
