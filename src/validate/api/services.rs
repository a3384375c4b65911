//! Rules for Services and what stands behind them: Endpoints and EndpointSlices.
//!
//! Source: `pkg/apis/core/validation/validation.go`, `pkg/registry/core/service/storage/alloc.go` and
//! `pkg/apis/discovery/validation/validation.go` of Kubernetes 1.35 to 1.37.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::diff::path::Step;
use crate::manifest::node::Node;
use crate::validate::api::addresses::{address, address_fault, range_fault, strict_address_fault, target_fault};
use crate::validate::api::forms::{PORT_NAME, is_label, is_port_name, is_subdomain};
use crate::validate::api::rules::{at_most, distinct, has, once};
use crate::validate::api::{Judge, begin, meta};

const RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
const HINTS: &str = "service.kubernetes.io/topology-aware-hints";
const MODE: &str = "service.kubernetes.io/topology-mode";
/// A day.
const LONGEST_AFFINITY: i128 = 86_400;

fn kind(spec: &Node) -> &str {
    spec.text_at(&["type"]).filter(|kind| !kind.is_empty()).unwrap_or("ClusterIP")
}

/// What is said, which an empty text is not.
fn said<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.text_at(&[key]).filter(|text| !text.is_empty())
}

pub fn service(judge: &mut Judge<'_>, node: &Node) {
    let Some(annotations) = node.at(&["metadata", "annotations"]) else { return };
    let path = judge.path.key("metadata").key("annotations");
    let Some(spec) = node.get("spec") else { return };
    if let (Some(mode), Some(hints)) = (annotations.get(MODE), annotations.get(HINTS))
        && mode != hints
    {
        judge.at(&path.key(MODE), mode.span, &format!("must be the same as `{HINTS}`"));
    }
    let Some(ranges) = annotations.get(RANGES).filter(|_| spec.items_at(&["loadBalancerSourceRanges"]).is_empty())
    else {
        return;
    };
    if kind(spec) != "LoadBalancer" {
        judge.at(&path.key(RANGES), ranges.span, "is for services of the type `LoadBalancer`");
    }
    let text = ranges.text().unwrap_or_default().trim();
    for range in text.split(',').map(str::trim).filter(|_| !text.is_empty()) {
        if let Some(why) = range_fault(range, judge.minor) {
            judge.at(&path.key(RANGES), ranges.span, &format!("names `{range}`, which {why}"));
        }
    }
}

pub fn spec(judge: &mut Judge<'_>, node: &Node) {
    let kind = kind(node);
    let ports = node.items_at(&["ports"]);
    let is_headless = said(node, "clusterIP") == Some("None");
    if ports.is_empty() && kind != "ExternalName" && !is_headless {
        judge.refuse(node, "ports", "must not be empty unless the service is headless");
    }
    port_list(judge, node, ports, kind);
    meta::labels(judge, node, "selector");
    match kind {
        "ExternalName" => external_name(judge, node),
        "NodePort" | "LoadBalancer" if is_headless => {
            judge.refuse(node, "clusterIP", &format!("must not be `None` where the type is `{kind}`"));
        }
        _ => {}
    }
    if kind != "ExternalName" {
        cluster_addresses(judge, node);
    }
    let minor = judge.minor;
    judge.faults(node, "externalIPs", |text| {
        address_fault(text, minor).or_else(|| target_fault(text)).map(str::to_owned)
    });
    balancer(judge, node, kind);
    traffic(judge, node, kind);
    if said(node, "sessionAffinity") == Some("ClientIP")
        && let Some(seconds) = node.at(&["sessionAffinityConfig", "clientIP", "timeoutSeconds"])
        && seconds.integer().is_some_and(|seconds| !(1..=LONGEST_AFFINITY).contains(&seconds))
    {
        let path = judge.path.key("sessionAffinityConfig").key("clientIP").key("timeoutSeconds");
        judge.at(&path, seconds.span, &format!("must be between 1 and {LONGEST_AFFINITY}"));
    }
}

fn port_list(judge: &mut Judge<'_>, node: &Node, ports: &[Node], kind: &str) {
    let mut known = BTreeSet::new();
    let mut on_nodes = BTreeSet::new();
    judge.each(node, "ports", |judge, port| {
        let number = |key: &str| port.get(key).and_then(Node::integer);
        let protocol = said(port, "protocol").unwrap_or("TCP");
        if !known.insert((number("port"), protocol)) {
            judge.at(judge.path, begin(port), "has the same port and protocol as one before it");
        }
        if let Some(own) = number("nodePort").filter(|own| *own != 0) {
            if kind == "ClusterIP" {
                judge.refuse(port, "nodePort", "must not be there where the type is `ClusterIP`");
            } else if !on_nodes.insert((own, protocol)) {
                judge.refuse(port, "nodePort", &format!("is {own}, which another port has"));
            }
        }
        if ports.len() > 1 && said(port, "name").is_none() {
            judge.refuse(port, "name", "is missing: where there are several ports, each must have one");
        }
        if let Some(name) = said(port, "targetPort").filter(|name| !is_port_name(name)) {
            let why = format!("is `{name}`; it must be a number, or {}", PORT_NAME.1);
            judge.refuse(port, "targetPort", &why);
        }
    });
    once(judge, node, "ports", "name");
}

fn external_name(judge: &mut Judge<'_>, node: &Node) {
    let host = said(node, "externalName").map(|name| name.strip_suffix('.').unwrap_or(name));
    if host.is_none_or(|name| !is_subdomain(name)) {
        judge.refuse(node, "externalName", "must be a host name where the type is `ExternalName`");
    }
    let is_there = |key: &&str| match *key {
        "clusterIP" => said(node, "clusterIP").is_some(),
        "ipFamilyPolicy" => has(node, "ipFamilyPolicy"),
        list => !node.items_at(&[list]).is_empty(),
    };
    for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"].iter().filter(|key| is_there(key)) {
        judge.refuse(node, key, "must not be there where the type is `ExternalName`");
    }
}

fn cluster_addresses(judge: &mut Judge<'_>, node: &Node) {
    let texts = |key: &str| -> Vec<&str> { node.items_at(&[key]).iter().filter_map(Node::text).collect() };
    let (own, all, families) = (said(node, "clusterIP"), texts("clusterIPs"), texts("ipFamilies"));
    match own {
        None if !all.is_empty() => judge.refuse(node, "clusterIPs", "needs `clusterIP`, with the first of them"),
        Some(own) if all.first().is_some_and(|first| *first != own) => {
            judge.refuse(node, "clusterIPs", &format!("must begin with `{own}`, which is the `clusterIP`"));
        }
        Some("None") if all.len() > 1 => judge.refuse(node, "clusterIPs", "must hold nothing beside `None`"),
        _ => {}
    }
    if all.len() > 2 {
        judge.refuse(node, "clusterIPs", "must not hold more than 2 addresses");
    }
    let minor = judge.minor;
    let fault = |text: &str| (text != "None").then(|| address_fault(text, minor).map(str::to_owned)).flatten();
    judge.faults(node, if all.is_empty() { "clusterIP" } else { "clusterIPs" }, fault);
    distinct(judge, node, "ipFamilies");
    let addresses: Vec<&str> = if all.is_empty() { own.into_iter().collect() } else { all };
    let read: Vec<IpAddr> = addresses.iter().filter_map(|text| address(text)).collect();
    if let [one, other] = read.as_slice()
        && one.is_ipv4() == other.is_ipv4()
    {
        judge.refuse(node, "clusterIPs", "must not hold two addresses of one family");
    }
    for (read, family) in read.iter().zip(&families) {
        if [(true, "IPv6"), (false, "IPv4")].contains(&(read.is_ipv4(), family)) {
            judge.refuse(node, "clusterIP", &format!("is `{read}`, which is not of the family `{family}`"));
        }
    }
    let policy = said(node, "ipFamilyPolicy").unwrap_or("SingleStack");
    if policy == "SingleStack" && (families.len() == 2 || addresses.len() == 2) {
        judge.refuse(
            node,
            "ipFamilyPolicy",
            "must be `PreferDualStack` or `RequireDualStack` where there are two families",
        );
    }
}

/// Fields that only services of the type `LoadBalancer` may have.
fn balancer(judge: &mut Judge<'_>, node: &Node, kind: &str) {
    if kind != "LoadBalancer" {
        let is_there = |key: &&str| has(node, key) && node.get(key).is_none_or(|value| !is_empty_list(value));
        let keys = ["allocateLoadBalancerNodePorts", "loadBalancerClass", "loadBalancerSourceRanges"];
        for key in keys.iter().filter(|key| is_there(key)) {
            judge.refuse(node, key, "is for services of the type `LoadBalancer`");
        }
    } else if let Some(class) = said(node, "loadBalancerClass").filter(|class| !super::forms::is_qualified(class)) {
        let why = format!("is `{class}`; it must be {}", super::forms::LABEL_KEY.1);
        judge.refuse(node, "loadBalancerClass", &why);
    }
    let minor = judge.minor;
    judge.faults(node, "loadBalancerSourceRanges", |text| range_fault(text.trim(), minor).map(str::to_owned));
}

fn is_empty_list(node: &Node) -> bool {
    matches!(&node.value, crate::manifest::node::Value::List(items) if items.is_empty())
}

fn traffic(judge: &mut Judge<'_>, node: &Node, kind: &str) {
    let is_balancer = kind == "LoadBalancer";
    let has_addresses = kind == "ClusterIP" && !node.items_at(&["externalIPs"]).is_empty();
    let policy = said(node, "externalTrafficPolicy");
    if policy.is_some() && !is_balancer && kind != "NodePort" && !has_addresses {
        judge.refuse(node, "externalTrafficPolicy", "is for services that are reached from outside");
    }
    let Some(port) = node.get("healthCheckNodePort").and_then(Node::integer).filter(|port| *port != 0) else { return };
    if !is_balancer || policy != Some("Local") {
        let why = "needs the type `LoadBalancer` and the `externalTrafficPolicy` `Local`";
        judge.refuse(node, "healthCheckNodePort", why);
    } else if !(1..=65_535).contains(&port) {
        judge.refuse(node, "healthCheckNodePort", &format!("is {port}; it must be between 1 and 65535"));
    }
}

pub fn subset(judge: &mut Judge<'_>, node: &Node) {
    if node.items_at(&["addresses"]).is_empty() && node.items_at(&["notReadyAddresses"]).is_empty() {
        judge.refuse(node, "", "must have `addresses` or `notReadyAddresses`");
    }
    let ports = node.items_at(&["ports"]);
    judge.each(node, "ports", |judge, port| {
        if ports.len() > 1 && said(port, "name").is_none() {
            judge.refuse(port, "name", "is missing: where there are several ports, each must have one");
        }
    });
}

pub fn endpoint_address(judge: &mut Judge<'_>, node: &Node) {
    let minor = judge.minor;
    judge.faults(node, "ip", |text| address_fault(text, minor).or_else(|| target_fault(text)).map(str::to_owned));
}

/// The most that an EndpointSlice may hold.
const ENDPOINTS: usize = 1_000;
const ADDRESSES: usize = 100;
const PORTS: usize = 20_000;
const HINTED: usize = 8;

pub fn slice(judge: &mut Judge<'_>, node: &Node) {
    at_most(judge, node, "endpoints", ENDPOINTS);
    at_most(judge, node, "ports", PORTS);
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let ports = node.items_at(&["ports"]);
    for (at, port) in ports.iter().enumerate() {
        let name = port.text_at(&["name"]).unwrap_or_default();
        if !names.insert(name) {
            let why = format!("has the name `{name}`, which another port has");
            judge.step(Step::Key("ports".into()), |judge| {
                judge.step(crate::diff::path::Step::Index(at), |judge| judge.at(judge.path, begin(port), &why));
            });
        }
    }
    let (family, minor) = (said(node, "addressType").unwrap_or_default(), judge.minor);
    judge.each(node, "endpoints", |judge, endpoint| {
        at_most(judge, endpoint, "addresses", ADDRESSES);
        judge.faults(endpoint, "addresses", |text| {
            let wrong_family = || address(text).filter(|own| own.is_ipv4() != (family == "IPv4"));
            let why = match family {
                "IPv4" => address_fault(text, minor),
                "IPv6" => strict_address_fault(text),
                "FQDN" => (!is_full_host(text)).then_some("is no full host name"),
                _ => None,
            };
            why.map(str::to_owned)
                .or_else(|| {
                    (family != "FQDN" && !family.is_empty())
                        .then(wrong_family)
                        .flatten()
                        .map(|_| format!("is not of the family `{family}`"))
                })
                .or_else(|| target_fault(text).filter(|_| family != "FQDN").map(str::to_owned))
        });
    });
}

fn is_full_host(text: &str) -> bool {
    let host = text.strip_suffix('.').unwrap_or(text);
    is_subdomain(host) && host.contains('.') && host.split('.').all(is_label)
}

pub fn hints(judge: &mut Judge<'_>, node: &Node) {
    for list in ["forZones", "forNodes"] {
        at_most(judge, node, list, HINTED);
        once(judge, node, list, "name");
    }
}
