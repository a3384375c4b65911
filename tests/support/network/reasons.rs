//! Why a connection may be open: what the description says, read here a second time and independently.

use serde_json::Value;

use crate::support::api_semantics::{behind, service_port};
use crate::support::examples::World;
use crate::support::network::addresses::{PRIVATE, Range, ranges};
use crate::support::network::{Network, Place, Pod, Port, name_of};
use crate::support::objects::{entries, items, protocol_of, text, texts};
use crate::support::selectors::{SOLVER, dns, dns_port};

/// Where components of each type listen for callers: a bare name in `calls` and a route lead there.
const FRONT: &[(&str, u16)] = &[
    ("alertmanager", 9093),
    ("grafana", 3000),
    ("prometheus", 9090),
    ("prometheus-adapter", 6443),
    ("registry", 5000),
    ("registry-ui", 8080),
];

/// Where components of each type serve metrics.
const METRICS: &[(&str, u16)] = &[
    ("alertmanager", 9093),
    ("cert-manager", 9402),
    ("grafana", 3000),
    ("ingress-nginx", 10_254),
    ("kube-state-metrics", 8080),
    ("kube-state-metrics", 8081),
    ("prometheus", 9090),
    ("prometheus-adapter", 6443),
    ("registry", 5001),
];

/// Where replicas of Alertmanager talk to each other.
const PEERS: &[Port] = &[("TCP", 9094), ("UDP", 9094)];

const KUBELET: Port = ("TCP", 10_250);

fn spec<'w>(world: &'w World, pod: &Pod) -> &'w Value {
    &world.description["components"][pod.component.as_str()]
}

fn number(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|number| u16::try_from(number).ok())
}

/// Whether `port` is where the component listens for callers.
pub fn is_front(component: &Value, port: Port) -> bool {
    let own = || number(&component["port"]).is_some_and(|own| port == ("TCP", own));
    match text(&component["type"]) {
        "web-service" => own(),
        known => FRONT.iter().any(|(name, number)| *name == known && port == ("TCP", *number)),
    }
}

/// Whether `port` is where the component serves metrics.
pub fn is_metrics(world: &World, component: &Value, port: Port) -> bool {
    let known = text(&component["type"]);
    if known != "web-service" {
        return METRICS.iter().any(|(name, number)| *name == known && port == ("TCP", *number));
    }
    let said = if component["metrics"].is_null() { world.says("/defaults/metrics") } else { &component["metrics"] };
    match said {
        Value::Object(own) => own.get("port").and_then(number).is_some_and(|own| port == ("TCP", own)),
        Value::String(word) if word == "off" => false,
        _ => is_front(component, port),
    }
}

/// Whether `calls` of a component names `called`.
pub fn calls(component: &Value, called: &str) -> bool {
    texts(&component["calls"]).iter().any(|call| call.split(':').next() == Some(called))
}

/// Whether routes get their certificates by answering challenges.
pub fn by_challenge(world: &World) -> bool {
    entries(world.says("/components")).iter().any(|(_, component)| {
        component["type"] == "cert-manager"
            && (text(&component["issuer"]).starts_with("letsencrypt") || component["acme"] == true)
    })
}

/// Why a pod may connect to a pod, if there is a reason.
pub fn between(network: &Network<'_>, from: &Pod, to: &Pod, port: Port) -> Option<&'static str> {
    let world = network.world;
    let (labels, namespace) = dns(world);
    if to.namespace == namespace && to.labels == labels && network.is_declared(&from.namespace) {
        return ["TCP", "UDP"].map(|protocol| (protocol, dns_port(world))).contains(&port).then_some("names");
    }
    if network.is_inside(to) && !network.is_inside(from) {
        // Nothing holds back pods that are not ours; what anybody may call, they may.
        return anybody(network, to, port);
    }
    let (caller, called) = (spec(world, from), spec(world, to));
    let (from_type, to_type) = (text(&caller["type"]), text(&called["type"]));
    let listens = to.ports.iter().any(|own| own["containerPort"] == port.1 && protocol_of(own) == port.0);
    let solver = to.component.is_empty() && to.labels[SOLVER] == "true";
    let hosts_there = || {
        let mut components = entries(world.says("/components")).into_iter();
        components.any(|(_, other)| other["route"].is_object() && other["namespace"] == to.namespace.as_str())
    };
    let reasons = [
        ("calls", listens && calls(caller, &to.component) && is_front(called, port)),
        ("route", listens && from_type == "ingress-nginx" && called["route"].is_object() && is_front(called, port)),
        ("scrape", listens && from_type == "prometheus" && is_metrics(world, called, port)),
        (
            "challenge",
            from_type == "ingress-nginx" && solver && network.by_challenge && port == ("TCP", 8089) && hosts_there(),
        ),
        (
            "self-check",
            is_controller(from_type, from) && to_type == "ingress-nginx" && is_edge(port) && network.by_challenge,
        ),
        ("peers", from.name == to.name && to_type == "alertmanager" && PEERS.contains(&port)),
    ];
    reasons.into_iter().find(|(_, holds)| *holds).map(|(reason, _)| reason)
}

/// Whether this is cert-manager's controller, and neither its webhook nor its injector.
fn is_controller(type_name: &str, pod: &Pod) -> bool {
    type_name == "cert-manager" && pod.labels["app.kubernetes.io/component"] == "controller"
}

fn is_edge(port: Port) -> bool {
    [("TCP", 80), ("TCP", 443)].contains(&port)
}

/// Why anybody may connect to a pod, if there is a reason: it is the edge, or the API server asks there, which cannot be
/// told from others.
pub fn anybody(network: &Network<'_>, to: &Pod, port: Port) -> Option<&'static str> {
    let edge = spec(network.world, to)["type"] == "ingress-nginx" && is_edge(port);
    let asked = network.asked.iter().any(|(name, asked)| *name == to.name && *asked == port);
    if edge { Some("edge") } else { asked.then_some("API server") }
}

/// The ports of pods that the API server asks: those behind webhooks and aggregated APIs.
pub fn asked(world: &World) -> Vec<(String, Port)> {
    let mut found = Vec::new();
    for object in &world.objects {
        let hooks = items(object.at("/webhooks")).map(|hook| &hook["clientConfig"]["service"]);
        let aggregated = if object.kind == "APIService" { object.at("/spec/service") } else { &Value::Null };
        for target in hooks.chain([aggregated]).filter(|target| target.is_object()) {
            let service = world.find("Service", text(&target["namespace"]), text(&target["name"]));
            let port = if target["port"].is_null() { Value::from(443) } else { target["port"].clone() };
            let Some((service, port)) = service.and_then(|service| Some((service, service_port(service, &port)?)))
            else {
                continue;
            };
            for pods in behind(world, service) {
                let number = pods.port(&port["targetPort"], protocol_of(port)).and_then(|n| u16::try_from(n).ok());
                found.extend(number.map(|number| (name_of(&pods), ("TCP", number))));
            }
        }
    }
    found
}

/// Whether `address` is anywhere but in private ranges and the cluster's own.
pub fn is_public(world: &World, address: std::net::IpAddr) -> bool {
    let mut own = ["pod-cidrs", "service-cidrs", "node-cidrs"]
        .iter()
        .flat_map(|key| ranges(world.says(&format!("/cluster/{key}"))))
        .chain(PRIVATE.iter().map(|range| Range::parse(range)));
    !own.any(|range| range.contains(address))
}

/// Why a pod may connect to somewhere outside, if there is a reason.
pub fn outwards(network: &Network<'_>, from: &Pod, to: &Place, port: Port) -> Option<&'static str> {
    let world = network.world;
    let component = spec(world, from);
    let type_name = text(&component["type"]);
    let address = to.address();
    // What costs nothing is asked first: most ports have no reason at all.
    let here = |external: &Value| {
        texts(&external["cidrs"]).into_iter().any(|range| match (range, to) {
            ("public", Place::Address(_, name)) if network.cilium => {
                name.as_deref().is_some_and(|name| is_of(name, text(&external["host"])))
            }
            ("public", _) => is_public(world, address),
            (range, _) => Range::parse(range).contains(address),
        })
    };
    let external = |(name, external): &(&str, &Value)| {
        port.0 == "TCP" && number(&external["port"]) == Some(port.1) && calls(component, name) && here(external)
    };
    let is_in = |key: &str| ranges(world.says(&format!("/cluster/{key}"))).iter().any(|range| range.contains(address));
    let api_port = || items(world.says("/cluster/api-server/ports")).any(|own| number(own) == Some(port.1));
    let asks_kubelets = match type_name {
        "prometheus" => component["kubelet"] != false,
        known => known == "metrics-server",
    };
    let reasons = [
        ("calls", entries(world.says("/externals")).iter().any(external)),
        ("API server", from.token && port.0 == "TCP" && api_port() && is_in("api-server/cidrs")),
        ("names", port.1 == 53 && is_in("node-local-dns")),
        ("kubelets", asks_kubelets && port == KUBELET && is_in("node-cidrs")),
        (
            "authority",
            is_controller(type_name, from) && network.by_challenge && is_edge(port) && is_public(world, address),
        ),
    ];
    reasons.into_iter().find(|(_, holds)| *holds).map(|(reason, _)| reason)
}

/// Whether the name is the host, or one label below it, as buckets and tenants are.
fn is_of(name: &str, host: &str) -> bool {
    let label = name.strip_suffix(host).and_then(|label| label.strip_suffix('.'));
    name == host || label.is_some_and(|label| !label.contains('.'))
}
