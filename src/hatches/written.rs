//! An object that somebody wrote in a file beside the description.

use std::sync::Arc;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::{Source, Span};
use crate::manifest::document::Document;
use crate::manifest::helm;
use crate::manifest::marks;
use crate::manifest::node::{Node, Value};
use crate::manifest::read::Dialect;
use crate::model::bundle::{Home, Placed};
use crate::model::given::Given;
use crate::model::object::Object;
use crate::validate::is_of_tools;
use crate::values::shelf::Shelf;

/// The object, where it stands and where it goes.
#[derive(Debug)]
pub struct Written {
    /// The file, as the user knows it.
    pub name: String,
    /// The text of the file.
    pub text: Arc<str>,
    /// The line in which the object begins.
    pub line: usize,
    /// The object.
    pub document: Document,
    /// The file that will hold it; `None` if its namespace says.
    pub home: Option<Home>,
}

impl Written {
    /// As an object among others, or what `finish` makes of it.
    pub fn placed<T>(self, finish: impl FnOnce(Object) -> T) -> Placed<T> {
        let written = Some(Box::new((self.name.clone(), self.line)));
        let object = Object::from(Given::of(self.document));
        Placed { home: self.home.unwrap_or(Home::Cluster), id: object.id(), written, object: finish(object) }
    }

    /// The report about its file.
    pub fn report<'r>(&self, report: &'r mut Report) -> &'r mut Report {
        report.beside(self.name.clone(), &self.text)
    }
}

/// The objects of a text; what cannot be read goes to the report about its file.
pub fn objects(
    path: &str,
    text: &Arc<str>,
    home: Option<&Home>,
    shelf: &dyn Shelf,
    report: &mut Report,
) -> Vec<Written> {
    let name = shelf.shown(path);
    let own = report.beside(name.clone(), text);
    let documents = helm::documents(text, Dialect::Any, own);
    let is_object = |document: &Document| {
        if is_of_tools(document) {
            own.error(
                codes::MANIFEST,
                begin(&document.root),
                format!("a {} is for kustomize and no object", document.id),
            )
            .help("name the files that it lists instead");
            return false;
        }
        bounded(&document.root, own)
    };
    let documents: Vec<Document> = documents.into_iter().filter(is_object).collect();
    let source = Source { name: &name, text };
    let mut known = (0, 1);
    let mut written = Vec::with_capacity(documents.len());
    for mut document in documents {
        marks::drop_empty(&mut document.root);
        let place = source.place_from(document.root.span.start(), known);
        known = (place.start, place.line);
        let home = home.cloned();
        written.push(Written { name: name.clone(), text: Arc::clone(text), line: place.line, document, home });
    }
    written
}

/// The first letter of a value.
pub fn begin(node: &Node) -> Span {
    node.span.first()
}

/// How many values may hold each other: far above any schema, and within what can be written.
const DEEPEST: usize = 60;

/// Whether the value can be written as it was read: numbers that a server keeps, not too deep.
fn bounded(root: &Node, report: &mut Report) -> bool {
    let mut open = vec![(root, 0)];
    while let Some((node, depth)) = open.pop() {
        let why = match &node.value {
            _ if depth > DEEPEST => Some(format!("more than {DEEPEST} values hold each other here")),
            Value::Number(_) => Some("the server would not keep this number as it is".to_owned()),
            Value::Integer(number) if i64::try_from(number.get()).is_err() => {
                Some("the number has more than 64 bits".to_owned())
            }
            Value::Float(number) if !number.is_finite() => Some("JSON has no such number".to_owned()),
            _ => None,
        };
        if let Some(why) = why {
            report.error(codes::MANIFEST, begin(node), why);
            return false;
        }
        open.extend(node.items().iter().map(|item| (item, depth + 1)));
        open.extend(node.entries().iter().map(|entry| (&entry.node, depth + 1)));
    }
    true
}
