//! Where a rendered line was written, if it comes from a file beside the description: a manifest, a template of a type, or one
//! in the place of a built-in. Values of the description are `traces`' to find.

use std::sync::Arc;

use crate::derive::config;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::hatches::manifests;
use crate::manifest::document::{Document, Id};
use crate::manifest::node::Node;
use crate::manifest::read::{self, Dialect};
use crate::model::bundle::Placed;
use crate::model::payload::Made;
use crate::model::platform::Platform;
use crate::stages::build;
use crate::stages::overrides::{self, Replaced};
use crate::values::shelf::Described;
use crate::{emit, pipeline};

/// A place in a file beside the description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as its user knows it.
    pub file: String,
    /// What is in it.
    pub text: Arc<str>,
    /// Where.
    pub span: Span,
}

/// Where line `line` (from one) of the rendered file `path` was written; `None` if it follows from the description alone.
pub fn place(described: Described<'_>, environment: Option<&str>, path: &str, line: usize) -> Option<Place> {
    let (platform, bundle) = pipeline::render(described, environment, &mut Report::default())?;
    let file = emit::tree(&bundle).files.into_iter().find(|file| file.path == path)?;
    let before: usize = file.text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = file.text[before..].lines().next()?;
    let at = before + rest.len() - rest.trim_start_matches([' ', '-']).len();
    let documents = read::read(&file.text, Dialect::Own, &mut Report::default());
    let document = documents.iter().rfind(|document| document.root.span.start <= at)?;
    let steps = steps(&document.root, at);
    let is_it = |placed: &&Placed| is_same(&placed.id.to_string(), document) && emit::path(&placed.home) == path;
    let placed = bundle.objects.iter().find(is_it)?;
    if placed.written.is_some() {
        return in_manifest(&platform, described, document, &steps);
    }
    in_template(&platform, document, &steps).or_else(|| {
        let Some(Step::Key(entry)) = steps.get(1) else { return None };
        let begin = document.root.at(&["data"])?.entries().iter().find(|other| other.key == **entry)?.span.start;
        let number = file.text[begin..at.max(begin)].matches('\n').count().saturating_sub(1);
        in_payload(made(&platform, &document.id, entry)?, number)
    })
}

/// A step from a value to one within it.
#[derive(Debug)]
enum Step {
    Key(Box<str>),
    Item(usize),
}

/// The steps to the innermost value at an offset.
fn steps(root: &Node, at: usize) -> Vec<Step> {
    let (mut node, mut found) = (root, Vec::new());
    loop {
        if let Some(entry) = node.entries().iter().rfind(|entry| entry.span.start <= at) {
            found.push(Step::Key(entry.key.as_str().into()));
            node = &entry.node;
        } else if let Some(number) = node.items().iter().rposition(|item| item.span.start <= at) {
            found.push(Step::Item(number));
            node = &node.items()[number];
        } else {
            return found;
        }
    }
}

/// Where the value stands to which the steps lead in another tree; where they end there, the last that is there.
fn follow(root: &Node, steps: &[Step]) -> Span {
    let (mut node, mut span) = (root, Span { start: root.span.start, end: root.span.start + 1 });
    for step in steps {
        match step {
            Step::Key(key) => {
                let Some(entry) = node.entries().iter().find(|entry| entry.key == **key) else { break };
                (node, span) = (&entry.node, entry.span);
            }
            Step::Item(number) => {
                let Some(item) = node.items().get(*number) else { break };
                (node, span) = (item, Span { start: item.span.start, end: item.span.start + 1 });
            }
        }
    }
    span
}

fn is_same(id: &str, document: &Document) -> bool {
    document.id.to_string() == id
}

fn in_manifest(platform: &Platform, described: Described<'_>, document: &Document, steps: &[Step]) -> Option<Place> {
    let all = manifests::all(platform, described.shelf, &mut Report::default());
    let written = all.into_iter().find(|written| written.document.id == document.id)?;
    Some(Place { span: follow(&written.document.root, steps), file: written.name, text: written.text })
}

fn in_template(platform: &Platform, document: &Document, steps: &[Step]) -> Option<Place> {
    let all = platform.components.iter().flat_map(|declared| declared.component.written());
    let (written, own) = all
        .flat_map(|written| written.documents.iter().map(move |own| (written, own)))
        .find(|(_, own)| own.id == document.id)?;
    let span = written.origin(follow(&own.root, steps));
    Some(Place { file: written.name.clone(), text: Arc::clone(&written.source), span })
}

/// How a template of a user's own made a file of a `ConfigMap`.
fn made<'p>(platform: &'p Platform, id: &Id, file: &str) -> Option<&'p Made> {
    let is_it = |replaced: &Replaced<'_>| {
        replaced.namespace.as_str() == id.namespace && replaced.file == file && config::name(replaced.set) == id.name
    };
    overrides::replaced(platform, build::workloads(platform)).find(is_it).map(|replaced| replaced.made)
}

/// The line of the template that made line `number` of a file.
fn in_payload(made: &Made, number: usize) -> Option<Place> {
    let text = &made.by.text;
    let line = made.lines.get(number).copied().unwrap_or_default();
    let begin: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let body = text[begin..].lines().next()?;
    Some(Place { file: made.by.shown.clone(), text: Arc::clone(text), span: (begin..begin + body.len()).into() })
}
