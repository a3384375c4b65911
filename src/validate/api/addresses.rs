//! Addresses and ranges as each minor reads them.
//!
//! Source: `apimachinery/pkg/util/validation/ip.go` of Kubernetes: since 1.36 what can be read in two ways is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::spec::shapes::Minor;

/// The address that a text says, digits read as decimals whatever stands before them.
pub fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| {
        let parts: Option<Vec<u8>> = text.split('.').map(decimal).collect();
        Some(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(parts?).ok()?)))
    })
}

fn decimal(text: &str) -> Option<u8> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The first address of a range and the length of its prefix.
pub fn range(text: &str) -> Option<(IpAddr, u8)> {
    let (base, length) = text.split_once('/')?;
    let (base, length) = (address(base)?, decimal(length)?);
    (length <= bits(base)).then(|| (masked(base, length), length))
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn masked(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(own) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(own.to_bits() & mask))
        }
        IpAddr::V6(own) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(own.to_bits() & mask))
        }
    }
}

/// Whether one range is a part of another and not the whole.
pub fn is_within((inner, inner_length): (IpAddr, u8), (outer, outer_length): (IpAddr, u8)) -> bool {
    inner.is_ipv4() == outer.is_ipv4() && outer_length < inner_length && masked(inner, outer_length) == outer
}

/// Why a text is no address for a field that is older than the strict rules.
pub fn address_fault(text: &str, minor: Minor) -> Option<&'static str> {
    let Some(read) = address(text) else { return Some("is no IP address") };
    (minor >= Minor::V1_36).then(|| ambiguous(text, read)).flatten()
}

fn ambiguous(text: &str, read: IpAddr) -> Option<&'static str> {
    match read {
        _ if text.parse::<IpAddr>().is_err() => Some("has zeros before its digits"),
        IpAddr::V6(own) if own.to_ipv4_mapped().is_some() => Some("is an IPv4 address written as IPv6"),
        _ => None,
    }
}

/// Why a text is no range for a field that is older than the strict rules.
pub fn range_fault(text: &str, minor: Minor) -> Option<&'static str> {
    let Some((_, length)) = range(text) else { return Some("is no range such as `10.0.0.0/8`") };
    if minor < Minor::V1_36 {
        return None;
    }
    let (base, digits) = text.split_once('/')?;
    let read = address(base)?;
    ambiguous(base, read)
        .or_else(|| (digits.len() > 1 && digits.starts_with('0')).then_some("has zeros before its digits"))
        .or_else(|| (masked(read, length) != read).then_some("has bits beyond the length of its prefix"))
}

/// Why a text is no address for a field that takes only the one spelling.
pub fn strict_address_fault(text: &str) -> Option<&'static str> {
    address_fault(text, Minor::V1_37)
        .or_else(|| address(text).and_then(|read| (read.to_string() != text).then_some("is not how it is written")))
}

/// Why a text is no range for a field that takes only the one spelling.
pub fn strict_range_fault(text: &str) -> Option<&'static str> {
    range_fault(text, Minor::V1_37).or_else(|| {
        range(text)
            .and_then(|(base, length)| (format!("{base}/{length}") != text).then_some("is not how it is written"))
    })
}

/// Why traffic cannot be sent to an address (`ValidateEndpointIP`).
pub fn target_fault(text: &str) -> Option<&'static str> {
    let read = address(text)?;
    let read = match read {
        IpAddr::V6(own) => own.to_ipv4_mapped().map_or(read, IpAddr::V4),
        IpAddr::V4(_) => read,
    };
    let (is_near, is_near_group) = match read {
        IpAddr::V4(own) => (own.is_link_local(), own.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(own) => (own.is_unicast_link_local(), own.segments()[0] & 0xff0f == 0xff02),
    };
    if read.is_unspecified() {
        Some("is no address that anything has")
    } else if read.is_loopback() {
        Some("is every machine's own (loopback)")
    } else if is_near || is_near_group {
        Some("is of one link only (link-local)")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_in_two_ways_is_refused_since_1_36() {
        for text in ["010.0.0.1", "::ffff:10.0.0.1"] {
            assert_eq!(address_fault(text, Minor::V1_35), None, "{text}");
            assert!(address_fault(text, Minor::V1_36).is_some(), "{text}");
        }
        for text in ["010.0.0.0/8", "10.0.0.0/08", "10.0.0.1/8", "::ffff:10.0.0.0/104"] {
            assert_eq!(range_fault(text, Minor::V1_35), None, "{text}");
            assert!(range_fault(text, Minor::V1_36).is_some(), "{text}");
        }
        for text in ["10.0.0.0", "10.0.0.0/33", "x/8", "10.0.0.0/+8", " 10.0.0.0/8"] {
            assert!(range_fault(text, Minor::V1_35).is_some(), "{text}");
        }
        assert_eq!(strict_address_fault("fd00::1"), None);
        assert!(strict_address_fault("FD00::1").is_some());
        assert!(strict_range_fault("fd00:0::/64").is_some());
    }

    #[test]
    fn a_part_is_smaller_than_the_whole() {
        let range = |text| range(text).expect("it is a range");
        assert!(is_within(range("10.1.0.0/16"), range("10.0.0.0/8")));
        for other in ["10.0.0.0/8", "10.0.0.0/7", "11.0.0.0/16", "fd00::/64"] {
            assert!(!is_within(range(other), range("10.0.0.0/8")), "{other}");
        }
    }
}
