//! Network policies: each edge at both of its ends, on the ports of the pod, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
    NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::derive::cilium;
use crate::derive::edges::party;
use crate::model::edge::{Edges, Party, PortKey};
use crate::model::endpoint::Protocol;
use crate::model::identity::{Identity, SOLVER_LABEL, labels, matching, pod_selector};
use crate::model::platform::{Declared, Platform};
use crate::parts::meta::{Labels, namespaced};
use crate::spec::cluster::NODE_LOCAL_DNS_PORT;
use crate::spec::external::RangeSpec;
use crate::spec::non_empty::NonEmpty;
use crate::spec::read::At;
use crate::values::cidr::Cidr;
use crate::values::name::Name;
use crate::values::parse::Parse;

/// Private and special ranges that `public` leaves out, by family.
const NOT_PUBLIC_V4: &[&str] = &["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];
const NOT_PUBLIC_V6: &[&str] = &["fc00::/7", "fe80::/10"];

/// The peers that may use a set of ports; `None` where no peer can be named.
type Rules = BTreeMap<BTreeSet<PortKey>, Option<Vec<NetworkPolicyPeer>>>;

/// The policy of a workload.
pub fn workload(declared: &Declared, identity: &Identity<'_>, edges: &Edges, platform: &Platform) -> NetworkPolicy {
    let own = party(declared, identity.instance);
    let metadata = namespaced(identity.instance.as_str(), &declared.own.namespace, identity.labels());
    let incoming = rules(edges.incoming.get(&own), platform, Direction::In);
    let outgoing = rules(edges.outgoing.get(&own), platform, Direction::Out);
    policy(metadata, identity.selector(), incoming, outgoing)
}

/// The policy of cert-manager's solver pods in `namespace`, if anyone may call them.
pub fn solvers(namespace: &Name, own_labels: Labels, edges: &Edges, platform: &Platform) -> Option<NetworkPolicy> {
    let callers = edges.incoming.get(&Party::Solvers(namespace.clone()))?;
    let metadata = namespaced("acme-http01-solver", namespace, own_labels);
    Some(policy(metadata, labels(&[SOLVER_LABEL]), rules(Some(callers), platform, Direction::In), Rules::new()))
}

/// Nothing in, nothing out.
pub fn default_deny(namespace: &Name, own_labels: Labels) -> NetworkPolicy {
    policy(namespaced("default-deny-all", namespace, own_labels), Labels::new(), Rules::new(), Rules::new())
}

/// Every pod may resolve names, over UDP and, for long answers, TCP: at the pods that do it, and at the cache of its own
/// node, which no selector can name since it stands in the node's network.
pub fn allow_dns(namespace: &Name, own_labels: Labels, platform: &Platform) -> NetworkPolicy {
    let dns = &platform.facts.cluster.dns;
    let selector =
        dns.labels.0.iter().map(|(key, value)| (key.value.as_str().to_owned(), value.as_str().to_owned())).collect();
    let ports = |port| BTreeSet::from([(Protocol::Udp, port), (Protocol::Tcp, port)]);
    let mut egress = Rules::from([(ports(dns.port.0), Some(vec![pods_in(&dns.namespace, selector)]))]);
    if let Some(caches) = &platform.facts.cluster.node_local_dns {
        let peers = egress.entry(ports(NODE_LOCAL_DNS_PORT)).or_default().get_or_insert_default();
        peers.extend(caches.iter().map(|cache| block(cache.value.to_string(), Vec::new())));
    }
    let mut policy = policy(namespaced("allow-dns", namespace, own_labels), Labels::new(), Rules::new(), egress);
    if let Some(spec) = &mut policy.spec {
        spec.policy_types = Some(vec!["Egress".to_owned()]);
    }
    policy
}

fn policy(metadata: ObjectMeta, selector: Labels, ingress: Rules, egress: Rules) -> NetworkPolicy {
    let selector = if selector.is_empty() { Default::default() } else { matching(selector) };
    let ingress: Vec<_> = ingress
        .into_iter()
        .map(|(ports, from)| NetworkPolicyIngressRule { ports: Some(policy_ports(&ports)), from })
        .collect();
    let egress: Vec<_> = egress
        .into_iter()
        .map(|(ports, to)| NetworkPolicyEgressRule { ports: Some(policy_ports(&ports)), to })
        .collect();
    NetworkPolicy {
        metadata,
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(selector),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: (!ingress.is_empty()).then_some(ingress),
            egress: (!egress.is_empty()).then_some(egress),
        }),
    }
}

/// Which end of an edge a rule is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    In,
    Out,
}

/// One rule for each set of ports.
fn rules(peers: Option<&BTreeMap<Party, BTreeSet<PortKey>>>, platform: &Platform, direction: Direction) -> Rules {
    let mut rules = Rules::new();
    let plain = |party: &Party| direction == Direction::In || !cilium::takes_over(party, platform);
    for (party, ports) in peers.into_iter().flatten().filter(|(party, _)| plain(party)) {
        let peers = peers_of(party, platform, direction);
        // To the API an empty list means everybody; here it means that nobody said where the party is.
        if peers.as_ref().is_some_and(Vec::is_empty) {
            continue;
        }
        let rule = rules.entry(ports.clone()).or_insert_with(|| Some(Vec::new()));
        match (rule, peers) {
            // Two externals may share a range, and with it a peer.
            (Some(list), Some(more)) => {
                for peer in more {
                    if peer.ip_block.is_none() || !list.contains(&peer) {
                        list.push(peer);
                    }
                }
            }
            (rule, None) => *rule = None,
            (None, Some(_)) => {}
        }
    }
    rules
}

/// The ranges or pods of a party; `None` for a caller that cannot be told from others.
///
/// The API server cannot be told as a source: it may come from a node, from a tunnel or from an address inside the
/// pod range. TLS protects what it calls.
fn peers_of(party: &Party, platform: &Platform, direction: Direction) -> Option<Vec<NetworkPolicyPeer>> {
    let cluster = &platform.facts.cluster;
    let ranges =
        |list: &NonEmpty<Vec<At<Cidr>>>| list.iter().map(|range| block(range.value.to_string(), Vec::new())).collect();
    Some(match party {
        Party::Pods(pods) => vec![pods_in(&pods.namespace, pod_selector(&pods.component, &pods.workload))],
        Party::Solvers(namespace) => vec![pods_in(namespace, labels(&[SOLVER_LABEL]))],
        Party::External(name) => {
            platform.externals.get(name).map(|external| external_ranges(&external.cidrs, platform)).unwrap_or_default()
        }
        Party::ApiServer if direction == Direction::In => return None,
        Party::ApiServer => ranges(&cluster.api_server.cidrs),
        Party::Nodes => cluster.node_cidrs.as_ref().map(ranges).unwrap_or_default(),
        Party::Public => public(platform),
        Party::World => vec![block("0.0.0.0/0".to_owned(), Vec::new()), block("::/0".to_owned(), Vec::new())],
    })
}

fn policy_ports(ports: &BTreeSet<PortKey>) -> Vec<NetworkPolicyPort> {
    ports
        .iter()
        .map(|(protocol, port)| NetworkPolicyPort {
            protocol: Some(protocol.as_str().to_owned()),
            port: Some(IntOrString::Int(i32::from(*port))),
            end_port: None,
        })
        .collect()
}

/// Namespace and pod in one item: both must match. As two items, either would do.
fn pods_in(namespace: &Name, selector: Labels) -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        namespace_selector: Some(matching(labels(&[("kubernetes.io/metadata.name", namespace.as_str())]))),
        pod_selector: Some(matching(selector)),
        ip_block: None,
    }
}

fn block(cidr: String, except: Vec<String>) -> NetworkPolicyPeer {
    let except = (!except.is_empty()).then_some(except);
    NetworkPolicyPeer { ip_block: Some(IPBlock { cidr, except }), ..Default::default() }
}

fn external_ranges(ranges: &[At<RangeSpec>], platform: &Platform) -> Vec<NetworkPolicyPeer> {
    ranges
        .iter()
        .flat_map(|range| match range.value {
            RangeSpec::Public => public(platform),
            RangeSpec::Range(cidr) => vec![block(cidr.to_string(), Vec::new())],
        })
        .collect()
}

/// Everywhere but private ranges and the cluster's own.
fn public(platform: &Platform) -> Vec<NetworkPolicyPeer> {
    public_ranges(platform).into_iter().map(|(all, except)| block(all.to_owned(), except)).collect()
}

/// What `public` means: every address of each family, and which ranges are left out.
pub fn public_ranges(platform: &Platform) -> [(&'static str, Vec<String>); 2] {
    let own: Vec<Cidr> = platform.facts.cluster.own_ranges().collect();
    let family = |all, fixed: &[&str], v4: bool| {
        let known: Vec<Cidr> = fixed.iter().filter_map(|text| Cidr::parse(text).ok()).collect();
        let extra =
            own.iter().filter(|range| range.is_v4() == v4 && !known.iter().any(|range_| range_.contains(range)));
        let mut except: Vec<String> = known.iter().chain(extra).map(ToString::to_string).collect();
        except.dedup();
        (all, except)
    };
    [family("0.0.0.0/0", NOT_PUBLIC_V4, true), family("::/0", NOT_PUBLIC_V6, false)]
}

#[cfg(test)]
mod tests {
    use crate::diagnostics::report::Report;
    use crate::pipeline;

    use super::*;

    /// An empty list in a policy admits everybody.
    #[test]
    fn a_party_without_addresses_opens_nothing() {
        let text = r#"
            version = 1
            platform = { name = "acme", domain = "example.com" }
            cluster = { api-server = { cidrs = ["10.0.0.1/32"], ports = [443] } }
            secrets = { backend = "existing" }
        "#;
        let platform = pipeline::platform(text, None, &mut Report::default()).expect("valid");
        let ports = BTreeSet::from([(Protocol::Tcp, 10250)]);
        let open = |party| rules(Some(&BTreeMap::from([(party, ports.clone())])), &platform, Direction::Out).len();
        assert_eq!(open(Party::Nodes), 0, "no `node-cidrs` are named");
        assert_eq!(open(Party::ApiServer), 1);
    }
}
