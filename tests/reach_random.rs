//! The computation of who can reach whom agrees with a simulator that knows nothing of it: the simulator reads the policies
//! as JSON and asks every rule about every pod, port and address, one by one.
//!
//! Source of what it knows: kubernetes.io, "Network Policies", and the API reference of `NetworkPolicySpec`.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::net::Ipv4Addr;

use platformgen::diagnostics::report::Report;
use platformgen::manifest::read::{Dialect, read};
use platformgen::reach::matrix::Network;
use platformgen::reach::party::Party;
use platformgen::reach::pods::Pods;
use platformgen::reach::port::{Port, Protocol};
use platformgen::reach::question::Who;
use platformgen::reach::range::Range;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

const NAMESPACES: [&str; 3] = ["one", "two", "three"];
const PORTS: [u16; 4] = [53, 80, 8080, 9090];
const PROTOCOLS: [Protocol; 3] = Protocol::ALL;
const ADDRESSES: [Ipv4Addr; 4] =
    [Ipv4Addr::new(10, 0, 0, 7), Ipv4Addr::new(10, 9, 9, 9), Ipv4Addr::new(8, 8, 8, 8), Ipv4Addr::new(192, 168, 1, 1)];

/// A world: the labels of namespaces, pods and policies.
#[derive(Clone, Debug)]
struct World {
    namespaces: Vec<Value>,
    pods: Vec<Value>,
    policies: Vec<Value>,
}

fn labels() -> impl Strategy<Value = Value> {
    let pair = (select(vec!["app", "tier"]), select(vec!["a", "b", "c"]));
    prop::collection::vec(pair, 0..3)
        .prop_map(|pairs| pairs.into_iter().map(|(k, v)| (k.to_owned(), json!(v))).collect())
}

fn selector() -> impl Strategy<Value = Value> {
    let values = || prop::collection::vec(select(vec!["a", "b", "c"]), 1..3);
    let need = (select(vec!["app", "tier"]), select(vec!["In", "NotIn", "Exists", "DoesNotExist"]), values()).prop_map(
        |(key, operator, values)| {
            let mut need = json!({ "key": key, "operator": operator });
            if operator.ends_with("In") {
                need["values"] = json!(values);
            }
            need
        },
    );
    prop_oneof![
        2 => Just(json!({})),
        4 => labels().prop_map(|labels| json!({ "matchLabels": labels })),
        2 => (labels(), prop::collection::vec(need, 1..3))
            .prop_map(|(labels, needs)| json!({ "matchLabels": labels, "matchExpressions": needs })),
    ]
}

fn of_namespaces() -> impl Strategy<Value = Value> {
    let by_name =
        select(NAMESPACES.to_vec()).prop_map(|name| json!({ "matchLabels": { "kubernetes.io/metadata.name": name } }));
    prop_oneof![by_name, selector()]
}

fn peer() -> impl Strategy<Value = Value> {
    let block = (
        select(vec!["10.0.0.0/8", "0.0.0.0/0", "10.0.0.0/24", "8.8.8.8/32"]),
        prop::option::of(select(vec![vec!["10.0.0.0/24"], vec!["10.9.0.0/16", "8.8.0.0/16"], vec![]])),
    )
        .prop_map(|(cidr, except)| {
            let mut block = json!({ "cidr": cidr });
            if let Some(except) = except {
                block["except"] = json!(except);
            }
            json!({ "ipBlock": block })
        });
    prop_oneof![
        3 => selector().prop_map(|pods| json!({ "podSelector": pods })),
        2 => of_namespaces().prop_map(|spaces| json!({ "namespaceSelector": spaces })),
        3 => (selector(), of_namespaces())
            .prop_map(|(pods, spaces)| json!({ "podSelector": pods, "namespaceSelector": spaces })),
        2 => block,
    ]
}

fn port() -> impl Strategy<Value = Value> {
    let protocol = || prop::option::of(select(vec!["TCP", "UDP", "SCTP"]));
    let with = |mut port: Value, protocol: Option<&str>| {
        if let Some(protocol) = protocol {
            port["protocol"] = json!(protocol);
        }
        port
    };
    prop_oneof![
        1 => protocol().prop_map(move |protocol| with(json!({}), protocol)),
        3 => (select(PORTS.to_vec()), protocol()).prop_map(move |(port, protocol)| with(json!({ "port": port }), protocol)),
        1 => (select(PORTS.to_vec()), 0_u16..2000, protocol())
            .prop_map(move |(port, more, protocol)| with(json!({ "port": port, "endPort": port + more }), protocol)),
        2 => (select(vec!["http", "dns"]), protocol()).prop_map(move |(port, protocol)| with(json!({ "port": port }), protocol)),
    ]
}

fn rules(ends: &'static str) -> impl Strategy<Value = Value> {
    let rule =
        (prop::option::of(prop::collection::vec(peer(), 0..3)), prop::option::of(prop::collection::vec(port(), 0..3)))
            .prop_map(move |(peers, ports)| {
                let mut rule = json!({});
                for (key, value) in [(ends, peers), ("ports", ports)] {
                    if let Some(value) = value {
                        rule[key] = json!(value);
                    }
                }
                rule
            });
    prop::collection::vec(rule, 0..3).prop_map(Value::Array)
}

fn policy() -> impl Strategy<Value = Value> {
    let types = prop::option::of(select(vec![vec![], vec!["Ingress"], vec!["Egress"], vec!["Ingress", "Egress"]]));
    let parts = (
        select(NAMESPACES.to_vec()),
        prop::option::of(selector()),
        types,
        prop::option::of(rules("from")),
        prop::option::of(rules("to")),
    );
    parts.prop_map(|(namespace, pods, types, ingress, egress)| {
        let mut spec = json!({});
        let parts = [("podSelector", pods), ("policyTypes", types.map(|types| json!(types)))];
        for (key, value) in parts.into_iter().chain([("ingress", ingress), ("egress", egress)]) {
            if let Some(value) = value {
                spec[key] = value;
            }
        }
        json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": { "namespace": namespace }, "spec": spec })
    })
}

fn pod() -> impl Strategy<Value = Value> {
    let port =
        (select(vec!["http", "dns", "other"]), select(PORTS.to_vec()), prop::option::of(select(vec!["TCP", "UDP"])))
            .prop_map(|(name, port, protocol)| {
                let mut port = json!({ "name": name, "containerPort": port });
                if let Some(protocol) = protocol {
                    port["protocol"] = json!(protocol);
                }
                port
            });
    (select(NAMESPACES.to_vec()), labels(), prop::collection::vec(port, 0..3)).prop_map(|(namespace, labels, ports)| {
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "namespace": namespace, "labels": labels },
            "spec": { "containers": [{ "name": "c", "image": "i", "ports": ports }] },
        })
    })
}

prop_compose! {
    fn world()(
        spaces in prop::collection::vec(labels(), 3),
        mut pods in prop::collection::vec(pod(), 1..6),
        mut policies in prop::collection::vec(policy(), 0..5),
    ) -> World {
        let named = |(name, labels): (&&str, Value)| json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels },
        });
        for (at, object) in pods.iter_mut().chain(&mut policies).enumerate() {
            object["metadata"]["name"] = json!(format!("n{at}"));
        }
        World { namespaces: NAMESPACES.iter().zip(spaces).map(named).collect(), pods, policies }
    }
}

/// Who is at the other end.
#[derive(Clone, Copy)]
enum End<'w> {
    Pod(&'w Value),
    Address(Ipv4Addr),
}

impl World {
    /// Whether `from` can open a connection to `to`.
    fn connects(&self, from: End<'_>, to: End<'_>, port: u16, protocol: &str) -> bool {
        self.passes(from, to, to, port, protocol, "Egress") && self.passes(to, from, to, port, protocol, "Ingress")
    }

    fn passes(&self, own: End<'_>, other: End<'_>, called: End<'_>, port: u16, protocol: &str, way: &str) -> bool {
        let End::Pod(own) = own else { return true };
        let (list, ends) = if way == "Egress" { ("egress", "to") } else { ("ingress", "from") };
        let mut is_judged = false;
        for policy in &self.policies {
            let spec = &policy["spec"];
            let types = spec["policyTypes"].as_array().filter(|types| !types.is_empty());
            let judges = match types {
                Some(types) => types.contains(&json!(way)),
                None => way == "Ingress" || spec["egress"].as_array().is_some_and(|rules| !rules.is_empty()),
            };
            let is_subject = policy["metadata"]["namespace"] == own["metadata"]["namespace"]
                && selects(&spec["podSelector"], &own["metadata"]["labels"]);
            if !judges || !is_subject {
                continue;
            }
            is_judged = true;
            for rule in spec[list].as_array().into_iter().flatten() {
                let peers = rule[ends].as_array().filter(|peers| !peers.is_empty());
                let ports = rule["ports"].as_array().filter(|ports| !ports.is_empty());
                let meets = peers.is_none_or(|peers| peers.iter().any(|peer| self.is_meant(peer, policy, other)));
                let fits = ports.is_none_or(|ports| ports.iter().any(|wanted| fits(wanted, called, port, protocol)));
                if meets && fits {
                    return true;
                }
            }
        }
        !is_judged
    }

    fn is_meant(&self, peer: &Value, policy: &Value, other: End<'_>) -> bool {
        match (other, peer.get("ipBlock")) {
            (End::Address(address), Some(block)) => {
                let except = block["except"].as_array().into_iter().flatten();
                within(address, &block["cidr"]) && !except.into_iter().any(|range| within(address, range))
            }
            (End::Pod(pod), None) => {
                let space = &pod["metadata"]["namespace"];
                let is_there = match peer.get("namespaceSelector") {
                    None => *space == policy["metadata"]["namespace"],
                    Some(selector) => {
                        let found = self.namespaces.iter().find(|known| known["metadata"]["name"] == *space);
                        let mut labels = found.expect("it is declared")["metadata"]["labels"].clone();
                        labels["kubernetes.io/metadata.name"] = space.clone();
                        selects(selector, &labels)
                    }
                };
                is_there && peer.get("podSelector").is_none_or(|selector| selects(selector, &pod["metadata"]["labels"]))
            }
            // what is a pod is no address, and the other way round
            _ => false,
        }
    }
}

fn selects(selector: &Value, labels: &Value) -> bool {
    let pairs = selector["matchLabels"].as_object().into_iter().flatten();
    let mut needs = selector["matchExpressions"].as_array().into_iter().flatten();
    pairs.into_iter().all(|(key, value)| labels.get(key) == Some(value))
        && needs.all(|need| {
            let own = labels.get(need["key"].as_str().expect("a key"));
            let listed = own.is_some_and(|own| need["values"].as_array().is_some_and(|values| values.contains(own)));
            match need["operator"].as_str().expect("an operator") {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => own.is_some(),
                _ => own.is_none(),
            }
        })
}

fn fits(wanted: &Value, called: End<'_>, port: u16, protocol: &str) -> bool {
    if wanted["protocol"].as_str().unwrap_or("TCP") != protocol {
        return false;
    }
    match (&wanted["port"], called) {
        (Value::Null, _) => true,
        (Value::Number(first), _) => {
            let first = first.as_u64().expect("a port");
            let last = wanted["endPort"].as_u64().unwrap_or(first);
            (first..=last).contains(&u64::from(port))
        }
        (name, End::Pod(pod)) => pod["spec"]["containers"][0]["ports"].as_array().into_iter().flatten().any(|own| {
            own["name"] == *name
                && own["containerPort"] == json!(port)
                && own["protocol"].as_str().unwrap_or("TCP") == protocol
        }),
        (_, End::Address(_)) => false,
    }
}

fn within(address: Ipv4Addr, range: &Value) -> bool {
    let (first, bits) = range.as_str().expect("a range").split_once('/').expect("with a length");
    let (first, bits): (Ipv4Addr, u32) = (first.parse().expect("an address"), bits.parse().expect("a number"));
    let shift = 32 - bits;
    let head = |address: Ipv4Addr| u64::from(u32::from(address)) >> shift;
    head(address) == head(first)
}

fn holds(open: &[Port], port: u16, protocol: Protocol) -> bool {
    open.iter().any(|known| match known {
        Port::Every => true,
        Port::Numbers { protocol: own, first, last } => *own == protocol && (*first..=*last).contains(&port),
        Port::Named { .. } => false,
    })
}

/// Asks both about everything.
fn agree(world: &World) -> Result<(), TestCaseError> {
    let all = world.namespaces.iter().chain(&world.pods).chain(&world.policies);
    let text = all.map(|object| format!("---\n{object}\n")).collect::<Vec<_>>().concat();
    let mut report = Report::default();
    let documents = read(&text, Dialect::Any, &mut report);
    assert!(!report.has_errors(), "{:#?}", report.sorted());
    let network = Network::of(&documents, &Pods::default());
    let listed = network.connections();
    let own: Vec<(usize, &Value)> = world
        .pods
        .iter()
        .map(|pod| {
            let text = |key: &str| pod["metadata"][key].as_str().expect("a text").into();
            let party = Party::Workload { namespace: text("namespace"), name: text("name") };
            (network.pods.of_party(&party).expect("every pod is known"), pod)
        })
        .collect();
    let each = |check: &mut dyn FnMut(u16, Protocol) -> Result<(), TestCaseError>| {
        PORTS
            .iter()
            .flat_map(|port| PROTOCOLS.map(|protocol| (*port, protocol)))
            .try_for_each(|(port, protocol)| check(port, protocol))
    };
    for (from, caller) in &own {
        for (to, called) in own.iter().filter(|(to, _)| to != from) {
            let answer = network.ask(&Who::Pods(*from), &Who::Pods(*to), &[Port::Every]);
            let pair = |port: u16, protocol| {
                let is_pair = |connection: &&platformgen::reach::Connection| {
                    connection.from == network.pods.all[*from].party && connection.to == network.pods.all[*to].party
                };
                listed
                    .iter()
                    .filter(is_pair)
                    .any(|connection| holds(std::slice::from_ref(&connection.port), port, protocol))
            };
            each(&mut |port, protocol| {
                let expected = world.connects(End::Pod(caller), End::Pod(called), port, protocol.as_str());
                prop_assert_eq!(holds(&answer.open, port, protocol), expected, "{} to {} at {}", caller, called, port);
                prop_assert!(expected || !pair(port, protocol), "listed, and closed: {} to {}", caller, called);
                Ok(())
            })?;
        }
        for address in ADDRESSES {
            let outside = Who::Addresses(Range::read(&address.to_string(), &[]).expect("an address"));
            let (out, back) = (
                network.ask(&Who::Pods(*from), &outside, &[Port::Every]),
                network.ask(&outside, &Who::Pods(*from), &[Port::Every]),
            );
            each(&mut |port, protocol| {
                let name = protocol.as_str();
                let expected = world.connects(End::Pod(caller), End::Address(address), port, name);
                prop_assert_eq!(holds(&out.open, port, protocol), expected, "{} to {} at {}", caller, address, port);
                let expected = world.connects(End::Address(address), End::Pod(caller), port, name);
                prop_assert_eq!(holds(&back.open, port, protocol), expected, "{} to {} at {}", address, caller, port);
                Ok(())
            })?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_computation_and_the_simulator_agree(world in world()) {
        agree(&world)?;
    }
}
