//! Who may do what with the Kubernetes API, once roles and bindings are taken together. It reads finished manifests and
//! must never know what was meant.

pub mod folded;
pub mod holders;
pub mod roles;
pub mod wider;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::ordered::Ordered;
use crate::rights::roles::{Grant, Roles};
use crate::tables::HashMap;

/// Somebody may do something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Right {
    /// Who: a service account as `monitoring/prometheus`, or `user jane`, `group devs`.
    pub subject: Arc<str>,
    /// The namespace that it is limited to; `None` is the whole cluster.
    pub namespace: Option<Arc<str>>,
    /// What it is about, as kubectl writes it: `pods`, `deployments.apps/scale`, `leases.coordination.k8s.io[lock]`,
    /// `/metrics`.
    pub resource: Arc<str>,
    /// What may be done: `get`, `*`.
    pub verb: Arc<str>,
}

/// Every right that the bindings among `documents` give. Roles that are neither there nor every cluster's give none.
pub fn rights<'a>(documents: impl IntoIterator<Item = &'a Document>) -> BTreeSet<Right> {
    let documents: Vec<&Document> = documents.into_iter().ordered();
    let roles = Roles::of(&documents);
    let of_group = documents.iter().filter(|document| document.id.group == roles::GROUP);
    let mut rights = BTreeSet::new();
    // a role may grow by many others, and be named by many bindings
    let mut known = HashMap::default();
    for binding in of_group.filter(|document| BINDINGS.contains(&document.id.kind.as_str())) {
        let own = home(binding);
        let place = (binding.id.kind == "RoleBinding").then_some(own);
        let namespace: Option<Arc<str>> = place.map(Into::into);
        let [kind, name] = ["kind", "name"].map(|key| binding.root.text_at(&["roleRef", key]));
        let whose = place.filter(|_| kind == Some("Role"));
        let grants =
            known.entry((kind, name, whose, place.is_some())).or_insert_with(|| roles.granted(&binding.root, place));
        for subject in binding.root.items_at(&["subjects"]).iter().filter_map(|item| subject(item, own)) {
            let right = |Grant { verb, resource }: &Grant| Right {
                subject: subject.clone(),
                namespace: namespace.clone(),
                resource: resource.clone(),
                verb: verb.clone(),
            };
            rights.extend(grants.iter().map(right));
        }
    }
    rights
}

/// The namespace that an object lands in.
fn home(document: &Document) -> &str {
    if document.id.namespace.is_empty() { "default" } else { &document.id.namespace }
}

/// Kinds that give somebody the rights of a role.
pub const BINDINGS: &[&str] = &["RoleBinding", "ClusterRoleBinding"];

/// The name under which the API server knows service accounts; a binding may use it for the user that it is.
const ACCOUNT: &str = "system:serviceaccount:";

/// Whom a subject of a binding means, where `own` is the namespace of the binding.
pub fn subject(item: &Node, own: &str) -> Option<Arc<str>> {
    let name = item.text_at(&["name"])?;
    let text = match item.text_at(&["kind"])? {
        "ServiceAccount" => format!("{}/{name}", item.text_at(&["namespace"]).unwrap_or(own)),
        "User" => match name.strip_prefix(ACCOUNT).and_then(|account| account.split_once(':')) {
            Some((namespace, name)) => format!("{namespace}/{name}"),
            None => format!("user {name}"),
        },
        "Group" => format!("group {name}"),
        _ => return None,
    };
    Some(text.into())
}

/// `monitoring/prometheus may list pods in production`
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, namespace, resource, verb } = self;
        write!(f, "{subject} may {verb} {resource} ")?;
        match namespace {
            Some(namespace) => write!(f, "in {namespace}"),
            None => f.write_str("everywhere"),
        }
    }
}
