//! Hosts and paths that lead callers from outside to a Service.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::diff::effects::around::{Around, World};
use crate::diff::effects::behind::host;
use crate::diff::effects::filters::{answers, guards, mirrors};
use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::ordered::Ordered;
use crate::reach::pods::namespace;

/// One way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The host; `*` is any.
    pub host: String,
    path: String,
    extent: Extent,
    /// What else a request must have.
    terms: String,
    /// Services as `namespace/name:port`, and whether anybody can answer there.
    to: BTreeMap<String, End>,
    /// Why nobody is led anywhere, whatever the Services are; in words that follow the route.
    shut: Option<&'static str>,
    /// Who takes the requests, as far as that is said.
    doors: BTreeSet<String>,
    /// What stands between the callers and the Services, in words that follow "no longer".
    guards: BTreeSet<String>,
}

/// Which requests a path takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// For that path.
    Exact,
    /// For that path and all below it.
    Below,
    /// What the controller makes of it.
    Alike,
}

/// What is known of a Service that a route leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It has that port, as far as anybody can tell.
    Open,
    /// It is not among the manifests.
    Absent,
    /// It has no such port.
    Portless,
}

/// Kinds of the Gateway API that lead somewhere.
const GATEWAY_ROUTES: &[&str] = &["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"];

impl Route {
    /// Whether all that the other takes is taken here.
    pub fn takes(&self, other: &Self) -> bool {
        let is_host = host_has(&self.host, &other.host);
        let start = format!("{}/", self.path.trim_end_matches('/'));
        let is_path = self.path == other.path && (self.extent == other.extent || self.extent != Extent::Exact)
            || self.extent == Extent::Below && other.path.starts_with(&start);
        is_host && is_path && (self.terms.is_empty() || self.terms == other.terms)
    }

    /// The Services that it leads to, as `namespace/name`.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.to.keys().map(|to| split(to).0)
    }

    /// The ports at which it leads to a Service.
    pub fn ports(&self, service: &str) -> impl Iterator<Item = &str> {
        self.to.keys().map(|to| split(to)).filter(move |(name, _)| *name == service).map(|(_, port)| port)
    }

    /// The ports of a Service that it asks for and that the Service has not.
    pub fn missing(&self, service: &str) -> impl Iterator<Item = &str> {
        let is_missing = |(_, end): &(&String, &End)| **end == End::Portless;
        let missing = self.to.iter().filter(is_missing).map(|(to, _)| split(to));
        missing.filter(move |(name, _)| *name == service).map(|(_, port)| port)
    }

    /// Whether it takes requests for the same host and path, if not all of the same.
    pub fn is_about(&self, other: &Self) -> bool {
        self.host == other.host && self.path == other.path
    }

    /// Whether everything that it leads to is known to be there.
    fn is_served(&self) -> bool {
        self.shut.is_none() && !self.to.is_empty() && self.to.values().all(|end| *end == End::Open)
    }

    /// The same route, once the Services and Gateways have got their new names.
    fn renamed(&self, around: &Around<'_>) -> Self {
        let to = self.to.iter().map(|(to, end)| {
            let (name, port) = split(to);
            (format!("{}:{port}", around.heir("Service", name)), *end)
        });
        let doors = self.doors.iter().map(|door| {
            let (name, section) = door.split_once('#').unwrap_or((door, ""));
            let heir = around.heir("Gateway", name);
            if section.is_empty() { heir.to_owned() } else { format!("{heir}#{section}") }
        });
        Self { to: to.collect(), doors: doors.collect(), ..self.clone() }
    }
}

/// `shop.example.com/api`
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.host, self.path)
    }
}

/// Whether a host, which may begin with `*.`, is or has the other.
pub fn host_has(wide: &str, narrow: &str) -> bool {
    let one_below = || narrow.strip_suffix(wide.strip_prefix('*')?).filter(|label| !label.contains('.'));
    wide == "*" || wide == narrow || (wide.starts_with("*.") && one_below().is_some())
}

/// What is new about a route, where these were there; `None` if nothing is.
pub fn opened(route: &Route, old: &[&Route], around: &Around<'_>) -> Option<String> {
    let takers: Vec<Route> = old.iter().filter(|old| old.takes(route)).map(|old| old.renamed(around)).collect();
    // where there is no such port, nobody is
    let to: Vec<&String> = route.to.iter().filter(|(_, end)| **end != End::Portless).map(|(to, _)| to).collect();
    let leads: Vec<&Route> = takers.iter().filter(|old| to.iter().all(|to| old.to.contains_key(*to))).collect();
    let is_door = |old: &Route, door: &String| {
        old.doors.is_empty() || old.doors.iter().any(|own| own == door || door.starts_with(&format!("{own}#")))
    };
    let other_door = || route.doors.iter().find(|door| !leads.iter().any(|old| is_door(old, door)));
    if takers.is_empty() {
        let is_wider = old.iter().any(|old| old.is_about(route));
        Some(if is_wider { format!("route {route} takes more than before") } else { format!("route {route}") })
    } else if leads.is_empty() {
        let to: Vec<&str> = to.into_iter().map(String::as_str).collect();
        Some(format!("route {route} leads to {}", to.join(", ")))
    } else if let Some(door) = other_door() {
        Some(format!("route {route} is open at {}", door.replace('#', " ")))
    } else {
        // one of those that led there may have been without a guard
        let lost = leads.iter().map(|old| old.guards.difference(&route.guards).next()).collect::<Option<Vec<_>>>()?;
        lost.first().map(|guard| format!("route {route} no longer {guard}"))
    }
}

/// Why callers of a route find nobody, where these led them to somebody.
pub fn dead_ends(route: &Route, old: &[&Route]) -> Vec<String> {
    let led = |how: fn(&Route) -> bool| old.iter().any(|old| old.takes(route) && how(old));
    if let Some(why) = route.shut {
        return led(|old| old.shut.is_none()).then(|| format!("route {route} {why}")).into_iter().collect();
    }
    if !led(Route::is_served) {
        return Vec::new();
    }
    let why = |(to, end): (&String, &End)| match (split(to), end) {
        (_, End::Open) => None,
        ((service, _), End::Absent) => Some(format!("leads to {service}, which is not among these manifests")),
        ((service, port), End::Portless) => Some(format!("leads to {service}, which has no port `{port}`")),
    };
    route.to.iter().filter_map(why).map(|why| format!("route {route} {why}")).collect()
}

/// The routes that an object makes.
pub fn of(document: &Document, world: &World<'_>) -> Vec<Route> {
    match document.id.kind.as_str() {
        "Ingress" => ingress(document, world),
        kind if GATEWAY_ROUTES.contains(&kind) => gateway(document, world),
        _ => Vec::new(),
    }
}

fn ingress(document: &Document, world: &World<'_>) -> Vec<Route> {
    let root = &document.root;
    let class = root.text_at(&["spec", "ingressClassName"]);
    let class = class.or_else(|| root.text_at(&["metadata", "annotations", "kubernetes.io/ingress.class"]));
    let doors: BTreeSet<String> = class.map(|class| format!("class {class}")).into_iter().ordered();
    let to = |backend: Option<&Node>| -> BTreeMap<String, End> {
        let port = |service: &Node| service.at(&["port", "number"]).or_else(|| service.at(&["port", "name"])).map(text);
        let named = backend.and_then(|one| one.get("service")).map(|one| (one.text_at(&["name"]), port(one)));
        // as it was written before networking.k8s.io/v1
        let older = || backend.map(|one| (one.text_at(&["serviceName"]), one.get("servicePort").map(text)));
        let found = named.or_else(older).and_then(|(name, port)| Some((name?, port)));
        found.map(|(name, port)| service(world, namespace(document), name, port)).into_iter().collect()
    };
    let mut found = Vec::new();
    for rule in root.items_at(&["spec", "rules"]) {
        let host = rule.text_at(&["host"]).unwrap_or("*");
        for path in rule.items_at(&["http", "paths"]) {
            let extent = match path.text_at(&["pathType"]) {
                Some("Exact") => Extent::Exact,
                Some("Prefix") => Extent::Below,
                _ => Extent::Alike,
            };
            found.push(Route {
                host: host.to_owned(),
                path: path.text_at(&["path"]).unwrap_or("/").to_owned(),
                extent,
                terms: String::new(),
                to: to(path.get("backend")),
                shut: None,
                doors: doors.clone(),
                guards: BTreeSet::new(),
            });
        }
    }
    let fallback = root.at(&["spec", "defaultBackend"]).or_else(|| root.at(&["spec", "backend"]));
    found.extend(fallback.map(|backend| Route {
        host: "*".to_owned(),
        path: "/".to_owned(),
        extent: Extent::Below,
        terms: String::new(),
        to: to(Some(backend)),
        shut: None,
        doors,
        guards: BTreeSet::new(),
    }));
    found
}

/// Every match of a route of the Gateway API is one of each of its hosts.
fn gateway(document: &Document, world: &World<'_>) -> Vec<Route> {
    let root = &document.root;
    let own = namespace(document);
    let doors: BTreeSet<String> =
        root.items_at(&["spec", "parentRefs"]).iter().filter_map(|one| door(one, own)).collect();
    let hosts: Vec<&str> = root.items_at(&["spec", "hostnames"]).iter().filter_map(Node::text).collect();
    let hosts = if hosts.is_empty() { vec!["*"] } else { hosts };
    let nothing = Node { span: Default::default(), value: crate::manifest::node::Value::Null };
    let or_nothing = |items: &'_ [Node]| if items.is_empty() { vec![nothing.clone()] } else { items.to_vec() };
    let mut found = Vec::new();
    for rule in or_nothing(root.items_at(&["spec", "rules"])) {
        let is_used = |one: &&Node| one.get("weight").and_then(Node::integer) != Some(0);
        let backends: Vec<&Node> = rule.items_at(&["backendRefs"]).iter().filter(is_used).collect();
        let backend = |one: &Node| {
            let home = one.text_at(&["namespace"]).unwrap_or(own);
            let (to, end) = service(world, home, one.text_at(&["name"])?, one.get("port").map(text));
            // what is no Service has ports of its own
            let is_service = matches!(one.text_at(&["kind"]), None | Some("Service"));
            Some((to, if is_service { end } else { End::Open }))
        };
        let to: BTreeMap<String, End> = backends.iter().copied().chain(mirrors(&rule)).filter_map(backend).ordered();
        let shut = if doors.is_empty() {
            Some("is open at no Gateway any more")
        } else {
            (backends.is_empty() && !answers(&rule)).then_some("leads to nobody any more")
        };
        let guards = guards(&rule, &backends);
        for one in or_nothing(rule.items_at(&["matches"])) {
            let terms = ["headers", "queryParams", "method"].map(|key| one.get(key).map(json).unwrap_or_default());
            let extent = match one.text_at(&["path", "type"]) {
                Some("Exact") => Extent::Exact,
                Some("RegularExpression") => Extent::Alike,
                _ => Extent::Below,
            };
            found.extend(hosts.iter().map(|host| Route {
                host: (*host).to_owned(),
                path: one.text_at(&["path", "value"]).unwrap_or("/").to_owned(),
                extent,
                terms: terms.concat(),
                to: to.clone(),
                shut,
                doors: doors.clone(),
                guards: guards.clone(),
            }));
        }
    }
    found
}

/// `edge/public#https`
fn door(parent: &Node, own: &str) -> Option<String> {
    let name = format!("{}/{}", parent.text_at(&["namespace"]).unwrap_or(own), parent.text_at(&["name"])?);
    Some(match parent.text_at(&["sectionName"]) {
        Some(section) => format!("{name}#{section}"),
        None => name,
    })
}

/// A Service with its port, which is told by its number if that is known.
fn service(world: &World<'_>, namespace: &str, name: &str, port: Option<String>) -> (String, End) {
    let told = |port: Option<String>| format!("{namespace}/{name}:{}", port.unwrap_or_default());
    let Some(service) = world.service(namespace, name) else { return (told(port), End::Absent) };
    let is_it = |one: &&Node| {
        one.text_at(&["name"]) == port.as_deref() || one.get("port").map(text).as_deref() == port.as_deref()
    };
    match service.root.items_at(&["spec", "ports"]).iter().find(is_it).and_then(|one| one.get("port")) {
        Some(number) => (told(Some(text(number))), End::Open),
        // a name in another network has every port, and a route may ask for none
        None if port.is_none() || host(service).is_some() => (told(port), End::Open),
        None => (told(port), End::Portless),
    }
}

/// `production/api:80` in two.
fn split(to: &str) -> (&str, &str) {
    to.split_once(':').unwrap_or((to, ""))
}

fn text(node: &Node) -> String {
    node.text().map_or_else(|| json(node), str::to_owned)
}

fn json(node: &Node) -> String {
    serde_json::to_string(node).unwrap_or_default()
}
