//! What rules look at: pods with what is around them, and containers with what their pod says for them.

use std::collections::BTreeSet;

use crate::manifest::node::Node;
use crate::manifest::selector::{Labels, Selector, said};
use crate::ordered::Ordered;
use crate::reach::pods::Place;
use crate::reach::{self, policy};
use crate::validate::arithmetic::asks::Defaults;
use crate::validate::arithmetic::metrics::Share;
use crate::validate::arithmetic::scale::Scale;
use crate::validate::references::selectors;
use crate::validate::world::{Pod, World};

/// The pods of a workload, and what is around them.
pub struct Scene<'a> {
    /// All objects.
    pub world: &'a World<'a>,
    /// The pods.
    pub pod: &'a Pod<'a>,
    /// How many there are; `None` where only the cluster knows.
    pub scale: Option<Scale>,
    /// Which pods others are about.
    pub around: &'a Surroundings,
    /// The number of the pods.
    pub at: usize,
}

/// Which pods other objects are about, by their numbers.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// A Service sends to them.
    pub served: Vec<bool>,
    /// A disruption budget protects them.
    pub protected: Vec<bool>,
    /// A policy says who may call them.
    pub isolated: Vec<bool>,
}

impl Surroundings {
    /// Those of a world.
    pub fn of(world: &World<'_>) -> Self {
        let mut around = Self {
            served: vec![false; world.pods.len()],
            protected: vec![false; world.pods.len()],
            isolated: vec![false; world.pods.len()],
        };
        // many Services may send to the same pods
        let senders = world.of_kind("Service").filter_map(|own| Some((own.place(), selectors::of_service(own)?)));
        for (place, selector) in senders.ordered::<BTreeSet<_>>() {
            mark(world, place, &selector, &mut around.served);
        }
        for budget in world.of_kind("PodDisruptionBudget") {
            if let Some(node) = budget.root().get("spec").and_then(|spec| said(spec, "selector")) {
                mark(world, budget.place(), &Selector::read(node), &mut around.protected);
            }
        }
        for policy in world.objects.iter().flat_map(|thing| policy::read(thing.document)) {
            if policy.ingress.is_none() {
                continue;
            }
            match &policy.subject.place {
                Place::Namespace(name) => mark(world, name, &policy.subject.pods, &mut around.isolated),
                Place::Labelled(wanted) => {
                    let is_meant = |(_, labels): &(&&str, &Labels<'_>)| wanted.matches(labels);
                    for (name, _) in world.namespaces.iter().filter(is_meant) {
                        mark(world, name, &policy.subject.pods, &mut around.isolated);
                    }
                }
            }
        }
        // who knows what a policy means that is not understood
        if reach::unheard(world.objects.iter().map(|thing| thing.document)).next().is_some() {
            around.isolated.fill(true);
        }
        around
    }
}

fn mark(world: &World<'_>, namespace: &str, selector: &Selector<'_>, marks: &mut [bool]) {
    for at in world.selected(namespace, selector) {
        marks[at] = true;
    }
}

impl<'a> Scene<'a> {
    /// What the pods are.
    pub fn spec(&self) -> &'a Node {
        self.pod.spec()
    }

    /// The kind of what makes them.
    pub fn kind(&self) -> &'a str {
        &self.pod.owner.document.id.kind
    }

    /// Whether they run until somebody ends them.
    pub fn is_lasting(&self) -> bool {
        is_lasting(self.pod)
    }

    /// Whether at least two run at any time.
    pub fn is_many(&self) -> bool {
        self.scale.is_some_and(|scale| scale.least >= 2)
    }
}

fn is_lasting(pod: &Pod<'_>) -> bool {
    let ends = ["Job", "CronJob"].contains(&pod.owner.document.id.kind.as_str());
    !ends && pod.spec().text_at(&["restartPolicy"]).is_none_or(|policy| policy == "Always")
}

/// A container, and what its pod says for it.
pub struct Inside<'a> {
    /// Its pod.
    pub pod: &'a Pod<'a>,
    /// The list that holds it.
    pub list: &'static str,
    /// The container.
    pub node: &'a Node,
    /// What its namespace fills in.
    pub defaults: &'a Defaults<'a>,
    /// Of what autoscalers take shares.
    pub shares: &'a [Share<'a>],
}

impl<'a> Inside<'a> {
    /// What is said of it.
    pub fn said(&self, what: &str) -> String {
        format!("container `{}` {what}", self.node.text_at(&["name"]).unwrap_or_default())
    }

    /// A field of its security context, or of the pod's if it says nothing.
    pub fn secured(&self, key: &str) -> Option<&'a Node> {
        let of = |node: &'a Node| node.get("securityContext").and_then(|context| said(context, key));
        of(self.node).or_else(|| of(self.pod.spec()))
    }

    /// Whether an autoscaler takes a share of what it requests of a resource.
    pub fn is_shared(&self, resource: &str) -> bool {
        self.shares.iter().any(|share| share.is_of(resource, self.list, self.node))
    }

    /// Whether it runs as long as its pod does.
    pub fn is_lasting(&self) -> bool {
        let is_sidecar = self.node.text_at(&["restartPolicy"]) == Some("Always");
        is_lasting(self.pod) && (self.list == "containers" || is_sidecar)
    }

    /// Whether it runs on Windows, where some of what is asked does not exist.
    pub fn is_on_windows(&self) -> bool {
        self.pod.spec().text_at(&["os", "name"]) == Some("windows")
    }
}
