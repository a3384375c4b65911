//! Who makes each Secret, and which keys it gets. Values are never seen here.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::node::Node;
use crate::ordered::Ordered;
use crate::validate::sops;
use crate::validate::world::{Thing, World};

/// The key of a credential for registries.
pub const DOCKER_CONFIG: &str = ".dockerconfigjson";
/// The type of a Secret that holds it.
pub const DOCKER_CONFIG_TYPE: &str = "kubernetes.io/dockerconfigjson";
/// The type of a Secret with a certificate.
pub const TLS_TYPE: &str = "kubernetes.io/tls";

/// Whatever key is asked for.
const ANY: &str = "*";

/// A Secret that something makes.
#[derive(Clone, Debug)]
pub struct Made<'a> {
    /// Its type.
    pub kind: String,
    /// Its keys, and from what each is made; `*` for keys that nobody lists.
    pub keys: BTreeMap<String, String>,
    /// The object that makes it, or that it is.
    pub by: Thing<'a>,
}

impl Made<'_> {
    /// From what a key is made; `None` if it is not there.
    pub fn maker(&self, key: &str) -> Option<&str> {
        self.keys.get(key).or_else(|| self.keys.get(ANY)).map(String::as_str)
    }

    /// Its keys, if all of them are known.
    pub fn listed(&self) -> Option<impl Iterator<Item = &str>> {
        let is_listed = !self.keys.contains_key(ANY);
        is_listed.then(|| self.keys.keys().map(String::as_str))
    }
}

/// The Secrets of all namespaces: each with its namespace and its name.
pub type Makers<'a> = BTreeMap<(&'a str, &'a str), Made<'a>>;

/// Every Secret that stands here, or that a controller makes from what stands here.
pub fn made<'a>(world: &World<'a>) -> Makers<'a> {
    let mut makers = Makers::new();
    for thing in world.objects.iter().copied() {
        for (name, kind, keys) in of_object(thing) {
            makers.entry((thing.place(), name)).or_insert(Made { kind, keys, by: thing });
        }
    }
    makers
}

/// The name, the type and the keys of a Secret.
type Secret<'a> = (&'a str, String, BTreeMap<String, String>);

fn of_object(thing: Thing<'_>) -> Vec<Secret<'_>> {
    let (root, id) = (thing.root(), &thing.document.id);
    let spec = |keys: &[&str]| root.get("spec").and_then(|spec| spec.at(keys));
    match id.kind.as_str() {
        "Secret" => {
            let keys = names([root.get("data"), root.get("stringData")]);
            let maker = if sops::is_encrypted(root) {
                format!("{id}, encrypted by SOPS")
            } else {
                "a Secret that stands here".to_owned()
            };
            vec![(&id.name, kind(root.get("type")), from(keys, &maker))]
        }
        "SealedSecret" => {
            let keys = names([spec(&["encryptedData"]), spec(&["template", "data"])]);
            vec![(&id.name, kind(spec(&["template", "type"])), from(keys, &id.to_string()))]
        }
        "ExternalSecret" => fetched(thing).into_iter().collect(),
        "Certificate" => {
            let is_more = ["keystores", "additionalOutputFormats"].iter().any(|key| spec(&[key]).is_some());
            let keys = CERTIFICATE.iter().copied().chain(is_more.then_some(ANY));
            let name = spec(&["secretName"]).and_then(Node::text);
            name.map(|name| (name, TLS_TYPE.to_owned(), from(keys, &id.to_string()))).into_iter().collect()
        }
        "Ingress" if is_asking(root) => {
            let names = root.items_at(&["spec", "tls"]).iter().filter_map(|tls| tls.text_at(&["secretName"]));
            names.map(|name| (name, TLS_TYPE.to_owned(), from(CERTIFICATE.iter().copied(), &id.to_string()))).collect()
        }
        "Issuer" => {
            let name = spec(&["acme", "privateKeySecretRef", "name"]).and_then(Node::text);
            name.map(|name| (name, OPAQUE.to_owned(), from(["tls.key"], &id.to_string()))).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// What cert-manager puts into a Secret.
const CERTIFICATE: &[&str] = &["ca.crt", "tls.crt", "tls.key"];
const OPAQUE: &str = "Opaque";

/// Annotations by which an Ingress asks cert-manager for its certificates.
const ASKING: &[&str] = &["cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "kubernetes.io/tls-acme"];

fn is_asking(root: &Node) -> bool {
    let annotations = root.at(&["metadata", "annotations"]).map(Node::entries).unwrap_or_default();
    annotations.iter().any(|entry| ASKING.contains(&entry.key.as_str()))
}

fn kind(node: Option<&Node>) -> String {
    node.and_then(Node::text).unwrap_or(OPAQUE).to_owned()
}

fn names<const N: usize>(maps: [Option<&Node>; N]) -> impl Iterator<Item = &str> {
    maps.into_iter().flatten().flat_map(Node::entries).map(|entry| entry.key.as_str())
}

fn from<'k>(keys: impl IntoIterator<Item = &'k str>, maker: &str) -> BTreeMap<String, String> {
    keys.into_iter().map(|key| (key.to_owned(), maker.to_owned())).ordered()
}

/// What an operator fetches from a store.
fn fetched(thing: Thing<'_>) -> Option<Secret<'_>> {
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
    for source in spec.items_at(&["dataFrom"]) {
        entries.insert(ANY.to_owned(), source.text_at(&["extract", "key"]).unwrap_or("several entries").to_owned());
    }
    // what a template makes comes from everything that it is given
    let template = spec.at(&["target", "template", "data"]).map(Node::entries).unwrap_or_default();
    if !template.is_empty() {
        let all: BTreeSet<&str> = entries.values().map(|entry| entry.split(' ').next().unwrap_or_default()).ordered();
        let all = all.into_iter().collect::<Vec<_>>().join(", ");
        let properties: Vec<&str> = entries.keys().map(String::as_str).collect();
        let made = format!("{all} {}", properties.join("+"));
        entries = template.iter().map(|entry| (entry.key.to_string(), made.clone())).collect();
    }
    let keys = entries.into_iter().map(|(key, entry)| (key, format!("{store}: {entry}"))).collect();
    Some((name, kind(spec.at(&["target", "template", "type"])), keys))
}
