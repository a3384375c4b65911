//! The table of all checks, and those that look at pods as a whole.

use crate::manifest::node::{Entry, Node};
use crate::validate::pod_security::containers as each;
use crate::validate::pod_security::{Check, Level, Violation};
use crate::validate::world::Pod;

/// Every check in every version that differs from the one before.
pub const CHECKS: &[Check] = &[
    ("hostNamespaces", Level::Baseline, 0, &[], host_namespaces),
    ("privileged", Level::Baseline, 0, &[], each::privileged),
    ("capabilities_baseline", Level::Baseline, 0, &[], each::capabilities),
    ("hostPathVolumes", Level::Baseline, 0, &[], host_paths),
    ("hostPorts", Level::Baseline, 0, &[], each::host_ports),
    ("hostProbesAndHostLifecycle", Level::Baseline, 34, &[], each::hosts),
    ("appArmorProfile", Level::Baseline, 0, &[], app_armor),
    ("seLinuxOptions", Level::Baseline, 0, &[], se_linux_0),
    ("seLinuxOptions", Level::Baseline, 31, &[], se_linux_31),
    ("procMount", Level::Baseline, 0, &[], each::proc_mount),
    ("procMount", Level::Baseline, 35, &[], proc_mount_35),
    ("seccompProfile_baseline", Level::Baseline, 0, &[], seccomp_annotations),
    ("seccompProfile_baseline", Level::Baseline, 19, &[], seccomp_where_set),
    ("sysctls", Level::Baseline, 0, &[], |pod| sysctls(pod, 0)),
    ("sysctls", Level::Baseline, 27, &[], |pod| sysctls(pod, 27)),
    ("sysctls", Level::Baseline, 29, &[], |pod| sysctls(pod, 29)),
    ("sysctls", Level::Baseline, 32, &[], |pod| sysctls(pod, 32)),
    ("sysctls", Level::Baseline, 37, &[], |pod| sysctls(pod, 37)),
    ("windowsHostProcess", Level::Baseline, 0, &[], host_process),
    ("restrictedVolumes", Level::Restricted, 0, &["hostPathVolumes"], volumes),
    ("allowPrivilegeEscalation", Level::Restricted, 8, &[], each::escalation),
    ("allowPrivilegeEscalation", Level::Restricted, 25, &[], |pod| unless_windows(pod, each::escalation)),
    ("runAsNonRoot", Level::Restricted, 0, &[], each::non_root),
    ("runAsNonRoot", Level::Restricted, 35, &[], |pod| unless_own_users(pod, each::non_root)),
    ("runAsUser", Level::Restricted, 23, &[], each::root_user),
    ("runAsUser", Level::Restricted, 35, &[], |pod| unless_own_users(pod, each::root_user)),
    ("seccompProfile_restricted", Level::Restricted, 19, &["seccompProfile_baseline"], seccomp),
    ("seccompProfile_restricted", Level::Restricted, 25, &["seccompProfile_baseline"], |pod| {
        unless_windows(pod, seccomp)
    }),
    ("capabilities_restricted", Level::Restricted, 22, &["capabilities_baseline"], each::all_dropped),
    ("capabilities_restricted", Level::Restricted, 25, &["capabilities_baseline"], |pod| {
        unless_windows(pod, each::all_dropped)
    }),
    ("procMount_restricted", Level::Restricted, 35, &["procMount"], each::proc_mount),
];

type Judge = for<'a> fn(&Pod<'a>) -> Vec<Violation<'a>>;

fn unless_windows<'a>(pod: &Pod<'a>, judge: Judge) -> Vec<Violation<'a>> {
    if pod.spec().text_at(&["os", "name"]) == Some("windows") { Vec::new() } else { judge(pod) }
}

/// The users of such a pod are nobody on its node.
fn unless_own_users<'a>(pod: &Pod<'a>, judge: Judge) -> Vec<Violation<'a>> {
    if pod.spec().get("hostUsers").and_then(Node::bool) == Some(false) { Vec::new() } else { judge(pod) }
}

fn proc_mount_35<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    unless_own_users(pod, each::proc_mount)
}

fn host_namespaces<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    let keys = ["hostNetwork", "hostPID", "hostIPC"];
    let set = keys.into_iter().filter_map(|key| Some((key, pod.spec().get(key)?)));
    set.filter(|(_, node)| node.bool() == Some(true)).map(|(key, node)| (node, format!("`{key}` is on"))).collect()
}

/// The volumes, each with the one key that says what it is; none is an empty directory.
fn sources<'a>(pod: &Pod<'a>) -> impl Iterator<Item = (&'a str, &'a Entry)> + use<'a> {
    pod.spec().items_at(&["volumes"]).iter().flat_map(|volume| {
        let name = volume.text_at(&["name"]).unwrap_or_default();
        volume.entries().iter().filter(|entry| entry.key != "name").map(move |entry| (name, entry))
    })
}

fn host_paths<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    let of_host = sources(pod).filter(|(_, entry)| entry.key == "hostPath");
    of_host.map(|(name, entry)| (&entry.node, format!("volume `{name}` is a directory of the node"))).collect()
}

const VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

fn volumes<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    let others = sources(pod).filter(|(_, entry)| !VOLUMES.contains(&entry.key.as_str()));
    others.map(|(name, entry)| (&entry.node, format!("volume `{name}` is a `{}`", entry.key))).collect()
}

/// Kernel parameters, and the minor from which each may be set.
const SYSCTLS: &[(&str, u32)] = &[
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
    ("net.ipv4.tcp_notsent_lowat", 37),
];

fn sysctls<'a>(pod: &Pod<'a>, minor: u32) -> Vec<Violation<'a>> {
    let set = pod.spec().items_at(&["securityContext", "sysctls"]).iter();
    let named = set.filter_map(|item| Some((item.get("name")?, item.text_at(&["name"])?)));
    let is_allowed = |name: &str| SYSCTLS.iter().any(|(known, from)| *known == name && *from <= minor);
    named
        .filter(|(_, name)| !is_allowed(name))
        .map(|(node, name)| (node, format!("the kernel parameter `{name}` is set")))
        .collect()
}

fn annotations<'a>(pod: &Pod<'a>) -> &'a [Entry] {
    pod.template.at(&["metadata", "annotations"]).map(Node::entries).unwrap_or_default()
}

fn app_armor<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    let is_fine = |kind: &str| ["RuntimeDefault", "Localhost"].contains(&kind);
    let mut found = each::set_to(pod, &["appArmorProfile", "type"], is_fine);
    let of_containers = annotations(pod)
        .iter()
        .filter(|entry| entry.key.starts_with("container.apparmor.security.beta.kubernetes.io/"));
    found.extend(of_containers.filter_map(|entry| {
        let profile = entry.node.text()?;
        let is_fine = profile.is_empty() || profile == "runtime/default" || profile.starts_with("localhost/");
        (!is_fine).then(|| (&entry.node, format!("the annotation `{}` is `{profile}`", entry.key)))
    }));
    found
}

fn seccomp_annotations<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    const OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
    const OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
    let names: Vec<&str> = pod.containers().filter_map(|(_, container)| container.text_at(&["name"])).collect();
    let is_about =
        |key: &str| key == OF_POD || key.strip_prefix(OF_CONTAINER).is_some_and(|name| names.contains(&name));
    let own = annotations(pod).iter().filter(|entry| is_about(&entry.key));
    own.filter_map(|entry| {
        let profile = entry.node.text()?;
        let is_fine = ["runtime/default", "docker/default"].contains(&profile) || profile.starts_with("localhost/");
        (!is_fine).then(|| (&entry.node, format!("the annotation `{}` is `{profile}`", entry.key)))
    })
    .collect()
}

fn is_profile(kind: &str) -> bool {
    ["RuntimeDefault", "Localhost"].contains(&kind)
}

fn seccomp_where_set<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    each::set_to(pod, &["seccompProfile", "type"], is_profile)
}

fn seccomp<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    let mut found = seccomp_where_set(pod);
    let of_pod = pod.spec().text_at(&["securityContext", "seccompProfile", "type"]).is_some_and(is_profile);
    let unset =
        pod.containers().filter(|(_, container)| container.at(&["securityContext", "seccompProfile"]).is_none());
    if !of_pod {
        found.extend(unset.map(|(_, container)| (container, each::said(container, "has no seccomp profile"))));
    }
    found
}

fn se_linux_0<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    each::se_linux(pod, &["", "container_t", "container_init_t", "container_kvm_t"])
}

fn se_linux_31<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    each::se_linux(pod, &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"])
}

fn host_process<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    let is_on = |context: &&'a Node| context.at(&["windowsOptions", "hostProcess"]).and_then(Node::bool) == Some(true);
    each::contexts(pod)
        .filter(|(_, context)| is_on(context))
        .map(|(who, context)| (context, format!("{who} is a process of the node")))
        .collect()
}
