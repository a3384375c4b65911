//! What the cluster and its tools note on an object that they hold. A copy of such an object has it, and nobody applies it:
//! the server refuses it, or takes no notice.

use crate::diagnostics::source::Span;
use crate::manifest::node::{Entry, Node, Value, edit};

/// Of the metadata. Source: `apimachinery/pkg/apis/meta/v1/types.go`, what is "populated by the system". Of a `resourceVersion`,
/// which no server takes, whoever decodes tells.
const METADATA: &[&str] = &[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "selfLink",
    "uid",
];

/// Of the annotations: what controllers and `kubectl apply` remember.
const ANNOTATIONS: &[&str] = &["deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"];

/// What stands there of all that, as people write paths, with the places of the keys.
pub fn of(root: &Node) -> Vec<(String, Span)> {
    let metadata = root.get("metadata");
    let tables = [
        (metadata, METADATA, "metadata.", ""),
        (metadata.and_then(|metadata| metadata.get("annotations")), ANNOTATIONS, "metadata.annotations[", "]"),
        (Some(root), &["status"], "", ""),
    ];
    let mut found = Vec::new();
    for (node, keys, before, after) in tables {
        let entries = node.map(Node::entries).unwrap_or_default();
        let noted = entries.iter().filter(|entry| keys.contains(&entry.key.as_str()));
        found.extend(noted.map(|entry| (format!("{before}{}{after}", entry.key), entry.span)));
    }
    found
}

/// Takes out of an object what programs write that know every field and have nothing to say: `creationTimestamp: null` and
/// `status: {}`. A definition loses whatever status it has: those that others publish come with one.
pub fn drop_empty(root: &mut Node) {
    let is_definition = root.text_at(&["kind"]) == Some("CustomResourceDefinition");
    if let Value::Map(entries) = &mut root.value {
        let says = |entry: &Entry| entry.key != "status" || !(is_definition || says_nothing(&entry.node));
        edit(entries, |entries| entries.retain(says));
    }
    drop_times(root);
}

/// Templates of pods and of claims have metadata as well.
fn drop_times(node: &mut Node) {
    match &mut node.value {
        Value::Map(entries) => {
            let says_nothing = |entry: &Entry| {
                is_empty_time(entry)
                    || (entry.key == "metadata" && matches!(entry.node.entries(), [only] if is_empty_time(only)))
            };
            if entries.iter().any(says_nothing) {
                edit(entries, |entries| entries.retain(|entry| !says_nothing(entry)));
            }
            for entry in entries {
                drop_times(&mut entry.node);
            }
        }
        Value::List(items) => items.iter_mut().for_each(drop_times),
        _ => {}
    }
}

fn is_empty_time(entry: &Entry) -> bool {
    entry.key == "creationTimestamp" && matches!(entry.node.value, Value::Null)
}

fn says_nothing(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.iter().all(says_nothing),
        Value::Map(entries) => entries.iter().all(|entry| says_nothing(&entry.node)),
        _ => false,
    }
}
