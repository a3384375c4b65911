//! The devices that claims ask for, as quotas count them.
//! Source: `pkg/quota/v1/evaluator/core/resource_claims.go` of Kubernetes 1.35 to 1.37.

use std::collections::BTreeMap;

use crate::manifest::node::Node;

/// What a claim that asks for all counts as: no claim is given more. Source: `AllocationResultsMaxSize`.
const MOST: i128 = 32;

/// How many devices of each class the spec of a claim asks for at most.
pub fn asked(claim: &Node) -> BTreeMap<&str, i128> {
    let mut all = BTreeMap::new();
    for request in claim.items_at(&["devices", "requests"]) {
        // of several ways, the one that takes the most of a class
        let mut most: BTreeMap<&str, i128> = BTreeMap::new();
        // in the first beta, a request of one way says itself what it asks for
        let own = [Some(request), request.get("exactly")].into_iter().flatten();
        let own = own.filter(|way| way.get("deviceClassName").is_some());
        for way in own.chain(request.items_at(&["firstAvailable"])) {
            let class = most.entry(way.text_at(&["deviceClassName"]).unwrap_or_default()).or_default();
            *class = count(way).max(*class);
        }
        for (class, count) in most {
            let sum: &mut i128 = all.entry(class).or_default();
            *sum = sum.saturating_add(count);
        }
    }
    all
}

fn count(way: &Node) -> i128 {
    match way.text_at(&["allocationMode"]) {
        None | Some("" | "ExactCount") => {
            way.get("count").and_then(Node::integer).filter(|count| *count != 0).unwrap_or(1)
        }
        Some("All") => MOST,
        Some(_) => 0,
    }
}
