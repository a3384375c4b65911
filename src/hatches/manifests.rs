//! Manifests of one's own: read from the files that the description names, and judged as a server would.

use crate::diagnostics::codes;
use crate::diagnostics::report::{Diagnostic, Report};
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::emit;
use crate::hatches::definitions;
use crate::hatches::files::{self, Named};
use crate::hatches::kinds::{Kinds, Place};
use crate::hatches::written::{Written, begin, objects};
use crate::manifest::document::{Document, Id};
use crate::manifest::node::Node;
use crate::model::bundle::{Home, Placed};
use crate::model::object::ObjectId;
use crate::model::platform::Platform;
use crate::model::rendered::Written as Rendered;
use crate::schema::Schema;
use crate::spec::read::At;
use crate::stages::order;
use crate::tables::{self, HashMap, HashSet};
use crate::validate::api::custom::{Judge, Part};
use crate::validate::decode;
use crate::validate::policy::literals;
use crate::validate::written;
use crate::values::name::Name;
use crate::values::parse::Parse;
use crate::values::shelf::Shelf;

/// Those of all objects that are right. What is wrong with one goes to the report about its file. `rendered` are the objects
/// of the platform itself.
pub fn admitted<'o>(
    mut all: Vec<Written>,
    platform: &Platform,
    rendered: impl IntoIterator<Item = &'o ObjectId>,
    report: &mut Report,
) -> Vec<Written> {
    if all.is_empty() && platform.hatches.requirements.crds.0.is_empty() && of_templates(platform).next().is_none() {
        return all;
    }
    let given: HashSet<String> =
        of_templates(platform).flat_map(|written| &written.documents).map(|document| document.id.to_string()).collect();
    // what templates give is nobody's proof that its kind exists
    let rendered = rendered.into_iter().filter(|id| given.is_empty() || !given.contains(&id.to_string()));
    let is_right = judged(&all, platform, rendered, report);
    let mut is_right = is_right.into_iter();
    all.retain(|_| is_right.next().unwrap_or_default());
    for object in &mut all {
        object.home.get_or_insert_with(|| home(&object.document));
    }
    all
}

/// Everything that somebody wrote: definitions first, then manifests. Nobody has judged it.
pub fn all(platform: &Platform, shelf: &dyn Shelf, report: &mut Report) -> Vec<Written> {
    if platform.hatches.manifests.is_empty() && platform.hatches.crds.0.is_empty() {
        return Vec::new();
    }
    let mut named = Named::new();
    let mut all = definitions::definitions(platform, shelf, &mut named, report);
    for spec in &platform.hatches.manifests {
        let Some(owner) = owner(spec.owner.as_ref(), platform, report) else { continue };
        for pattern in &spec.files.0 {
            for path in files::paths(pattern, shelf, &mut named, report) {
                let Some(text) = files::text(&path, pattern.span, shelf, report) else { continue };
                let own = objects(&path, &text, owner.as_ref(), shelf, report);
                if own.is_empty() && !report.beside(shelf.shown(&path), &text).has_errors() {
                    let message = format!("`{path}` holds no object");
                    report.error(codes::MANIFEST, pattern.span, message).help("remove it, or do not name it");
                }
                all.extend(own);
            }
        }
    }
    all
}

/// What is wrong with manifests whatever the rest of the description says; what fields there are only if it is known for which
/// minor, `is_minor_known`.
pub fn by_themselves(platform: &Platform, shelf: &dyn Shelf, is_minor_known: bool, report: &mut Report) {
    let mut aside = Report::default();
    let all = all(platform, shelf, &mut aside);
    // an owner may be declared, and a secret accepted, where something is wrong
    let is_certain = |found: &Diagnostic| ![codes::UNKNOWN_NAME, codes::LITERAL_SECRET].contains(&found.code);
    for object in all.iter().filter(|_| is_minor_known) {
        decoded(&object.document, platform, object.report(&mut aside));
    }
    aside.retain_everywhere(|_, found| is_certain(found));
    report.adopt(aside, |_| true);
}

/// The file of those whose owner is nobody in particular.
fn home(document: &Document) -> Home {
    Name::parse(&document.id.namespace).map_or(Home::Cluster, Home::Namespace)
}

/// The home that an owner has, `Some(None)` where nobody is said to be it; `None` if the objects go with a component that
/// the environment turns off, or nobody is called so.
#[allow(clippy::option_option, reason = "an owner may be missing, unknown or nobody in particular")]
fn owner(owner: Option<&At<String>>, platform: &Platform, report: &mut Report) -> Option<Option<Home>> {
    let Some(owner) = owner else { return Some(None) };
    let named = owner.value.split_once('.');
    match named {
        Some(("components", name)) => {
            let own = platform.components.iter().find(|declared| declared.own.name.as_str() == name);
            if let Some(declared) = own {
                return Some(Some(Home::Component(declared.own.clone())));
            }
            if platform.hatches.removed.contains(name) {
                return None;
            }
        }
        Some(("namespaces", name)) => {
            if let Some((name, _)) = platform.namespaces.iter().find(|(known, _)| known.as_str() == name) {
                return Some(Some(Home::Namespace(name.clone())));
            }
        }
        _ => {}
    }
    let components = platform.components.iter().map(|declared| format!("components.{}", declared.own.name));
    let namespaces = platform.namespaces.keys().map(|name| format!("namespaces.{name}"));
    let known: Vec<String> = components.chain(namespaces).collect();
    let near = suggest::nearest(&owner.value, known.iter().map(String::as_str));
    let mistake = report.error(codes::UNKNOWN_NAME, owner.span, format!("nothing here is called `{}`", owner.value));
    match near {
        Some(near) => mistake.did_you_mean(Some(near)),
        None => {
            mistake.help("expected a component or a namespace, such as `components.api` or `namespaces.production`")
        }
    };
    None
}

/// Which of the objects are right.
fn judged<'o>(
    all: &[Written],
    platform: &Platform,
    rendered: impl IntoIterator<Item = &'o ObjectId>,
    report: &mut Report,
) -> Vec<bool> {
    let schema = Schema::of(platform.facts.platform.kubernetes);
    let is_definition = |object: &&Written| object.document.id.kind == definitions::KIND;
    let definitions = all.iter().filter(is_definition).map(|object| &object.document.root).collect();
    let kinds = Kinds::of(schema, definitions, &platform.hatches.requirements, rendered);
    let mut judge = Judge::of(platform.facts.platform.kubernetes);
    // a file that could not be read, or is another one, may have what seems to be missing
    let is_given =
        |name: &Name| all.iter().any(|object| matches!(&object.home, Some(Home::Definitions(own)) if own == name));
    let is_whole = platform.hatches.crds.0.iter().all(|(name, _)| is_given(&name.value));
    let mut right = Vec::with_capacity(all.len());
    for object in all {
        let own = object.report(report);
        let before = own.count();
        one(&object.document, (platform, is_whole), &kinds, &mut judge, own);
        right.push(own.count() == before);
    }
    once(all, report);
    for written in of_templates(platform) {
        let mut aside = Report::default();
        for document in &written.documents {
            custom(document, platform, &kinds, &mut judge, &mut aside);
            // a kind that a group of Kubernetes' own does not have has been told of
            if is_whole && kinds.place(document).is_none() && !schema.has_group(&document.id.group) {
                unknown(document, &kinds, &mut aside);
            }
        }
        written.tell(&aside, report);
    }
    // what an environment turns off may be what needs them, and so may what cannot be read
    if platform.hatches.removed.is_empty() && !report.has_errors() {
        needed(all, platform, report);
    }
    right
}

/// What templates of component types have given.
fn of_templates(platform: &Platform) -> impl Iterator<Item = &Rendered> {
    platform.components.iter().flat_map(|declared| declared.component.written())
}

/// Every kind that is declared to be in the cluster is that of some object.
fn needed(all: &[Written], platform: &Platform, report: &mut Report) {
    let documents = all.iter().map(|object| &object.document);
    let documents = documents.chain(of_templates(platform).flat_map(|written| &written.documents));
    let used: HashSet<(&str, &str)> =
        documents.map(|document| (document.id.group.as_str(), document.id.kind.as_str())).collect();
    for (name, definition) in &platform.hatches.requirements.crds.0 {
        let Some((_, group)) = name.value.split_once('.') else {
            report
                .error(codes::INVALID_VALUE, name.span, format!("`{}` is the name of no definition", name.value))
                .help("expected the plural and the group, such as `servicemonitors.monitoring.coreos.com`");
            continue;
        };
        let versions: HashSet<&String> = definition.versions.iter().collect();
        if versions.len() < definition.versions.len() {
            let message = format!("`{}` has a version twice", name.value);
            report.error(codes::DUPLICATE, name.span, message).help("name each version once");
        }
        if !used.contains(&(group, definition.kind.as_str())) {
            let message = format!("nothing here is a {} of {group}", definition.kind);
            report.error(codes::NO_EFFECT, name.span, message).help("remove it, or give the objects that need it");
        }
    }
}

/// What strict decoding says of an object.
struct Decoded {
    /// Whether Kubernetes itself has its kind.
    is_own: bool,
    is_refused: bool,
}

/// Decodes an object as strictly as a server would. `None` if it shows secrets, so that nothing more is said of it.
fn decoded(document: &Document, platform: &Platform, report: &mut Report) -> Option<Decoded> {
    if literals::is_told_of_values(document, report) {
        return None;
    }
    literals::in_object(document, &platform.accepted, report);
    written::noted(document, report);
    let mut aside = Report::default();
    let minor = platform.facts.platform.kubernetes;
    let is_own = decode::decode(document, Schema::of(minor), minor, &mut aside).is_some();
    // of another type, a value is none that could be judged
    aside.once(codes::WRONG_TYPE, codes::INVALID_FIELD);
    let is_refused = aside.has_errors();
    // what is only doubtful is said by `validate`, where it can be accepted
    report.adopt(aside, |_| true);
    Some(Decoded { is_own, is_refused })
}

/// Judges an object by itself. Unless all definitions are there, `is_whole`, nobody knows which kinds there are.
fn one(
    document: &Document,
    (platform, is_whole): (&Platform, bool),
    kinds: &Kinds<'_>,
    judge: &mut Judge,
    report: &mut Report,
) {
    let root = &document.root;
    let Some(Decoded { is_own, mut is_refused }) = decoded(document, platform, report) else { return };
    is_refused |= custom(document, platform, kinds, judge, report);
    // who forgets `metadata` is told that, and not of all that stands in it
    if is_refused && root.get("metadata").is_none() {
        return;
    }
    let kind = document.id.kind.as_str();
    let place = kinds.place(document);
    if is_whole && place.is_none() && !is_own {
        unknown(document, kinds, report);
    }
    if !is_refused {
        named(document, report);
    }
    if is_own && !order::is_applied(kind) && !is_refused {
        let message = format!("objects of the kind {kind} are made by the cluster itself");
        report.error(codes::MANIFEST, span(root, &["kind"]), message).help("leave it out");
    }
    if kind == "Namespace" {
        report
            .error(
                codes::CONFLICT,
                span(root, &["kind"]),
                "namespaces are declared, so that they are closed and hardened",
            )
            .help(format!("declare it as `[namespaces.{}]`", document.id.name));
    }
    match place {
        // one that is no text has been told
        Some(Place::Namespace) if root.at(&["metadata", "namespace"]).is_none_or(|node| node.text().is_some()) => {
            within(document, platform, report);
        }
        Some(Place::Cluster) if !document.id.namespace.is_empty() => {
            let message = format!("a {kind} lives in no namespace");
            report.error(codes::INVALID_FIELD, span(root, &["metadata", "namespace"]), message).help("leave it out");
        }
        _ => {}
    }
}

/// An object of a kind that somebody defines is as its definition says; says whether its name or place is wrong.
fn custom(document: &Document, platform: &Platform, kinds: &Kinds<'_>, judge: &mut Judge, report: &mut Report) -> bool {
    let mut aside = Report::default();
    if let Some(definition) = kinds.definitions.find(document) {
        decode::metadata(document, definition.is_namespaced, platform.facts.platform.kubernetes, &mut aside);
        for part in [Part::Shape, Part::Values] {
            judge.resource(document, definition, part);
        }
        for fault in judge.faults.drain(..) {
            let message = format!("{}: {}", document.id, fault.message);
            report.error(fault.code, fault.span, message).help = fault.help;
        }
    }
    let is_refused = aside.has_errors();
    report.adopt(aside, |_| true);
    is_refused
}

fn unknown(document: &Document, kinds: &Kinds<'_>, report: &mut Report) {
    let (root, kind) = (&document.root, &document.id.kind);
    let version = root.text_at(&["apiVersion"]).unwrap_or_default();
    let message = format!("nothing says that the cluster knows the kind {kind} of {version}");
    let help = "give its definition in `[crds]`, or declare it in `[requirements.crds]`";
    let near = kinds.near(document);
    let mistake = report.error(codes::REQUIRES, root.get("kind").map_or(root.span, |node| node.span), message);
    mistake.help(help).did_you_mean(near.as_deref());
}

/// The value at the end of a chain of keys, or the object.
fn span(root: &Node, keys: &[&str]) -> Span {
    root.at(keys).map_or(begin(root), |node| node.span)
}

fn named(document: &Document, report: &mut Report) {
    if !document.id.is_unique() {
        let message = format!("a {} without a name of its own", document.id.kind);
        let place = span(&document.root, &["metadata", "generateName"]);
        report
            .error(codes::MISSING_KEY, place, message)
            .help("add `metadata.name`: every rendering must give the same objects");
    }
}

/// What lives in a namespace must say in which, and it must be one of ours.
fn within(document: &Document, platform: &Platform, report: &mut Report) {
    let namespace = document.id.namespace.as_str();
    if namespace.is_empty() {
        let message = format!("{} does not say in which namespace it lives", document.id);
        let place = span(&document.root, &["metadata", "name"]);
        report.error(codes::MISSING_KEY, place, message).help("add `metadata.namespace`");
    } else if !platform.namespaces.keys().any(|known| known.as_str() == namespace) {
        let near = suggest::nearest(namespace, platform.namespaces.keys().map(Name::as_str));
        let message = format!("namespace `{namespace}` is not declared");
        let mistake = report.error(codes::UNKNOWN_NAME, span(&document.root, &["metadata", "namespace"]), message);
        match near {
            Some(near) => mistake.did_you_mean(Some(near)),
            None => mistake.help(format!("declare it as `[namespaces.{namespace}]`")),
        };
    }
}

/// No object stands twice.
fn once(all: &[Written], report: &mut Report) {
    let mut first: HashMap<_, &Written> = tables::map(all.len());
    for object in all.iter().filter(|object| object.document.id.is_unique()) {
        if let Some(other) = first.get(&object.document.id) {
            let place = format!("{}:{}", other.name, other.line);
            let own = span(&object.document.root, &["metadata", "name"]);
            let message = format!("{} stands here a second time", object.document.id);
            object.report(report).error(codes::DUPLICATE, own, message).help(format!("it also stands at {place}"));
        } else {
            first.insert(&object.document.id, object);
        }
    }
}

/// What is rendered from the description may not stand in a manifest as well.
pub fn collide<T>(all: &[Written], rendered: &[Placed<T>], report: &mut Report) {
    if all.is_empty() {
        return;
    }
    let known: HashMap<_, &Placed<T>> = rendered.iter().map(|placed| (key(&placed.id), placed)).collect();
    for object in all {
        let Id { kind, group, namespace, name } = &object.document.id;
        let own = (kind.as_str(), group.as_str(), namespace.as_str(), name.as_str());
        let Some(other) = known.get(&own) else { continue };
        let message = format!("{} follows from the description already", object.document.id);
        let own = span(&object.document.root, &["metadata", "name"]);
        let help = format!(
            "`{}` holds it: give this one another name, or change that one by its keys or with a patch",
            emit::path(&other.home)
        );
        object.report(report).error(codes::CONFLICT, own, message).help(help);
    }
}

/// What tells objects apart on a server, which converts between versions.
fn key(id: &ObjectId) -> (&str, &str, &str, &str) {
    let group = id.api_version.split_once('/').map_or("", |(group, _)| group);
    (&id.kind, group, &id.namespace, &id.name)
}
