//! Strict decoding: known kinds, known fields, values of the types that the API declares.
//!
//! Lives here: what `kubectl apply --validate=strict` and the decoder of the API server say. It must never judge a value
//! of the right type.

use crate::diagnostics::source::Span;
use crate::diagnostics::{codes, report::Report, suggest};
use crate::diff::path::{Path, Step};
use crate::manifest::document::{Document, Id};
use crate::manifest::node::{Node, Value};
use crate::schema::{Field, Kind, Schema, Shape};
use crate::spec::shapes::Minor;
use crate::validate::api::{Judge, Questions, Slips, names};
use crate::validate::api::{amounts, annotated};
use crate::validate::{nulls, sops};

/// Groups that no server has any more, whose kinds went elsewhere.
const GONE: &[&str] = &["extensions"];

/// Decodes an object and says how many values it has judged; `None` if its kind is not one of Kubernetes' own, which is no
/// mistake.
pub fn decode(document: &Document, schema: &Schema, minor: Minor, report: &mut Report) -> Option<usize> {
    let root = &document.root;
    let (version, kind) = (root.text_at(&["apiVersion"]).unwrap_or_default(), document.id.kind.as_str());
    let mut walk = Walk {
        schema,
        minor,
        object: &document.id,
        written: root,
        path: Path::default(),
        report,
        judged: 1,
        slips: Slips::default(),
    };
    if version.is_empty() {
        walk.report
            .error(codes::MISSING_KEY, begin(root), format!("{}: `apiVersion` is missing", document.id))
            .help(format!("{kind} is served as {}", suggest::list(schema.versions(kind))));
        return Some(walk.judged);
    }
    if let Some(known) = schema.kind(version, kind) {
        if !known.is_made {
            walk.report
                .error(
                    codes::UNKNOWN_KIND,
                    place(root, "kind"),
                    format!("nobody can create what is called `{kind}` in {version}"),
                )
                .help("it is a question to a server or its answer, and no object; kubectl finds no kind of that name");
            return Some(walk.judged);
        }
        let span = root.get("apiVersion").map_or(root.span, |node| node.span);
        let level = version.rsplit('/').next().unwrap_or(version);
        if level.contains("alpha") || level.contains("beta") {
            let message = format!("{version} is not served unless somebody turns it on");
            walk.report.warning(codes::NOT_SERVED, span, walk.object.to_string(), message);
        }
        let settled = nulls::settled(root, known.name, schema);
        let root = settled.as_ref().unwrap_or(root);
        let readable = sops::readable(root);
        let root = readable.as_ref().unwrap_or(root);
        names::identity(&mut walk.judge(), &document.id, root, known);
        walk.fields(root, known.name);
        if known.name == annotated::AUTOSCALER {
            walk.annotated(root);
        }
        return Some(walk.judged);
    }
    let group = document.id.group.as_str();
    let served = schema.versions(kind);
    // definitions are of groups with a dot; without one, a known kind is of a misspelt group
    let is_misspelt = !group.contains('.') && !served.is_empty();
    if !schema.has_group(group) && !GONE.contains(&group) && !is_misspelt {
        return None;
    }
    let minor = minor.label().trim_start_matches('v');
    let (span, message) = if served.is_empty() {
        (place(root, "kind"), format!("Kubernetes {minor} has no kind `{kind}` in {version}"))
    } else {
        (place(root, "apiVersion"), format!("Kubernetes {minor} does not serve {version} {kind}"))
    };
    let found =
        walk.report.error(if served.is_empty() { codes::UNKNOWN_KIND } else { codes::NOT_SERVED }, span, message);
    if served.is_empty() {
        found.did_you_mean(suggest::nearest(kind, schema.kinds(version)));
    } else {
        found.help(format!("write `apiVersion: {}`", served.join("` or `")));
    }
    Some(walk.judged)
}

/// Decodes what every object has of one whose kind somebody defines: who it is and where it lives. Its definition says the
/// rest.
pub fn metadata(document: &Document, is_namespaced: bool, minor: Minor, report: &mut Report) {
    let Some(metadata) = document.root.get("metadata") else { return };
    let schema = Schema::of(minor);
    let (object, written) = (&document.id, &document.root);
    let slips = Slips::default();
    let mut walk = Walk { schema, minor, object, written, path: Path::default(), report, judged: 0, slips };
    let kind = Kind { is_namespaced, is_made: true, name: METADATA };
    names::identity(&mut walk.judge(), &document.id, &document.root, kind);
    walk.step(Step::Key("metadata".into()), |walk| walk.value(metadata, Shape::Type(METADATA)));
}

/// The type of what every object has.
const METADATA: &str = "meta/v1.ObjectMeta";

fn begin(node: &Node) -> Span {
    node.span.first()
}

fn place(root: &Node, key: &str) -> Span {
    root.get(key).map_or(begin(root), |node| node.span)
}

struct Walk<'a> {
    schema: &'a Schema,
    minor: Minor,
    object: &'a Id,
    /// The object as somebody wrote it.
    written: &'a Node,
    /// Where it is.
    path: Path,
    report: &'a mut Report,
    judged: usize,
    /// The keys so far that somebody has misspelt.
    slips: Slips,
}

impl Walk<'_> {
    /// Goes one step further in, and back.
    fn step(&mut self, step: Step, work: impl FnOnce(&mut Self)) {
        self.path.push(step);
        work(self);
        self.path.pop();
    }

    /// Who speaks about the values of fields.
    fn judge(&mut self) -> Judge<'_> {
        Judge { object: self.object, path: &self.path, report: self.report, minor: self.minor, slips: &self.slips }
    }

    /// Every field of an object of a type.
    fn fields(&mut self, node: &Node, name: &'static str) {
        let fields = self.schema.fields(name);
        for entry in node.entries() {
            let found = fields.binary_search_by(|field| field.key.cmp(entry.key.as_str()));
            self.step(Step::Key(entry.key.clone()), |walk| match found {
                Ok(at) => walk.value(&entry.node, fields[at].shape),
                Err(_) => walk.unknown(&entry.key, entry.span, name, fields),
            });
        }
        // whatever it says, a server begins with a status of its own
        if self.path.begins(&["status"]) {
            return;
        }
        let questions = Questions::of(name);
        questions.judge(node, &mut self.judge());
        let required = fields.iter().filter(|field| is_required(field)).map(|field| field.key);
        let required = required.filter(|key| !questions.is_spared(key, self.minor));
        let is_told = |key: &str| fields.iter().any(|field| field.key == key && is_required(field));
        let demanded = questions.demanded().filter(|key| !is_told(key));
        let missing: Vec<&str> = required.chain(demanded).filter(|key| is_absent(node, key)).collect();
        if missing.is_empty() {
            return;
        }
        // who misspells a key has not forgotten it
        let known: Vec<&str> = fields.iter().map(|field| field.key).collect();
        let meant = suggest::meant(node.entries().iter().map(|entry| entry.key.as_str()), &known);
        for key in missing.into_iter().filter(|key| !meant.contains(key)) {
            let message = match self.path.told().as_str() {
                "" => format!("{}: `{key}` is missing", self.object),
                path => format!("{}: `{key}` is missing in `{path}`", self.object),
            };
            let is_root = self.path.last_key().is_empty();
            match self.written.entries().iter().find(|entry| is_root && entry.key == key) {
                Some(empty) => {
                    self.report.error(codes::MISSING_KEY, empty.span, message).help("nothing stands below it")
                }
                None => self.report.error(codes::MISSING_KEY, begin(node), message),
            };
        }
    }

    /// What annotations say, as the fields that a server takes it for. It overlooks what it does not know, and all of it
    /// where something is of another type.
    fn annotated(&mut self, root: &Node) {
        let fields = self.schema.fields("autoscaling/v2.HorizontalPodAutoscalerSpec");
        for (key, node) in annotated::fields(root) {
            let Some(field) = fields.iter().find(|field| field.key == key) else { continue };
            let mut report = Report::default();
            let path = Path::default().key("spec").key(key);
            let mut walk = Walk { report: &mut report, path, slips: Slips::default(), ..*self };
            walk.value(&node, field.shape);
            self.judged = walk.judged;
            report.retain(|found| found.code != codes::UNKNOWN_KEY);
            if !report.sorted().iter().any(|found| found.code == codes::WRONG_TYPE) {
                self.report.take(report);
            }
        }
    }

    fn unknown(&mut self, key: &str, span: Span, name: &str, fields: &[Field]) {
        // a key that has swallowed its value may hold a secret
        let message = if key.contains([' ', ':', '=']) {
            format!("{}: {} has no field that is called so", self.object, short(name))
        } else {
            format!("{}: {} has no field `{key}`, at {}", self.object, short(name), said(&self.path))
        };
        let is_shown = !self.report.is_full(codes::UNKNOWN_KEY);
        let near = is_shown.then(|| suggest::nearest(key, fields.iter().map(|field| field.key))).flatten();
        self.slips.extend(near.map(|near| (span.start(), near)));
        self.report.error(codes::UNKNOWN_KEY, span, message).did_you_mean(near);
    }

    fn value(&mut self, node: &Node, shape: Shape) {
        self.judged += 1;
        match (shape, &node.value) {
            // nothing is what is not there
            (_, Value::Null) | (Shape::Any, _) => {}
            (Shape::Type(name), Value::Map(_)) => self.fields(node, name),
            (Shape::Map(values), Value::Map(entries)) => {
                let shape = Shape::inner(values);
                for entry in entries {
                    self.step(Step::Key(entry.key.clone()), |walk| walk.value(&entry.node, shape));
                }
            }
            (Shape::List(items), Value::List(nodes)) => {
                let shape = Shape::inner(items);
                for (at, item) in nodes.iter().enumerate() {
                    self.step(Step::Index(at), |walk| walk.value(item, shape));
                }
            }
            (Shape::Either(one, other), value) => {
                let shapes = [Shape::inner(one), Shape::inner(other)];
                let fits = shapes.into_iter().find(|shape| is_container(*shape, value)).unwrap_or(shapes[0]);
                self.value(node, fits);
            }
            _ => {
                if let Err(why) = scalar(shape, node) {
                    self.wrong(node, why);
                }
            }
        }
    }

    fn wrong(&mut self, node: &Node, expected: &str) {
        let message = format!("{}: {} must be {expected}, not {}", self.object, said(&self.path), found(node));
        let span = match node.value {
            Value::List(_) | Value::Map(_) => begin(node),
            _ => node.span,
        };
        let diagnostic = self.report.error(codes::WRONG_TYPE, span, message);
        match &node.value {
            Value::Text(text) if expected == AMOUNT => {
                diagnostic.did_you_mean(amounts::meant(text).as_deref());
            }
            Value::Text(text) if expected.starts_with(plain(text)) => {
                diagnostic.help("in quotes it is a text: take them away");
            }
            Value::Text(_) | Value::List(_) | Value::Map(_) => {}
            _ if expected.starts_with("a string") => {
                diagnostic.help("YAML takes it for something else: put it in quotes");
            }
            _ => {}
        }
    }
}

/// How what a text says without its quotes begins to be told; something that nothing begins with if that is a text, too.
fn plain(text: &str) -> &'static str {
    match text {
        "true" | "false" => "`true`",
        _ if text.parse::<i64>().is_ok() => "a whole number",
        _ => "no",
    }
}

/// What an amount must be.
const AMOUNT: &str = "an amount such as `100m` or `1Gi`";

/// Numbers and truth values that are missing are zero and false, lists are empty: whether they may be is not said by types.
fn is_required(field: &Field) -> bool {
    field.is_required && matches!(field.shape, Shape::Text | Shape::Type(_))
}

fn is_absent(node: &Node, key: &str) -> bool {
    node.get(key).is_none_or(|value| matches!(value.value, Value::Null))
}

fn is_container(shape: Shape, value: &Value) -> bool {
    match value {
        Value::Map(_) => matches!(shape, Shape::Type(_) | Shape::Map(_)),
        Value::List(_) => matches!(shape, Shape::List(_)),
        Value::Bool(_) => shape == Shape::Bool,
        _ => false,
    }
}

/// Whether a value is a scalar of this shape; the error is what it should be.
fn scalar(shape: Shape, node: &Node) -> Result<(), &'static str> {
    let whole = match &node.value {
        Value::Integer(number) => Some(number.get()),
        // JSON knows no difference between 1.0 and 1
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => format!("{number:.0}").parse().ok(),
        _ => None,
    };
    let text = node.text();
    let (fits, expected) = match shape {
        Shape::Text => (text.is_some(), "a string"),
        Shape::Bytes => (text.is_some_and(is_base64) || is_bytes(node), "a string in base64"),
        Shape::Int32 => (whole.is_some_and(|number| i32::try_from(number).is_ok()), "a whole number of 32 bits"),
        Shape::Int64 => (whole.is_some_and(|number| i64::try_from(number).is_ok()), "a whole number of 64 bits"),
        Shape::Number => (matches!(node.value, Value::Integer(_) | Value::Float(_) | Value::Number(_)), "a number"),
        Shape::Bool => (matches!(node.value, Value::Bool(_)), "`true` or `false`"),
        Shape::Time => (text.is_some_and(is_time), "a time such as `\"2026-01-31T12:00:00Z\"`"),
        Shape::Quantity => (amounts::read(node).is_some(), AMOUNT),
        Shape::IntOrText => (
            text.is_some() || whole.is_some_and(|number| i32::try_from(number).is_ok()),
            "a number of 32 bits or a string",
        ),
        Shape::List(_) => (false, "a list"),
        Shape::Map(_) | Shape::Type(_) => (false, "a map"),
        Shape::Any | Shape::Either(..) => (true, "anything"),
    };
    if fits { Ok(()) } else { Err(expected) }
}

/// A list of numbers, which Go takes for bytes as well.
fn is_bytes(node: &Node) -> bool {
    let is_byte = |item: &Node| match item.value {
        Value::Null => true,
        _ => item.integer().is_some_and(|number| u8::try_from(number).is_ok()),
    };
    matches!(&node.value, Value::List(items) if items.iter().all(is_byte))
}

fn is_base64(text: &str) -> bool {
    // Go's decoder skips line breaks
    let bytes: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let padding = bytes.iter().rev().take_while(|byte| **byte == b'=').count();
    let (data, _) = bytes.split_at(bytes.len() - padding);
    padding <= 2
        && bytes.len().is_multiple_of(4)
        && data.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// `2026-01-31T12:00:00Z`, with a fraction and an offset if need be.
fn is_time(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let bytes = text.as_bytes();
    let is_form = bytes.len() > FORM.len()
        && FORM.iter().zip(bytes).all(|(form, byte)| if *form == b'0' { byte.is_ascii_digit() } else { form == byte });
    let rest = text.get(FORM.len()..).unwrap_or_default();
    let zone =
        rest.strip_prefix('.').map_or(rest, |rest| rest.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    is_form && (zone == "Z" || (zone.len() == 6 && zone.starts_with(['+', '-']) && zone.as_bytes()[3] == b':'))
}

/// `.spec.replicas`, or `the object`.
fn said(path: &Path) -> String {
    let path = path.told();
    if path.is_empty() { "the object".to_owned() } else { format!("`{path}`") }
}

/// `core/v1.PodSpec` is a `PodSpec`.
fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn found(node: &Node) -> String {
    match &node.value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(is) => format!("the truth value {is}"),
        Value::Integer(number) => format!("the number {number}"),
        Value::Float(number) => format!("the number {number}"),
        Value::Number(number) => format!("the number {number}"),
        Value::Text(_) => "this text".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
    }
}
