//! Rules for security contexts of pods and containers.
//!
//! Source: `ValidateSecurityContext` and what it calls in `pkg/apis/core/validation/validation.go`, and
//! `component-helpers/node/util/sysctl/namespace.go` of Kubernetes 1.35 to 1.37.

use crate::diff::path::Step;
use crate::manifest::node::Node;
use crate::spec::shapes::Minor;
use crate::validate::api::Judge;
use crate::validate::api::forms::Form;
use crate::validate::api::mounts::inner_fault;
use crate::validate::api::rules::{has, once};

pub const SYSCTL: Form = (is_sysctl, "parts of lower-case letters, digits, `-` and `_`, with `.` or `/` between");
/// The largest number of a user or a group.
const MOST_ID: i128 = i32::MAX as i128;
const LONGEST_PROFILE: usize = 4095;
const LONGEST_SPEC: usize = 64 << 10;
const LONGEST_DOMAIN: usize = 255;
const LONGEST_USER: usize = 104;

pub fn of_container(judge: &mut Judge<'_>, node: &Node) {
    let is = |key: &str, wanted| node.get(key).and_then(Node::bool) == Some(wanted);
    if is("allowPrivilegeEscalation", false) {
        if is("privileged", true) {
            judge.refuse(node, "allowPrivilegeEscalation", "must not be false where `privileged` is true");
        }
        let added = node.items_at(&["capabilities", "add"]).iter();
        if added.filter_map(Node::text).any(|name| name == "CAP_SYS_ADMIN") {
            judge.refuse(node, "allowPrivilegeEscalation", "must not be false where `CAP_SYS_ADMIN` is added");
        }
    }
}

pub fn of_pod(judge: &mut Judge<'_>, node: &Node) {
    for (at, group) in node.items_at(&["supplementalGroups"]).iter().enumerate() {
        if let Some(number) = group.integer().filter(|number| !(0..=MOST_ID).contains(number)) {
            let path = judge.path.key("supplementalGroups").and(Step::Index(at));
            judge.at(&path, group.span, &format!("is {number}; it must be between 0 and {MOST_ID}"));
        }
    }
    once(judge, node, "sysctls", "name");
    let policies: &[&str] = if judge.minor < Minor::V1_37 { &["Recursive"] } else { &["MountOption", "Recursive"] };
    judge.word(node, "seLinuxChangePolicy", policies);
}

pub fn seccomp(judge: &mut Judge<'_>, node: &Node) {
    profile(judge, node);
    judge.faults(node, "localhostProfile", inner_fault);
}

pub fn app_armor(judge: &mut Judge<'_>, node: &Node) {
    profile(judge, node);
    let Some(name) = node.text_at(&["localhostProfile"]) else { return };
    if name.trim() != name {
        judge.refuse(node, "localhostProfile", "must not have spaces at its ends");
    } else if name.is_empty() || name.len() > LONGEST_PROFILE {
        judge.refuse(node, "localhostProfile", &format!("must have between 1 and {LONGEST_PROFILE} bytes"));
    }
}

/// A profile of the node has a name, and no other has.
fn profile(judge: &mut Judge<'_>, node: &Node) {
    match (node.text_at(&["type"]), has(node, "localhostProfile")) {
        (Some("Localhost"), false) => {
            judge.refuse(node, "localhostProfile", "is missing where the type is `Localhost`");
        }
        (Some(kind), true) if kind != "Localhost" => {
            judge.refuse(node, "localhostProfile", &format!("must not be there where the type is `{kind}`"));
        }
        _ => {}
    }
}

/// What is set for a pod must not be set for its whole node.
pub fn sysctls(judge: &mut Judge<'_>, pod: &Node) {
    let is = |key: &str| pod.get(key).and_then(Node::bool) == Some(true);
    let (on_host_network, on_host_ipc) = (is("hostNetwork"), is("hostIPC"));
    judge.under(pod, &["securityContext"], |judge, context| {
        judge.each(context, "sysctls", |judge, sysctl| {
            let name = normal(sysctl.text_at(&["name"]).unwrap_or_default());
            let whose = if on_host_network && name.starts_with("net.") {
                "hostNetwork"
            } else if on_host_ipc && is_of_ipc(&name) {
                "hostIPC"
            } else {
                return;
            };
            judge.refuse(sysctl, "name", &format!("is `{name}`, which is the node's own where `{whose}` is true"));
        });
    });
}

/// The first of `.` and `/` parts a name; where it is `/`, they have changed places.
fn normal(name: &str) -> String {
    match name.find(['.', '/']).map(|at| &name[at..=at]) {
        Some("/") => name
            .chars()
            .map(|letter| match letter {
                '/' => '.',
                '.' => '/',
                other => other,
            })
            .collect(),
        _ => name.to_owned(),
    }
}

fn is_of_ipc(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "kernel.msg",
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shm",
        "kernel.shm_rmid_forced",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
    ];
    NAMES.contains(&name) || name.starts_with("fs.mqueue.")
}

/// Whether this can be the name of a sysctl: parts of lower-case letters, digits, `-` and `_` between `.` or `/`.
fn is_sysctl(name: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_part = |part: &str| {
        let bytes = part.as_bytes();
        let is_inner = |byte: &u8| is_end(Some(byte)) || b"-_".contains(byte);
        is_end(bytes.first()) && is_end(bytes.last()) && bytes.iter().all(is_inner)
    };
    name.len() <= 253 && name.split(['.', '/']).all(is_part)
}

pub fn windows(judge: &mut Judge<'_>, node: &Node) {
    let spec = node.text_at(&["gmsaCredentialSpec"]);
    if let Some(length) = spec.map(str::len).filter(|length| *length == 0 || *length > LONGEST_SPEC) {
        let why = format!("has {length} bytes; it must have between 1 and {LONGEST_SPEC}");
        judge.refuse(node, "gmsaCredentialSpec", &why);
    }
    if let Some(why) = node.text_at(&["runAsUserName"]).and_then(user_fault) {
        judge.refuse(node, "runAsUserName", why);
    }
}

fn user_fault(name: &str) -> Option<&'static str> {
    let (domain, user) = name.split_once('\\').map_or((None, name), |(domain, user)| (Some(domain), user));
    if name.is_empty() {
        Some("must not be empty")
    } else if name.chars().any(|letter| letter.is_ascii_control()) {
        Some("must not hold control characters")
    } else if user.contains('\\') {
        Some("must not hold more than one `\\`")
    } else if domain.is_some_and(|domain| domain.len() > LONGEST_DOMAIN || !(is_netbios(domain) || is_dns(domain))) {
        Some("has a domain that is neither a NetBIOS name nor a DNS name")
    } else if user.is_empty() || user.len() > LONGEST_USER {
        Some("must name a user, with at most 104 characters")
    } else if user.chars().all(|letter| ". ".contains(letter)) {
        Some("must name a user by more than dots and spaces")
    } else if user.contains(['"', '/', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']']) {
        Some("must not hold any of `\"/\\:;|=,+*?<>@[]`")
    } else {
        None
    }
}

fn is_netbios(domain: &str) -> bool {
    let is_strange = |letter: char| "\\/:*?\"<>|".contains(letter);
    (1..=15).contains(&domain.chars().count()) && !domain.starts_with('.') && !domain.contains(is_strange)
}

fn is_dns(domain: &str) -> bool {
    domain.split('.').all(|part| {
        let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = part.as_bytes();
        bytes.len() <= 63
            && is_end(bytes.first())
            && is_end(bytes.last())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_of_windows_have_a_name_and_perhaps_a_domain() {
        for good in ["ContainerAdministrator", "NT AUTHORITY\\SYSTEM", "dns.example.com\\a", "a.b"] {
            assert_eq!(user_fault(good), None, "{good}");
        }
        for bad in ["", "a\\b\\c", "domain\\", "a:b", "...", "a\tb", "this_is_too_long_for_netbios\\a"] {
            assert!(user_fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn names_of_sysctls_have_parts() {
        assert!(is_sysctl("net.ipv4.ip_forward") && is_sysctl("net/ipv4/conf"));
        assert!(!is_sysctl("a..b") && !is_sysctl("A.b") && !is_sysctl("a.-b"));
        assert_eq!(normal("net/ipv4/conf/eth0.100/x"), "net.ipv4.conf.eth0/100.x");
    }
}
