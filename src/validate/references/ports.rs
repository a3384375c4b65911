//! Ports that are asked of Services, of pods and of containers.

use crate::diagnostics::report::Severity;
use crate::diagnostics::{codes, suggest};
use crate::manifest::document::Id;
use crate::manifest::node::Node;
use crate::manifest::selector::Selector;
use crate::tables::HashMap;
use crate::validate::findings::Findings;
use crate::validate::references::mentions::Mention;
use crate::validate::references::selectors;
use crate::validate::world::{Pod, Thing, World};

/// Follows every port.
pub fn lead(world: &World<'_>, mentions: &[Mention<'_>], findings: &mut Findings) {
    for mention in mentions.iter().filter(|mention| mention.kind == "Service") {
        of_service(world, mention, findings);
    }
    let mut known = HashMap::default();
    for service in world.of_kind("Service") {
        targets(world, service, &mut known, findings);
    }
    probes(world, findings);
    for policy in world.of_kind("NetworkPolicy") {
        of_policy(world, policy, findings);
    }
}

/// A port by which something is called: a name or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Port<'a> {
    Name(&'a str),
    Number(i128),
}

impl std::fmt::Display for Port<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => write!(f, "`{name}`"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

fn port(node: &Node) -> Option<Port<'_>> {
    node.text().map(Port::Name).or_else(|| node.integer().map(Port::Number))
}

/// What a list of ports offers, by name and by the number under `key`.
fn offers(ports: &[Node], key: &str, wanted: Port<'_>) -> bool {
    ports.iter().any(|own| match wanted {
        Port::Name(name) => own.text_at(&["name"]) == Some(name),
        Port::Number(number) => own.get(key).and_then(Node::integer) == Some(number),
    })
}

/// What a port carries.
fn protocol(port: &Node) -> &str {
    port.text_at(&["protocol"]).filter(|protocol| !protocol.is_empty()).unwrap_or(TCP)
}

const TCP: &str = "TCP";

/// What makes the port of an init container one of the pod.
const SIDECAR: &str = "an init container has ended before its pod serves; with `restartPolicy: Always` it stays";

/// The ports of the containers of a pod that stay: others have ended before it serves.
/// Source: `FindPort` in `pkg/api/v1/pod/util.go` of Kubernetes.
fn lasting<'a>(pod: &Pod<'a>) -> Vec<&'a Node> {
    let staying = pod.containers().filter(|(list, container)| !ends(list, container));
    staying.flat_map(|(_, container)| container.items_at(&["ports"])).collect()
}

fn ends(list: &str, container: &Node) -> bool {
    list == "initContainers" && container.text_at(&["restartPolicy"]) != Some("Always")
}

/// Whether a pod has a port: one that is found by its name must carry the right thing, too.
fn listens(ports: &[&Node], wanted: Port<'_>, carries: &str) -> bool {
    ports.iter().any(|own| {
        let is_it = offers(std::slice::from_ref(*own), "containerPort", wanted);
        is_it && (matches!(wanted, Port::Number(_)) || protocol(own) == carries)
    })
}

/// A port that is not among those of a pod, with what it would carry if that is all that it lacks.
fn missed(ports: &[&Node], wanted: Port<'_>, carries: &str) -> String {
    let is_other = ports.iter().any(|own| offers(std::slice::from_ref(*own), "containerPort", wanted));
    if is_other { format!("{wanted} of {carries}") } else { wanted.to_string() }
}

/// ``80 (`http`)`` for each port of a list.
fn said<'a>(ports: impl IntoIterator<Item = &'a Node>, key: &str) -> String {
    let one = |own: &Node| {
        let mut number = own.get(key).and_then(Node::spelled).unwrap_or_default();
        if protocol(own) != TCP {
            number.extend(["/", protocol(own)]);
        }
        own.text_at(&["name"]).map_or(number.clone(), |name| format!("{number} (`{name}`)"))
    };
    let all: Vec<String> = ports.into_iter().map(one).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

/// The port that a server calls if nobody says which. Source: `ServiceReference` of admissionregistration.k8s.io,
/// apiextensions.k8s.io and apiregistration.k8s.io.
const OF_SERVERS: Port<'static> = Port::Number(443);
const CALLED_BY_SERVERS: &[&str] =
    &["APIService", "CustomResourceDefinition", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// The Service has the port at which it is called.
fn of_service(world: &World<'_>, mention: &Mention<'_>, findings: &mut Findings) {
    let Some(service) = world.find(mention.kind, mention.place, mention.name) else { return };
    let written = mention.node.get("port");
    let inner = written.and_then(|node| node.get("number").or_else(|| node.get("name"))).or(written);
    let asked = inner.and_then(|node| Some((node, port(node)?)));
    let is_of_server = CALLED_BY_SERVERS.contains(&mention.by.document.id.kind.as_str());
    let asked = asked.or_else(|| is_of_server.then_some((mention.named, OF_SERVERS)));
    let Some((node, asked)) = asked else { return };
    let ports = service.root().items_at(&["spec", "ports"]);
    findings.ask();
    // a name for something elsewhere has whatever number is asked of it
    let is_elsewhere = matches!(asked, Port::Number(_)) && selectors::is_elsewhere(service);
    if !is_elsewhere && !offers(ports, "port", asked) {
        let near = match asked {
            Port::Name(name) => suggest::nearest(name, ports.iter().filter_map(|own| own.text_at(&["name"]))),
            Port::Number(_) => None,
        };
        findings
            .error(codes::DANGLING_PORT, mention.by, node, &format!("the {mention} has no port {asked}"))
            .help(format!("its ports are {}", said(ports, "port")))
            .did_you_mean(near);
    }
}

/// More workloads than any Service has; of those of a file that was made to take long, the first tell enough.
const MOST: usize = 1_000;

/// Where a Service sends: to these pods of a namespace, at this port, what it carries.
type Target<'a> = (&'a str, Selector<'a>, Port<'a>, &'a str);

/// How many pods have been asked for a port, and which of them do not have it. Many Services may send to the same.
#[derive(Debug, Default)]
struct Heard {
    asked: usize,
    deaf: Vec<usize>,
}

impl Heard {
    fn of(world: &World<'_>, (place, selector, target, carries): &Target<'_>) -> Self {
        let mut heard = Self::default();
        for at in world.selected(place, selector).take(MOST) {
            heard.asked += 1;
            if !listens(&lasting(&world.pods[at]), *target, carries) {
                heard.deaf.push(at);
            }
        }
        heard
    }
}

/// The pods of a Service listen where it sends.
fn targets<'a>(world: &World<'a>, service: Thing<'a>, known: &mut HashMap<Target<'a>, Heard>, findings: &mut Findings) {
    let Some(selector) = selectors::of_service(service) else { return };
    for own in service.root().items_at(&["spec", "ports"]) {
        let Some(node) = own.get("targetPort").or_else(|| own.get("port")) else { continue };
        let Some(target) = port(node) else { continue };
        let carries = protocol(own);
        let key = (service.place(), selector.clone(), target, carries);
        let heard = known.entry(key).or_insert_with_key(|key| Heard::of(world, key));
        findings.asked += heard.asked;
        for Lack { whose, others, what, help } in lacks(world, heard, target, carries) {
            let message = match others {
                0 => format!("{whose} has no port {what}"),
                _ => format!("{whose} and {others} more have no port {what}"),
            };
            let found = match target {
                Port::Name(_) => findings.error(codes::DANGLING_PORT, service, node, &message),
                Port::Number(_) => findings.warning(codes::DANGLING_PORT, service, node, &message),
            };
            found.help(help);
        }
    }
}

/// A port that pods do not have: those of one workload, and those of others of which the same is to be said.
struct Lack<'w> {
    whose: &'w Id,
    others: usize,
    what: String,
    help: String,
}

/// What is to be said of the pods that do not have a port, each thing once.
fn lacks<'w>(world: &World<'w>, heard: &Heard, target: Port<'_>, carries: &str) -> Vec<Lack<'w>> {
    let mut all: Vec<Lack<'_>> = Vec::new();
    for pod in heard.deaf.iter().map(|at| &world.pods[*at]) {
        let ports = lasting(pod);
        let is_named = matches!(target, Port::Name(_));
        // a container may listen at a port that it does not declare
        if ports.is_empty() && !is_named {
            continue;
        }
        let mut ending = pod.containers().filter(|(list, container)| ends(list, container));
        let has_ended = |(_, container): (_, &Node)| offers(container.items_at(&["ports"]), "containerPort", target);
        let help = if is_named && ending.any(has_ended) {
            SIDECAR.to_owned()
        } else {
            format!("its containers declare {}", said(ports.iter().copied(), "containerPort"))
        };
        let what = missed(&ports, target, carries);
        match all.iter_mut().find(|lack| (&lack.what, &lack.help) == (&what, &help)) {
            Some(same) => same.others += 1,
            None => all.push(Lack { whose: &pod.owner.document.id, others: 0, what, help }),
        }
    }
    all
}

/// How a container is asked something at a port.
const ASKED: &[&str] = &["grpc", "httpGet", "tcpSocket"];

/// Where a container is asked something: the way to what is asked.
const HANDLERS: &[&[&str]] = &[
    &["livenessProbe"],
    &["readinessProbe"],
    &["startupProbe"],
    &["lifecycle", "postStart"],
    &["lifecycle", "preStop"],
];

/// A port by its name is one of the same container, and one by its number is one that the pod declares.
fn probes(world: &World<'_>, findings: &mut Findings) {
    for pod in &world.pods {
        for (_, container) in pod.containers() {
            let handlers = HANDLERS.iter().filter_map(|keys| container.at(keys));
            let asked = handlers.flat_map(|handler| ASKED.iter().filter_map(move |how| handler.get(how)));
            for (handler, node, port) in asked.filter_map(asked_port) {
                findings.ask();
                let ports = container.items_at(&["ports"]);
                let known: Vec<&Node> = match port {
                    Port::Name(_) => ports.iter().collect(),
                    // the containers of a pod share their network
                    Port::Number(_) => pod.ports(),
                };
                // a container may listen at a port that it does not declare, and the host be another one
                let is_open = ports.is_empty() || handler.get("host").is_some();
                if is_open && matches!(port, Port::Number(_))
                    || known.iter().any(|own| offers(std::slice::from_ref(*own), "containerPort", port))
                {
                    continue;
                }
                let whose = container.text_at(&["name"]).unwrap_or_default();
                let message = format!("container `{whose}` has no port {port}");
                let (severity, near) = match port {
                    Port::Name(name) => {
                        let names = ports.iter().filter_map(|own| own.text_at(&["name"]));
                        (Severity::Error, suggest::nearest(name, names))
                    }
                    Port::Number(_) => (Severity::Warning, None),
                };
                findings
                    .add(severity, codes::DANGLING_PORT, pod.owner, node, &message)
                    .help(format!("it declares {}", said(ports, "containerPort")))
                    .did_you_mean(near);
            }
        }
    }
}

/// What asks, and the port that it asks at; a number in quotes is one.
fn asked_port(handler: &Node) -> Option<(&Node, &Node, Port<'_>)> {
    let node = handler.get("port")?;
    let read = port(node)?;
    Some((handler, node, node.text().and_then(|text| text.parse().ok()).map_or(read, Port::Number)))
}

/// Ports of policies are ports of pods: a name that they have, and not the number of a Service before them.
fn of_policy(world: &World<'_>, policy: Thing<'_>, findings: &mut Findings) {
    let Some(spec) = policy.root().get("spec") else { return };
    let own = || selectors::selected_by(world, policy);
    for (list, key) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.items_at(&[list]) {
            let ports = rule.items_at(&["ports"]);
            if ports.is_empty() {
                continue;
            }
            let pods = match list {
                "ingress" => own(),
                _ => rule.items_at(&[key]).iter().flat_map(|peer| selectors::peers(world, policy, peer)).collect(),
            };
            for (node, carries) in ports.iter().filter_map(|port| Some((port.get("port")?, protocol(port)))) {
                reaches(world, policy, (node, carries), &pods, findings);
            }
        }
    }
}

fn reaches(
    world: &World<'_>,
    policy: Thing<'_>,
    (node, carries): (&Node, &str),
    pods: &[usize],
    findings: &mut Findings,
) {
    let Some(asked) = port(node) else { return };
    findings.ask();
    if pods.is_empty() || pods.iter().any(|at| listens(&lasting(&world.pods[*at]), asked, carries)) {
        return;
    }
    match asked {
        Port::Name(_) => {
            let ports: Vec<&Node> = pods.iter().flat_map(|at| lasting(&world.pods[*at])).collect();
            let what = missed(&ports, asked, carries);
            findings
                .error(codes::DANGLING_PORT, policy, node, &format!("no pod that is meant has a port {what}"))
                .help("a policy looks for the names of container ports; one that is nowhere lets nothing through");
        }
        Port::Number(number) => {
            let is_before = |service: &Thing<'_>| {
                let has = offers(service.root().items_at(&["spec", "ports"]), "port", asked);
                let selector = has.then(|| selectors::of_service(*service)).flatten();
                selector.is_some_and(|selector| {
                    pods.iter().any(|at| {
                        let pod = &world.pods[*at];
                        pod.namespace() == service.place() && selector.matches(&pod.labels)
                    })
                })
            };
            if let Some(service) = world.of_kind("Service").find(is_before) {
                let message =
                    format!("{number} is the port of {}, and no pod that is meant has it", service.document.id);
                findings
                    .error(codes::DANGLING_PORT, policy, node, &message)
                    .help("policies see packets after the Service: write the port of the pod");
            }
        }
    }
}
