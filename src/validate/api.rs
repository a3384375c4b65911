//! What the API server's own validation refuses in objects that it can decode.
//!
//! Lives here: which rules hold for which type. A rule sees one value of its type wherever one stands, so that a container
//! is judged alike in every workload. It must never look at another object.

mod addresses;
mod admission;
pub mod amounts;
pub mod annotated;
mod authorization;
mod autoscaling;
mod cel;
mod config;
mod containers;
pub mod custom;
mod defaults;
mod definitions;
mod demands;
mod devices;
mod events;
mod fields;
pub(super) mod forms;
mod jobs;
mod meta;
mod mounts;
pub mod names;
mod networking;
mod nodes;
mod others;
mod patterns;
mod pods;
mod probes;
mod quota;
mod ranges;
mod rbac;
mod resources;
mod rules;
pub(super) mod scheduling;
mod security;
mod services;
mod storage;
mod structural;
mod systems;
mod texts;
mod transitions;
mod volumes;
mod words;
mod workloads;
pub mod zones;

use std::sync::LazyLock;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::diff::path::{Path, Step};
use crate::manifest::document::Id;
use crate::manifest::node::{Entry, Node, Value};
use crate::spec::shapes::Minor;
use crate::tables::{self, HashMap};
use crate::validate::api::forms::Form;

/// A rule for the values of a type.
type Rule = fn(&mut Judge<'_>, &Node);

/// Speaks about one value.
pub struct Judge<'a> {
    /// The object that holds it.
    pub object: &'a Id,
    /// Where in the object it stands.
    pub path: &'a Path,
    /// What is wrong goes here.
    pub report: &'a mut Report,
    /// The minor of the server.
    pub minor: Minor,
    /// The keys that somebody has misspelt.
    pub slips: &'a Slips,
}

/// Where keys begin that no field is called by, each with the field that was meant.
pub type Slips = HashMap<usize, &'static str>;

/// What is asked of the values of a type: the rows of each table.
#[derive(Clone, Copy, Debug)]
pub struct Questions {
    demands: &'static [(&'static str, &'static str, demands::Demand)],
    words: &'static [(&'static str, &'static str, &'static [&'static str])],
    texts: &'static [(&'static str, &'static str, Form)],
    ranges: &'static [(&'static str, &'static str, i128, i128)],
    rules: &'static [(&'static str, Rule)],
    /// The fields that a server does without in an early minor, and the last one.
    spared: &'static [(&'static str, &'static str, Minor)],
}

/// Nothing is asked of what stands in no table.
const NOTHING: Questions = Questions { demands: &[], words: &[], texts: &[], ranges: &[], rules: &[], spared: &[] };

static QUESTIONS: LazyLock<HashMap<&'static str, Questions>> = LazyLock::new(|| {
    let mut all = tables::map(rules::RULES.len());
    ask(&mut all, demands::DEMANDS, |row| row.0, |questions, rows| questions.demands = rows);
    ask(&mut all, words::WORDS, |row| row.0, |questions, rows| questions.words = rows);
    ask(&mut all, texts::TEXTS, |row| row.0, |questions, rows| questions.texts = rows);
    ask(&mut all, ranges::RANGES, |row| row.0, |questions, rows| questions.ranges = rows);
    ask(&mut all, rules::RULES, |row| row.0, |questions, rows| questions.rules = rows);
    ask(&mut all, demands::SPARED, |row| row.0, |questions, rows| questions.spared = rows);
    all
});

/// Adds the rows of a table that is sorted by types to the questions of each.
fn ask<T>(
    all: &mut HashMap<&'static str, Questions>,
    table: &'static [T],
    of: fn(&T) -> &'static str,
    add: fn(&mut Questions, &'static [T]),
) {
    for rows in table.chunk_by(|row, next| of(row) == of(next)) {
        add(all.entry(of(&rows[0])).or_insert(NOTHING), rows);
    }
}

impl Questions {
    /// What is asked of the values of this type.
    pub fn of(name: &str) -> Self {
        QUESTIONS.get(name).copied().unwrap_or(NOTHING)
    }

    /// Judges a value.
    pub fn judge(&self, node: &Node, judge: &mut Judge<'_>) {
        for (_, field, _) in self.demands {
            judge.filled(node, field);
        }
        for (_, field, words) in self.words {
            judge.word(node, field, words);
        }
        for (_, field, form) in self.texts {
            judge.form(node, field, *form);
        }
        for (_, field, least, most) in self.ranges {
            judge.range(node, field, *least, *most);
        }
        for (_, rule) in self.rules {
            rule(judge, node);
        }
    }

    /// The fields that must be there, whatever their shapes.
    pub fn demanded(&self) -> impl Iterator<Item = &'static str> {
        let is_there = |demand| demand == demands::Demand::There;
        self.demands.iter().filter(move |(.., demand)| is_there(*demand)).map(|(_, field, _)| *field)
    }

    /// Whether a server does without a field that its type demands.
    pub fn is_spared(&self, field: &str, minor: Minor) -> bool {
        self.spared.iter().any(|(_, known, last)| *known == field && minor <= *last)
    }
}

impl Judge<'_> {
    /// Refuses what stands under `key` of the value; the value itself if `key` is empty.
    fn refuse(&mut self, node: &Node, key: &str, why: &str) {
        if self.is_misspelt(node, key) {
            return;
        }
        let (path, span) = match node.get(key) {
            Some(inner) => (self.path.key(key), inner.span),
            None if key.is_empty() => (self.path.clone(), begin(node)),
            None => (self.path.key(key), begin(node)),
        };
        self.at(&path, first_line(span, node), why);
    }

    /// Whether a field is not there because somebody has misspelt its key, which has been told.
    fn is_misspelt(&self, node: &Node, key: &str) -> bool {
        let meant = |entry: &Entry| self.slips.get(&entry.span.start()).is_some_and(|meant| *meant == key);
        !self.slips.is_empty() && node.get(key).is_none() && node.entries().iter().any(meant)
    }

    fn at(&mut self, path: &Path, span: Span, why: &str) {
        self.report.error(codes::INVALID_FIELD, span, format!("{}: `{}` {why}", self.object, path.told()));
    }

    /// Speaks about what stands one step further in.
    fn step(&mut self, step: Step, work: impl FnOnce(&mut Judge<'_>)) {
        let path = self.path.and(step);
        work(&mut self.below(&path));
    }

    /// Who speaks about what stands elsewhere in the same object.
    fn below<'b>(&'b mut self, path: &'b Path) -> Judge<'b> {
        Judge { object: self.object, path, report: self.report, minor: self.minor, slips: self.slips }
    }

    /// Speaks about each item of a list.
    fn each<'n>(&mut self, node: &'n Node, list: &str, mut work: impl FnMut(&mut Judge<'_>, &'n Node)) {
        let items = node.items_at(&[list]);
        if !items.is_empty() {
            let path = self.path.key(list);
            let own = &mut self.below(&path);
            for (at, item) in items.iter().enumerate() {
                own.step(Step::Index(at), |judge| work(judge, item));
            }
        }
    }

    /// Speaks about what stands at the end of a chain of keys, if there is something.
    fn under<'n>(&mut self, node: &'n Node, keys: &[&str], work: impl FnOnce(&mut Judge<'_>, &'n Node)) {
        let Some(inner) = node.at(keys).filter(|inner| !matches!(inner.value, Value::Null)) else { return };
        let mut path = self.path.clone();
        for key in keys {
            path.push(Step::Key((*key).into()));
        }
        work(&mut self.below(&path), inner);
    }

    /// A list of so many items and no more.
    fn at_most(&mut self, node: &Node, list: &str, most: usize) {
        let count = node.items_at(&[list]).len();
        if count > most {
            self.refuse(node, list, &format!("holds {count} items; it must hold at most {most}"));
        }
    }

    /// A list of at least one item.
    fn filled_list(&mut self, node: &Node, list: &str) {
        if node.items_at(&[list]).is_empty() {
            self.refuse(node, list, "must not be empty");
        }
    }

    /// An amount of something.
    fn not_negative(&mut self, node: &Node, key: &str) {
        if node.get(key).and_then(amounts::read).is_some_and(|amount| amount < amounts::Amount::ZERO) {
            self.refuse(node, key, "must not be less than nothing");
        }
    }

    /// What must not be empty if it is there.
    fn filled(&mut self, node: &Node, key: &str) {
        let is_empty = node.get(key).is_some_and(|inner| match &inner.value {
            Value::Text(text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            _ => false,
        });
        if is_empty {
            self.refuse(node, key, "must not be empty");
        }
    }

    /// Refuses each text under a key that has a fault.
    fn faults(&mut self, node: &Node, key: &str, fault: impl Fn(&str) -> Option<String>) {
        for (at, span, text) in texts_of(node, key) {
            if let Some(why) = fault(text) {
                self.at(&self.way(key, at), first_line(span, node), &format!("is `{text}`, which {why}"));
            }
        }
    }

    /// A text of a form.
    fn form(&mut self, node: &Node, key: &str, (is_form, form): Form) {
        for (at, span, text) in texts_of(node, key) {
            if !is_form(text) {
                self.at(&self.way(key, at), first_line(span, node), &format!("is `{text}`; it must be {form}"));
            }
        }
    }

    /// One of a few words; nothing stands for the default.
    fn word(&mut self, node: &Node, key: &str, words: &[&str]) {
        for (at, span, word) in texts_of(node, key) {
            if !words.contains(&word) {
                let known = suggest::list(words.iter().copied());
                let near = suggest::nearest(word, words.iter().copied());
                self.at(&self.way(key, at), span, &format!("is `{word}`, which is none of {known}"));
                if let Some(near) = near {
                    self.report.last_help(&format!("did you mean `{near}`?"));
                }
            }
        }
    }

    /// The way to what stands under a key, or to one of the items there.
    fn way(&self, key: &str, at: Option<usize>) -> Path {
        let path = self.path.key(key);
        at.map_or_else(|| path.clone(), |at| path.and(Step::Index(at)))
    }

    fn range(&mut self, node: &Node, key: &str, least: i128, most: i128) {
        let Some(number) = node.get(key).and_then(Node::integer) else { return };
        if number < least {
            self.refuse(node, key, &format!("is {number}; it must be at least {least}"));
        } else if number > most {
            self.refuse(node, key, &format!("is {number}; it must be at most {most}"));
        }
    }
}

/// The texts under a key: one, or the items of a list with their numbers. An empty one stands for the default, an empty
/// item for nothing.
fn texts_of<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = (Option<usize>, Span, &'n str)> {
    let inner = node.get(key);
    let own = inner.and_then(|inner| Some((None, inner.span, inner.text().filter(|text| !text.is_empty())?)));
    let items = inner.map(Node::items).unwrap_or_default().iter().enumerate();
    own.into_iter().chain(items.filter_map(|(at, item)| Some((Some(at), item.span, item.text()?))))
}

fn begin(node: &Node) -> Span {
    node.span.first()
}

/// Carets stand below one line.
fn first_line(span: Span, node: &Node) -> Span {
    if span.end() - span.start() > 200 || span == node.span { span.first() } else { span }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_by_types() {
        assert!(demands::DEMANDS.is_sorted_by_key(|row| (row.0, row.1)));
        assert!(words::WORDS.is_sorted_by_key(|row| row.0));
        assert!(texts::TEXTS.is_sorted_by_key(|row| (row.0, row.1)));
        assert!(ranges::RANGES.is_sorted_by_key(|row| row.0));
        assert!(rules::RULES.is_sorted_by_key(|row| row.0));
        assert!(demands::SPARED.is_sorted_by_key(|row| row.0));
    }
}
