//! The stream can be applied from top to bottom: what is named stands before who names it.

use std::collections::BTreeMap;

use crate::support::examples::World;
use crate::support::faults::Faults;
use crate::support::objects::Object;
use crate::support::references::{references, secrets};

/// Kinds that must be in force before the first pod starts.
const GUARDS: &[&str] = &["NetworkPolicy", "CiliumNetworkPolicy", "ResourceQuota", "LimitRange"];
/// Kinds by which the API server begins to ask our pods.
const HOOKS: &[&str] = &["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService"];

/// What is named stands before who names it.
pub fn names_come_first(world: &World, faults: &mut Faults) {
    let place: BTreeMap<String, usize> =
        world.objects.iter().enumerate().map(|(at, object)| (object.to_string(), at)).collect();
    let at = |object: &Object| place[&object.to_string()];
    let secrets = secrets(world);
    for reference in references(world) {
        // An issuer names the class long before it needs it: with the first challenge.
        if reference.kind == "IngressClass" && reference.from.kind == "ClusterIssuer" {
            continue;
        }
        let target = match reference.kind {
            "Secret" => secrets.get(&(reference.namespace.as_str(), reference.name.as_str())).map(|(maker, _)| *maker),
            kind => world.find(kind, &reference.namespace, &reference.name),
        };
        // An authority's issuer may wait for the certificate that makes its Secret: cert-manager retries.
        let issuer = reference.from.kind == "Issuer" && reference.kind == "Secret";
        if let Some(target) = target.filter(|target| !issuer && at(target) >= at(reference.from)) {
            faults.add(reference.from, &reference.field, format!("{target} stands after it"));
        }
    }
}

/// Policies and quotas stand before every pod, webhooks and aggregated APIs after.
pub fn guards_come_first(world: &World, faults: &mut Faults) {
    let is_pods = |object: &Object| object.pods().is_some();
    let first = world.objects.iter().position(is_pods).unwrap_or(world.objects.len());
    let last = world.objects.iter().rposition(is_pods).unwrap_or(0);
    for (at, object) in world.objects.iter().enumerate() {
        let late = GUARDS.contains(&object.kind.as_str()) && at > first;
        faults.unless(!late, object, "place", format!("stands after {}", world.objects[first.min(at)]));
        let early = HOOKS.contains(&object.kind.as_str()) && at < last;
        faults.unless(!early, object, "place", format!("stands before {}", world.objects[last]));
    }
}
