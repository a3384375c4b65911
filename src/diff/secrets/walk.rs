//! Finds what must not be shown in a value, by its name, its neighbours and the text that it is.
//!
//! Lives here: how names and places make a value secret. It must never know what is done about it.

use std::collections::BTreeMap;

use crate::diff::hiding::{FETCHED, HIDDEN, holds_credentials, is_basic, line_hidden, text_hidden};
use crate::diff::payload;
use crate::diff::secrets::wanted::{Wanted, scalar};
use crate::diff::telling::{is_place, is_telling, is_telling_of_all};
use crate::manifest::node::{Entry, Node, Value};
use crate::manifest::read;

/// Keys whose value names what another key holds.
const NAMING: &[&str] = &["name", "key", "var", "variable", "header", "id", "field"];

/// Those other keys.
const NAMED: &[&str] = &["value", "val", "values", "content", "default", "data", "text", "string"];

/// Kinds that compute secrets from templates.
pub(super) const TEMPLATES: &[&str] = &["ExternalSecret", "ClusterExternalSecret", "PushSecret"];

/// Finds what must not be shown.
#[derive(Default)]
pub(super) struct Walk<'a> {
    /// The values that matter; all if absent.
    wanted: Option<Wanted<'a>>,
    pub(super) found: BTreeMap<String, String>,
    is_template: bool,
    is_schema: bool,
    hits: usize,
    /// How many texts hold the value, one in the other: all that a text holds decides whether it is shown.
    texts: usize,
}

impl<'a> Walk<'a> {
    /// A walk that looks only at what is wanted.
    pub(super) fn over(wanted: Wanted<'a>) -> Self {
        Self { wanted: Some(wanted), ..Self::default() }
    }

    pub(super) fn document(&mut self, root: &Node) {
        if self.wanted.as_mut().is_some_and(|wanted| !wanted.find("", root)) {
            return;
        }
        let kind = root.text_at(&["kind"]).unwrap_or_default();
        self.is_template = TEMPLATES.contains(&kind);
        self.is_schema = kind == "CustomResourceDefinition";
        self.node("", root, false);
    }

    /// Whether it matters what this value is, and what it holds.
    fn is_wanted(&self, node: &Node) -> bool {
        self.texts > 0 || self.wanted.as_ref().is_none_or(|wanted| wanted.is_in(node))
    }

    pub(super) fn node(&mut self, key: &str, node: &Node, is_sealed: bool) {
        match &node.value {
            Value::Map(entries) => self.map(node, entries, is_sealed),
            Value::List(items) => self.list(key, items, is_sealed),
            value => {
                let Some(text) = scalar(value).filter(|_| self.is_wanted(node)) else { return };
                let shown = self.shown(key, &text, is_sealed);
                if shown != text {
                    self.found.insert(text.into_owned(), shown);
                    self.hits += 1;
                }
            }
        }
    }

    fn map(&mut self, node: &Node, entries: &[Entry], is_sealed: bool) {
        let names = || NAMING.iter().filter_map(|key| node.text_at(&[key]));
        let is_named = entries.iter().any(|entry| NAMED.contains(&entry.key.as_str()))
            && names().any(|name| !name.contains(' ') && is_telling(name));
        let name = names().next().unwrap_or_default();
        let is_secret = is_secret_kind(node);
        for Entry { key, node, .. } in entries {
            if !self.is_wanted(node) {
                continue;
            }
            let is_plain = scalar(&node.value).is_some();
            let value = node.text().unwrap_or_default();
            let in_secret = is_secret && ["data", "stringData", "metadata"].contains(&key.as_str());
            let is_own = if in_secret && key == "metadata" {
                self.annotations(node);
                false
            } else if is_plain {
                let is_reference = self.is_template && key == "secretKey";
                (is_telling(key) && !is_place(key, value) && !is_reference)
                    || (is_named && NAMED.contains(&key.as_str()) && !is_place(name, value))
                    || (key == "auth" && is_basic(value))
            } else {
                (is_telling_of_all(key) && !self.is_schema && !is_reference(key, node))
                    || (is_named && NAMED.contains(&key.as_str()) && !is_secret)
                    || key == "auths"
            };
            self.node(key, node, is_sealed || in_secret && key != "metadata" || is_own);
        }
    }

    /// kubectl keeps a copy of the whole object there.
    fn annotations(&mut self, metadata: &Node) {
        if let Some(annotations) = metadata.get("annotations") {
            self.node("", annotations, true);
        }
    }

    /// `["--password", "x"]`
    fn list(&mut self, key: &str, items: &[Node], is_sealed: bool) {
        if !items.iter().any(|item| self.is_wanted(item)) {
            return;
        }
        let is_command = ["args", "command", "cmd", "entrypoint"].contains(&key);
        let mut words = String::new();
        let mut is_next = false;
        for item in items {
            let text = item.text().unwrap_or_default();
            let is_value = is_next && !text.starts_with("--");
            let before = format!("{words} {text}");
            // `redis-cli`, `-a` and the password
            let is_joined = is_command
                && !words.is_empty()
                && line_hidden(text) == text
                && line_hidden(&words) == words
                && line_hidden(&before) != before;
            self.node(key, item, is_sealed || is_value || is_joined);
            let is_flag = text.starts_with('-') || is_command;
            is_next = is_flag
                && !text.contains([' ', '='])
                && is_telling(text.trim_start_matches('-'))
                && !is_place(text, "/");
            words = if is_joined { String::new() } else { before };
        }
    }

    /// What is shown for a text, which is noted for all that it holds.
    pub(super) fn shown(&mut self, key: &str, text: &str, is_sealed: bool) -> String {
        if !is_sealed && is_short_word(text) {
            return text.to_owned();
        }
        if self.is_template && text.contains("{{") {
            let is_open = is_open_template(text, is_sealed);
            return if is_open { text.to_owned() } else { HIDDEN.to_owned() };
        }
        let structures = structures(key, text);
        let before = self.hits;
        self.texts += 1;
        for root in &structures {
            self.node("", root, is_sealed);
        }
        self.texts -= 1;
        let is_told = self.hits > before || (!structures.is_empty() && comments_tell(text));
        if text.is_empty() {
            String::new()
        } else if is_sealed || is_told || holds_credentials(text) || (structures.is_empty() && is_secret_text(text)) {
            HIDDEN.to_owned()
        } else if structures.is_empty() {
            text_hidden(text)
        } else {
            text.to_owned()
        }
    }
}

pub(super) fn is_secret_kind(root: &Node) -> bool {
    let is_core = !root.text_at(&["apiVersion"]).unwrap_or_default().contains('/');
    root.text_at(&["kind"]) == Some("Secret") && is_core
}

/// Whether a text that is no YAML makes a Secret: a template of one.
fn is_secret_text(text: &str) -> bool {
    let kind =
        |line: &str| line.trim().strip_prefix("kind:").map(|kind| kind.trim_matches([' ', '"', '\'']) == "Secret");
    text.lines().any(|line| kind(line) == Some(true))
}

/// Whether the remarks in a structured text say a secret.
pub(super) fn comments_tell(text: &str) -> bool {
    text.lines().any(|line| {
        let remark = line.trim_start().strip_prefix('#').or_else(|| line.split_once(" #").map(|(_, remark)| remark));
        remark.is_some_and(|remark| line_hidden(remark) != remark)
    })
}

/// Whether a text is a word too short for a token or for what is encoded: alone it tells nothing.
fn is_short_word(text: &str) -> bool {
    text.len() < 8 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Maps under telling names that say where a secret is or how it is made: the key, and a key that stands in such a map.
const REFERENCES: &[(&str, &str)] = &[
    ("secret", "secretName"),
    ("secret", "name"),
    ("privateKey", "rotationPolicy"),
    ("privateKey", "algorithm"),
    ("htpasswd", "realm"),
];

fn is_reference(key: &str, node: &Node) -> bool {
    REFERENCES.iter().any(|(name, inner)| *name == key && node.get(inner).is_some())
}

/// The lists and maps that a text spells.
fn structures(key: &str, text: &str) -> Vec<Node> {
    let is_structure = |node: &Node| !node.entries().is_empty() || !node.items().is_empty();
    let roots = if is_toml(key) {
        payload::toml(text).into_iter().collect()
    } else if may_be_structure(key, text) {
        read::payloads(text)
    } else {
        Vec::new()
    };
    if roots.iter().all(is_structure) { roots } else { Vec::new() }
}

pub(super) fn may_be_structure(key: &str, text: &str) -> bool {
    is_toml(key) || text.contains('\n') || text.contains(": ") || text.starts_with(['{', '['])
}

fn is_toml(key: &str) -> bool {
    key.rsplit('.').next() == Some("toml")
}

/// Whether a template holds no value but those that it fetches.
fn is_open_template(text: &str, is_sealed: bool) -> bool {
    let mut literal = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        literal.push_str(before);
        let Some((inner, after)) = after.split_once("}}") else { return false };
        if inner.trim_start_matches(['-', ' ']).starts_with(['"', '`', '\'']) {
            return false;
        }
        literal.push(FETCHED);
        rest = after;
    }
    literal.push_str(rest);
    let is_document = literal.trim_start().starts_with('{');
    let is_bare = !literal.contains(char::is_alphanumeric);
    is_bare
        || ((!is_sealed || is_document)
            && text_hidden(&literal.replace("\"auths\"", "")) == literal.replace("\"auths\"", ""))
}
