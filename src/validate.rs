//! Proves that manifests are what an API server takes. It reads finished objects and must never know how they were made.

pub mod api;
pub mod decode;

use std::collections::HashMap;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Source;
use crate::manifest::document::{Document, Id};
use crate::manifest::read::{self, Dialect};
use crate::model::tree::Tree;
use crate::schema::Schema;
use crate::spec::shapes::Minor;

/// A file with all that is wrong in it.
#[derive(Debug)]
pub struct Checked {
    /// Its path.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Its objects, as far as they can be read.
    pub documents: Vec<Document>,
    /// What is wrong.
    pub report: Report,
    /// How many of its objects are of kinds that are not known here, and so were not decoded.
    pub strangers: usize,
}

/// Checks every file of `tree` for a server of this minor.
pub fn validate(tree: Tree, minor: Minor, dialect: Dialect) -> Vec<Checked> {
    let schema = Schema::of(minor);
    let mut checked: Vec<Checked> = tree
        .files
        .into_iter()
        .map(|file| {
            let mut report = Report::default();
            let mut documents = read::read(&file.text, dialect, &mut report);
            documents.retain(|document| !is_of_tools(document));
            let mut decoded = |document: &Document| decode::decode(document, &schema, minor, &mut report);
            let strangers = documents.iter().filter(|document| !decoded(document)).count();
            Checked { path: file.path, text: file.text, documents, report, strangers }
        })
        .collect();
    once(&mut checked);
    checked
}

/// Whether a document is for a tool and never comes to a server.
fn is_of_tools(document: &Document) -> bool {
    ["kustomize.config.k8s.io", "config.kubernetes.io"].contains(&document.id.group.as_str())
}

/// No object stands twice.
fn once(files: &mut [Checked]) {
    let mut first: HashMap<Id, String> = HashMap::new();
    for file in files {
        let source = Source { name: &file.path, text: &file.text };
        for document in file.documents.iter().filter(|document| !document.id.name.is_empty()) {
            let at = document.root.span.start;
            let place = || format!("{}:{}", source.name, source.place(at).line);
            match first.get(&document.id) {
                Some(other) => {
                    file.report
                        .error(codes::DUPLICATE, at..at + 1, format!("{} stands here a second time", document.id))
                        .help(format!("it also stands at {other}; the server would keep what comes last"));
                }
                None => _ = first.insert(document.id.clone(), place()),
            }
        }
    }
}
