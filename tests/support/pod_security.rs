//! Pod Security Standards, level `restricted`, in their newest version: every check, one row each.
//! Source: kubernetes.io, "Pod Security Standards", and the `policy/check_*.go` files of pod-security-admission.

use serde_json::Value;

use crate::support::examples::World;
use crate::support::faults::Faults;
use crate::support::objects::{Container, Pods, at, entries, items, text, texts};

type Violations = Vec<String>;
type Check = fn(&Pods<'_>) -> Violations;

/// Every check of `restricted`, those of `baseline` that it does not override included.
const RESTRICTED: &[(&str, Check)] = &[
    ("hostNamespaces", host_namespaces),
    ("privileged", |pods| each(pods, "privileged", |value| *value != Value::Bool(true))),
    ("hostPorts", host_ports),
    ("hostProbesAndHostLifecycle", host_probes),
    ("appArmorProfile", app_armor),
    ("seLinuxOptions", se_linux),
    ("sysctls", sysctls),
    ("windowsHostProcess", windows_host_process),
    ("restrictedVolumes", volumes),
    ("allowPrivilegeEscalation", |pods| each(pods, "allowPrivilegeEscalation", |value| *value == Value::Bool(false))),
    ("runAsNonRoot", run_as_non_root),
    ("runAsUser", run_as_user),
    ("seccompProfile_restricted", seccomp),
    ("capabilities_restricted", capabilities),
    ("procMount_restricted", |pods| each(pods, "procMount", |value| value.is_null() || value == "Default")),
];

/// The kinds of volume that may be used.
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

/// The kernel parameters that may be set.
const SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

/// Component types whose main container may write to its image: the software does.
const WRITABLE_ROOT: &[&str] = &["ingress-nginx"];

/// Every pod template passes every check of `restricted`; only where the description wants an edge on the ports of the
/// nodes, it has these, and nothing else that is weaker.
pub fn restricted(world: &World, faults: &mut Faults) {
    for pods in world.pods() {
        let on_nodes = world.description["components"][pods.owner.component()]["expose"] == "host-port";
        for (name, check) in RESTRICTED.iter().filter(|(name, _)| *name != "hostPorts" || !on_nodes) {
            for violation in check(&pods) {
                faults.add(pods.owner, name, violation);
            }
        }
    }
}

/// No container can write to its image; the standards do not ask for it, we do.
pub fn read_only_roots(world: &World, faults: &mut Faults) {
    for pods in world.pods() {
        let exempt = WRITABLE_ROOT.contains(&world.type_of(pods.owner.component()));
        for container in pods.containers() {
            let read_only = container.value["securityContext"]["readOnlyRootFilesystem"] == true;
            let excused = exempt && !container.init;
            faults.unless(read_only || excused, pods.owner, container.name, "can write to its image");
        }
    }
}

/// User and group are numbers, so that an image with a named user starts too; the rest of the house's rules.
pub fn house_rules(world: &World, faults: &mut Faults) {
    for pods in world.pods() {
        let (spec, context) = (pods.spec(), &pods.spec()["securityContext"]);
        for field in ["runAsUser", "runAsGroup"] {
            faults.unless(context[field].as_i64() > Some(0), pods.owner, field, "is not a number above 0");
        }
        let links = spec["enableServiceLinks"] == false;
        faults.unless(links, pods.owner, "enableServiceLinks", "variables of Services reach the container");
        let linux = spec["nodeSelector"]["kubernetes.io/os"] == "linux";
        faults.unless(linux, pods.owner, "nodeSelector", "may land on another operating system");
        let class = text(&spec["priorityClassName"]);
        let critical = class == "system-cluster-critical";
        let right = critical == (pods.owner.place() == "kube-system") && (critical || !class.starts_with("system-"));
        faults.unless(right, pods.owner, "priorityClassName", "what serves the cluster, and only that, is critical");
        for field in ["privileged", "hostAliases", "hostNetwork", "shareProcessNamespace", "nodeName"] {
            faults.unless(spec[field].is_null(), pods.owner, field, "is set");
        }
    }
}

/// Violations of a field in the security context of every container.
fn each(pods: &Pods<'_>, field: &str, allowed: fn(&Value) -> bool) -> Violations {
    let values = pods.containers().into_iter().map(|own| (own.name, &own.value["securityContext"][field]));
    values.filter(|(_, value)| !allowed(value)).map(|(name, value)| format!("{name}: {field} is {value}")).collect()
}

/// Violations of a field in the security contexts of the pod and of every container.
fn everywhere(pods: &Pods<'_>, field: &str, allowed: impl Fn(&Value) -> bool) -> Violations {
    let own = pods.containers().into_iter().map(|container| (container.name, &container.value["securityContext"]));
    std::iter::once(("pod", &pods.spec()["securityContext"]))
        .chain(own)
        .filter(|(_, context)| !allowed(&context[field]))
        .map(|(name, context)| format!("{name}: {field} is {}", context[field]))
        .collect()
}

fn host_namespaces(pods: &Pods<'_>) -> Violations {
    let set = |field: &&str| pods.spec()[*field] == true;
    ["hostNetwork", "hostPID", "hostIPC"].into_iter().filter(set).map(str::to_owned).collect()
}

fn host_ports(pods: &Pods<'_>) -> Violations {
    let ports = pods.containers().into_iter().flat_map(|container| items(&container.value["ports"]));
    ports.filter(|port| port["hostPort"].as_i64().unwrap_or(0) != 0).map(ToString::to_string).collect()
}

fn host_probes(pods: &Pods<'_>) -> Violations {
    let mut found = Vec::new();
    for container in pods.containers() {
        let handlers = ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle/preStop", "lifecycle/postStart"];
        for handler in handlers {
            for action in ["httpGet", "tcpSocket"] {
                if !text(at(container.value, &format!("/{handler}/{action}/host"))).is_empty() {
                    found.push(format!("{}: {handler} names a host", container.name));
                }
            }
        }
    }
    found
}

fn app_armor(pods: &Pods<'_>) -> Violations {
    let allowed = |value: &Value| value.is_null() || ["RuntimeDefault", "Localhost"].contains(&text(&value["type"]));
    let mut found = everywhere(pods, "appArmorProfile", allowed);
    for (key, value) in entries(at(pods.template, "/metadata/annotations")) {
        let fine = ["", "runtime/default"].contains(&text(value)) || text(value).starts_with("localhost/");
        if key.starts_with("container.apparmor.security.beta.kubernetes.io/") && !fine {
            found.push(format!("{key}: {value}"));
        }
    }
    found
}

fn se_linux(pods: &Pods<'_>) -> Violations {
    const TYPES: &[&str] = &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
    everywhere(pods, "seLinuxOptions", |options| {
        TYPES.contains(&text(&options["type"]))
            && text(&options["user"]).is_empty()
            && text(&options["role"]).is_empty()
    })
}

fn sysctls(pods: &Pods<'_>) -> Violations {
    let set = items(&pods.spec()["securityContext"]["sysctls"]).map(|sysctl| text(&sysctl["name"]));
    set.filter(|name| !SYSCTLS.contains(name)).map(str::to_owned).collect()
}

fn windows_host_process(pods: &Pods<'_>) -> Violations {
    everywhere(pods, "windowsOptions", |options| options["hostProcess"] != true)
}

fn volumes(pods: &Pods<'_>) -> Violations {
    let mut found = Vec::new();
    for volume in items(&pods.spec()["volumes"]) {
        let sources: Vec<&str> = entries(volume).into_iter().map(|(key, _)| key).filter(|key| *key != "name").collect();
        if sources.len() != 1 || !VOLUMES.contains(&sources[0]) {
            found.push(format!("volume {}: {sources:?}", volume["name"]));
        }
    }
    found
}

fn run_as_non_root(pods: &Pods<'_>) -> Violations {
    let pod = pods.spec()["securityContext"]["runAsNonRoot"] == true;
    let safe = |container: &Container<'_>| match &container.value["securityContext"]["runAsNonRoot"] {
        Value::Null => pod,
        own => *own == true,
    };
    let unsafe_ = pods.containers().into_iter().filter(|container| !safe(container));
    unsafe_.map(|container| format!("{} may run as root", container.name)).collect()
}

fn run_as_user(pods: &Pods<'_>) -> Violations {
    everywhere(pods, "runAsUser", |user| user.as_i64() != Some(0))
}

fn seccomp(pods: &Pods<'_>) -> Violations {
    let good = |profile: &Value| ["RuntimeDefault", "Localhost"].contains(&text(&profile["type"]));
    let pod = &pods.spec()["securityContext"]["seccompProfile"];
    let mut found = Vec::new();
    if !pod.is_null() && !good(pod) {
        found.push(format!("pod: {pod}"));
    }
    for container in pods.containers() {
        let own = &container.value["securityContext"]["seccompProfile"];
        let effective = if own.is_null() { pod } else { own };
        if !good(effective) {
            found.push(format!("{}: {effective}", container.name));
        }
    }
    found
}

fn capabilities(pods: &Pods<'_>) -> Violations {
    let mut found = Vec::new();
    for container in pods.containers() {
        let capabilities = &container.value["securityContext"]["capabilities"];
        if !texts(&capabilities["drop"]).contains(&"ALL") {
            found.push(format!("{} does not drop ALL", container.name));
        }
        for added in texts(&capabilities["add"]) {
            if added != "NET_BIND_SERVICE" {
                found.push(format!("{} adds {added}", container.name));
            }
        }
    }
    found
}
