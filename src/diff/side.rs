//! One side of a comparison: files, and the objects in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Source;
use crate::diff::pair::Placed;
use crate::manifest::document::{Document, Id};
use crate::manifest::node::{Node, Value};
use crate::manifest::read::{self, Dialect};
use crate::model::tree::{Tree, TreeFile};
use crate::shares;
use crate::tables::{self, HashMap};

/// A tree of manifests. A proof: every file could be read, no object stands twice in one file, and in ours none at all.
#[derive(Debug, Default)]
pub struct Side {
    /// Whether an object stands in several files, as a base and what is laid over it do.
    pub repeats: bool,
    /// The files, sorted by path. Two sides share those that they have in common.
    pub files: Vec<Arc<File>>,
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
        Self::read_beside(&Self::default(), "", tree, dialect)
    }

    /// The same, with what `known` holds word for word taken from there; messages name files by `root` and their path.
    pub fn read_beside(known: &Self, root: &str, tree: Tree, dialect: Dialect) -> Result<Self, Vec<Faulty>> {
        // a file that somebody names by itself is a manifest, whatever it is called
        let is_alone = dialect == Dialect::Any && tree.files.len() == 1;
        let charts = charts(&tree, dialect);
        let is_template = |path: &str| charts.iter().any(|templates| path.starts_with(templates));
        let documents = shares::each(&tree.files, FEWEST_FILES, |file| {
            let mut report = Report::default();
            let documents = if known.same(file).is_some() {
                Vec::new()
            } else if is_template(&file.path) {
                vec![Document::of_file(&file.text, Node::of_text(&file.text))]
            } else if is_alone || is_manifest(&file.path) {
                manifests(&file.text, dialect, &mut report)
            } else {
                Vec::new()
            };
            (documents, report)
        });
        let mut reports: Vec<Report> = Vec::new();
        let mut files: Vec<Arc<File>> = Vec::new();
        for (file, (documents, report)) in tree.files.into_iter().zip(documents) {
            reports.push(report);
            files.push(match known.same(&file) {
                Some(same) => Arc::clone(same),
                None => Arc::new(File { path: file.path, text: file.text, documents }),
            });
        }
        let repeats = once(&files, &mut reports, dialect, root);
        if reports.iter().any(Report::has_errors) {
            let faulty = files.into_iter().zip(reports).filter(|(_, report)| report.has_errors());
            let told = |(file, report): (Arc<File>, Report)| Faulty {
                path: file.path.clone(),
                text: file.text.clone(),
                report,
            };
            return Err(faulty.map(told).collect());
        }
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { repeats, files })
    }

    /// The text of a file; nothing if there is none.
    pub fn text(&self, path: &str) -> &str {
        self.file(path).map_or("", |file| &file.text)
    }

    /// The file with this name and text.
    fn same(&self, file: &TreeFile) -> Option<&Arc<File>> {
        self.file(&file.path).filter(|same| same.text == file.text)
    }

    fn file(&self, path: &str) -> Option<&Arc<File>> {
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

/// Fewer files than this are not worth a thread.
const FEWEST_FILES: usize = 32;

/// Whether a file holds manifests; others are compared by their bytes.
pub fn is_manifest(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| ["yaml", "yml", "json"].contains(&extension))
}

/// The objects of a file. A file of somebody else that holds something else, such as the values of a chart, is one
/// thing by itself.
fn manifests(text: &str, dialect: Dialect, report: &mut Report) -> Vec<Document> {
    let mut own = Report::default();
    let documents = read::read(text, dialect, &mut own);
    let other = if own.has_errors() && dialect == Dialect::Any { other(text) } else { None };
    if let Some(document) = other {
        return vec![document];
    }
    report.adopt(own, |_| true);
    documents
}

/// The content of a file in which nothing looks like an object.
fn other(text: &str) -> Option<Document> {
    let is_other = |node: &Node| match &node.value {
        Value::Map(_) => ["kind", "metadata"].iter().all(|key| node.get(key).is_none()),
        Value::List(_) => true,
        _ => false,
    };
    let mut roots = read::payloads(text);
    let root = roots.pop().filter(is_other)?;
    let is_one = roots.is_empty();
    roots.iter().all(is_other).then(|| Document::of_file(text, if is_one { root } else { Node::of_text(text) }))
}

/// The directories of the templates of charts: they are no YAML until somebody fills them in.
fn charts(tree: &Tree, dialect: Dialect) -> Vec<String> {
    let charts = tree.files.iter().filter_map(|file| file.path.strip_suffix("Chart.yaml"));
    let charts = charts.filter(|prefix| dialect == Dialect::Any && (prefix.is_empty() || prefix.ends_with('/')));
    charts.map(|prefix| format!("{prefix}templates/")).collect()
}

/// That no object stands twice where it must not; whether one stands in several files.
fn once(files: &[Arc<File>], reports: &mut [Report], dialect: Dialect, root: &str) -> bool {
    let mut first: HashMap<&Id, (&File, &Document)> = tables::map(files.iter().map(|file| file.documents.len()).sum());
    let mut repeats = false;
    for (file, report) in files.iter().zip(reports) {
        // by the other file: where it begins there, where it begins here, and how many there are
        let mut twice: BTreeMap<&str, (usize, &Document, usize)> = BTreeMap::new();
        for document in file.documents.iter().filter(|document| dialect == Dialect::Own || document.id.is_unique()) {
            let Some((other, known)) = first.insert(&document.id, (file, document)) else { continue };
            if dialect == Dialect::Any && other.path != file.path {
                repeats = true;
                continue;
            }
            let line = || Source { name: &other.path, text: &other.text }.place(known.root.span.start()).line;
            twice.entry(&other.path).or_insert_with(|| (line(), document, 0)).2 += 1;
        }
        for (other, (line, document, count)) in twice {
            let at = document.root.span.start();
            let more = match count {
                1 => "keep one of the two".to_owned(),
                2 => "and so does 1 object more of this file".to_owned(),
                _ => format!("and so do {} objects more of this file", count - 1),
            };
            report
                .error(codes::DUPLICATE, at..at + 1, format!("{} stands here a second time", document.id))
                .help(format!("it also stands at {root}{other}:{line}; {more}"));
        }
    }
    repeats
}
