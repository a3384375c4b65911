//! Amounts of what nodes have, each with the units that measure it, and never of nothing.

use std::fmt;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as ApiQuantity;

use crate::values::parse::Parse;
use crate::values::quantity::Quantity;

/// CPU, in cores: a thousandth of one at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cpu(Quantity);

/// Memory or disk, in bytes: a mebibyte at least, as less is a forgotten unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(Quantity);

const MEBIBYTE: i128 = 1 << 20;
/// More than any cluster has.
const MOST_CORES: i128 = 1_000_000;
/// The API server holds a quantity in an int64, and limits are up to four times as large as what somebody writes.
const MOST_BYTES: i128 = i64::MAX as i128 / 4;

impl Cpu {
    /// Thousandths of a core: `millis(250)` is `250m`.
    pub const fn millis(millis: i128) -> Self {
        Self(Quantity::millis(millis))
    }

    /// Whole cores.
    pub const fn cores(cores: i128) -> Self {
        Self(Quantity::whole(cores))
    }

    /// The amount in thousandths of a core.
    pub const fn in_millis(self) -> i128 {
        self.0.in_millis()
    }
}

impl Parse for Cpu {
    const EXPECTED: &'static str = "an amount of CPU such as `250m` or `2`";

    fn parse(text: &str) -> Result<Self, String> {
        let (quantity, unit) = Quantity::measured(text)?;
        match unit {
            "" | "m" if quantity == Quantity::whole(0) => Err("is zero".to_owned()),
            "" | "m" if quantity > Quantity::whole(MOST_CORES) => Err("is too large".to_owned()),
            "" | "m" => Ok(Self(quantity)),
            _ => Err(format!("has the unit `{unit}`, which does not measure CPU")),
        }
    }
}

impl Bytes {
    /// Mebibytes.
    pub const fn mebibytes(mebibytes: i128) -> Self {
        Self(Quantity::whole(mebibytes * MEBIBYTE))
    }

    /// Gibibytes.
    pub const fn gibibytes(gibibytes: i128) -> Self {
        Self::mebibytes(gibibytes * 1024)
    }

    /// Both amounts together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.plus(other.0))
    }

    /// The amount in bytes.
    pub const fn in_bytes(self) -> i128 {
        self.0.in_millis() / 1000
    }

    /// `percent` hundredths of this amount in whole mebibytes, rounded down.
    pub const fn mebibytes_at(self, percent: i128) -> i128 {
        self.in_bytes() * percent / (100 * MEBIBYTE)
    }
}

impl Parse for Bytes {
    const EXPECTED: &'static str = "an amount of memory or disk such as `512Mi` or `1Gi`";

    fn parse(text: &str) -> Result<Self, String> {
        let (quantity, unit) = Quantity::measured(text)?;
        if unit == "m" {
            return Err("has the unit `m`, which measures CPU".to_owned());
        }
        if quantity.in_millis() % 1000 != 0 {
            return Err("is no whole number of bytes".to_owned());
        }
        match quantity.in_millis() / 1000 {
            ..MEBIBYTE => Err("is less than `1Mi`".to_owned()),
            bytes if bytes > MOST_BYTES => Err("is too large".to_owned()),
            _ => Ok(Self(quantity)),
        }
    }
}

macro_rules! amounts {
    ($($type:ident),*) => { $(
        impl $type {
            /// This amount, `factor` times.
            #[must_use]
            pub const fn times(self, factor: i128) -> Self {
                Self(self.0.times(factor))
            }

            /// The typed form that objects hold.
            pub fn api(self) -> ApiQuantity {
                self.0.api()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )* };
}

amounts!(Cpu, Bytes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_is_measured_in_cores_and_never_zero() {
        for (written, canonical) in [("250m", "250m"), ("1000m", "1"), ("0.5", "500m"), ("24", "24")] {
            assert_eq!(Cpu::parse(written).expect(written).to_string(), canonical);
        }
        for bad in ["0", "0m", "1Gi", "2k", "-1", "1000001", "0.0001"] {
            assert!(Cpu::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_are_whole_and_fill_a_mebibyte_at_least() {
        for (written, canonical) in [("1Mi", "1Mi"), ("1.5Gi", "1536Mi"), ("40G", "40G"), ("1048576", "1Mi")] {
            assert_eq!(Bytes::parse(written).expect(written).to_string(), canonical);
        }
        for bad in ["0", "0Gi", "100", "1Ki", "500m", "4000000000m", "2000000.5", "2Ei", "7Ei"] {
            assert!(Bytes::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn limits_stay_within_an_int64() {
        let most = Bytes::parse("2097151Ti").expect("little less than 2Ei");
        assert!(i64::try_from(most.times(4).in_bytes()).is_ok());
    }
}
