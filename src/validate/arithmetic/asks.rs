//! What a pod asks for, once its namespace has filled in what it does not say.

use std::collections::{BTreeMap, HashMap};

use crate::diff::quantities::amount;
use crate::manifest::node::Node;
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
        let mut found: HashMap<&str, Self> = HashMap::new();
        for range in world.of_kind("LimitRange") {
            found.entry(range.place()).or_default().add(range);
        }
        found
    }

    fn add(&mut self, range: Thing<'a>) {
        for item in range.root().items_at(&["spec", "limits"]) {
            if item.text_at(&["type"]) == Some("Container") {
                // what is not said is the largest that is allowed, and that is asked for as well
                let most = amounts(item.get("max"));
                let limits = filled(amounts(item.get("default")), &most);
                let requests = filled(amounts(item.get("defaultRequest")), &limits);
                self.requests = filled(std::mem::take(&mut self.requests), &requests);
                self.limits = filled(std::mem::take(&mut self.limits), &limits);
            }
        }
    }

    /// What a container asks for.
    pub fn container(&self, container: &'a Node, side: Side) -> Amounts<'a> {
        let said = |key: &str| amounts(container.at(&["resources", key]));
        let limits = said("limits");
        match side {
            Side::Limits => filled(limits, &self.limits),
            // a limit without a request is the request
            Side::Requests => filled(filled(said("requests"), &limits), &self.requests),
        }
    }

    /// What a pod asks for: what it says for itself; otherwise its containers together, or the largest of what runs before
    /// them, whichever is more. Source: `PodRequests` in `k8s.io/component-helpers/resource`.
    pub fn pod(&self, pod: &'a Node, side: Side) -> Amounts<'a> {
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
        let key = if side == Side::Requests { "requests" } else { "limits" };
        let whole = filled(amounts(pod.at(&["resources", key])), &larger(highest, &together));
        plus(whole, &amounts(pod.get("overhead")))
    }

    /// Whether every container says how much of a resource, or is told.
    pub fn says(&self, pod: &'a Node, side: Side, resource: &str) -> bool {
        let lists = ["initContainers", "containers"].into_iter().flat_map(|list| pod.items_at(&[list]));
        let key = if side == Side::Requests { "requests" } else { "limits" };
        let is_said = pod.at(&["resources", key, resource]).is_some();
        is_said || lists.into_iter().all(|container| self.container(container, side).contains_key(resource))
    }
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
