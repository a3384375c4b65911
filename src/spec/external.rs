//! What is outside the cluster: databases, mail relays, object stores.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::diagnostics::report::Report;
use crate::spec::read::{At, Node, Read};
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
        cidrs: Vec<At<RangeSpec>>,
        /// How many connections it takes.
        max_connections as "max-connections": Option<Amount>,
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

impl Read for RangeSpec {
    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        if node.get_ref().as_str() == Some("public") {
            Some(Self::Public)
        } else {
            Cidr::read(node, report).map(Self::Range)
        }
    }

    fn type_name() -> Cow<'static, str> {
        format!("`public`, or {}", Cidr::EXPECTED).into()
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}
