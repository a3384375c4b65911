//! Rules for what containers and pods ask for and may use.
//!
//! Source: `validateResourceRequirements` and `validatePodResources` in `pkg/apis/core/validation/validation.go`,
//! `pkg/apis/core/helper/helpers.go` and `defaultPodRequests` in `pkg/apis/core/v1/defaults.go` of Kubernetes 1.35 to 1.37.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::suggest;
use crate::manifest::node::{Entry, Node};
use crate::ordered::Ordered;
use crate::validate::api::Judge;
use crate::validate::api::amounts::{self, Amount};
use crate::validate::api::forms::is_qualified;
use crate::validate::api::probes::is_sidecar;
use crate::validate::api::rules::has;

/// What a container can ask for by a name without a domain, besides pages of a size.
const OF_CONTAINERS: &[&str] = &["cpu", "ephemeral-storage", "memory"];
const OF_PODS: &[&str] = &["cpu", "memory"];
const HUGE_PAGES: &str = "hugepages-";

/// Why nothing can be asked for by a name.
type NameFault = fn(&str) -> Option<String>;
/// Amounts by what they are amounts of.
type Amounts<'n> = BTreeMap<&'n str, Amount>;

pub fn of_container(judge: &mut Judge<'_>, container: &Node) {
    judge.under(container, &["resources"], |judge, node| amounts_fit(judge, node, container_fault));
}

/// What a runtime needs besides the containers.
pub fn overhead(judge: &mut Judge<'_>, pod: &Node) {
    judge.under(pod, &["overhead"], |judge, node| {
        for entry in node.entries() {
            amount_fits(judge, entry, container_fault);
        }
        huge_pages_need_others(judge, &[node]);
    });
}

fn amounts_fit(judge: &mut Judge<'_>, node: &Node, name_fault: NameFault) {
    for list in ["limits", "requests"] {
        judge.under(node, &[list], |judge, amounts| {
            for entry in amounts.entries() {
                amount_fits(judge, entry, name_fault);
            }
        });
    }
    let (limits, requests) = (read(node.get("limits")), read(node.get("requests")));
    judge.under(node, &["requests"], |judge, asked| {
        for (name, own) in &requests {
            let said = |key: &str| node.at(&[key, name]).and_then(Node::spelled).unwrap_or_default();
            match limits.get(name) {
                Some(limit) if !can_differ(name) && own != limit => {
                    judge.refuse(
                        asked,
                        name,
                        &format!("is {}; it must be as much as the limit {}", said("requests"), said("limits")),
                    );
                }
                Some(limit) if own > limit => {
                    judge.refuse(
                        asked,
                        name,
                        &format!("is {}; it must not be more than the limit {}", said("requests"), said("limits")),
                    );
                }
                None if !can_differ(name) => judge.refuse(asked, name, "needs a limit of as much"),
                _ => {}
            }
        }
    });
    huge_pages_need_others(judge, &[node.get("limits"), node.get("requests")].map(|list| list.unwrap_or(node)));
}

fn huge_pages_need_others(judge: &mut Judge<'_>, lists: &[&Node]) {
    let names: BTreeSet<&str> = lists.iter().flat_map(|list| list.entries()).map(|entry| entry.key.as_str()).ordered();
    if names.iter().any(|name| name.starts_with(HUGE_PAGES)) && !names.contains("cpu") && !names.contains("memory") {
        judge.at(judge.path, super::begin(lists[0]), "must say how much `cpu` or `memory` beside huge pages");
    }
}

fn amount_fits(judge: &mut Judge<'_>, entry: &Entry, name_fault: NameFault) {
    let name = entry.key.as_str();
    let path = judge.path.key(name);
    if let Some(why) = name_fault(name) {
        judge.at(&path, entry.span, &why);
        return;
    }
    let Some(amount) = amounts::read(&entry.node) else { return };
    let said = entry.node.spelled().unwrap_or_default();
    if amount < Amount::ZERO {
        judge.at(&path, entry.node.span, &format!("is {said}; it must not be less than nothing"));
    } else if name.contains('/') && !is_native(name) && !amount.is_whole() {
        judge.at(&path, entry.node.span, &format!("is {said}; it must be a whole number"));
    } else if let Some(size) = name.strip_prefix(HUGE_PAGES)
        && !amounts::read(&Node::of_text(size)).is_some_and(|size| amount.is_multiple_of(size))
    {
        judge.at(&path, entry.node.span, &format!("is {said}; it must be a number of pages of {size}"));
    }
}

fn container_fault(name: &str) -> Option<String> {
    let (domain, rest) = name.split_once('/').map_or((None, name), |(domain, rest)| (Some(domain), rest));
    if !is_qualified(name) || rest.contains('/') {
        return Some("is no name of a resource: it must be `name` or `example.com/name`".to_owned());
    }
    if domain.is_none() {
        return unknown(name, OF_CONTAINERS);
    }
    let is_fit = is_native(name) || (!name.starts_with("requests.") && is_qualified(&format!("requests.{name}")));
    (!is_fit).then(|| "is no name of a resource of its own: it must be `example.com/name`".to_owned())
}

fn pod_fault(name: &str) -> Option<String> {
    unknown(name, OF_PODS)
}

fn unknown(name: &str, known: &[&str]) -> Option<String> {
    if known.contains(&name) || name.starts_with(HUGE_PAGES) {
        return None;
    }
    let near = suggest::nearest(name, known.iter().copied()).map(|near| format!(" (did you mean `{near}`?)"));
    let known = suggest::list(known.iter().copied().chain(["hugepages-2Mi"]));
    Some(format!("is none of {known}{}", near.unwrap_or_default()))
}

/// Whether Kubernetes itself knows what this is.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether one may use more of it than is set aside.
fn can_differ(name: &str) -> bool {
    is_native(name) && !name.starts_with(HUGE_PAGES)
}

fn read(list: Option<&Node>) -> Amounts<'_> {
    let entries = list.map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|entry| Some((entry.key.as_str(), amounts::read(&entry.node)?.in_millis()))).collect()
}

/// What a pod asks for as a whole.
pub fn of_pod(judge: &mut Judge<'_>, pod: &Node) {
    judge.under(pod, &["resources"], |judge, own| {
        if pod.text_at(&["os", "name"]) == Some("windows") {
            judge.refuse(own, "", "must not be there in a pod for Windows");
            return;
        }
        if has(own, "claims") {
            judge.refuse(own, "claims", "must not be there: claims belong to containers");
        }
        amounts_fit(judge, own, pod_fault);
        let is_bare = judge.path.keys().count() == 2;
        let together = together(pod, "requests", is_bare);
        let (limits, requests) = (read(own.get("limits")), read(own.get("requests")));
        for (name, sum) in &together {
            if requests.get(name).is_some_and(|request| sum > request) {
                judge.under(own, &["requests"], |judge, node| {
                    judge.refuse(node, name, "is less than the containers ask for together");
                });
            } else if is_bare && !requests.contains_key(name) && limits.get(name).is_some_and(|limit| sum > limit) {
                judge.under(own, &["limits"], |judge, node| {
                    judge.refuse(node, name, "is less than the containers ask for together");
                });
            }
        }
        judge.under(own, &["limits"], |judge, node| {
            for (name, limit) in &limits {
                let is_more = |container: &Node| read(container.at(&["resources", "limits"])).get(name) > Some(limit);
                let sum = together_limits(pod, name);
                if pod.items_at(&["containers"]).iter().any(is_more)
                    || (name.starts_with(HUGE_PAGES) && sum > Some(*limit))
                {
                    judge.refuse(node, name, "is less than what its containers may use");
                }
            }
        });
    });
}

fn together_limits(pod: &Node, name: &str) -> Option<Amount> {
    together(pod, "limits", false).get(name).copied()
}

/// What the containers of a pod need at most at a time: all of them, or an init container and what runs beside it.
fn together<'n>(pod: &'n Node, list: &'n str, is_bare: bool) -> Amounts<'n> {
    let of = |container: &'n Node| {
        let mut own = read(container.at(&["resources", list]));
        if is_bare {
            // in a pod, what has a limit and asks for nothing asks for that
            for (name, limit) in read(container.at(&["resources", "limits"])) {
                own.entry(name).or_insert(limit);
            }
        }
        own
    };
    let mut sum: Amounts<'n> = BTreeMap::new();
    for container in pod.items_at(&["containers"]) {
        add(&mut sum, &of(container));
    }
    let mut beside: Amounts<'n> = BTreeMap::new();
    let mut most: Amounts<'n> = BTreeMap::new();
    for container in pod.items_at(&["initContainers"]) {
        let mut own = of(container);
        if is_sidecar(container) {
            add(&mut sum, &own);
            add(&mut beside, &own);
            own.clone_from(&beside);
        } else {
            add(&mut own, &beside);
        }
        for (name, amount) in own {
            let known = most.entry(name).or_insert(amount);
            *known = amount.max(*known);
        }
    }
    for (name, amount) in most {
        let known = sum.entry(name).or_insert(amount);
        *known = amount.max(*known);
    }
    sum
}

fn add<'n>(sum: &mut Amounts<'n>, more: &Amounts<'n>) {
    for (name, amount) in more {
        let known = sum.entry(name).or_insert(Amount::ZERO);
        *known = known.plus(*amount);
    }
}

/// Devices that a container uses are devices that its pod claims.
pub fn claims(judge: &mut Judge<'_>, pod: &Node) {
    let own = pod.items_at(&["resourceClaims"]).iter();
    let known: BTreeSet<&str> = own.filter_map(|claim| claim.text_at(&["name"])).ordered();
    for list in ["initContainers", "containers"] {
        judge.each(pod, list, |judge, container| {
            judge.under(container, &["resources"], |judge, resources| {
                let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
                judge.each(resources, "claims", |judge, claim| {
                    let text = |key: &str| claim.text_at(&[key]).unwrap_or_default();
                    let (name, request) = (text("name"), text("request"));
                    if !name.is_empty() && !known.contains(name) {
                        judge.refuse(claim, "name", &format!("is `{name}`, a claim that the pod does not have"));
                    }
                    // the whole claim is every request of it
                    let is_same = |(other, part): &(&str, &str)| {
                        *other == name && (part.is_empty() || request.is_empty() || *part == request)
                    };
                    if used.iter().any(is_same) {
                        judge.refuse(claim, "name", &format!("is `{name}`, which stands there already"));
                    }
                    used.insert((name, request));
                });
            });
        });
    }
}
