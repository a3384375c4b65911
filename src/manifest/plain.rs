//! What a plain scalar is to kubectl, which reads YAML 1.1.
//!
//! Lives here: the tables of go-yaml v2 as `sigs.k8s.io/yaml` carries it (`goyaml.v2/resolve.go`). It must never see
//! quoted text, which is always a string.

use std::borrow::Cow;

use crate::manifest::names;
use crate::manifest::node::Value;

const TRUE: &[&str] = &["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"];
const FALSE: &[&str] = &["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"];
const NULL: &[&str] = &["", "~", "null", "Null", "NULL"];
const INFINITE: &[&str] = &[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"];
const MINUS_INFINITE: &[&str] = &["-.inf", "-.Inf", "-.INF"];
const NOT_A_NUMBER: &[&str] = &[".nan", ".NaN", ".NAN"];

/// The value of a plain scalar.
pub fn resolve(text: &str) -> Value {
    if !may_be_more_than_text(text) {
        return Value::Text(names::string(text));
    }
    let is = |words: &[&str]| words.contains(&text);
    if is(NULL) {
        Value::Null
    } else if is(TRUE) {
        Value::Bool(true)
    } else if is(FALSE) {
        Value::Bool(false)
    } else if is(INFINITE) {
        Value::Float(f64::INFINITY)
    } else if is(MINUS_INFINITE) {
        Value::Float(f64::NEG_INFINITY)
    } else if is(NOT_A_NUMBER) {
        Value::Float(f64::NAN)
    } else {
        number(text).unwrap_or_else(|| Value::Text(names::string(text)))
    }
}

/// Most strings begin with a letter that no word of the tables begins with, or are too long to be one.
fn may_be_more_than_text(text: &str) -> bool {
    match text.as_bytes() {
        [] | [b'0'..=b'9' | b'+' | b'-' | b'.' | b'~', ..] => true,
        [b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O', ..] => text.len() <= "false".len(),
        _ => false,
    }
}

/// The value of a text that is spelled as a number.
pub fn number(text: &str) -> Option<Value> {
    if let Some(integer) = short(text) {
        return Some(Value::Integer(integer.into()));
    }
    // most of what begins like a number goes on otherwise: `128Mi`, `10.0.0.0/8`, `--flag`
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit() || b"xXoO_.+-".contains(&byte)) {
        return None;
    }
    let plain = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    if let Some(integer) = integer(&plain) {
        return Some(Value::Integer(integer.into()));
    }
    if !is_float(&plain) {
        return None;
    }
    let exact = plain.parse().ok().filter(|number: &f64| digits(&format!("{number:e}")) == digits(&plain));
    Some(exact.map_or(Value::Number(plain.into()), Value::Float))
}

/// What nearly every number is: a few decimal digits.
fn short(text: &str) -> Option<u64> {
    match text.as_bytes() {
        [b'0'] => Some(0),
        digits @ [b'1'..=b'9', ..] if digits.len() <= FEW_DIGITS && digits.iter().all(u8::is_ascii_digit) => {
            Some(digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
        }
        _ => None,
    }
}

/// Any number of that many digits fits.
const FEW_DIGITS: usize = 18;

/// The digits that tell a number from its neighbours: a double that has the same ones is that number.
fn digits(text: &str) -> String {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').to_owned()
}

/// Decimal, `0b`, `0o`, `0x`, and a leading zero for octal.
fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.as_bytes() {
        [b'-', ..] => (-1, &text[1..]),
        [b'+', ..] => (1, &text[1..]),
        _ => (1, text),
    };
    let radix = |prefixes: [&str; 2]| prefixes.iter().find_map(|prefix| digits.strip_prefix(prefix));
    let (radix, digits) = if let Some(rest) = radix(["0x", "0X"]) {
        (16, rest)
    } else if let Some(rest) = radix(["0b", "0B"]) {
        (2, rest)
    } else if let Some(rest) = radix(["0o", "0O"]) {
        (8, rest)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, &digits[1..])
    } else {
        (10, digits)
    };
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    i128::from_str_radix(digits, radix).ok().map(|magnitude| sign * magnitude)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let power = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && power.is_none_or(|power| !power.is_empty() && digits(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_what_kubectl_takes_them_for() {
        for (text, value) in [
            ("", Value::Null),
            ("~", Value::Null),
            ("yes", Value::Bool(true)),
            ("Off", Value::Bool(false)),
            ("yEs", Value::Text("yEs".into())),
            ("8080", Value::Integer(8080.into())),
            ("-7", Value::Integer((-7).into())),
            ("0644", Value::Integer(0o644.into())),
            ("0o17", Value::Integer(15.into())),
            ("0x1F", Value::Integer(31.into())),
            ("1_000", Value::Integer(1000.into())),
            ("089", Value::Float(89.0)),
            ("1.5", Value::Float(1.5)),
            (".5", Value::Float(0.5)),
            ("1e3", Value::Float(1000.0)),
            ("1e400", Value::Number("1e400".into())),
            ("0.1234567890123456789", Value::Number("0.1234567890123456789".into())),
            ("-.inf", Value::Float(f64::NEG_INFINITY)),
            ("1.2.3", Value::Text("1.2.3".into())),
            ("250m", Value::Text("250m".into())),
            ("12:30", Value::Text("12:30".into())),
            ("2026-11-22", Value::Text("2026-11-22".into())),
            (".", Value::Text(".".into())),
            ("-", Value::Text("-".into())),
            ("nginx", Value::Text("nginx".into())),
        ] {
            assert_eq!(resolve(text), value, "{text:?}");
        }
    }
}
