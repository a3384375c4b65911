//! What a pod asks for, once its namespace has filled in what it does not say.

use std::collections::BTreeMap;

use crate::diff::quantities::amount;
use crate::manifest::node::Node;
use crate::tables::HashMap;
use crate::validate::world::{Thing, World};
use crate::values::quantity::Quantity;

/// Amounts by resource.
pub type Amounts<'a> = BTreeMap<&'a str, Quantity>;

/// Requests or limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What is set aside.
    Requests,
    /// What may be used at most.
    Limits,
}

impl Side {
    /// As the API calls it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Limits => "limits",
        }
    }
}

/// What the limit ranges of a namespace fill in for a container: requests and limits.
#[derive(Clone, Debug, Default)]
pub struct Defaults<'a> {
    requests: Amounts<'a>,
    limits: Amounts<'a>,
}

impl<'a> Defaults<'a> {
    /// Those of a namespace.
    pub fn of(world: &World<'a>, namespace: &str) -> Self {
        let mut found = Self::default();
        for range in world.of_kind("LimitRange").filter(|range| range.place() == namespace) {
            found.add(range);
        }
        found
    }

    /// Those of every namespace that has some.
    pub fn each(world: &World<'a>) -> HashMap<&'a str, Self> {
        let mut found: HashMap<&str, Self> = HashMap::default();
        for range in world.of_kind("LimitRange") {
            found.entry(range.place()).or_default().add(range);
        }
        found
    }

    fn add(&mut self, range: Thing<'a>) {
        for item in range.root().items_at(&["spec", "limits"]) {
            if item.text_at(&["type"]) == Some("Container") {
                // what is not said is the largest that is allowed, and that is asked for as well; without it, the least.
                // Source: `SetDefaults_LimitRangeItem` in `pkg/apis/core/v1/defaults.go`
                let limits = filled(amounts(item.get("default")), &amounts(item.get("max")));
                let requests = filled(amounts(item.get("defaultRequest")), &limits);
                let requests = filled(requests, &amounts(item.get("min")));
                self.requests = filled(std::mem::take(&mut self.requests), &requests);
                self.limits = filled(std::mem::take(&mut self.limits), &limits);
            }
        }
    }

    /// What a container asks for.
    pub fn container(&self, container: &'a Node, side: Side) -> Amounts<'a> {
        let limits = said(container, Side::Limits);
        match side {
            Side::Limits => filled(limits, &self.limits),
            // a limit without a request is the request
            Side::Requests => filled(filled(said(container, Side::Requests), &limits), &self.requests),
        }
    }

    /// What a pod asks for, with what running it takes beside its containers.
    /// Source: `PodRequests` and `PodLimits` in `k8s.io/component-helpers/resource`.
    pub fn pod(&self, pod: &'a Node, side: Side) -> Amounts<'a> {
        let mut overhead = amounts(pod.get("overhead"));
        let together = self.together(pod, side);
        if side == Side::Limits {
            // what has no limit gets none
            overhead.retain(|resource, _| together.contains_key(resource));
        }
        plus(together, &overhead)
    }

    /// What it says for itself; otherwise its containers together, or the largest of what runs before them, whichever is more.
    pub fn together(&self, pod: &'a Node, side: Side) -> Amounts<'a> {
        let mut sidecars = Amounts::new();
        let mut highest = Amounts::new();
        for container in pod.items_at(&["initContainers"]) {
            let own = self.container(container, side);
            if container.text_at(&["restartPolicy"]) == Some("Always") {
                sidecars = plus(sidecars, &own);
                highest = larger(highest, &sidecars);
            } else {
                highest = larger(highest, &plus(sidecars.clone(), &own));
            }
        }
        let containers = pod.items_at(&["containers"]).iter();
        let together = containers.fold(sidecars, |sum, next| plus(sum, &self.container(next, side)));
        let whole = filled(said(pod, side), &larger(highest, &together));
        // of what no container requests, the limit of the pod is the request
        if side == Side::Requests { filled(whole, &said(pod, Side::Limits)) } else { whole }
    }

    /// Whether every container says how much of a resource, or is told.
    pub fn says(&self, pod: &'a Node, side: Side, resource: &str) -> bool {
        let mut containers = ["initContainers", "containers"].into_iter().flat_map(|list| pod.items_at(&[list]));
        containers.all(|container| self.container(container, side).contains_key(resource))
    }
}

/// Whether a pod speaks for all of its containers. Source: `IsPodLevelResourcesSet` in `k8s.io/component-helpers/resource`.
pub fn is_whole(pod: &Node) -> bool {
    [Side::Requests, Side::Limits].iter().any(|side| !said(pod, *side).is_empty())
}

/// What a container or a pod says itself.
pub fn said(node: &Node, side: Side) -> Amounts<'_> {
    amounts(node.at(&["resources", side.key()]))
}

/// The amounts that a map holds.
pub fn amounts(node: Option<&Node>) -> Amounts<'_> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|entry| Some((entry.key.as_str(), amount(&entry.node)?))).collect()
}

fn filled<'a>(mut own: Amounts<'a>, others: &Amounts<'a>) -> Amounts<'a> {
    for (resource, amount) in others {
        own.entry(resource).or_insert(*amount);
    }
    own
}

fn plus<'a>(mut own: Amounts<'a>, others: &Amounts<'a>) -> Amounts<'a> {
    for (resource, amount) in others {
        let sum = own.get(resource).map_or(*amount, |own| own.plus(*amount));
        own.insert(resource, sum);
    }
    own
}

fn larger<'a>(mut own: Amounts<'a>, others: &Amounts<'a>) -> Amounts<'a> {
    for (resource, amount) in others {
        let larger = own.get(resource).map_or(*amount, |own| (*own).max(*amount));
        own.insert(resource, larger);
    }
    own
}
