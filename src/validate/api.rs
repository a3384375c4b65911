//! What the API server's own validation refuses in objects that it can decode.
//!
//! Lives here: which rules hold for which type. A rule sees one value of its type wherever one stands, so that a container
//! is judged alike in every workload. It must never look at another object.

mod forms;
pub mod names;
mod pods;
mod ranges;
mod rules;
mod words;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::diff::path::Path;
use crate::manifest::node::Node;

/// A rule for the values of a type.
type Rule = fn(&mut Judge<'_>, &Node);

/// Speaks about one value.
pub struct Judge<'a> {
    /// The object that holds it.
    pub object: &'a str,
    /// Where in the object it stands.
    pub path: &'a Path,
    /// What is wrong goes here.
    pub report: &'a mut Report,
}

/// Judges a value of this type.
pub fn judge(name: &str, node: &Node, judge: &mut Judge<'_>) {
    for (_, field, words) in words::WORDS.iter().filter(|(known, ..)| *known == name) {
        judge.word(node, field, words);
    }
    for (_, field, least, most) in ranges::RANGES.iter().filter(|(known, ..)| *known == name) {
        judge.range(node, field, *least, *most);
    }
    for (_, rule) in rules::RULES.iter().filter(|(known, _)| *known == name) {
        rule(judge, node);
    }
}

impl Judge<'_> {
    /// Refuses what stands under `key` of the value; the value itself if `key` is empty.
    fn refuse(&mut self, node: &Node, key: &str, why: &str) {
        let (path, span) = match node.get(key) {
            Some(inner) => (self.path.key(key), inner.span),
            None if key.is_empty() => (self.path.clone(), begin(node)),
            None => (self.path.key(key), begin(node)),
        };
        self.at(&path, first_line(span, node), why);
    }

    fn at(&mut self, path: &Path, span: Span, why: &str) {
        self.report.error(codes::INVALID_FIELD, span, format!("{}: `{path}` {why}", self.object));
    }

    /// One of a few words; nothing stands for the default.
    fn word(&mut self, node: &Node, key: &str, words: &[&str]) {
        let Some(inner) = node.get(key) else { return };
        let items = if inner.items().is_empty() { std::slice::from_ref(inner) } else { inner.items() };
        for item in items {
            if let Some(word) = item.text().filter(|word| !word.is_empty() && !words.contains(word)) {
                let known = suggest::list(words.iter().copied());
                let near = suggest::nearest(word, words.iter().copied());
                let why = format!("is `{word}`, which is none of {known}");
                self.at(&self.path.key(key), item.span, &why);
                if let Some(near) = near {
                    self.report.last_help(&format!("did you mean `{near}`?"));
                }
            }
        }
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

fn begin(node: &Node) -> Span {
    (node.span.start..node.span.start + 1).into()
}

/// Carets stand below one line.
fn first_line(span: Span, node: &Node) -> Span {
    if span.end - span.start > 200 || span == node.span { (span.start..span.start + 1).into() } else { span }
}
