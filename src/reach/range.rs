//! Ranges of addresses as policies write them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::reach::party::Party;

/// Addresses with a common beginning, without some of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    whole: Block,
    except: Vec<Block>,
}

/// Addresses with a common beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Block {
    is_v4: bool,
    first: u128,
    last: u128,
}

impl Range {
    /// `10.0.0.0/8` without some ranges, or a single address; `None` if that is none.
    pub fn read(range: &str, except: &[&str]) -> Option<Self> {
        let except = except.iter().map(|range| Block::read(range)).collect::<Option<_>>()?;
        Some(Self { whole: Block::read(range)?, except })
    }

    /// Whether every address of `other` is in this range.
    pub fn holds(&self, other: &Self) -> bool {
        // what is left out here must be left out there as well
        let is_left_out = |block: &Block| other.except.iter().any(|theirs| theirs.holds(block));
        let mut cut = self.except.iter().filter(|block| block.meets(&other.whole));
        self.whole.holds(&other.whole) && cut.all(is_left_out)
    }
}

impl Range {
    /// The addresses that are in both; `None` if there are none.
    pub fn meet(&self, other: &Self) -> Option<Self> {
        let whole = [(self, other), (other, self)].into_iter().find(|(wide, narrow)| wide.whole.holds(&narrow.whole));
        let whole = whole?.1.whole;
        let except = self.except.iter().chain(&other.except).filter(|block| block.meets(&whole)).copied();
        let except: Vec<Block> = except.collect();
        (!except.iter().any(|block| block.holds(&whole))).then_some(Self { whole, except })
    }

    /// What is in it, as an end of connections.
    pub fn party(&self) -> Party {
        let except: Vec<String> = self.except.iter().map(Block::to_string).collect();
        Party::range(&self.whole.to_string(), except.iter().map(String::as_str).collect())
    }
}

/// `10.20.4.0/24`, or an address that stands alone
impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, bits) = match u32::try_from(self.first) {
            Ok(first) if self.is_v4 => (IpAddr::from(Ipv4Addr::from(first)), 32),
            _ => (IpAddr::from(Ipv6Addr::from(self.first)), 128),
        };
        match (self.last - self.first).count_ones() {
            0 => write!(f, "{address}"),
            free => write!(f, "{address}/{}", bits - free),
        }
    }
}

impl Block {
    fn read(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let (is_v4, number, bits) = match address.parse::<IpAddr>().ok()? {
            IpAddr::V4(address) => (true, u128::from(u32::from(address)), 32_u32),
            IpAddr::V6(address) => (false, u128::from(address), 128),
        };
        let length = length.map_or(Some(bits), |length| length.parse().ok()).filter(|length| *length <= bits)?;
        // of no bits all are free, which no shift can say
        let free = 1_u128.checked_shl(bits - length).map_or(u128::MAX, |size| size - 1);
        Some(Self { is_v4, first: number & !free, last: number | free })
    }

    fn holds(&self, other: &Self) -> bool {
        self.is_v4 == other.is_v4 && self.first <= other.first && other.last <= self.last
    }

    fn meets(&self, other: &Self) -> bool {
        self.is_v4 == other.is_v4 && self.first <= other.last && other.first <= self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str, except: &[&str]) -> Range {
        Range::read(text, except).expect("it is a range")
    }

    #[test]
    fn two_ranges_meet_where_both_are() {
        let met = |one: Range, other: Range| one.meet(&other).map(|both| both.party().to_string());
        let all = || range("0.0.0.0/0", &["10.0.0.0/8"]);
        assert_eq!(met(range("10.20.0.0/16", &[]), range("10.20.4.7/24", &[])).as_deref(), Some("10.20.4.0/24"));
        assert_eq!(met(all(), range("8.0.0.0/6", &[])).as_deref(), Some("8.0.0.0/6 (except 10.0.0.0/8)"));
        assert_eq!(met(all(), range("9.9.9.9", &[])).as_deref(), Some("9.9.9.9"));
        assert_eq!(met(all(), range("10.1.0.0/16", &[])), None, "all of it is left out");
        assert_eq!(met(all(), range("2001:db8::/32", &[])), None, "another family");
        assert_eq!(met(range("::/0", &[]), range("2001:db8::1", &[])).as_deref(), Some("2001:db8::1"));
    }

    #[test]
    fn a_range_holds_what_is_in_it_and_not_left_out() {
        let all = range("0.0.0.0/0", &["10.0.0.0/8"]);
        assert!(all.holds(&range("8.8.8.8", &[])));
        assert!(!all.holds(&range("10.1.2.3", &[])));
        assert!(!all.holds(&range("0.0.0.0/0", &[])), "some of it is left out");
        assert!(all.holds(&range("0.0.0.0/0", &["10.0.0.0/8"])));
        assert!(!all.holds(&range("::1", &[])), "another family");
        assert!(range("::/0", &[]).holds(&range("2001:db8::/32", &[])));
        assert!(range("10.0.0.7/8", &[]).holds(&range("10.255.0.0/16", &[])), "host bits do not count");
        assert_eq!(Range::read("10.0.0.0/33", &[]), None);
        assert_eq!(Range::read("host", &[]), None);
    }
}
