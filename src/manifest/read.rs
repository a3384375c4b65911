//! Text to documents. All that is wrong with the text goes to a report; the rest of the text is read on as far as YAML
//! lets anyone.
//!
//! Lives here: YAML and JSON as kubectl reads them, several documents a text, lists of objects taken apart. It must never
//! judge what an object says.

use std::ops::Range;

use compact_str::{CompactString, ToCompactString};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Marks, Tag};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::manifest::anchors::Anchors;
use crate::manifest::block;
use crate::manifest::document::{Document, Id};
use crate::manifest::node::{Entry, Node, Value, edit};
use crate::manifest::{json, plain};
use crate::tables;

/// How many values may hold each other: far above any Kubernetes schema.
const DEEPEST: usize = 128;

/// How strictly a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Whatever kubectl takes.
    Any,
    /// Only what this program writes: no anchors, no byte order mark, no Windows line endings.
    Own,
}

/// The objects that `text` holds.
pub fn read(text: &str, dialect: Dialect, report: &mut Report) -> Vec<Document> {
    if dialect == Dialect::Own && has_foreign_bytes(text, report) {
        return Vec::new();
    }
    let body = text.strip_prefix(MARK).unwrap_or(text);
    directives(body, text.len() - body.len(), report);
    let roots = quickly(text)
        .or_else(|| of_stream(text, dialect, report))
        .unwrap_or_else(|| roots(body, dialect, &Offsets::of(body, text.len() - body.len()), report));
    let mut documents = Vec::with_capacity(roots.len());
    for (span, root) in roots {
        objects(span, root, &mut documents, report);
    }
    documents
}

/// The one value that a payload such as `prometheus.yml` holds; `None` if it is not YAML or is several documents.
pub fn payload(text: &str) -> Option<Node> {
    let mut roots = payloads(text);
    let root = roots.pop()?;
    roots.is_empty().then_some(root)
}

/// The same, or what is wrong with the text and where.
pub fn payload_or_fault(text: &str) -> Result<Node, (Span, String)> {
    let mut report = Report::default();
    let read = || roots(text, Dialect::Any, &Offsets::of(text, 0), &mut report);
    let mut roots = quickly(text).unwrap_or_else(read);
    if let Some(first) = report.sorted().first() {
        return Err((first.span, first.message.clone()));
    }
    match (roots.pop(), roots.len()) {
        (Some((_, root)), 0) => Ok(root),
        (None, _) => Ok(Node { span: (0..0).into(), value: Value::Null }),
        (Some((span, _)), _) => Err((span.first(), "this is a second document".to_owned())),
    }
}

/// All values that a payload holds, one a document; none if it is not YAML.
pub fn payloads(text: &str) -> Vec<Node> {
    let roots = quickly(text).or_else(|| roots_of_any(text)).unwrap_or_default();
    roots.into_iter().map(|(_, root)| root).collect()
}

/// What most texts are, read without the library; `None` if it is needed.
fn quickly(text: &str) -> Option<Vec<(Span, Node)>> {
    json::roots(text).or_else(|| block::roots(text))
}

/// The values of JSON that stand one after the other, which is no YAML, and which kubectl reads.
/// Source: `YAMLOrJSONDecoder` in `apimachinery/pkg/util/yaml/decoder.go`.
fn of_stream(text: &str, dialect: Dialect, report: &mut Report) -> Option<Vec<(Span, Node)>> {
    let mut found = Vec::new();
    for place in json::stream(text)? {
        if let Some(root) = json::root_at(text, place.clone()) {
            found.push(root);
        } else {
            let own = &text[place.clone()];
            found.extend(roots(own, dialect, &Offsets::of(own, place.start), report));
        }
    }
    Some(found)
}

/// What the library alone makes of a text; `None` if it is broken.
pub(super) fn roots_of_any(text: &str) -> Option<Vec<(Span, Node)>> {
    let mut report = Report::default();
    let roots = roots(text, Dialect::Any, &Offsets::of(text, 0), &mut report);
    (!report.has_errors()).then_some(roots)
}

const MARK: char = '\u{feff}';

fn has_foreign_bytes(text: &str, report: &mut Report) -> bool {
    let found = if text.starts_with(MARK) {
        Some((0, MARK.len_utf8(), "a byte order mark", "save it as UTF-8 without one"))
    } else {
        let line = text.find('\n').map_or(0, |end| end.saturating_sub(1));
        text[line..].starts_with("\r\n").then_some((
            line,
            2,
            "a Windows line ending",
            "tell git to keep `\\n` here: `* text eol=lf` in .gitattributes",
        ))
    };
    if let Some((at, length, what, help)) = found {
        report
            .error(codes::MANIFEST, at..at + length, format!("the file has {what}, which platformgen never writes"))
            .help(help);
    }
    found.is_some()
}

/// Refuses what stands before the first object and says how a text is to be read: kubectl cuts a text at `---` before it
/// reads it, so that a directive stands alone. Other readers, of files within objects, take it.
/// Source: `YAMLReader` in `apimachinery/pkg/util/yaml/decoder.go`.
fn directives(text: &str, mut at: usize, report: &mut Report) {
    let is_before = |line: &&str| line.trim().is_empty() || line.starts_with(['#', '%']);
    for line in text.split_inclusive('\n').take_while(is_before) {
        if line.starts_with('%') {
            let why = "kubectl takes no directive such as `%YAML 1.2`: leave the line out";
            report.error(codes::MANIFEST, at..at + line.trim_end().len(), why);
        }
        at += line.len();
    }
}

/// Where characters stand in bytes.
struct Offsets {
    first: usize,
    /// The byte of each character; empty where both counts agree.
    bytes: Vec<usize>,
    length: usize,
}

impl Offsets {
    fn of(text: &str, first: usize) -> Self {
        let bytes = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
        Self { first, bytes, length: text.len() }
    }

    fn byte(&self, character: usize) -> usize {
        let at =
            if self.bytes.is_empty() { character } else { self.bytes.get(character).copied().unwrap_or(self.length) };
        self.first + at.min(self.length)
    }

    fn range(&self, marks: Marks) -> Range<usize> {
        self.byte(marks.start.index())..self.byte(marks.end.index())
    }
}

/// The value of every document that is not empty.
fn roots(text: &str, dialect: Dialect, offsets: &Offsets, report: &mut Report) -> Vec<(Span, Node)> {
    let mut tree = Tree { dialect, anchors: Anchors::default(), open: Vec::new(), root: None, report };
    let mut found: Vec<(Span, Node)> = Vec::new();
    let mut start = offsets.byte(0);
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, marks) = match event {
            Ok(event) => event,
            Err(fault) => {
                tree.broken(&fault, text, offsets);
                break;
            }
        };
        let span = offsets.range(marks);
        match event {
            Event::DocumentStart(_) => start = span.start,
            Event::DocumentEnd | Event::StreamEnd => {
                if let Some(root) = tree.root.take() {
                    found.push(((start..span.start).into(), root));
                }
            }
            other => {
                if tree.take(other, span).is_none() {
                    break;
                }
            }
        }
    }
    found
}

/// The value that is being read.
struct Tree<'r> {
    dialect: Dialect,
    anchors: Anchors,
    open: Vec<Open>,
    root: Option<Node>,
    report: &'r mut Report,
}

/// A list or map that has not ended yet.
struct Open {
    anchor: usize,
    start: usize,
    value: Holder,
}

enum Holder {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, merged: Vec<Node>, key: Option<(CompactString, Span, bool)> },
}

impl Tree<'_> {
    fn broken(&mut self, fault: &ScanError, text: &str, offsets: &Offsets) {
        let at = offsets.byte(fault.marker().index());
        // of a tab, the library says where the line before ends
        let rest = text.get(at - offsets.first..).filter(|_| fault.info().ends_with(" tab"));
        let at = at + rest.and_then(|rest| rest.find('\t')).unwrap_or_default();
        self.report.error(codes::MANIFEST, at..at + 1, format!("this is not YAML: {}", fault.info()));
    }

    fn refuse(&mut self, span: Range<usize>, message: &str) {
        self.report.error(codes::MANIFEST, span, message);
    }

    /// Adds what an event says; `None` when nothing more can be made of the text.
    fn take(&mut self, event: Event<'_>, span: Range<usize>) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.anchored(anchor, &span);
                let node = Node { span: span.into(), value: scalar(&text, style, tag.as_deref()) };
                self.anchors.remember(anchor, &node);
                self.put(node, style == ScalarStyle::Plain);
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, &span, Holder::List(Vec::new()))?,
            Event::MappingStart(anchor, _) => {
                let value = Holder::Map { entries: Vec::new(), merged: Vec::new(), key: None };
                self.begin(anchor, &span, value)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span.end),
            Event::Alias(anchor) => match self.anchors.repeat(anchor) {
                Ok(node) => self.put(Node { span: span.into(), ..node }, false),
                Err(why) => {
                    self.refuse(span, &format!("the alias {why}"));
                    return None;
                }
            },
            _ => {}
        }
        Some(())
    }

    fn anchored(&mut self, anchor: usize, span: &Range<usize>) {
        if anchor != 0 && self.dialect == Dialect::Own {
            self.refuse(span.clone(), "the value has an anchor, which platformgen never writes");
        }
    }

    fn begin(&mut self, anchor: usize, span: &Range<usize>, value: Holder) -> Option<()> {
        self.anchored(anchor, span);
        if self.open.len() >= DEEPEST {
            self.refuse(span.clone(), "more than 128 values hold each other here");
            return None;
        }
        self.open.push(Open { anchor, start: span.start, value });
        Some(())
    }

    fn end(&mut self, end: usize) {
        let Some(Open { anchor, start, value }) = self.open.pop() else { return };
        let value = match value {
            Holder::List(items) => Value::List(items.into()),
            Holder::Map { mut entries, merged, .. } => {
                self.once(&entries);
                merge(&mut entries, merged);
                Value::Map(entries.into())
            }
        };
        let node = Node { span: (start..end).into(), value };
        self.anchors.remember(anchor, &node);
        self.put(node, false);
    }

    fn once(&mut self, entries: &[Entry]) {
        let mut known = tables::set(entries.len());
        for entry in entries.iter().filter(|entry| !known.insert(entry.key.as_str())) {
            let message = format!("the key `{}` stands twice in one map", entry.key);
            self.report.error(codes::MANIFEST, entry.span, message);
        }
    }

    /// Puts a value where it belongs: into the list or map that is open, as its key or value, or at the root.
    fn put(&mut self, node: Node, is_plain: bool) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut open.value {
            Holder::List(items) => items.push(node),
            Holder::Map { entries, merged, key } => match key.take() {
                None => {
                    let text = key_text(&node);
                    if text.is_none() {
                        self.report.error(codes::MANIFEST, node.span, "a key must be a string");
                    }
                    *key = Some((text.unwrap_or_default(), node.span, is_plain));
                }
                Some((text, _, true)) if text == "<<" => merged.push(node),
                Some((text, span, _)) => {
                    entries.push(Entry { key: text, span, node });
                }
            },
        }
    }
}

/// A quoted or tagged scalar is a string; a plain one may be more.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_text = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str");
    if is_text { Value::Text(text.into()) } else { plain::resolve(text) }
}

/// Keys are strings to Kubernetes; kubectl spells numbers and truth values out.
fn key_text(node: &Node) -> Option<CompactString> {
    match &node.value {
        Value::Text(text) => Some(text.clone()),
        Value::Number(text) => Some(text.as_ref().into()),
        Value::Integer(number) => Some(number.to_compact_string()),
        Value::Bool(is) => Some(is.to_compact_string()),
        Value::Float(number) => Some(number.to_compact_string()),
        Value::Null => Some("null".into()),
        Value::List(_) | Value::Map(_) => None,
    }
}

/// `<<: *defaults` adds what is not there yet; of several maps the first wins.
fn merge(entries: &mut Vec<Entry>, merged: Vec<Node>) {
    for node in merged {
        let maps = match node.value {
            Value::List(items) => items,
            other => Box::from([Node { span: node.span, value: other }]),
        };
        for entry in maps.into_iter().flat_map(|map| match map.value {
            Value::Map(entries) => entries,
            _ => Box::default(),
        }) {
            if !entries.iter().any(|known| known.key == entry.key) {
                entries.push(entry);
            }
        }
    }
}

/// An item of a list of one kind, such as `PodList`, need not say which: a server does not repeat it, and kubectl fills it
/// in. Source: `decodeToList` of `apimachinery/pkg/apis/meta/v1/unstructured`.
fn of_list(item: &Node, list: &Node, kind: &str) -> Node {
    let mut item = item.clone();
    let kind = kind.strip_suffix("List").unwrap_or(kind);
    let is_silent = item.get("kind").is_none() && item.get("apiVersion").is_none();
    if let (Value::Map(entries), Some(version), true) =
        (&mut item.value, list.text_at(&["apiVersion"]), is_silent && !kind.is_empty())
    {
        let span: Span = (item.span.start()..item.span.start()).into();
        let said = |key: &str, text: &str| Entry { key: key.into(), span, node: Node { span, ..Node::of_text(text) } };
        edit(entries, |entries| entries.splice(0..0, [said("apiVersion", version), said("kind", kind)]).count());
    }
    item
}

/// Takes lists of objects apart; what is no object is a mistake.
fn objects(span: Span, root: Node, documents: &mut Vec<Document>, report: &mut Report) {
    if matches!(root.value, Value::Null) {
        return;
    }
    let id = Id::of(&root);
    if id.kind.ends_with("List") && root.get("items").is_some() {
        for item in root.items_at(&["items"]) {
            objects(item.span, of_list(item, &root, &id.kind), documents, report);
        }
        return;
    }
    if !matches!(root.value, Value::Map(_)) || id.kind.is_empty() {
        report
            .error(codes::MANIFEST, root.span.first(), "this is no Kubernetes object")
            .help("every document is a map with `apiVersion`, `kind` and `metadata`");
        return;
    }
    documents.push(Document { span, id, root });
}
