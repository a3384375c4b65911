//! Routes of the Gateway API: whether the gateways that they name take them, and whether they may send where they do.
//!
//! Source: `ParentReference`, `Listener`, `AllowedRoutes` and `ReferenceGrant` of the Gateway API.

use crate::diagnostics::{codes, suggest};
use crate::manifest::node::Node;
use crate::manifest::selector::Selector;
use crate::validate::findings::Findings;
use crate::validate::references::mentions::Mention;
use crate::validate::world::{Thing, World};

const GROUP: &str = "gateway.networking.k8s.io";
const ROUTES: &[&str] = &["GRPCRoute", "HTTPRoute", "TCPRoute", "TLSRoute", "UDPRoute"];

/// Every route is taken, and may send where it does.
pub fn attach(world: &World<'_>, mentions: &[Mention<'_>], findings: &mut Findings) {
    for route in world.objects.iter().copied().filter(|thing| is_route(*thing)) {
        taken(world, route, findings);
    }
    if world.is_closed() {
        for mention in mentions.iter().filter(|mention| is_route(mention.by) && mention.kind == "Service") {
            granted(world, mention, findings);
        }
    }
}

fn is_route(thing: Thing<'_>) -> bool {
    thing.document.id.group == GROUP && ROUTES.contains(&thing.document.id.kind.as_str())
}

/// The gateways have the listeners that a route names, which take routes of its namespace and its hosts.
fn taken<'a>(world: &World<'a>, route: Thing<'a>, findings: &mut Findings) {
    let mut takers = Vec::new();
    let mut are_known = true;
    for parent in route.root().items_at(&["spec", "parentRefs"]) {
        let is_gateway = parent.text_at(&["kind"]).unwrap_or("Gateway") == "Gateway";
        let place = parent.text_at(&["namespace"]).unwrap_or_else(|| route.place());
        let name = parent.get("name").filter(|_| is_gateway).and_then(|node| Some((node, node.text()?)));
        let gateway = name.and_then(|(node, name)| Some((node, world.find("Gateway", place, name)?)));
        let Some((node, gateway)) = gateway.filter(|(_, gateway)| gateway.document.id.group == GROUP) else {
            are_known = false;
            continue;
        };
        findings.ask();
        let Some(named) = listeners(route, parent, gateway, findings) else {
            are_known = false;
            continue;
        };
        let own: Vec<&Node> = named.into_iter().filter(|own| admits(world, own, gateway, route)).collect();
        if own.is_empty() {
            let message = format!("{} takes no routes of the namespace `{}`", gateway.document.id, route.place());
            findings
                .warning(codes::UNFIT_TARGET, route, node, &message)
                .help("a listener takes those of its own namespace, unless `allowedRoutes.namespaces` says otherwise");
            are_known = false;
        }
        takers.extend(own);
    }
    if !are_known || takers.is_empty() {
        return;
    }
    for node in route.root().items_at(&["spec", "hostnames"]) {
        let Some(host) = node.text() else { continue };
        findings.ask();
        let hosts: Vec<&str> = takers.iter().filter_map(|own| own.text_at(&["hostname"])).collect();
        let is_open = hosts.len() < takers.len() || hosts.contains(&"");
        if !is_open && !hosts.iter().any(|own| meets(host, own)) {
            findings
                .warning(codes::UNFIT_TARGET, route, node, &format!("no listener takes the host `{host}`"))
                .help(format!("listeners take {}", suggest::joined(hosts, "and")));
        }
    }
}

/// The listeners that a route names: all that there are, unless it says which.
fn listeners<'a>(
    route: Thing<'a>,
    parent: &'a Node,
    gateway: Thing<'a>,
    findings: &mut Findings,
) -> Option<Vec<&'a Node>> {
    let all = gateway.root().items_at(&["spec", "listeners"]);
    let (section, port) = (parent.get("sectionName"), parent.get("port"));
    let names = || all.iter().filter_map(|own| own.text_at(&["name"]));
    if let Some((node, name)) = section.and_then(|node| Some((node, node.text()?)))
        && !names().any(|own| own == name)
    {
        findings
            .error(codes::DANGLING_REFERENCE, route, node, &format!("{} has no listener `{name}`", gateway.document.id))
            .help(format!("its listeners are {}", suggest::joined(names(), "and")))
            .did_you_mean(suggest::nearest(name, names()));
        return None;
    }
    let number = port.and_then(Node::integer);
    let is_meant = |own: &&Node| {
        section.is_none_or(|name| own.text_at(&["name"]) == name.text())
            && number.is_none_or(|number| own.get("port").and_then(Node::integer) == Some(number))
    };
    let named: Vec<&Node> = all.iter().filter(is_meant).collect();
    if let (Some(node), Some(number), true) = (port, number, named.is_empty()) {
        let message = format!("{} has no such listener at the port {number}", gateway.document.id);
        findings.error(codes::DANGLING_REFERENCE, route, node, &message).help("name the port of a listener, or none");
        return None;
    }
    Some(named)
}

/// Whether a listener takes routes of the namespace of this one.
fn admits(world: &World<'_>, listener: &Node, gateway: Thing<'_>, route: Thing<'_>) -> bool {
    let of = listener.at(&["allowedRoutes", "namespaces"]);
    match of.and_then(|of| of.text_at(&["from"])).unwrap_or("Same") {
        "Same" => gateway.place() == route.place(),
        "None" => false,
        "Selector" => {
            let selector = of.and_then(|of| of.get("selector")).map(Selector::read).unwrap_or_default();
            let labels = world.namespaces.get(route.place());
            // labels of a namespace that is elsewhere are known to nobody
            !world.is_closed() || labels.is_none_or(|labels| selector.matches(labels))
        }
        _ => true,
    }
}

/// Whether some host is one of a route and one of a listener; a star stands for any number of parts.
fn meets(own: &str, listener: &str) -> bool {
    let is_below = |host: &str, end: &str| host.len() > end.len() && host.ends_with(end);
    match (own.strip_prefix('*'), listener.strip_prefix('*')) {
        (None, None) => own == listener,
        (None, Some(end)) => is_below(own, end),
        (Some(end), None) => is_below(listener, end),
        (Some(one), Some(other)) => one.ends_with(other) || other.ends_with(one),
    }
}

/// Who is sent to from another namespace has said so.
fn granted(world: &World<'_>, mention: &Mention<'_>, findings: &mut Findings) {
    let Mention { by, named, kind, place, name, .. } = *mention;
    if place == by.place() || world.find(kind, place, name).is_none() {
        return;
    }
    findings.ask();
    let is_from = |from: &Node| {
        from.text_at(&["group"]) == Some(GROUP)
            && from.text_at(&["kind"]) == Some(by.document.id.kind.as_str())
            && from.text_at(&["namespace"]) == Some(by.place())
    };
    let is_to = |to: &Node| {
        to.text_at(&["kind"]) == Some(kind) && to.text_at(&["name"]).is_none_or(|own| own.is_empty() || own == name)
    };
    let mut grants = world.of_kind("ReferenceGrant").filter(|grant| grant.place() == place);
    let is_granted = grants.any(|grant| {
        let spec = |key: &'static str| grant.root().items_at(&["spec", key]).iter();
        spec("from").any(is_from) && spec("to").any(is_to)
    });
    if !is_granted {
        let message = format!("the {mention} is in another namespace, and no ReferenceGrant there lets the route send");
        findings
            .warning(codes::UNFIT_TARGET, by, named, &message)
            .help("write a ReferenceGrant in the namespace of the Service, or the route beside it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_meet() {
        for (own, listener) in [
            ("a.example.com", "a.example.com"),
            ("a.b.example.com", "*.example.com"),
            ("*.example.com", "a.example.com"),
            ("*.b.example.com", "*.example.com"),
            ("*.example.com", "*.b.example.com"),
        ] {
            assert!(meets(own, listener), "{own} {listener}");
        }
        for (own, listener) in
            [("example.com", "*.example.com"), ("a.example.com", "b.example.com"), ("*.example.org", "*.example.com")]
        {
            assert!(!meets(own, listener), "{own} {listener}");
        }
    }
}
