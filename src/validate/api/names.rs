//! What an object may be called, by its kind.
//!
//! Source: the `NameIsDNSLabel`, `NameIsDNSSubdomain`, `NameIsDNS1035Label` and path segment functions that the strategies of
//! each kind in `pkg/apis/*/validation` of Kubernetes use.

use crate::manifest::document::Document;
use crate::schema::Kind;
use crate::validate::api::Judge;
use crate::validate::api::forms::{is_label, is_subdomain};

/// Whether a name has a form, and what the form is.
type Form = (fn(&str) -> bool, &'static str);

const SUBDOMAIN: Form = (is_subdomain, "lower-case letters, digits, `-` and `.`, at most 253");

/// Kinds whose names have another form than most.
const FORMS: &[(&str, &str, Form)] = &[
    ("", "Namespace", (is_label, "lower-case letters, digits and `-`, at most 63")),
    ("", "Service", (is_service, "lower-case letters, digits and `-`, at most 63, and begins with a letter")),
    ("batch", "CronJob", (is_cron_job, "lower-case letters, digits, `-` and `.`, at most 52")),
    (RBAC, "ClusterRole", PATH),
    (RBAC, "ClusterRoleBinding", PATH),
    (RBAC, "Role", PATH),
    (RBAC, "RoleBinding", PATH),
];

const RBAC: &str = "rbac.authorization.k8s.io";
const PATH: Form = (is_path_segment, "anything without `/` and `%`");

fn is_service(name: &str) -> bool {
    is_label(name) && name.starts_with(|letter: char| letter.is_ascii_lowercase())
}

fn is_cron_job(name: &str) -> bool {
    is_subdomain(name) && name.len() <= 52
}

fn is_path_segment(name: &str) -> bool {
    name != "." && name != ".." && !name.contains(['/', '%'])
}

/// Judges what an object calls itself and where it says it lives.
pub fn identity(judge: &mut Judge<'_>, document: &Document, kind: Kind) {
    let Some(metadata) = document.root.get("metadata") else { return };
    let path = judge.path.key("metadata");
    let judge = &mut Judge { object: judge.object, path: &path, report: judge.report };
    let id = &document.id;
    let own = FORMS.iter().find(|(group, known, _)| id.group == *group && id.kind == *known);
    let (is_form, form) = own.map_or(SUBDOMAIN, |(.., form)| *form);
    match metadata.text_at(&["name"]).filter(|name| !name.is_empty()) {
        Some(name) if !is_form(name) => {
            judge.refuse(metadata, "name", &format!("is `{name}`; the name of a {} is {form}", id.kind));
        }
        None if metadata.text_at(&["generateName"]).is_none_or(str::is_empty) => {
            judge.refuse(metadata, "name", "is missing");
        }
        _ => {}
    }
    if let Some(namespace) = metadata.text_at(&["namespace"]).filter(|namespace| !namespace.is_empty()) {
        if !kind.is_namespaced {
            judge.refuse(metadata, "namespace", &format!("must not be there: a {} lives in no namespace", id.kind));
        } else if !is_label(namespace) {
            judge.refuse(metadata, "namespace", &format!("is `{namespace}`, which no namespace is called"));
        }
    }
}
