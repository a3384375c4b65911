//! Names that lead somewhere: every object, key and port that is mentioned is there, every selector finds what it looks
//! for, no two things steer the same, and nothing is there for nobody.

mod addresses;
mod claims;
mod classes;
mod contested;
mod files;
mod gateways;
mod given;
mod mentions;
mod monitors;
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
    files::are_there(world, &secrets, findings);
    ports::lead(world, &mentions, findings);
    selectors::find(world, findings);
    gateways::attach(world, &mentions, findings);
    monitors::find(world, findings);
    contested::one_each(world, &mentions, findings);
    unfit::serve(world, &secrets, &mentions, findings);
    classes::agree(world, findings);
    addresses::are_declared(world, findings);
    registries::fit(world, findings);
    orphans::have_users(world, &secrets, &mentions, findings);
}

/// Namespaces whose objects are not here: the cluster's own, and those that are known to be there.
fn elsewhere<'k>(world: &World<'k>) -> impl Iterator<Item = &'k str> {
    let known = world.known.into_iter().flat_map(|known| &known.objects);
    let names = known.filter(|(kind, ..)| kind == "Namespace").map(|(.., name)| name.as_str());
    given::NAMESPACES.iter().copied().chain(names)
}

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
        || given::is_given(kind, place, name)
        || (kind == "PersistentVolumeClaim" && claims::is_of_set(world, place, name))
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
        if mention.is_optional || !(world.is_closed() || given::is_reserved(kind, name)) {
            return;
        }
        if INSTALLED.contains(&kind) || given::may_be_installed(kind, name) {
            findings
                .warning(codes::DANGLING_REFERENCE, by, named, &format!("the {mention} is not here"))
                .help("it must be in the cluster before this is applied")
                .did_you_mean(suggest::nearest(name, given::names(kind)));
            return;
        }
        let made = secrets.keys().filter(|(own, _)| kind == "Secret" && *own == place).map(|(_, name)| *name);
        let known = world.names(kind, place).into_iter().chain(made).chain(given::names(kind));
        let near = suggest::nearest(name, known);
        findings
            .error(codes::DANGLING_REFERENCE, by, named, &format!("there is no {mention}"))
            .help("declare it, or take the name away")
            .did_you_mean(near);
        return;
    }
    let Some(known) = keys(world, secrets, (kind, place, name)) else { return };
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

/// The keys that something of a kind, a namespace and a name has; `None` if nobody knows them all.
fn keys<'k>(
    world: &World<'k>,
    secrets: &'k Makers<'_>,
    (kind, place, name): (&str, &'k str, &'k str),
) -> Option<Vec<&'k str>> {
    match kind {
        "ConfigMap" => {
            let root = world.find(kind, place, name)?.root();
            let of = |key: &str| root.get(key).map(Node::entries).unwrap_or_default();
            Some(of("data").iter().chain(of("binaryData")).map(|entry| entry.key.as_str()).collect())
        }
        "Secret" => secrets.get(&(place, name))?.listed().map(Iterator::collect),
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
