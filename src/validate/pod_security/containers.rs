//! Checks that look at each container, and at what its pod says for all of them.

use crate::manifest::node::Node;
use crate::validate::pod_security::Violation;
use crate::validate::world::Pod;

/// The security contexts: of the pod, and of each container that has one.
pub fn contexts<'a>(pod: &Pod<'a>) -> impl Iterator<Item = (String, &'a Node)> + use<'a> {
    let own = pod.spec().get("securityContext").map(|context| ("the pod".to_owned(), context));
    let of_containers =
        pod.containers().filter_map(|(_, container)| Some((who(container), container.get("securityContext")?)));
    own.into_iter().chain(of_containers)
}

fn who(container: &Node) -> String {
    format!("container `{}`", container.text_at(&["name"]).unwrap_or_default())
}

/// What is said of a container.
pub fn said(container: &Node, what: &str) -> String {
    format!("{} {what}", who(container))
}

/// Contexts that set a field to a word that is not fine.
pub fn set_to<'a>(pod: &Pod<'a>, path: &[&str], is_fine: impl Fn(&str) -> bool) -> Vec<Violation<'a>> {
    let set = contexts(pod).filter_map(|(who, context)| {
        // a profile without a type is of none that is allowed
        let (parent, key) = (context.get(path[0])?, path[1]);
        Some((who, parent, parent.text_at(&[key]).unwrap_or_default()))
    });
    set.filter(|(.., word)| !is_fine(word))
        .map(|(who, node, word)| (node, format!("{who} sets `{}` to `{word}`", path.join("."))))
        .collect()
}

/// A field of the security context of a container.
fn own<'a>(container: &'a Node, path: &[&str]) -> Option<&'a Node> {
    container.get("securityContext")?.at(path)
}

pub fn privileged<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    let set = pod.containers().filter_map(|(_, container)| Some((container, own(container, &["privileged"])?)));
    set.filter(|(_, node)| node.bool() == Some(true))
        .map(|(container, node)| (node, said(container, "is privileged")))
        .collect()
}

const CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

pub fn capabilities<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    added(pod, CAPABILITIES)
}

fn added<'a>(pod: &Pod<'a>, allowed: &[&str]) -> Vec<Violation<'a>> {
    let mut found = Vec::new();
    for (_, container) in pod.containers() {
        for item in own(container, &["capabilities", "add"]).map(Node::items).unwrap_or_default() {
            if let Some(name) = item.text().filter(|name| !allowed.contains(name)) {
                found.push((item, said(container, &format!("adds the capability `{name}`"))));
            }
        }
    }
    found
}

pub fn all_dropped<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    let drops_all = |container: &Node| {
        let dropped = own(container, &["capabilities", "drop"]).map(Node::items).unwrap_or_default();
        dropped.iter().any(|item| item.text() == Some("ALL"))
    };
    let keeping = pod.containers().filter(|(_, container)| !drops_all(container));
    let mut found: Vec<Violation<'a>> =
        keeping.map(|(_, container)| (container, said(container, "does not drop the capabilities `ALL`"))).collect();
    found.extend(added(pod, &["NET_BIND_SERVICE"]));
    found
}

/// A pod in the network of its node holds its ports there: the server fills that in.
pub fn host_ports<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    let on_its_node = pod.spec().get("hostNetwork").and_then(Node::bool) == Some(true);
    let mut found = Vec::new();
    for (_, container) in pod.containers() {
        for port in container.items_at(&["ports"]) {
            let set = port.get("hostPort").or_else(|| port.get("containerPort").filter(|_| on_its_node));
            if let Some((node, number)) = set.and_then(|node| Some((node, node.integer()?))).filter(|(_, n)| *n != 0) {
                found.push((node, said(container, &format!("takes port {number} of its node"))));
            }
        }
    }
    found
}

pub fn hosts<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    const HANDLERS: &[&[&str]] = &[
        &["livenessProbe"],
        &["readinessProbe"],
        &["startupProbe"],
        &["lifecycle", "postStart"],
        &["lifecycle", "preStop"],
    ];
    let mut found = Vec::new();
    for (_, container) in pod.containers() {
        for handler in HANDLERS.iter().filter_map(|path| container.at(path)) {
            for kind in ["httpGet", "tcpSocket"] {
                let set = handler.at(&[kind, "host"]);
                if let Some((node, host)) =
                    set.and_then(|node| Some((node, node.text()?))).filter(|(_, h)| !h.is_empty())
                {
                    found.push((node, said(container, &format!("lets its node call the host `{host}`"))));
                }
            }
        }
    }
    found
}

pub fn se_linux<'a>(pod: &Pod<'a>, types: &[&str]) -> Vec<Violation<'a>> {
    let mut found = Vec::new();
    for (who, context) in contexts(pod) {
        let Some(options) = context.get("seLinuxOptions") else { continue };
        for key in ["type", "user", "role"] {
            let value = options.text_at(&[key]).unwrap_or_default();
            let is_fine = if key == "type" { types.contains(&value) } else { value.is_empty() };
            if !is_fine {
                found.push((options, format!("{who} sets `seLinuxOptions.{key}` to `{value}`")));
            }
        }
    }
    found
}

pub fn proc_mount<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    let set = pod.containers().filter_map(|(_, container)| Some((container, own(container, &["procMount"])?)));
    set.filter_map(|(container, node)| {
        let kind = node.text().filter(|kind| *kind != "Default")?;
        Some((node, said(container, &format!("sets `procMount` to `{kind}`"))))
    })
    .collect()
}

/// Not even root may become more than it is.
pub fn escalation<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    let allows = |container: &Node| own(container, &["allowPrivilegeEscalation"]).and_then(Node::bool) != Some(false);
    let found = pod.containers().filter(|(_, container)| allows(container));
    found
        .map(|(_, container)| (container, said(container, "does not set `allowPrivilegeEscalation` to false")))
        .collect()
}

pub fn non_root<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    let said_by = |context: Option<&Node>| context.and_then(|context| context.get("runAsNonRoot")?.bool());
    let of_pod = said_by(pod.spec().get("securityContext"));
    let mut found: Vec<Violation<'a>> = Vec::new();
    if let Some(context) = pod.spec().get("securityContext").filter(|_| of_pod == Some(false)) {
        found.push((context, "the pod sets `runAsNonRoot` to false".to_owned()));
    }
    for (_, container) in pod.containers() {
        match said_by(container.get("securityContext")) {
            Some(true) => {}
            Some(false) => found.push((container, said(container, "sets `runAsNonRoot` to false"))),
            None if of_pod == Some(true) => {}
            None => found.push((container, said(container, "may run as root: nothing sets `runAsNonRoot`"))),
        }
    }
    found
}

pub fn root_user<'a>(pod: &Pod<'a>) -> Vec<Violation<'a>> {
    let set = contexts(pod).filter_map(|(who, context)| Some((who, context.get("runAsUser")?)));
    set.filter(|(_, node)| node.integer() == Some(0))
        .map(|(who, node)| (node, format!("{who} runs as user 0")))
        .collect()
}
