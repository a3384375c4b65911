//! Annotations, labels and fields that others have taken the place of. Versions of kinds are another matter: a server
//! serves them or does not.

use crate::manifest::node::Node;
use crate::manifest::selector::said;
use crate::validate::policy::Fault;
use crate::validate::policy::scene::Scene;
use crate::validate::world::Thing;

/// Annotations, by their beginning, and what took their place.
const ANNOTATIONS: &[(&str, &str)] = &[
    ("container.apparmor.security.beta.kubernetes.io/", "`securityContext.appArmorProfile`"),
    ("container.seccomp.security.alpha.kubernetes.io/", "`securityContext.seccompProfile`"),
    ("kubernetes.io/ingress.class", "`spec.ingressClassName`"),
    ("scheduler.alpha.kubernetes.io/critical-pod", "`priorityClassName`"),
    ("seccomp.security.alpha.kubernetes.io/pod", "`securityContext.seccompProfile`"),
    ("service.alpha.kubernetes.io/tolerate-unready-endpoints", "`publishNotReadyAddresses`"),
    ("storageclass.beta.kubernetes.io/is-default-class", "`storageclass.kubernetes.io/is-default-class`"),
    ("volume.beta.kubernetes.io/storage-class", "`storageClassName`"),
];

/// Labels of nodes, and what took their place.
const NODE_LABELS: &[(&str, &str)] = &[
    ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
    ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"),
    ("beta.kubernetes.io/os", "kubernetes.io/os"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"),
];

/// Fields of objects, by kind, and what took their place.
const FIELDS: &[(&str, &[&str], &str)] = &[("Service", &["spec", "loadBalancerIP"], "an annotation of the provider")];

/// Kinds that took the place of others, by kind and group.
const KINDS: &[(&str, &str, &str)] = &[("ComponentStatus", "", "`/readyz`"), ("Endpoints", "", "`EndpointSlice`")];

/// What pods say.
pub fn in_pods<'a>(scene: &Scene<'a>) -> Vec<Fault<'a>> {
    let spec = scene.spec();
    let is_pod = scene.kind() == "Pod";
    let mut found = if is_pod { Vec::new() } else { annotations(scene.pod.template) };
    // a server fills in both
    if let Some(node) = said(spec, "serviceAccount").filter(|_| said(spec, "serviceAccountName").is_none()) {
        found.push((node, "`serviceAccount` is `serviceAccountName` now".to_owned()));
    }
    for volume in spec.items_at(&["volumes"]) {
        if let Some(node) = said(volume, "gitRepo") {
            found.push((node, "`gitRepo` is an init container now: nodes refuse to mount it".to_owned()));
        }
    }
    let keys = spec.get("nodeSelector").map(Node::entries).unwrap_or_default();
    found.extend(keys.iter().filter_map(|entry| label(&entry.node, &entry.key)));
    let lists =
        [(spec.items_at(&["tolerations"]), "key"), (spec.items_at(&["topologySpreadConstraints"]), "topologyKey")];
    for (list, key) in lists {
        found.extend(list.iter().filter_map(|item| label(item.get(key)?, item.text_at(&[key])?)));
    }
    if let Some(affinity) = spec.get("affinity") {
        keys_within(affinity, &mut found);
    }
    found
}

/// The keys of labels somewhere in an affinity.
fn keys_within<'a>(node: &'a Node, found: &mut Vec<Fault<'a>>) {
    for entry in node.entries() {
        if ["key", "topologyKey"].contains(&entry.key.as_str()) {
            found.extend(entry.node.text().and_then(|key| label(&entry.node, key)));
        }
        keys_within(&entry.node, found);
    }
    node.items().iter().for_each(|item| keys_within(item, found));
}

fn label<'a>(node: &'a Node, key: &str) -> Option<Fault<'a>> {
    let (old, new) = NODE_LABELS.iter().find(|(old, _)| *old == key)?;
    Some((node, format!("the label `{old}` of nodes is `{new}` now")))
}

/// What objects say.
pub fn in_objects(thing: Thing<'_>) -> Vec<Fault<'_>> {
    let id = &thing.document.id;
    let mut found = annotations(thing.root());
    if let Some((kind, _, new)) = KINDS.iter().find(|(kind, group, _)| (*kind, *group) == (&*id.kind, &*id.group)) {
        found.push((thing.root(), format!("`{kind}` is {new} now")));
    }
    for (kind, path, new) in FIELDS {
        if let Some(node) = thing.root().at(path).filter(|_| id.kind == *kind) {
            found.push((node, format!("`{}` is {new} now", path.join("."))));
        }
    }
    found
}

fn annotations(node: &Node) -> Vec<Fault<'_>> {
    let own = node.at(&["metadata", "annotations"]).map(Node::entries).unwrap_or_default();
    let told =
        |key: &str| ANNOTATIONS.iter().find(|(old, _)| key == *old || (old.ends_with('/') && key.starts_with(old)));
    own.iter()
        .filter_map(|entry| {
            let (_, new) = told(&entry.key)?;
            Some((&entry.node, format!("the annotation `{}` is {new} now", entry.key)))
        })
        .collect()
}
