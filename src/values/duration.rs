//! Durations as Go and Prometheus write them: `15s`, `10m`, `15d`.

use std::fmt;

use crate::values::parse::Parse;

/// A positive number of whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(u32);

const UNITS: &[(char, u32)] = &[('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl Duration {
    /// A number of seconds.
    pub const fn seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// The length in seconds.
    pub const fn in_seconds(self) -> u32 {
        self.0
    }
}

impl Parse for Duration {
    const EXPECTED: &'static str = "a duration such as `15s`, `10m`, `12h` or `15d`";

    fn parse(text: &str) -> Result<Self, String> {
        let malformed = || "is not a whole number with a unit".to_owned();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("has no unit (did you mean `{text}s`?)"));
        }
        let unit = text.chars().last().ok_or_else(malformed)?;
        let number = &text[..text.len() - unit.len_utf8()];
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        let (_, scale) =
            UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(|| format!("has the unknown unit `{unit}`"))?;
        let count: u32 = number.parse().map_err(|_| "is too long".to_owned())?;
        match count.checked_mul(*scale) {
            // kubelet and Prometheus hold durations in an int64 of nanoseconds; a year is already absurd for both.
            None => Err("is too long".to_owned()),
            Some(0) => Err("is zero".to_owned()),
            Some(seconds) => Ok(Self(seconds)),
        }
    }
}

impl fmt::Display for Duration {
    /// The shortest exact spelling.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, scale) =
            UNITS.iter().find(|(unit, scale)| *unit != 'w' && self.0.is_multiple_of(*scale)).unwrap_or(&('s', 1));
        write!(f, "{}{unit}", self.0 / scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_and_positive() {
        assert_eq!(Duration::parse("60s").expect("valid").to_string(), "1m");
        assert_eq!(Duration::parse("15d").expect("valid").in_seconds(), 1_296_000);
        for bad in ["", "s", "0s", "1.5h", "-1s", "15", "15x", "99999999999s", "9999999w", "5ü"] {
            assert!(Duration::parse(bad).is_err(), "{bad}");
        }
    }
}
