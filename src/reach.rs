//! Who can reach whom, from the policies alone. It reads finished manifests and must never know what was meant.
//!
//! What is listed is exact and short. A group at one end (`anywhere`, `any pod`, `production/*`) stands for all of its
//! members whose own policies allow the connection as well; two workloads are listed as a pair when at least one of them
//! names the other by its labels. So `a` reaches `b` on a port if and only if the pair is listed, or both `a → (a group
//! of b)` and `(a group of a) → b` are.
//!
//! Ranges of addresses mean what is outside of the cluster: whether they match pods is up to the network.

pub mod apart;
pub mod cilium;
pub mod matrix;
pub mod party;
pub mod pods;
pub mod policy;
pub mod port;
pub mod question;
pub mod range;

use std::collections::BTreeSet;
use std::fmt;

use crate::manifest::document::{Document, Id};
use crate::reach::apart::Apart;
use crate::reach::matrix::Network;
use crate::reach::party::Party;
use crate::reach::pods::Pods;
use crate::reach::port::Port;
use crate::shares;
use crate::tables::HashSet;

/// Somebody can call somebody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection {
    /// Who calls.
    pub from: Party,
    /// Who is called.
    pub to: Party,
    /// On which port of the called pod; the ports of Services do not count.
    pub port: Port,
}

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The one that calls.
    From,
    /// The one that is called.
    To,
}

/// Every connection that the policies among `documents` leave open.
pub fn connections<'a>(documents: impl IntoIterator<Item = &'a Document>) -> BTreeSet<Connection> {
    Network::of(documents, &Pods::default()).connections()
}

/// What the policies among two sets of documents do not both leave open. Pods that a
/// policy describes and no workload names are called as the workloads of the other side that fit. `renamed` says what
/// somebody of the old side is called on the new one.
pub fn apart<'a>(
    old: impl IntoIterator<Item = &'a Document>,
    new: impl IntoIterator<Item = &'a Document>,
    renamed: impl Fn(&Party) -> Party + Sync,
) -> Apart {
    let (old, new): (Vec<&Document>, Vec<&Document>) = (old.into_iter().collect(), new.into_iter().collect());
    let (was, is) = shares::both(|| Pods::of(&old), || Pods::of(&new));
    let was_here: HashSet<Party> = was.all.iter().map(|pod| renamed(&pod.party)).collect();
    let is_here: HashSet<&Party> = is.all.iter().map(|pod| &pod.party).collect();
    let (before, after) = shares::both(
        || Network::beside(old, &is, |party| was_here.contains(party)),
        || Network::beside(new, &was, |party| is_here.contains(&renamed(party))),
    );
    apart::apart(&before, &after, renamed)
}

/// Whether an object like this has a say in who reaches whom.
pub fn concerns(id: &Id) -> bool {
    policy::is_heard(id) || id.kind == "Namespace" || pods::is_workload(id)
}

/// Objects that may open or close connections in ways that are not understood here.
pub fn unheard<'a>(documents: impl IntoIterator<Item = &'a Document>) -> impl Iterator<Item = &'a Document> {
    let is_other =
        |document: &&Document| !policy::is_heard(&document.id) && document.id.kind.ends_with("NetworkPolicy");
    documents.into_iter().filter(is_other)
}

/// `production/image → production/auth:8080`
impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, port } = self;
        match to {
            // the colons of an IPv6 range are not the port's
            Party::Outside(range) if range.contains("::") && *port != Port::Every => write!(f, "{from} → [{to}]{port}"),
            _ => write!(f, "{from} → {to}{port}"),
        }
    }
}
