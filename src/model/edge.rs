//! Resolved links: who may open a connection to whom, on which ports of the pod.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::endpoint::Protocol;
use crate::values::name::Name;

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The pods of a workload.
    Pods(Pods),
    /// cert-manager's solver pods in a namespace.
    Solvers(Name),
    /// A declared external.
    External(Name),
    /// The API server.
    ApiServer,
    /// The nodes.
    Nodes,
    /// Everywhere but private ranges.
    Public,
    /// Everywhere.
    World,
}

/// The pods of a workload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pods {
    /// Namespace.
    pub namespace: Name,
    /// Component.
    pub component: Name,
    /// Workload.
    pub workload: Name,
}

/// A port of a pod or an external.
pub type PortKey = (Protocol, u16);

/// All connections of a platform: from, to, ports.
#[derive(Clone, Debug, Default)]
pub struct Edges {
    /// What each party may call.
    pub outgoing: BTreeMap<Party, BTreeMap<Party, BTreeSet<PortKey>>>,
    /// Who may call each party.
    pub incoming: BTreeMap<Party, BTreeMap<Party, BTreeSet<PortKey>>>,
}

impl Edges {
    /// Declares that `from` may call `to` on `port`, at both ends.
    pub fn add(&mut self, from: &Party, to: &Party, port: PortKey) {
        self.outgoing.entry(from.clone()).or_default().entry(to.clone()).or_default().insert(port);
        self.incoming.entry(to.clone()).or_default().entry(from.clone()).or_default().insert(port);
    }
}
