//! Rules for ConfigMaps and Secrets.
//!
//! Source: `pkg/apis/core/validation/validation.go` of Kubernetes 1.35 to 1.37.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::manifest::node::{Entry, Node};
use crate::validate::api::Judge;
use crate::validate::api::forms::is_file_name;
use crate::values::base64;

const MOST_BYTES: usize = 1 << 20;
const ACCOUNT: &str = "kubernetes.io/service-account.name";

pub fn config_map(judge: &mut Judge<'_>, node: &Node) {
    let (texts, bytes) = (entries(node, "data"), entries(node, "binaryData"));
    keys(judge, node, &["data", "binaryData"]);
    for entry in bytes.iter().filter(|entry| texts.iter().any(|other| other.key == entry.key)) {
        judge.at(&judge.path.key("binaryData").key(&entry.key), entry.span, "stands in `data` as well");
    }
    let size = |entries: &[Entry], len: fn(&str) -> usize| -> usize {
        entries.iter().map(|entry| len(entry.node.text().unwrap_or_default())).sum()
    };
    size_fits(judge, node, size(texts, str::len) + size(bytes, decoded_len));
}

fn entries<'n>(node: &'n Node, key: &str) -> &'n [Entry] {
    node.get(key).map(Node::entries).unwrap_or_default()
}

fn keys(judge: &mut Judge<'_>, node: &Node, maps: &[&str]) {
    for map in maps {
        for entry in entries(node, map).iter().filter(|entry| !is_file_name(&entry.key)) {
            judge.at(
                &judge.path.key(map).key(&entry.key),
                entry.span,
                "is no key: it must be letters, digits, `-`, `_` and `.`, at most 253, and not begin with two dots",
            );
        }
    }
}

fn size_fits(judge: &mut Judge<'_>, node: &Node, size: usize) {
    if size > MOST_BYTES {
        judge.refuse(node, "data", &format!("holds {size} bytes; it must not hold more than {MOST_BYTES}"));
    }
}

/// How many bytes a text in base64 stands for.
fn decoded_len(text: &str) -> usize {
    let count = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r' | b'=')).count();
    count * 3 / 4
}

/// What a Secret holds once it is decoded.
enum Held<'n> {
    Text(&'n str),
    Encoded(&'n str),
}

impl Held<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Encoded(text) => decoded_len(text),
        }
    }

    /// The bytes; `None` if they are no base64, which is told elsewhere.
    fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.as_bytes().to_vec()),
            Self::Encoded(text) => base64::bytes(text),
        }
    }
}

/// `stringData` is merged over `data` before anything is judged.
fn held(node: &Node) -> BTreeMap<&str, Held<'_>> {
    fn text(entry: &Entry) -> &str {
        entry.node.text().unwrap_or_default()
    }
    let encoded = entries(node, "data").iter().map(|entry| (entry.key.as_str(), Held::Encoded(text(entry))));
    let plain = entries(node, "stringData").iter().map(|entry| (entry.key.as_str(), Held::Text(text(entry))));
    encoded.chain(plain).collect()
}

pub fn secret(judge: &mut Judge<'_>, node: &Node) {
    keys(judge, node, &["data", "stringData"]);
    let held = held(node);
    size_fits(judge, node, held.values().map(Held::len).sum());
    let has = |key: &str| held.contains_key(key);
    let kind = node.text_at(&["type"]).unwrap_or_default();
    let lacks = |what: &str| format!("is `{kind}`, which needs {what}");
    match kind {
        "kubernetes.io/tls" => {
            for key in ["tls.crt", "tls.key"].iter().filter(|key| !has(key)) {
                judge.refuse(node, "type", &lacks(&format!("the key `{key}`")));
            }
        }
        "kubernetes.io/dockerconfigjson" => docker(judge, node, held.get(".dockerconfigjson"), ".dockerconfigjson"),
        "kubernetes.io/dockercfg" => docker(judge, node, held.get(".dockercfg"), ".dockercfg"),
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            judge.refuse(node, "type", &lacks("the key `username` or `password`"));
        }
        "kubernetes.io/ssh-auth" if held.get("ssh-privatekey").is_none_or(|held| held.len() == 0) => {
            judge.refuse(node, "type", &lacks("the key `ssh-privatekey`"));
        }
        "kubernetes.io/service-account-token"
            if node.text_at(&["metadata", "annotations", ACCOUNT]).is_none_or(str::is_empty) =>
        {
            judge.refuse(node, "type", &lacks(&format!("the annotation `{ACCOUNT}`")));
        }
        _ => {}
    }
}

fn docker(judge: &mut Judge<'_>, node: &Node, held: Option<&Held<'_>>, key: &str) {
    let kind = node.text_at(&["type"]).unwrap_or_default();
    let Some(held) = held else {
        return judge.refuse(node, "type", &format!("is `{kind}`, which needs the key `{key}`"));
    };
    let Some(bytes) = held.bytes() else { return };
    // nothing is read as an empty object
    let is_object = |json: Json| json.is_object() || json.is_null();
    if !serde_json::from_slice::<Json>(&bytes).is_ok_and(is_object) {
        judge.refuse(node, "type", &format!("is `{kind}`, whose key `{key}` must hold a JSON object"));
    }
}
