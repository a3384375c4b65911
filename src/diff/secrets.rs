//! What must never be shown: values of Secrets, of variables whose name says so, of registry credentials, and passwords
//! inside addresses. Neither their length nor a hash of them is shown. It is found in whole objects: what a value is may be
//! said by its neighbour.

pub mod lines;
mod walk;
mod wanted;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use toml::de::DeTable;

use crate::diff::change::{Change, What};
use crate::diff::hiding::{HIDDEN, is_secret_key, line_hidden, text_hidden};
use crate::diff::path::{Path, Step};
use crate::diff::secrets::walk::{Walk, comments_tell, is_secret_kind, may_be_structure};
use crate::diff::secrets::wanted::{Matter, Wanted, is_long, scalar};
use crate::diff::telling::is_telling_of_keys;
use crate::manifest::node::{Entry, Node, Value};
use crate::spec::any;

/// Everything in some objects that must not be shown, with what is shown for it.
#[derive(Debug, Default)]
pub struct Veil {
    shown: BTreeMap<String, String>,
    keys: BTreeSet<String>,
    /// Whether the objects declare fields, whose names are only names.
    is_schema: bool,
}

impl Veil {
    /// What these objects must not show.
    pub fn of<'a>(roots: impl IntoIterator<Item = &'a Node>) -> Self {
        let mut walk = Walk::default();
        for root in roots {
            walk.document(root, Matter::All);
        }
        walk.into()
    }

    /// What these objects must not show of these changes in them and of what is said about those: the same, found faster.
    pub fn over<'a, 's>(
        roots: impl IntoIterator<Item = &'a Node>,
        changes: &'s [Change],
        said: impl IntoIterator<Item = &'s str>,
    ) -> Self {
        let wanted = Wanted::of(changes, said);
        let mut walk = Walk::default();
        for root in roots {
            walk.meet(root);
            if let Some(held) = wanted.find(root) {
                walk.document(root, Matter::Held(&held));
            }
        }
        walk.into()
    }

    /// Whether there is anything to hide.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty() && self.keys.is_empty()
    }

    /// The change with every secret in it hidden.
    pub fn hidden(&self, change: Change) -> Change {
        let Change { path, what } = change;
        let are_secret = !self.is_schema && path.ends_in_key() && is_telling_of_keys(path.last_key());
        let what = match what {
            What::Added(node) => What::Added(self.node(node, are_secret)),
            What::Removed(node) => What::Removed(self.node(node, are_secret)),
            What::Changed(old, new) => What::Changed(self.node(old, are_secret), self.node(new, are_secret)),
            What::Text(old, new) => {
                let (old, new) = (self.text(old), self.text(new));
                let node = || Node { span: Default::default(), value: Value::Text(HIDDEN.into()) };
                if old == HIDDEN || new == HIDDEN || old == new {
                    What::Changed(node(), node())
                } else {
                    What::Text(old, new)
                }
            }
            What::Order(old, new) => {
                let names = |names: Vec<String>| names.into_iter().map(|name| self.text(name)).collect();
                What::Order(names(old), names(new))
            }
        };
        Change { path: self.path(path), what }
    }

    fn path(&self, path: Path) -> Path {
        let mut are_secret = false;
        path.map(|step| match step {
            Step::Key(key) => {
                let is_telling = !self.is_schema && is_telling_of_keys(&key);
                let shown = self.key(key, are_secret);
                are_secret = is_telling;
                Step::Key(shown)
            }
            Step::Item(name) => Step::Item(self.shown.get(name.as_str()).map_or(name, |shown| shown.as_str().into())),
            Step::Index(at) => Step::Index(at),
        })
    }

    /// A key of a map, all of whose keys may be secret.
    fn key(&self, key: CompactString, are_secret: bool) -> CompactString {
        // what is spelled like a field is one, even if somebody has chosen it for a password
        let is_value = || !key.bytes().all(|byte| byte.is_ascii_alphabetic()) && self.shown.contains_key(key.as_str());
        if are_secret || is_secret_key(&key) || is_value() { HIDDEN.into() } else { key }
    }

    /// A sentence about the objects with every secret in it hidden.
    pub fn said(&self, said: &str) -> String {
        let keys = self.keys.iter().map(|key| (key, HIDDEN));
        let values = self.shown.iter().map(|(value, shown)| (value, shown.as_str())).chain(keys);
        let said = values
            .filter(|(value, _)| is_long(value))
            .fold(said.to_owned(), |said, (value, shown)| said.replace(value, shown));
        let words: Vec<_> = said.split(' ').map(line_hidden).collect();
        words.join(" ")
    }

    fn text(&self, text: String) -> String {
        self.shown.get(&text).cloned().unwrap_or(text)
    }

    fn node(&self, node: Node, are_secret: bool) -> Node {
        let value = match node.value {
            Value::Map(entries) => {
                let inner = |entry: Entry| {
                    let is_telling = !self.is_schema && is_telling_of_keys(&entry.key);
                    Entry { key: self.key(entry.key, are_secret), node: self.node(entry.node, is_telling), ..entry }
                };
                Value::Map(entries.into_iter().map(inner).collect())
            }
            Value::List(items) => Value::List(items.into_iter().map(|item| self.node(item, false)).collect()),
            value => match scalar(&value).and_then(|text| self.shown.get(text.as_ref())) {
                Some(shown) => Value::Text(shown.as_str().into()),
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

impl From<Walk> for Veil {
    fn from(walk: Walk) -> Self {
        Self { shown: walk.found, keys: walk.keys, is_schema: walk.is_schema }
    }
}

/// Whether an object with this text holds anything that must not be shown.
pub fn is_sealed(root: &Node, text: &str) -> bool {
    is_secret_kind(root) || !Veil::of([root]).is_empty() || comments_tell(text)
}

/// Whether a text that is no object holds anything that must not be shown.
pub fn is_sealed_text(name: &str, text: &str) -> bool {
    let mut walk = Walk::default();
    walk.shown(name, text, false).is_some() || text_hidden(text) != text
}

/// What a description must not show of itself: its lines are quoted in messages and as causes.
#[derive(Default)]
pub struct Description {
    /// The tables of variables: what one is may be said by its neighbour.
    variables: Vec<Node>,
    /// What stands where a reference to a secret is expected and is none: it may be the secret.
    odd: Vec<String>,
}

impl Description {
    /// Of the whole text, which may be broken.
    pub fn of(text: &str) -> Self {
        let mut found = Self::default();
        if let Ok(table) = DeTable::parse(text) {
            found.look_into(table.get_ref(), false);
        }
        found
    }

    /// Whether this line of it may be shown.
    pub fn shows(&self, line: &str) -> bool {
        let plain = without_places(line);
        line_hidden(&plain) == plain && !self.veil(line).is_in(line)
    }

    /// What the variables hide that may stand in this line. Few of them can, and the others need not be judged.
    fn veil(&self, line: &str) -> Veil {
        let mut walk = Walk::default();
        for variables in self.variables.iter().filter(|variables| may_stand_in(line, "env", variables)) {
            walk.node("env", variables, Matter::All, false);
        }
        let odd = self.odd.iter().filter(|text| line.contains(text.as_str()));
        walk.found.extend(odd.map(|text| (text.clone(), HIDDEN.to_owned())));
        walk.into()
    }

    /// Takes the variables and references of a description, wherever it has some.
    fn look_into(&mut self, table: &DeTable<'_>, is_component: bool) {
        for (key, node) in table {
            let inner = node.get_ref().as_table();
            match (key.get_ref().as_ref(), inner) {
                ("env", _) => self.variables.push(any::node(node)),
                ("secrets", Some(places)) if is_component => {
                    let texts = places.values().filter_map(|place| place.get_ref().as_str());
                    self.odd.extend(texts.filter(|text| !is_place_of_secret(text)).map(str::to_owned));
                }
                ("components", Some(components)) => {
                    let tables = components.values().filter_map(|component| component.get_ref().as_table());
                    tables.for_each(|table| self.look_into(table, true));
                }
                (_, Some(inner)) => self.look_into(inner, false),
                _ => {}
            }
        }
    }
}

/// Whether the value under this key, or what it holds or spells, may stand in the line.
fn may_stand_in(line: &str, key: &str, node: &Node) -> bool {
    match &node.value {
        Value::Map(entries) => entries.iter().any(|entry| may_stand_in(line, &entry.key, &entry.node)),
        Value::List(items) => items.iter().any(|item| may_stand_in(line, key, item)),
        value => scalar(value)
            .is_some_and(|text| text.contains('\n') || may_be_structure(key, &text) || line.contains(text.trim())),
    }
}

/// A line of a description without what says where secrets are.
fn without_places(line: &str) -> String {
    let texts = line.split('"').skip(1).step_by(2).filter(|text| is_place_of_secret(text));
    texts.fold(line.to_owned(), |line, text| line.replace(&format!("\"{text}\""), "\"\""))
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

/// Whether a line may be shown: by where it begins, and by what it says.
pub type Shown = Box<dyn Fn(usize, &str) -> bool>;

/// Which lines may be shown of a description or of a file that it names.
pub fn shown(name: &str, text: &str) -> Shown {
    let is_manifest = [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
    if is_manifest {
        return Box::new(shown_of_manifest(text));
    }
    let text = text.to_owned();
    let description = OnceCell::new();
    Box::new(move |at, line| {
        is_shown_in_tables(&text, at)
            && (is_lone_name(line) || description.get_or_init(|| Description::of(&text)).shows(line))
    })
}

/// Whether a line of a description is the name of a table and nothing else, as `[components.api]`: whatever it is called by
/// is called so in every object of it, and the whole description need not be searched for a value that reads the same.
fn is_lone_name(line: &str) -> bool {
    let name =
        line.trim().strip_prefix('[').and_then(|line| line.strip_suffix(']')).and_then(|name| name.split_once('.'));
    name.is_some_and(|(kind, name)| {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        TABLES.contains(&kind) && name.bytes().all(is_letter) && line_hidden(line) == line
    })
}

/// Tables that hold one of each name.
const TABLES: &[&str] = &["components", "externals", "namespaces"];

/// Whether the line of a description at this place may be shown, by what stands around it. Few lines of a description are
/// quoted, and what is further away need not be read for them.
fn is_shown_in_tables(text: &str, at: usize) -> bool {
    let (around, before) = lines::tables_around(text, at);
    let plain: Vec<String> = around.split('\n').map(without_places).collect();
    let shown = lines::of_text(&plain.iter().map(String::as_str).collect::<Vec<_>>());
    shown.get(before).copied().unwrap_or(false)
}

/// Which lines of a manifest may be shown.
pub fn shown_of_manifest(text: &str) -> impl Fn(usize, &str) -> bool + use<> {
    by_line(text, lines::of_manifest(text))
}

/// The answer for a place, from that for each line of a text.
fn by_line(text: &str, shown: Vec<bool>) -> impl Fn(usize, &str) -> bool + use<> {
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    move |at, _| shown.get(ends.partition_point(|end| *end < at)).copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_table_is_shown_and_a_value_that_reads_like_one_is_not() {
        let text = "[components.api]\nimage = \"hunter2\"\nenv = { PASSWORD = \"hunter2\" }\n\n[components.hunter2]\n";
        let shown = shown("platform.toml", text);
        for (line, is) in text.lines().zip([true, false, false, true, true]) {
            let at = text.find(line).expect("it is a line of it");
            assert_eq!(shown(at, line), is, "{line}");
        }
        for line in [
            "[components.api.env]",
            "[components.\"a b\"]",
            "[secrets.x]",
            "[components.ghp_abcdefghij]",
            "components.api",
        ] {
            assert!(!is_lone_name(line), "{line}");
        }
    }
}
