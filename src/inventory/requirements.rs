//! What a cluster must have before objects are applied, and the command that shows whether it has.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::node::Node;
use crate::schema::Schema;
use crate::validate::world::World;

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

/// Everything that objects need and none of them is.
pub fn requirements(world: &World<'_>, schema: &Schema) -> BTreeSet<Requirement> {
    let mut found = BTreeSet::new();
    definitions(world, schema, &mut found);
    stores(world, &mut found);
    classes(world, &mut found);
    metrics(world, &mut found);
    found
}

/// Kinds that are not Kubernetes' own and that no definition here brings.
fn definitions(world: &World<'_>, schema: &Schema, found: &mut BTreeSet<Requirement>) {
    let defined: BTreeSet<(&str, &str)> = world
        .of_kind("CustomResourceDefinition")
        .filter_map(|definition| {
            let of = |path: &[&str]| definition.root().text_at(path);
            Some((of(&["spec", "group"])?, of(&["spec", "names", "kind"])?))
        })
        .collect();
    let mut kinds: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for thing in &world.objects {
        let id = &thing.document.id;
        let version = thing.root().text_at(&["apiVersion"]).unwrap_or_default();
        if !schema.has_group(&id.group) && !defined.contains(&(id.group.as_str(), id.kind.as_str())) {
            kinds.entry((&id.group, version)).or_default().insert(&id.kind);
        }
    }
    for ((group, version), kinds) in kinds {
        let maker = MAKERS.iter().find(|(known, _)| *known == group).map_or(group, |(_, maker)| maker);
        let listed = kinds.iter().copied().collect::<Vec<_>>().join(", ");
        found.insert(Requirement {
            what: format!("{maker} ({version})"),
            why: listed,
            check: format!("kubectl get --raw /apis/{version}"),
        });
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
            found.insert(Requirement {
                what: format!("{kind} {name}"),
                why: "secrets".to_owned(),
                check: format!("kubectl get {}.external-secrets.io {name}{namespace}", kind.to_lowercase()),
            });
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
        found.insert(Requirement { what, why: "volumes".to_owned(), check });
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
        .collect();
    for (kind, version, why) in SERVED.iter().filter(|(kind, ..)| used.contains(kind)) {
        let (group, level) = version.split_once('/').unwrap_or((version, ""));
        let _ = kind;
        if world.find("APIService", "", &format!("{level}.{group}")).is_none() {
            let maker = if *group == *"metrics.k8s.io" { "metrics-server" } else { "an adapter" };
            found.insert(Requirement {
                what: format!("{maker} ({version})"),
                why: (*why).to_owned(),
                check: format!("kubectl get --raw /apis/{version}"),
            });
        }
    }
}
