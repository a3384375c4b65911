//! Address ranges in canonical form: since 1.36 the API server refuses host bits and leading zeros
//! (`StrictIPCIDRValidation`), and a policy with a range that means something else is worse than none.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::values::parse::Parse;

/// The widest ranges that a network has, as prefix lengths: `240.0.0.0/4` and `fc00::/7`. What is wider names no place,
/// and two halves of the internet are all of it.
const WIDEST_V4: u8 = 4;
const WIDEST_V6: u8 = 7;

/// A canonical IPv4 or IPv6 range of some network: never every address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Whether every address of `other` lies in this range.
    pub fn contains(&self, other: &Self) -> bool {
        let same_family = self.address.is_ipv4() == other.address.is_ipv4();
        same_family && self.prefix <= other.prefix && mask(other.address, self.prefix) == self.address
    }

    /// Whether any address lies in both ranges.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// Whether this is a single address.
    pub fn is_one_address(&self) -> bool {
        self.prefix == if self.is_v4() { 32 } else { 128 }
    }

    /// Its first and its last address, as numbers of its family.
    fn bounds(&self) -> (u128, u128) {
        let (first, bits) = match self.address {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
            IpAddr::V6(v6) => (u128::from(v6), 128),
        };
        (first, first | 1_u128.checked_shl(bits - u32::from(self.prefix)).map_or(u128::MAX, |size| size - 1))
    }

    /// Whether this is an IPv4 range.
    pub fn is_v4(&self) -> bool {
        self.address.is_ipv4()
    }

    /// The IPv4 range that this is, if it lies in `::ffff:0:0/96`.
    fn unmapped(&self) -> Option<Self> {
        let IpAddr::V6(address) = self.address else { return None };
        Some(Self { address: address.to_ipv4_mapped()?.into(), prefix: self.prefix.checked_sub(96)? })
    }
}

impl Parse for Cidr {
    const EXPECTED: &'static str = "a canonical range such as `10.20.4.0/24` or `2001:db8::/32`";

    fn parse(text: &str) -> Result<Self, String> {
        let (address, prefix) = text.split_once('/').ok_or_else(|| without_prefix(text))?;
        let address: IpAddr = address.parse().map_err(|_| format!("has no IP address before the `/` (`{address}`)"))?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u8 = prefix
            .parse::<u8>()
            .ok()
            .filter(|length| *length <= bits && prefix == length.to_string())
            .ok_or_else(|| format!("has the prefix length `{prefix}`, which is not a number from 0 to {bits}"))?;
        let network = mask(address, prefix);
        let canonical = Self { address: network, prefix };
        if canonical.to_string() != text {
            return Err(format!("is not canonical (did you mean `{canonical}`?)"));
        }
        if let Some(plain) = canonical.unmapped() {
            return Err(format!("is an IPv4 range in IPv6 clothes (did you mean `{plain}`?)"));
        }
        let widest = if canonical.is_v4() { WIDEST_V4 } else { WIDEST_V6 };
        match prefix {
            0 => Err("is every address there is".to_owned()),
            _ if prefix < widest => Err(format!("is wider than any network (a `/{widest}` at most)")),
            _ => Ok(canonical),
        }
    }
}

/// What is wrong with a range that does not say how long its prefix is.
fn without_prefix(text: &str) -> String {
    let fact = "has no `/` and prefix length";
    match text.parse() {
        Ok(IpAddr::V4(only)) => format!("{fact} (did you mean `{only}/32`?)"),
        Ok(IpAddr::V6(only)) => format!("{fact} (did you mean `{only}/128`?)"),
        Err(_) => fact.to_owned(),
    }
}

/// Whether every address of `whole` lies in one of `ranges`.
pub fn cover(ranges: &[Cidr], whole: Cidr) -> bool {
    let (first, last) = whole.bounds();
    spans(ranges, whole.is_v4()).iter().any(|(start, end)| *start <= first && last <= *end)
}

/// Whether `ranges` hold more addresses of one family than the widest network that may be named.
pub fn are_wider_than_any_network(ranges: &[Cidr]) -> bool {
    [(true, 32 - WIDEST_V4), (false, 128 - WIDEST_V6)].into_iter().any(|(is_v4, bits)| {
        let sizes = spans(ranges, is_v4).into_iter().map(|(start, end)| end - start + 1);
        sizes.sum::<u128>() > 1 << bits
    })
}

/// The addresses of one family in as few spans as hold them, in order.
fn spans(ranges: &[Cidr], is_v4: bool) -> Vec<(u128, u128)> {
    let mut bounds: Vec<(u128, u128)> =
        ranges.iter().filter(|range| range.is_v4() == is_v4).map(Cidr::bounds).collect();
    bounds.sort_unstable();
    let mut spans: Vec<(u128, u128)> = Vec::new();
    for (start, end) in bounds {
        match spans.last_mut() {
            Some((_, last)) if start <= last.saturating_add(1) => *last = end.max(*last),
            _ => spans.push((start, end)),
        }
    }
    spans
}

fn mask(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let keep = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(v4) & keep))
        }
        IpAddr::V6(v6) => {
            let keep = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(v6) & keep))
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_ranges_pass() {
        for good in ["10.0.0.0/8", "10.0.0.10/32", "2001:db8::/32", "240.0.0.0/4", "fc00::/7"] {
            assert_eq!(Cidr::parse(good).expect(good).to_string(), good);
        }
        for bad in [
            "10.0.0.1/8",
            "10.0.0.0",
            "10.0.0.0/33",
            "010.0.0.0/8",
            "10.0.0.0/08",
            "x/8",
            "2001:DB8::/32",
            "10.0.0.0/+8",
            "",
            "0.0.0.0/0",
            "::/0",
            "0.0.0.0/1",
            "128.0.0.0/1",
            "2000::/3",
            "::ffff:10.0.0.0/104",
            "::ffff:0.0.0.0/96",
        ] {
            assert!(Cidr::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn containment_respects_family_and_length() {
        let range = |text: &str| Cidr::parse(text).expect("valid");
        assert!(range("10.0.0.0/8").contains(&range("10.20.4.0/24")));
        assert!(!range("10.20.4.0/24").contains(&range("10.0.0.0/8")));
        assert!(!range("240.0.0.0/4").contains(&range("fc00::/7")));
    }

    #[test]
    fn ranges_cover_together_what_none_does_alone() {
        let ranges = |text: &str| -> Vec<Cidr> { text.split(' ').map(|one| Cidr::parse(one).expect(one)).collect() };
        let pods = Cidr::parse("10.244.0.0/16").expect("valid");
        assert!(cover(&ranges("10.244.128.0/17 10.244.0.0/17"), pods));
        assert!(cover(&ranges("10.0.0.0/8"), pods));
        assert!(!cover(&ranges("10.244.128.0/17 10.244.0.0/18"), pods));
        assert!(!cover(&ranges("fc00::/7"), pods));
        assert!(!are_wider_than_any_network(&ranges("16.0.0.0/4 fc00::/7")));
        assert!(!are_wider_than_any_network(&ranges("16.0.0.0/4 16.0.0.0/4 16.1.0.0/16")), "said more than once");
        assert!(are_wider_than_any_network(&ranges("16.0.0.0/4 32.0.0.0/32")));
        assert!(are_wider_than_any_network(&ranges("fc00::/7 2001:db8::/32")));
    }
}
