//! One side of a comparison: files, and the objects in them.

use std::collections::HashMap;
use std::rc::Rc;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Source;
use crate::diff::pair::Placed;
use crate::manifest::document::{Document, Id};
use crate::manifest::read::{self, Dialect};
use crate::model::tree::Tree;

/// A tree of manifests. A proof: every file could be read, no object stands twice.
#[derive(Debug, Default)]
pub struct Side {
    /// The files, sorted by path. Two sides share those that they have in common.
    pub files: Vec<Rc<File>>,
}

/// A file with its objects.
#[derive(Debug)]
pub struct File {
    /// Relative path with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Its objects, in its order.
    pub documents: Vec<Document>,
}

/// What is wrong with a file.
#[derive(Debug)]
pub struct Faulty {
    /// The file.
    pub path: String,
    /// Its text.
    pub text: String,
    /// What is wrong.
    pub report: Report,
}

impl Side {
    /// Reads every file of `tree`; the error holds all that is wrong with all files.
    pub fn read(tree: Tree, dialect: Dialect) -> Result<Self, Vec<Faulty>> {
        Self::read_beside(&Self::default(), tree, dialect)
    }

    /// The same, with what `known` holds word for word taken from there.
    pub fn read_beside(known: &Self, tree: Tree, dialect: Dialect) -> Result<Self, Vec<Faulty>> {
        let mut reports: Vec<Report> = Vec::new();
        let mut files: Vec<Rc<File>> = Vec::new();
        // a file that somebody names by itself is a manifest, whatever it is called
        let is_alone = dialect == Dialect::Any && tree.files.len() == 1;
        for file in tree.files {
            let mut report = Report::default();
            if let Some(same) = known.file(&file.path).filter(|same| same.text == file.text) {
                reports.push(report);
                files.push(Rc::clone(same));
                continue;
            }
            let documents = if is_alone || is_manifest(&file.path) {
                read::read(&file.text, dialect, &mut report)
            } else {
                Vec::new()
            };
            reports.push(report);
            files.push(Rc::new(File { path: file.path, text: file.text, documents }));
        }
        once(&files, &mut reports);
        if reports.iter().any(Report::has_errors) {
            let faulty = files.into_iter().zip(reports).filter(|(_, report)| report.has_errors());
            let told = |(file, report): (Rc<File>, Report)| Faulty {
                path: file.path.clone(),
                text: file.text.clone(),
                report,
            };
            return Err(faulty.map(told).collect());
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    /// The text of a file; nothing if there is none.
    pub fn text(&self, path: &str) -> &str {
        self.file(path).map_or("", |file| &file.text)
    }

    fn file(&self, path: &str) -> Option<&Rc<File>> {
        let found = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.files.get(found)
    }

    /// All objects with the files that they stand in.
    pub fn objects(&self) -> Vec<Placed<'_>> {
        let placed = |file| move |document| File::placed(file, document);
        self.files.iter().flat_map(|file| file.documents.iter().map(placed(file))).collect()
    }
}

impl File {
    fn placed<'a>(&'a self, document: &'a Document) -> Placed<'a> {
        Placed { file: &self.path, text: &self.text, document }
    }
}

/// Whether a file holds manifests; others are compared by their bytes.
pub fn is_manifest(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    // what came from a pipe has no name
    !path.contains('.') || ["yaml", "yml", "json"].contains(&extension)
}

fn once(files: &[Rc<File>], reports: &mut [Report]) {
    let mut first: HashMap<&Id, (&File, &Document)> = HashMap::new();
    for (file, report) in files.iter().zip(reports) {
        for document in &file.documents {
            let Some((other, known)) = first.insert(&document.id, (file, document)) else { continue };
            let line = Source { name: &other.path, text: &other.text }.place(known.root.span.start).line;
            let at = document.root.span.start;
            report
                .error(codes::DUPLICATE, at..at + 1, format!("{} stands here a second time", document.id))
                .help(format!("it also stands at {}:{line}; keep one of the two", other.path));
        }
    }
}
