//! What a Cilium policy adds to plain ones, as far as we render it: entities, names, endpoints, ports.
//! Source: docs.cilium.io, "Layer 3 Policies".

use serde_json::{Value, json};

use crate::support::examples::World;
use crate::support::network::{End, Opening, Place, Pod, Port};
use crate::support::objects::{Object, entries, items, text, texts};
use crate::support::selectors::matches;

/// The egress rules of every Cilium policy that selects the pod; `None` when none does.
pub fn rules(world: &World, pod: &Pod) -> Option<Vec<Value>> {
    let selects =
        |policy: &&Object| policy.place() == pod.namespace && matches(policy.at("/spec/endpointSelector"), &pod.labels);
    let policies: Vec<&Object> = world.of_kind("CiliumNetworkPolicy").filter(selects).collect();
    for policy in &policies {
        let keys: Vec<&str> = entries(policy.at("/spec")).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["egress", "endpointSelector"], "the simulator knows no more of {policy}");
    }
    (!policies.is_empty())
        .then(|| policies.into_iter().flat_map(|policy| items(policy.at("/spec/egress"))).cloned().collect())
}

fn admits_port(rule: &Value, (protocol, number): Port) -> bool {
    let admits = |port: &Value| {
        let same = text(&port["port"]).parse() == Ok(number);
        same && [protocol, "ANY"].contains(&text(&port["protocol"]))
    };
    items(&rule["toPorts"]).len() == 0 || items(&rule["toPorts"]).flat_map(|to| items(&to["ports"])).any(admits)
}

/// How a rule admits a connection to `to`.
pub fn admits(rule: &Value, to: End<'_>, port: Port) -> Option<Opening> {
    if !admits_port(rule, port) {
        return None;
    }
    let known = ["toEntities", "toFQDNs", "toEndpoints", "toPorts", "toCIDRSet", "toCIDR"];
    let unknown: Vec<&str> = entries(rule).into_iter().map(|(key, _)| key).filter(|key| !known.contains(key)).collect();
    assert!(unknown.is_empty(), "the simulator does not know {unknown:?}");
    let entity = |name| texts(&rule["toEntities"]).contains(&name);
    match to {
        End::Outside(Place::ApiServer(_)) => entity("kube-apiserver").then_some(Opening::Anybody),
        End::Outside(Place::Node(_)) => (entity("host") && entity("remote-node")).then_some(Opening::Anybody),
        End::Outside(Place::Address(address, name)) => {
            let named = items(&rule["toFQDNs"]).any(|host| host["matchName"].as_str() == name.as_deref());
            let ranged = items(&rule["toCIDRSet"]).any(|block| {
                let inside = |range: &str| super::Range::parse(range).contains(*address);
                inside(text(&block["cidr"])) && !texts(&block["except"]).into_iter().any(inside)
            });
            (named && name.is_some() || ranged).then_some(Opening::Anybody)
        }
        End::Pod(pod) => {
            let mut labels = json!({ "k8s:io.kubernetes.pod.namespace": pod.namespace });
            for (key, value) in entries(&pod.labels) {
                labels[format!("k8s:{key}")] = value.clone();
            }
            items(&rule["toEndpoints"]).any(|selector| matches(selector, &labels)).then_some(Opening::Named)
        }
    }
}
