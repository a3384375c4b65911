//! Metadata of objects.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::values::name::Name;

/// Labels or annotations.
pub type Labels = BTreeMap<String, String>;

/// Metadata of an object in a namespace.
pub fn namespaced(name: impl Into<String>, namespace: &Name, labels: Labels) -> ObjectMeta {
    ObjectMeta { namespace: Some(namespace.to_string()), ..cluster_scoped(name, labels) }
}

/// Metadata of an object of the whole cluster.
pub fn cluster_scoped(name: impl Into<String>, labels: Labels) -> ObjectMeta {
    ObjectMeta { name: Some(name.into()), labels: Some(labels), ..Default::default() }
}

/// The same metadata with these annotations.
pub fn annotated(metadata: ObjectMeta, annotations: &[(&str, &str)]) -> ObjectMeta {
    let annotations: Labels = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    ObjectMeta { annotations: (!annotations.is_empty()).then_some(annotations), ..metadata }
}
