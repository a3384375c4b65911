//! The rules of policies, and whom each admits.
//! Source: kubernetes.io, "Network Policies": behaviour of `to` and `from` selectors, of `ipBlock`, of `policyTypes`.

use serde_json::Value;

use crate::support::examples::World;
use crate::support::network::addresses::Range;
use crate::support::network::{Direction, End, Opening, Place, Pod, Port, cilium};
use crate::support::objects::{items, protocol_of, text, texts};
use crate::support::selectors::matches;

/// What is asked of a rule.
pub struct Admission<'n> {
    /// The other end.
    pub other: End<'n>,
    /// The port that is called.
    pub port: Port,
    /// The pod that is called, if one is.
    pub called: Option<&'n Pod>,
}

/// One rule of a policy.
#[derive(Clone, Debug)]
pub enum Rule {
    /// Of a `NetworkPolicy`.
    Plain {
        /// Ports; all when empty.
        ports: Vec<Value>,
        /// Peers; everybody when empty.
        peers: Vec<Peer>,
    },
    /// Of a `CiliumNetworkPolicy`.
    Cilium(Value, Direction),
}

/// One peer of a rule.
#[derive(Clone, Debug)]
pub enum Peer {
    /// Addresses.
    Block {
        /// These.
        range: Range,
        /// But not these.
        except: Vec<Range>,
        /// Whether pods, nodes and the API server are told by what they are and never by address.
        /// Source: docs.cilium.io, "Kubernetes Network Policies", known missing features.
        strangers_only: bool,
    },
    /// Pods.
    Pods {
        /// Whose namespace has these labels; the policy's own namespace when absent.
        namespaces: Option<Value>,
        /// With these labels; all when absent.
        pods: Option<Value>,
        /// The policy's namespace.
        own: String,
    },
}

/// Whether the plugin is Cilium.
pub fn is_cilium(world: &World) -> bool {
    world.says("/cluster/cni") == "cilium"
}

/// The rules of every policy that selects the pod and looks in that direction; `None` when no policy does.
pub fn of(world: &World, pod: &Pod, direction: Direction) -> Option<Vec<Rule>> {
    let (key, peers) = match direction {
        Direction::Ingress => ("ingress", "from"),
        Direction::Egress => ("egress", "to"),
    };
    let plain = world.of_kind("NetworkPolicy").filter(|policy| {
        let spec = policy.at("/spec");
        policy.place() == pod.namespace && matches(&spec["podSelector"], &pod.labels) && looks(spec, direction)
    });
    let plain = plain.map(|policy| {
        let read = |rule: &Value| Rule::Plain {
            ports: items(&rule["ports"]).cloned().collect(),
            peers: items(&rule[peers]).map(|peer| Peer::read(peer, policy.place(), is_cilium(world))).collect(),
        };
        items(&policy.value["spec"][key]).map(read).collect::<Vec<_>>()
    });
    let lists: Vec<Vec<Rule>> = plain.chain(cilium::rules(world, pod, direction)).collect();
    (!lists.is_empty()).then(|| lists.concat())
}

/// Whether a policy looks in a direction; when it does not say, it looks inwards, and outwards if it has such rules.
fn looks(spec: &Value, direction: Direction) -> bool {
    if spec["policyTypes"].is_array() {
        let word = if direction == Direction::Ingress { "Ingress" } else { "Egress" };
        return texts(&spec["policyTypes"]).contains(&word);
    }
    direction == Direction::Ingress || items(&spec["egress"]).len() > 0
}

impl Peer {
    fn read(peer: &Value, own: &str, cilium: bool) -> Self {
        let (namespaces, pods, block) = (&peer["namespaceSelector"], &peer["podSelector"], &peer["ipBlock"]);
        if block.is_null() {
            assert!(namespaces.is_object() || pods.is_object(), "{peer} selects nothing");
            let some = |selector: &Value| selector.is_object().then(|| selector.clone());
            return Self::Pods { namespaces: some(namespaces), pods: some(pods), own: own.to_owned() };
        }
        assert!(namespaces.is_null() && pods.is_null(), "{peer} says two things");
        let range = Range::parse(text(&block["cidr"]));
        let except: Vec<Range> = texts(&block["except"]).into_iter().map(Range::parse).collect();
        let inside = |inner: &Range| range.contains(inner.first()) && inner.is_narrower_than(&range);
        assert!(except.iter().all(inside), "an exception is no part of {peer}");
        Self::Block { range, except, strangers_only: cilium }
    }

    fn admits(&self, other: End<'_>) -> Option<Opening> {
        match self {
            Self::Block { range, except, strangers_only } => {
                let inside = |address| range.contains(address) && !except.iter().any(|range| range.contains(address));
                let within = match other {
                    End::Outside(Place::Address(address, _)) => inside(*address),
                    End::Outside(place) => !strangers_only && inside(place.address()),
                    End::Pod(pod) => !strangers_only && pod.addresses.iter().any(|address| inside(*address)),
                };
                within.then_some(Opening::Anybody)
            }
            Self::Pods { namespaces, pods, own } => {
                let End::Pod(pod) = other else { return None };
                let there = match namespaces {
                    None => pod.namespace == *own,
                    Some(selector) => matches(selector, &pod.namespace_labels),
                };
                let chosen = there && pods.as_ref().is_none_or(|selector| matches(selector, &pod.labels));
                chosen.then_some(Opening::Named)
            }
        }
    }
}

impl Rule {
    /// How the rule admits what is asked, if it does.
    pub fn admits(&self, wanted: &Admission<'_>) -> Option<Opening> {
        match self {
            Self::Plain { ports, .. } if !ports.is_empty() && !ports.iter().any(|port| admits_port(port, wanted)) => {
                None
            }
            Self::Plain { peers, .. } if peers.is_empty() => Some(Opening::Anybody),
            Self::Plain { peers, .. } => peers.iter().filter_map(|peer| peer.admits(wanted.other)).min(),
            Self::Cilium(rule, direction) => cilium::admits(rule, *direction, wanted),
        }
    }
}

fn admits_port(port: &Value, wanted: &Admission<'_>) -> bool {
    let (protocol, number) = wanted.port;
    protocol_of(port) == protocol
        && match &port["port"] {
            Value::Null => true,
            Value::String(name) => wanted.called.is_some_and(|pod| {
                pod.ports.iter().any(|own| {
                    own["name"] == name.as_str() && own["containerPort"] == number && protocol_of(own) == protocol
                })
            }),
            first => {
                let first = first.as_u64().expect("a number");
                let last = port["endPort"].as_u64().unwrap_or(first);
                (first..=last).contains(&u64::from(number))
            }
        }
}
