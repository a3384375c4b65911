//! What plain policies cannot say on Cilium: it matches neither nodes nor the API server by range, and it can match
//! hosts by name, which is narrower than every public address.
//! Source: docs.cilium.io, "Layer 3 policies": entities, DNS based.

use std::collections::{BTreeMap, BTreeSet};

use crate::derive::edges::party;
use crate::model::custom::{
    CiliumDns, CiliumEgress, CiliumHost, CiliumIngress, CiliumNetworkPolicy, CiliumNetworkPolicySpec, CiliumPort,
    CiliumPorts, CiliumRules,
};
use crate::model::edge::{Edges, Party, PortKey};
use crate::model::identity::{Identity, labels, matching};
use crate::model::platform::{Declared, Platform};
use crate::parts::meta::{Labels, namespaced};
use crate::spec::cluster::Cni;
use crate::spec::external::RangeSpec;

/// Whether the edge to `party` belongs into a Cilium policy instead of a plain one.
pub fn takes_over(party: &Party, platform: &Platform) -> bool {
    platform.facts.cluster.cni == Cni::Cilium && destination(party, platform).is_some()
}

/// The Cilium policy of a workload, if any of its edges needs one.
pub fn policy(
    declared: &Declared,
    identity: &Identity<'_>,
    edges: &Edges,
    platform: &Platform,
) -> Option<CiliumNetworkPolicy> {
    if platform.facts.cluster.cni != Cni::Cilium {
        return None;
    }
    let own = party(declared, identity.instance);
    let of = |direction: &BTreeMap<Party, BTreeMap<Party, BTreeSet<PortKey>>>| {
        direction.get(&own).cloned().unwrap_or_default()
    };
    let ingress: Vec<CiliumIngress> =
        of(&edges.incoming).iter().filter_map(|(from, ports)| source(from, ports)).collect();
    let mut egress: Vec<CiliumEgress> = of(&edges.outgoing)
        .iter()
        .filter_map(|(to, ports)| {
            destination(to, platform).map(|rule| CiliumEgress { to_ports: vec![open(ports)], ..rule })
        })
        .collect();
    if ingress.is_empty() && egress.is_empty() {
        return None;
    }
    if egress.iter().any(|rule| !rule.to_fqdns.is_empty()) {
        egress.push(observed_dns(platform));
    }
    Some(CiliumNetworkPolicy {
        metadata: namespaced(identity.instance.as_str(), &identity.own.namespace, identity.labels()),
        spec: CiliumNetworkPolicySpec { endpoint_selector: matching(identity.selector()), ingress, egress },
    })
}

/// Every address includes the nodes', which pull images through the front door; to Cilium they are no range.
fn source(party: &Party, ports: &BTreeSet<PortKey>) -> Option<CiliumIngress> {
    let nodes = || CiliumIngress { from_entities: vec!["host", "remote-node"], to_ports: vec![open(ports)] };
    (*party == Party::World).then(nodes)
}

/// The destination in Cilium's words, where it has better ones than ranges.
fn destination(party: &Party, platform: &Platform) -> Option<CiliumEgress> {
    match party {
        Party::ApiServer => Some(CiliumEgress { to_entities: vec!["kube-apiserver"], ..Default::default() }),
        Party::Nodes => Some(CiliumEgress { to_entities: vec!["host", "remote-node"], ..Default::default() }),
        Party::External(name) => {
            let external = platform.externals.get(name)?;
            let public = external.cidrs.iter().any(|range| range.value == RangeSpec::Public);
            public.then(|| CiliumEgress { to_fqdns: named(&external.host.to_string()), ..Default::default() })
        }
        Party::Pods(_) | Party::Solvers(_) | Party::Public | Party::World => None,
    }
}

/// A public service and what it puts one label below its name: clients of S3 ask `<bucket>.<host>`, not the host.
fn named(host: &str) -> Vec<CiliumHost> {
    vec![
        CiliumHost { match_name: Some(host.to_owned()), ..Default::default() },
        CiliumHost { match_pattern: Some(format!("*.{host}")), ..Default::default() },
    ]
}

fn open(ports: &BTreeSet<PortKey>) -> CiliumPorts {
    let ports = ports.iter().map(|(protocol, port)| CiliumPort { port: port.to_string(), protocol: protocol.as_str() });
    CiliumPorts { ports: ports.collect(), rules: None }
}

/// Names can be matched only when Cilium has seen them being resolved.
fn observed_dns(platform: &Platform) -> CiliumEgress {
    let dns = &platform.facts.cluster.dns;
    let mut selector: Labels = labels(&[("k8s:io.kubernetes.pod.namespace", dns.namespace.as_str())]);
    selector.extend(
        dns.labels.0.iter().map(|(key, value)| (format!("k8s:{}", key.value.as_str()), value.as_str().to_owned())),
    );
    CiliumEgress {
        to_endpoints: vec![matching(selector)],
        to_ports: vec![CiliumPorts {
            ports: ["UDP", "TCP"].map(|protocol| CiliumPort { port: dns.port.0.to_string(), protocol }).into(),
            rules: Some(CiliumRules { dns: vec![CiliumDns { match_pattern: "*" }] }),
        }],
        ..Default::default()
    }
}
