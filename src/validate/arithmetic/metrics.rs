//! What autoscalers look at is measured, and is a share of something.

use crate::diagnostics::codes;
use crate::manifest::node::Node;
use crate::manifest::selector::said;
use crate::tables::HashMap;
use crate::validate::arithmetic::asks::{Defaults, Side, is_whole};
use crate::validate::findings::Findings;
use crate::validate::world::{Pod, Thing, World};

/// Metrics of adapters: their type, the key that they stand under, and the group that serves them.
const SERVED: &[(&str, &str, &str)] = &[
    ("External", "external", "external.metrics.k8s.io"),
    ("Object", "object", "custom.metrics.k8s.io"),
    ("Pods", "pods", "custom.metrics.k8s.io"),
];

/// Of what an autoscaler takes a share.
#[derive(Clone, Copy, Debug)]
pub struct Share<'a> {
    /// The resource.
    resource: &'a str,
    /// Where its name stands.
    node: &'a Node,
    /// The container that is looked at, if it is one.
    container: Option<&'a Node>,
}

/// What tells pods from others: kind, namespace and name of what makes them.
pub type Key<'a> = (&'a str, &'a str, &'a str);

/// The key of pods.
pub fn key<'a>(pod: &Pod<'a>) -> Key<'a> {
    let id = &pod.owner.document.id;
    (id.kind.as_str(), pod.namespace(), id.name.as_str())
}

/// The key of what an autoscaler scales.
fn target(scaler: Thing<'_>) -> Option<Key<'_>> {
    let target = |key: &str| scaler.root().text_at(&["spec", "scaleTargetRef", key]);
    Some((target("kind")?, scaler.place(), target("name")?))
}

/// The shares that autoscalers take, by the pods that they scale.
pub fn shares<'a>(world: &World<'a>) -> HashMap<Key<'a>, Vec<Share<'a>>> {
    let mut shares: HashMap<Key<'a>, Vec<Share<'a>>> = HashMap::default();
    for scaler in world.of_kind("HorizontalPodAutoscaler") {
        let Some(key) = target(scaler) else { continue };
        shares.entry(key).or_default().extend(Share::all(scaler));
    }
    shares
}

impl<'a> Share<'a> {
    /// Those that an autoscaler takes. One without metrics looks at processor time.
    /// Source: `SetDefaults_HorizontalPodAutoscaler` in `pkg/apis/autoscaling/v2/defaults.go`.
    fn all(scaler: Thing<'a>) -> Vec<Self> {
        const OLD: &str = "autoscaling.alpha.kubernetes.io/metrics";
        let metrics = scaler.root().items_at(&["spec", "metrics"]);
        let has_old = scaler.root().at(&["metadata", "annotations", OLD]).is_some();
        let of = |key: &str| scaler.root().at(&["spec", key]);
        match of("targetCPUUtilizationPercentage").or_else(|| of("scaleTargetRef")) {
            Some(node) if metrics.is_empty() && !has_old => vec![Self { resource: "cpu", node, container: None }],
            _ => metrics.iter().filter_map(Self::read).collect(),
        }
    }

    fn read(metric: &'a Node) -> Option<Self> {
        let metric = match metric.text_at(&["type"])? {
            "Resource" => metric.get("resource")?,
            "ContainerResource" => metric.get("containerResource")?,
            _ => return None,
        };
        let node = metric.get("name").filter(|_| metric.text_at(&["target", "type"]) == Some("Utilization"))?;
        Some(Self { resource: node.text()?, node, container: said(metric, "container") })
    }

    /// Whether a container has to request the resource, so that there is something to take a share of.
    pub fn is_of(&self, resource: &str, list: &str, container: &Node) -> bool {
        let is_running = list == "containers" || container.text_at(&["restartPolicy"]) == Some("Always");
        let wanted = self.container.and_then(Node::text);
        let is_wanted = wanted.is_none_or(|wanted| container.text_at(&["name"]) == Some(wanted));
        self.resource == resource && is_running && is_wanted
    }
}

/// Every metric of every autoscaler can be told.
pub fn measured<'a>(world: &World<'a>, findings: &mut Findings) {
    let pods: HashMap<Key<'_>, &Pod<'a>> = world.pods.iter().map(|pod| (key(pod), pod)).collect();
    let (defaults, none) = (Defaults::each(world), Defaults::default());
    let mut adapters = Adapters::default();
    for scaler in world.of_kind("HorizontalPodAutoscaler") {
        let Some(target) = target(scaler) else { continue };
        let pod = pods.get(&target).copied();
        let defaults = defaults.get(scaler.place()).unwrap_or(&none);
        if let Some(pod) = pod {
            for share in Share::all(scaler) {
                requested(scaler, pod, share, defaults, findings);
            }
        }
        for metric in scaler.root().items_at(&["spec", "metrics"]) {
            let kind = metric.text_at(&["type"]).unwrap_or_default();
            if let Some((_, key, group)) = SERVED.iter().find(|(known, ..)| *known == kind) {
                adapters.serve(world, scaler, metric.at(&[key, "metric", "name"]), group, findings);
            }
        }
    }
}

/// A share is one of what each container requests, or of what the pod does.
/// Source: `calculateRequests` in `pkg/controller/podautoscaler/replica_calculator.go`.
fn requested(scaler: Thing<'_>, pod: &Pod<'_>, share: Share<'_>, defaults: &Defaults<'_>, findings: &mut Findings) {
    let Share { resource, node, container } = share;
    let (code, id) = (codes::UNMEASURED_AUTOSCALER, &pod.owner.document.id);
    let help = "a share is one of what is requested: request it, or aim at an amount";
    // what is there and cannot be read is told elsewhere
    let is_there = |node: &Node| {
        [Side::Requests, Side::Limits].iter().any(|side| node.at(&["resources", side.key(), resource]).is_some())
    };
    findings.ask();
    if container.is_none() && is_whole(pod.spec()) {
        if !defaults.pod(pod.spec(), Side::Requests).contains_key(resource) && !is_there(pod.spec()) {
            let message = format!("neither {id} nor a container of it requests `{resource}`");
            findings.error(code, scaler, node, &message).help(help);
        }
        return;
    }
    let looked_at = pod.containers().filter(|(list, own)| share.is_of(resource, list, own));
    let looked_at: Vec<&Node> = looked_at.map(|(_, container)| container).collect();
    if let (Some(container), []) = (container, looked_at.as_slice()) {
        let message = format!("{id} has no container `{}`", container.text().unwrap_or_default());
        findings.error(code, scaler, container, &message).help("name one of its containers, or look at the whole pod");
    }
    // without a request, the limit is one; and a limit range may give one
    let requests = |container: &Node| defaults.container(container, Side::Requests).contains_key(resource);
    for container in looked_at.into_iter().filter(|container| !requests(container) && !is_there(container)) {
        let name = container.text_at(&["name"]).unwrap_or_default();
        let message = format!("container `{name}` of {id} requests no `{resource}`");
        findings.error(code, scaler, node, &message).help(help);
    }
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
