//! What a Cilium policy adds to plain ones, as far as we render it: entities, names, endpoints, ports.
//! Source: docs.cilium.io, "Layer 3 Policies".

use serde_json::{Value, json};

use crate::support::examples::World;
use crate::support::network::addresses::Range;
use crate::support::network::rules::{Admission, Rule};
use crate::support::network::{Direction, End, Opening, Place, Pod};
use crate::support::objects::{Object, entries, items, text, texts};
use crate::support::selectors::matches;

const KNOWN: &[&str] =
    &["fromEndpoints", "fromEntities", "toCIDRSet", "toEndpoints", "toEntities", "toFQDNs", "toPorts"];

/// The rules of every Cilium policy that selects the pod and looks in that direction, one list a policy.
pub fn rules(world: &World, pod: &Pod, direction: Direction) -> Vec<Vec<Rule>> {
    let key = if direction == Direction::Ingress { "ingress" } else { "egress" };
    let selects = |policy: &&Object| {
        policy.place() == pod.namespace
            && matches(policy.at("/spec/endpointSelector"), &pod.labels)
            && policy.value["spec"][key].is_array()
    };
    let policies: Vec<&Object> = world.of_kind("CiliumNetworkPolicy").filter(selects).collect();
    for policy in &policies {
        let known = |key: &&str| ["egress", "endpointSelector", "ingress"].contains(key);
        assert!(entries(policy.at("/spec")).iter().all(|(key, _)| known(key)), "the simulator knows no more: {policy}");
    }
    let read = |rule: &Value| {
        let keys: Vec<&str> = entries(rule).into_iter().map(|(key, _)| key).collect();
        assert!(keys.iter().all(|key| KNOWN.contains(key)), "the simulator knows no more: {keys:?}");
        assert!(keys.iter().any(|key| *key != "toPorts"), "this rule is about everybody: {rule}");
        Rule::Cilium(rule.clone(), direction)
    };
    policies.into_iter().map(|policy| items(&policy.value["spec"][key]).map(read).collect()).collect()
}

/// How a rule admits what is asked, if it does.
pub fn admits(rule: &Value, direction: Direction, wanted: &Admission<'_>) -> Option<Opening> {
    if !admits_port(rule, wanted) {
        return None;
    }
    let (entities, endpoints) = match direction {
        Direction::Ingress => ("fromEntities", "fromEndpoints"),
        Direction::Egress => ("toEntities", "toEndpoints"),
    };
    let entity = |name| texts(&rule[entities]).iter().any(|entity| [name, "all"].contains(entity));
    // A pod may land on any node, so only both words together mean all of them.
    let nodes = || entity("cluster") || entity("host") && entity("remote-node");
    let outside = match wanted.other {
        End::Outside(Place::ApiServer { node, .. }) => entity("kube-apiserver") || *node && nodes(),
        End::Outside(Place::Node(_)) => nodes(),
        End::Outside(Place::Address(address, name)) => {
            let named = items(&rule["toFQDNs"]).any(|host| name.as_deref().is_some_and(|name| is_named(host, name)));
            let ranged = items(&rule["toCIDRSet"]).any(|block| {
                let inside = |range: &str| Range::parse(range).contains(*address);
                inside(text(&block["cidr"])) && !texts(&block["except"]).into_iter().any(inside)
            });
            entity("world") || ranged || named
        }
        End::Pod(pod) => {
            let mut labels = json!({ "k8s:io.kubernetes.pod.namespace": pod.namespace });
            for (key, value) in entries(&pod.labels) {
                labels[format!("k8s:{key}")] = value.clone();
            }
            if items(&rule[endpoints]).any(|selector| matches(selector, &labels)) {
                return Some(Opening::Named);
            }
            entity("cluster")
        }
    };
    outside.then_some(Opening::Anybody)
}

/// A pattern is known here only as `*.` and a name: the star stands for letters of one label.
fn is_named(host: &Value, name: &str) -> bool {
    let pattern = host["matchPattern"].as_str().and_then(|pattern| pattern.strip_prefix("*."));
    let below = name.split_once('.').map(|(_, parent)| parent);
    host["matchName"] == name || pattern.is_some() && pattern == below
}

/// `ANY` is TCP and UDP: SCTP must be switched on.
fn admits_port(rule: &Value, wanted: &Admission<'_>) -> bool {
    let (protocol, number) = wanted.port;
    let admits = |port: &Value| {
        let transport = text(&port["protocol"]) == protocol || port["protocol"] == "ANY" && protocol != "SCTP";
        transport && text(&port["port"]).parse() == Ok(number)
    };
    items(&rule["toPorts"]).len() == 0 || items(&rule["toPorts"]).flat_map(|to| items(&to["ports"])).any(admits)
}
