//! Ranges of addresses, and the addresses that are worth asking about: both sides of every boundary.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::Value;

use crate::support::examples::World;
use crate::support::objects::{entries, text, texts, walk};

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    v4: bool,
    first: u128,
    last: u128,
}

impl Range {
    /// Reads a range; one that is not written in its canonical form is refused, as newer API servers do.
    pub fn parse(text: &str) -> Self {
        let (address, length) = text.split_once('/').unwrap_or_else(|| panic!("`{text}` is no range"));
        let address: IpAddr = address.parse().unwrap_or_else(|_| panic!("`{text}` is no range"));
        let length: u32 = length.parse().unwrap_or_else(|_| panic!("`{text}` is no range"));
        let (v4, number) = number(address);
        let width = if v4 { 32 } else { 128 };
        assert!(length <= width, "`{text}` is no range");
        let size = if width - length == 128 { u128::MAX } else { (1_u128 << (width - length)) - 1 };
        assert!(number & size == 0, "`{text}` has host bits");
        Self { v4, first: number, last: number + size }
    }

    /// Whether the address is in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (v4, number) = number(address);
        v4 == self.v4 && (self.first..=self.last).contains(&number)
    }

    /// Its first address.
    pub fn first(&self) -> IpAddr {
        address(self.v4, self.first)
    }

    /// The address so far after the first, if it is still in the range.
    pub fn nth(&self, offset: u128) -> Option<IpAddr> {
        self.first.checked_add(offset).filter(|number| *number <= self.last).map(|number| address(self.v4, number))
    }

    /// Whether it holds fewer addresses.
    pub fn is_narrower_than(&self, other: &Self) -> bool {
        self.last - self.first < other.last - other.first
    }

    /// The addresses at both ends, inside and outside.
    fn boundaries(&self) -> Vec<IpAddr> {
        let most = if self.v4 { u128::from(u32::MAX) } else { u128::MAX };
        let outside = [self.first.checked_sub(1), self.last.checked_add(1).filter(|number| *number <= most)];
        let inside = [Some(self.first), Some(self.last)];
        inside.into_iter().chain(outside).flatten().map(|number| address(self.v4, number)).collect()
    }
}

fn number(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(address) => (true, u128::from(u32::from(address))),
        IpAddr::V6(address) => (false, u128::from(address)),
    }
}

fn address(v4: bool, number: u128) -> IpAddr {
    if v4 {
        Ipv4Addr::from(u32::try_from(number).expect("it is in a range of this family")).into()
    } else {
        Ipv6Addr::from(number).into()
    }
}

/// The ranges of a list.
pub fn ranges(list: &Value) -> Vec<Range> {
    texts(list).into_iter().map(Range::parse).collect()
}

/// Ranges that `public` must leave out on every platform.
pub const PRIVATE: &[&str] =
    &["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"];

/// Well-known addresses: the metadata of clouds, resolvers of the world, documentation.
const KNOWN: &[&str] = &[
    "169.254.169.254",
    "169.254.20.10",
    "8.8.8.8",
    "203.0.113.200",
    "2001:4860:4860::8888",
    "fd00:ec2::254",
    "192.168.1.1",
];

/// Every address worth asking about, for policies that fall into these ranges.
pub fn samples(world: &World) -> BTreeSet<IpAddr> {
    let mut found: BTreeSet<IpAddr> = KNOWN.iter().map(|text| text.parse().expect("an address")).collect();
    let mut add = |range: &str| found.extend(Range::parse(range).boundaries());
    for range in PRIVATE {
        add(range);
    }
    for policy in world.of_kind("NetworkPolicy") {
        walk(&policy.value, "", &mut |_, value| {
            if value["cidr"].is_string() {
                add(text(&value["cidr"]));
                texts(&value["except"]).into_iter().for_each(&mut add);
            }
        });
    }
    let externals = entries(world.says("/externals")).into_iter().flat_map(|(_, external)| texts(&external["cidrs"]));
    let cluster = ["pod-cidrs", "service-cidrs", "node-cidrs", "node-local-dns", "api-server/cidrs"];
    let cluster = cluster.iter().flat_map(|key| texts(world.says(&format!("/cluster/{key}"))));
    externals.chain(cluster).filter(|range| *range != "public").for_each(add);
    found
}

#[test]
fn ranges_hold_their_addresses() {
    let range = Range::parse("10.20.4.0/23");
    let at = |text: &str| text.parse::<IpAddr>().expect("an address");
    assert!(range.contains(at("10.20.4.0")) && range.contains(at("10.20.5.255")));
    assert!(!range.contains(at("10.20.3.255")) && !range.contains(at("10.20.6.0")) && !range.contains(at("::1")));
    assert!(Range::parse("0.0.0.0/0").contains(at("255.255.255.255")) && Range::parse("::/0").contains(at("ff::")));
    assert_eq!(Range::parse("10.0.0.10/32").boundaries().len(), 4);
    assert_eq!(Range::parse("::/0").boundaries().len(), 2);
}
