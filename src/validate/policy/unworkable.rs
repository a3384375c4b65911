//! What the API server takes and what nothing can come of: a kubelet refuses it, or nobody reads it.

use crate::diagnostics::suggest;
use crate::diff::path::Path;
use crate::manifest::node::Node;
use crate::validate::api::scheduling::{self, COUNTED_TWICE};
use crate::validate::policy::Fault;
use crate::validate::policy::scene::{Inside, Scene};
use crate::validate::rights::vain::VERBS;
use crate::validate::world::Thing;
use crate::values::image::Image;
use crate::values::parse::Parse;
use crate::values::quantity::Quantity;
use crate::values::schedule::Schedule;

/// The kubelet asks the runtime for no image of such a name. Source: `distribution/reference`, `regexp.go`.
pub fn image<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let node = inside.node.get("image")?;
    let text = node.text().filter(|text| !text.is_empty())?;
    let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
    let (path, last) = name.rsplit_once('/').map_or((None, name), |(path, last)| (Some(path), last));
    let (last, tag) = last.split_once(':').map_or((last, None), |(last, tag)| (last, Some(tag)));
    // a host may have capitals, and what is below it may not
    let below = path.and_then(|path| path.split_once('/').map(|(_, rest)| rest)).unwrap_or_default();
    let is_lower = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || b"0123456789._-/".contains(&byte));
    let is_host = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:/[]".contains(&byte));
    let is_tag = |tag: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !tag.is_empty() && tag.len() <= 128 && !tag.starts_with(['.', '-']) && tag.bytes().all(is_letter)
    };
    let is_name = !last.is_empty() && is_lower(last) && is_lower(below) && path.is_none_or(is_host);
    let is_digest = digest.is_none_or(|digest| digest.split_once(':').is_some_and(|(_, hex)| hex.len() >= 32));
    let has_login = Image::may_be_secret(text);
    let is_right = is_name && tag.is_none_or(is_tag) && is_digest && !has_login;
    let shown = if has_login { "what holds who logs in".to_owned() } else { format!("`{text}`") };
    (!is_right).then(|| (node, format!("takes {shown}, which is no name of an image")))
}

/// What a kernel knows. Source: `capability.h` of Linux 6.12.
const CAPABILITIES: &[&str] = &[
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

pub fn capability<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let plain = |name: &str| name.to_ascii_uppercase().trim_start_matches("CAP_").to_owned();
    let added = inside.node.items_at(&["securityContext", "capabilities", "add"]).iter();
    let mut named = added.filter_map(|node| Some((node, node.text()?)));
    let (node, name) = named.find(|(_, name)| !CAPABILITIES.contains(&plain(name).as_str()))?;
    Some((node, format!("adds the capability `{name}`, which no kernel has")))
}

/// The kubelet looks at both when it starts the container.
pub fn refused_user<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let node = inside.secured("runAsUser").filter(|node| node.integer() == Some(0))?;
    let is_refused = inside.secured("runAsNonRoot").and_then(Node::bool) == Some(true);
    (is_refused && !inside.is_on_windows()).then(|| (node, "is to run as root, and must not run as root".to_owned()))
}

/// `m` is a thousandth: `128m` of memory is no byte.
pub fn thousandths<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let amounts = ["requests", "limits"].into_iter().flat_map(|side| {
        ["memory", "ephemeral-storage"].into_iter().filter_map(move |resource| {
            let node = inside.node.at(&["resources", side, resource])?;
            Some((node, side, resource))
        })
    });
    let (node, side, resource) =
        amounts.into_iter().find(|(node, ..)| node.text().is_some_and(|text| text.ends_with('m')))?;
    let text = node.text().unwrap_or_default();
    Some((node, format!("has `{text}` as `{side}` of `{resource}`: `m` is a thousandth of a byte")))
}

/// Units of memory with processors: `500Mi` are half a milliard of them.
pub fn crowd<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let amounts = ["requests", "limits"].into_iter();
    let mut amounts = amounts.filter_map(|side| Some((inside.node.at(&["resources", side, "cpu"])?, side)));
    let is_crowd = |text: &str| Quantity::measured(text).is_ok_and(|(_, unit)| !["", "m"].contains(&unit));
    let (node, side) = amounts.find(|(node, _)| node.text().is_some_and(is_crowd))?;
    let text = node.text().unwrap_or_default();
    Some((node, format!("has `{text}` as `{side}` of `cpu`: that is a unit of memory")))
}

/// Some days never come. A weekday that is named is another day to run on.
pub fn never(thing: Thing<'_>) -> Vec<Fault<'_>> {
    let schedule = thing.root().at(&["spec", "schedule"]).filter(|_| is(thing, "batch", "CronJob"));
    let is_suspended = thing.root().at(&["spec", "suspend"]).and_then(Node::bool) == Some(true);
    let never = schedule.filter(|node| !is_suspended && node.text().is_some_and(Schedule::never_comes));
    never.map(|node| (node, "runs on a day that no month has, which is never".to_owned())).into_iter().collect()
}

/// What a directory of a pod may be made of. Source: `emptydir/empty_dir.go` of the kubelet.
pub fn medium<'a>(scene: &Scene<'a>) -> Vec<Fault<'a>> {
    let volumes = scene.spec().items_at(&["volumes"]).iter();
    let media = volumes.filter_map(|volume| volume.at(&["emptyDir", "medium"]));
    let is_known = |medium: &str| ["", "Memory", "HugePages"].contains(&medium) || medium.starts_with("HugePages-");
    let named = media.filter_map(|node| Some((node, node.text()?))).filter(|(_, medium)| !is_known(medium));
    named.map(|(node, medium)| (node, format!("a volume is to be made of `{medium}`, which no node has"))).collect()
}

/// The server takes a template and refuses its pods.
pub fn counted_twice<'a>(scene: &Scene<'a>) -> Vec<Fault<'a>> {
    // a pod that stands here is refused itself
    if scene.kind() == "Pod" {
        return Vec::new();
    }
    let twice = scheduling::counted_twice(scene.pod.template, &scene.pod.path.key("spec"));
    let told = |(path, key): (Path, &'a Node)| {
        let key_of = key.text().unwrap_or_default();
        (key, format!("`{}` is `{key_of}`, {COUNTED_TWICE}: every pod is refused", path.told()))
    };
    twice.into_iter().map(told).collect()
}

/// Rules of a direction that `policyTypes` does not name are read by nobody.
pub fn idle_rules(thing: Thing<'_>) -> Vec<Fault<'_>> {
    let Some(spec) = thing.root().get("spec").filter(|_| is(thing, "networking.k8s.io", "NetworkPolicy")) else {
        return Vec::new();
    };
    let types = spec.items_at(&["policyTypes"]);
    let idle = |(key, name): (&str, &str)| {
        let rules = spec.get(key).filter(|rules| !rules.items().is_empty())?;
        let is_named = types.iter().any(|node| node.text() == Some(name));
        let what = format!("`{key}` holds for nobody: `policyTypes` does not name `{name}`");
        (!types.is_empty() && !is_named).then_some((rules, what))
    };
    [("ingress", "Ingress"), ("egress", "Egress")].into_iter().filter_map(idle).collect()
}

/// Answers that do not fit into a datagram come by TCP.
pub fn half_dns(thing: Thing<'_>) -> Vec<Fault<'_>> {
    if !is(thing, "networking.k8s.io", "NetworkPolicy") {
        return Vec::new();
    }
    let rules = thing.root().items_at(&["spec", "egress"]);
    let ports = || rules.iter().flat_map(|rule| rule.items_at(&["ports"]));
    let protocol = |port: &Node| port.text_at(&["protocol"]).unwrap_or("TCP").to_owned();
    let is_dns = |port: &Node| port.get("port").and_then(Node::integer) == Some(53);
    let has_tcp = rules.iter().any(|rule| rule.items_at(&["ports"]).is_empty())
        || ports().any(|port| protocol(port) == "TCP" && (is_dns(port) || port.get("port").is_none()));
    let udp = ports().find(|port| is_dns(port) && protocol(port) == "UDP").filter(|_| !has_tcp);
    udp.map(|port| (port, "lets DNS out by UDP alone: long answers never come".to_owned())).into_iter().collect()
}

/// What the API server gives out, unless it is started with another range. Source: `--service-node-port-range`.
pub fn node_port<'a>(thing: Thing<'a>) -> Vec<Fault<'a>> {
    let ports = if is(thing, "", "Service") { thing.root().items_at(&["spec", "ports"]) } else { &[] };
    let set = ports.iter().filter_map(|port| port.get("nodePort"));
    let told = |node: &'a Node| {
        let number = node.integer().filter(|number| *number != 0 && !(30_000..=32_767).contains(number))?;
        Some((node, format!("asks for the port {number} of every node, which the server does not give out")))
    };
    set.filter_map(told).collect()
}

/// Only paths that are the controller's matter may be patterns.
pub fn pattern<'a>(thing: Thing<'a>) -> Vec<Fault<'a>> {
    let rules = if is(thing, "networking.k8s.io", "Ingress") { thing.root().items_at(&["spec", "rules"]) } else { &[] };
    let paths = rules.iter().flat_map(|rule| rule.items_at(&["http", "paths"]));
    let literal = paths.filter(|path| matches!(path.text_at(&["pathType"]), Some("Exact" | "Prefix")));
    let told = |path: &'a Node| {
        let node = path.get("path")?;
        let text = node.text().filter(|text| text.contains(['*', '(', '|', '^', '[', '\\']))?;
        Some((node, format!("asks for `{text}` letter by letter: a path of this type is no pattern")))
    };
    literal.filter_map(told).collect()
}

/// The API server takes every verb, since others may serve more; one that is nearly another is a slip.
pub fn verb<'a>(thing: Thing<'a>) -> Vec<Fault<'a>> {
    let is_role =
        is(thing, "rbac.authorization.k8s.io", "Role") || is(thing, "rbac.authorization.k8s.io", "ClusterRole");
    let rules = if is_role { thing.root().items_at(&["rules"]) } else { &[] };
    let verbs = rules.iter().flat_map(|rule| rule.items_at(&["verbs"]));
    let told = |node: &'a Node| {
        let verb = node.text().filter(|verb| !VERBS.contains(verb))?;
        let near = suggest::nearest(verb, VERBS.iter().copied())?;
        Some((node, format!("grants the verb `{verb}`, which nobody asks for; `{near}` is one")))
    };
    verbs.filter_map(told).collect()
}

/// How long the value of a label can be, and how long the names of a stateful set's pods and revisions are beside its own:
/// both are labels of the pods. A revision ends in a number of up to ten digits, a pod in its own number.
///
/// Source: `ControllerRevisionName` in `pkg/controller/history/controller_history.go`, `newStatefulSetPod` and
/// `setPodRevision` in `pkg/controller/statefulset/stateful_set_utils.go`.
const LONGEST_LABEL: usize = 63;
const LEAST_BESIDE: usize = "-0".len();
const MOST_BESIDE: usize = "-4294967295".len();

/// A stateful set whose pods no server takes, whatever their revision is called.
pub fn long_set(thing: Thing<'_>) -> Vec<Fault<'_>> {
    set_of_length(thing, |length| length + LEAST_BESIDE > LONGEST_LABEL, "no pod of it can have its label")
}

/// A stateful set whose pods most servers do not take: it depends on a sum of their template.
pub fn nearly_long_set(thing: Thing<'_>) -> Vec<Fault<'_>> {
    let is_nearly = |length| length + LEAST_BESIDE <= LONGEST_LABEL && length + MOST_BESIDE > LONGEST_LABEL;
    set_of_length(thing, is_nearly, "its pods can have their label only if a sum of their template is short")
}

fn set_of_length<'a>(thing: Thing<'a>, is_meant: impl Fn(usize) -> bool, harm: &str) -> Vec<Fault<'a>> {
    let name = thing.root().at(&["metadata", "name"]).filter(|_| is(thing, "apps", "StatefulSet"));
    let length = |node: &Node| node.text().map_or(0, str::len);
    let long = name.filter(|node| length(node) <= LONGEST_LABEL && is_meant(length(node)));
    long.map(|node| (node, format!("has a name of {} letters: {harm}", length(node)))).into_iter().collect()
}

fn is(thing: Thing<'_>, group: &str, kind: &str) -> bool {
    thing.document.id.kind == kind && thing.document.id.group == group
}
