//! Which pods and claims a quota is about.
//! Source: `podMatchesScopeFunc` and `pvcMatchesScopeFunc` in `pkg/quota/v1/evaluator/core` of Kubernetes 1.35 to 1.37.

use crate::manifest::node::{Node, Value};
use crate::manifest::selector::{Labels, Need, Selector, said};
use crate::validate::arithmetic::asks::{self, Amounts, Defaults, Side};
use crate::validate::world::{Pod, World};
use crate::values::quantity::Quantity;

/// What a quota asks of what it counts: a selector of what things are, as if these were labels.
pub struct Scopes<'a>(Selector<'a>);

/// What scopes can ask of pods.
const OF_PODS: &[&str] =
    &["BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", PRIORITY, "Terminating"];

const PRIORITY: &str = "PriorityClass";

/// What scopes can ask of claims.
const OF_CLAIMS: &[&str] = &[ATTRIBUTES];

const ATTRIBUTES: &str = "VolumeAttributesClass";

/// Pods that answer challenges: they say what they take, and nothing else.
const OF_SOLVERS: [(&str, &str); 2] = [("NotBestEffort", ""), ("NotTerminating", "")];

impl<'a> Scopes<'a> {
    /// Those of the `spec` of a quota.
    pub fn read(spec: &'a Node) -> Self {
        let plain = spec.items_at(&["scopes"]).iter().filter_map(Node::text).map(Need::Exists);
        let told = spec.items_at(&["scopeSelector", "matchExpressions"]).iter().map(|node| {
            let name = node.text_at(&["scopeName"]).unwrap_or_default();
            let values = node.items_at(&["values"]).iter().filter_map(Node::text).collect();
            match node.text_at(&["operator"]) {
                Some("In") => Need::In(name, values),
                Some("NotIn") => Need::NotIn(name, values),
                Some("Exists") => Need::Exists(name),
                Some("DoesNotExist") => Need::DoesNotExist(name),
                _ => Need::Refused,
            }
        });
        Self(Selector(plain.chain(told).collect()))
    }

    /// Whether it is about everything.
    pub fn are_open(&self) -> bool {
        self.0.0.is_empty()
    }

    /// Whether it is about pods; `priority` is the class of those that name none.
    pub fn have_pod(&self, pod: &Pod<'a>, defaults: &Defaults<'a>, priority: Option<&'a str>) -> bool {
        self.have(OF_PODS, || traits(pod, defaults, priority))
    }

    /// Whether it is about the pods that answer challenges.
    pub fn have_solver(&self, priority: Option<&'a str>) -> bool {
        let priority = priority.map(|class| (PRIORITY, class));
        self.have(OF_PODS, || OF_SOLVERS.into_iter().chain(priority).collect())
    }

    /// Whether it is about a claim.
    pub fn have_claim(&self, claim: &'a Node) -> bool {
        let class = claim.text_at(&["spec", "volumeAttributesClassName"]).filter(|class| !class.is_empty());
        self.have(OF_CLAIMS, || class.map(|class| (ATTRIBUTES, class)).into_iter().collect())
    }

    fn have(&self, known: &[&str], traits: impl FnOnce() -> Labels<'a>) -> bool {
        self.are_open() || (self.0.keys().all(|scope| known.contains(&scope)) && self.0.matches(&traits()))
    }
}

/// The class of pods that name none. Source: `plugin/pkg/admission/priority`.
pub fn default_priority<'a>(world: &World<'a>) -> Option<&'a str> {
    let is_default = |root: &Node| root.get("globalDefault").and_then(Node::bool) == Some(true);
    world.of_kind("PriorityClass").find(|class| is_default(class.root())).map(|class| class.document.id.name.as_str())
}

fn traits<'a>(pod: &Pod<'a>, defaults: &Defaults<'a>, priority: Option<&'a str>) -> Labels<'a> {
    let spec = pod.spec();
    let ends = spec.get("activeDeadlineSeconds").is_some_and(|node| !matches!(node.value, Value::Null));
    let mut traits = Labels::new();
    traits.insert(if ends { "Terminating" } else { "NotTerminating" }, "");
    traits.insert(if is_best_effort(spec, defaults) { "BestEffort" } else { "NotBestEffort" }, "");
    let named = spec.text_at(&["priorityClassName"]).filter(|class| !class.is_empty());
    traits.extend(named.or(priority).map(|class| (PRIORITY, class)));
    traits.extend(looks_elsewhere(spec).then_some(("CrossNamespacePodAffinity", "")));
    traits
}

/// Whether nothing is set aside for a pod. Source: `ComputePodQOS` in `pkg/apis/core/v1/helper/qos`.
fn is_best_effort<'a>(pod: &'a Node, defaults: &Defaults<'a>) -> bool {
    let is_some = |amounts: &Amounts<'_>| {
        ["cpu", "memory"].iter().any(|resource| amounts.get(resource).is_some_and(|own| *own > Quantity::whole(0)))
    };
    let mut sides = [Side::Requests, Side::Limits].into_iter();
    if asks::is_whole(pod) {
        return !sides.any(|side| is_some(&asks::said(pod, side)));
    }
    let lists = ["initContainers", "containers"];
    let containers = || lists.into_iter().flat_map(move |list| pod.items_at(&[list]));
    !sides.any(|side| containers().any(|container| is_some(&defaults.container(container, side))))
}

/// Whether pods want to be with or without pods of other namespaces.
fn looks_elsewhere(pod: &Node) -> bool {
    let mut terms = ["podAffinity", "podAntiAffinity"].into_iter().flat_map(|kind| {
        let of = |key: &str| pod.items_at(&["affinity", kind, key]);
        let preferred = of("preferredDuringSchedulingIgnoredDuringExecution").iter();
        let preferred = preferred.filter_map(|term| term.get("podAffinityTerm"));
        of("requiredDuringSchedulingIgnoredDuringExecution").iter().chain(preferred)
    });
    terms.any(|term| !term.items_at(&["namespaces"]).is_empty() || said(term, "namespaceSelector").is_some())
}
