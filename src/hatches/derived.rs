//! What follows from the description, so that no patch may change it: one table, with the key that decides it instead.
//!
//! What is here is what others rely on: names and selectors by which objects find each other, policies that are proved
//! against `calls`, amounts that quotas are proved against, files whose hash is a name. Everything else may be patched, and
//! the proofs read what became of it.

use crate::diff::change::{Change, What};
use crate::diff::path::Path;
use crate::manifest::node::Node;

/// Kinds, empty for all; a path, where an item of a list is left out and a last key that ends with `*` stands for all that
/// begin so; and what to change instead. `{component}` and `{namespace}` stand for names.
type Row = (&'static [&'static str], &'static [&'static str], &'static str);

const WORKLOADS: &[&str] = &["DaemonSet", "Deployment", "StatefulSet"];
const POLICIES: &[&str] = &["CiliumNetworkPolicy", "NetworkPolicy"];
const BINDINGS: &[&str] = &["ClusterRoleBinding", "RoleBinding"];

const NAMES: &str = "names follow from `[components.{component}]`: rename that";
const SELECTORS: &str = "selectors and their labels follow from the name of `[components.{component}]`";
const CALLS: &str =
    "policies follow from `calls`: change `components.{component}.calls`, or bring a policy of your own";
const SCALE: &str = "change `components.{component}.scale`";
const CONTENT: &str =
    "files are named after their content: change the keys of `[components.{component}]` that they are made of";
const ACCOUNTS: &str = "bindings follow from what `[components.{component}]` is: bring a binding of your own";
const ROUTE: &str = "change `components.{component}.route`";
const IMAGES: &str = "change the image where the description has it: `platformgen.lock` and `[images]` judge it there; a container of \
     your own is a workload in a manifest or in a component type of your own";
const QUOTA: &str = "change `namespaces.{namespace}.quota`";

const ROWS: &[Row] = &[
    (&[], &["apiVersion"], NAMES),
    (&[], &["kind"], NAMES),
    (&[], &["metadata", "name"], NAMES),
    (&[], &["metadata", "namespace"], NAMES),
    (&[], &["metadata", "labels", "app.kubernetes.io/*"], SELECTORS),
    (&[], &["metadata", "labels", "platformgen.io/*"], SELECTORS),
    (
        &["Namespace"],
        &["metadata", "labels", "pod-security.kubernetes.io/*"],
        "change `namespaces.{namespace}.pod-security`",
    ),
    (POLICIES, &["spec"], CALLS),
    (WORKLOADS, &["spec", "selector"], SELECTORS),
    (WORKLOADS, &["spec", "replicas"], SCALE),
    (WORKLOADS, &["spec", "serviceName"], NAMES),
    (WORKLOADS, &["spec", "template", "metadata", "labels", "app.kubernetes.io/*"], SELECTORS),
    (WORKLOADS, &["spec", "template", "metadata", "labels", "platformgen.io/*"], SELECTORS),
    (
        WORKLOADS,
        &["spec", "template", "metadata", "annotations", "platformgen.io/*"],
        "it follows from the secrets of the pod",
    ),
    (WORKLOADS, &["spec", "template", "spec", "serviceAccountName"], NAMES),
    (WORKLOADS, &["spec", "template", "spec", "containers", "image"], IMAGES),
    (WORKLOADS, &["spec", "template", "spec", "initContainers", "image"], IMAGES),
    (&["CronJob"], &["spec", "jobTemplate", "spec", "template", "spec", "containers", "image"], IMAGES),
    (&["CronJob"], &["spec", "jobTemplate", "spec", "template", "spec", "initContainers", "image"], IMAGES),
    (WORKLOADS, &["spec", "template", "spec", "containers", "resources"], "change `components.{component}.size`"),
    (
        &["CronJob"],
        &["spec", "jobTemplate", "spec", "template", "metadata", "labels", "app.kubernetes.io/*"],
        SELECTORS,
    ),
    (&["Service"], &["spec", "selector"], SELECTORS),
    (&["Service"], &["spec", "ports", "name"], "ports follow from what `[components.{component}]` offers"),
    (&["Service"], &["spec", "ports", "port"], "ports follow from what `[components.{component}]` offers"),
    (&["Service"], &["spec", "ports", "targetPort"], "ports follow from what `[components.{component}]` offers"),
    (&["HorizontalPodAutoscaler"], &["spec", "scaleTargetRef"], NAMES),
    (&["HorizontalPodAutoscaler"], &["spec", "minReplicas"], SCALE),
    (&["HorizontalPodAutoscaler"], &["spec", "maxReplicas"], SCALE),
    (&["PodDisruptionBudget"], &["spec", "selector"], SELECTORS),
    (&["Ingress"], &["spec"], ROUTE),
    (&["ResourceQuota"], &["spec"], QUOTA),
    (&["LimitRange"], &["spec"], QUOTA),
    (&["ConfigMap"], &["data"], CONTENT),
    (&["ConfigMap"], &["binaryData"], CONTENT),
    (BINDINGS, &["roleRef"], ACCOUNTS),
    (BINDINGS, &["subjects"], ACCOUNTS),
    (&["Certificate"], &["spec", "dnsNames"], ROUTE),
    (&["Certificate"], &["spec", "secretName"], NAMES),
    (&["ExternalSecret"], &["spec", "secretStoreRef"], "change `secrets.store`"),
    (&["ExternalSecret"], &["spec", "target", "name"], "names of Secrets follow from the keys that refer to them"),
];

/// What is the same in every object, wherever it comes from: a patch that changes it makes another object.
const IDENTITY: usize = 4;

/// Of an object that is rendered from the description, or else `is_brought`.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// Whether somebody wrote it.
    pub is_brought: bool,
    /// The component that it belongs to.
    pub component: &'a str,
    /// The namespace that it is or lives in.
    pub namespace: &'a str,
}

/// The first change that is not a patch's to make: where, and what to do instead.
pub fn fault(subject: Subject<'_>, changes: &[Change]) -> Option<(Path, String)> {
    let rows = if subject.is_brought { &ROWS[..IDENTITY] } else { ROWS };
    let rows = rows.iter().filter(|(kinds, ..)| kinds.is_empty() || kinds.contains(&subject.kind));
    let mut touched = rows.flat_map(|(_, path, instead)| {
        changes.iter().filter(|change| touches(change, path)).map(move |change| (change.path.clone(), *instead))
    });
    let (path, instead) = touched.next()?;
    let instead = instead.replace("{component}", subject.component).replace("{namespace}", subject.namespace);
    Some((path, instead))
}

/// Whether a change is at a path of the table, within, or takes along what stands there.
fn touches(change: &Change, path: &[&str]) -> bool {
    let keys: Vec<&str> = change.path.keys().collect();
    if keys.len() >= path.len() {
        return path.iter().zip(&keys).all(|(wanted, key)| is_key(wanted, key));
    }
    let rest = &path[keys.len()..];
    let begins = path.iter().zip(&keys).all(|(wanted, key)| is_key(wanted, key));
    let nodes: &[&Node] = match &change.what {
        What::Added(node) | What::Removed(node) => &[node],
        What::Changed(old, new) => &[old, new],
        What::Text(..) | What::Order(..) => &[],
    };
    begins && nodes.iter().any(|node| holds(node, rest))
}

fn holds(node: &Node, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    let inner = node.entries().iter().filter(|entry| is_key(first, &entry.key));
    inner.map(|entry| &entry.node).any(|node| holds(node, rest)) || node.items().iter().any(|item| holds(item, path))
}

fn is_key(wanted: &str, key: &str) -> bool {
    wanted.strip_suffix('*').map_or(wanted == key, |begin| key.starts_with(begin))
}
