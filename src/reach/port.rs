//! Ports of pods, and what two lists of them have in common.

use std::fmt;
use std::sync::Arc;

/// A transport protocol that policies know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// The default.
    Tcp,
    /// Datagrams.
    Udp,
    /// Streams of messages.
    Sctp,
}

/// Ports of a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Port {
    /// All of all protocols, declared or not.
    Every,
    /// A range of numbers.
    Numbers {
        /// Its protocol.
        protocol: Protocol,
        /// The lowest.
        first: u16,
        /// The highest.
        last: u16,
    },
    /// What a pod that nobody knows gives a name.
    Named {
        /// Its protocol.
        protocol: Protocol,
        /// Its name.
        name: Arc<str>,
    },
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// What `text` names; nothing means TCP.
    pub fn read(text: Option<&str>) -> Option<Self> {
        text.map_or(Some(Self::Tcp), |text| Self::ALL.into_iter().find(|known| known.as_str() == text))
    }

    /// As the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }
}

impl Port {
    /// One number.
    pub fn one(protocol: Protocol, number: u16) -> Self {
        Self::Numbers { protocol, first: number, last: number }
    }

    /// Every number of a protocol.
    pub fn all(protocol: Protocol) -> Self {
        Self::Numbers { protocol, first: 1, last: u16::MAX }
    }

    /// What is both.
    pub fn meet(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Every, port) | (port, Self::Every) => Some(port.clone()),
            (
                Self::Numbers { protocol, first, last },
                Self::Numbers { protocol: theirs, first: their_first, last: their_last },
            ) => {
                let (first, last) = (*first.max(their_first), *last.min(their_last));
                (protocol == theirs && first <= last).then_some(Self::Numbers { protocol: *protocol, first, last })
            }
            (named @ Self::Named { protocol, .. }, port) | (port, named @ Self::Named { protocol, .. }) => {
                (port == named || *port == Self::all(*protocol)).then(|| named.clone())
            }
        }
    }
}

/// What two lists have in common.
pub fn meet(one: &[Port], other: &[Port]) -> Vec<Port> {
    one.iter().flat_map(|port| other.iter().filter_map(|theirs| port.meet(theirs))).collect()
}

/// Whether all of a port is in a list.
pub fn covers(ports: &[Port], port: &Port) -> bool {
    let met = tidy(meet(ports, std::slice::from_ref(port)));
    met.first() == Some(port)
}

/// A list without what is said twice. Neighbours stay apart: 8080 and 8081 are two ports, not a range.
pub fn tidy(mut ports: Vec<Port>) -> Vec<Port> {
    ports.sort_unstable();
    let mut tidy: Vec<Port> = Vec::with_capacity(ports.len());
    for port in ports {
        match (tidy.last_mut(), &port) {
            (Some(Port::Every), _) => break,
            (Some(Port::Numbers { protocol, last, .. }), Port::Numbers { protocol: next, first, last: end })
                if protocol == next && first <= last =>
            {
                *last = *end.max(last);
            }
            (Some(last), port) if last == port => {}
            _ => tidy.push(port),
        }
    }
    tidy
}

/// How it is written behind a party: `:8080`, `:53/UDP`, `:8000-8999`, `:*/SCTP`; nothing for every port.
impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self {
            Self::Every => return Ok(()),
            Self::Numbers { protocol, first, last } => {
                match (first, last) {
                    (1, &u16::MAX) => f.write_str(":*")?,
                    _ if first == last => write!(f, ":{first}")?,
                    _ => write!(f, ":{first}-{last}")?,
                }
                // every port of TCP is not every port
                if (*first, *last) == (1, u16::MAX) {
                    return write!(f, "/{}", protocol.as_str());
                }
                protocol
            }
            Self::Named { protocol, name } => {
                write!(f, ":{name}")?;
                protocol
            }
        };
        if *protocol == Protocol::Tcp { Ok(()) } else { write!(f, "/{}", protocol.as_str()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u16, last: u16) -> Port {
        Port::Numbers { protocol: Protocol::Tcp, first, last }
    }

    #[test]
    fn lists_meet_where_protocol_and_numbers_do() {
        assert_eq!(meet(&[range(80, 90)], &[range(85, 100)]), [range(85, 90)]);
        assert_eq!(meet(&[Port::Every], &[range(85, 100)]), [range(85, 100)]);
        assert_eq!(meet(&[Port::one(Protocol::Udp, 53)], &[Port::one(Protocol::Tcp, 53)]), []);
        let name = Port::Named { protocol: Protocol::Udp, name: "dns".into() };
        assert_eq!(meet(std::slice::from_ref(&name), &[Port::all(Protocol::Udp)]), std::slice::from_ref(&name));
        assert_eq!(meet(&[name], &[Port::one(Protocol::Udp, 53)]), [], "nobody knows its number");
    }

    #[test]
    fn a_list_is_tidied_without_joining_neighbours() {
        assert_eq!(tidy(vec![range(81, 81), range(80, 80), range(80, 80)]), [range(80, 80), range(81, 81)]);
        assert_eq!(tidy(vec![range(85, 99), range(80, 90), range(82, 83)]), [range(80, 99)]);
        assert_eq!(tidy(vec![range(1, 2), Port::Every]), [Port::Every]);
    }

    #[test]
    fn ports_are_written_shortly() {
        let shown = |port: Port| port.to_string();
        assert_eq!(shown(Port::Every), "");
        assert_eq!(shown(range(80, 80)), ":80");
        assert_eq!(shown(range(80, 90)), ":80-90");
        assert_eq!(shown(Port::one(Protocol::Udp, 53)), ":53/UDP");
        assert_eq!(shown(Port::all(Protocol::Tcp)), ":*/TCP");
    }
}
