//! What the templates of a component may give: objects of its own namespace, whose pods are the ones that its policies,
//! Services and scrape jobs mean.

use crate::components::templated::Type;
use crate::components::templated::pods::template;
use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::model::identity::pod_selector;
use crate::model::rendered::Written;
use crate::model::site::Site;
use crate::schema::Schema;

/// What is asked about.
pub struct Ask<'a> {
    /// Where the component stands.
    pub site: &'a Site<'a>,
    /// Its type.
    pub type_: &'a Type,
    /// The images that it names, as pods name them.
    pub images: &'a [String],
}

/// Kinds that follow from `calls` and ports, and nothing else.
const DERIVED: &[&str] = &["CiliumClusterwideNetworkPolicy", "CiliumNetworkPolicy", "NetworkPolicy", "ServiceAccount"];

/// Checks everything that the templates of a component have given.
pub fn check(written: &[Written], ask: &Ask<'_>, report: &mut Report) {
    let schema = Schema::of(ask.site.facts.platform.kubernetes);
    let mut with_pods = 0;
    for written in written {
        let mut aside = Report::default();
        for document in &written.documents {
            scope(document, schema, ask, &mut aside);
            if let Some(pods) = template(&document.root) {
                with_pods += 1;
                if with_pods > 1 {
                    aside
                        .error(
                            codes::TEMPLATE,
                            place(document, &["kind"]),
                            "a component has one object with pods, and this is another",
                        )
                        .help("policies and Services mean the pods of a component as a whole: make two types of it");
                }
                self::pods(document, pods, ask, &mut aside);
            }
        }
        written.tell(&aside, report);
    }
}

/// The place of the value at the end of a chain of keys, or of the last key that is there.
fn place(document: &Document, keys: &[&str]) -> Span {
    let (mut node, mut span) = (&document.root, first(&document.root));
    for key in keys {
        let Some(entry) = node.entries().iter().find(|entry| entry.key == *key) else { return span };
        (node, span) = (&entry.node, entry.span);
    }
    first(node)
}

/// A scalar as a whole, of anything else the beginning.
fn first(node: &Node) -> Span {
    if node.text().is_some() { node.span } else { node.span.first() }
}

fn scope(document: &Document, schema: &Schema, ask: &Ask<'_>, report: &mut Report) {
    let (id, own) = (&document.id, ask.site.own);
    if DERIVED.contains(&id.kind.as_str()) {
        report
            .error(codes::TEMPLATE, place(document, &["kind"]), format!("a template cannot give a {}", id.kind))
            .help("it follows from `calls` and from the ports in `type.toml`");
        return;
    }
    let version = document.root.text_at(&["apiVersion"]).unwrap_or_default();
    let known = schema.kind(version, &id.kind);
    // what is no kind at all is told by whoever decodes it
    if known.is_none() && schema.has_group(&id.group) {
        return;
    }
    let is_namespaced = known.map_or(!id.namespace.is_empty(), |kind| kind.is_namespaced);
    if !is_namespaced {
        if !ask.type_.spec.cluster_scoped.iter().any(|kind| *kind == id.kind) {
            report
                .error(codes::TEMPLATE, place(document, &["kind"]), format!("a {} belongs to no namespace", id.kind))
                .help(format!("if the type may have it, add `cluster-scoped = [\"{}\"]` to its `type.toml`", id.kind));
        }
    } else if id.namespace != own.namespace.as_str() {
        let message = if id.namespace.is_empty() {
            format!("{id} says no namespace")
        } else {
            format!("{id} is not in the namespace of its component, `{}`", own.namespace)
        };
        report
            .error(codes::TEMPLATE, place(document, &["metadata", "namespace"]), message)
            .help("write `namespace: << namespace >>`");
    }
}

/// The pods are found by who should call them, run what the description names, and listen where it says.
fn pods(document: &Document, pods: &Node, ask: &Ask<'_>, report: &mut Report) {
    let own = ask.site.own;
    if document.id.name != own.name.as_str() {
        let message = format!("{} has pods, and is not called like its component, `{}`", document.id, own.name);
        report.error(codes::TEMPLATE, place(document, &["metadata", "name"]), message).help("write `name: << name >>`");
    }
    let labels = pods.at(&["metadata", "labels"]);
    let has = |label: &str, value: &str| labels.and_then(|labels| labels.text_at(&[label])) == Some(value);
    if !pod_selector(&own.name, &own.name).iter().all(|(label, value)| has(label, value)) {
        let span = labels.or_else(|| pods.get("metadata")).map_or(first(pods), first);
        report
            .error(codes::TEMPLATE, span, "pods lack the labels by which policies and Services find them")
            .help("write `labels: << pod_labels | json >>` into the metadata of the pods");
    }
    let spec = pods.get("spec").unwrap_or(pods);
    let account = spec.text_at(&["serviceAccountName"]);
    if account != Some(own.name.as_str()) {
        let span = spec.get("serviceAccountName").map_or(first(spec), first);
        report
            .error(codes::TEMPLATE, span, "pods do not run as the service account of their component")
            .help("write `serviceAccountName: << service_account >>`");
    }
    let containers = || ["initContainers", "containers"].into_iter().flat_map(|key| spec.items_at(&[key]));
    for image in containers().filter_map(|container| container.get("image")) {
        let text = image.text().unwrap_or_default();
        if !ask.images.iter().any(|known| known == text) {
            report.error(codes::TEMPLATE, first(image), format!("`{text}` is an image that no key names")).help(
                "declare a key that takes an image, and write `<< values.KEY >>`: so it can be pinned and judged",
            );
        }
    }
    for (name, port) in &ask.type_.spec.ports.0 {
        let (name, number) = (name.value.as_str(), i128::from(port.port.0));
        let is_it = |found: &Node| {
            found.text_at(&["name"]) == Some(name) && found.get("containerPort").and_then(Node::integer) == Some(number)
        };
        if !containers().flat_map(|container| container.items_at(&["ports"])).any(is_it) {
            let span = spec.get("containers").map_or(first(spec), first);
            report
                .error(codes::TEMPLATE, span, format!("no container has the port `{name}` ({number}) of `type.toml`"))
                .help(format!("add `{{name: {name}, containerPort: << ports.{name} >>}}`"));
        }
    }
}
