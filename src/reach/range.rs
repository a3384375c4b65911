//! Ranges of addresses as policies write them.

use std::net::IpAddr;

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
