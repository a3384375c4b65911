//! Listeners of Gateways: where routes can be attached, and who must show what to call them.

use std::fmt;

use crate::diff::effects::routes::host_has;
use crate::diff::pair::{Pair, Placed};
use crate::manifest::node::Node;
use crate::manifest::selector::Selector;

/// A listener of a Gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listener<'a> {
    host: &'a str,
    protocol: &'a str,
    port: i128,
    /// From how many namespaces it takes routes: an index of `FROM`.
    from: usize,
    /// From which of them.
    homes: Selector<'a>,
    /// Whether its callers must show a certificate.
    asks: bool,
}

/// From where a listener takes routes, the fewest first.
const FROM: &[&str] = &["None", "Same", "Selector", "All"];
const CHOSEN: usize = 2;
const ALL: usize = 3;

impl<'a> Listener<'a> {
    fn read(one: &'a Node, asks: bool) -> Option<Self> {
        let from = one.text_at(&["allowedRoutes", "namespaces", "from"]).unwrap_or("Same");
        Some(Self {
            host: one.text_at(&["hostname"]).unwrap_or("*"),
            protocol: one.text_at(&["protocol"]).unwrap_or_default(),
            port: one.get("port")?.integer()?,
            from: FROM.iter().position(|own| *own == from).unwrap_or(1),
            homes: one.at(&["allowedRoutes", "namespaces", "selector"]).map(Selector::read).unwrap_or_default(),
            asks: asks || one.at(&["tls", "frontendValidation"]).is_some(),
        })
    }

    /// Whether it listens wherever the other does.
    fn is_at(&self, other: &Self) -> bool {
        self.port == other.port && self.protocol == other.protocol && host_has(self.host, other.host)
    }

    /// Whether all routes that the other takes are taken here.
    fn has_homes_of(&self, other: &Self) -> bool {
        let is_wider = || self.from != CHOSEN || self.homes.0.iter().all(|need| other.homes.0.contains(need));
        self.from > other.from || self.from == other.from && is_wider()
    }

    /// What is new about it, where these were there.
    fn opened(&self, old: &[Self]) -> Option<String> {
        let before = || old.iter().filter(|other| other.is_at(self));
        if !before().any(|other| other.has_homes_of(self)) {
            let is_known = before().next().is_some();
            let more = if self.from == ALL || self.from == CHOSEN && self.homes.0.is_empty() {
                ", open to routes of every namespace"
            } else if is_known {
                ", open to routes of more namespaces"
            } else {
                ""
            };
            return Some(format!("listener {self}{more}"));
        }
        let is_lifted = !self.asks && before().all(|other| other.asks);
        is_lifted.then(|| format!("listener {self} asks its callers for no certificate any more"))
    }
}

/// `443/HTTPS for *.example.com`
impl fmt::Display for Listener<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} for {}", self.port, self.protocol, self.host)
    }
}

fn listeners(root: &Node) -> Vec<Listener<'_>> {
    let is_gateway = root.text_at(&["kind"]) == Some("Gateway");
    let asks = root.at(&["spec", "tls", "frontend"]).is_some();
    let items = root.items_at(&["spec", "listeners"]).iter().filter(|_| is_gateway);
    items.filter_map(|one| Listener::read(one, asks)).collect()
}

fn of(placed: Option<Placed<'_>>) -> Vec<Listener<'_>> {
    placed.map(|placed| listeners(&placed.document.root)).unwrap_or_default()
}

/// What is open at a Gateway and was not.
pub fn opened(pair: &Pair<'_>) -> Vec<String> {
    let (before, after) = (of(pair.before()), of(pair.after()));
    let mut found: Vec<String> = after.iter().filter_map(|listener| listener.opened(&before)).collect();
    if let Pair::Kept(old, new) = pair
        && !after.is_empty()
    {
        let [was, is] = [old, new].map(|placed| placed.document.root.text_at(&["spec", "gatewayClassName"]));
        found.extend(is.filter(|_| was.is_some() && was != is).map(|class| format!("it is open at class {class}")));
    }
    found
}

/// The listeners that a Gateway no longer has.
pub fn closed(pair: &Pair<'_>) -> Vec<String> {
    let left = of(pair.after());
    let gone = of(pair.before()).into_iter().filter(|one| !left.iter().any(|other| other.is_at(one)));
    gone.map(|one| one.to_string()).collect()
}
