//! Amounts as the API server reads them: with a sign, any exponent, exact to a billionth.
//!
//! Source: `apimachinery/pkg/api/resource/quantity.go` of Kubernetes.

use crate::manifest::node::{Node, Value};

/// An amount in billionths of its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i128);

const UNIT: i128 = 1_000_000_000;
const MILLI: i128 = 1_000_000;
const SUFFIXES: &[(&str, i128)] = &[
    ("n", 1),
    ("u", 1_000),
    ("m", 1_000_000),
    ("", UNIT),
    ("k", 1_000 * UNIT),
    ("M", 1_000_000 * UNIT),
    ("G", 1_000_000_000 * UNIT),
    ("T", 1_000_000_000_000 * UNIT),
    ("P", 1_000_000_000_000_000 * UNIT),
    ("E", 1_000_000_000_000_000_000 * UNIT),
    ("Ki", (1 << 10) * UNIT),
    ("Mi", (1 << 20) * UNIT),
    ("Gi", (1 << 30) * UNIT),
    ("Ti", (1 << 40) * UNIT),
    ("Pi", (1 << 50) * UNIT),
    ("Ei", (1 << 60) * UNIT),
];

/// More than anything has, and so far from the end of the numbers that rounding does not reach it.
const MOST: i128 = i128::MAX / 4;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One of the unit.
    pub const ONE: Self = Self(UNIT);

    /// Whether it is a number of whole units.
    pub const fn is_whole(self) -> bool {
        // the server looks at thousandths, rounded up
        (self.0 + 999_999).div_euclid(1_000_000) % 1_000 == 0
    }

    /// The same in thousandths, rounded up: finer amounts of containers are not kept.
    #[must_use]
    pub const fn in_millis(self) -> Self {
        Self((self.0 + MILLI - 1).div_euclid(MILLI) * MILLI)
    }

    /// Whether it is some number of pieces of a size, or nothing.
    pub const fn is_multiple_of(self, size: Self) -> bool {
        size.0 > 0 && self.0 % size.0 == 0
    }

    /// Both amounts together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// How many times another amount goes into this one.
    #[allow(clippy::cast_precision_loss, reason = "the server compares ratios as floats too")]
    pub fn ratio(self, other: Self) -> f64 {
        self.0 as f64 / other.0 as f64
    }
}

/// The amount that a value says.
pub fn read(node: &Node) -> Option<Amount> {
    match &node.value {
        // the server does not see blanks around an amount
        Value::Text(text) => parse(text.trim()),
        Value::Number(text) => parse(text),
        Value::Integer(number) => parse(&number.to_string()),
        Value::Float(number) => parse(&number.to_string()),
        _ => None,
    }
}

/// The amount that a text was meant to say whose unit is spelled as it is elsewhere: `100Mi` for `100mib`.
pub fn meant(text: &str) -> Option<String> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?);
    let unit = unit.trim_start().trim_end_matches(['B', 'b']);
    // who writes `mb` means a million of it, not a thousandth
    let (known, _) = SUFFIXES.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(unit))?;
    Some(format!("{number}{known}")).filter(|meant| parse(meant).is_some())
}

fn parse(text: &str) -> Option<Amount> {
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = unsigned.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let scale = scale(suffix)?;
    // what is finer than the unit allows is rounded up
    let digits = fraction.get(..18).unwrap_or(fraction);
    // digits only, of which there may be more than any computer has of anything
    let number = format!("{whole}{digits}").parse().unwrap_or(MOST);
    let divisor = 10_i128.pow(u32::try_from(digits.len()).ok()?);
    let scaled = number.checked_mul(scale).unwrap_or(MOST).min(MOST);
    let amount = scaled / divisor + i128::from(scaled % divisor != 0);
    Some(Amount(if is_negative { -amount } else { amount }))
}

fn scale(suffix: &str) -> Option<i128> {
    if let Some((_, scale)) = SUFFIXES.iter().find(|(known, _)| *known == suffix) {
        return Some(*scale);
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = u32::try_from(exponent.saturating_add(9).clamp(0, 28)).ok()?;
    Some(10_i128.pow(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_known_however_they_are_spelled() {
        for (text, expected) in [
            ("100mi", Some("100Mi")),
            ("1.5 GiB", Some("1.5Gi")),
            ("100MB", Some("100M")),
            ("100mb", Some("100M")),
            ("5K", Some("5k")),
            ("7b", Some("7")),
            ("lots", None),
            ("5 lots", None),
        ] {
            assert_eq!(meant(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn amounts_are_compared_whatever_their_units() {
        let amount = |text| parse(text).expect("it is an amount");
        assert_eq!(amount("1000m"), amount("1"));
        assert_eq!(amount("1e3"), amount("1k"));
        assert_eq!(amount(".5"), amount("500m"));
        assert!(amount("-1Gi") < Amount::ZERO && amount("1Gi") > amount("1G"));
        assert!(amount("2").is_whole() && amount("2000m").is_whole() && !amount("1.5").is_whole());
        for text in ["18446744073709551616", "99999999999999999999Ei", "1e100", &"9".repeat(60)] {
            assert!(amount(text) > amount("1E") && amount(text).in_millis() > amount("1E"), "{text}");
        }
        for text in ["", "1gb", "Gi", "1..2", "-", "lots"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
