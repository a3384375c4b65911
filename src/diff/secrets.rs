//! What must never be shown: values of Secrets, of variables whose name says so, of registry credentials, and passwords
//! inside addresses. Neither their length nor a hash of them is shown.

use crate::diff::change::{Change, What};
use crate::diff::path::{Path, Step};
use crate::manifest::document::Id;
use crate::manifest::node::{Entry, Node, Value};

/// What stands for a hidden value.
pub const HIDDEN: &str = "(hidden)";

/// Parts of names, in lower case and without `-`, `_` and `.`, that say that a value is secret.
const TELLING: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "secretkey",
    "signingkey",
    "encryptionkey",
    "credential",
    "dockerconfig",
    "connectionstring",
    "htpasswd",
];

/// Names that hold a telling part and are no secret: they say where one is.
const HARMLESS: &[&str] = &[
    "secretname",
    "secretkeyref",
    "secretref",
    "secretstoreref",
    "secretkey",
    "secrets",
    "imagepullsecrets",
    "automountserviceaccounttoken",
    "serviceaccounttoken",
    "tokenrequests",
    "credentialname",
    "credentialspolicy",
    "injectcafromsecret",
    "servertokens",
    "secrethash",
];

/// Endings of names that say that the value is where a secret is, and no secret.
const PLACES: &[&str] = &["file", "path", "ref", "name", "namespace", "policy"];

/// The change with every secret in it hidden.
pub fn hidden(id: &Id, change: Change) -> Change {
    let Change { path, what } = change;
    let hide = |node: Node| node_hidden(&path, id, node);
    let what = match what {
        What::Added(node) => What::Added(hide(node)),
        What::Removed(node) => What::Removed(hide(node)),
        What::Changed(old, new) => What::Changed(hide(old), hide(new)),
        What::Text(old, new) => {
            let (shown_old, shown_new) = (lines_hidden(&old), lines_hidden(&new));
            let is_sealed = is_secret(&path, id) || holds_credentials(&old) || holds_credentials(&new);
            if is_sealed || shown_old == shown_new {
                What::Changed(hidden_node(), hidden_node())
            } else {
                What::Text(shown_old, shown_new)
            }
        }
        order @ What::Order(..) => order,
    };
    Change { path, what }
}

/// Whether the text of an object holds anything that must not be shown.
pub fn is_sealed(id: &Id, text: &str) -> bool {
    is_secret_kind(id) || text.lines().any(|line| !(is_template(id, line) || line_hidden(line) == line))
}

fn is_secret_kind(id: &Id) -> bool {
    id.kind == "Secret" && id.group.is_empty()
}

/// What an `ExternalSecret` computes a value from holds no value.
fn is_template(id: &Id, text: &str) -> bool {
    id.kind == "ExternalSecret" && text.contains("{{")
}

fn hidden_node() -> Node {
    Node { span: Default::default(), value: Value::Text(HIDDEN.to_owned()) }
}

fn node_hidden(path: &Path, id: &Id, node: Node) -> Node {
    if node.text().is_some_and(|text| is_template(id, text)) {
        return node;
    }
    let is_plain = !matches!(node.value, Value::Map(_) | Value::List(_));
    if is_secret(path, id) && (is_plain || in_secret_data(path, id)) {
        return match node.value {
            // the keys of a Secret are no secret
            Value::Map(entries) => Node { value: Value::Map(entries.into_iter().map(sealed).collect()), ..node },
            _ => hidden_node(),
        };
    }
    let value = match node.value {
        Value::Text(text) if holds_credentials(&text) => Value::Text(HIDDEN.to_owned()),
        Value::Text(text) => Value::Text(lines_hidden(&text)),
        Value::List(items) => {
            let inner = |(at, item)| node_hidden(&path.and(Step::Index(at)), id, item);
            Value::List(items.into_iter().enumerate().map(inner).collect())
        }
        Value::Map(entries) => Value::Map(map_hidden(path, id, entries)),
        other => other,
    };
    Node { span: node.span, value }
}

fn sealed(entry: Entry) -> Entry {
    Entry { node: hidden_node(), ..entry }
}

/// `{name: DB_PASSWORD, value: x}` names its value in another key.
fn map_hidden(path: &Path, id: &Id, entries: Vec<Entry>) -> Vec<Entry> {
    let name = entries.iter().find(|entry| entry.key == "name").and_then(|entry| entry.node.text());
    let is_telling = name.is_some_and(is_telling);
    entries
        .into_iter()
        .map(|entry| {
            if is_telling && entry.key == "value" {
                sealed(entry)
            } else {
                let node = node_hidden(&path.key(&entry.key), id, entry.node.clone());
                Entry { node, ..entry }
            }
        })
        .collect()
}

fn is_secret(path: &Path, id: &Id) -> bool {
    let named = path.items().any(is_telling) && path.last_key() == "value";
    // a docker configuration that has been taken apart
    let in_registries = path.keys().any(|key| key == "auths");
    in_secret_data(path, id) || in_registries || named || is_telling(path.last_key())
}

fn in_secret_data(path: &Path, id: &Id) -> bool {
    is_secret_kind(id)
        && (path.begins(&["data"]) || path.begins(&["stringData"]) || path.begins(&["metadata", "annotations"]))
}

/// Whether the name of a value says that it is secret.
pub fn is_telling(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let plain: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_lowercase();
    TELLING.iter().any(|part| plain.contains(part))
        && !HARMLESS.contains(&plain.as_str())
        && !PLACES.iter().any(|ending| plain.ends_with(ending))
}

/// Whether a text is a docker configuration or a private key.
fn holds_credentials(text: &str) -> bool {
    text.contains("PRIVATE KEY-----") || (text.contains("\"auths\"") && text.contains('{'))
}

/// Hides what follows a telling name in a line, and passwords in addresses.
pub fn lines_hidden(text: &str) -> String {
    text.split('\n').map(line_hidden).collect::<Vec<_>>().join("\n")
}

fn line_hidden(line: &str) -> String {
    let line = address_hidden(line);
    let Some(at) = line.find([':', '=']) else { return line };
    let (name, value) = line.split_at(at + 1);
    let word = name[..at].trim().trim_start_matches(['-', ' ', '"', '\'']).trim_end_matches(['"', '\'']);
    let word = word.rsplit([' ', '{', ',']).next().unwrap_or(word);
    if is_telling(word) && !value.trim().is_empty() { format!("{name} {HIDDEN}") } else { line }
}

/// `scheme://user:password@host` without the password.
fn address_hidden(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let end =
            after.find(|letter: char| letter.is_whitespace() || "/?#\"'<>".contains(letter)).unwrap_or(after.len());
        let authority = &after[..end];
        match authority.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
            Some((user, host)) => {
                shown.push_str(user);
                shown.push(':');
                shown.push_str(HIDDEN);
                shown.push('@');
                shown.push_str(host);
            }
            None => shown.push_str(authority),
        }
        rest = &after[end..];
    }
    shown + rest
}
