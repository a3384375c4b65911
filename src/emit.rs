//! Bundle to text: one stream in apply order, or a tree with one file a component. Both hold the same objects.

pub mod error;
pub mod field_order;
pub mod map_key;
pub mod scalar;
pub mod yaml;

use std::collections::BTreeMap;

use serde_json::json;

use crate::model::bundle::{Bundle, Home, Placed};
use crate::model::tree::{Tree, TreeFile};
use crate::stages::order::APPLY_ORDER;

/// First line of `kustomization.yaml`, by which a later run knows the directory as its own.
pub const MARKER: &str = "# Written by platformgen; do not edit.";

/// What every object is separated by.
const SEPARATOR: &str = "---\n";

/// All objects as one YAML stream.
pub fn stream<'a>(objects: impl IntoIterator<Item = &'a Placed>) -> String {
    let mut text = String::new();
    for placed in objects {
        document(&mut text, placed);
    }
    text
}

/// All objects as one JSON list.
pub fn list<'a>(objects: impl IntoIterator<Item = &'a Placed>) -> String {
    let items: Vec<_> = objects.into_iter().map(|placed| &placed.object).collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    let mut text = serde_json::to_string_pretty(&list).expect("objects have string keys only");
    text.push('\n');
    text
}

/// All objects as files, and the `kustomization.yaml` that names them.
pub fn tree(bundle: &Bundle) -> Tree {
    let mut texts: BTreeMap<&Home, String> = BTreeMap::new();
    for placed in &bundle.objects {
        document(texts.entry(&placed.home).or_default(), placed);
    }
    let mut files: Vec<TreeFile> = texts.into_iter().map(|(home, text)| TreeFile { path: path(home), text }).collect();
    let kustomization = kustomization(&files);
    files.push(TreeFile { path: "kustomization.yaml".to_owned(), text: kustomization });
    Tree { files }
}

/// The file of a home.
pub fn path(home: &Home) -> String {
    match home {
        Home::Cluster => "cluster.yaml".to_owned(),
        Home::Namespace(namespace) => format!("{namespace}/namespace.yaml"),
        Home::Component(own) => format!("{}/{}.yaml", own.namespace, own.name),
    }
}

fn document(text: &mut String, placed: &Placed) {
    text.push_str(SEPARATOR);
    yaml::write(&placed.object, text).expect("objects have string keys only and are not deep");
}

/// kustomize sorts by kind; it is told our order, so that `kubectl apply -k` applies as the stream does.
fn kustomization(files: &[TreeFile]) -> String {
    let mut text = format!("{MARKER} The source is platform.toml.\n{KUSTOMIZATION_HEAD}");
    for kind in APPLY_ORDER {
        text.extend(["    - ", kind, "\n"]);
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
    orderFirst:
";
