//! Links: each entry of `calls` finds the endpoint or external that it names.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::suggest;
use crate::model::endpoint::{Audience, Endpoint};
use crate::model::names::Names;
use crate::model::platform::{Declared, Link};
use crate::ordered::Ordered;
use crate::spec::read::At;
use crate::values::name::Name;
use crate::values::parse::Parse;

/// Resolves `calls` of every component; ports that nobody offers go to the report. Names that nobody declares have
/// been reported when the component was read.
pub fn link(components: &mut [Declared], names: &Names<'_>, report: &mut Report) {
    let index: BTreeMap<String, usize> =
        components.iter().enumerate().map(|(at, declared)| (declared.own.name.to_string(), at)).collect();
    let links: Vec<Vec<Link>> =
        components.iter().map(|caller| links_of(caller, components, &index, names, report)).collect();
    for (declared, links) in components.iter_mut().zip(links) {
        declared.links = links;
    }
}

fn links_of(
    caller: &Declared,
    components: &[Declared],
    index: &BTreeMap<String, usize>,
    names: &Names<'_>,
    report: &mut Report,
) -> Vec<Link> {
    let mut found: Vec<(&str, Link)> = Vec::with_capacity(caller.common.calls.len());
    for call in &caller.common.calls {
        let text = call.value.as_str();
        let Some(link) = link_of(call, caller, components, index, names, report) else { continue };
        match found.iter().find(|(_, earlier)| *earlier == link) {
            Some((earlier, _)) if *earlier == text => {
                report.error(codes::DUPLICATE, call.span, format!("`{text}` is called twice"));
            }
            Some((earlier, _)) => {
                let message = format!("`{earlier}` and `{text}` are the same call");
                report.error(codes::DUPLICATE, call.span, message).help("keep one of the two");
            }
            None => found.push((text, link)),
        }
    }
    found.into_iter().map(|(_, link)| link).collect()
}

fn link_of(
    call: &At<String>,
    caller: &Declared,
    components: &[Declared],
    index: &BTreeMap<String, usize>,
    names: &Names<'_>,
    report: &mut Report,
) -> Option<Link> {
    let (name, port) =
        call.value.split_once(':').map_or((call.value.as_str(), None), |(name, port)| (name, Some(port)));
    if name == caller.own.name.as_str() {
        report
            .error(codes::CONFLICT, call.span, format!("`{name}` calls itself"))
            .help("a pod may always talk to itself");
        None
    } else if let Some(at) = index.get(name) {
        let endpoint = endpoint_of(&components[*at], port, call, report)?;
        Some(Link::Component { index: *at, endpoint })
    } else if names.externals.contains(name) {
        external(name, port, call, report)
    } else {
        None
    }
}

fn external(name: &str, port: Option<&str>, call: &At<String>, report: &mut Report) -> Option<Link> {
    if port.is_some() {
        report
            .error(codes::UNKNOWN_PORT, call.span, format!("external `{name}` has one port, without a name"))
            .help(format!("write `{name}`"));
        return None;
    }
    Name::parse(name).ok().map(Link::External)
}

fn endpoint_of(callee: &Declared, port: Option<&str>, call: &At<String>, report: &mut Report) -> Option<usize> {
    let callable = |endpoint: &Endpoint| endpoint.is_for(Audience::Callers) || port == Some(endpoint.name);
    let found = match port {
        None => callee.front(),
        Some(port) => callee.endpoints.iter().position(|endpoint| endpoint.name == port && callable(endpoint)),
    };
    if found.is_none() {
        let name = &callee.own.name;
        let ports: BTreeSet<&str> = callee.endpoints.iter().map(|endpoint| endpoint.name).ordered();
        let ports = || ports.iter().copied();
        let message = match port {
            Some(port) => format!("component `{name}` offers no port `{port}`"),
            None => format!("component `{name}` ({}) offers no port for callers", callee.type_name),
        };
        let mistake = report.error(codes::UNKNOWN_PORT, call.span, message);
        match port.and_then(|port| suggest::nearest(port, ports())) {
            Some(near) => mistake.help(format!("did you mean `{name}:{near}`?")),
            None => mistake.help(format!("its ports are {}", suggest::list(ports()))),
        };
    }
    found
}
