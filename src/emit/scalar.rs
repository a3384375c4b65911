//! Spells scalars so that every YAML reader, 1.1 or 1.2, gives back what was written.
//!
//! Lives here: plain, quoted or literal; which plain words are traps; how numbers are written.
//! It must never know what a scalar belongs to, only the column a literal block stands on.
//!
//! kubectl reads YAML 1.1, where `no` is false and `12:30:45` is 45045 (<https://yaml.org/type/>); newer tools read
//! YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>). So a string is plain only where both take it for a
//! string, and a literal block only where all of the readers in `tests/yaml_readers/` agree on it.

use std::iter::repeat_n;

/// Writes a string as the value of a key or item; `column` is where the lines of a literal block begin.
pub(super) fn push_text(text: &str, column: usize, out: &mut String) {
    let seen = survey(text);
    if seen & BREAK != 0 && is_literal(text, seen) {
        push_literal(text, column, out);
    } else {
        push_surveyed_line(text, seen, out);
    }
}

/// Writes a string on one line, as a key or a whole document must be.
pub(super) fn push_line(text: &str, out: &mut String) {
    push_surveyed_line(text, survey(text), out);
}

/// Writes an integer in decimal.
pub(super) fn push_integer(is_negative: bool, magnitude: u64, out: &mut String) {
    // `write!` costs more than all the rest of a short field, and most numbers here are ports and small counts
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
    out.extend(digits[first..].iter().copied().map(char::from));
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

/// Begins a line at `column`.
pub(super) fn push_indent(column: usize, out: &mut String) {
    const BLANKS: &str = "                                                                ";
    match BLANKS.get(..column) {
        Some(blanks) => out.push_str(blanks),
        None => out.extend(repeat_n(' ', column)),
    }
}

/// What a byte may mean somewhere in a string: the union over a text decides in one pass what needs a closer look.
const BREAK: u8 = 1;
const TAB: u8 = 1 << 1;
const BLANK: u8 = 1 << 2;
const COLON: u8 = 1 << 3;
const HASH: u8 = 1 << 4;
/// A control character: never written as it is.
const CONTROL: u8 = 1 << 5;
/// The first byte of a group of characters of which some are never written as they are, see `UNPRINTABLE`.
const SUSPECT: u8 = 1 << 6;
/// Needs a backslash between double quotes.
const QUOTE: u8 = 1 << 7;

const MEANING: [u8; 256] = {
    let mut table = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = CONTROL;
        control += 1;
    }
    table[0x7f] = CONTROL;
    table[b'\n' as usize] = BREAK;
    table[b'\t' as usize] = TAB;
    table[b' ' as usize] = BLANK;
    table[b':' as usize] = COLON;
    table[b'#' as usize] = HASH;
    table[b'"' as usize] = QUOTE;
    table[b'\\' as usize] = QUOTE;
    table[0xc2] = SUSPECT;
    table[0xe2] = SUSPECT;
    table[0xef] = SUSPECT;
    table
};

/// Characters outside ASCII that are always escaped; `MEANING` suspects the first byte of each.
const UNPRINTABLE: &[(char, char)] = &[
    // the C1 controls; NEL among them breaks lines in YAML 1.1
    ('\u{80}', '\u{9f}'),
    // line and paragraph separator: break lines in YAML 1.1
    ('\u{2028}', '\u{2029}'),
    // overrides and isolates of the writing direction: show a reviewer another text than the reader gets (CVE-2021-42574)
    ('\u{202a}', '\u{202e}'),
    ('\u{2066}', '\u{2069}'),
    // the byte order mark, invisible and dropped at the start of a file
    ('\u{feff}', '\u{feff}'),
    // not characters: outside `c-printable` of every YAML version
    ('\u{fffe}', '\u{ffff}'),
];

fn survey(text: &str) -> u8 {
    text.bytes().fold(0, |seen, byte| seen | MEANING[usize::from(byte)])
}

fn push_surveyed_line(text: &str, seen: u8, out: &mut String) {
    if is_plain(text, seen) {
        out.push_str(text);
    } else {
        push_quoted(text, out);
    }
}

/// What a byte may mean at the very start of a plain string.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Begins nothing but a string.
    Clear,
    /// May begin a number, a boolean, a null, a date or a marker.
    Ambiguous,
    /// An indicator or a blank: never plain (<https://yaml.org/spec/1.2.2/#53-indicator-characters>).
    Indicator,
}

const START: [Start; 256] = {
    let mut table = [Start::Clear; 256];
    let indicators = b" ?:,[]{}#&*!|>'\"%@`";
    let mut at = 0;
    while at < indicators.len() {
        table[indicators[at] as usize] = Start::Indicator;
        at += 1;
    }
    let ambiguous = b"0123456789+-.~=<yYnNtTfFoOiI";
    let mut at = 0;
    while at < ambiguous.len() {
        table[ambiguous[at] as usize] = Start::Ambiguous;
        at += 1;
    }
    table
};

/// Whether every reader takes the bare text for this string.
fn is_plain(text: &str, seen: u8) -> bool {
    let Some(&first) = text.as_bytes().first() else { return false };
    let start = START[usize::from(first)];
    seen & (BREAK | TAB | CONTROL) == 0
        && start != Start::Indicator
        && (seen & BLANK == 0 || !text.ends_with(' '))
        && (seen & COLON == 0 || !(text.contains(": ") || text.ends_with(':')))
        && (seen & HASH == 0 || !text.contains(" #"))
        && (seen & SUSPECT == 0 || !text.contains(is_unprintable))
        && (start == Start::Clear || !is_ambiguous(text))
}

/// Words that some reader takes for something else than a string, in whatever case (<https://yaml.org/type/bool.html>,
/// `null`, `merge`, `value`); `inf` and `nan` are only traps with a dot before them, but nobody remembers that.
const RESERVED: &[&str] =
    &["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<", "inf", "infinity", "nan"];

/// Whether a plain text might be read as a number, boolean, null, date, merge key or document marker.
fn is_ambiguous(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let word = unsigned.strip_prefix('.').unwrap_or(unsigned);
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(word))
        || unsigned.is_empty()
        || unsigned.starts_with(' ')
        || text.starts_with("---")
        || text.starts_with("...")
        || is_number(unsigned)
        || is_date(text)
}

/// Wider than any reader's idea of a number: it covers `1_000`, `1,000`, `0o17`, `.5`, `1e`, `12:30:45`, `8080:80`, and
/// leaves versions and addresses like `1.2.3` plain.
fn is_number(unsigned: &str) -> bool {
    let is_decimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'_' | b',' | b'.' | b':' | b'e' | b'E' | b'+' | b'-');
    let is_radix = |byte: u8| byte.is_ascii_hexdigit() || byte == b'_';
    match unsigned.as_bytes() {
        [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', digits @ ..] => digits.iter().copied().all(is_radix),
        [b'.', rest @ ..] => rest.iter().copied().all(is_decimal),
        bytes @ [b'0'..=b'9', ..] => bytes.iter().copied().all(is_decimal) && unsigned.matches('.').count() < 2,
        _ => false,
    }
}

/// Dates and times begin with a year and a month (<https://yaml.org/type/timestamp.html>).
fn is_date(text: &str) -> bool {
    match text.as_bytes() {
        [a, b, c, d, b'-', month, ..] => [a, b, c, d, month].into_iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn is_unprintable(character: char) -> bool {
    UNPRINTABLE.iter().any(|&(first, last)| (first..=last).contains(&character))
}

/// Whether every reader gives a text of several lines back from a literal block.
///
/// The `yaml` package for Node loses a last line of blanks under an indentation indicator, which a text that begins with
/// a blank needs; a text of nothing but line breaks has no line to indent.
fn is_literal(text: &str, seen: u8) -> bool {
    let body = text.trim_matches('\n');
    seen & CONTROL == 0
        && !body.is_empty()
        && !(body.starts_with(BLANKS) && body.ends_with(BLANKS))
        && (seen & SUSPECT == 0 || !text.contains(is_unprintable))
}

const BLANKS: [char; 2] = [' ', '\t'];

/// Writes a literal block, which ends without a line break like every other scalar
/// (<https://yaml.org/spec/1.2.2/#812-literal-style>).
fn push_literal(text: &str, column: usize, out: &mut String) {
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
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            push_indent(column, out);
            out.push_str(line);
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

fn needs_escape(character: char) -> bool {
    match u8::try_from(character) {
        Ok(byte) if byte.is_ascii() => MEANING[usize::from(byte)] & (BREAK | TAB | CONTROL | QUOTE) != 0,
        _ => is_unprintable(character),
    }
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
