//! Proves that manifests are what an API server takes, and that they fit together. It reads finished objects and must
//! never know how they were made.

pub mod accept;
pub mod api;
pub mod arithmetic;
pub mod decode;
pub mod definitions;
pub mod findings;
pub mod groups;
pub mod makers;
pub mod monitoring;
pub mod network;
mod nulls;
pub mod pod_security;
pub mod policy;
pub mod references;
pub mod rights;
pub mod sops;
pub mod told;
pub mod wanted;
pub mod world;
pub mod written;

use std::collections::BTreeMap;
use std::fmt;

use crate::diagnostics::codes;
use crate::diagnostics::report::{Report, Severity};
use crate::diagnostics::source::Source;
use crate::manifest::document::{Document, Id};
use crate::manifest::helm;
use crate::manifest::read::Dialect;
use crate::model::tree::{Tree, TreeFile};
use crate::schema::Schema;
use crate::shares;
use crate::spec::shapes::Minor;
use crate::tables::HashMap;
use crate::validate::findings::Findings;
use crate::validate::groups::{GROUPS, Group};
use crate::validate::wanted::Wanted;
use crate::validate::world::{Known, World};

/// What is asked about manifests.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The server's minor.
    pub minor: Minor,
    /// Who wrote them.
    pub dialect: Dialect,
    /// What is there besides; `None` if nobody knows.
    pub known: Option<&'a Known>,
    /// The codes that are asked about.
    pub wanted: Wanted,
}

/// What has been found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The files.
    pub files: Vec<Checked>,
    /// How many questions have been asked.
    pub asked: usize,
    /// How many findings have been accepted.
    pub accepted: usize,
}

/// A file with all that is wrong in it.
#[derive(Debug, Default)]
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
    /// Whether it is a description and no manifest.
    pub is_description: bool,
    /// Where in a description its objects come from.
    pub origin: Option<Origin>,
    /// Where somebody wrote one of them, by what it is called, such as `Role production/support`.
    pub written: BTreeMap<String, Origin>,
    /// The same of what stands at a place, as far as that is known.
    pub places: BTreeMap<usize, Origin>,
}

impl Checked {
    /// Where what stands at a place comes from, or else the object of which it is a part.
    pub fn origin_of(&self, object: &str, at: usize) -> Option<&Origin> {
        self.places.get(&at).or_else(|| self.written.get(object)).or(self.origin.as_ref())
    }
}

/// A place in a description, or in a file that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its file.
    pub file: String,
    /// The line, from one.
    pub line: usize,
    /// What stands there, such as `components.api`; empty in a file of objects.
    pub path: String,
}

/// `platform.toml:84, components.api`, or `manifests/role.yaml:3`
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, ", {}", self.path) }
    }
}

/// What has been found, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The server's minor.
    pub minor: Minor,
    /// How many objects there are.
    pub objects: usize,
    /// How many questions have been asked.
    pub asked: usize,
    /// How many errors there are.
    pub errors: usize,
    /// How many warnings.
    pub warnings: usize,
    /// How many notes.
    pub notes: usize,
    /// How many findings have been accepted.
    pub accepted: usize,
    /// How many objects are of kinds that are not known here.
    pub strangers: usize,
}

impl Verdict {
    /// Takes over what has been found in other files, as if they stood in a directory.
    pub fn take(&mut self, other: Self, directory: Option<&str>) {
        let within = |path: String| directory.map_or(path.clone(), |directory| format!("{directory}/{path}"));
        self.files.extend(other.files.into_iter().map(|file| Checked { path: within(file.path.clone()), ..file }));
        self.asked += other.asked;
        self.accepted += other.accepted;
    }

    /// The numbers.
    pub fn summary(&self, minor: Minor) -> Summary {
        let of = |severity: Severity| self.files.iter().map(|file| file.report.count_of(severity)).sum();
        Summary {
            minor,
            objects: self.files.iter().map(|file| file.documents.len()).sum(),
            asked: self.asked,
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            notes: of(Severity::Note),
            accepted: self.accepted,
            strangers: self.files.iter().map(|file| file.strangers).sum(),
        }
    }
}

/// Checks every file of `tree`.
pub fn validate(tree: Tree, question: &Question<'_>) -> Verdict {
    let schema = Schema::of(question.minor);
    let checked = shares::each(tree.files, FEW, |file| alone(file, schema, question));
    let mut asked: usize = checked.iter().map(|(_, asked)| asked).sum();
    let mut files: Vec<Checked> = checked.into_iter().map(|(file, _)| file).collect();
    once(&mut files);
    together(&mut files, question, &mut asked);
    for file in &mut files {
        file.report.retain(|found| question.wanted.has(found.code));
    }
    Verdict { files, asked, accepted: 0 }
}

/// Files that are worth a thread.
const FEW: usize = 2;

/// Reads and decodes a file, and counts the questions.
fn alone(file: TreeFile, schema: &Schema, question: &Question<'_>) -> (Checked, usize) {
    let (mut report, mut asked) = (Report::default(), 0);
    // a file of kustomize need not say what it is
    let is_manifest = !KUSTOMIZATIONS.iter().any(|name| file.path.rsplit('/').next() == Some(name));
    let text = if is_manifest { file.text.as_str() } else { "" };
    let mut documents = helm::documents(text, question.dialect, &mut report);
    documents.retain(|document| !is_of_tools(document));
    let mut decoded = |document: &Document| {
        let questions = decode::decode(document, schema, question.minor, &mut report);
        asked += questions.unwrap_or_default();
        questions.is_some()
    };
    let strangers = documents.iter().filter(|document| !decoded(document)).count();
    for document in &mut documents {
        settle(document, schema);
    }
    // of another type, a value is none that could be judged
    report.once(codes::WRONG_TYPE, codes::INVALID_FIELD);
    (Checked { path: file.path, text: file.text, documents, report, strangers, ..Checked::default() }, asked)
}

/// Takes what is `null` in an object for what a server takes it for, so that no check stumbles over it.
fn settle(document: &mut Document, schema: &Schema) {
    let version = document.root.text_at(&["apiVersion"]).unwrap_or_default();
    let known = schema.kind(version, &document.id.kind);
    if let Some(root) = known.and_then(|known| nulls::settled(&document.root, known.name, schema)) {
        document.root = root;
    }
}

/// The checks of several objects at once, several at a time: none knows of the others.
fn together(files: &mut [Checked], question: &Question<'_>, asked: &mut usize) {
    let is_read = |file: &Checked| !file.report.sorted().iter().any(|found| found.code == codes::MANIFEST);
    let are_read = files.iter().all(is_read);
    // who cannot read a file does not know what is missing; what is there can be judged all the same
    let is_sound = |group: Group| are_read || matches!(group, Group::Decode | Group::Api);
    let found: Vec<Findings> = {
        let documents = files.iter().enumerate().map(|(at, file)| (at, file.documents.as_slice()));
        let texts = files.iter().map(|file| file.text.as_str()).collect();
        let world = World::of(documents, question.known, question.minor).with_texts(texts);
        let is_wanted = |group: Group, codes: &[&str]| is_sound(group) && question.wanted.has_any(codes);
        let wanted = GROUPS.iter().filter(|(group, _, codes, _)| is_wanted(*group, codes));
        let mut wanted: Vec<_> = wanted.collect();
        wanted.sort_by_key(|(group, ..)| LONGEST.iter().position(|long| long == group).unwrap_or(LONGEST.len()));
        let wanted = wanted.into_iter().flat_map(|(.., checks)| *checks);
        let work = |check: groups::Check| {
            let mut findings = Findings::of(&question.wanted);
            check(&world, &mut findings);
            findings
        };
        shares::each(wanted, 1, |check| work(*check))
    };
    for findings in found {
        *asked += findings.asked;
        for (file, report) in findings.found {
            files[file].report.take(report);
        }
    }
}

/// What takes longest goes first, so that nobody waits for it in the end.
const LONGEST: &[Group] = &[Group::References, Group::Policy, Group::Network];

/// How kustomize calls its files. Source: `konfig.RecognizedKustomizationFileNames` of kustomize.
const KUSTOMIZATIONS: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a document is for a tool and never comes to a server.
pub fn is_of_tools(document: &Document) -> bool {
    ["kustomize.config.k8s.io", "config.kubernetes.io"].contains(&document.id.group.as_str())
}

/// No object stands twice.
fn once(files: &mut [Checked]) {
    let mut first: HashMap<&Id, (usize, usize)> = HashMap::default();
    let mut found: Vec<(usize, Report)> = Vec::new();
    for (number, file) in files.iter().enumerate() {
        for document in file.documents.iter().filter(|document| !document.id.name.is_empty()) {
            let at = document.root.span.start();
            let (own, start) = *first.entry(&document.id).or_insert((number, at));
            if (own, start) != (number, at) {
                let source = Source { name: &files[own].path, text: &files[own].text };
                let other = format!("{}:{}", source.name, source.place(start).line);
                let mut report = Report::default();
                report
                    .error(codes::DUPLICATE, at..at + 1, format!("{} stands here a second time", document.id))
                    .help(format!("it also stands at {other}; the server would keep what comes last"));
                found.push((number, report));
            }
        }
    }
    for (file, report) in found {
        files[file].report.take(report);
    }
}
