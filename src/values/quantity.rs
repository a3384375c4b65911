//! Kubernetes quantities, held exactly.

use std::fmt;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as ApiQuantity;

use crate::values::parse::Parse;

/// A non-negative amount in thousandths of its unit (cores or bytes), with the spelling people use for it.
/// Source: `apimachinery/pkg/api/resource/quantity.go`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    milli: i128,
}

const BINARY: &[(&str, i128)] =
    &[("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("Ti", 1 << 40), ("Pi", 1 << 50), ("Ei", 1 << 60)];
const DECIMAL: &[(&str, i128)] = &[
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
    ("E", 1_000_000_000_000_000_000),
];

impl Quantity {
    /// Whole units: cores, bytes, things.
    pub const fn whole(units: i128) -> Self {
        Self { milli: units.saturating_mul(1000) }
    }

    /// Thousandths: `millis(250)` is `250m`.
    pub const fn millis(milli: i128) -> Self {
        Self { milli }
    }

    /// Both amounts together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { milli: self.milli.saturating_add(other.milli) }
    }

    /// This amount, `factor` times.
    #[must_use]
    pub const fn times(self, factor: i128) -> Self {
        Self { milli: self.milli.saturating_mul(factor) }
    }

    /// The amount in thousandths of its unit.
    pub const fn in_millis(self) -> i128 {
        self.milli
    }

    /// The typed form that objects hold.
    pub fn api(self) -> ApiQuantity {
        ApiQuantity(self.to_string())
    }

    /// The quantity that `text` says, with the unit that it says it in.
    pub fn measured(text: &str) -> Result<(Self, &str), String> {
        let digits =
            text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.').len();
        let (number, suffix) = text.split_at(digits);
        if number.is_empty() && !suffix.is_empty() {
            let negative = suffix.starts_with('-');
            return Err(if negative { "is less than nothing" } else { "does not begin with a number" }.to_owned());
        }
        let scale = match suffix {
            "" => 1000,
            "m" => 1,
            _ => BINARY
                .iter()
                .chain(DECIMAL)
                .find(|(name, _)| *name == suffix)
                .map(|(_, scale)| scale * 1000)
                .ok_or_else(|| wrong_suffix(suffix))?,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() || fraction.contains('.') || number.ends_with('.') || number.len() > 18 {
            return Err("is not a number with a unit".to_owned());
        }
        let number =
            format!("{whole}{fraction}").parse::<i128>().map_err(|_| "is not a number with a unit".to_owned())?;
        let divisor = 10_i128.pow(u32::try_from(fraction.len()).unwrap_or(u32::MAX).min(18));
        let milli = number * scale;
        if milli % divisor != 0 {
            return Err("is finer than a thousandth".to_owned());
        }
        let milli = milli / divisor;
        // The API server holds quantities in an int64 of whole units.
        if milli / 1000 > i128::from(i64::MAX) { Err("is too large".to_owned()) } else { Ok((Self { milli }, suffix)) }
    }
}

impl Parse for Quantity {
    const EXPECTED: &'static str = "a quantity such as `250m`, `2`, `512Mi` or `1Gi`";

    fn parse(text: &str) -> Result<Self, String> {
        Self::measured(text).map(|(quantity, _)| quantity)
    }
}

fn wrong_suffix(suffix: &str) -> String {
    let known = BINARY.iter().chain(DECIMAL).map(|(name, _)| *name).chain(["m"]);
    match known
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(suffix) || suffix.strip_suffix(['B', 'b']) == Some(name))
    {
        Some(near) => format!("has the unknown unit `{suffix}` (did you mean `{near}`?)"),
        None if suffix.is_empty() => "is empty".to_owned(),
        None => format!("has the unknown unit `{suffix}`"),
    }
}

impl fmt::Display for Quantity {
    /// The shortest exact spelling; of two equally short ones the binary.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.milli % 1000 != 0 {
            return write!(f, "{}m", self.milli);
        }
        let units = self.milli / 1000;
        let exact = |(suffix, scale): &(&'static str, i128)| (units % scale == 0).then_some((units / scale, *suffix));
        let large = DECIMAL.iter().filter(|(_, scale)| units >= 1_000_000 && units >= *scale);
        let spellings = BINARY.iter().rev().filter(|(_, scale)| units >= *scale).chain(large).filter_map(exact);
        let length = |(number, suffix): &(i128, &str)| number.checked_ilog10().unwrap_or(0) as usize + suffix.len();
        let (number, suffix) = spellings.chain([(units, "")]).min_by_key(length).unwrap_or((units, ""));
        write!(f, "{number}{suffix}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        Quantity::parse(text).expect(text).to_string()
    }

    #[test]
    fn spellings_become_canonical() {
        for (written, canonical_form) in [
            ("250m", "250m"),
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1.5Gi", "1536Mi"),
            ("1024Mi", "1Gi"),
            ("24", "24"),
            ("40G", "40G"),
            ("0", "0"),
        ] {
            assert_eq!(canonical(written), canonical_form, "{written}");
        }
    }

    #[test]
    fn malformed_quantities_are_refused() {
        for bad in [
            "",
            "Mi",
            "100mi",
            "1.2.3",
            "-1",
            "1 Gi",
            "1GiB",
            ".5",
            "5.",
            "0.0001",
            "99999999999999999999",
            "1e3",
            "9E9",
        ] {
            assert!(Quantity::parse(bad).is_err(), "{bad}");
        }
    }
}
