//! The Secrets that objects refer to: each key, who reads it, and who makes it. Values are never seen here.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::node::Node;
use crate::validate::world::{Pod, Thing, World};

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
}

const DOCKER_CONFIG: &str = ".dockerconfigjson";
const DOCKER_CONFIG_TYPE: &str = "kubernetes.io/dockerconfigjson";
const TLS_TYPE: &str = "kubernetes.io/tls";

/// All keys, in order.
pub fn secrets(world: &World<'_>) -> BTreeMap<Key, Use> {
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
    let makers = makers(world);
    let mut told: BTreeMap<Key, Use> = BTreeMap::new();
    for (key, used) in found {
        let Some((kind, made)) = makers.get(&(key.namespace.as_str(), key.secret.as_str())) else {
            told.insert(key, used);
            continue;
        };
        // who reads all keys reads those that are made
        let keys = if key.key == "*" { made.keys().cloned().collect() } else { vec![key.key.clone()] };
        for own in keys {
            let maker = made.get(&own).or_else(|| made.get("*")).cloned();
            let known = told.entry(Key { key: own, ..key.clone() }).or_default();
            known.kind.clone_from(kind);
            known.readers.extend(used.readers.iter().cloned());
            known.maker = maker;
        }
    }
    told
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

/// Who makes each Secret: its type, and for each key (`*` for all others) from what.
type Makers<'a> = BTreeMap<(&'a str, &'a str), (String, BTreeMap<String, String>)>;

fn makers<'a>(world: &World<'a>) -> Makers<'a> {
    let mut makers = Makers::new();
    for thing in &world.objects {
        let own = || (thing.place(), thing.document.id.name.as_str());
        let made = match thing.document.id.kind.as_str() {
            "Secret" => Some((own(), kind(thing.root().get("type")), from("a Secret that stands here".to_owned()))),
            "SealedSecret" => {
                let kind = kind(thing.root().at(&["spec", "template", "type"]));
                Some((own(), kind, from(format!("{}", thing.document.id))))
            }
            "ExternalSecret" => stored(*thing),
            "Certificate" => thing
                .root()
                .text_at(&["spec", "secretName"])
                .map(|name| ((thing.place(), name), TLS_TYPE.to_owned(), from(thing.document.id.to_string()))),
            _ => None,
        };
        makers.extend(made.map(|(name, kind, keys)| (name, (kind, keys))));
    }
    makers
}

fn kind(node: Option<&Node>) -> String {
    node.and_then(Node::text).unwrap_or("Opaque").to_owned()
}

fn from(maker: String) -> BTreeMap<String, String> {
    BTreeMap::from([("*".to_owned(), maker)])
}

/// What an operator fetches from a store.
type Stored<'a> = ((&'a str, &'a str), String, BTreeMap<String, String>);

fn stored(thing: Thing<'_>) -> Option<Stored<'_>> {
    let spec = thing.root().get("spec")?;
    let name = spec.text_at(&["target", "name"]).unwrap_or(&thing.document.id.name);
    let store = |key: &str| spec.text_at(&["secretStoreRef", key]).unwrap_or_default();
    let store = format!("{} {}", store("kind"), store("name"));
    let mut entries: BTreeMap<String, String> = BTreeMap::new();
    for data in spec.items_at(&["data"]) {
        let of = |key: &str| data.text_at(&["remoteRef", key]);
        if let (Some(key), Some(entry)) = (data.text_at(&["secretKey"]), of("key")) {
            let property = of("property").map(|property| format!(" {property}")).unwrap_or_default();
            entries.insert(key.to_owned(), format!("{entry}{property}"));
        }
    }
    for extracted in spec.items_at(&["dataFrom"]).iter().filter_map(|from| from.text_at(&["extract", "key"])) {
        entries.insert("*".to_owned(), extracted.to_owned());
    }
    // what a template makes comes from everything that it is given
    let template = spec.at(&["target", "template", "data"]).map(Node::entries).unwrap_or_default();
    if !template.is_empty() {
        let all: BTreeSet<&str> = entries.values().map(|entry| entry.split(' ').next().unwrap_or_default()).collect();
        let all = all.into_iter().collect::<Vec<_>>().join(", ");
        let properties: Vec<&str> = entries.keys().map(String::as_str).collect();
        let made = format!("{all} {}", properties.join("+"));
        entries = template.iter().map(|entry| (entry.key.to_string(), made.clone())).collect();
    }
    let keys = entries.into_iter().map(|(key, entry)| (key, format!("{store}: {entry}"))).collect();
    Some(((thing.place(), name), kind(spec.at(&["target", "template", "type"])), keys))
}
