//! Custom resources against the schemas of the definitions that stand beside them: what the server's strict decoding and
//! its schema validation say. Rules in CEL are not evaluated.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/{schema,validation}` of Kubernetes 1.35 to 1.37.

pub mod formats;
mod said;

use regex::Regex;

use crate::diagnostics::codes;
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::diff::path::{Path, Step, told_key};
use crate::manifest::document::Document;
use crate::manifest::node::{Entry, Node, Value};
use crate::spec::shapes::Minor;
use crate::tables::{self, HashMap};
use crate::validate::api::custom::said::{found, measured, said, spelled};
use crate::validate::api::defaults;

/// The kinds that definitions make.
#[derive(Debug, Default)]
pub struct Definitions<'a>(HashMap<(&'a str, &'a str), Definition<'a>>);

/// A kind that a definition makes.
#[derive(Clone, Debug)]
pub struct Definition<'a> {
    /// Whether its resources live in namespaces.
    pub is_namespaced: bool,
    /// Each version that is served, and its schema.
    pub versions: Vec<(&'a str, Option<&'a Node>)>,
}

impl<'a> Definitions<'a> {
    /// The kinds of these `CustomResourceDefinition`s.
    pub fn of(roots: impl IntoIterator<Item = &'a Node>) -> Self {
        let mut found = HashMap::default();
        for spec in roots.into_iter().filter_map(|root| root.get("spec")) {
            let (Some(group), Some(kind)) = (spec.text_at(&["group"]), spec.text_at(&["names", "kind"])) else {
                continue;
            };
            let served = |version: &&Node| version.get("served").and_then(Node::bool) == Some(true);
            let one =
                |version: &'a Node| Some((version.text_at(&["name"])?, version.at(&["schema", "openAPIV3Schema"])));
            let versions = spec.items_at(&["versions"]).iter().filter(served).filter_map(one).collect();
            let is_namespaced = spec.text_at(&["scope"]) == Some("Namespaced");
            found.entry((group, kind)).or_insert(Definition { is_namespaced, versions });
        }
        Self(found)
    }

    /// The definition of what a document calls itself.
    pub fn find<'s>(&'s self, document: &'s Document) -> Option<&'s Definition<'s>> {
        self.0.get(&(document.id.group.as_str(), document.id.kind.as_str()) as &(&str, &str))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Which questions are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Known fields, the right types, nothing missing.
    Shape,
    /// Values that the schema takes.
    Values,
}

/// Something that the server would refuse.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its code.
    pub code: &'static str,
    /// Where it stands in its file.
    pub span: Span,
    /// What it is, without the name of the object.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// What schemas say about resources, with the patterns that they have asked for.
#[derive(Debug)]
pub struct Judge {
    /// What was found.
    pub faults: Vec<Fault>,
    /// How many values have been judged.
    pub judged: usize,
    path: Path,
    minor: Minor,
    /// `None` for those that this library does not take.
    patterns: HashMap<String, Option<Regex>>,
}

/// What every object has, whatever its schema says.
const META: &[&str] = &["apiVersion", "kind", "metadata"];

/// What says of an object what it is. Source: `apiserver/schema/objectmeta/validation.go`.
const TYPE: &[&str] = &["apiVersion", "kind"];

impl Judge {
    /// One for a server of this minor.
    pub fn of(minor: Minor) -> Self {
        Self { faults: Vec::new(), judged: 0, path: Path::default(), minor, patterns: HashMap::default() }
    }

    /// Judges a resource by its definition.
    pub fn resource(&mut self, document: &Document, definition: &Definition<'_>, part: Part) {
        let root = &document.root;
        let version = root.text_at(&["apiVersion"]).unwrap_or_default();
        let level = version.rsplit('/').next().unwrap_or(version);
        match definition.versions.iter().find(|(name, _)| *name == level) {
            None if part == Part::Shape => {
                let served = definition.versions.iter().map(|(name, _)| *name);
                let span = root.get("apiVersion").map_or(root.span, |node| node.span);
                self.faults.push(Fault {
                    code: codes::NOT_SERVED,
                    span,
                    message: format!("its definition does not serve {version}"),
                    help: Some(format!("it serves {}", suggest::list(served))),
                });
            }
            Some((_, Some(schema))) => self.map(root, schema, true, part),
            _ => {}
        }
    }

    fn step(&mut self, step: Step, work: impl FnOnce(&mut Self)) {
        self.path.push(step);
        work(self);
        self.path.pop();
    }

    fn fault(&mut self, code: &'static str, span: Span, message: String) -> &mut Fault {
        self.faults.push(Fault { code, span, message, help: None });
        self.faults.last_mut().expect("one was just pushed")
    }

    fn refuse(&mut self, node: &Node, why: &str) {
        let message = format!("{} {why}", said(&self.path));
        self.fault(codes::INVALID_FIELD, begin(node), message);
    }

    fn value(&mut self, node: &Node, schema: &Node, part: Part) {
        self.judged += 1;
        if matches!(node.value, Value::Null) {
            // nothing gives way to a default
            if part == Part::Shape && !is(schema, "nullable") && schema.get("default").is_none() {
                let message = format!("{} must not be nothing", said(&self.path));
                self.fault(codes::WRONG_TYPE, node.span, message);
            }
            return;
        }
        if !fits(schema, node) {
            if part == Part::Shape {
                let expected = expected(schema);
                let message = format!("{} must be {expected}, not {}", said(&self.path), found(node));
                let is_spelled = expected == "a string" && !matches!(node.value, Value::List(_) | Value::Map(_));
                let help = is_spelled.then(|| "YAML takes it for something else: put it in quotes".to_owned());
                self.fault(codes::WRONG_TYPE, begin(node), message).help = help;
            }
            return;
        }
        match &node.value {
            Value::Map(_) => self.map(node, schema, is(schema, "x-kubernetes-embedded-resource"), part),
            Value::List(items) => {
                if let Some(inner) = schema.get("items").filter(|inner| matches!(inner.value, Value::Map(_))) {
                    for (at, item) in items.iter().enumerate() {
                        self.step(Step::Index(at), |judge| judge.value(item, inner, part));
                    }
                }
            }
            _ => {}
        }
        if part == Part::Values {
            self.limits(node, schema);
        }
    }

    /// The fields of a map; those that make it an object are judged elsewhere.
    fn map(&mut self, node: &Node, schema: &Node, is_object: bool, part: Part) {
        let rest = schema.get("additionalProperties");
        let is_open = is(schema, "x-kubernetes-preserve-unknown-fields")
            || rest.is_some_and(|rest| rest.bool() == Some(true) || rest.entries().is_empty() && rest.bool().is_none());
        for entry in node.entries() {
            if is_object && META.contains(&entry.key.as_str()) {
                continue;
            }
            let own = schema.at(&["properties", &entry.key]);
            match own.or_else(|| rest.filter(|rest| rest.bool().is_none() && !rest.entries().is_empty())) {
                Some(own) => self.step(Step::Key(entry.key.clone()), |judge| judge.value(&entry.node, own, part)),
                None if is_open || part == Part::Values => {}
                None => self.unknown(entry, schema),
            }
        }
        if part == Part::Shape {
            // an object within another one says what it is
            self.required(node, schema, if is_object && !self.path.is_root() { TYPE } else { &[] });
        } else if is_object && self.path.is_root() {
            self.limits(node, schema);
        }
    }

    fn unknown(&mut self, entry: &Entry, schema: &Node) {
        let known = schema.get("properties").map(Node::entries).unwrap_or_default();
        let near = suggest::nearest(&entry.key, known.iter().map(|known| known.key.as_str()));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        let message = format!("the definition has no field `{}`, at {}", told_key(&entry.key), said(&self.path));
        self.fault(codes::UNKNOWN_KEY, entry.span, message).help = help;
    }

    fn required(&mut self, node: &Node, schema: &Node, typed: &[&str]) {
        let known = schema.get("properties").map(Node::entries).unwrap_or_default();
        let known: Vec<&str> = known.iter().map(|known| known.key.as_str()).collect();
        // who misspells a key has not forgotten it
        let meant = suggest::meant(node.entries().iter().map(|entry| entry.key.as_str()), &known);
        // what has a default is there before anybody asks
        let is_missing = |key: &&str| {
            node.get(key).is_none() && schema.at(&["properties", key, "default"]).is_none() && !meant.contains(key)
        };
        let required = schema.items_at(&["required"]).iter().filter_map(Node::text);
        let required = required.filter(|key| !typed.contains(key)).chain(typed.iter().copied());
        for key in required.filter(is_missing) {
            let message = match self.path.told().as_str() {
                "" => format!("`{key}` is missing"),
                path => format!("`{key}` is missing in `{path}`"),
            };
            self.fault(codes::MISSING_KEY, begin(node), message);
        }
    }

    /// What a value of the right type may not be.
    fn limits(&mut self, node: &Node, schema: &Node) {
        if let Some(why) = self.broken(node, schema, true) {
            self.refuse(node, &why);
        }
        self.once(node, schema);
    }

    /// Why a schema, or a part that narrows one, does not take a value. What a whole schema says of what is within is judged
    /// where that stands.
    fn broken(&mut self, node: &Node, schema: &Node, is_whole: bool) -> Option<String> {
        let options = schema.items_at(&["enum"]);
        if !options.is_empty() && !options.contains(node) {
            let known: Vec<String> = options.iter().filter_map(Node::spelled).collect();
            let known = suggest::list(known.iter().map(String::as_str));
            return Some(format!("is {}, which is none of {known}", spelled(node)));
        }
        if let Some((key, limit)) = defaults::bounds(schema, node, self.minor) {
            return Some(format!(
                "is {}; the definition says `{key}: {}`",
                measured(node),
                limit.spelled().unwrap_or_default()
            ));
        }
        if let Some(why) = self.unlike(node, schema) {
            return Some(why);
        }
        if !is_whole && let Some(why) = self.narrowed(node, schema) {
            return Some(why);
        }
        let free = |key: &&str| *key == "anyOf" && is(schema, "x-kubernetes-int-or-string");
        for key in ["allOf", "anyOf", "oneOf"].iter().filter(|key| !free(key)) {
            let parts = schema.items_at(&[key]);
            if parts.is_empty() {
                continue;
            }
            let mut reasons = Vec::new();
            let mut fitting = 0;
            for part in parts {
                match self.broken(node, part, false) {
                    Some(why) => reasons.push(why),
                    None => fitting += 1,
                }
            }
            let wrong = match *key {
                "allOf" => reasons.into_iter().next(),
                "anyOf" if fitting == 0 && reasons.len() == 1 => reasons.into_iter().next(),
                "anyOf" => (fitting == 0).then(|| format!("fits none of the {} ways of its definition", parts.len())),
                _ => (fitting != 1).then(|| format!("fits {fitting} of the ways of its definition; it must fit one")),
            };
            if wrong.is_some() {
                return wrong;
            }
        }
        let not = schema.get("not").filter(|not| !not.entries().is_empty());
        let is_refused = not.is_some_and(|not| self.broken(node, not, false).is_none());
        is_refused.then(|| "is what its definition does not take".to_owned())
    }

    /// What a part that narrows says about fields and items.
    fn narrowed(&mut self, node: &Node, schema: &Node) -> Option<String> {
        let required = schema.items_at(&["required"]).iter().filter_map(Node::text);
        if let Some(key) = required.into_iter().find(|key| node.get(key).is_none()) {
            return Some(format!("has no `{key}`, which its definition requires"));
        }
        if !fits(schema, node) {
            return Some(format!("must be {}", expected(schema)));
        }
        for entry in schema.get("properties").map(Node::entries).unwrap_or_default() {
            let why = node.get(&entry.key).and_then(|own| self.broken(own, &entry.node, false));
            if let Some(why) = why {
                return Some(format!("has a `{}` that {why}", entry.key));
            }
        }
        let items = schema.get("items")?;
        node.items()
            .iter()
            .find_map(|item| self.broken(item, items, false))
            .map(|why| format!("has an item that {why}"))
    }

    /// Values that have a form.
    fn unlike(&mut self, node: &Node, schema: &Node) -> Option<String> {
        if let Some(what) = formats::missed(node, schema) {
            return Some(format!("is {}, which is no {what}", spelled(node)));
        }
        let text = node.text()?;
        let pattern = schema.text_at(&["pattern"]).filter(|pattern| !pattern.is_empty())?;
        let known = self.patterns.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).ok());
        let is_other = known.as_ref().is_some_and(|pattern| !pattern.is_match(text));
        is_other.then(|| format!("is {}, which does not match `{pattern}`", spelled(node)))
    }

    /// Lists whose items must differ.
    fn once(&mut self, node: &Node, schema: &Node) {
        let items = node.items();
        let keys: Vec<&str> = match schema.text_at(&["x-kubernetes-list-type"]) {
            Some("set") => Vec::new(),
            Some("map") => schema.items_at(&["x-kubernetes-list-map-keys"]).iter().filter_map(Node::text).collect(),
            _ => return,
        };
        let own = |item: &Node| match keys.as_slice() {
            [] => serde_json::to_string(item).unwrap_or_default(),
            keys => format!("{:?}", keys.iter().map(|key| item.get(key).and_then(Node::spelled)).collect::<Vec<_>>()),
        };
        let mut known = tables::map(items.len());
        for (at, item) in items.iter().enumerate() {
            if let Some(first) = known.insert(own(item), at) {
                self.step(Step::Index(at), |judge| judge.refuse(item, &format!("is the same as item {first}")));
            }
        }
    }
}

fn is(schema: &Node, key: &str) -> bool {
    schema.get(key).and_then(Node::bool) == Some(true)
}

fn fits(schema: &Node, node: &Node) -> bool {
    let kind = schema.text_at(&["type"]).unwrap_or_default();
    if is(schema, "x-kubernetes-int-or-string") {
        return defaults::is_of("integer", node) || defaults::is_of("string", node);
    }
    defaults::is_of(kind, node)
}

fn expected(schema: &Node) -> &'static str {
    match schema.text_at(&["type"]).unwrap_or_default() {
        _ if is(schema, "x-kubernetes-int-or-string") => "a whole number or a string",
        "array" => "a list",
        "object" => "a map",
        "string" => "a string",
        "boolean" => "`true` or `false`",
        "integer" => "a whole number",
        _ => "a number",
    }
}

fn begin(node: &Node) -> Span {
    match node.value {
        Value::List(_) | Value::Map(_) => node.span.first(),
        _ => node.span,
    }
}
