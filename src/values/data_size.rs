//! Sizes as Prometheus writes them. They look decimal and are not: a `GB` here is 2^30 bytes, a Kubernetes `Gi`.

use std::fmt;

use crate::values::amount::Bytes;
use crate::values::parse::Parse;

/// A positive number of bytes with one of Prometheus' units.
/// Source: `cmd/prometheus/main.go`, "supported units"; `alecthomas/units`, `Base2Bytes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataSize {
    bytes: u64,
}

/// From the largest, so that the first that divides a size is the one that people would write.
const UNITS: &[(&str, u64)] =
    &[("EB", 1 << 60), ("PB", 1 << 50), ("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10), ("B", 1)];

impl DataSize {
    /// `percent` hundredths of a volume of this size, rounded down to whole gigabytes, or megabytes below ten of those.
    pub fn share(percent: u8, of: Bytes) -> Self {
        let bytes = u64::try_from(of.in_bytes() * i128::from(percent) / 100).unwrap_or(u64::MAX);
        let unit = if bytes < 10 << 30 { 1 << 20 } else { 1 << 30 };
        Self { bytes: bytes / unit * unit }
    }

    /// Whether it is no more than `percent` hundredths of a volume of this size.
    pub fn fits(self, percent: u8, of: Bytes) -> bool {
        i128::from(self.bytes) * 100 <= of.in_bytes() * i128::from(percent)
    }

    /// The size in bytes.
    pub const fn in_bytes(self) -> u64 {
        self.bytes
    }

    /// Whether nothing fits into it.
    pub const fn is_zero(self) -> bool {
        self.bytes == 0
    }
}

impl Parse for DataSize {
    const EXPECTED: &'static str = "a size such as `512MB` or `40GB`, where `GB` means what Kubernetes calls `Gi`";

    fn parse(text: &str) -> Result<Self, String> {
        let number = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
        let unit = &text[number.len()..];
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("is not a whole number with a unit".to_owned());
        }
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else { return Err(wrong_unit(unit)) };
        match number.parse::<u64>().ok().and_then(|count| count.checked_mul(*scale)) {
            // Prometheus holds the limit in an int64.
            None => Err("is too large".to_owned()),
            Some(bytes) if i64::try_from(bytes).is_err() => Err("is too large".to_owned()),
            Some(0) => Err("is zero".to_owned()),
            Some(bytes) => Ok(Self { bytes }),
        }
    }
}

/// `40Gi` and `40G` are how the rest of the file would say it.
fn wrong_unit(unit: &str) -> String {
    let initial = unit.chars().next().map(|letter| letter.to_ascii_uppercase());
    let near = UNITS.iter().find(|(name, _)| initial.is_some() && name.chars().next() == initial);
    match near {
        Some((name, _)) => format!("has the unknown unit `{unit}` (did you mean `{name}`?)"),
        None if unit.is_empty() => "has no unit".to_owned(),
        None => format!("has the unknown unit `{unit}`"),
    }
}

impl fmt::Display for DataSize {
    /// With the largest unit that divides it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, scale) = UNITS.iter().find(|(_, scale)| self.bytes.is_multiple_of(*scale)).unwrap_or(&("B", 1));
        write!(f, "{}{unit}", self.bytes / scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(text: &str) -> DataSize {
        DataSize::parse(text).expect(text)
    }

    #[test]
    fn units_are_powers_of_two() {
        assert_eq!(size("40GB").bytes, 40 << 30);
        assert_eq!(size("1024MB"), size("1GB"));
        for (written, shown) in [("1024MB", "1GB"), ("1500MB", "1500MB"), ("1B", "1B"), ("7EB", "7EB")] {
            assert_eq!(size(written).to_string(), shown);
        }
    }

    #[test]
    fn malformed_sizes_are_refused() {
        for bad in
            ["", "GB", "40", "40Gi", "40G", "40gb", "4.5GB", "-1GB", "0GB", "40 GB", "8EB", "99999999999999999999GB"]
        {
            assert!(DataSize::parse(bad).is_err(), "{bad}");
        }
        assert!(DataSize::parse("40Gi").is_err_and(|fault| fault.contains("`GB`")));
    }

    #[test]
    fn shares_of_a_volume_are_exact_at_the_border() {
        let volume = Bytes::gibibytes(50);
        assert!(size("40GB").fits(80, volume), "40GB is 80 % of 50Gi");
        assert!(!size("40961MB").fits(80, volume));
        assert!(size("42GB").fits(85, volume) && !size("43GB").fits(85, volume));
        assert_eq!(DataSize::share(85, volume), size("42GB"));
        assert_eq!(DataSize::share(80, Bytes::gibibytes(2)), size("1638MB"));
        assert!(DataSize::share(80, volume).fits(80, volume));
        assert!(DataSize::share(80, Bytes::mebibytes(1)).is_zero());
    }
}
