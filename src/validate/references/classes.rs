//! What pods say by themselves that their classes say: the server fills it in from the class and refuses pods that say
//! something else.
//!
//! Source: `plugin/pkg/admission/priority` and `plugin/pkg/admission/runtimeclass` of Kubernetes 1.35 to 1.37, which every
//! server has on.

use crate::diagnostics::codes;
use crate::manifest::node::{Entry, Node};
use crate::validate::api::amounts;
use crate::validate::findings::Findings;
use crate::validate::world::{Pod, Thing, World};

/// No pod says something else than its classes, and there is one class for pods that name none.
pub fn agree(world: &World<'_>, findings: &mut Findings) {
    let default = default_class(world, findings);
    for pod in &world.pods {
        priority(world, default, pod, findings);
        runtime(world, pod, findings);
    }
}

/// The class of pods that name none.
fn default_class<'a>(world: &World<'a>, findings: &mut Findings) -> Option<Thing<'a>> {
    let mut found: Option<Thing<'a>> = None;
    for class in world.of_kind("PriorityClass") {
        let Some(node) = class.root().get("globalDefault").filter(|node| node.bool() == Some(true)) else { continue };
        findings.ask();
        if let Some(first) = found.filter(|first| first.document.id != class.document.id) {
            let message = format!("{} is the default as well", first.document.id);
            findings
                .error(codes::CONTESTED, class, node, &message)
                .help("the server takes one default class and refuses the next: say `globalDefault` of one");
        }
        found = found.or(Some(class));
    }
    found
}

/// What a class gives its pods: its name in words, the priority, and what becomes of pods that are in the way.
type Given<'a> = (String, i128, &'a str);

/// What a class does that says nothing.
const USUAL: &str = "PreemptLowerPriority";

/// The classes that every server has. Source: `pkg/apis/scheduling/v1/helpers.go`.
pub const SYSTEM: &[(&str, i128)] =
    &[("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// Before the names of classes that nobody else can make. Source: `pkg/apis/scheduling/validation/validation.go`.
pub const RESERVED: &str = "system-";

fn given(class: Thing<'_>) -> Given<'_> {
    let root = class.root();
    let value = root.get("value").and_then(Node::integer).unwrap_or_default();
    let policy = root.text_at(&["preemptionPolicy"]).filter(|policy| !policy.is_empty()).unwrap_or(USUAL);
    (format!("the {}", class.document.id), value, policy)
}

fn priority<'a>(world: &World<'a>, default: Option<Thing<'a>>, pod: &Pod<'a>, findings: &mut Findings) {
    let spec = pod.spec();
    let (value, policy) = (spec.get("priority"), spec.get("preemptionPolicy"));
    if value.is_none() && policy.is_none() {
        return;
    }
    findings.ask();
    let name = spec.text_at(&["priorityClassName"]).filter(|name| !name.is_empty());
    let of_system = name.and_then(|name| SYSTEM.iter().find(|(own, _)| *own == name));
    let class = name.map_or(default, |name| world.find("PriorityClass", "", name));
    let (whose, own, usual) = match (of_system, class, name) {
        (Some((name, value)), ..) => (format!("the PriorityClass {name}"), *value, USUAL),
        (None, Some(class), _) => given(class),
        (None, None, None) => ("a pod without a class".to_owned(), 0, USUAL),
        (None, None, Some(_)) => return,
    };
    // the cluster may have a default class of its own
    let is_sure = name.is_some() || class.is_some() || world.is_closed();
    let value = value.and_then(|node| Some((node, node.integer().filter(|value| *value != own)?)));
    let value = value.map(|(node, value)| (node, format!("`priority` is {value}, and {whose} has {own}")));
    let policy = policy.and_then(|node| Some((node, node.text().filter(|policy| !["", usual].contains(policy))?)));
    let policy =
        policy.map(|(node, policy)| (node, format!("`preemptionPolicy` is {policy}, and {whose} has {usual}")));
    for (node, message) in value.into_iter().chain(policy) {
        if is_sure {
            findings
                .error(codes::UNFIT_TARGET, pod.owner, node, &message)
                .help("the server refuses such pods: leave it out, and they have what their class says");
        } else {
            findings
                .warning(codes::UNFIT_TARGET, pod.owner, node, &message)
                .help("the server refuses such pods, unless the default class of the cluster says the same");
        }
    }
}

fn runtime(world: &World<'_>, pod: &Pod<'_>, findings: &mut Findings) {
    let spec = pod.spec();
    let name = spec.text_at(&["runtimeClassName"]);
    let overhead = spec.get("overhead").filter(|overhead| !overhead.entries().is_empty());
    if name.is_none() && overhead.is_none() {
        return;
    }
    findings.ask();
    let class = name.and_then(|name| world.find("RuntimeClass", "", name));
    if name.is_some() && class.is_none() {
        return;
    }
    let of_class = class.and_then(|class| class.root().at(&["overhead", "podFixed"]));
    if let Some(node) = overhead.filter(|own| !of_class.is_some_and(|given| is_same(own, given))) {
        let whose = match class {
            None => "no RuntimeClass is named".to_owned(),
            Some(class) if of_class.is_some() => format!("the {} has another", class.document.id),
            Some(class) => format!("the {} has none", class.document.id),
        };
        findings
            .error(codes::UNFIT_TARGET, pod.owner, node, &format!("`overhead` is given, and {whose}"))
            .help("the server refuses such pods: leave it out, and they have what their runtime class says");
    }
    let wanted = class.and_then(|class| class.root().at(&["scheduling", "nodeSelector"])).map(Node::entries);
    for entry in wanted.unwrap_or_default() {
        let own = spec.at(&["nodeSelector", &entry.key]);
        if let (Some(node), Some(class)) = (own.filter(|own| own.text() != entry.node.text()), class) {
            let message = format!("`nodeSelector` wants another `{}` than the {}", entry.key, class.document.id);
            findings
                .error(codes::UNFIT_TARGET, pod.owner, node, &message)
                .help("the server refuses such pods: leave it out, and they have what their runtime class says");
        }
    }
}

/// Whether two maps hold the same amounts, however they are spelled.
fn is_same(own: &Node, other: &Node) -> bool {
    let is_there =
        |entry: &Entry| other.get(&entry.key).is_some_and(|other| amounts::read(other) == amounts::read(&entry.node));
    own.entries().len() == other.entries().len() && own.entries().iter().all(is_there)
}
