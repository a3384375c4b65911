//! What autoscalers look at is measured, and is a share of something.

use std::collections::HashMap;

use crate::diagnostics::codes;
use crate::manifest::node::Node;
use crate::validate::findings::Findings;
use crate::validate::world::{Pod, Thing, World};

/// Metrics of adapters: their type, the key that they stand under, and the group that serves them.
const SERVED: &[(&str, &str, &str)] = &[
    ("External", "external", "external.metrics.k8s.io"),
    ("Object", "object", "custom.metrics.k8s.io"),
    ("Pods", "pods", "custom.metrics.k8s.io"),
];

/// Every metric of every autoscaler can be told.
pub fn measured<'a>(world: &World<'a>, findings: &mut Findings) {
    let owner = |pod: &Pod<'a>| pod.owner.document;
    let key = |pod: &Pod<'a>| (owner(pod).id.kind.as_str(), pod.namespace(), owner(pod).id.name.as_str());
    let pods: HashMap<(&str, &str, &str), &Pod<'a>> = world.pods.iter().map(|pod| (key(pod), pod)).collect();
    let mut adapters = Adapters::default();
    for scaler in world.of_kind("HorizontalPodAutoscaler") {
        let target = |key: &str| scaler.root().text_at(&["spec", "scaleTargetRef", key]);
        let (Some(kind), Some(name)) = (target("kind"), target("name")) else { continue };
        let pod = pods.get(&(kind, scaler.place(), name)).copied();
        for metric in scaler.root().items_at(&["spec", "metrics"]) {
            match metric.text_at(&["type"]) {
                Some("Resource") => share(world, scaler, pod, metric.get("resource"), findings),
                Some("ContainerResource") => share(world, scaler, pod, metric.get("containerResource"), findings),
                Some(kind) => {
                    let Some((_, key, group)) = SERVED.iter().find(|(known, ..)| *known == kind) else { continue };
                    adapters.serve(world, scaler, metric.at(&[key, "metric", "name"]), group, findings);
                }
                None => {}
            }
        }
    }
}

/// A share is one of what each container requests.
fn share(world: &World<'_>, scaler: Thing<'_>, pod: Option<&Pod<'_>>, metric: Option<&Node>, findings: &mut Findings) {
    let (Some(pod), Some(metric)) = (pod, metric) else { return };
    let (Some(node), Some("Utilization")) = (metric.get("name"), metric.text_at(&["target", "type"])) else { return };
    let Some(resource) = node.text() else { return };
    let wanted = metric.text_at(&["container"]);
    let containers = pod.containers().filter(|(list, container)| {
        let is_running = *list == "containers" || container.text_at(&["restartPolicy"]) == Some("Always");
        is_running && wanted.is_none_or(|wanted| container.text_at(&["name"]) == Some(wanted))
    });
    let containers: Vec<&Node> = containers.map(|(_, container)| container).collect();
    findings.ask();
    if let (Some(wanted), []) = (wanted, containers.as_slice()) {
        let message = format!("{} has no container `{wanted}`", pod.owner.document.id);
        let place = metric.get("container").unwrap_or(node);
        findings
            .error(codes::UNMEASURED_AUTOSCALER, scaler, place, &message)
            .help("name one of its containers, or look at the whole pod");
    }
    // without a request, the limit is one; and a limit range may give one
    let has = |container: &Node| {
        ["requests", "limits"].iter().any(|key| container.at(&["resources", key, resource]).is_some())
    };
    if let Some(container) = containers.iter().find(|container| !has(container) && !is_given(world, scaler, resource)) {
        let name = container.text_at(&["name"]).unwrap_or_default();
        let message = format!("container `{name}` of {} requests no `{resource}`", pod.owner.document.id);
        findings
            .error(codes::UNMEASURED_AUTOSCALER, scaler, node, &message)
            .help("a share is one of what is requested: request it, or aim at an amount");
    }
}

fn is_given(world: &World<'_>, scaler: Thing<'_>, resource: &str) -> bool {
    let ranges = world.of_kind("LimitRange").filter(|range| range.place() == scaler.place());
    let mut limits = ranges.flat_map(|range| range.root().items_at(&["spec", "limits"]));
    limits.any(|limit| {
        limit.text_at(&["type"]) == Some("Container")
            && ["defaultRequest", "default"].iter().any(|key| limit.at(&[key, resource]).is_some())
    })
}

/// What is known of adapters so far: many autoscalers ask for few metrics.
#[derive(Default)]
struct Adapters<'a> {
    /// Whether a group is served.
    groups: HashMap<&'a str, bool>,
    /// Whether some configuration names a metric.
    metrics: HashMap<&'a str, bool>,
}

impl<'a> Adapters<'a> {
    /// Somebody serves metrics of a group, and knows this one.
    fn serve(
        &mut self,
        world: &World<'a>,
        scaler: Thing<'_>,
        node: Option<&'a Node>,
        group: &'static str,
        findings: &mut Findings,
    ) {
        let Some((node, name)) = node.and_then(|node| Some((node, node.text()?))).filter(|_| world.is_closed()) else {
            return;
        };
        findings.ask();
        let serves = |service: Thing<'_>| service.root().text_at(&["spec", "group"]) == Some(group);
        let is_served = *self.groups.entry(group).or_insert_with(|| world.of_kind("APIService").any(serves));
        let is_named =
            *self.metrics.entry(name).or_insert_with(|| world.of_kind("ConfigMap").any(|config| names(config, name)));
        if !is_served {
            findings
                .error(codes::UNMEASURED_AUTOSCALER, scaler, node, &format!("nobody here serves {group}"))
                .help("an adapter must serve it, such as prometheus-adapter");
        } else if !is_named {
            findings
                .error(
                    codes::UNMEASURED_AUTOSCALER,
                    scaler,
                    node,
                    &format!("no configuration here gives a metric `{name}`"),
                )
                .help("the adapter needs a rule for it");
        }
    }
}

/// Whether a configuration holds a name as a word of its own.
fn names(config: Thing<'_>, name: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let texts = config.root().get("data").map(Node::entries).unwrap_or_default();
    texts
        .iter()
        .filter_map(|entry| entry.node.text())
        .any(|text| text.split(|letter| !is_part(letter)).any(|word| word == name))
}
