//! Rules about pods.

use crate::diagnostics::codes;
use crate::diagnostics::report::Severity::{Error, Note, Warning};
use crate::manifest::node::Node;
use crate::manifest::selector::said;
use crate::validate::pod_security;
use crate::validate::policy::Asked::{Always, Named};
use crate::validate::policy::scene::Scene;
use crate::validate::policy::{Fault, OfPod, Rule, outdated, unworkable};
use crate::validate::rights::tokens;

/// Every rule.
pub const RULES: &[Rule<OfPod>] = &[
    Rule {
        code: codes::DEFAULT_ACCOUNT,
        asked: Always,
        severity: Warning,
        test: default_account,
        help: "give it an account of its own, or write `automountServiceAccountToken: false`",
    },
    Rule {
        code: codes::DEPRECATED_FIELD,
        asked: Always,
        severity: Warning,
        test: outdated::in_pods,
        help: "write what took its place, before a server drops it",
    },
    Rule {
        code: codes::DNS_SEARCH,
        asked: Named,
        severity: Note,
        test: dns_search,
        help: "write `dnsConfig: {options: [{name: ndots, value: \"2\"}]}`",
    },
    Rule {
        code: codes::HOST_MOUNT,
        asked: Always,
        severity: Error,
        test: sensitive_mount,
        help: "mount what is needed and nothing above it, or use a volume",
    },
    Rule {
        code: codes::HOST_MOUNT,
        asked: Always,
        severity: Warning,
        test: writable_mount,
        help: "write `readOnly: true` at the mount, or use a volume",
    },
    Rule {
        code: codes::HOST_NAMESPACE,
        asked: Always,
        severity: Warning,
        test: host_namespace,
        help: "do without: a port, a probe or a metric seldom needs the node itself",
    },
    Rule {
        code: codes::MISSING_READINESS,
        asked: Always,
        severity: Warning,
        test: missing_readiness,
        help: "ask something that succeeds as soon as requests are answered",
    },
    Rule {
        code: codes::NO_PRIORITY,
        asked: Named,
        severity: Note,
        test: no_priority,
        help: "write `priorityClassName`",
    },
    Rule {
        code: codes::UNRESTRICTED_POD,
        asked: Named,
        severity: Warning,
        test: unrestricted,
        help: "harden it, so that a namespace of the level `restricted` takes it",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Error,
        test: unworkable::medium,
        help: "write `Memory`, or nothing for the disk of the node",
    },
    Rule {
        code: codes::UNWORKABLE,
        asked: Always,
        severity: Error,
        test: unworkable::counted_twice,
        help: "the server adds what `matchLabelKeys` says to the selector: take the label out of one of the two",
    },
];

/// Rights that one pod of the namespace is given by the account `default`, all have.
fn default_account<'a>(scene: &Scene<'a>) -> Vec<Fault<'a>> {
    let token = tokens::token(scene.world, scene.pod).filter(|_| tokens::account(scene.pod) == "default");
    let told = |node| (node, "the pods have a token of the account `default`, which others share".to_owned());
    token.map(told).into_iter().collect()
}

/// Five dots in a name before it is asked for as it is: every name from outside is asked for four times in vain.
fn dns_search<'a>(scene: &Scene<'a>) -> Vec<Fault<'a>> {
    let options = scene.spec().items_at(&["dnsConfig", "options"]);
    let is_set = options.iter().any(|option| option.text_at(&["name"]) == Some("ndots"));
    let policy = scene.spec().text_at(&["dnsPolicy"]).unwrap_or("ClusterFirst");
    let asks_the_cluster = policy.starts_with("ClusterFirst");
    let told =
        || (scene.spec(), "every name from outside is looked for in the cluster first, several times".to_owned());
    (!is_set && asks_the_cluster).then(told).into_iter().collect()
}

/// Places of a node that give it away, and whether all below them does.
const SENSITIVE: &[(&str, bool)] = &[
    ("/", false),
    ("/boot", true),
    ("/dev", false),
    ("/etc", false),
    ("/etc/kubernetes", true),
    ("/home", false),
    ("/proc", true),
    ("/root", true),
    ("/run", false),
    ("/run/containerd/containerd.sock", true),
    ("/run/crio/crio.sock", true),
    ("/run/docker.sock", true),
    ("/sys", false),
    ("/usr", false),
    ("/var", false),
    ("/var/lib", false),
    ("/var/lib/docker", true),
    ("/var/lib/etcd", true),
    ("/var/lib/kubelet", true),
    ("/var/run", false),
    ("/var/run/containerd/containerd.sock", true),
    ("/var/run/crio/crio.sock", true),
    ("/var/run/docker.sock", true),
];

fn is_sensitive(path: &str) -> bool {
    let path = match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    };
    let is_below = |start: &str| path.strip_prefix(start).is_some_and(|rest| rest.starts_with('/'));
    SENSITIVE.iter().any(|(known, all)| path == *known || (*all && is_below(known)))
}

/// The places of the node that the pods mount: the volume, its name, and the path.
fn host_paths<'a>(scene: &Scene<'a>) -> impl Iterator<Item = (&'a Node, &'a str, &'a str)> {
    let volumes = scene.spec().items_at(&["volumes"]).iter();
    volumes.filter_map(|volume| Some((volume, volume.text_at(&["name"])?, volume.text_at(&["hostPath", "path"])?)))
}

fn sensitive_mount<'a>(scene: &Scene<'a>) -> Vec<Fault<'a>> {
    let told = |(node, _, path): (&'a Node, &str, &str)| {
        let is_socket = path.rsplit('.').next() == Some("sock");
        let what = if is_socket { "whoever asks it is root there" } else { "it gives the node away" };
        (node, format!("the pods mount `{path}` of their node: {what}"))
    };
    host_paths(scene).filter(|(.., path)| is_sensitive(path)).map(told).collect()
}

fn writable_mount<'a>(scene: &Scene<'a>) -> Vec<Fault<'a>> {
    let is_writable = |name: &str| {
        let mut mounts = scene.pod.containers().flat_map(|(_, container)| container.items_at(&["volumeMounts"]));
        let is_read_only = |mount: &Node| mount.get("readOnly").and_then(Node::bool) == Some(true);
        mounts.any(|mount| mount.text_at(&["name"]) == Some(name) && !is_read_only(mount))
    };
    let plain = host_paths(scene).filter(|(.., path)| !is_sensitive(path));
    plain
        .filter(|(_, name, _)| is_writable(name))
        .map(|(node, _, path)| (node, format!("the pods can write to `{path}` of their node")))
        .collect()
}

/// What pods can share with their node.
const SHARED: &[(&str, &str)] = &[
    ("hostIPC", "what programs of their node share"),
    ("hostNetwork", "the network of their node, where no policy holds for them"),
    ("hostPID", "the processes of their node"),
];

fn host_namespace<'a>(scene: &Scene<'a>) -> Vec<Fault<'a>> {
    let set = SHARED.iter().filter_map(|(key, what)| Some((scene.spec().get(key)?, what)));
    set.filter(|(node, _)| node.bool() == Some(true))
        .map(|(node, what)| (node, format!("the pods see {what}")))
        .collect()
}

/// A Service sends to whoever is ready, and whoever is not asked is ready at once.
fn missing_readiness<'a>(scene: &Scene<'a>) -> Vec<Fault<'a>> {
    let is_asked = |container: &Node| said(container, "readinessProbe").is_some();
    let is_missing = scene.around.served[scene.at] && !scene.pod.containers().any(|(_, own)| is_asked(own));
    let told = || (scene.spec(), "a Service sends to the pods, and nobody asks whether they are ready".to_owned());
    is_missing.then(told).into_iter().collect()
}

fn no_priority<'a>(scene: &Scene<'a>) -> Vec<Fault<'a>> {
    let is_missing = scene.spec().text_at(&["priorityClassName"]).is_none_or(str::is_empty);
    let told = || (scene.spec(), "the pods have no priority: anything may push them aside".to_owned());
    is_missing.then(told).into_iter().collect()
}

fn unrestricted<'a>(scene: &Scene<'a>) -> Vec<Fault<'a>> {
    pod_security::unrestricted(scene.pod, scene.world.minor.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_places_give_a_node_away() {
        for path in ["/", "//", "/etc", "/etc/", "/var/run/docker.sock", "/proc/1", "/var/lib/kubelet/pods"] {
            assert!(is_sensitive(path), "{path}");
        }
        for path in ["/var/log", "/etc/ssl/certs", "/data", "/procedure", "/var/lib/app", "/sys/fs/cgroup"] {
            assert!(!is_sensitive(path), "{path}");
        }
    }
}
