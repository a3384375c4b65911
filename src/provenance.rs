//! Where a rendered line was written, if it comes from a file beside the description: a manifest, a template of a type, or one
//! in the place of a built-in. Values of the description are `traces`' to find.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::derive::config;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::{Source, Span};
use crate::hatches::manifests;
use crate::hatches::written::Written;
use crate::manifest::document::{Document, Id};
use crate::manifest::node::Node;
use crate::manifest::read::{self, Dialect};
use crate::model::bundle::Placed;
use crate::model::payload::Made;
use crate::model::platform::Platform;
use crate::stages::build;
use crate::stages::overrides::{self, Replaced};
use crate::validate::{Checked, Origin, Verdict};
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
    /// Whether a template gave it, of which one line may become many.
    is_of_template: bool,
}

impl Place {
    fn origin(&self) -> Origin {
        let line = Source { name: &self.file, text: &self.text }.place(self.span.start()).line;
        Origin { file: self.file.clone(), line, path: String::new() }
    }
}

/// Where line `line` (from one) of the rendered file `path` was written; `None` if it follows from the description alone.
pub fn place(described: Described<'_>, environment: Option<&str>, path: &str, line: usize) -> Option<Place> {
    let (platform, bundle) = pipeline::render(described, environment, &mut Report::default())?;
    let file = emit::tree(&bundle).files.into_iter().find(|file| file.path == path)?;
    let before: usize = file.text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = file.text[before..].lines().next()?;
    let at = before + rest.len() - rest.trim_start_matches([' ', '-']).len();
    let documents = read::read(&file.text, Dialect::Own, &mut Report::default());
    let document = documents.iter().rfind(|document| document.root.span.start() <= at)?;
    let is_it = |placed: &&Placed| is_same(&placed.id.to_string(), document) && emit::path(&placed.home) == path;
    let placed = bundle.objects.iter().find(is_it)?;
    let manifests = if placed.written.is_some() { brought(&platform, described) } else { Vec::new() };
    Files { platform: &platform, manifests }.place(document, &file.text, at)
}

/// Notes where somebody wrote what findings are about, and drops all but one of those that one line of a template has brought
/// about: it is one mistake, however often the line is rendered.
pub fn settle(verdict: &mut Verdict, platform: &Platform, described: Described<'_>) {
    let is_written = |file: &Checked| !file.written.is_empty() && !file.report.sorted().is_empty();
    let manifests = if verdict.files.iter().any(is_written) { brought(platform, described) } else { Vec::new() };
    let files = Files { platform, manifests };
    let mut told = BTreeSet::new();
    for file in &mut verdict.files {
        let mut places = BTreeMap::new();
        let mut again = BTreeSet::new();
        let source = Source { name: &file.path, text: &file.text };
        for found in file.report.sorted() {
            let at = found.span.start();
            let next = file.documents.partition_point(|document| document.root.span.start() <= at);
            let Some(document) = next.checked_sub(1).map(|next| &file.documents[next]) else { continue };
            let Some(place) = files.place(document, &file.text, at) else { continue };
            let origin = place.origin();
            let key = (found.code, origin.file.clone(), origin.line, source.place(at).column);
            if place.is_of_template && !told.insert(key) {
                again.insert((found.code, found.span, found.message.clone()));
            }
            places.insert(at, origin);
        }
        file.report.retain(|found| !again.contains(&(found.code, found.span, found.message.clone())));
        file.places = places;
    }
}

fn brought(platform: &Platform, described: Described<'_>) -> Vec<Written> {
    manifests::all(platform, described.shelf, &mut Report::default())
}

/// What somebody wrote beside a description.
struct Files<'p> {
    platform: &'p Platform,
    manifests: Vec<Written>,
}

impl Files<'_> {
    /// Where somebody wrote what stands at `at` of a rendered file, in this object of it.
    fn place(&self, document: &Document, text: &str, at: usize) -> Option<Place> {
        let steps = steps(&document.root, at);
        if let Some(written) = self.manifests.iter().find(|written| written.document.id == document.id) {
            let span = follow(&written.document.root, &steps);
            return Some(Place {
                span,
                file: written.name.clone(),
                text: Arc::clone(&written.text),
                is_of_template: false,
            });
        }
        in_template(self.platform, document, &steps).or_else(|| {
            let Some(Step::Key(entry)) = steps.get(1) else { return None };
            let begin = document.root.at(&["data"])?.entries().iter().find(|other| other.key == **entry)?.span.start();
            let number = text[begin..at.max(begin)].matches('\n').count().saturating_sub(1);
            in_payload(made(self.platform, &document.id, entry)?, number)
        })
    }
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
        if let Some(entry) = node.entries().iter().rfind(|entry| entry.span.start() <= at) {
            found.push(Step::Key(entry.key.as_str().into()));
            node = &entry.node;
        } else if let Some(number) = node.items().iter().rposition(|item| item.span.start() <= at) {
            found.push(Step::Item(number));
            node = &node.items()[number];
        } else {
            return found;
        }
    }
}

/// Where the value stands to which the steps lead in another tree; where they end there, the last that is there.
fn follow(root: &Node, steps: &[Step]) -> Span {
    let (mut node, mut span) = (root, root.span.first());
    for step in steps {
        match step {
            Step::Key(key) => {
                let Some(entry) = node.entries().iter().find(|entry| entry.key == **key) else { break };
                (node, span) = (&entry.node, entry.span);
            }
            Step::Item(number) => {
                let Some(item) = node.items().get(*number) else { break };
                (node, span) = (item, item.span.first());
            }
        }
    }
    span
}

fn is_same(id: &str, document: &Document) -> bool {
    document.id.to_string() == id
}

fn in_template(platform: &Platform, document: &Document, steps: &[Step]) -> Option<Place> {
    let all = platform.components.iter().flat_map(|declared| declared.component.written());
    let (written, own) = all
        .flat_map(|written| written.documents.iter().map(move |own| (written, own)))
        .find(|(_, own)| own.id == document.id)?;
    let span = written.origin(follow(&own.root, steps));
    Some(Place { file: written.name.clone(), text: Arc::clone(&written.source), span, is_of_template: true })
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
    let span = (begin..begin + body.len()).into();
    Some(Place { file: made.by.shown.clone(), text: Arc::clone(text), span, is_of_template: true })
}
