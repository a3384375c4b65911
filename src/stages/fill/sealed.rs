//! A file of the Sealed Secrets: a `SealedSecret`, as `platformgen seal` or `kubeseal` writes it.
//!
//! What is said about it never repeats a value: one that is not sealed may stand there by mistake.

use std::collections::BTreeSet;

use crate::derive::secrets::sealed::SEALED_FOR;
use crate::derive::secrets::{Demand, OPAQUE};
use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::manifest::node::{Entry, Node};
use crate::model::encrypted::{Encrypted, Marks, SealedValues};
use crate::ordered::Ordered;
use crate::sealing::certificate::Certificate;
use crate::sealing::cipher::{LARGEST, Sealed};
use crate::spec::secrets::Scope;
use crate::stages::fill::{Keys, key_span, only_object, unknown_key};

/// A `SealedSecret` with the places of what it says.
pub struct Found {
    root: Node,
    /// Where it can be opened, and where it says that.
    scope: (Scope, Span),
    certificates: Vec<String>,
    certificates_at: Span,
    values: Vec<(String, Span, Sealed)>,
}

impl Found {
    /// The values, without their places.
    pub fn values(&self) -> SealedValues {
        let entries = self.root.at(DATA).map(Node::entries).unwrap_or_default();
        let text = |entry: &Entry| Some((entry.key.to_string(), entry.node.text()?.trim_end().to_owned()));
        SealedValues {
            scope: self.scope.0,
            certificates: self.certificates.iter().cloned().ordered(),
            values: entries.iter().filter_map(text).ordered(),
            own: marks(&self.root, &["metadata"]),
            template: marks(&self.root, &["spec", "template", "metadata"]),
        }
    }
}

fn marks(root: &Node, metadata: &[&str]) -> Marks {
    let map = |key: &str| {
        let entries = root.at(metadata).and_then(|metadata| metadata.get(key)).map(Node::entries).unwrap_or_default();
        entries.iter().filter_map(|entry| Some((entry.key.to_string(), entry.node.text()?.to_owned()))).collect()
    };
    Marks { labels: map("labels"), annotations: map("annotations") }
}

const DATA: &[&str] = &["spec", "encryptedData"];
const API_VERSION: &str = "bitnami.com/v1alpha1";

/// What may stand where: the path of a map and its keys.
/// Source: bitnami-labs/sealed-secrets, `pkg/apis/sealedsecrets/v1alpha1/types.go`.
const KEYS: &[(&[&str], &[&str])] = &[
    (&[], &["apiVersion", "kind", "metadata", "spec"]),
    (&["metadata"], &["annotations", "creationTimestamp", "labels", "name", "namespace"]),
    (&["spec"], &["encryptedData", "template"]),
    (&["spec", "template"], &["metadata", "type"]),
    (&["spec", "template", "metadata"], &["annotations", "creationTimestamp", "labels", "name", "namespace"]),
];

/// A field: the path of its map and its key.
type Place = (&'static [&'static str], &'static str);

/// What a controller knows and we do not, and what to do instead.
const UNSUPPORTED: &[(Place, &str)] = &[
    ((&["spec"], "data"), "this is how version 1 sealed all values at once: seal each again"),
    ((&["spec", "template"], "data"), "what a template makes cannot be checked: seal the value itself"),
    ((&["spec", "template"], "immutable"), "a Secret that cannot change cannot be sealed again: leave it out"),
];

/// Reads the one object of a file; `None` if there is nothing to speak of.
pub fn read(text: &str, report: &mut Report) -> Option<Found> {
    let root = only_object(text, "SealedSecret", report)?.root;
    let is_sealed = root.text_at(&["kind"]) == Some("SealedSecret");
    if root.text_at(&["kind"]) == Some("Secret") {
        report
            .error(codes::UNFIT_SECRET, key_span(&root, &[], "kind"), "this is a Secret that everybody can read")
            .help("its values are secret no more: change them where they are used, and then `platformgen seal` the new ones");
        return None;
    }
    if !is_sealed || root.text_at(&["apiVersion"]) != Some(API_VERSION) {
        let key = if is_sealed { "apiVersion" } else { "kind" };
        let message = format!("expected a SealedSecret of {API_VERSION}");
        report
            .error(codes::UNFIT_SECRET, key_span(&root, &[], key), message)
            .help("`platformgen seal` writes these files, and so does `kubeseal --format yaml`");
        return None;
    }
    only_known_keys(&root, report);
    let annotations = root.at(&["metadata", "annotations"]).map(Node::entries).unwrap_or_default();
    let sealed_for = annotations.iter().find(|entry| entry.key == SEALED_FOR);
    let certificates = sealed_for.and_then(|entry| entry.node.text()).unwrap_or_default().split(',');
    let metadata = key_span(&root, &[], "metadata");
    Some(Found {
        scope: scope(&root, report),
        certificates: certificates.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).ordered(),
        certificates_at: sealed_for.map_or(metadata, |entry| entry.span),
        values: values(&root, report),
        root,
    })
}

fn only_known_keys(root: &Node, report: &mut Report) {
    for (path, keys) in KEYS {
        for entry in root.at(path).map(Node::entries).unwrap_or_default() {
            if let Some((_, why)) = UNSUPPORTED.iter().find(|(field, _)| *field == (*path, entry.key.as_str())) {
                let message = format!("`{}` is not carried over by this version", entry.key);
                report.error(codes::UNSUPPORTED, entry.span, message).help(*why);
            } else if !keys.contains(&entry.key.as_str()) {
                unknown_key(entry, format!("`{}` is nothing that is read here", entry.key), keys, report);
            }
        }
    }
}

/// The scope by which the controller opens the values, which stands in the annotations of the object.
/// Source: bitnami-labs/sealed-secrets, `Unseal`.
fn scope(root: &Node, report: &mut Report) -> (Scope, Span) {
    let said = |path: &[&str]| {
        let entries = root.at(path).map(Node::entries).unwrap_or_default();
        let named = |(key, scope): &(&str, Scope)| {
            let entry = entries.iter().find(|entry| entry.key == *key)?;
            (entry.node.spelled().as_deref() == Some("true")).then_some((*scope, entry.span))
        };
        Scope::ANNOTATIONS.iter().find_map(named)
    };
    let own = said(&["metadata", "annotations"]);
    let template = said(&["spec", "template", "metadata", "annotations"]);
    let of = |said: Option<(Scope, Span)>| said.map_or(Scope::Strict, |(scope, _)| scope);
    let name = root.at(&["metadata", "name"]).map(|name| name.span).unwrap_or_default();
    if template.is_some() && of(own) != of(template) {
        let message = format!("the SealedSecret is `{}` and its template `{}`", of(own).word(), of(template).word());
        report
            .error(codes::UNFIT_SECRET, template.map_or(name, |(_, span)| span), message)
            .help("the controller opens values by what the SealedSecret says: say the same in both, or seal again");
    }
    own.unwrap_or((Scope::Strict, name))
}

fn values(root: &Node, report: &mut Report) -> Vec<(String, Span, Sealed)> {
    let Some(data) = root.at(DATA) else {
        let span = key_span(root, &[], "spec");
        report.error(codes::UNFIT_SECRET, span, "there is no `encryptedData`, so there is no value");
        return Vec::new();
    };
    let mut values = Vec::new();
    for entry in data.entries() {
        match entry.node.text().ok_or_else(|| "is no text".to_owned()).and_then(Sealed::read) {
            Ok(value) => values.push((entry.key.to_string(), entry.span, value)),
            Err(fault) => {
                report
                    .error(codes::UNFIT_SECRET, entry.span, format!("the value of `{}` is not sealed: it {fault}", entry.key))
                    .help("if it is a secret, it is one no more: change it where it is used, and then `platformgen seal` the new one");
            }
        }
    }
    values
}

/// What the description expects of every file.
pub struct Expected {
    /// Where values can be opened.
    pub scope: Scope,
    /// The certificates that values may be sealed for; any if there are none.
    pub certificates: Vec<Certificate>,
}

/// Reads a file and holds it against what the platform needs of it.
pub(super) fn sealed(
    text: &str,
    demand: &Demand,
    expected: &Expected,
    report: &mut Report,
) -> Option<(Encrypted, Keys)> {
    let found = read(text, report)?;
    judge(&found, demand, expected, report);
    let there = found.root.at(DATA).map(Node::entries).unwrap_or_default();
    let there = there.iter().map(|entry| (entry.key.to_string(), entry.span)).collect();
    let place = key_span(&found.root, &["spec"], "encryptedData");
    Some((Encrypted::Sealed(found.values()), Keys { there, place }))
}

fn judge(found: &Found, demand: &Demand, expected: &Expected, report: &mut Report) {
    let before = report.count();
    names_are_those(found, demand, report);
    scope_is_that(found, demand, expected, report);
    kind_is_that(found, demand, report);
    let is_elsewhere = report.count() > before;
    certificates_are_known(found, demand, expected, report);
    let total: usize = found.values.iter().map(|(_, _, value)| value.value).sum();
    let largest = found.values.iter().max_by_key(|(_, _, value)| value.value);
    if let Some((key, span, _)) = largest.filter(|_| total > LARGEST && !is_elsewhere) {
        let message = format!("the values have {total} bytes together, and `{key}` most of them");
        report
            .error(codes::UNFIT_SECRET, *span, message)
            .help(format!("the API server takes {LARGEST} bytes in a Secret: keep what is large elsewhere"));
    }
}

fn names_are_those(found: &Found, demand: &Demand, report: &mut Report) {
    let wanted = [("namespace", demand.namespace.as_str()), ("name", demand.name.as_str())];
    for (path, is_own) in [(["metadata"].as_slice(), true), (&["spec", "template", "metadata"], false)] {
        for (key, wanted) in wanted {
            let said = found.root.at(path).and_then(|metadata| metadata.get(key));
            let text = said.and_then(Node::text);
            if text == Some(wanted) || (said.is_none() && !is_own) {
                continue;
            }
            let span = said.map_or_else(|| key_span(&found.root, &[], "metadata"), |said| said.span);
            let message = match text {
                Some(text) => format!("this is sealed for the {key} `{text}`, and stands where `{wanted}` is expected"),
                None => format!("the {key} is missing; expected `{wanted}`"),
            };
            report
                .error(codes::UNFIT_SECRET, span, message)
                .help(again("the name and the namespace are sealed into the values, so none can be changed", demand));
            // what is true of the object need not be said of its template as well
            return;
        }
    }
}

fn scope_is_that(found: &Found, demand: &Demand, expected: &Expected, report: &mut Report) {
    let (scope, span) = found.scope;
    if scope != expected.scope {
        let message = format!("this is sealed `{}`; expected `{}`", scope.word(), expected.scope.word());
        report.error(codes::UNFIT_SECRET, span, message).help(again(
            "`scope` under `[secrets]` says what is expected, and the scope is sealed into the values",
            demand,
        ));
    }
}

fn kind_is_that(found: &Found, demand: &Demand, report: &mut Report) {
    let said = found.root.at(&["spec", "template", "type"]);
    let kind = said.map_or(Some(OPAQUE), Node::text).unwrap_or_default();
    if kind != demand.kind() {
        let span = said.map_or_else(|| key_span(&found.root, &[], "spec"), |said| said.span);
        let message = format!("the Secret would be of type `{kind}`; expected `{}`", demand.kind());
        report
            .error(codes::UNFIT_SECRET, span, message)
            .help(format!("`spec.template.type` says it: `type: {}`", demand.kind()));
    }
}

fn certificates_are_known(found: &Found, demand: &Demand, expected: &Expected, report: &mut Report) {
    if expected.certificates.is_empty() {
        return;
    }
    let known = |fingerprint: &String| expected.certificates.iter().any(|known| known.fingerprint() == *fingerprint);
    let sizes: BTreeSet<usize> = expected.certificates.iter().map(Certificate::size).ordered();
    let message = if found.certificates.is_empty() {
        format!("nothing says for which certificate this is sealed: the annotation `{SEALED_FOR}` is missing")
    } else if let Some(unknown) = found.certificates.iter().find(|fingerprint| !known(fingerprint)) {
        format!("this is sealed for another certificate: {unknown}")
    } else if found.values.iter().any(|(_, _, value)| !sizes.contains(&value.key)) {
        "this is sealed with a key of another length than any of the certificates has".to_owned()
    } else {
        return;
    };
    report
        .error(codes::UNFIT_SECRET, found.certificates_at, message)
        .help(again("`certificates` under `[secrets]` says which controllers can open it", demand));
}

fn again(why: &str, demand: &Demand) -> String {
    let what = demand.credential().map_or_else(|| demand.place(), ToString::to_string);
    format!("{why}; `platformgen seal {what}` seals again")
}
