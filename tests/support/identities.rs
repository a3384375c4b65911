//! What every object has whatever its kind: an id of its own, a place, labels, and nothing that says nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::examples::World;
use crate::support::faults::Faults;
use crate::support::objects::{Object, entries, items, text, walk};

/// Kinds that live in no namespace.
const CLUSTER_SCOPED: &[&str] = &[
    "APIService",
    "ClusterIssuer",
    "ClusterRole",
    "ClusterRoleBinding",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "PriorityClass",
    "ValidatingWebhookConfiguration",
];

/// Kinds that live in one.
const NAMESPACED: &[&str] = &[
    "Certificate",
    "CiliumNetworkPolicy",
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "ExternalSecret",
    "HorizontalPodAutoscaler",
    "Ingress",
    "Issuer",
    "LimitRange",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "SealedSecret",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
];

/// Labels that Kubernetes recommends; source: kubernetes.io, "Recommended Labels".
const RECOMMENDED: &[&str] = &["name", "instance", "component", "part-of", "managed-by"];

/// Maps that mean something when they are empty: kind, name (any when empty), pointer. Webhooks spell out what the API
/// server would add, so that nothing differs from what was applied.
const MEANINGFULLY_EMPTY: &[(&str, &str, &str)] = &[
    ("NetworkPolicy", "default-deny-all", "/spec/podSelector"),
    ("NetworkPolicy", "allow-dns", "/spec/podSelector"),
    ("Issuer", "", "/spec/selfSigned"),
    ("ClusterIssuer", "", "/spec/selfSigned"),
    ("MutatingWebhookConfiguration", "", "/webhooks/0/namespaceSelector"),
    ("MutatingWebhookConfiguration", "", "/webhooks/0/objectSelector"),
    ("ValidatingWebhookConfiguration", "", "/webhooks/0/namespaceSelector"),
    ("ValidatingWebhookConfiguration", "", "/webhooks/0/objectSelector"),
];

/// No two objects share kind, group, namespace and name.
pub fn ids(world: &World, faults: &mut Faults) {
    let mut seen = BTreeSet::new();
    for object in &world.objects {
        let group = text(object.at("/apiVersion")).split_once('/').map_or("", |(group, _)| group);
        if !seen.insert((group, &object.kind, object.place(), &object.name)) {
            faults.add(object, "/metadata/name", "another object has this id");
        }
        faults.unless(!object.name.is_empty(), object, "/metadata/name", "no name");
        faults.unless(!text(object.at("/apiVersion")).is_empty(), object, "/apiVersion", "no version");
    }
}

/// Namespaced objects name a namespace that is declared; cluster-scoped ones name none.
pub fn places(world: &World, faults: &mut Faults) {
    for object in &world.objects {
        match (CLUSTER_SCOPED.contains(&object.kind.as_str()), &object.namespace) {
            (true, Some(_)) => faults.add(object, "/metadata/namespace", "the kind is cluster-scoped"),
            (false, None) => faults.add(object, "/metadata/namespace", "names no namespace"),
            (true, None) => {}
            (false, Some(namespace)) => {
                let known = NAMESPACED.contains(&object.kind.as_str());
                faults.unless(known, object, "/kind", "this kind is in neither list: add it to the right one");
                // What an aggregated API may know of its callers is a role that only `kube-system` has; what belongs
                // to the cluster lives there.
                let own = world.type_of(object.component()) == "metrics-server";
                let system = namespace == "kube-system" && (own || object.kind == "RoleBinding");
                let declared = system || world.find("Namespace", "", namespace).is_some();
                faults.unless(declared, object, "/metadata/namespace", "no such Namespace is rendered");
            }
        }
    }
}

/// No `status`, no null, nothing empty except where emptiness is the meaning.
pub fn nothing_is_empty(world: &World, faults: &mut Faults) {
    for object in &world.objects {
        faults.unless(object.value.get("status").is_none(), object, "/status", "belongs to the cluster");
        for field in ["creationTimestamp", "uid", "resourceVersion", "generation", "managedFields"] {
            let owned = object.value["metadata"].get(field).is_some();
            faults.unless(!owned, object, &format!("/metadata/{field}"), "belongs to the cluster");
        }
        walk(&object.value, "", &mut |pointer, value| match value {
            Value::Null => faults.add(object, pointer, "is null"),
            Value::Array(list) if list.is_empty() => faults.add(object, pointer, "is an empty list"),
            Value::Object(map) if map.is_empty() => {
                let meant = MEANINGFULLY_EMPTY.iter().any(|(kind, name, at)| {
                    *kind == object.kind && (name.is_empty() || *name == object.name) && *at == pointer
                });
                faults.unless(meant, object, pointer, "is an empty map");
            }
            // The core API group is the empty string.
            Value::String(word) if word.is_empty() => {
                faults.unless(pointer.contains("/apiGroups/"), object, pointer, "is an empty string");
            }
            _ => {}
        });
    }
}

/// Merge keys of server-side apply include the protocol, so every port names it.
pub fn protocols(world: &World, faults: &mut Faults) {
    for object in &world.objects {
        walk(&object.value, "", &mut |pointer, value| {
            let listed = pointer.rsplit('/').nth(1) == Some("ports");
            let policy_or_service = ["Service", "NetworkPolicy", "CiliumNetworkPolicy"].contains(&object.kind.as_str());
            let container = value.get("containerPort").is_some();
            if listed && (policy_or_service || container) {
                faults.unless(value["protocol"].is_string(), object, pointer, "names no protocol");
            }
        });
    }
}

/// Recommended labels on every object and pod template, with values that the API server takes.
pub fn labels(world: &World, faults: &mut Faults) {
    let platform = text(world.says("/platform/name"));
    // what SOPS has encrypted is as somebody else wrote it, and so is what somebody brought
    for object in world.objects.iter().filter(|object| !object.at("/sops").is_object() && !world.is_brought(object)) {
        labelled(object, "/metadata/labels", platform, faults);
        if let Some(pods) = object.pods() {
            let at = format!("{}/metadata/labels", pods.pointer);
            labelled(object, &at, platform, faults);
            for pointer in ["/metadata/labels", &at] {
                let version = object.at(pointer)["app.kubernetes.io/version"].is_string();
                faults.unless(version, object, pointer, "no `app.kubernetes.io/version`");
            }
            let component = object.component();
            let declared = &world.description["components"][component]["namespace"];
            let why = format!("`{component}` is no component of this namespace");
            faults.unless(declared == object.place(), object, "/metadata/labels", why);
        }
    }
}

fn labelled(object: &Object, pointer: &str, platform: &str, faults: &mut Faults) {
    let labels = object.at(pointer);
    for key in RECOMMENDED {
        let key = format!("app.kubernetes.io/{key}");
        faults.unless(labels[&key].is_string(), object, pointer, format!("no `{key}`"));
    }
    let (part_of, manager) = (&labels["app.kubernetes.io/part-of"], &labels["app.kubernetes.io/managed-by"]);
    faults.unless(part_of == platform, object, pointer, format!("part of {part_of}, not of `{platform}`"));
    faults.unless(manager == "platformgen", object, pointer, format!("managed by {manager}"));
    for (key, value) in entries(labels) {
        let value = value.as_str().unwrap_or("?");
        faults.unless(is_label_value(value), object, pointer, format!("`{key}: {value}` is no label"));
    }
}

fn is_label_value(value: &str) -> bool {
    let inner = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let edge = |letter: Option<char>| letter.is_none_or(|letter| letter.is_ascii_alphanumeric());
    value.len() <= 63 && value.chars().all(inner) && edge(value.chars().next()) && edge(value.chars().last())
}

/// Every declared namespace enforces the Pod Security level of the description, at the target's version.
pub fn pod_security_labels(world: &World, faults: &mut Faults) {
    let target = text(world.says("/platform/kubernetes"));
    let target = if target.is_empty() { "1.36" } else { target };
    for (name, spec) in entries(world.says("/namespaces")) {
        let level = spec["pod-security"].as_str().unwrap_or("restricted");
        let Some(namespace) = world.find("Namespace", "", name) else {
            faults.general(format!("Namespace {name} is declared and not rendered"));
            continue;
        };
        for mode in ["enforce", "audit", "warn"] {
            for (label, wanted) in [(mode.to_owned(), level), (format!("{mode}-version"), &format!("v{target}"))] {
                let key = format!("pod-security.kubernetes.io/{label}");
                let found = namespace.label(&key);
                faults.unless(found == wanted, namespace, "/metadata/labels", format!("`{key}` is `{found}`"));
            }
        }
    }
    for namespace in world.of_kind("Namespace") {
        let declared = world.description["namespaces"].get(&namespace.name).is_some();
        faults.unless(declared, namespace, "/metadata/name", "is rendered and not declared");
    }
}

/// Names of containers, ports, volumes, variables and mount paths are not used twice.
pub fn names_in_pods(world: &World, faults: &mut Faults) {
    for pods in world.pods() {
        let mut once = |what: &str, names: Vec<String>| {
            let mut seen = BTreeSet::new();
            for name in names {
                faults.unless(seen.insert(name.clone()), pods.owner, what, format!("`{name}` stands there twice"));
            }
        };
        let named = |list: &Value, key: &str| items(list).map(|item| item[key].to_string()).collect::<Vec<_>>();
        once("containers", pods.containers().iter().map(|container| container.name.to_owned()).collect());
        once("volumes", named(&pods.spec()["volumes"], "name"));
        once("port names", pods.ports().iter().map(|port| port["name"].to_string()).collect());
        let numbers = pods.ports().iter().map(|p| format!("{}/{}", p["containerPort"], p["protocol"])).collect();
        once("port numbers", numbers);
        for container in pods.containers() {
            once(&format!("{} env", container.name), named(&container.value["env"], "name"));
            once(&format!("{} mounts", container.name), named(&container.value["volumeMounts"], "mountPath"));
        }
    }
}
