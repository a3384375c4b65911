//! An object that somebody wrote, in a manifest or by a template of their own: whatever its kind, as it stands there.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Serialize, Serializer};

use crate::manifest::document::Document;
use crate::manifest::node::Node;

/// The object, and what others ask of it.
#[derive(Clone, Debug)]
pub struct Given {
    /// Kind.
    pub kind: String,
    /// Group and version.
    pub api_version: String,
    /// Name, namespace and labels.
    pub metadata: ObjectMeta,
    /// All that it says, in the order in which it says it.
    pub root: Node,
}

impl Given {
    /// The object of a document that has been decoded: it has a kind, a version and a name.
    pub fn of(document: Document) -> Self {
        let root = document.root;
        let text = |keys: &[&str]| root.text_at(keys).map(str::to_owned);
        let labels = root.at(&["metadata", "labels"]).map(Node::entries).unwrap_or_default();
        let labels: BTreeMap<String, String> =
            labels.iter().filter_map(|entry| Some((entry.key.to_string(), entry.node.text()?.to_owned()))).collect();
        let metadata = ObjectMeta {
            name: text(&["metadata", "name"]),
            namespace: text(&["metadata", "namespace"]),
            labels: (!labels.is_empty()).then_some(labels),
            ..Default::default()
        };
        Self { kind: document.id.kind.into(), api_version: text(&["apiVersion"]).unwrap_or_default(), metadata, root }
    }
}

impl Serialize for Given {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.root.serialize(serializer)
    }
}
