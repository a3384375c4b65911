//! Files with encrypted values to what the platform needs of them: every Secret has its file, every file has its Secret,
//! and each holds what it should, as far as can be told without the key.

pub mod mentions;
pub mod sealed;
pub mod sops;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::derive::secrets::Demand;
use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::manifest::document::Document;
use crate::manifest::node::{Entry, Node};
use crate::manifest::read::{self, Dialect};
use crate::model::platform::Platform;
use crate::sealing::certificate::Certificate;
use crate::spec::secrets::{Backend, SecretsSpec};
use crate::stages::build;
use crate::stages::fill::sealed::Expected;
use crate::values::shelf::Shelf;

/// A Secret, or a key of one, that no file holds.
#[derive(Clone, Debug)]
pub struct Missing {
    /// The Secret.
    pub demand: Demand,
    /// The file, as the user knows it.
    pub file: String,
    /// The key that is not in the file; without one there is no file.
    pub gap: Option<Gap>,
    /// A file that nobody needs, and that may have been this one.
    meant: Option<String>,
}

/// A key that a file does not hold.
#[derive(Clone, Debug)]
pub struct Gap {
    /// The key.
    pub key: String,
    text: Arc<str>,
    span: Span,
}

/// Reads the files of the platform's Secrets. What is wrong with them goes to the report, what is missing is for the caller
/// to judge. `elsewhere` tells which of these paths other environments need; it is asked about files that this one does not.
pub fn fill(
    platform: &mut Platform,
    shelf: &dyn Shelf,
    elsewhere: impl FnOnce() -> BTreeSet<String>,
    report: &mut Report,
) -> Vec<Missing> {
    let spec = &platform.facts.secrets;
    let Some(directory) = spec.files() else {
        if spec.backend.value == Backend::Existing {
            told_apart(&build::secrets(platform), report);
        }
        return Vec::new();
    };
    let expected = Expected { scope: spec.scope, certificates: certificates(spec, shelf, report) };
    let demands = build::secrets(platform);
    let mut missing = Vec::new();
    let mut encrypted = BTreeMap::new();
    let mut known = BTreeSet::new();
    for demand in &demands {
        let path = path(directory, demand);
        if !known.insert(path.clone()) {
            told_twice(demand, report);
            continue;
        }
        let file = shelf.shown(&path);
        let absent = Missing { demand: demand.clone(), file: file.clone(), gap: None, meant: None };
        let text = match shelf.text(&path) {
            Ok(text) => text,
            Err(fault) if fault == ABSENT => {
                missing.push(absent);
                continue;
            }
            Err(fault) => {
                report.error(codes::UNFIT_SECRET, demand.span, format!("`{file}` {fault}"));
                continue;
            }
        };
        let own = report.beside(file, &text);
        own.conceal_values();
        let read = match spec.backend.value {
            Backend::Sops => sops::sops(&text, demand, own),
            _ => sealed::sealed(&text, demand, &expected, own),
        };
        let Some((file, keys)) = read else { continue };
        let gaps = keys.missing(demand, own).into_iter();
        let gap = |key| Gap { key, text: text.clone(), span: keys.place };
        missing.extend(gaps.map(|key| Missing { gap: Some(gap(key)), ..absent.clone() }));
        encrypted.insert((demand.namespace.clone(), demand.name.clone()), file);
    }
    let strays = strays(directory, shelf, &known, elsewhere);
    let strays = strays.into_iter().filter(|stray| !is_meant(stray, directory, shelf, &mut missing)).collect();
    unneeded(strays, directory, shelf, report);
    platform.encrypted = encrypted;
    missing
}

/// No two Secrets of a namespace, which come one after the other, have one name.
fn told_apart(demands: &[Demand], report: &mut Report) {
    let is_same = |pair: &&[Demand]| pair[0].is_called(pair[1].namespace.as_str(), pair[1].name.as_str());
    demands.windows(2).filter(is_same).for_each(|pair| told_twice(&pair[1], report));
}

fn told_twice(demand: &Demand, report: &mut Report) {
    report
        .error(codes::CONFLICT, demand.span, format!("two Secrets would be called `{}`", demand.place()))
        .help("one of the two has a name that is derived: call the Secret of your own something else");
}

/// What a shelf says of a file that is not there.
const ABSENT: &str = "does not exist";

/// The file of a Secret.
pub fn path(directory: &str, demand: &Demand) -> String {
    format!("{directory}/{}/{}.yaml", demand.namespace, demand.name)
}

/// Reports what is missing in an environment: in its file, or where the Secret is asked for, which `place` may know better.
pub fn tell(
    missing: Vec<Missing>,
    spec: &SecretsSpec,
    (environment, place): (Option<&str>, impl Fn(&Demand) -> Option<Span>),
    report: &mut Report,
) {
    let made = |what: &str, file: &str| match (spec.backend.value, environment) {
        (Backend::Sops, _) => format!("`sops edit {file}` adds it"),
        // each environment may have a directory of its own
        (_, Some(name)) => format!("`platformgen seal {what} --environment {name}` adds it"),
        (_, None) => format!("`platformgen seal {what}` adds it"),
    };
    for Missing { demand, file, gap, meant } in missing {
        let what = demand.credential().map_or_else(|| demand.place(), ToString::to_string);
        if let Some(Gap { key, text, span }) = gap {
            let message = format!("the key `{key}` of `{}` is missing", demand.place());
            let key = if demand.credential().is_some() { String::new() } else { format!(" {key}") };
            let help = made(&format!("{what}{key}"), &file);
            report.beside(file, &text).error(codes::MISSING_SECRET, span, message).help(help);
            continue;
        }
        let message = format!("the Secret `{}` is missing: there is no {file}", demand.place());
        let made = made(&what, &file);
        let help = match meant {
            // the same name in another place, or with another ending, is only a matter of its place
            Some(other) if stem(&other) == stem(&file) => format!("if {other} is this one, call it {file}; or {made}"),
            Some(other) => {
                format!("{other} is of no use; if it is this one, what is in it cannot be renamed, so {made}")
            }
            None => made,
        };
        report.error(codes::MISSING_SECRET, place(&demand).unwrap_or(demand.span), message).help(help);
    }
}

/// What a file is called, without its directory and its ending.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Keys that a file holds, and where the next one would stand.
struct Keys {
    there: BTreeMap<String, Span>,
    place: Span,
}

impl Keys {
    /// The keys that are needed and not there. One that nobody needs is reported, and taken for one that it resembles.
    fn missing(&self, demand: &Demand, report: &mut Report) -> Vec<String> {
        let Some(needed) = demand.keys() else {
            if self.there.is_empty() {
                let message = format!("`{}` has no key; expected one or more", demand.place());
                report
                    .error(codes::UNFIT_SECRET, self.place, message)
                    .help("whoever reads it takes every key that is there");
            }
            return Vec::new();
        };
        let mut missing: Vec<&str> = needed.iter().copied().filter(|key| !self.there.contains_key(*key)).collect();
        for (key, span) in self.there.iter().filter(|(key, _)| !needed.contains(&key.as_str())) {
            let message = format!("nothing here needs the key `{key}` of `{}`", demand.place());
            let near = suggest::nearest(key, missing.iter().copied());
            let mistake = report.error(codes::UNNEEDED_SECRET, *span, message);
            match near {
                Some(near) => mistake.did_you_mean(Some(near)),
                None => mistake.help("remove it"),
            };
            missing.retain(|key| Some(*key) != near);
        }
        missing.into_iter().map(str::to_owned).collect()
    }
}

/// The certificates that the description names.
fn certificates(spec: &SecretsSpec, shelf: &dyn Shelf, report: &mut Report) -> Vec<Certificate> {
    let mut certificates = Vec::new();
    if spec.backend.value != Backend::Sealed {
        return certificates;
    }
    for path in spec.certificates.iter().filter(|path| !path.is_stand_in()) {
        let read = shelf.text(path.value.as_str()).and_then(|text| Certificate::read(&text));
        match read {
            Ok(certificate) => certificates.push(certificate),
            Err(fault) => {
                let message = format!("`{}` {fault}", path.value.as_str());
                report
                    .error(codes::INVALID_VALUE, path.span, message)
                    .help("expected the certificate of a controller, as `kubeseal --fetch-cert` writes it");
            }
        }
    }
    certificates
}

/// Manifests that no Secret of this environment or another is for: those of the directory and of its directories. What
/// stands deeper, or begins with a dot, is somebody else's.
fn strays(
    directory: &str,
    shelf: &dyn Shelf,
    known: &BTreeSet<String>,
    elsewhere: impl FnOnce() -> BTreeSet<String>,
) -> Vec<String> {
    let is_ours = |path: &String| {
        let own = path.strip_prefix(directory).unwrap_or(path).trim_start_matches('/');
        let is_manifest = [".yaml", ".yml", ".json"].iter().any(|ending| own.ends_with(ending));
        is_manifest && own.matches('/').count() < 2 && !own.split('/').any(|part| part.starts_with('.'))
    };
    let mut strays = shelf.below(directory);
    strays.retain(|path| is_ours(path) && !known.contains(path));
    if !strays.is_empty() {
        let elsewhere = elsewhere();
        strays.retain(|path| !elsewhere.contains(path));
    }
    strays
}

/// Whether a file that nobody needs is most likely one that is missing, under another name: the mistake is one.
fn is_meant(stray: &str, directory: &str, shelf: &dyn Shelf, missing: &mut [Missing]) -> bool {
    let paths: Vec<String> = missing.iter().map(|missing| path(directory, &missing.demand)).collect();
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let is_free = |at: &usize| missing[*at].gap.is_none() && missing[*at].meant.is_none();
    let same = || (0..paths.len()).filter(is_free).find(|at| name(&paths[*at]) == name(stray));
    let holds = |one: &str, other: &str| one.strip_suffix(".yaml").is_some_and(|one| other.starts_with(one));
    let longer = || (0..paths.len()).filter(is_free).find(|at| holds(stray, &paths[*at]) || holds(&paths[*at], stray));
    let near = suggest::nearest(stray, (0..paths.len()).filter(is_free).map(|at| paths[at].as_str()));
    let near = near.and_then(|near| paths.iter().position(|path| path == near));
    let found = near.or_else(same).or_else(longer);
    if let Some(at) = found {
        missing[at].meant = Some(shelf.shown(stray));
    }
    found.is_some()
}

fn unneeded(strays: Vec<String>, directory: &str, shelf: &dyn Shelf, report: &mut Report) {
    for path in strays {
        let own = path.strip_prefix(directory).unwrap_or(&path).trim_start_matches('/');
        let message = match own.rsplit_once('.') {
            Some((place, "yaml")) if place.contains('/') => format!("nothing here needs the Secret `{place}`"),
            Some((place, _)) if place.contains('/') => {
                format!("nothing reads this: the file of the Secret `{place}` is called {directory}/{place}.yaml")
            }
            _ => format!("this is no file of a Secret; expected {directory}/<namespace>/<secret>.yaml"),
        };
        // why it cannot be read does not matter
        let text = shelf.text(&path).unwrap_or_else(|_| Arc::from(""));
        let file = report.beside(shelf.shown(&path), &text);
        file.conceal_values();
        file.error(codes::UNNEEDED_SECRET, 0..1, message).help("remove it, or name the Secret where it is used");
    }
}

/// The one object of a file, which is to be a `kind`; `None` if there is nothing to speak of.
fn only_object(text: &str, kind: &str, report: &mut Report) -> Option<Document> {
    let mut documents = read::read(text, Dialect::Any, report);
    if report.has_errors() {
        return None;
    }
    let first = documents.first().map(|document| document.root.span.start()).unwrap_or_default();
    if documents.len() != 1 {
        let message = format!("expected one {kind}, found {} objects", documents.len());
        report.error(codes::UNFIT_SECRET, first..first + 1, message);
        return None;
    }
    documents.pop()
}

/// Reports a key that is none of these.
fn unknown_key(entry: &Entry, message: String, keys: &[&str], report: &mut Report) {
    let mistake = report.error(codes::UNKNOWN_KEY, entry.span, message);
    match suggest::nearest(&entry.key, keys.iter().copied()) {
        Some(near) => mistake.did_you_mean(Some(near)),
        None => mistake.help(format!("expected {}", suggest::list(keys.iter().copied()))),
    };
}

/// Where a key stands, or else the map that lacks it.
fn key_span(root: &Node, path: &[&str], key: &str) -> Span {
    let map = root.at(path).unwrap_or(root);
    let entry = map.entries().iter().find(|entry| entry.key == key);
    entry.map_or(map.span.first(), |entry| entry.span)
}
