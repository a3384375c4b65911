//! Finds what must not be shown in a value, by its name, its neighbours and the text that it is.
//!
//! Lives here: how names and places make a value secret. It must never know what is done about it.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::suggest::is_slip;
use crate::diff::hiding::{FETCHED, HIDDEN, holds_credentials, is_basic, is_secret_key, line_hidden, text_hidden};
use crate::diff::payload;
use crate::diff::secrets::wanted::{Matter, scalar};
use crate::diff::telling::{is_place, is_telling, is_telling_of_all, is_telling_of_keys};
use crate::manifest::node::{Entry, Node, Value};
use crate::manifest::read;

/// Keys whose value names what another key holds.
pub(super) const NAMING: &[&str] = &["name", "key", "var", "variable", "header", "id", "field", "path"];

/// Those other keys.
pub(super) const NAMED: &[&str] = &["value", "val", "values", "content", "default", "data", "text", "string"];

/// Where a JSON patch changes what only Secrets have.
const IN_SECRETS: &str = "/stringData/";

/// What of a Secret is none: what nobody knows may be a slip of what holds its values.
const OPEN: &[&str] = &["apiVersion", "immutable", "kind", "sops", "type"];

/// Kinds that compute secrets from templates.
pub(super) const TEMPLATES: &[&str] = &["ExternalSecret", "ClusterExternalSecret", "PushSecret"];

/// Finds what must not be shown.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) found: BTreeMap<String, String>,
    is_template: bool,
    pub(super) is_schema: bool,
    hits: usize,
    /// Keys that are secret.
    pub(super) keys: BTreeSet<String>,
    /// Words that are none, whatever their key is: an object says its name many times.
    open: Vec<String>,
}

/// More words than this are not kept.
const MOST_OPEN: usize = 16;

impl Walk {
    /// What matters of a document, and what decides about that.
    pub(super) fn document(&mut self, root: &Node, matter: Matter<'_>) {
        self.meet(root);
        self.node("", root, matter, false);
    }

    /// Looks at what a document is.
    pub(super) fn meet(&mut self, root: &Node) {
        let kind = root.text_at(&["kind"]).unwrap_or_default();
        self.is_template = TEMPLATES.contains(&kind);
        self.is_schema = kind == "CustomResourceDefinition";
    }

    pub(super) fn node(&mut self, key: &str, node: &Node, matter: Matter<'_>, is_sealed: bool) {
        match &node.value {
            Value::Map(entries) => self.map(node, entries, matter, is_sealed),
            Value::List(items) => self.list(key, items, matter, is_sealed),
            value => {
                let Some(text) = scalar(value) else { return };
                if let Some(shown) = self.shown(key, &text, is_sealed) {
                    self.found.insert(text.into_owned(), shown);
                    self.hits += 1;
                }
            }
        }
    }

    fn map(&mut self, node: &Node, entries: &[Entry], matter: Matter<'_>, is_sealed: bool) {
        let named = names(entries);
        let names = || named.iter().copied().flatten();
        let is_name = |name: &str| !name.contains(' ') && (is_telling(name) || name.starts_with(IN_SECRETS));
        let is_named = LazyCell::new(|| names().any(is_name));
        let is_named_by = |key: &str| *is_named && NAMED.iter().any(|named| is_slip(key, named));
        let name = names().next().unwrap_or_default();
        let is_secret = is_secret_kind(node);
        // a patch of kustomize: whatever it says, it says of a Secret
        let is_for_secret = node.text_at(&["target", "kind"]) == Some("Secret");
        for (at, matter) in matter.inner(entries.len()) {
            let Some(Entry { key, node, .. }) = entries.get(at) else { continue };
            self.keys(key, node);
            if self.is_template && key == "template" {
                self.literals(node);
            }
            let is_plain = scalar(&node.value).is_some();
            let value = node.text().unwrap_or_default();
            let in_secret =
                is_secret && !OPEN.contains(&key.as_str()) || key == "stringData" || is_for_secret && key != "target";
            let is_own = if in_secret && key == "metadata" {
                self.annotations(node, matter);
                false
            } else if is_plain {
                let is_reference = self.is_template && key == "secretKey";
                (is_telling(key) && !is_place(key, value) && !is_reference)
                    || (is_named_by(key) && !is_place(name, value))
                    || (key == "auth" && is_basic(value))
            } else {
                (is_telling_of_all(key) && !self.is_schema && !is_reference(key, node))
                    || (is_named_by(key) && !is_secret)
                    || key == "auths"
            };
            self.node(key, node, matter, is_sealed || in_secret && key != "metadata" || is_own);
        }
    }

    /// What a template of a Secret holds that it does not fetch becomes a value of the Secret as it stands.
    fn literals(&mut self, template: &Node) {
        let values = template.get("data").map(Node::entries).unwrap_or_default();
        let texts = values.iter().filter_map(|entry| entry.node.text());
        for text in texts.filter(|text| !text.is_empty() && !text.contains("{{")) {
            self.found.insert(text.to_owned(), HIDDEN.to_owned());
            self.hits += 1;
        }
    }

    /// Keys that must not be shown: this one, or those of its map.
    fn keys(&mut self, key: &str, node: &Node) {
        let own = is_secret_key(key).then_some(key);
        let are_secret = !self.is_schema && is_telling_of_keys(key);
        let inner = node.entries().iter().filter(|_| are_secret).map(|entry| entry.key.as_str());
        for key in own.into_iter().chain(inner) {
            self.keys.insert(key.to_owned());
            self.hits += 1;
        }
    }

    /// kubectl keeps a copy of the whole object there.
    fn annotations(&mut self, metadata: &Node, matter: Matter<'_>) {
        for (at, matter) in matter.inner(metadata.entries().len()) {
            if let Some(Entry { key, node, .. }) = metadata.entries().get(at)
                && key == "annotations"
            {
                self.node("", node, matter, true);
            }
        }
    }

    /// `["--password", "x"]`
    fn list(&mut self, key: &str, items: &[Node], matter: Matter<'_>, is_sealed: bool) {
        let is_command = ["args", "command", "cmd", "entrypoint"].contains(&key);
        let mut words = String::new();
        let mut is_next = false;
        let mut matters = matter.inner(items.len()).peekable();
        for (at, item) in items.iter().enumerate() {
            let Some(&(next, matter)) = matters.peek() else { break };
            let text = item.text().unwrap_or_default();
            let is_value = is_next && !text.starts_with("--");
            let before = format!("{words} {text}");
            // `redis-cli`, `-a` and the password
            let is_joined = is_command
                && !words.is_empty()
                && line_hidden(text) == text
                && line_hidden(&words) == words
                && line_hidden(&before) != before;
            if next == at {
                matters.next();
                self.node(key, item, matter, is_sealed || is_value || is_joined);
            }
            let is_flag = text.starts_with('-') || is_command;
            is_next = is_flag
                && !text.contains([' ', '='])
                && is_telling(text.trim_start_matches('-'))
                && !is_place(text, "/");
            words = if is_joined { String::new() } else { before };
        }
    }

    /// What is shown for a text, which is noted for all that it holds; `None` if it is shown as it is.
    pub(super) fn shown(&mut self, key: &str, text: &str, is_sealed: bool) -> Option<String> {
        if text.is_empty() || !is_sealed && (is_short_word(text) || self.open.iter().any(|open| open == text)) {
            return None;
        }
        if self.is_template && text.contains("{{") {
            return (!is_open_template(text, is_sealed)).then(|| HIDDEN.to_owned());
        }
        let structures = structures(key, text);
        let before = self.hits;
        for root in &structures {
            self.node("", root, Matter::All, is_sealed);
        }
        let is_told = self.hits > before || (!structures.is_empty() && comments_tell(text));
        if is_sealed || is_told || holds_credentials(text) || (structures.is_empty() && is_secret_text(text)) {
            return (text != HIDDEN).then(|| HIDDEN.to_owned());
        }
        if !structures.is_empty() {
            return None;
        }
        let shown = text_hidden(text);
        if shown != text {
            return Some(shown);
        }
        if is_word(text) && self.open.len() < MOST_OPEN {
            self.open.push(shown);
        }
        None
    }
}

/// What a map says under the keys that name what another key holds, in their order.
fn names(entries: &[Entry]) -> [Option<&str>; NAMING.len()] {
    let mut found = [None; NAMING.len()];
    for Entry { key, node, .. } in entries {
        if let Some(at) = NAMING.iter().position(|naming| key == naming) {
            found[at] = node.text();
        }
    }
    found
}

pub(super) fn is_secret_kind(root: &Node) -> bool {
    let is_core = || !root.text_at(&["apiVersion"]).unwrap_or_default().contains('/');
    root.text_at(&["kind"]).is_some_and(|kind| is_slip(kind, "Secret")) && is_core()
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
    text.len() < 8 && is_word(text)
}

/// Whether a text is nothing but a word, which no format takes for a list or map.
fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
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

/// Whether a text may spell lists and maps, which is seen where it begins: a key of a map stands on one line with its colon.
pub(super) fn may_be_structure(key: &str, text: &str) -> bool {
    is_toml(key)
        || !is_bare(text) && {
            let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines.next().is_some_and(begins_structure)
        }
}

/// Whether a text begins like a word and has neither a colon nor a second line, as most texts.
fn is_bare(text: &str) -> bool {
    let is_word = text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    // all bytes at once are faster looked at than one by one until the first
    is_word && !text.bytes().fold(false, |is_found, byte| is_found | matches!(byte, b':' | b'\n'))
}

fn begins_structure(line: &str) -> bool {
    let bytes = line.as_bytes();
    let is_colon = |(at, byte): (usize, &u8)| *byte == b':' && matches!(bytes.get(at + 1), None | Some(b' ' | b'\t'));
    line.starts_with(OPENERS) || bytes.iter().enumerate().any(is_colon)
}

/// What a line begins with that is no plain word.
const OPENERS: &[char] = &['-', '?', '{', '[', '!', '&', '*', '"', '\'', '%', '|', '>', '\u{feff}'];

fn is_toml(key: &str) -> bool {
    key.strip_suffix("toml").is_some_and(|start| start.is_empty() || start.ends_with('.'))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Node, may_be_structure, read};

    fn is_structure(node: &Node) -> bool {
        !node.entries().is_empty() || !node.items().is_empty()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_structure_is_overlooked(text in r#"[ab:\-?{}\[\]!&*"'%|># ,\n\t.]{1,24}"#) {
            let roots = read::payloads(&text);
            let is = !roots.is_empty() && roots.iter().all(is_structure);
            prop_assert!(!is || may_be_structure("", &text), "{text:?} is {roots:?}");
        }
    }

    #[test]
    fn what_begins_as_a_text_is_one() {
        for text in ["sum by (a)\n  (b: c)", "-----BEGIN\nA: b", "a", "http://a\nb: c"] {
            let is = may_be_structure("", text);
            assert_eq!(is, text.starts_with('-'), "{text:?}");
        }
        for text in ["# a\n\nb:\n- c", "a: b", "a:", "\"a\": 1", "{}", "? a", "a :\t b"] {
            assert!(may_be_structure("", text), "{text:?}");
        }
    }
}
