//! Names that lead somewhere: every object, key and port that is mentioned is there, every selector finds what it looks
//! for, no two things steer the same, and nothing is there for nobody.

mod addresses;
mod classes;
mod contested;
mod mentions;
mod orphans;
mod ports;
mod registries;
pub mod selectors;
mod unfit;

use std::collections::BTreeSet;

use crate::diagnostics::codes;
use crate::diagnostics::suggest;
use crate::manifest::node::Node;
use crate::validate::findings::Findings;
use crate::validate::makers::{self, Makers};
use crate::validate::references::mentions::Mention;
use crate::validate::world::World;

/// Follows every name.
pub fn resolve(world: &World<'_>, findings: &mut Findings) {
    let secrets = makers::made(world);
    let mentions = mentions::mentions(world);
    namespaces(world, findings);
    for mention in &mentions {
        lead(world, &secrets, mention, findings);
    }
    ports::lead(world, &mentions, findings);
    selectors::find(world, findings);
    contested::one_each(world, &mentions, findings);
    unfit::serve(world, &secrets, &mentions, findings);
    classes::agree(world, findings);
    addresses::are_declared(world, findings);
    registries::fit(world, findings);
    orphans::have_users(world, &secrets, &mentions, findings);
}

/// Namespaces that are the cluster's own, with all that is in them.
const OF_CLUSTER: &[&str] = &["kube-system", "kube-public", "kube-node-lease"];

/// Namespaces whose objects are not here: the cluster's own, and those that are known to be there.
fn elsewhere<'k>(world: &World<'k>) -> impl Iterator<Item = &'k str> {
    let known = world.known.into_iter().flat_map(|known| &known.objects);
    let names = known.filter(|(kind, ..)| kind == "Namespace").map(|(.., name)| name.as_str());
    OF_CLUSTER.iter().copied().chain(names)
}

/// Whether every cluster has an object of this namespace and this name.
type IsThere = fn(&str, &str) -> bool;

/// What every cluster has by itself, by kind.
/// Source: `plugin/pkg/auth/authorizer/rbac/bootstrappolicy`, `pkg/controller/serviceaccount` and
/// `pkg/controlplane/controller/systemnamespaces` of Kubernetes.
const BY_ITSELF: &[(&str, IsThere)] = &[
    ("ClusterRole", |_, name| name.starts_with("system:") || ROLES.contains(&name)),
    ("ConfigMap", |_, name| name == "kube-root-ca.crt"),
    ("Namespace", |_, name| name == "default" || OF_CLUSTER.contains(&name)),
    ("PriorityClass", |_, name| name.starts_with("system-")),
    ("Service", |namespace, name| (namespace, name) == ("default", "kubernetes")),
    ("ServiceAccount", |_, name| name == "default"),
];

/// Roles for people that every cluster has.
const ROLES: &[&str] = &["admin", "cluster-admin", "edit", "view"];

/// Kinds of which a cluster has objects that whoever installed it has made.
const INSTALLED: &[&str] = &[
    "ClusterSecretStore",
    "GatewayClass",
    "IngressClass",
    "PersistentVolume",
    "RuntimeClass",
    "SecretStore",
    "StorageClass",
];

/// Whether what is meant is there, as far as that can be known.
fn is_there(world: &World<'_>, secrets: &Makers<'_>, kind: &str, place: &str, name: &str) -> bool {
    world.find(kind, place, name).is_some()
        || (kind == "Secret" && secrets.contains_key(&(place, name)))
        || elsewhere(world).any(|namespace| namespace == place)
        || BY_ITSELF.iter().any(|(own, is_one)| *own == kind && is_one(place, name))
        || world.is_known(kind, place, name)
}

/// Whether there is, or may be, such a namespace.
pub fn is_namespace(world: &World<'_>, name: &str) -> bool {
    !world.is_closed() || world.namespaces.contains_key(name) || is_there(world, &Makers::new(), "Namespace", "", name)
}

/// Every namespace in which something lands is there; told once, where it is first named.
fn namespaces(world: &World<'_>, findings: &mut Findings) {
    if !world.is_closed() {
        return;
    }
    let mut told = BTreeSet::new();
    for thing in world.objects.iter().filter(|thing| !thing.place().is_empty()) {
        let name = thing.place();
        if !told.insert(name) {
            continue;
        }
        findings.ask();
        if !is_there(world, &Makers::new(), "Namespace", "", name) {
            let node = thing.root().at(&["metadata", "namespace"]).unwrap_or_else(|| thing.root());
            findings
                .error(codes::DANGLING_REFERENCE, *thing, node, &format!("there is no Namespace `{name}`"))
                .help("declare it: nothing can be created in it before it is there")
                .did_you_mean(suggest::nearest(name, world.names("Namespace", "")));
        }
    }
}

/// What is mentioned is there, with the keys that are asked of it.
fn lead(world: &World<'_>, secrets: &Makers<'_>, mention: &Mention<'_>, findings: &mut Findings) {
    let Mention { by, named, kind, place, name, .. } = *mention;
    findings.ask();
    if !is_there(world, secrets, kind, place, name) {
        if !world.is_closed() || mention.is_optional {
            return;
        }
        if INSTALLED.contains(&kind) {
            findings
                .warning(codes::DANGLING_REFERENCE, by, named, &format!("the {mention} is not here"))
                .help("it must be in the cluster before this is applied");
            return;
        }
        let made = secrets.keys().filter(|(own, _)| kind == "Secret" && *own == place).map(|(_, name)| *name);
        let near = suggest::nearest(name, world.names(kind, place).into_iter().chain(made));
        findings
            .error(codes::DANGLING_REFERENCE, by, named, &format!("there is no {mention}"))
            .help("declare it, or take the name away")
            .did_you_mean(near);
        return;
    }
    let Some(known) = keys(world, secrets, mention) else { return };
    for (node, key) in asked(mention).filter(|(_, key)| !known.contains(key)) {
        findings.ask();
        if !mention.is_optional {
            findings
                .error(codes::DANGLING_KEY, by, node, &format!("the {mention} has no key `{key}`"))
                .help(format!("its keys are {}", suggest::joined(known.iter().copied(), "and")))
                .did_you_mean(suggest::nearest(key, known.iter().copied()));
        }
    }
}

/// The keys that something has; `None` if nobody knows them all.
fn keys<'k>(world: &World<'k>, secrets: &'k Makers<'_>, mention: &Mention<'k>) -> Option<Vec<&'k str>> {
    match mention.kind {
        "ConfigMap" => {
            let root = world.find(mention.kind, mention.place, mention.name)?.root();
            let of = |key: &str| root.get(key).map(Node::entries).unwrap_or_default();
            Some(of("data").iter().chain(of("binaryData")).map(|entry| entry.key.as_str()).collect())
        }
        "Secret" => secrets.get(&(mention.place, mention.name))?.listed().map(Iterator::collect),
        _ => None,
    }
}

/// The keys that are asked of what is mentioned, and where.
fn asked<'a>(mention: &Mention<'a>) -> impl Iterator<Item = (&'a Node, &'a str)> + use<'a> {
    let own = mention.node.get("key");
    let items = mention.node.items_at(&["items"]).iter().filter_map(|item| item.get("key"));
    let written = own.into_iter().chain(items).filter_map(|node| Some((node, node.text()?)));
    let named = mention.named;
    written.chain(mention.keys.iter().map(move |key| (named, *key)))
}
