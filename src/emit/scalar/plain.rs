//! Which strings can stand bare, without quotes.
//!
//! Lives here: every text that some reader takes for something else than the string it is. It must never know how such
//! a text is spelled instead.

use crate::emit::scalar::survey::{BLANK, BREAK, COLON, HASH, Survey, TAB};

/// Whether every reader takes the bare text, which `seen` is the survey of, for this string.
#[inline]
pub(super) fn is_plain(text: &str, seen: Survey) -> bool {
    !seen.has(BREAK | TAB)
        && begins_plain(text)
        && !(seen.has(BLANK) && text.ends_with(' '))
        && !(seen.has(COLON) && (text.ends_with(':') || seen.has(BLANK) && holds(text, *b": ")))
        && !(seen.has(HASH) && seen.has(BLANK) && holds(text, *b" #"))
        && !seen.has_unprintable(text)
}

/// Whether the two bytes follow each other somewhere; most texts are too short for a cleverer search to pay.
fn holds(text: &str, pair: [u8; 2]) -> bool {
    text.as_bytes().windows(2).any(|bytes| bytes == pair)
}

#[inline]
fn begins_plain(text: &str) -> bool {
    let Some(&first) = text.as_bytes().first() else { return false };
    match START[usize::from(first)] {
        Start::Clear => true,
        Start::Word => !is_reserved(text),
        Start::Number => !is_ambiguous(text),
        Start::Indicator => false,
    }
}

/// What the first byte of a text may begin.
#[derive(Clone, Copy)]
enum Start {
    /// Nothing but a string.
    Clear,
    /// A reserved word.
    Word,
    /// A number, a date, a signed or dotted word, a dash or a document marker.
    Number,
    /// Something that is never plain: a blank or one of YAML's indicators
    /// (<https://yaml.org/spec/1.2.2/#53-indicator-characters>).
    Indicator,
}

const START: [Start; 256] = {
    let mut table = [Start::Clear; 256];
    let mut byte = 0;
    while byte < 0x80 {
        table[byte as usize] = match byte {
            b' ' | b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' => Start::Indicator,
            b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E' => Start::Number,
            _ if reserved(byte).is_empty() => Start::Clear,
            _ => Start::Word,
        };
        byte += 1;
    }
    table
};

/// The words that some reader takes for something else than a string, in whatever case, by their first letter
/// (<https://yaml.org/type/>: `bool`, `null`, `float`, `merge`, `value`).
const fn reserved(initial: u8) -> &'static [&'static str] {
    match initial.to_ascii_lowercase() {
        b'y' => &["y", "yes"],
        b'n' => &["n", "no", "null", "nan"],
        b't' => &["true"],
        b'f' => &["false"],
        b'o' => &["on", "off"],
        b'i' => &["inf", "infinity"],
        b'~' => &["~"],
        b'=' => &["="],
        b'<' => &["<<"],
        _ => &[],
    }
}

fn is_reserved(text: &str) -> bool {
    text.bytes().next().is_some_and(|initial| reserved(initial).iter().any(|word| word.eq_ignore_ascii_case(text)))
}

/// Whether a text that begins like a number, which `-` and `.` do, might be read as more than a string.
fn is_ambiguous(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    // go-yaml and ruamel.yaml skip an underscore before they look for digits
    let is_bare_sign = unsigned.is_empty() || unsigned.starts_with([' ', '_']);
    let is_marker = text.starts_with("---") || text.starts_with("...");
    is_bare_sign
        || is_marker
        || is_reserved(unsigned.strip_prefix('.').unwrap_or(unsigned))
        || is_number(unsigned)
        || is_date(text)
}

/// Wider than any reader's idea of a number: it covers `1_000`, `1,000`, `0_x1`, `.5`, `1e`, `12:30:45`, `8080:80`, even
/// `e1`, and leaves versions and addresses like `1.2.3` plain (<https://yaml.org/type/int.html>, `float`).
fn is_number(unsigned: &str) -> bool {
    let is_decimal = |&byte: &u8| matches!(byte, b'0'..=b'9' | b'_' | b',' | b'.' | b':' | b'e' | b'E' | b'+' | b'-');
    match unsigned.as_bytes() {
        [b'.', rest @ ..] => rest.iter().all(is_decimal),
        [b'e' | b'E', rest @ ..] => !rest.is_empty() && rest.iter().all(is_decimal),
        [b'0', ..] if has_radix(unsigned) => true,
        bytes @ [b'0'..=b'9', ..] => bytes.iter().all(is_decimal) && unsigned.matches('.').count() < 2,
        _ => false,
    }
}

fn has_radix(unsigned: &str) -> bool {
    // go-yaml takes a sign on either side of the prefix
    let is_digit = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'_' | b'+' | b'-');
    let prefixed = unsigned.trim_start_matches(['0', '_']);
    prefixed.strip_prefix(['x', 'X', 'o', 'O', 'b', 'B']).is_some_and(|digits| digits.bytes().all(is_digit))
}

/// Dates and times begin with a year and a month (<https://yaml.org/type/timestamp.html>).
fn is_date(text: &str) -> bool {
    match text.as_bytes() {
        [a, b, c, d, b'-', month, ..] => [a, b, c, d, month].into_iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_plain;
    use crate::emit::scalar::survey::Survey;

    fn plain(text: &str) -> bool {
        is_plain(text, Survey::of(text))
    }

    #[track_caller]
    fn traps(texts: &[&str]) {
        for text in texts {
            assert!(!plain(text), "{text:?} must not stand bare");
        }
    }

    #[test]
    fn words_of_yaml_1_1_and_1_2_in_every_case() {
        traps(&["y", "Y", "n", "N", "yes", "Yes", "YES", "yEs", "no", "NO", "on", "On", "off", "OFF"]);
        traps(&["true", "True", "TRUE", "tRue", "false", "False", "null", "Null", "NULL", "~", "=", "<<"]);
        traps(&[".inf", ".Inf", "-.INF", "+.inf", ".nan", ".NaN", "inf", "-Infinity", "nan"]);
    }

    #[test]
    fn numbers_of_every_form() {
        traps(&[
            "0", "7", "-7", "+7", "007", "012", "1_000", "1,000", "0o17", "0O17", "0x1F", "-0X1f", "0b1", "0b", "0x",
        ]);
        traps(&["1.", ".5", "-.5", "1.5", "1e3", "1e+3", "1E-3", "1e", "1.5e300", "6.02e23", ".", "._", "1_0.5", "0_"]);
        traps(&["+_0", "-_1", "0_x1", "-0_b1", "0b+0", "e1", "E+5", "-e1"]);
        traps(&["12:30", "12:30:45", "190:20:30.15", "-1:30", "8080:80", "1:2"]);
    }

    #[test]
    fn dates_and_times() {
        traps(&["2026-11-22", "2026-1-2", "2026-11-22T12:30:45Z", "2026-11-22 12:30:45.5 +1", "1234-5"]);
    }

    #[test]
    fn indicators_and_blanks() {
        traps(&[
            "", " ", " a", "a ", "a: b", "a:", ":", "a #b", "#", "# a", "? a", "?", ": a", ", a", "-", "- a", "--- a",
        ]);
        traps(&[
            "---", "...", "... a", "[", "]", "{", "}", "&a", "*a", "!a", "|", ">", "'a'", "\"a\"", "%a", "@a", "`a`",
        ]);
        traps(&[
            "[]",
            "{}",
            "{{ a }}",
            "a\tb",
            "\t",
            "a\nb",
            "a\r",
            "a\0",
            "\u{7f}",
            "a\u{85}b",
            "a\u{2028}",
            "\u{feff}",
        ]);
    }

    #[test]
    fn what_people_write_bare_stays_bare() {
        for text in [
            "a",
            "name",
            "/healthz",
            "10.0.0.1",
            "10.0.0.0/8",
            "10.0.0.1:8080",
            "1.2.3",
            "v1",
            "100m",
            "128Mi",
            "25%",
            "12h",
            "--listen=0.0.0.0:8080",
            "-v",
            "--",
            "http://a.b:80/?c=d&e#f",
            "a:b",
            "a#b",
            "$(POD_NAME)",
            "<none>",
            "^/api",
            "app.kubernetes.io/name",
            "registry.example.org/a:1.2@sha256:0123",
            "it's",
            "a, b",
            "a [b] {c}",
            "say \"hi\"",
            "C:\\temp",
            "~user",
            "=a",
            "yes!",
            "nothing",
            "onwards",
            "2026",
            "é",
            "日本語",
            "😀",
        ] {
            assert_eq!(plain(text), text != "2026", "{text:?}");
        }
    }
}
