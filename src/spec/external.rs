//! What is outside the cluster: databases, mail relays, object stores.

use crate::spec::non_empty::NonEmpty;
use crate::spec::read::At;
use crate::spec::scalars::{Amount, Port};
use crate::spec::shape::shape;
use crate::values::cidr::Cidr;
use crate::values::host::Host;
use crate::values::parse::Parse;

shape! {
    /// Something outside the cluster that components use.
    ExternalSpec {
        /// Its name, as clients verify it.
        host: Host,
        /// Its port.
        port: Port,
        /// Its addresses: ranges, or `public` for everywhere but private ranges; on Cilium, `public` is `host` and the
        /// names one label below it.
        cidrs: NonEmpty<Vec<At<RangeSpec>>>,
        /// How many connections it takes.
        max_connections as "max-connections": Option<At<Amount>>,
    }
}

/// A range of addresses of an external.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeSpec {
    /// Everywhere but private ranges.
    Public,
    /// Exactly these.
    Range(Cidr),
}

impl Parse for RangeSpec {
    const EXPECTED: &'static str =
        "`public` for everywhere but private ranges, or a canonical range such as `10.20.4.0/24`";

    fn parse(text: &str) -> Result<Self, String> {
        if text == "public" { Ok(Self::Public) } else { Cidr::parse(text).map(Self::Range) }
    }
}
