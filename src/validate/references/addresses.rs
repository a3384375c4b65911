//! Addresses of Services that stand in plain text: in variables, in arguments and in files of configuration.

mod short;

use crate::diagnostics::report::Severity;
use crate::diagnostics::{codes, suggest};
use crate::manifest::node::Node;
use crate::reach::Connection;
use crate::reach::party::Party;
use crate::tables::HashSet;
use crate::validate::findings::Findings;
use crate::validate::makers::Makers;
use crate::validate::references::{is_there, selectors};
use crate::validate::world::{Pod, Thing, World};

/// An address that a pod is told.
#[derive(Clone, Copy, Debug)]
struct Address<'a> {
    service: &'a str,
    namespace: &'a str,
    port: Option<u16>,
    /// The name as it is written.
    written: &'a str,
    /// Whether it can be nothing but the address of a Service.
    is_plain: bool,
}

/// Who may call whom.
type Wanted<'w> = HashSet<(&'w Party, &'w Party)>;

/// Every address leads to a Service that is there, at a port that it has, and to somebody who may be called.
pub fn are_declared(world: &World<'_>, findings: &mut Findings) {
    if !world.is_closed() {
        return;
    }
    let connections = world.known.and_then(|known| known.connections.as_ref());
    let wanted =
        connections.map(|all| all.iter().map(|Connection { from, to, .. }| (from, to)).collect::<Wanted<'_>>());
    for pod in &world.pods {
        let mut told = HashSet::default();
        for (thing, node, text) in texts(world, pod) {
            for address in addresses(text).into_iter().chain(short::addresses(world, pod, text)) {
                if told.insert((address.service, address.namespace, address.port)) {
                    judge(world, wanted.as_ref(), pod, (thing, node), &address, findings);
                }
            }
        }
    }
}

/// The texts that a pod is given: where each stands, and what it says.
fn texts<'a>(world: &World<'a>, pod: &Pod<'a>) -> Vec<(Thing<'a>, &'a Node, &'a str)> {
    let mut found = Vec::new();
    let mut add = |thing: Thing<'a>, node: &'a Node| found.extend(node.text().map(|text| (thing, node, text)));
    for (_, container) in pod.containers() {
        for node in ["args", "command"].into_iter().flat_map(|key| container.items_at(&[key])) {
            add(pod.owner, node);
        }
        for node in container.items_at(&["env"]).iter().filter_map(|variable| variable.get("value")) {
            add(pod.owner, node);
        }
    }
    let volumes = pod.spec().items_at(&["volumes"]).iter();
    let plain = volumes.clone().filter_map(|volume| volume.text_at(&["configMap", "name"]));
    let sources = volumes.flat_map(|volume| volume.items_at(&["projected", "sources"]));
    let projected = sources.filter_map(|source| source.text_at(&["configMap", "name"]));
    for name in plain.chain(projected) {
        let Some(config) = world.find("ConfigMap", pod.namespace(), name) else { continue };
        for entry in config.root().get("data").map(Node::entries).unwrap_or_default() {
            add(config, &entry.node);
        }
    }
    found
}

/// What stands behind the name and the namespace of a Service.
const MARK: &str = ".svc";

/// The addresses in a text: `NAME.NAMESPACE.svc`, with or without the domain of the cluster and a port.
fn addresses(text: &str) -> Vec<Address<'_>> {
    let is_of_name = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-.".contains(letter);
    let mut found = Vec::new();
    for (at, _) in text.match_indices(MARK) {
        let rest = &text[at + MARK.len()..];
        if rest.starts_with(|letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter)) {
            continue;
        }
        let begin = text[..at].rfind(|letter| !is_of_name(letter)).map_or(0, |found| found + 1);
        // an address with a part that is filled in later is not known here
        let before = text[..begin].chars().next_back();
        let mut parts = text[begin..at].rsplit('.');
        let (Some(namespace), Some(service)) = (parts.next(), parts.next()) else { continue };
        let is_cut = parts.next().is_none() && before.is_some_and(|letter| "})*$_%".contains(letter));
        if service.is_empty() || namespace.is_empty() || is_cut {
            continue;
        }
        let end = rest.find(|letter| !is_of_name(letter)).unwrap_or(rest.len());
        let port = rest[end..].strip_prefix(':').map(|rest| {
            let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
            rest[..digits].parse().ok()
        });
        let written = &text[at - namespace.len() - 1 - service.len()..at + MARK.len()];
        found.push(Address { service, namespace, port: port.flatten(), written, is_plain: true });
    }
    found
}

fn judge(
    world: &World<'_>,
    wanted: Option<&Wanted<'_>>,
    pod: &Pod<'_>,
    (thing, node): (Thing<'_>, &Node),
    address: &Address<'_>,
    findings: &mut Findings,
) {
    let Address { service: name, namespace, port, written, is_plain } = *address;
    findings.ask();
    let Some(service) = world.find("Service", namespace, name) else {
        if !is_there(world, &Makers::new(), "Service", namespace, name) {
            let message = format!("`{written}` is the address of no Service");
            findings
                .error(codes::DANGLING_REFERENCE, thing, node, &message)
                .help("its name is not found: the caller gets an error, or waits")
                .did_you_mean(suggest::nearest(name, world.names("Service", namespace)));
        }
        return;
    };
    // a file may say in a remark what is not so
    let is_sure = is_plain || thing.document.id == pod.owner.document.id;
    let severity = if is_sure { Severity::Error } else { Severity::Warning };
    let ports = service.root().items_at(&["spec", "ports"]);
    let of = |own: &&Node| own.get("port").and_then(Node::integer);
    // a Service without an address passes on whatever its pods, or whoever it stands for, listen to
    let is_headless =
        service.root().text_at(&["spec", "clusterIP"]) == Some("None") || selectors::is_elsewhere(service);
    let called: Vec<&Node> = ports.iter().filter(|own| port.is_none_or(|port| of(own) == Some(port.into()))).collect();
    if called.is_empty() && !is_headless && !ports.is_empty() {
        let known: Vec<String> = ports.iter().filter_map(|own| of(&own)).map(|own| own.to_string()).collect();
        let message = format!("{} has no port {}", service.document.id, port.unwrap_or_default());
        findings
            .add(severity, codes::DANGLING_PORT, thing, node, &message)
            .help(format!("its ports are {}", known.join(", ")));
        return;
    }
    let (Some(wanted), Some(selector)) = (wanted, selectors::of_service(service)) else { return };
    let from = party(pod);
    let callees = || world.selected(namespace, &selector).map(|at| &world.pods[at]);
    let is_wanted = |callee: &Pod<'_>| {
        let to = party(callee);
        to == from || wanted.contains(&(&from, &to))
    };
    if callees().next().is_some() && !callees().any(is_wanted) {
        let message = format!("`{written}` is an address that {} is not declared to call", pod.owner.document.id);
        findings
            .add(severity, codes::UNDECLARED_ADDRESS, thing, node, &message)
            .help("name the component in `calls`, and write `${name}` for its address");
    }
}

/// What the pods of a workload are called in connections.
fn party(pod: &Pod<'_>) -> Party {
    Party::Workload { namespace: pod.namespace().into(), name: pod.owner.document.id.name.as_str().into() }
}
