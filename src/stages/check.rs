//! What no component can know by itself: namespaces exist, routes do not collide, every need has somebody who meets it.

mod ranges;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::model::component::{Capability, Provides};
use crate::model::names::Names;
use crate::model::platform::{Declared, Platform};
use crate::ordered::Ordered;
use crate::spec::read::At;
use crate::spec::secrets::Backend;
use crate::spec::shapes::{Domain, PodSecurity};
use crate::values::host::Host;
use crate::values::parse::Parse;
use crate::values::path::UrlPath;

/// Checks the platform as a whole.
pub fn check(platform: &Platform, names: &Names<'_>, report: &mut Report) {
    // A component that could not be read is missing here, and so may be what another one needs.
    let read: BTreeSet<&str> = platform.components.iter().map(|declared| declared.own.name.as_str()).ordered();
    let complete = names.components.is_subset(&read);
    let provides = |declared: &Declared| declared.component.provides(&declared.own, &platform.facts).capability();
    let provided: BTreeSet<Capability> = platform.components.iter().filter_map(provides).ordered();
    for declared in &platform.components {
        name_is_free(declared, report);
        if complete {
            calls_reach(declared, platform, names, report);
        }
    }
    if complete {
        needs_are_met(platform, &provided, names, report);
        nobody_needs_what_is_off(platform, &provided, names, report);
        alerts_are_delivered(platform, names, report);
    }
    if complete {
        requests_are_counted(platform, report);
    }
    for name in platform.namespaces.keys().filter(|name| name.as_str().starts_with("kube-")) {
        let span = names.spans.get(name.as_str()).copied().unwrap_or_default();
        report.error(codes::CONFLICT, span, format!("namespace `{name}` belongs to the cluster")).help(
            "everything in a declared namespace is closed by default, and the cluster's own pods would be cut off",
        );
    }
    domains_are_distinct(&platform.facts.defaults.spread, report);
    for declared in &platform.components {
        domains_are_distinct(declared.common.spread.as_deref().unwrap_or_default(), report);
    }
    providers_are_alone(platform, report);
    routes_are_distinct(platform, report);
    store_is_named(platform, report);
    nodes_trust_the_registry(platform, report);
    node_ports_are_admitted(platform, report);
    ranges::check(platform, report);
}

/// Names that mean something else wherever they stand, and why.
const TAKEN: &[(&str, &str)] = &[
    ("default", "every namespace has a service account of that name, which pods get that ask for none"),
    ("kubernetes", "the Service of that name in `default` is the API server itself"),
    ("kustomization", "the file of that name lists all others"),
    ("namespace", "the file of that name holds what belongs to the namespace"),
];

fn name_is_free(declared: &Declared, report: &mut Report) {
    let name = declared.own.name.as_str();
    if let Some((_, why)) = TAKEN.iter().find(|(taken, _)| *taken == name) {
        report.error(codes::CONFLICT, declared.span, format!("a component cannot be called `{name}`")).help(*why);
    }
}

/// What a component needs and nobody has.
fn missing<'d>(declared: &'d Declared, provided: &'d BTreeSet<Capability>) -> impl Iterator<Item = Capability> + 'd {
    let route = declared.component.route().map(|_| [Capability::Routing, Capability::Certificates]);
    let needs = declared.component.requires().iter().copied().chain(route.into_iter().flatten());
    needs.filter(|capability| !provided.contains(capability))
}

fn is_off(type_name: &str, names: &Names<'_>) -> bool {
    names.removed.values().any(|off| off.type_name == type_name)
}

/// What nothing provides is one error, however many need it. Whoever has to name its provider in `calls` is told about
/// that.
fn needs_are_met(platform: &Platform, provided: &BTreeSet<Capability>, names: &Names<'_>, report: &mut Report) {
    let mut needing: BTreeMap<Capability, BTreeMap<Span, &Declared>> = BTreeMap::new();
    for declared in &platform.components {
        let called = declared.component.calls_types();
        let told =
            |capability: &Capability| called.contains(&capability.provider()) || is_off(capability.provider(), names);
        for capability in missing(declared, provided).filter(|capability| !told(capability)) {
            needing.entry(capability).or_default().insert(declared.span, declared);
        }
    }
    for (capability, who) in needing {
        let Some((first, _)) = who.first_key_value() else { continue };
        let message = format!("{}, which nothing here provides", need(&who, capability.noun()));
        report
            .error(codes::REQUIRES, *first, message)
            .help(format!("declare a component of type `{}`", capability.provider()));
    }
}

/// Who needs `what`, of many only the first.
fn need(who: &BTreeMap<Span, &Declared>, what: &str) -> String {
    const NAMED: usize = 3;
    let names: Vec<&str> = who.values().map(|declared| declared.own.name.as_str()).collect();
    match names.as_slice() {
        [only] => format!("component `{only}` needs {what}"),
        [first, rest @ ..] if rest.len() > NAMED => {
            format!("component `{first}` and {} others need {what}", rest.len())
        }
        several => format!("components {} need {what}", suggest::joined(several.iter().copied(), "and")),
    }
}

/// The API server refuses two constraints over one domain.
fn domains_are_distinct(domains: &[At<Domain>], report: &mut Report) {
    for (at, domain) in domains.iter().enumerate() {
        let repeats = |earlier: &At<Domain>| earlier.value == domain.value && !earlier.is_stand_in();
        if domains[..at].iter().any(repeats) {
            report.error(codes::DUPLICATE, domain.span, "this domain is named twice").help("keep one of the two");
        }
    }
}

/// Some components do one thing with one other: without it they would start and be useless.
fn calls_reach(declared: &Declared, platform: &Platform, names: &Names<'_>, report: &mut Report) {
    // What an entry that names nothing was meant to be is not known, and it has been told.
    if declared.common.callees().any(|called| !names.declares(called)) {
        return;
    }
    let called = |wanted: &str| {
        let mut fitting = platform.components.iter().filter(|other| other.type_name == wanted);
        fitting.any(|other| declared.common.may_call(other.own.name.as_str())) || is_off(wanted, names)
    };
    for wanted in declared.component.calls_types().iter().copied().filter(|wanted| !called(wanted)) {
        let message = format!("`{}` needs a `{wanted}` in `calls`", declared.own.name);
        let mistake = report.error(codes::REQUIRES, declared.span, message);
        match platform.components.iter().find(|other| other.type_name == wanted) {
            Some(other) => mistake.help(format!("add `\"{}\"` to `calls`", other.own.name)),
            None => mistake.help(format!("declare a component of type `{wanted}` and name it in `calls`")),
        };
    }
}

/// One component turned off is one error, however many cannot do without it.
fn nobody_needs_what_is_off(
    platform: &Platform,
    provided: &BTreeSet<Capability>,
    names: &Names<'_>,
    report: &mut Report,
) {
    for (name, off) in &names.removed {
        let needs = |declared: &&Declared| {
            declared.common.callees().any(|called| called == name)
                || missing(declared, provided).any(|capability| capability.provider() == off.type_name)
        };
        let needing: Vec<&str> =
            platform.components.iter().filter(needs).map(|other| other.own.name.as_str()).collect();
        if !needing.is_empty() {
            let all = suggest::joined(needing.iter().copied(), "and");
            let verb = if needing.len() == 1 { "needs" } else { "need" };
            report
                .error(codes::REQUIRES, off.span, format!("`{name}` is off, and {all} {verb} it"))
                .help("turn off whoever cannot do without it, or change what they call");
        }
    }
}

/// A Prometheus that calls no Alertmanager shows its alerts on a page of its own and nowhere else.
fn alerts_are_delivered(platform: &Platform, names: &Names<'_>, report: &mut Report) {
    let Some(alertmanager) = platform.components.iter().find(|other| other.type_name == "alertmanager") else { return };
    let is_called = |caller: &Declared| {
        let mut fitting = platform.components.iter().filter(|other| other.type_name == alertmanager.type_name);
        fitting.any(|other| names.may_call(&caller.common, other.own.name.as_str()))
    };
    for silent in platform.components.iter().filter(|other| other.type_name == "prometheus" && !is_called(other)) {
        let path = format!("components.{}", silent.own.name);
        let message = format!(
            "nobody is told of the alerts of `{}`: it does not call `{}`",
            silent.own.name, alertmanager.own.name
        );
        let help = format!(
            "add `\"{}\"` to `calls`, or accept this with a reason: `[[accept]]` with `code = \"{}\"` and `object = \"{path}\"`",
            alertmanager.own.name,
            codes::NO_DELIVERY
        );
        report.warning(codes::NO_DELIVERY, silent.span, path, message).help(help);
    }
}

/// A metric of requests is computed from what services count. Without any, its API would be there and never have an answer.
fn requests_are_counted(platform: &Platform, report: &mut Report) {
    // nobody knows what was meant
    if platform.facts.defaults.metrics.is_stand_in() {
        return;
    }
    let monitoring = &platform.around.monitoring;
    let serves = |declared: &&Declared| {
        declared.component.provides(&declared.own, &platform.facts) == Provides::RequestRate
            && !monitoring.collected.contains(REQUESTS)
    };
    for idle in platform.components.iter().filter(serves).take(1) {
        let message = format!("`{}` serves requests per second, and no service here counts any", idle.own.name);
        report.error(codes::REQUIRES, idle.span, message).help("give a `web-service` metrics, or leave it out");
    }
}

/// What the metric of requests is computed from.
const REQUESTS: &str = "http_requests_total";

/// One platform has one edge, one authority, one request metric, one registry: their cluster-scoped objects would collide.
fn providers_are_alone(platform: &Platform, report: &mut Report) {
    let mut first: BTreeMap<&str, &Declared> = BTreeMap::new();
    for declared in &platform.components {
        if declared.component.provides(&declared.own, &platform.facts) == Provides::Nothing {
            continue;
        }
        if let Some(earlier) = first.insert(declared.type_name, declared) {
            let message =
                format!("`{}` is a second `{}` beside `{}`", declared.own.name, declared.type_name, earlier.own.name);
            report.error(codes::DUPLICATE, declared.span, message).help("a platform has one of this type");
        }
    }
}

fn routes_are_distinct(platform: &Platform, report: &mut Report) {
    let mut seen: BTreeMap<(Host, String), &Declared> = BTreeMap::new();
    for declared in &platform.components {
        let Some(route) = declared.component.route() else { continue };
        let host = route.host.value.below(&platform.facts.platform.domain);
        let key = (host.clone(), route.path.value.to_string());
        if let Some(earlier) = seen.insert(key, declared) {
            let message =
                format!("`{}` and `{}` both answer on {host}{}", earlier.own.name, declared.own.name, route.path.value);
            report
                .error(codes::CONFLICT, route.path.span_or(route.host.span), message)
                .help("give each its own host or path");
        }
        metrics_stay_inside(declared, report);
    }
}

/// A route to the root of a port that also serves metrics would publish them.
fn metrics_stay_inside(declared: &Declared, report: &mut Report) {
    let (Some(route), Some(front)) = (declared.component.route(), declared.front()) else { return };
    let Some(metrics) = &declared.endpoints[front].metrics else { return };
    let exposed = UrlPath::parse(&metrics.path).is_ok_and(|path| route.path.value.covers(&path));
    if exposed && !declared.component.guards_metrics() {
        let message = format!("the route {} also leads to the metrics at {}", route.path.value, metrics.path);
        report
            .error(codes::CONFLICT, route.path.span_or(route.host.span), message)
            .help("route a path that does not cover it, or give metrics a port of their own: `metrics = { port = … }`");
    }
}

fn store_is_named(platform: &Platform, report: &mut Report) {
    let secrets = &platform.facts.secrets;
    if secrets.backend.value == Backend::ExternalSecrets && secrets.store.is_none() {
        report
            .error(codes::REQUIRES, secrets.backend.span, "`external-secrets` needs a store")
            .help("add `store = …`, the name of a ClusterSecretStore");
    }
}

/// Kubelets pull over TLS. With a certificate that they do not trust, no image of our own registry ever starts.
fn nodes_trust_the_registry(platform: &Platform, report: &mut Report) {
    let provided = |declared: &Declared| declared.component.provides(&declared.own, &platform.facts);
    let registry = platform.components.iter().find(|declared| matches!(provided(declared), Provides::Registry(_)));
    let Some(registry) = registry else { return };
    let is_issuer = |declared: &&Declared| matches!(provided(declared), Provides::Certificates { .. });
    // A second one has been told to be too many.
    for declared in platform.components.iter().filter(is_issuer).take(1) {
        if let Provides::Certificates { issuer, trusted: false, span, .. } = provided(declared) {
            let message = format!("no node trusts `{issuer}`, so no image can be pulled from `{}`", registry.own.name);
            report
                .error(codes::CONFLICT, span, message)
                .help("use `letsencrypt`, or name a ClusterIssuer of your own whose certificates the nodes trust");
        }
    }
}

/// Pod Security below `privileged` refuses pods that bind ports of their node.
/// Source: kubernetes.io, "Pod Security Standards", host ports.
fn node_ports_are_admitted(platform: &Platform, report: &mut Report) {
    for declared in &platform.components {
        let namespace = &declared.own.namespace;
        let binds = declared.endpoints.iter().any(|endpoint| endpoint.host_port.is_some());
        let level = platform.namespaces.get(namespace).map(|spec| spec.pod_security.unwrap_or(PodSecurity::Restricted));
        if binds && level.is_some_and(|level| level != PodSecurity::Privileged) {
            let name = &declared.own.name;
            let message = format!("`{name}` binds ports of its node, which namespace `{namespace}` does not admit");
            report.error(codes::CONFLICT, declared.span, message).help(format!(
                "write `pod-security = \"privileged\"` under `[namespaces.{namespace}]`, or use a load balancer"
            ));
        }
    }
}
