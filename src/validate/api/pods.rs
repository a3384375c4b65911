//! Rules for pods as a whole.
//!
//! Source: `ValidatePodSpec`, `ValidatePodCreate` and `ValidatePodSpecificAnnotations` in
//! `pkg/apis/core/validation/validation.go` of Kubernetes 1.35 to 1.37.

use std::collections::BTreeSet;

use crate::manifest::node::Node;
use crate::manifest::selector::said;
use crate::ordered::Ordered;
use crate::spec::shapes::Minor;
use crate::validate::api::addresses::address_fault;
use crate::validate::api::containers::host_ports;
use crate::validate::api::forms::{LABEL, SUBDOMAIN, is_subdomain};
use crate::validate::api::mounts::inner_fault;
use crate::validate::api::rules::{exactly_one, has, once};
use crate::validate::api::{Judge, meta, probes, resources, scheduling, security, systems};

const MOST_NAMESERVERS: usize = 3;
const MOST_SEARCHES: usize = 32;
const LONGEST_SEARCHES: usize = 2048;
const LONGEST_HOST: usize = 64;
/// Seconds that a pod has to end if it does not say.
const GRACE: i128 = 30;

pub const LISTS: &[&str] = &["initContainers", "containers"];

/// Whether this is the pod itself, not a template of one.
pub fn is_bare(judge: &Judge<'_>) -> bool {
    judge.path.keys().count() == 1
}

fn is(node: &Node, key: &str) -> bool {
    node.get(key).and_then(Node::bool) == Some(true)
}

pub fn spec(judge: &mut Judge<'_>, node: &Node) {
    container_names(judge, node);
    if node.items_at(&["containers"]).is_empty() {
        judge.refuse(node, "containers", "must not be empty");
    }
    if !node.items_at(&["ephemeralContainers"]).is_empty() {
        judge.refuse(node, "ephemeralContainers", "must not be there: they are added to a pod that runs");
    }
    once(judge, node, "volumes", "name");
    once(judge, node, "resourceClaims", "name");
    meta::labels(judge, node, "nodeSelector");
    each_container(judge, node);
    ports(judge, node);
    host(judge, node);
    names(judge, node);
    dns(judge, node);
    resources::claims(judge, node);
    resources::of_pod(judge, node);
    resources::overhead(judge, node);
    scheduling::of_pod(judge, node);
    security::sysctls(judge, node);
    systems::of_pod(judge, node);
    file_keys(judge, node);
    if is_bare(judge) && has(node, "nodeName") && !node.items_at(&["schedulingGates"]).is_empty() {
        judge.refuse(node, "nodeName", "must not be there until all `schedulingGates` are gone");
    }
}

fn container_names(judge: &mut Judge<'_>, node: &Node) {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for list in LISTS {
        for item in node.items_at(&[list]) {
            let Some((name, at)) = item.get("name").and_then(|node| Some((node.text()?, node.span))) else { continue };
            if !names.insert(name) {
                judge.at(
                    &judge.path.key(list),
                    at,
                    &format!("holds the container `{name}`, whose name another one has"),
                );
            }
        }
    }
}

fn each_container(judge: &mut Judge<'_>, node: &Node) {
    let seconds = node.get("terminationGracePeriodSeconds").and_then(Node::integer).unwrap_or(GRACE);
    // a pod that has less than nothing gets a second, a template is not mended
    let grace = if is_bare(judge) && seconds < 0 { 1 } else { seconds };
    let never_restarts = node.text_at(&["restartPolicy"]) == Some("Never");
    let is_masked = node.get("hostUsers").and_then(Node::bool) != Some(false);
    let is_bare = is_bare(judge);
    for list in LISTS {
        judge.each(node, list, |judge, container| {
            let is_init = *list == "initContainers";
            if is_init {
                probes::of_init_container(judge, container);
                of_init_container(judge, container);
            }
            if !is_init || probes::is_sidecar(container) {
                probes::sleeps(judge, container, grace);
            }
            judge.each(container, "resizePolicy", |judge, resize| {
                if never_restarts && resize.text_at(&["restartPolicy"]).is_some_and(|policy| policy != "NotRequired") {
                    judge.refuse(resize, "restartPolicy", "must be `NotRequired` where the pod never restarts");
                }
            });
            if is_masked && container.text_at(&["securityContext", "procMount"]) == Some("Unmasked") {
                judge.under(container, &["securityContext"], |judge, context| {
                    judge.refuse(context, "procMount", "is `Unmasked`, which needs `hostUsers: false`");
                });
            }
            let image = container.text_at(&["image"]).unwrap_or_default();
            if is_bare && image.trim() != image {
                judge.refuse(container, "image", "must not have spaces at its ends");
            }
        });
    }
}

fn of_init_container(judge: &mut Judge<'_>, container: &Node) {
    let is_sidecar = probes::is_sidecar(container);
    if is_sidecar && judge.minor < Minor::V1_36 && !container.items_at(&["restartPolicyRules"]).is_empty() {
        judge.refuse(container, "restartPolicyRules", "must not be there where the `restartPolicy` is `Always`");
    }
    if !is_sidecar && judge.minor >= Minor::V1_36 {
        judge.each(container, "resizePolicy", |judge, resize| {
            if resize.text_at(&["restartPolicy"]) == Some("RestartContainer") {
                judge.refuse(resize, "restartPolicy", "must be `NotRequired` in an init container that ends");
            }
        });
    }
}

fn ports(judge: &mut Judge<'_>, node: &Node) {
    let is_host = is_bare(judge) && is(node, "hostNetwork");
    host_ports(judge, "containers", node.items_at(&["containers"]), is_host);
    for one in node.items_at(&["initContainers"]) {
        host_ports(judge, "initContainers", std::slice::from_ref(one), is_host);
    }
    if is(node, "hostNetwork") {
        judge.each(node, "containers", |judge, container| {
            judge.each(container, "ports", |judge, port| {
                let number = |key: &str| port.get(key).and_then(Node::integer).filter(|number| *number != 0);
                if number("hostPort").is_some_and(|own| number("containerPort") != Some(own)) {
                    judge.refuse(port, "hostPort", "must be the same as `containerPort` where `hostNetwork` is true");
                }
            });
        });
    }
}

/// What a pod shares with its node fits together.
fn host(judge: &mut Judge<'_>, node: &Node) {
    if is(node, "shareProcessNamespace") && is(node, "hostPID") {
        judge.refuse(node, "shareProcessNamespace", "must not be true where `hostPID` is");
    }
    if node.get("hostUsers").and_then(Node::bool) != Some(false) {
        return;
    }
    for key in ["hostNetwork", "hostPID", "hostIPC"].iter().filter(|key| is(node, key)) {
        judge.refuse(node, key, "must not be true where `hostUsers` is false");
    }
    for list in LISTS {
        judge.each(node, list, |judge, container| {
            if !container.items_at(&["volumeDevices"]).is_empty() {
                judge.refuse(container, "volumeDevices", "must not be there where `hostUsers` is false");
            }
        });
    }
}

fn names(judge: &mut Judge<'_>, node: &Node) {
    if node.text_at(&["serviceAccountName"]).is_none_or(str::is_empty) {
        judge.form(node, "serviceAccount", SUBDOMAIN);
    }
    if !has(node, "hostnameOverride") {
        return;
    }
    for key in ["setHostnameAsFQDN", "hostNetwork"].iter().filter(|key| is(node, key)) {
        judge.refuse(node, "hostnameOverride", &format!("must not be there where `{key}` is true"));
    }
    if node.text_at(&["hostnameOverride"]).is_some_and(|name| name.len() > LONGEST_HOST) {
        judge.refuse(node, "hostnameOverride", &format!("must have at most {LONGEST_HOST} characters"));
    }
}

/// Names that stateful sets give their pods, whatever a template says.
pub fn host_names(judge: &mut Judge<'_>, node: &Node) {
    let place: &[&str] = if has(node, "template") { &["template", "spec"] } else { &["spec"] };
    judge.under(node, place, |judge, pod| {
        judge.form(pod, "hostname", LABEL);
        judge.form(pod, "subdomain", LABEL);
    });
}

fn dns(judge: &mut Judge<'_>, node: &Node) {
    if node.text_at(&["dnsPolicy"]) == Some("None") && node.items_at(&["dnsConfig", "nameservers"]).is_empty() {
        judge.refuse(node, "dnsConfig", "must name a nameserver where the `dnsPolicy` is `None`");
    }
    let minor = judge.minor;
    judge.under(node, &["dnsConfig"], |judge, config| {
        judge.faults(config, "nameservers", |text| address_fault(text, minor).map(str::to_owned));
        judge.at_most(config, "nameservers", MOST_NAMESERVERS);
        judge.at_most(config, "searches", MOST_SEARCHES);
        let searches: Vec<&str> = config.items_at(&["searches"]).iter().filter_map(Node::text).collect();
        if searches.join(" ").len() > LONGEST_SEARCHES {
            judge.refuse(config, "searches", &format!("must have at most {LONGEST_SEARCHES} characters together"));
        }
        judge.faults(config, "searches", search_fault);
    });
}

/// Why nothing can be searched for under a domain: as in a subdomain, with `_` too.
fn search_fault(search: &str) -> Option<String> {
    let bare = search.strip_suffix('.').unwrap_or(search);
    // only the end of a part must be a letter or a digit
    let has_ends = bare.split('.').all(|part| part == "_" || !part.ends_with('_'));
    let is_form = search == "." || (has_ends && is_subdomain(&bare.replace('_', "0")));
    (!is_form).then(|| "must be a domain of lower-case letters, digits, `-`, `_` and `.`".to_owned())
}

pub fn host_alias(judge: &mut Judge<'_>, node: &Node) {
    let minor = judge.minor;
    judge.faults(node, "ip", |text| address_fault(text, minor).map(str::to_owned));
}

pub fn resource_claim(judge: &mut Judge<'_>, node: &Node) {
    exactly_one(judge, node, &["resourceClaimName", "resourceClaimTemplateName"]);
}

/// Variables come from files of empty directories.
fn file_keys(judge: &mut Judge<'_>, node: &Node) {
    let volume = |name: &str| node.items_at(&["volumes"]).iter().find(|volume| volume.text_at(&["name"]) == Some(name));
    for list in LISTS {
        judge.each(node, list, |judge, container| {
            judge.each(container, "env", |judge, variable| {
                judge.under(variable, &["valueFrom", "fileKeyRef"], |judge, source| {
                    let Some(name) = source.text_at(&["volumeName"]) else { return };
                    match volume(name) {
                        None => judge.refuse(
                            source,
                            "volumeName",
                            &format!("is `{name}`, a volume that the pod does not have"),
                        ),
                        Some(volume) if !has(volume, "emptyDir") => {
                            judge.refuse(source, "volumeName", &format!("is `{name}`, which is no `emptyDir`"));
                        }
                        Some(_) => {}
                    }
                });
            });
        });
    }
}

const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP: &str = "container.seccomp.security.alpha.kubernetes.io/";
const MIRROR: &str = "kubernetes.io/config.mirror";
const COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// Annotations that mean something for pods.
pub fn annotations(judge: &mut Judge<'_>, node: &Node) {
    let Some(pod) = node.get("spec") else { return };
    let containers = LISTS.iter().flat_map(|list| pod.items_at(&[list]));
    let names: BTreeSet<&str> = containers.filter_map(|container| container.text_at(&["name"])).ordered();
    judge.under(node, &["metadata", "annotations"], |judge, annotations| {
        for entry in annotations.entries() {
            let Some(text) = entry.node.text() else { continue };
            let why = match entry.key.as_str() {
                COST => cost_fault(text),
                SECCOMP_POD => seccomp_fault(text),
                key if key.starts_with(SECCOMP) => seccomp_fault(text),
                MIRROR if pod.text_at(&["nodeName"]).is_none_or(str::is_empty) => {
                    Some("needs the `nodeName` of the pod".to_owned())
                }
                key => key.strip_prefix(APP_ARMOR).and_then(|container| {
                    if names.contains(container) {
                        app_armor_fault(text).or_else(|| app_armor_other(pod, container, text))
                    } else {
                        Some("is about a container that is not there".to_owned())
                    }
                }),
            };
            if let Some(why) = why {
                judge.refuse(annotations, &entry.key, &why);
            }
        }
    });
}

/// A number of 32 bits without a plus and without zeros before it.
fn cost_fault(text: &str) -> Option<String> {
    let is_begin = text == "0" || text.starts_with(|first: char| first == '-' || ('1'..='9').contains(&first));
    let is_plain = is_begin && text.parse::<i32>().is_ok();
    (!is_plain).then(|| format!("is `{text}`; it must be a whole number of 32 bits"))
}

fn seccomp_fault(text: &str) -> Option<String> {
    if let Some(path) = text.strip_prefix("localhost/") {
        return inner_fault(path).map(|why| format!("is `{text}`, whose path {why}"));
    }
    let is_known = ["runtime/default", "docker/default", "unconfined"].contains(&text);
    (!is_known).then(|| format!("is `{text}`, which is no profile"))
}

/// The field of a container, or of its pod, says the same as the annotation. Source:
/// `validateAppArmorAnnotationsAndFieldsMatchOnCreate`.
fn app_armor_other(pod: &Node, container: &str, text: &str) -> Option<String> {
    if pod.text_at(&["os", "name"]) == Some("windows") {
        return None;
    }
    let mut containers = LISTS.iter().flat_map(|list| pod.items_at(&[list]));
    let own = containers.find(|own| own.text_at(&["name"]) == Some(container)).and_then(app_armor);
    let field = own.or_else(|| app_armor(pod))?;
    let same = match field.text_at(&["type"])? {
        "Unconfined" => "unconfined".to_owned(),
        "RuntimeDefault" => "runtime/default".to_owned(),
        "Localhost" => format!("localhost/{}", field.text_at(&["localhostProfile"])?),
        _ => return None,
    };
    (text != same).then(|| format!("is `{text}`, and the `appArmorProfile` of the container means `{same}`"))
}

fn app_armor(node: &Node) -> Option<&Node> {
    said(node.get("securityContext")?, "appArmorProfile")
}

fn app_armor_fault(text: &str) -> Option<String> {
    let is_known = ["", "runtime/default", "unconfined"].contains(&text) || text.starts_with("localhost/");
    (!is_known).then(|| format!("is `{text}`, which is no profile"))
}
