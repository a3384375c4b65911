//! A file of SOPS: a Secret whose values are encrypted and whose names are not, so that it can be told from others.
//!
//! What is said about it never repeats a value: one that is not encrypted may stand there by mistake.
//! Source: getsops/sops, `aes/cipher.go` and `stores/stores.go`.

use std::collections::BTreeMap;

use crate::derive::secrets::{Demand, OPAQUE};
use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::manifest::node::{Entry, Node};
use crate::model::encrypted::Encrypted;
use crate::model::given::Given;
use crate::sealing::cipher::LARGEST;
use crate::stages::fill::{Keys, key_span, only_object, unknown_key};
use crate::values::base64;

/// What a Secret may say besides.
const KEYS: &[&str] = &["apiVersion", "data", "immutable", "kind", "metadata", "sops", "stringData", "type"];
/// Where its values stand.
const DATA: &[&str] = &["data", "stringData"];
/// Kinds of keys that a file can be encrypted for.
const RECIPIENTS: &[&str] = &["age", "azure_kv", "gcp_kms", "hc_vault", "hckms", "key_groups", "kms", "pgp"];
/// How a Secret is encrypted so that whoever applies it still knows it.
const HOW: &str = "encrypt it with `sops encrypt --encrypted-regex '^(data|stringData)$'`";

/// Reads a file and holds it against what the platform needs of it.
pub(super) fn sops(text: &str, demand: &Demand, report: &mut Report) -> Option<(Encrypted, Keys)> {
    let document = only_object(text, "Secret", report)?;
    let root = &document.root;
    if root.text_at(&["kind"]).is_some_and(is_encrypted) {
        let message = "even the kind is encrypted, so nobody can tell what this is";
        report.error(codes::UNFIT_SECRET, key_span(root, &[], "kind"), message).help(HOW);
        return None;
    }
    for (key, wanted) in [("apiVersion", "v1"), ("kind", "Secret")] {
        if root.text_at(&[key]) != Some(wanted) {
            let message = format!("expected a Secret of v1: `{key}: {wanted}`");
            report.error(codes::UNFIT_SECRET, key_span(root, &[], key), message);
            return None;
        }
    }
    if root.get("sops").is_none() {
        report
            .error(codes::UNFIT_SECRET, key_span(root, &[], "kind"), "this is a Secret that everybody can read")
            .help(format!("its values are secret no more: change them where they are used, and then {HOW}"));
        return None;
    }
    let before = report.count();
    only_known_keys(root, report);
    names_are_those(root, demand, report);
    kind_is_that(root, demand, report);
    is_whole(root, report);
    let there = values(root, report);
    if report.count() == before {
        is_small(root, report);
    }
    let place = DATA.iter().find(|key| root.get(key).is_some()).copied().unwrap_or("kind");
    let keys = Keys { there, place: key_span(root, &[], place) };
    Some((Encrypted::Sops(Box::new(Given::of(document))), keys))
}

fn only_known_keys(root: &Node, report: &mut Report) {
    for entry in root.entries().iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
        unknown_key(entry, format!("a Secret has no field `{}`", entry.key), KEYS, report);
    }
}

fn names_are_those(root: &Node, demand: &Demand, report: &mut Report) {
    for (key, wanted) in [("namespace", demand.namespace.as_str()), ("name", demand.name.as_str())] {
        let said = root.at(&["metadata", key]);
        let span = said.map_or_else(|| key_span(root, &[], "metadata"), |said| said.span);
        let (message, help) = match said.and_then(Node::text) {
            Some(text) if text == wanted => continue,
            Some(text) if is_encrypted(text) => {
                (format!("the {key} is encrypted; expected `{wanted}`"), HOW.to_owned())
            }
            Some(text) => {
                let message = format!("this is for the {key} `{text}`, and stands where `{wanted}` is expected");
                (message, format!("change it with `sops edit`, or move the file: {key}s are not encrypted"))
            }
            None => (format!("the {key} is missing; expected `{wanted}`"), "add it with `sops edit`".to_owned()),
        };
        report.error(codes::UNFIT_SECRET, span, message).help(help);
        return;
    }
}

fn kind_is_that(root: &Node, demand: &Demand, report: &mut Report) {
    let said = root.get("type");
    let kind = said.map_or(Some(OPAQUE), Node::text).unwrap_or_default();
    let span = said.map_or_else(|| key_span(root, &[], "kind"), |said| said.span);
    if is_encrypted(kind) {
        report
            .error(codes::UNFIT_SECRET, span, format!("the type is encrypted; expected `{}`", demand.kind()))
            .help(HOW);
    } else if kind != demand.kind() {
        let message = format!("the Secret is of type `{kind}`; expected `{}`", demand.kind());
        report
            .error(codes::UNFIT_SECRET, span, message)
            .help(format!("say so with `sops edit`: `type: {}`", demand.kind()));
    }
}

/// What it takes to decrypt the file: somebody who can, and the proof that nobody has changed it.
fn is_whole(root: &Node, report: &mut Report) {
    let Some(sops) = root.get("sops") else { return };
    let span = key_span(root, &[], "sops");
    let has = |key: &str| sops.get(key).is_some_and(|node| !node.items().is_empty() || !node.entries().is_empty());
    let broken = "this is broken: encrypt the Secret again";
    if !RECIPIENTS.iter().any(|key| has(key)) {
        report.error(codes::UNFIT_SECRET, span, "nobody can decrypt this: `sops` names no key").help(broken);
    } else if let Some(key) = ["lastmodified", "mac", "version"].iter().find(|key| sops.get(key).is_none()) {
        report.error(codes::UNFIT_SECRET, span, format!("`sops` has no `{key}`")).help(broken);
    } else if sops.get("mac").and_then(Node::text).is_none_or(|mac| !is_encrypted(mac)) {
        report.error(codes::UNFIT_SECRET, key_span(root, &["sops"], "mac"), "`mac` is not encrypted").help(broken);
    }
}

fn values(root: &Node, report: &mut Report) -> BTreeMap<String, Span> {
    let entries = DATA.iter().filter_map(|key| root.get(key)).flat_map(Node::entries);
    let mut there = BTreeMap::new();
    for Entry { key, span, node } in entries {
        if there.insert(key.to_string(), *span).is_some() {
            let message = format!("the key `{key}` stands in `data` and in `stringData`");
            report.error(codes::UNFIT_SECRET, *span, message).help("keep one of the two");
        } else if !node.text().is_some_and(is_encrypted) {
            report
                .error(codes::UNFIT_SECRET, *span, format!("the value of `{key}` is not encrypted"))
                .help("if it is a secret, it is one no more: change it where it is used, and then encrypt the new one");
        }
    }
    there
}

/// `ENC[AES256_GCM,data:…,iv:…,tag:…,type:str]`
fn is_encrypted(text: &str) -> bool {
    parts(text).is_some()
}

/// The ciphertext of a value.
fn parts(text: &str) -> Option<&str> {
    let body = text.strip_prefix("ENC[AES256_GCM,data:")?.strip_suffix(']')?;
    let (data, rest) = body.split_once(",iv:")?;
    let (iv, rest) = rest.split_once(",tag:")?;
    let (tag, _) = rest.split_once(",type:")?;
    let is_sound = !data.is_empty() && [data, iv, tag].iter().all(|part| base64::strict(part).is_some());
    is_sound.then_some(data)
}

/// What is encrypted is as long as what it was.
fn is_small(root: &Node, report: &mut Report) {
    let sizes = DATA.iter().flat_map(|field| {
        let entries = root.get(field).map(Node::entries).unwrap_or_default();
        entries.iter().filter_map(move |entry| {
            let length = base64::strict(parts(entry.node.text()?)?)?.len();
            Some((entry, if *field == "data" { length / 4 * 3 } else { length }))
        })
    });
    let sizes: Vec<(&Entry, usize)> = sizes.collect();
    let total: usize = sizes.iter().map(|(_, size)| size).sum();
    if let Some((entry, _)) = sizes.iter().max_by_key(|(_, size)| *size).filter(|_| total > LARGEST) {
        let message = format!("the values have {total} bytes together, and `{}` most of them", entry.key);
        report
            .error(codes::UNFIT_SECRET, entry.span, message)
            .help(format!("the API server takes {LARGEST} bytes in a Secret: keep what is large elsewhere"));
    }
}
