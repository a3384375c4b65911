//! Selectors: what they may say, and that each finds the pods that it is meant for.

use serde_json::{Value, json};

use crate::support::examples::World;
use crate::support::faults::Faults;
use crate::support::objects::{Object, Pods, entries, items, text, texts, walk};

/// The only labels that selectors may use: they never change.
const KEYS: &[&str] = &["app.kubernetes.io/instance", "app.kubernetes.io/name"];
/// The label by which cert-manager marks the pods that answer challenges.
pub const SOLVER: &str = "acme.cert-manager.io/http01-solver";
/// The label that every namespace has by itself.
pub const NAMESPACE: &str = "kubernetes.io/metadata.name";

/// Whether a `LabelSelector` matches `labels`; an empty one matches everything.
/// Source: kubernetes.io, "Labels and Selectors".
pub fn matches(selector: &Value, labels: &Value) -> bool {
    let has = |(key, value): (&str, &Value)| labels.get(key) == Some(value);
    let holds = |requirement: &Value| {
        let found = labels.get(text(&requirement["key"]));
        let listed = || found.is_some_and(|found| items(&requirement["values"]).any(|value| value == found));
        match text(&requirement["operator"]) {
            "In" => listed(),
            "NotIn" => !listed(),
            "Exists" => found.is_some(),
            "DoesNotExist" => found.is_none(),
            other => panic!("`{other}` is no operator of a selector"),
        }
    };
    entries(&selector["matchLabels"]).into_iter().all(has) && items(&selector["matchExpressions"]).all(holds)
}

/// One selector of an object, as a `LabelSelector`.
struct Use<'w> {
    object: &'w Object,
    pointer: String,
    namespace: String,
    selector: Value,
}

/// Every selector of pods in the platform.
fn uses(world: &World) -> Vec<Use<'_>> {
    let mut found = Vec::new();
    for object in &world.objects {
        let mut put = |pointer: &str, namespace: &str, selector: Value| {
            let (pointer, namespace) = (pointer.to_owned(), namespace.to_owned());
            found.push(Use { object, pointer, namespace, selector });
        };
        let own = object.place();
        match object.kind.as_str() {
            "Service" => put("/spec/selector", own, json!({ "matchLabels": object.at("/spec/selector") })),
            "Deployment" | "StatefulSet" | "DaemonSet" | "PodDisruptionBudget" => {
                put("/spec/selector", own, object.at("/spec/selector").clone());
            }
            "NetworkPolicy" => {
                put("/spec/podSelector", own, object.at("/spec/podSelector").clone());
                for (peers, direction) in [("from", "ingress"), ("to", "egress")] {
                    for (at, rule) in items(object.at(&format!("/spec/{direction}"))).enumerate() {
                        for (index, peer) in
                            items(&rule[peers]).enumerate().filter(|(_, p)| p["podSelector"].is_object())
                        {
                            let namespace = peer["namespaceSelector"]["matchLabels"][NAMESPACE].as_str().unwrap_or(own);
                            let pointer = format!("/spec/{direction}/{at}/{peers}/{index}/podSelector");
                            put(&pointer, namespace, peer["podSelector"].clone());
                        }
                    }
                }
            }
            "CiliumNetworkPolicy" => put("/spec/endpointSelector", own, object.at("/spec/endpointSelector").clone()),
            _ => {}
        }
        if let Some(pods) = object.pods() {
            walk(pods.spec(), pods.pointer, &mut |pointer, value| {
                if pointer.ends_with("/labelSelector") {
                    put(pointer, own, value.clone());
                }
            });
        }
    }
    found
}

/// Whether a selector is one of the three that are not about one workload.
fn is_special(world: &World, case: &Use<'_>) -> bool {
    let everything = ["default-deny-all", "allow-dns"].contains(&case.object.name.as_str())
        && case.object.kind == "NetworkPolicy"
        && case.pointer == "/spec/podSelector"
        && case.selector == json!({});
    let labels = &case.selector["matchLabels"];
    let (dns, dns_namespace) = dns(world);
    let resolver = case.namespace == dns_namespace && *labels == dns;
    let solvers = *labels == json!({ SOLVER: "true" }) && world.solver_namespaces().contains(&case.namespace.as_str());
    everything || resolver || solvers
}

/// Labels and namespace of the cluster's resolver, as the description says.
pub fn dns(world: &World) -> (Value, String) {
    let said = world.says("/cluster/dns");
    if said.is_null() {
        return (json!({ "k8s-app": "kube-dns" }), "kube-system".to_owned());
    }
    (said["labels"].clone(), text(&said["namespace"]).to_owned())
}

/// The port at which it listens.
pub fn dns_port(world: &World) -> u16 {
    let said = world.says("/cluster/dns/port").as_u64().and_then(|port| u16::try_from(port).ok());
    said.unwrap_or(53)
}

/// Selectors say name and instance and nothing else.
pub fn say_only_what_never_changes(world: &World, faults: &mut Faults) {
    for case in uses(world).iter().filter(|case| !is_special(world, case)) {
        let keys: Vec<&str> = entries(&case.selector["matchLabels"]).into_iter().map(|(key, _)| key).collect();
        faults.unless(keys == KEYS, case.object, &case.pointer, format!("selects by {keys:?}"));
        let plain = case.selector.get("matchExpressions").is_none();
        faults.unless(plain, case.object, &case.pointer, "has expressions");
    }
}

/// Every selector finds the pods of exactly one workload; a workload's own finds its own.
pub fn find_pods(world: &World, faults: &mut Faults) {
    for case in uses(world).iter().filter(|case| !is_special(world, case)) {
        let found: Vec<Pods<'_>> = world
            .pods()
            .filter(|pods| pods.owner.place() == case.namespace && matches(&case.selector, pods.labels()))
            .collect();
        let names: Vec<String> = found.iter().map(|pods| pods.owner.to_string()).collect();
        let (field, object) = (&case.pointer, case.object);
        faults.unless(names.len() == 1, object, field, format!("selects {names:?} in `{}`", case.namespace));
        if object.pods().is_some() && !names.is_empty() {
            faults.unless(names[0] == object.to_string(), object, field, format!("selects {}", names[0]));
        }
    }
}

/// Namespaces in policies are told by the one label that nobody can set.
pub fn namespaces_are_told_by_name(world: &World, faults: &mut Faults) {
    for object in &world.objects {
        walk(&object.value, "", &mut |pointer, value| {
            if !pointer.ends_with("/namespaceSelector") || object.kind != "NetworkPolicy" {
                return;
            }
            let keys: Vec<&str> = entries(&value["matchLabels"]).into_iter().map(|(key, _)| key).collect();
            faults.unless(keys == [NAMESPACE], object, pointer, format!("selects by {keys:?}"));
            let name = text(&value["matchLabels"][NAMESPACE]);
            let known = world.find("Namespace", "", name).is_some() || name == dns(world).1;
            faults.unless(known, object, pointer, format!("`{name}` is not declared"));
        });
    }
}

impl World {
    /// Namespaces in which cert-manager starts pods that answer challenges: those with certificates from an ACME issuer,
    /// rendered or said to exist.
    pub fn solver_namespaces(&self) -> Vec<&str> {
        let existing = entries(self.says("/components")).into_iter().filter(|(_, spec)| spec["acme"] == true);
        let acme: Vec<&str> = self
            .of_kind("ClusterIssuer")
            .filter(|issuer| issuer.at("/spec/acme").is_object())
            .map(|issuer| issuer.name.as_str())
            .chain(existing.map(|(_, spec)| text(&spec["issuer"])))
            .collect();
        let mut namespaces: Vec<&str> = self
            .of_kind("Certificate")
            .filter(|certificate| {
                let issuer = certificate.at("/spec/issuerRef");
                text(&issuer["kind"]) == "ClusterIssuer" && acme.contains(&text(&issuer["name"]))
            })
            .map(Object::place)
            .collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        namespaces
    }
}

#[test]
fn selectors_match_as_kubernetes_says() {
    let labels = json!({ "a": "1", "b": "2" });
    let expression = |key: &str, operator: &str, values: &[&str]| {
        let requirement = if texts(&json!(values)).is_empty() {
            json!({ "key": key, "operator": operator })
        } else {
            json!({ "key": key, "operator": operator, "values": values })
        };
        matches(&json!({ "matchExpressions": [requirement] }), &labels)
    };
    assert!(matches(&json!({}), &labels));
    assert!(matches(&json!({ "matchLabels": { "a": "1" } }), &labels));
    assert!(!matches(&json!({ "matchLabels": { "a": "1", "c": "3" } }), &labels));
    assert!(expression("a", "In", &["0", "1"]) && !expression("a", "In", &["0"]) && !expression("c", "In", &["0"]));
    assert!(expression("a", "NotIn", &["0"]) && expression("c", "NotIn", &["0"]) && !expression("a", "NotIn", &["1"]));
    assert!(expression("a", "Exists", &[]) && !expression("c", "Exists", &[]));
    assert!(expression("c", "DoesNotExist", &[]) && !expression("a", "DoesNotExist", &[]));
}
