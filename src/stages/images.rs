//! Images: what their tags stand for, and whether they may run at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostics::codes;
use crate::diagnostics::report::{Report, Severity};
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::model::facts::Facts;
use crate::model::pins::Pins;
use crate::model::platform::Platform;
use crate::spec::images::{LockSpec, PinSpec};
use crate::spec::read::{Fields, Shape};
use crate::stages::{build, parse};
use crate::values::image::{Digest, Image};
use crate::values::shelf::{MISSING, Shelf};

/// The file beside the description that says what tags stand for.
pub const LOCK: &str = "platformgen.lock";

/// That file as it was read.
#[derive(Debug, Default)]
pub struct Lock {
    /// What its tags stand for.
    pub pins: Pins,
    /// Where it lies and its text, if it is there.
    source: Option<(String, Arc<str>)>,
    /// Where each image is pinned, by the image with its tag.
    places: BTreeMap<String, Span>,
}

/// Reads the lock, if there is one; what is wrong with it is told in its own report.
pub fn lock(shelf: &dyn Shelf, report: &mut Report) -> Lock {
    let text = match shelf.text(LOCK) {
        Ok(text) => text,
        Err(why) if why == MISSING => return Lock::default(),
        Err(why) => {
            report.error(codes::INVALID_VALUE, 0..0, format!("`{}` {why}", shelf.shown(LOCK)));
            return Lock::default();
        }
    };
    let name = shelf.shown(LOCK);
    let report = report.beside(name.clone(), &text);
    let document = parse::parse(&text, report).into_inner();
    let known = [LockSpec::KEYS];
    let mut fields = Fields::of(&document, Span::default(), &known, report);
    let spec = LockSpec::read_fields(&mut fields);
    fields.finish();
    let mut places = BTreeMap::new();
    let mut pins = Vec::new();
    for PinSpec { reference, digest } in spec.map(|spec| spec.image).unwrap_or_default() {
        if reference.is_stand_in() {
            continue;
        }
        if reference.value.digest().is_some() {
            let message = format!("`{}` is pinned already", reference.value);
            report.error(codes::CONFLICT, reference.span, message).help("write the tag alone: `digest` is its key");
        }
        let tagged = reference.value.tagged();
        if places.insert(tagged.clone(), reference.span).is_some() {
            report
                .error(codes::DUPLICATE, reference.span, format!("`{tagged}` is pinned twice"))
                .help("keep one of the two");
        }
        pins.push((tagged, digest));
    }
    Lock { pins: pins.into_iter().collect(), source: Some((name, text)), places }
}

/// An image that runs.
#[derive(Clone, Debug)]
pub struct Use {
    /// The image.
    pub image: Image,
    /// Where it is named, or where the component stands that brings it along.
    pub span: Span,
    /// The component, if nobody named the image.
    pub brought: Option<String>,
}

/// Every image that the components run or name, each place at which it is named once.
fn uses(platform: &Platform) -> Vec<Use> {
    let mut found: Vec<Use> = Vec::new();
    let mut known = BTreeSet::new();
    for (declared, workloads) in platform.components.iter().zip(build::workloads(platform)) {
        let named = declared.component.images();
        let run = workloads.iter().map(|workload| workload.main.image.clone());
        // a template may give a pod several of those that its component names
        let written = named.iter().filter(|named| named.is_written()).map(|named| named.value.clone());
        for image in run.chain(declared.component.starts()).chain(written) {
            let place = named.iter().find(|named| named.value == image && named.is_written());
            let brought = place.is_none().then(|| declared.own.name.to_string());
            let span = place.map_or(declared.span, |named| named.span);
            if known.insert((span, image.clone())) {
                found.push(Use { image, span, brought });
            }
        }
    }
    found
}

/// The images of a platform's components, by name and tag; each with the digest that is written behind it, if one is.
pub fn tags(platform: &Platform) -> Vec<(String, Option<Digest>)> {
    uses(platform).into_iter().map(|Use { image, .. }| (image.tagged(), image.digest().cloned())).collect()
}

/// Checks the images of all components.
pub fn check(platform: &Platform, is_locked: bool, report: &mut Report) {
    if !are_judged(&platform.facts, is_locked) {
        return;
    }
    for used in uses(platform) {
        judge(&used, &platform.facts, is_locked, report);
    }
}

/// Whether anything is asked of images.
pub fn are_judged(facts: &Facts, is_locked: bool) -> bool {
    is_locked || facts.images.registries.is_some() || !facts.pins.is_empty()
}

/// Checks that an image comes from where images may come from, and is what the lock says; with `is_locked`, that it is
/// pinned at all.
pub fn judge(Use { image, span, brought }: &Use, facts: &Facts, is_locked: bool, report: &mut Report) {
    let who = match brought {
        Some(component) => format!("component `{component}` runs `{image}`, which is"),
        None => format!("`{image}` is"),
    };
    let registries = facts.images.registries.as_ref();
    if let Some(registries) = registries.filter(|all| !all.iter().any(|origin| origin.value.has(image))) {
        let allowed = |last| suggest::joined(registries.iter().map(|origin| origin.value.as_str()), last);
        let message = format!("{who} from no registry that `[images]` allows");
        let mistake = report.error(codes::FORBIDDEN_REGISTRY, *span, message);
        match brought {
            Some(_) => mistake.help(format!("add `\"{}\"` to {}", image.name(), allowed("and"))),
            None => mistake.help(format!("expected an image from {}", allowed("or"))),
        };
    }
    match (image.digest(), facts.pins.digest(image)) {
        (None, None) if is_locked => {
            report
                .error(codes::UNPINNED_IMAGE, *span, format!("{who} pinned to no digest"))
                .help(format!("`platformgen lock --from LIST` writes `{LOCK}` from a list of digests"));
        }
        (Some(own), Some(locked)) if own != locked => {
            let message = format!("`{LOCK}` pins `{}` to another digest", image.tagged());
            report
                .error(codes::CONFLICT, *span, message)
                .help(format!("remove one of the two; `{LOCK}` need not name it"));
        }
        _ => {}
    }
}

impl Lock {
    /// Whether nothing is pinned.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Tells of what is pinned and named by none of the `used`; where the lock must fit, that is an error.
    pub fn check_used(&self, used: &BTreeSet<String>, is_locked: bool, report: &mut Report) {
        let Some((name, text)) = &self.source else { return };
        let severity = if is_locked { Severity::Error } else { Severity::Warning };
        for (image, span) in self.places.iter().filter(|(image, _)| !used.contains(*image)) {
            report
                .beside(name.clone(), text)
                .add(severity, codes::UNUSED_PIN, *span, format!("no environment runs `{image}`"))
                .help("`platformgen lock` removes what nothing runs");
        }
    }
}
