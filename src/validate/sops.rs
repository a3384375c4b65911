//! Secrets that SOPS has encrypted. Whoever applies them decrypts them first, so the server never sees what stands there.

use crate::manifest::node::{Entry, Node, Value};

/// What only the decrypted Secret has, or has otherwise.
const ENCRYPTED: &[&str] = &["data", "sops", "stringData", "type"];

/// What can be judged of an encrypted Secret; `None` of any other object.
pub fn readable(root: &Node) -> Option<Node> {
    if !is_encrypted(root) {
        return None;
    }
    let stays = |entry: &&Entry| !ENCRYPTED.contains(&entry.key.as_str());
    Some(Node { span: root.span, value: Value::Map(root.entries().iter().filter(stays).cloned().collect()) })
}

/// Whether this is a Secret that SOPS has encrypted.
pub fn is_encrypted(root: &Node) -> bool {
    let is_secret = root.text_at(&["kind"]) == Some("Secret") && root.text_at(&["apiVersion"]) == Some("v1");
    is_secret && root.at(&["sops", "mac"]).is_some()
}
