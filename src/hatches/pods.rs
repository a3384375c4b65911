//! Pods in manifests of one's own: where their images may come from and what these are pinned to, as for every other pod.

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::hatches::manifests;
use crate::hatches::written::Written;
use crate::manifest::document::Document;
use crate::manifest::node::{Node, Value};
use crate::model::facts::Facts;
use crate::model::platform::Platform;
use crate::reach::pods::path_of_template;
use crate::stages::images::{self, Use};
use crate::values::image::{Digest, Image};
use crate::values::parse::Parse;
use crate::values::shelf::Shelf;

/// The images of the manifests of a platform, by name and tag; each with the digest that is written behind it, if one is.
pub fn tags(platform: &Platform, shelf: &dyn Shelf) -> Vec<(String, Option<Digest>)> {
    let mut found = Vec::new();
    for mut written in manifests::all(platform, shelf, &mut Report::default()) {
        each(&mut written, &mut |node| {
            let image = node.text().and_then(|text| Image::parse(text).ok());
            found.extend(image.map(|image| (image.tagged(), image.digest().cloned())));
        });
    }
    found
}

/// Judges the images of an object, and pins those that the lock knows.
pub fn pin(written: &mut Written, facts: &Facts, is_locked: bool, report: &mut Report) {
    if !images::are_judged(facts, is_locked) {
        return;
    }
    let mut aside = Report::default();
    each(written, &mut |node| {
        let Some(text) = node.text() else { return };
        match Image::parse(text) {
            Ok(image) => {
                images::judge(
                    &Use { image: image.clone(), span: node.span, brought: None },
                    facts,
                    is_locked,
                    &mut aside,
                );
                node.value = Node::of_text(&facts.pins.pinned(&image).to_string()).value;
            }
            // nobody can say which registry or tag it means
            Err(why) if is_locked || facts.images.registries.is_some() => {
                aside
                    .error(codes::INVALID_VALUE, node.span, format!("`{text}` {why}"))
                    .help(format!("expected {}", Image::EXPECTED));
            }
            Err(_) => {}
        }
    });
    written.report(report).take(aside);
}

/// Namespace and name of an object that makes pods which policies judge.
pub fn guest(written: &Written) -> Option<(String, String)> {
    let Document { id, root, .. } = &written.document;
    let template = root.at(path_of_template(id)?)?;
    let on_its_node = template.at(&["spec", "hostNetwork"]).and_then(Node::bool) == Some(true);
    (!on_its_node).then(|| (id.namespace.to_string(), id.name.to_string()))
}

/// Every place in an object at which its pods name an image.
fn each(written: &mut Written, work: &mut impl FnMut(&mut Node)) {
    let Some(path) = path_of_template(&written.document.id) else { return };
    let template = path.iter().try_fold(&mut written.document.root, |node, key| inner(node, key));
    let Some(spec) = template.and_then(|template| inner(template, "spec")) else { return };
    for (list, keys) in PLACES {
        let Some(Node { value: Value::List(items), .. }) = inner(spec, list) else { continue };
        for item in items {
            if let Some(node) = keys.iter().try_fold(item, |node, key| inner(node, key)) {
                work(node);
            }
        }
    }
}

/// Where a pod names images: a list, and the keys within its items.
const PLACES: &[(&str, &[&str])] = &[
    ("initContainers", &["image"]),
    ("containers", &["image"]),
    ("ephemeralContainers", &["image"]),
    ("volumes", &["image", "reference"]),
];

fn inner<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    let Value::Map(entries) = &mut node.value else { return None };
    entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.node)
}
