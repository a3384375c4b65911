//! Component types of somebody's own, as `templates/` beside the description declares them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::components;
use crate::components::templated::{File, Type, keys};
use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::model::platform::Platform;
use crate::ordered::Ordered;
use crate::parts::template;
use crate::spec::read::{Fields, Shape};
use crate::spec::types::{Purpose, Takes, TypeSpec};
use crate::stages::parse;
use crate::values::interned::interned;
use crate::values::name::Name;
use crate::values::parse::Parse;
use crate::values::shelf::Shelf;

/// Where types lie beside a description.
pub const TEMPLATES: &str = "templates";
/// The file that says what a type is.
pub const TYPE: &str = "type.toml";
/// Longest name of a port. Source: `apimachinery/pkg/util/validation`, `IsValidPortName`.
const LONGEST_PORT: usize = 15;

/// The types that have been asked for; what is wrong with one is told once.
pub struct Types<'a> {
    shelf: &'a dyn Shelf,
    known: BTreeMap<String, Found>,
}

/// What has been found of a type.
#[derive(Clone)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// Something that is no type, which has been told.
    Broken,
    /// A type.
    Type(Arc<Type>),
}

impl<'a> Types<'a> {
    /// Those of a description.
    pub fn of(shelf: &'a dyn Shelf) -> Self {
        Self { shelf, known: BTreeMap::new() }
    }

    /// The type of that name.
    pub fn find(&mut self, name: &str, report: &mut Report) -> Found {
        if let Some(found) = self.known.get(name) {
            return found.clone();
        }
        let found = self.read(name, report);
        self.known.insert(name.to_owned(), found.clone());
        found
    }

    /// The names of all types that lie there.
    pub fn names(&self) -> Vec<String> {
        let paths = self.shelf.below(TEMPLATES);
        let name = |path: &String| {
            path.strip_prefix(TEMPLATES)?.strip_prefix('/')?.strip_suffix(TYPE)?.strip_suffix('/').map(str::to_owned)
        };
        paths.iter().filter_map(name).collect()
    }

    fn read(&self, name: &str, report: &mut Report) -> Found {
        let directory = format!("{TEMPLATES}/{name}");
        let place = format!("{directory}/{TYPE}");
        let paths = if Name::parse(name).is_ok() { self.shelf.below(&directory) } else { Vec::new() };
        if !paths.contains(&place) {
            return Found::Nothing;
        }
        let mut is_whole = true;
        let mut text = |path: &str, report: &mut Report| {
            let read = self.shelf.text(path);
            if let Err(why) = &read {
                is_whole = false;
                report.error(codes::INVALID_VALUE, Span::default(), format!("`{}` {why}", self.shelf.shown(path)));
            }
            read.ok()
        };
        let Some(source) = text(&place, report) else { return Found::Broken };
        let mut files = Vec::new();
        for path in paths.iter().filter(|path| **path != place) {
            let Some(text) = text(path, report) else { continue };
            let own = path[directory.len() + 1..].to_owned();
            files.push(File { path: own, shown: self.shelf.shown(path), text });
        }
        let mut aside = Report::default();
        let spec = spec(&source, &mut aside);
        for file in files.iter().filter(|file| template::is_rendered(&file.path) && is_blank(&file.text)) {
            is_whole = false;
            let own = report.beside(file.shown.clone(), &file.text);
            own.error(codes::TEMPLATE, 0..1, "this template gives no object").help("write one, or remove the file");
        }
        if spec.is_some() && !files.iter().any(|file| template::is_rendered(&file.path)) {
            aside
                .error(
                    codes::TEMPLATE,
                    Span::default(),
                    format!("no template lies beside `{}`", self.shelf.shown(&place)),
                )
                .help("write one: a file `NAME.yaml` with the objects of a component");
        }
        is_whole &= !aside.has_errors();
        report.beside(self.shelf.shown(&place), &source).take(aside);
        match spec.filter(|_| is_whole) {
            Some(spec) => Found::Type(Arc::new(Type { name: interned(name), keys: keys::keys(&spec), spec, files })),
            None => Found::Broken,
        }
    }
}

/// Whether a template says nothing, whatever its values are.
fn is_blank(text: &str) -> bool {
    text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#') || line == "---")
}

/// Every key is one that a template looks at, as far as can be told: one that takes `values` as a whole may look at any.
fn keys_are_used(spec: &TypeSpec, files: &[File], report: &mut Report) {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let quoted = |rest: &'_ str, quote: &str| {
        rest.strip_prefix('[')?.strip_prefix(quote)?.split_once(quote).map(|(name, _)| name.to_owned())
    };
    let plain = |rest: &str| rest.strip_prefix('.')?.split(|letter| !is_word(letter)).next().map(str::to_owned);
    let mut used = BTreeSet::new();
    for file in files {
        for (at, word) in file.text.match_indices("values") {
            if file.text[..at].ends_with(is_word) {
                continue;
            }
            let rest = &file.text[at + word.len()..];
            let Some(name) = plain(rest).or_else(|| quoted(rest, "\"")).or_else(|| quoted(rest, "'")) else { return };
            used.insert(name);
        }
    }
    for (name, _) in spec.keys.0.iter().filter(|(name, _)| !used.contains(name.value.as_str())) {
        let message = format!("no template looks at `values.{}`", name.value);
        report.error(codes::NO_EFFECT, name.span, message).help("use it, or remove the key");
    }
}

/// Tells of types of which no component is, and of keys that mean nothing.
pub fn check_used(platform: &Platform, shelf: &dyn Shelf, report: &mut Report) {
    let used: BTreeSet<&str> = platform.components.iter().map(|declared| declared.type_name).ordered();
    for name in used.iter().filter(|name| components::named(name).is_none()) {
        let path = format!("{TEMPLATES}/{name}/{TYPE}");
        if let (Found::Type(found), Ok(text)) = (Types::of(shelf).find(name, report), shelf.text(&path)) {
            keys_are_used(&found.spec, &found.files, report.beside(shelf.shown(&path), &text));
        }
    }
    // what is called like a built-in type has been told of
    let is_unused =
        |name: &&String| !name.contains('/') && !used.contains(name.as_str()) && components::named(name).is_none();
    for name in Types::of(shelf).names().iter().filter(is_unused) {
        let path = format!("{TEMPLATES}/{name}/{TYPE}");
        let Ok(text) = shelf.text(&path) else { continue };
        report
            .beside(shelf.shown(&path), &text)
            .error(codes::NO_EFFECT, Span::default(), format!("no component is of the type `{name}`"))
            .help("remove the directory, or declare a component of this type");
    }
}

fn spec(text: &str, report: &mut Report) -> Option<TypeSpec> {
    let document = parse::parse(text, report).into_inner();
    let known = [TypeSpec::KEYS];
    let mut fields = Fields::of(&document, Span::default(), &known, report);
    let spec = TypeSpec::read_fields(&mut fields);
    fields.finish();
    let spec = spec?;
    for (name, key) in &spec.keys.0 {
        if ["type", "namespace", "calls", "size", "spread", "route"].contains(&name.value.as_str()) {
            report
                .error(codes::CONFLICT, name.span, format!("every component has a key `{}`", name.value))
                .help("call it something else");
        }
        if let Some(default) = key.default.as_ref().filter(|default| !keys::fits(key.takes, &default.value)) {
            report.error(
                codes::WRONG_TYPE,
                default.span,
                format!("the default of `{}` is not what it takes", name.value),
            );
        }
    }
    for (name, _) in spec.ports.0.iter().filter(|(name, _)| name.value.as_str().len() > LONGEST_PORT) {
        let message = format!("`{}` is too long for the name of a port", name.value);
        report.error(codes::INVALID_VALUE, name.span, message).help(format!("expected at most {LONGEST_PORT} letters"));
    }
    ports_differ(&spec, report);
    let has_image = spec.keys.0.iter().any(|(_, key)| key.takes == Takes::Image);
    if let Some((name, _)) = spec.ports.0.first().filter(|_| !has_image) {
        report
            .error(codes::REQUIRES, name.span, "there are ports, and no key names the image of who listens")
            .help("add a key that takes an image: `keys.image = { takes = \"image\", doc = \"…\" }`");
    }
    Some(spec)
}

/// No two ports have one number, and what is said of metrics is said of a port that has some.
fn ports_differ(spec: &TypeSpec, report: &mut Report) {
    for (at, (name, port)) in spec.ports.0.iter().enumerate() {
        let same = spec.ports.0[..at].iter().find(|(_, earlier)| earlier.port.0 == port.port.0);
        if let Some((other, _)) = same {
            let message = format!("`{}` has the number {} of `{}`", name.value, port.port.0, other.value);
            report.error(codes::DUPLICATE, name.span, message).help("one port may serve callers and metrics");
        }
        if !port.serves.contains(&Purpose::Scrapers) && (port.path.is_some() || !port.metrics.is_empty()) {
            let message = format!("`{}` has a path or names of metrics, and serves none", name.value);
            report.error(codes::CONFLICT, name.span, message).help("add `\"metrics\"` to `serves`, or leave them out");
        }
    }
}
