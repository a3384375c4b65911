//! Things that two objects steer.

use crate::diagnostics::codes;
use crate::manifest::selector::Selector;
use crate::tables::HashMap;
use crate::validate::findings::Findings;
use crate::validate::references::mentions::Mention;
use crate::validate::world::{Thing, World};

/// Everything is steered by one.
pub fn one_each(world: &World<'_>, mentions: &[Mention<'_>], findings: &mut Findings) {
    autoscalers(world, mentions, findings);
    budgets(world, findings);
    controllers(world, findings);
    paths(world, findings);
    node_ports(world, findings);
}

/// A workload has one autoscaler, and leaves the number of its pods to it.
fn autoscalers(world: &World<'_>, mentions: &[Mention<'_>], findings: &mut Findings) {
    let scalers = mentions.iter().filter(|mention| SCALERS.contains(&mention.by.document.id.kind.as_str()));
    let mut first: HashMap<(&str, &str, &str), Thing<'_>> = HashMap::default();
    for scaler in scalers {
        let Mention { by, named, kind, place, name, .. } = *scaler;
        findings.ask();
        let holder = *first.entry((kind, place, name)).or_insert(by);
        if holder.document.id != by.document.id {
            let message = format!("the {scaler} is scaled by {} as well", holder.document.id);
            findings
                .error(codes::CONTESTED, by, named, &message)
                .help("one autoscaler may look at several metrics; take the larger answer of one, not the last of two");
        }
        let Some(target) = world.find(kind, place, name) else { continue };
        if let Some(replicas) = target.root().at(&["spec", "replicas"]).filter(|node| node.integer() != Some(0)) {
            let message = format!("`replicas` is given, and {} sets it", by.document.id);
            findings
                .warning(codes::CONTESTED, target, replicas, &message)
                .help("leave `replicas` out: every apply puts the number back, whatever the load is");
        }
    }
}

const SCALERS: &[&str] = &["HorizontalPodAutoscaler", "ScaledObject"];

/// A pod has one disruption budget: an eviction that two of them would decide is refused.
/// Source: `pkg/registry/core/pod/storage/eviction.go`.
fn budgets(world: &World<'_>, findings: &mut Findings) {
    let mut first: HashMap<usize, Thing<'_>> = HashMap::default();
    for budget in world.of_kind("PodDisruptionBudget") {
        let Some(node) = budget.root().at(&["spec", "selector"]) else { continue };
        findings.ask();
        let pods: Vec<usize> = world.selected(budget.place(), &Selector::read(node)).collect();
        let other = pods.iter().find_map(|at| first.get(at).map(|other| (*at, *other)));
        if let Some((at, other)) = other {
            let whose = &world.pods[at].owner.document.id;
            let message = format!("{whose} is protected by {} as well", other.document.id);
            findings
                .error(codes::CONTESTED, budget, node, &message)
                .help("a pod with two budgets can never be evicted: let their selectors part");
        }
        for at in pods {
            first.entry(at).or_insert(budget);
        }
    }
}

/// A controller selects its own pods only.
fn controllers(world: &World<'_>, findings: &mut Findings) {
    for pod in &world.pods {
        let Some(node) = pod.owner.root().at(&["spec", "selector"]) else { continue };
        if !CONTROLLERS.contains(&pod.owner.document.id.kind.as_str()) {
            continue;
        }
        findings.ask();
        let selector = Selector::read(node);
        let other = world.selected(pod.namespace(), &selector).map(|at| &world.pods[at]).find(|other| {
            // a job of a controller of its own is no rival, and neither is a bare pod that waits to be adopted
            other.owner.document.id != pod.owner.document.id && other.owner.document.id.kind != "Pod"
        });
        if let Some(other) = other {
            let message = format!("the selector finds the pods of {} as well", other.owner.document.id);
            findings
                .error(codes::CONTESTED, pod.owner, node, &message)
                .help("autoscalers and rollouts would count them: let the selectors part");
        }
    }
}

const CONTROLLERS: &[&str] = &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"];

/// What makes a route take a part of the requests of another one. Source: `annotations/canary` of ingress-nginx, which reads
/// the word as Go reads truth values.
const CANARY: &str = "nginx.ingress.kubernetes.io/canary";
const TRUE: &[&str] = &["1", "T", "TRUE", "True", "t", "true"];

/// A host and a path lead to one place, and beside it to one canary.
fn paths(world: &World<'_>, findings: &mut Findings) {
    let mut first: HashMap<(&str, &str, &str, &str, bool), Thing<'_>> = HashMap::default();
    for ingress in world.of_kind("Ingress") {
        let class = ingress.root().text_at(&["spec", "ingressClassName"]).unwrap_or_default();
        let canary = ingress.root().text_at(&["metadata", "annotations", CANARY]);
        let is_canary = canary.is_some_and(|text| TRUE.contains(&text));
        for rule in ingress.root().items_at(&["spec", "rules"]) {
            let host = rule.text_at(&["host"]).unwrap_or_default();
            for path in rule.items_at(&["http", "paths"]) {
                findings.ask();
                let of = |key: &str| path.text_at(&[key]).unwrap_or_default();
                let key = (class, host, of("path"), of("pathType"), is_canary);
                if let Some(other) = first.insert(key, ingress) {
                    let message = format!("`{host}{}` is routed by {} as well", of("path"), other.document.id);
                    findings
                        .error(codes::CONTESTED, ingress, path.get("path").unwrap_or(path), &message)
                        .help("which of the two wins depends on the controller: keep one");
                }
            }
        }
    }
}

/// A port of the nodes belongs to one Service.
fn node_ports(world: &World<'_>, findings: &mut Findings) {
    let mut first: HashMap<(i128, &str), Thing<'_>> = HashMap::default();
    for service in world.of_kind("Service") {
        for port in service.root().items_at(&["spec", "ports"]) {
            let Some((node, number)) = port.get("nodePort").and_then(|node| Some((node, node.integer()?))) else {
                continue;
            };
            findings.ask();
            let protocol = port.text_at(&["protocol"]).unwrap_or("TCP");
            let other = *first.entry((number, protocol)).or_insert(service);
            if other.document.id != service.document.id && number != 0 {
                let message = format!("the port {number} of the nodes belongs to {}", other.document.id);
                findings
                    .error(codes::CONTESTED, service, node, &message)
                    .help("choose another, or leave it to the cluster");
            }
        }
    }
}
