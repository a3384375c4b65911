//! Templates beside the description that take the place of built-in ones: which there are, whether they can be rendered,
//! and whether anything comes of them.

use std::collections::BTreeSet;

use crate::components;
use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::model::payload::{Made, Override, Overrides};
use crate::model::platform::Platform;
use crate::model::workload::{ConfigFiles, Source, Workload};
use crate::ordered::Ordered;
use crate::parts::payload::{TEMPLATES, paths};
use crate::stages::types::{self, TYPE};
use crate::values::name::Name;
use crate::values::shelf::Shelf;

/// Reads them. What lies there, takes no place and is no component type is told, once a directory.
pub fn read(shelf: &dyn Shelf, report: &mut Report) -> Overrides {
    let all = shelf.below(types::TEMPLATES);
    let own = |path: &'_ String| path[types::TEMPLATES.len() + 1..].to_owned();
    let names: Vec<String> = all.iter().map(own).collect();
    let types: BTreeSet<&str> = names.iter().filter_map(|name| name.strip_suffix(TYPE)?.strip_suffix('/')).ordered();
    let mut overrides = Overrides::new();
    let mut lost = BTreeSet::new();
    for (path, name) in all.iter().zip(&names) {
        let directory = name.split_once('/').map_or("", |(directory, _)| directory);
        if types.contains(directory) {
            continue;
        }
        let known = paths().find(|known| *known == name);
        if known.is_none() && (is_hidden(name) || !lost.insert(directory)) {
            continue;
        }
        let shown = shelf.shown(path);
        let text = match shelf.text(path) {
            Ok(text) => text,
            Err(why) => {
                report.error(codes::TEMPLATE, Span::default(), format!("`{shown}` {why}"));
                continue;
            }
        };
        let own = report.beside(shown.clone(), &text);
        let Some(known) = known else {
            unknown(name, directory, own);
            continue;
        };
        if TEMPLATES.iter().any(|(path, built_in)| *path == known && **built_in == *text) {
            own.error(codes::NO_EFFECT, Span::default(), "this says what the built-in template says")
                .help("remove it, or change it");
        }
        overrides.insert(known, Override { shown, text });
    }
    for directory in types.into_iter().filter(|directory| components::named(directory).is_some()) {
        taken(directory, shelf, report);
    }
    overrides
}

/// Whether tools or editors left it there.
fn is_hidden(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|file| file.starts_with('.') || file.ends_with('~'))
}

/// A file that is of no use, and what it could have been.
fn unknown(name: &str, directory: &str, report: &mut Report) {
    let message = format!("`{name}` takes the place of nothing and belongs to no component type");
    let mistake = report.error(codes::NO_EFFECT, Span::default(), message);
    if let Some(near) = suggest::nearest(name, paths()) {
        mistake.did_you_mean(Some(near));
        return;
    }
    let prefix = format!("{directory}/");
    let alike: Vec<&str> = paths().filter(|known| known.starts_with(&prefix)).collect();
    mistake.help(if alike.is_empty() {
        let directories: BTreeSet<&str> = paths().filter_map(|path| Some(path.split_once('/')?.0)).ordered();
        let known = suggest::joined(directories, "and");
        format!("a directory with a `{TYPE}` is a component type; there are templates to replace of {known}")
    } else {
        format!("expected {}", suggest::list(alike))
    });
}

/// A type of one's own cannot be called like a built-in one, which would be found first.
fn taken(directory: &str, shelf: &dyn Shelf, report: &mut Report) {
    let path = format!("{}/{directory}/{TYPE}", types::TEMPLATES);
    let Ok(text) = shelf.text(&path) else { return };
    report
        .beside(shelf.shown(&path), &text)
        .error(codes::CONFLICT, Span::default(), format!("`{directory}` is a component type already"))
        .help("call the directory something else");
}

/// Tells why templates cannot be rendered, each mistake once; and, of a platform that `is_whole`, which of them nothing asks
/// for.
pub fn check(platform: &Platform, workloads: &[Vec<Workload>], is_whole: bool, report: &mut Report) {
    let overrides = &platform.facts.overrides;
    if overrides.is_empty() {
        return;
    }
    let mut used = BTreeSet::new();
    let mut told = BTreeSet::new();
    for Made { by, fault, .. } in replaced(platform, workloads).map(|replaced| replaced.made) {
        used.insert(&by.shown);
        let Some(fault) = fault.as_ref().filter(|fault| told.insert((&by.shown, *fault))) else { continue };
        let own = report.beside(by.shown.clone(), &by.text);
        own.error(codes::TEMPLATE, fault.span, fault.message.clone()).help.clone_from(&fault.help);
    }
    for by in overrides.values().filter(|by| is_whole && !used.contains(&by.shown)) {
        report
            .beside(by.shown.clone(), &by.text)
            .error(codes::NO_EFFECT, Span::default(), "nothing that is described asks for this file")
            .help("remove it, or describe the component that it is for");
    }
}

/// A file that a template of a user's own has made.
pub struct Replaced<'p> {
    /// The namespace of the `ConfigMap` that holds it.
    pub namespace: &'p Name,
    /// The files of that.
    pub set: &'p ConfigFiles,
    /// Its name.
    pub file: &'p str,
    /// How it was made.
    pub made: &'p Made,
}

/// Every file that a template of a user's own has made, of these workloads.
pub fn replaced<'p>(platform: &'p Platform, workloads: &'p [Vec<Workload>]) -> impl Iterator<Item = Replaced<'p>> {
    let all = platform.components.iter().zip(workloads);
    let volumes = all.flat_map(|(declared, workloads)| {
        let volumes = workloads.iter().flat_map(|workload| &workload.volumes);
        volumes.map(|volume| (&declared.own.namespace, &volume.source))
    });
    let sets = volumes.flat_map(|(namespace, source)| {
        let sets = if let Source::Config(sets) = source { sets.as_slice() } else { &[] };
        sets.iter().map(move |set| (namespace, set))
    });
    sets.flat_map(|(namespace, set)| {
        set.files
            .iter()
            .filter_map(move |(file, payload)| Some(Replaced { namespace, set, file, made: payload.made.as_deref()? }))
    })
}
