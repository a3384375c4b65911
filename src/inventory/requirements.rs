//! What a cluster must have before objects are applied, and the command that shows whether it has.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::node::Node;
use crate::model::platform::Platform;
use crate::ordered::Ordered;
use crate::schema::Schema;
use crate::spec::cluster::ClusterSpec;
use crate::spec::hatches::RequirementsSpec;
use crate::validate::sops;
use crate::validate::world::{Pod, Thing, World};

/// Something that must be there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// What it is.
    pub what: String,
    /// What it is needed for.
    pub why: String,
    /// A command that succeeds if it is there.
    pub check: String,
}

/// Who brings kinds of a group, and at which version: group, maker.
/// Source: the releases that these objects were written for.
const MAKERS: &[(&str, &str)] = &[
    ("cert-manager.io", "cert-manager v1.21.1 CRDs"),
    ("acme.cert-manager.io", "cert-manager v1.21.1 CRDs"),
    ("external-secrets.io", "External Secrets operator v2.9.0"),
    ("bitnami.com", "sealed-secrets controller"),
    ("cilium.io", "Cilium"),
    ("monitoring.coreos.com", "prometheus-operator"),
    ("gateway.networking.k8s.io", "Gateway API CRDs"),
    ("keda.sh", "KEDA"),
];

/// Who does what resources of a group ask for: group, part of the name of its image, what it is, and the part of its name.
const CONTROLLERS: &[(&str, &str, &str, &str)] = &[
    ("bitnami.com", "sealed-secrets", "the Sealed Secrets controller", "sealed-secrets"),
    ("cert-manager.io", "cert-manager-controller", "the cert-manager controller", "cert-manager"),
    ("external-secrets.io", "external-secrets", "the External Secrets operator", "external-secrets"),
];

/// Everything that objects need and none of them is; `platform` is what they were rendered from.
pub fn requirements(world: &World<'_>, schema: &Schema, platform: &Platform) -> BTreeSet<Requirement> {
    let mut found = BTreeSet::new();
    definitions(world, schema, &platform.hatches.requirements, &mut found);
    controllers(world, &mut found);
    decryption(world, &mut found);
    stores(world, &mut found);
    issuers(world, &mut found);
    classes(world, &mut found);
    metrics(world, &mut found);
    network(world, &platform.facts.cluster, &mut found);
    found
}

fn put(found: &mut BTreeSet<Requirement>, what: impl Into<String>, why: impl Into<String>, check: impl Into<String>) {
    found.insert(Requirement { what: what.into(), why: why.into(), check: check.into() });
}

/// Kinds that are not Kubernetes' own and that no definition here brings, and those that somebody declares.
fn definitions(world: &World<'_>, schema: &Schema, declared: &RequirementsSpec, found: &mut BTreeSet<Requirement>) {
    let mut known: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (name, definition) in &declared.crds.0 {
        let group = name.value.split_once('.').map_or("", |(_, group)| group);
        known.insert((group, &definition.kind));
        let versions = definition.versions.join(", ");
        let what = format!("the definition of {} ({group}/{versions})", definition.kind);
        put(found, what, "manifests", format!("kubectl get crd {}", name.value));
    }
    known.extend(world.of_kind("CustomResourceDefinition").filter_map(|definition| {
        let of = |path: &[&str]| definition.root().text_at(path);
        Some((of(&["spec", "group"])?, of(&["spec", "names", "kind"])?))
    }));
    let mut kinds: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for thing in &world.objects {
        let id = &thing.document.id;
        let version = thing.root().text_at(&["apiVersion"]).unwrap_or_default();
        if !schema.has_group(&id.group) && !known.contains(&(id.group.as_str(), id.kind.as_str())) {
            kinds.entry((&id.group, version)).or_default().insert(&id.kind);
        }
    }
    for ((group, version), kinds) in kinds {
        let maker = MAKERS.iter().find(|(known, _)| *known == group).map_or(group, |(_, maker)| maker);
        let listed = kinds.iter().copied().collect::<Vec<_>>().join(", ");
        put(found, format!("{maker} ({version})"), listed, format!("kubectl get --raw /apis/{version}"));
    }
}

/// Programs without which resources are only words.
fn controllers(world: &World<'_>, found: &mut BTreeSet<Requirement>) {
    let images = || world.pods.iter().flat_map(Pod::containers).filter_map(|(_, own)| own.text_at(&["image"]));
    for (group, image, what, name) in CONTROLLERS {
        let is_asked = |thing: &&Thing<'_>| thing.document.id.group == *group;
        let kinds: BTreeSet<&str> =
            world.objects.iter().filter(is_asked).map(|thing| thing.document.id.kind.as_str()).collect();
        if !kinds.is_empty() && !images().any(|own| own.contains(image)) {
            let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
            put(found, *what, kinds, format!("kubectl get deployments -A | grep {name}"));
        }
    }
}

/// Who signs certificates, where nobody here does.
fn issuers(world: &World<'_>, found: &mut BTreeSet<Requirement>) {
    for thing in world.of_kind("Certificate") {
        let of = |key: &str| thing.root().text_at(&["spec", "issuerRef", key]);
        let (Some(name), kind) = (of("name"), of("kind").unwrap_or("Issuer")) else { continue };
        let place = if kind == "ClusterIssuer" { "" } else { thing.place() };
        if world.find(kind, place, name).is_none() {
            let namespace = if place.is_empty() { String::new() } else { format!(" -n {place}") };
            let check = format!("kubectl get {}.cert-manager.io {name}{namespace}", kind.to_lowercase());
            put(found, format!("{kind} {name}"), "certificates", check);
        }
    }
}

/// What makes routes, addresses and policies more than words.
fn network(world: &World<'_>, cluster: &ClusterSpec, found: &mut BTreeSet<Requirement>) {
    for class in world.of_kind("Ingress").filter_map(|route| route.root().text_at(&["spec", "ingressClassName"])) {
        if world.find("IngressClass", "", class).is_none() {
            put(found, format!("IngressClass {class}"), "routes", format!("kubectl get ingressclass {class}"));
        }
    }
    let is_balanced = |service: Thing<'_>| service.root().text_at(&["spec", "type"]) == Some("LoadBalancer");
    if world.of_kind("Service").any(is_balanced) {
        let check = "kubectl get services -A | grep LoadBalancer";
        put(found, "something that gives Services of type LoadBalancer an address", "routes", check);
    }
    if world.of_kind("NetworkPolicy").next().is_some() {
        let check = "kubectl get daemonsets -A | grep -E 'antrea|calico|cilium|kube-router|ovn|weave'";
        put(found, "a network that enforces NetworkPolicy", "policies", check);
    }
    let labels = cluster
        .dns
        .labels
        .0
        .iter()
        .map(|(key, value)| format!("{}={}", key.value.as_str(), value.as_str()))
        .collect::<Vec<_>>();
    let check = format!("kubectl get pods -n {} -l {}", cluster.dns.namespace, labels.join(","));
    put(found, "the name servers of the cluster", "every name", check);
    for cache in cluster.node_local_dns.iter().flat_map(|list| list.iter()) {
        let what = format!("NodeLocal DNSCache at {}", cache.value);
        put(found, what, "every name", "kubectl get daemonsets -A | grep node-local-dns");
    }
}

/// Who decrypts what SOPS has encrypted: the API server does not.
fn decryption(world: &World<'_>, found: &mut BTreeSet<Requirement>) {
    if world.of_kind("Secret").any(|secret| sops::is_encrypted(secret.root())) {
        let check = "kubectl get kustomizations.kustomize.toolkit.fluxcd.io -A";
        put(found, "a controller that decrypts what SOPS has encrypted, such as Flux", "secrets", check);
    }
}

/// The stores from which an operator fetches secrets.
fn stores(world: &World<'_>, found: &mut BTreeSet<Requirement>) {
    for thing in world.of_kind("ExternalSecret") {
        let of = |key: &str| thing.root().text_at(&["spec", "secretStoreRef", key]);
        let (Some(name), kind) = (of("name"), of("kind").unwrap_or("SecretStore")) else { continue };
        let place = if kind == "ClusterSecretStore" { "" } else { thing.place() };
        if world.find(kind, place, name).is_none() {
            let namespace = if place.is_empty() { String::new() } else { format!(" -n {place}") };
            let check = format!("kubectl get {}.external-secrets.io {name}{namespace}", kind.to_lowercase());
            put(found, format!("{kind} {name}"), "secrets", check);
        }
    }
}

/// Storage classes: those that claims name, or the default one.
fn classes(world: &World<'_>, found: &mut BTreeSet<Requirement>) {
    let own = world.of_kind("PersistentVolumeClaim").map(|claim| claim.root());
    let of_sets =
        world.of_kind("StatefulSet").flat_map(|set| set.root().items_at(&["spec", "volumeClaimTemplates"]).iter());
    for claim in own.chain(of_sets) {
        let named = claim.text_at(&["spec", "storageClassName"]);
        if named.is_some_and(|name| name.is_empty() || world.find("StorageClass", "", name).is_some()) {
            continue;
        }
        let (what, check) = match named {
            Some(name) => (format!("StorageClass {name}"), format!("kubectl get storageclass {name}")),
            None => (
                "a default StorageClass".to_owned(),
                "kubectl get storageclass -o yaml | grep 'is-default-class: \"true\"'".to_owned(),
            ),
        };
        put(found, what, "volumes", check);
    }
}

/// The metrics by which autoscalers decide, where nothing here serves them.
fn metrics(world: &World<'_>, found: &mut BTreeSet<Requirement>) {
    const SERVED: &[(&str, &str, &str)] = &[
        ("Resource", "metrics.k8s.io/v1beta1", "CPU and memory for autoscalers"),
        ("ContainerResource", "metrics.k8s.io/v1beta1", "CPU and memory for autoscalers"),
        ("Pods", "custom.metrics.k8s.io/v1beta1", "metrics of pods for autoscalers"),
        ("Object", "custom.metrics.k8s.io/v1beta1", "metrics of objects for autoscalers"),
        ("External", "external.metrics.k8s.io/v1beta1", "external metrics for autoscalers"),
    ];
    let scalers = world.of_kind("HorizontalPodAutoscaler");
    let used: BTreeSet<&str> = scalers
        .flat_map(|scaler| scaler.root().items_at(&["spec", "metrics"]))
        .filter_map(|metric: &Node| metric.text_at(&["type"]))
        .ordered();
    for (_, version, why) in SERVED.iter().filter(|(kind, ..)| used.contains(kind)) {
        let (group, level) = version.split_once('/').unwrap_or((version, ""));
        if world.find("APIService", "", &format!("{level}.{group}")).is_none() {
            let maker = if *group == *"metrics.k8s.io" { "metrics-server" } else { "an adapter" };
            put(found, format!("{maker} ({version})"), *why, format!("kubectl get --raw /apis/{version}"));
        }
    }
}
