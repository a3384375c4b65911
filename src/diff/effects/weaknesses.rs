//! What a pod may do that Pod Security `restricted` and a read-only root would forbid: tables.

use std::collections::BTreeSet;

use crate::diff::effects::containers;
use crate::manifest::node::Node;
use crate::ordered::Ordered;

/// Switches of a pod, and what they do when they are on.
const SWITCHES: &[(&[&str], &str)] = &[
    (&["hostPID"], "sees the processes of the node"),
    (&["hostIPC"], "shares memory with the node"),
    (&["hostNetwork"], "uses the node's network"),
    (&["shareProcessNamespace"], "its containers see each other's processes"),
];

/// Kernel parameters that are a pod's own. Source: `CheckSysctls` in `k8s.io/pod-security-admission/policy`.
const OWN_PARAMETERS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

/// SELinux types of confined containers. Source: `CheckSELinuxOptions` in the same package.
const CONFINED: &[&str] = &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

/// Before the name of a container, in the annotation that said what its profile is before there was a field.
const APPARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

const API: &str = "the Kubernetes API";

/// All weaknesses of a pod, in words; a container with an heir bears its name.
pub fn weaknesses(template: &Node, heir: Option<(&str, &str)>) -> BTreeSet<String> {
    let Some(pod) = template.get("spec") else { return BTreeSet::new() };
    let mut found = of_pod(pod);
    for container in containers(pod) {
        let name = container.text_at(&["name"]).unwrap_or_default();
        let annotation = template.text_at(&["metadata", "annotations", &format!("{APPARMOR}{name}")]);
        let name = heir.filter(|(old, _)| *old == name).map_or(name, |(_, new)| new);
        let weak = of_container(pod, container, annotation == Some("unconfined"));
        found.extend(weak.into_iter().map(|words| format!("`{name}` {words}")));
    }
    found
}

fn is(node: Option<&Node>, wanted: bool) -> bool {
    node.and_then(Node::bool) == Some(wanted)
}

fn of_pod(pod: &Node) -> BTreeSet<String> {
    let switched = SWITCHES.iter().filter(|(path, _)| is(pod.at(path), true)).map(|(_, words)| (*words).to_owned());
    let mut found: BTreeSet<String> = switched.ordered();
    let own = |key: &str| pod.at(&["securityContext", key]);
    let zero = |node: &Node| node.integer() == Some(0);
    let is_root = own("fsGroup").is_some_and(zero)
        || own("supplementalGroups").is_some_and(|groups| groups.items().iter().any(zero));
    found.extend(is_root.then(|| "is in the group root".to_owned()));
    let parameters = pod.items_at(&["securityContext", "sysctls"]).iter().filter_map(|one| one.text_at(&["name"]));
    let foreign = parameters.filter(|name| !OWN_PARAMETERS.contains(name));
    found.extend(foreign.map(|name| format!("sets the kernel parameter {name}")));
    let volumes = pod.items_at(&["volumes"]).iter();
    let sources = volumes.flat_map(|volume| volume.items_at(&["projected", "sources"]));
    let tokens = sources.filter_map(|source| source.get("serviceAccountToken"));
    let audiences = tokens.map(|token| token.text_at(&["audience"]).unwrap_or(API));
    let mounted = (!is(pod.get("automountServiceAccountToken"), false)).then_some(API);
    found.extend(audiences.chain(mounted).map(|audience| format!("holds a token for {audience}")));
    found
}

fn of_container(pod: &Node, container: &Node, is_unconfined: bool) -> Vec<String> {
    let own = |key: &str| container.at(&["securityContext", key]);
    let either = |key: &str| own(key).or_else(|| pod.at(&["securityContext", key]));
    let inner = |key: &str, part: &str| {
        own(key).and_then(|node| node.get(part)).or_else(|| pod.at(&["securityContext", key, part]))
    };
    let profile = |key: &str| either(key).and_then(|profile| profile.text_at(&["type"]));
    let number = |key: &str| either(key).and_then(Node::integer);
    let selinux = |part: &str| inner("seLinuxOptions", part).and_then(Node::text).unwrap_or_default();
    let user = number("runAsUser");
    let capabilities = |list: &str| {
        let node = container.at(&["securityContext", "capabilities"]);
        node.map(|node| node.items_at(&[list])).unwrap_or_default().iter().filter_map(Node::text)
    };
    let rows = [
        (is(own("privileged"), true), "is privileged"),
        (!is(own("allowPrivilegeEscalation"), false), "may gain privileges"),
        (!is(own("readOnlyRootFilesystem"), true), "may write to its root file system"),
        (!is(either("runAsNonRoot"), true) && user.is_none(), "may run as root"),
        (user == Some(0), "runs as root"),
        (number("runAsGroup") == Some(0), "is in the group root"),
        (!matches!(profile("seccompProfile"), Some("RuntimeDefault" | "Localhost")), "is not confined by seccomp"),
        (profile("appArmorProfile") == Some("Unconfined") || is_unconfined, "is not confined by AppArmor"),
        (own("procMount").and_then(Node::text) == Some("Unmasked"), "sees all of `/proc`"),
        (is(inner("windowsOptions", "hostProcess"), true), "runs as a process of the node"),
        (!selinux("user").is_empty(), "chooses its SELinux user"),
        (!selinux("role").is_empty(), "chooses its SELinux role"),
        (!capabilities("drop").any(|name| name == "ALL"), "keeps the default capabilities"),
    ];
    let mut found: Vec<String> =
        rows.iter().filter(|(is_weak, _)| *is_weak).map(|(_, words)| (*words).to_owned()).collect();
    let kind = selinux("type");
    found.extend((!CONFINED.contains(&kind)).then(|| format!("runs as the SELinux type {kind}")));
    found.extend(capabilities("add").map(|capability| format!("has the capability {capability}")));
    found
}

/// What a pod gets of its node's files that it had not.
pub fn node_paths(before: Option<&Node>, after: Option<&Node>) -> Vec<String> {
    let had = before.map(mounted).unwrap_or_default();
    let told = |(path, is_writable): (&str, bool)| {
        let holders = || had.iter().filter(|(own, _)| is_within(path, own));
        let is_held = holders().any(|(_, was_writable)| *was_writable || !is_writable);
        let verb = if holders().next().is_some() { "may write to" } else { "mounts" };
        (!is_held).then(|| format!("{verb} {path} of the node"))
    };
    after.map(mounted).unwrap_or_default().into_iter().filter_map(told).collect()
}

/// Paths of the node, and whether a container may write there.
fn mounted(pod: &Node) -> Vec<(&str, bool)> {
    let is_writable = |volume: &Node| {
        let mounts = containers(pod).flat_map(|container| container.items_at(&["volumeMounts"]));
        let mut own = mounts.filter(|mount| mount.text_at(&["name"]) == volume.text_at(&["name"]));
        own.any(|mount| !is(mount.get("readOnly"), true))
    };
    let volumes = pod.items_at(&["volumes"]).iter();
    volumes.filter_map(|volume| Some((volume.text_at(&["hostPath", "path"])?, is_writable(volume)))).collect()
}

fn is_within(path: &str, whole: &str) -> bool {
    let start = format!("{}/", whole.trim_end_matches('/'));
    path == whole || path.starts_with(&start)
}
