//! What Prometheus spells in more ways than the parser reads: texts in backticks, of which every letter stands for itself,
//! and numbers with `_` between their digits.
//!
//! Lives here: the same expression in the other spelling. It must never make a right expression of a wrong one.
//!
//! Source: `lexRawString` and `scanNumber` in `promql/parser/lex.go`, `Unquote` in `util/strutil/quote.go` of Prometheus 3.14.

use std::borrow::Cow;

/// An expression as the parser reads it.
pub fn plain(text: &str) -> Cow<'_, str> {
    let is_joint = |pair: &[u8]| pair[1] == b'_' && matches!(pair[0], b'0'..=b'9' | b'X' | b'x');
    if !text.contains('`') && !text.as_bytes().windows(2).any(is_joint) {
        return text.into();
    }
    let (mut plain, mut told, mut at) = (String::new(), 0, 0);
    while let Some(letter) = text.as_bytes().get(at) {
        let rest = &text[at..];
        let (length, other) = match letter {
            b'`' => {
                let length = quoted_len(rest);
                (length, escaped(&rest[..length]))
            }
            b'"' | b'\'' => (quoted_len(rest), None),
            b'#' => (rest.find('\n').unwrap_or(rest.len()), None),
            b'0'..=b'9' => {
                let length = word_len(rest, '.');
                (length, joined(&rest[..length]))
            }
            b'A'..=b'Z' | b'_' | b'a'..=b'z' => (word_len(rest, ':'), None),
            _ => (rest.chars().next().map_or(1, char::len_utf8), None),
        };
        if let Some(other) = other {
            plain.extend([&text[told..at], &other]);
            told = at + length;
        }
        at += length;
    }
    if told == 0 { text.into() } else { (plain + &text[told..]).into() }
}

/// The length of the text in quotes with which a text begins; all of it, if it never ends.
pub fn quoted_len(text: &str) -> usize {
    let Some(quote) = text.chars().next() else { return 0 };
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            return at + quote.len_utf8();
        }
        if letter == '\\' && quote != '`' {
            letters.next();
        }
    }
    text.len()
}

/// The length of the word with which a text begins, where `also` is a letter of words too.
fn word_len(text: &str, also: char) -> usize {
    let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == also;
    text.find(|letter| !is_of_word(letter)).unwrap_or(text.len())
}

/// A text in backticks between double quotes; `None` if the parser reads it as it is, or if it never ends.
fn escaped(text: &str) -> Option<String> {
    let inner = text.strip_prefix('`')?.strip_suffix('`').filter(|inner| inner.contains('\\'))?;
    let mut escaped = String::with_capacity(text.len() + 8);
    escaped.push('"');
    for letter in inner.chars() {
        match letter {
            '\\' | '"' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            other => escaped.push(other),
        }
    }
    escaped.push('"');
    Some(escaped)
}

/// A number without what joins its digits; `None` if there is no such thing, or if it is no number.
fn joined(word: &str) -> Option<String> {
    let hexadecimal = ["0x", "0X"].iter().find_map(|prefix| word.strip_prefix(prefix));
    let (digits, is_hexadecimal) = hexadecimal.map_or((word, false), |digits| (digits, true));
    let is_digit = |byte: u8| if is_hexadecimal { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() };
    let bytes = digits.as_bytes();
    let has_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(|byte| is_digit(*byte));
    // one may stand behind the prefix as well
    let follows = |at: usize| has_digit(at.checked_sub(1)) || (at == 0 && is_hexadecimal);
    let is_fine = |(at, byte): (usize, &u8)| match byte {
        b'_' => follows(at) && has_digit(Some(at + 1)),
        b'.' | b'E' | b'e' => true,
        byte => is_digit(*byte),
    };
    let is_number = digits.contains('_') && bytes.iter().enumerate().all(is_fine);
    is_number.then(|| word.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_between_backticks_stands_for_itself() {
        for (text, expected) in [
            (r"a{b=~`c-\d+`}", r#"a{b=~"c-\\d+"}"#),
            ("a{b=~`\\\"é\n`, c=`d`}", "a{b=~\"\\\\\\\"é\\n\", c=`d`}"),
            (r"label_replace(a, `b`, `$1`, `c`, `(\w+)`)", r#"label_replace(a, `b`, `$1`, `c`, "(\\w+)")"#),
            (r#"a{b="`\\d`"} # `\d`"#, r#"a{b="`\\d`"} # `\d`"#),
            (r"a{b=~`\d", r"a{b=~`\d"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn digits_may_be_joined_where_prometheus_takes_it() {
        for (text, expected) in [
            ("a > 1_000", "a > 1000"),
            ("a > 0x1_f + 0X_ff + 1_0.5e-1_0 + .5_0", "a > 0x1f + 0Xff + 10.5e-10 + .50"),
            ("a_1_0 + b:c_1_0 + 1_0", "a_1_0 + b:c_1_0 + 10"),
            // none of these is a number
            ("a > 1__0 + 1_ + 1_e5 + 1e_5 + 1_.5", "a > 1__0 + 1_ + 1_e5 + 1e_5 + 1_.5"),
            ("a[1_0m]", "a[1_0m]"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}
