//! What an object may be called, by its kind.
//!
//! Source: the `NameIsDNSLabel`, `NameIsDNSSubdomain`, `NameIsDNS1035Label` and path segment functions that the strategies of
//! each kind in `pkg/apis/*/validation` of Kubernetes use.

use crate::diagnostics::codes;
use crate::diff::path::Step;
use crate::manifest::document::Id;
use crate::manifest::node::Node;
use crate::schema::Kind;
use crate::spec::shapes::Minor;
use crate::validate::api::Judge;
use crate::validate::api::addresses::strict_address_fault;
use crate::validate::api::forms::{
    Form, LABEL, LETTER_LABEL, SEGMENT, SUBDOMAIN, is_file_name, is_label, is_subdomain,
};
use crate::validate::api::others::finalizer_fault;

/// Kinds whose names have another form than most.
const FORMS: &[(&str, &str, Form)] = &[
    ("", "Event", SEGMENT),
    ("", "Namespace", LABEL),
    ("apiregistration.k8s.io", "APIService", SEGMENT),
    ("apps", "StatefulSet", LABEL),
    ("batch", "CronJob", (is_cron_job, "lower-case letters, digits, `-` and `.`, at most 52")),
    ("certificates.k8s.io", "CertificateSigningRequest", SEGMENT),
    ("certificates.k8s.io", "ClusterTrustBundle", SEGMENT),
    ("coordination.k8s.io", "LeaseCandidate", (is_file_name, "letters, digits, `-`, `_` and `.`, at most 253")),
    ("networking.k8s.io", "IPAddress", (is_address, "an IP address as it is written")),
    ("policy", "PodDisruptionBudget", SEGMENT),
    (RBAC, "ClusterRole", SEGMENT),
    (RBAC, "ClusterRoleBinding", SEGMENT),
    (RBAC, "Role", SEGMENT),
    (RBAC, "RoleBinding", SEGMENT),
];

const RBAC: &str = "rbac.authorization.k8s.io";
/// Groups of questions, which have no names.
const NAMELESS: &[&str] = &["authentication.k8s.io", "authorization.k8s.io"];
/// A group whose names may not end so: whoever starts the server keeps such names for files beside it.
const KEPT: (&str, &str) = ("admissionregistration.k8s.io", ".static.k8s.io");
/// A kind whose objects the server names if nobody does.
const NAMED: (&str, &str) = ("", "LimitRange");
/// Kinds whose finalizers need no domain.
const FREE: &[(&str, &str)] = &[
    ("", "Event"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("events.k8s.io", "Event"),
    ("policy", "PodDisruptionBudget"),
];

fn is_cron_job(name: &str) -> bool {
    is_subdomain(name) && name.len() <= 52
}

fn is_address(name: &str) -> bool {
    strict_address_fault(name).is_none()
}

fn form(group: &str, kind: &str, minor: Minor) -> Form {
    match (group, kind) {
        // since 1.36 a Service may begin with a digit
        ("", "Service") => {
            if minor < Minor::V1_36 {
                LETTER_LABEL
            } else {
                LABEL
            }
        }
        _ => FORMS
            .iter()
            .find(|(known_group, known, _)| *known_group == group && *known == kind)
            .map_or(SUBDOMAIN, |(.., form)| *form),
    }
}

/// Judges what an object calls itself and where it says it lives.
pub fn identity(judge: &mut Judge<'_>, id: &Id, root: &Node, kind: Kind) {
    let metadata = root.get("metadata").filter(|_| !NAMELESS.contains(&id.group.as_str()));
    let Some(metadata) = metadata else { return };
    judge.step(Step::Key("metadata".into()), |judge| {
        name(judge, metadata, form(&id.group, &id.kind, judge.minor), (&id.group, &id.kind));
        place(judge, metadata, kind, &id.kind);
        version(judge, metadata);
        let is_free = FREE.contains(&(id.group.as_str(), id.kind.as_str()));
        owners(judge, metadata, is_free);
    });
}

fn name(judge: &mut Judge<'_>, metadata: &Node, (is_form, form): Form, own: (&str, &str)) {
    let (_, kind) = own;
    let prefix = metadata.text_at(&["generateName"]).filter(|prefix| !prefix.is_empty());
    let own_name = metadata.text_at(&["name"]).filter(|name| !name.is_empty());
    let is_named = own_name.is_some();
    match own_name {
        Some(name) if !is_form(name) => {
            judge.refuse(metadata, "name", &format!("is `{name}`; the name of {} {kind} is {form}", article(kind)));
        }
        Some(name) if judge.minor >= Minor::V1_37 && own.0 == KEPT.0 && name.ends_with(KEPT.1) => {
            judge.refuse(
                metadata,
                "name",
                &format!("is `{name}`; names that end with `{}` are for files of the server", KEPT.1),
            );
        }
        None if prefix.is_none() && own != NAMED => {
            judge.refuse(metadata, "name", "is missing");
        }
        _ => {}
    }
    if let Some(prefix) = prefix.filter(|prefix| !is_named && !is_form(&format!("{prefix}a"))) {
        judge.refuse(
            metadata,
            "generateName",
            &format!("is `{prefix}`; the name of {} {kind} is {form}", article(kind)),
        );
        return;
    }
    // letters and digits follow; the server puts one in the place of the last dash and of the letter before it
    let whole = prefix.map(|prefix| match prefix.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => rest.chars().take(rest.chars().count() - 1).chain(['a']).collect(),
        _ => prefix.to_owned(),
    });
    if let (Some(prefix), Some(_)) = (prefix, whole.filter(|whole: &String| !is_form(whole))) {
        judge.refuse(
            metadata,
            "generateName",
            &format!("is `{prefix}`; the name of {} {kind} is {form}", article(kind)),
        );
    }
}

/// What stands before the name of a kind: `an IPAddress`, `a Role`.
fn article(kind: &str) -> &'static str {
    if kind.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" }
}

/// Only the server counts the versions of an object.
/// Source: `Create` in `apiserver/pkg/storage/etcd3/store.go`.
fn version(judge: &mut Judge<'_>, metadata: &Node) {
    let own = metadata.text_at(&["resourceVersion"]).and_then(|version| version.parse::<u64>().ok());
    if own.is_some_and(|version| version > 0) {
        judge.refuse(
            metadata,
            "resourceVersion",
            "must not be there: it is the server's, which creates nothing that has one",
        );
    }
}

fn place(judge: &mut Judge<'_>, metadata: &Node, kind: Kind, name: &str) {
    let Some(namespace) = metadata.text_at(&["namespace"]).filter(|namespace| !namespace.is_empty()) else { return };
    if !kind.is_namespaced {
        let span = metadata.get("namespace").map_or(metadata.span, |node| node.span);
        let message = format!("`.metadata.namespace` says nothing: {} {name} lives in no namespace", article(name));
        judge.report.warning(codes::INVALID_FIELD, span, judge.object.to_string(), message);
    } else if !is_label(namespace) {
        judge.refuse(metadata, "namespace", &format!("is `{namespace}`, which no namespace is called"));
    }
}

/// Who may hold an object back, and whose it is.
fn owners(judge: &mut Judge<'_>, metadata: &Node, is_free: bool) {
    judge.faults(metadata, "finalizers", |text| {
        let why =
            if is_free { (!super::forms::is_qualified(text)).then_some("is no name") } else { finalizer_fault(text) };
        why.map(str::to_owned)
    });
    let finalizers = metadata.items_at(&["finalizers"]);
    let has = |wanted| finalizers.iter().any(|item| item.text() == Some(wanted));
    if has("orphan") && has("foregroundDeletion") {
        judge.refuse(metadata, "finalizers", "must not hold both `orphan` and `foregroundDeletion`");
    }
    let owners = metadata.items_at(&["ownerReferences"]);
    let is_leader = |owner: &&Node| owner.get("controller").and_then(Node::bool) == Some(true);
    if owners.iter().filter(is_leader).count() > 1 {
        judge.refuse(metadata, "ownerReferences", "must not name two with `controller: true`");
    }
    judge.each(metadata, "ownerReferences", |judge, owner| {
        let is_event = owner.text_at(&["kind"]) == Some("Event")
            && ["v1", "events.k8s.io/v1"].contains(&owner.text_at(&["apiVersion"]).unwrap_or_default());
        if is_event {
            judge.refuse(owner, "kind", "is `Event`, which owns nothing");
        }
    });
}
