//! Bundle to text: one stream in apply order, or a tree with one file a component. Both hold the same objects.

pub mod error;
pub mod field_order;
pub mod map_key;
pub mod scalar;
pub mod yaml;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnostics::report::Report;
use crate::manifest::node::Node;
use crate::manifest::read::{self, Dialect};
use crate::model::bundle::{Bundle, Home, Placed};
use crate::model::object::Object;
use crate::model::tree::{Tree, TreeFile};
use crate::stages::order::{APPLY_ORDER, LAST};

/// First line of `kustomization.yaml`, by which a later run knows the directory as its own.
pub const MARKER: &str = "# Written by platformgen; do not edit.";

/// What comes after it, and then, in the tree of an environment, which one that is.
const SOURCE: &str = " The source is platform.toml";
const OF_ENVIRONMENT: &str = ", environment ";

/// What every object is separated by.
const SEPARATOR: &str = "---\n";

/// What stands in a stream or a file as one YAML document.
pub trait Document {
    /// Appends the document with the line that separates it from others.
    fn append_to(&self, text: &mut String);
}

fn append(object: &Object, writer: &mut yaml::Writer, text: &mut String) {
    text.push_str(SEPARATOR);
    writer.write(object, text).expect("objects have string keys only and are not deep");
}

/// A document that has been written already: a fifth of the memory that its object takes.
#[derive(Clone, Debug)]
pub struct Text(Box<str>);

impl Document for Object {
    fn append_to(&self, text: &mut String) {
        append(self, &mut yaml::Writer::default(), text);
    }
}

impl Document for Text {
    fn append_to(&self, text: &mut String) {
        text.push_str(&self.0);
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Writes each object as it comes and lets go of it.
pub fn writer() -> impl FnMut(Object) -> Text {
    let (mut text, mut writer) = (String::new(), yaml::Writer::default());
    move |object| {
        text.clear();
        append(&object, &mut writer, &mut text);
        Text(text.as_str().into())
    }
}

/// All objects as one YAML stream.
pub fn stream<'a, D: Document + 'a>(objects: impl IntoIterator<Item = &'a Placed<D>>) -> String {
    let mut text = String::new();
    objects.into_iter().for_each(|placed| placed.object.append_to(&mut text));
    text
}

/// All objects as one JSON list. It is made of what the YAML says: one way from objects to text is enough.
pub fn list<'a, D: Document + 'a>(objects: impl IntoIterator<Item = &'a Placed<D>>) -> String {
    let documents = read::read(&stream(objects), Dialect::Own, &mut Report::default());
    let list =
        List { api_version: "v1", kind: "List", items: documents.into_iter().map(|document| document.root).collect() };
    let mut text = serde_json::to_string_pretty(&list).expect("objects have string keys only");
    text.push('\n');
    text
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<Node>,
}

/// All objects as files, and the `kustomization.yaml` that names them.
pub fn tree<D: Document>(bundle: &Bundle<D>) -> Tree {
    let mut texts: BTreeMap<&Home, String> = BTreeMap::new();
    for placed in &bundle.objects {
        placed.object.append_to(texts.entry(&placed.home).or_default());
    }
    let mut files: Vec<TreeFile> = texts.into_iter().map(|(home, text)| TreeFile { path: path(home), text }).collect();
    let kustomization = kustomization(bundle.environment.as_deref(), &files);
    files.push(TreeFile { path: "kustomization.yaml".to_owned(), text: kustomization });
    Tree { files }
}

/// The environment of which a tree with this `kustomization.yaml` is; `None` if it is not of one.
pub fn environment_of(kustomization: &str) -> Option<&str> {
    let first = kustomization.lines().next()?.strip_prefix(MARKER)?;
    first.strip_prefix(SOURCE)?.strip_prefix(OF_ENVIRONMENT)?.strip_suffix('.')
}

/// The file of what belongs to no namespace.
pub const CLUSTER: &str = "cluster.yaml";

/// The platform of which a tree with this file is.
pub fn platform_of(cluster: &str) -> Option<String> {
    let name = |line: &str| line.trim_start().strip_prefix("app.kubernetes.io/part-of: ").map(str::to_owned);
    cluster.lines().find_map(name)
}

/// The file of a home.
pub fn path(home: &Home) -> String {
    match home {
        Home::Definitions(name) => format!("crds/{name}.yaml"),
        Home::Cluster => CLUSTER.to_owned(),
        Home::Namespace(namespace) => format!("{namespace}/namespace.yaml"),
        Home::Component(own) => format!("{}/{}.yaml", own.namespace, own.name),
    }
}

/// kustomize sorts by kind; it is told our order, so that `kubectl apply -k` applies as the stream does.
fn kustomization(environment: Option<&str>, files: &[TreeFile]) -> String {
    let source = environment.map_or_else(String::new, |name| format!("{OF_ENVIRONMENT}{name}"));
    let mut text = format!("{MARKER}{SOURCE}{source}.\n{KUSTOMIZATION_HEAD}");
    for (list, kinds) in [("orderFirst", APPLY_ORDER), ("orderLast", LAST)] {
        text.extend(["    ", list, ":\n"]);
        for kind in kinds {
            text.extend(["    - ", kind, "\n"]);
        }
    }
    text.push_str("resources:\n");
    for file in files {
        text.extend(["- ", &file.path, "\n"]);
    }
    text
}

const KUSTOMIZATION_HEAD: &str = "\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
sortOptions:
  order: legacy
  legacySortOptions:
";
