//! Selectors that find what they look for.

use crate::diagnostics::codes;
use crate::manifest::node::Node;
use crate::manifest::selector::{self, Labels, NAMESPACE_NAME, Need, Selector};
use crate::validate::findings::Findings;
use crate::validate::references::elsewhere;
use crate::validate::world::{Thing, World};

/// Labels of pods that a controller makes when it needs them.
const MADE_LATER: &[&str] = &["acme.cert-manager.io/http01-solver"];

/// Follows every selector.
pub fn find(world: &World<'_>, findings: &mut Findings) {
    spreads(world, findings);
    // pods that are not here may be in the cluster
    if !world.is_closed() {
        return;
    }
    for service in world.of_kind("Service") {
        if let Some(selector) = of_service(service) {
            finds_one(world, service, "selector", &selector, "the Service sends to nobody", findings);
        }
    }
    for (kind, key, harm) in [
        ("PodDisruptionBudget", "selector", "the budget protects nobody"),
        ("NetworkPolicy", "podSelector", "the policy is for nobody"),
    ] {
        for thing in world.of_kind(kind) {
            let selector = thing.root().at(&["spec", key]).map(Selector::read).unwrap_or_default();
            // whoever selects everything means what is yet to come, too
            if !selector.0.is_empty() {
                finds_one(world, thing, key, &selector, harm, findings);
            }
        }
    }
    for policy in world.of_kind("NetworkPolicy") {
        for (list, key) in [("ingress", "from"), ("egress", "to")] {
            let rules = policy.root().items_at(&["spec", list]).iter();
            for peer in rules.flat_map(|rule| rule.items_at(&[key])) {
                finds_peer(world, policy, peer, findings);
            }
        }
    }
}

fn finds_one(
    world: &World<'_>,
    thing: Thing<'_>,
    key: &str,
    selector: &Selector<'_>,
    harm: &str,
    findings: &mut Findings,
) {
    findings.ask();
    if is_made_later(selector) || world.selected(thing.place(), selector).next().is_some() {
        return;
    }
    let node = thing.root().at(&["spec", key]).unwrap_or_else(|| thing.root());
    let message = format!("no pod in `{}` has the labels `{}`: {harm}", thing.place(), selector.text());
    let near = nearest(world, thing.place(), selector);
    let help = near.unwrap_or_else(|| "give it the labels of a pod, or take the object away".to_owned());
    findings.error(codes::SELECTS_NOTHING, thing, node, &message).help(help);
}

/// The workload that has most of the labels that are wanted, and what it has instead of the rest.
fn nearest(world: &World<'_>, place: &str, selector: &Selector<'_>) -> Option<String> {
    let wanted = selector.example();
    let here = world.pods_in(place).map(|(_, pod)| pod);
    let shared = |labels: &Labels<'_>| wanted.iter().filter(|(key, value)| labels.get(*key) == Some(value)).count();
    let best = here.map(|pod| (shared(&pod.labels), pod)).filter(|(count, _)| *count > 0);
    let (_, pod) = best.rev().max_by_key(|(count, _)| *count)?;
    let other = wanted.iter().filter(|(key, value)| pod.labels.get(*key) != Some(value));
    let said = other.map(|(key, _)| match pod.labels.get(key) {
        Some(value) => format!("`{key}={value}`"),
        None => format!("no `{key}`"),
    });
    Some(format!("{} is nearest: it has {}", pod.owner.document.id, said.collect::<Vec<_>>().join(" and ")))
}

/// What a policy lets in or out is somebody, where that can be known.
fn finds_peer(world: &World<'_>, policy: Thing<'_>, peer: &Node, findings: &mut Findings) {
    let pods = peer.get("podSelector").map(Selector::read);
    if peer.get("ipBlock").is_some() || pods.as_ref().is_some_and(is_made_later) {
        return;
    }
    findings.ask();
    let (here, elsewhere) = namespaces(world, policy, peer);
    if here.is_empty() && !elsewhere {
        let node = peer.get("namespaceSelector").unwrap_or(peer);
        let labels = Selector::read(node).text();
        let message = format!("no namespace has the labels `{labels}`");
        findings
            .error(codes::SELECTS_NOTHING, policy, node, &message)
            .help("every namespace has its name as the label `kubernetes.io/metadata.name`");
        return;
    }
    let pods = pods.unwrap_or_default();
    if elsewhere || pods.0.is_empty() {
        return;
    }
    if here.iter().all(|namespace| world.selected(namespace, &pods).next().is_none()) {
        let node = peer.get("podSelector").unwrap_or(peer);
        let message = format!("no pod in {} has the labels `{}`", list(&here), pods.text());
        let near = here.iter().find_map(|namespace| nearest(world, namespace, &pods));
        let help = near.unwrap_or_else(|| "the rule is for nobody: mend the labels, or take it away".to_owned());
        findings.error(codes::SELECTS_NOTHING, policy, node, &message).help(help);
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn is_made_later(selector: &Selector<'_>) -> bool {
    let is_known = |need: &Need<'_>| match need {
        Need::In(key, _) | Need::Exists(key) => MADE_LATER.contains(key),
        Need::NotIn(..) | Need::DoesNotExist(_) | Need::Refused => false,
    };
    selector.0.iter().any(is_known)
}

/// The namespaces that a peer means: those that have pods here, and whether it may mean others.
fn namespaces<'a>(world: &World<'a>, policy: Thing<'a>, peer: &Node) -> (Vec<&'a str>, bool) {
    let Some(selector) = peer.get("namespaceSelector").map(Selector::read) else {
        return (vec![policy.place()], false);
    };
    // most say the name of the one that they mean
    let named = selector.only(NAMESPACE_NAME).map(|name| world.namespaces.get_key_value(name));
    let all = named.is_none().then(|| world.namespaces.iter());
    let known = named.flatten().into_iter().chain(all.into_iter().flatten());
    let here = known.filter(|(_, labels)| selector.matches(labels)).map(|(name, _)| *name).collect();
    let is_meant = |name: &str| selector.matches(&Labels::from([(NAMESPACE_NAME, name)]));
    (here, elsewhere(world).any(is_meant))
}

/// The pods that a peer of a policy means.
pub fn peers<'a>(world: &World<'a>, policy: Thing<'a>, peer: &Node) -> Vec<usize> {
    if peer.get("ipBlock").is_some() {
        return Vec::new();
    }
    let pods = peer.get("podSelector").map(Selector::read).unwrap_or_default();
    let (here, _) = namespaces(world, policy, peer);
    here.into_iter().flat_map(|namespace| world.selected(namespace, &pods)).collect()
}

/// The pods that a policy is for.
pub fn selected_by(world: &World<'_>, policy: Thing<'_>) -> Vec<usize> {
    let selector = policy.root().at(&["spec", "podSelector"]).map(Selector::read).unwrap_or_default();
    world.selected(policy.place(), &selector).collect()
}

/// Whom a Service sends to; `None` if it does not say, or if its selector does not count.
pub fn of_service(service: Thing<'_>) -> Option<Selector<'_>> {
    let spec = service.root().get("spec")?;
    let labels = selector::labels(spec.get("selector"));
    let counts = !labels.is_empty() && !is_elsewhere(service);
    counts.then(|| Selector(labels.into_iter().map(|(key, value)| Need::In(key, vec![value])).collect()))
}

/// Whether a Service is a name for something elsewhere, which has no pods and no ports of its own.
pub fn is_elsewhere(service: Thing<'_>) -> bool {
    service.root().text_at(&["spec", "type"]) == Some("ExternalName")
}

/// Pods are spread among their own kind: a constraint that does not count the pod itself spreads nothing.
fn spreads(world: &World<'_>, findings: &mut Findings) {
    for pod in &world.pods {
        for constraint in pod.spec().items_at(&["topologySpreadConstraints"]) {
            let Some(node) = constraint.get("labelSelector") else { continue };
            findings.ask();
            if !Selector::read(node).matches(&pod.labels) {
                findings
                    .error(
                        codes::SELECTS_NOTHING,
                        pod.owner,
                        node,
                        "the pods are spread among others, and are not counted",
                    )
                    .help("the selector must find the labels of the template itself");
            }
        }
    }
}
