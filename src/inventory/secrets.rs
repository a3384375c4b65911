//! The Secrets that objects refer to: each key, who reads it, and who makes it. Values are never seen here.

use std::collections::{BTreeMap, BTreeSet};

use crate::derive::secrets::Demand;
use crate::stages::fill::Missing;
use crate::validate::makers::{DOCKER_CONFIG, DOCKER_CONFIG_TYPE, TLS_TYPE, made};
use crate::validate::world::{Pod, World};

/// A key of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Namespace.
    pub namespace: String,
    /// Name of the Secret.
    pub secret: String,
    /// The key; `*` for whatever there is.
    pub key: String,
}

/// What is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// The type of the Secret.
    pub kind: String,
    /// Who reads it.
    pub readers: BTreeSet<String>,
    /// Who makes it, and from what; `None` if nobody here does.
    pub maker: Option<String>,
    /// The file that should hold it and does not.
    pub missing_from: Option<String>,
}

/// All keys, in order: what objects refer to, what the description knows of it, and what no file holds.
pub fn secrets(world: &World<'_>, demands: &[Demand], missing: &[Missing]) -> BTreeMap<Key, Use> {
    let makers = made(world);
    let mut told: BTreeMap<Key, Use> = BTreeMap::new();
    for (key, used) in read(world) {
        let is_own = |demand: &&Demand| demand.is_called(&key.namespace, &key.secret);
        let demand = demands.iter().find(is_own);
        let secret = makers.get(&(key.namespace.as_str(), key.secret.as_str()));
        // who reads all keys reads those that are made
        let made = secret.map(|secret| secret.keys.keys().cloned().collect::<Vec<_>>());
        let wanted = demand.and_then(Demand::keys).map(|keys| keys.into_iter().map(str::to_owned).collect());
        let keys = if key.key == "*" { wanted.or(made) } else { None };
        for own in keys.unwrap_or_else(|| vec![key.key.clone()]) {
            let is_missing = |missing: &&Missing| {
                missing.demand.is_called(&key.namespace, &key.secret)
                    && missing.gap.as_ref().is_none_or(|gap| gap.key == own)
            };
            let missing_from = missing.iter().find(is_missing).map(|missing| missing.file.clone());
            let maker = secret.and_then(|secret| secret.maker(&own)).map(str::to_owned);
            let known = told.entry(Key { key: own, ..key.clone() }).or_default();
            known.kind = match (secret, demand) {
                (Some(secret), _) => secret.kind.clone(),
                (None, Some(demand)) => demand.kind().to_owned(),
                (None, None) => used.kind.clone(),
            };
            known.readers.extend(used.readers.iter().cloned());
            known.maker = maker;
            known.missing_from = missing_from;
        }
    }
    told
}

/// What objects refer to.
fn read(world: &World<'_>) -> BTreeMap<Key, Use> {
    let mut found: BTreeMap<Key, Use> = BTreeMap::new();
    for pod in &world.pods {
        read_by(pod, &mut found);
    }
    for ingress in world.of_kind("Ingress") {
        let reader = format!("Ingress {}", ingress.document.id.place());
        for tls in ingress.root().items_at(&["spec", "tls"]) {
            if let Some(name) = tls.text_at(&["secretName"]) {
                for key in ["tls.crt", "tls.key"] {
                    note(&mut found, ingress.place(), name, key, &reader, TLS_TYPE);
                }
            }
        }
    }
    found
}

fn note(found: &mut BTreeMap<Key, Use>, namespace: &str, secret: &str, key: &str, reader: &str, kind: &str) {
    let key = Key { namespace: namespace.to_owned(), secret: secret.to_owned(), key: key.to_owned() };
    let used = found.entry(key).or_insert_with(|| Use { kind: kind.to_owned(), ..Use::default() });
    used.readers.insert(reader.to_owned());
}

fn read_by(pod: &Pod<'_>, found: &mut BTreeMap<Key, Use>) {
    let reader = format!("{}/{}", pod.namespace(), pod.owner.document.id.name);
    let mut add = |secret: &str, key: &str, kind: &str| note(found, pod.namespace(), secret, key, &reader, kind);
    for (_, container) in pod.containers() {
        for variable in container.items_at(&["env"]) {
            let of = |key: &str| variable.text_at(&["valueFrom", "secretKeyRef", key]);
            if let (Some(name), Some(key)) = (of("name"), of("key")) {
                add(name, key, "Opaque");
            }
        }
        for source in container.items_at(&["envFrom"]) {
            if let Some(name) = source.text_at(&["secretRef", "name"]) {
                add(name, "*", "Opaque");
            }
        }
    }
    for volume in pod.spec().items_at(&["volumes"]) {
        let own = volume.get("secret").map(|secret| (secret, "secretName"));
        let projected = volume.items_at(&["projected", "sources"]).iter();
        for (secret, name) in
            own.into_iter().chain(projected.filter_map(|source| Some((source.get("secret")?, "name"))))
        {
            let Some(name) = secret.text_at(&[name]) else { continue };
            let items: Vec<&str> =
                secret.items_at(&["items"]).iter().filter_map(|item| item.text_at(&["key"])).collect();
            for key in if items.is_empty() { vec!["*"] } else { items } {
                add(name, key, "Opaque");
            }
        }
    }
    for pull in pod.spec().items_at(&["imagePullSecrets"]) {
        if let Some(name) = pull.text_at(&["name"]) {
            add(name, DOCKER_CONFIG, DOCKER_CONFIG_TYPE);
        }
    }
}
