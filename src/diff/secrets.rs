//! What must never be shown: values of Secrets, of variables whose name says so, of registry credentials, and passwords
//! inside addresses. Neither their length nor a hash of them is shown. It is found in whole objects: what a value is may be
//! said by its neighbour.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use crate::diff::change::{Change, What};
use crate::diff::hiding::{FETCHED, HIDDEN, holds_credentials, is_basic, line_hidden, text_hidden};
use crate::diff::payload;
use crate::diff::telling::{is_place, is_telling, is_telling_of_all};
use crate::manifest::node::{Entry, Node, Value};
use crate::manifest::read;

/// Keys whose value names what another key holds.
const NAMING: &[&str] = &["name", "key", "var", "variable", "header", "id", "field"];

/// Those other keys.
const NAMED: &[&str] = &["value", "val", "values", "content", "default", "data", "text", "string"];

/// Kinds that compute secrets from templates.
const TEMPLATES: &[&str] = &["ExternalSecret", "ClusterExternalSecret", "PushSecret"];

/// Everything in some objects that must not be shown, with what is shown for it.
#[derive(Debug, Default)]
pub struct Veil {
    shown: BTreeMap<String, String>,
}

impl Veil {
    /// What these objects must not show.
    pub fn of<'a>(roots: impl IntoIterator<Item = &'a Node>) -> Self {
        let mut walk = Walk::default();
        for root in roots {
            walk.document(root);
        }
        Self { shown: walk.found }
    }

    /// What these objects must not show of these changes in them: the same, found faster.
    pub fn over<'a>(roots: impl IntoIterator<Item = &'a Node>, changes: &[Change]) -> Self {
        let mut wanted = HashSet::new();
        for change in changes {
            told(change, &mut wanted);
        }
        if wanted.is_empty() {
            return Self::default();
        }
        let mut walk = Walk { wanted: Some(wanted), ..Walk::default() };
        for root in roots {
            walk.document(root);
        }
        Self { shown: walk.found }
    }

    /// Whether there is anything to hide.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// The change with every secret in it hidden.
    pub fn hidden(&self, change: Change) -> Change {
        if self.is_empty() {
            return change;
        }
        let Change { path, what } = change;
        let what = match what {
            What::Added(node) => What::Added(self.node(node)),
            What::Removed(node) => What::Removed(self.node(node)),
            What::Changed(old, new) => What::Changed(self.node(old), self.node(new)),
            What::Text(old, new) => {
                let (old, new) = (self.text(old), self.text(new));
                let node = || Node { span: Default::default(), value: Value::Text(HIDDEN.to_owned()) };
                if old == HIDDEN || new == HIDDEN || old == new {
                    What::Changed(node(), node())
                } else {
                    What::Text(old, new)
                }
            }
            order @ What::Order(..) => order,
        };
        Change { path, what }
    }

    fn text(&self, text: String) -> String {
        self.shown.get(&text).cloned().unwrap_or(text)
    }

    fn node(&self, node: Node) -> Node {
        let value = match node.value {
            Value::Map(entries) => {
                let inner = |entry: Entry| Entry { node: self.node(entry.node), ..entry };
                Value::Map(entries.into_iter().map(inner).collect())
            }
            Value::List(items) => Value::List(items.into_iter().map(|item| self.node(item)).collect()),
            value => match scalar(&value).and_then(|text| self.shown.get(text.as_ref())) {
                Some(shown) => Value::Text(shown.clone()),
                None => value,
            },
        };
        Node { span: node.span, value }
    }

    /// Whether a line of the text holds a hidden value, or a line of one.
    pub fn is_in(&self, line: &str) -> bool {
        let lines = self.shown.keys().flat_map(|value| value.lines());
        lines.map(str::trim).filter(|value| value.len() > 2).any(|value| line.contains(value))
    }
}

/// Whether an object with this text holds anything that must not be shown.
pub fn is_sealed(root: &Node, text: &str) -> bool {
    is_secret_kind(root) || !Veil::of([root]).is_empty() || comments_tell(text)
}

/// Whether a text that is no object holds anything that must not be shown.
pub fn is_sealed_text(name: &str, text: &str) -> bool {
    let mut walk = Walk::default();
    walk.shown(name, text, false) != text || text_hidden(text) != text
}

/// What a description must not show of itself: its lines are quoted in messages and as causes.
pub struct Description {
    veil: Veil,
}

impl Description {
    /// Of the whole text, which may be broken.
    pub fn of(text: &str) -> Self {
        let mut variables = Walk::default();
        if let Some(table) = payload::toml(text) {
            variables.environments(&table);
        }
        Self { veil: Veil { shown: variables.found } }
    }

    /// Whether this line of it may be shown.
    pub fn shows(&self, line: &str) -> bool {
        let texts = line.split('"').skip(1).step_by(2).filter(|text| is_place_of_secret(text));
        let plain = texts.fold(line.to_owned(), |line, text| line.replace(&format!("\"{text}\""), "\"\""));
        line_hidden(&plain) == plain && !self.veil.is_in(line)
    }
}

/// `password = "alertmanager/smtp-password"` and `"/etc/auth/keys" = "secret:auth-jwt"` say where it is.
fn is_place_of_secret(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter))
    };
    match (text.strip_prefix("secret:"), text.split_once('/')) {
        (Some(name), _) => is_word(name),
        (None, Some((secret, key))) => is_word(secret) && is_word(key),
        (None, None) => false,
    }
}

/// Which lines of a manifest may be shown, though it may be broken: none of a Secret or of what nobody can tell from one.
pub fn shown_lines(text: &str) -> Vec<bool> {
    let mut shown = Vec::new();
    let mut chunk: Vec<&str> = Vec::new();
    for line in text.split('\n') {
        if line.starts_with("---") {
            shown.extend(shown_of(&std::mem::take(&mut chunk)));
        }
        chunk.push(line);
    }
    shown.extend(shown_of(&chunk));
    shown
}

fn shown_of(lines: &[&str]) -> Vec<bool> {
    let is_secret = |line: &&str| {
        line.contains("kind") && line.contains("Secret") && !TEMPLATES.iter().any(|kind| line.contains(kind))
    };
    let has_kind = |line: &&str| line.contains("kind:") || line.contains("\"kind\"");
    if lines.iter().any(is_secret) || !lines.iter().any(has_kind) {
        return vec![false; lines.len()];
    }
    let hidden = text_hidden(&lines.join("\n"));
    lines.iter().zip(hidden.split('\n')).map(|(line, hidden)| *line == hidden).collect()
}

fn is_secret_kind(root: &Node) -> bool {
    let is_core = !root.text_at(&["apiVersion"]).unwrap_or_default().contains('/');
    root.text_at(&["kind"]) == Some("Secret") && is_core
}

/// Whether the remarks in a structured text say a secret.
fn comments_tell(text: &str) -> bool {
    text.lines().any(|line| {
        let remark = line.trim_start().strip_prefix('#').or_else(|| line.split_once(" #").map(|(_, remark)| remark));
        remark.is_some_and(|remark| line_hidden(remark) != remark)
    })
}

fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Integer(number) => Some(Cow::Owned(number.to_string())),
        Value::Float(number) => Some(Cow::Owned(number.to_string())),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => None,
    }
}

/// The values that a change would show.
fn told<'a>(change: &'a Change, wanted: &mut HashSet<Cow<'a, str>>) {
    match &change.what {
        What::Added(node) | What::Removed(node) => scalars(node, wanted),
        What::Changed(old, new) => [old, new].into_iter().for_each(|node| scalars(node, wanted)),
        What::Text(old, new) => wanted.extend([old, new].map(|text| Cow::Borrowed(text.as_str()))),
        What::Order(..) => {}
    }
}

fn scalars<'a>(node: &'a Node, found: &mut HashSet<Cow<'a, str>>) {
    for inner in node.items().iter().chain(node.entries().iter().map(|entry| &entry.node)) {
        scalars(inner, found);
    }
    found.extend(scalar(&node.value));
}

/// Finds what must not be shown.
#[derive(Default)]
struct Walk<'a> {
    /// The values that matter; all if absent.
    wanted: Option<HashSet<Cow<'a, str>>>,
    found: BTreeMap<String, String>,
    is_template: bool,
    is_schema: bool,
    hits: usize,
    /// How many texts hold the value, one in the other: all that a text holds decides whether it is shown.
    texts: usize,
}

impl Walk<'_> {
    fn document(&mut self, root: &Node) {
        let kind = root.text_at(&["kind"]).unwrap_or_default();
        self.is_template = TEMPLATES.contains(&kind);
        self.is_schema = kind == "CustomResourceDefinition";
        self.node("", root, false);
    }

    /// Whether it matters what this value is: it would be shown, or is a text that may hold what would be.
    fn is_wanted(&self, key: &str, node: &Node) -> bool {
        let Some(wanted) = self.wanted.as_ref().filter(|_| self.texts == 0) else { return true };
        scalar(&node.value).is_none_or(|text| wanted.contains(&text) || may_be_structure(key, &text))
    }

    fn node(&mut self, key: &str, node: &Node, is_sealed: bool) {
        match &node.value {
            Value::Map(entries) => self.map(node, entries, is_sealed),
            Value::List(items) => self.list(key, items, is_sealed),
            value => {
                let Some(text) = scalar(value).filter(|_| self.is_wanted(key, node)) else { return };
                let shown = self.shown(key, &text, is_sealed);
                if shown != text {
                    self.found.insert(text.into_owned(), shown);
                    self.hits += 1;
                }
            }
        }
    }

    fn map(&mut self, node: &Node, entries: &[Entry], is_sealed: bool) {
        if entries.iter().all(|Entry { key, node, .. }| !self.is_wanted(key, node)) {
            return;
        }
        let names = || NAMING.iter().filter_map(|key| node.text_at(&[key]));
        let is_named = entries.iter().any(|entry| NAMED.contains(&entry.key.as_str()))
            && names().any(|name| !name.contains(' ') && is_telling(name));
        let name = names().next().unwrap_or_default();
        let is_secret = is_secret_kind(node);
        for Entry { key, node, .. } in entries {
            if !self.is_wanted(key, node) {
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
        let has_no_word = items.iter().all(|item| scalar(&item.value).is_none());
        if has_no_word {
            for item in items {
                self.node(key, item, is_sealed);
            }
            return;
        }
        if items.iter().all(|item| !self.is_wanted(key, item)) {
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
    fn shown(&mut self, key: &str, text: &str, is_sealed: bool) -> String {
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
        } else if is_sealed || is_told || holds_credentials(text) {
            HIDDEN.to_owned()
        } else if structures.is_empty() {
            text_hidden(text)
        } else {
            text.to_owned()
        }
    }

    /// The variables of a description, wherever it has some.
    fn environments(&mut self, node: &Node) {
        for entry in node.entries() {
            if entry.key == "env" { self.node("env", &entry.node, false) } else { self.environments(&entry.node) }
        }
    }
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

fn may_be_structure(key: &str, text: &str) -> bool {
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
