//! Reading typed values out of a parsed TOML tree: every fault becomes a diagnostic with its place, and reading goes on.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde_json::{Map, Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostics::codes;
use crate::diagnostics::report::{Diagnostic, Report};
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;

/// A value of the parsed file, with its place.
pub type Node<'i> = Spanned<DeValue<'i>>;

/// A value together with the place where the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> At<T> {
    /// Whether the user wrote it; defaults and stand-ins stand nowhere.
    pub fn is_written(&self) -> bool {
        self.span != Span::default() && !self.is_stand_in()
    }

    /// Whether it stands in for what somebody wrote and nobody could read.
    pub fn is_stand_in(&self) -> bool {
        self.span == Span::STAND_IN
    }

    /// Where it stands; `other` for a default, which stands nowhere.
    pub fn span_or(&self, other: Span) -> Span {
        if self.span == Span::default() { other } else { self.span }
    }
}

/// What can be read from a value of the file.
pub trait Read: Sized {
    /// The value, or `None` after the fault has been reported.
    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self>;

    /// What an absent key means; `None` makes the key required.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether an absent key has a meaning.
    const OPTIONAL: bool = false;

    /// What stands in for a value whose fault has been reported, so that the rest is looked at all the same: the
    /// default of its key where there is one. It is never rendered, as a report with errors ends the run, and never
    /// complained about: what has a place stands at [`Span::STAND_IN`].
    fn stand_in(default: Option<Self>) -> Option<Self> {
        default.or_else(Self::absent)
    }

    /// The type in the words of the reference page.
    fn type_name() -> Cow<'static, str>;

    /// What to write where `key` is missing.
    fn how_to_add(key: &str) -> String {
        format!("add `{key} = …`: {}", Self::type_name())
    }

    /// The type as editors check it: JSON Schema.
    fn schema() -> Value {
        json!({})
    }
}

/// One key of a table, as the reference page shows it.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The key as the user writes it.
    pub name: &'static str,
    /// What it means, one entry a line.
    pub doc: &'static [&'static str],
    /// What it takes.
    pub type_name: fn() -> Cow<'static, str>,
    /// The same as JSON Schema.
    pub schema: fn() -> Value,
    /// Whether it may be left out.
    pub optional: bool,
}

/// A table with a closed set of keys.
pub trait Shape: Sized {
    /// The table in one sentence.
    const DOC: &'static [&'static str];
    /// Its keys, in the order of the manual.
    const KEYS: &'static [Key];

    /// Reads the keys of this shape; the caller closes the table with [`Fields::finish`].
    fn read_fields(fields: &mut Fields<'_, '_>) -> Option<Self>;
}

/// A key that is written and not known.
#[derive(Clone, Copy)]
struct Unknown<'t> {
    written: &'t str,
    span: Span,
    /// The key that it may have been meant to be.
    near: Option<&'static str>,
}

/// A table that is being read.
pub struct Fields<'t, 'i> {
    table: &'t DeTable<'i>,
    span: Span,
    known: &'t [&'t [Key]],
    unknown: OnceCell<Vec<Unknown<'t>>>,
    /// Where faults go.
    pub report: &'t mut Report,
}

impl<'t, 'i> Fields<'t, 'i> {
    /// Opens the table in `node` of these keys, or reports that it is none.
    pub fn open(node: &'t Node<'i>, known: &'t [&'t [Key]], report: &'t mut Report) -> Option<Self> {
        let Some(table) = node.get_ref().as_table() else {
            wrong_type(node, "a table", report);
            return None;
        };
        Some(Self { table, span: node.span().into(), known, unknown: OnceCell::new(), report })
    }

    /// Opens a table that stands for itself.
    pub fn of(table: &'t DeTable<'i>, span: Span, known: &'t [&'t [Key]], report: &'t mut Report) -> Self {
        Self { table, span, known, unknown: OnceCell::new(), report }
    }

    /// Where the table begins.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The value of `key`, or its default when absent. Faults are reported, and then something stands in where
    /// anything can. A key that is only misspelt is not absent: [`Fields::finish`] tells that.
    pub fn take<T: Read>(&mut self, key: &str, default: Option<T>) -> Option<T> {
        match self.table.get(key) {
            Some(node) => T::read(node, self.report).or_else(|| T::stand_in(default)),
            None if self.unknown().iter().any(|unknown| unknown.near == Some(key)) => T::stand_in(default),
            None => default.or_else(T::absent).or_else(|| {
                self.report
                    .error(codes::MISSING_KEY, self.span, format!("missing key `{key}`"))
                    .help(T::how_to_add(key));
                T::stand_in(None)
            }),
        }
    }

    /// The untyped value of `key`.
    pub fn raw(&self, key: &str) -> Option<&'t Node<'i>> {
        self.table.get(key)
    }

    /// The keys that are written and not known.
    fn unknown(&self) -> &[Unknown<'t>] {
        self.unknown.get_or_init(|| {
            let names = || self.known.iter().copied().flatten().map(|key| key.name);
            let table: &'t DeTable<'i> = self.table;
            let written = table.iter().map(|(key, _)| (key.get_ref().as_ref(), key.span().into()));
            let unknown = written.filter(|(written, _)| names().all(|name| name != *written));
            unknown.map(|(written, span)| Unknown { written, span, near: suggest::nearest(written, names()) }).collect()
        })
    }

    /// Reports every key that is not known.
    pub fn finish(self) {
        self.tell(|_| true);
    }

    /// Reports keys that are not known and may have been meant to be `key`, where nobody can tell of the others yet.
    pub fn finish_one(self, key: &str) {
        self.tell(|near| near == Some(key));
    }

    fn tell(self, is_told: impl Fn(Option<&str>) -> bool) {
        let unknown = self.unknown().to_vec();
        for Unknown { written, span, near } in unknown.into_iter().filter(|unknown| is_told(unknown.near)) {
            let mistake = self.report.error(codes::UNKNOWN_KEY, span, format!("unknown key `{written}`"));
            let names = self.known.iter().copied().flatten().map(|key| key.name);
            match near {
                Some(near) => mistake.did_you_mean(Some(near)),
                None => mistake.help(format!("the keys here are {}", suggest::list(names))),
            };
        }
    }
}

/// The JSON Schema of a table with exactly these keys.
pub fn table_schema<'k>(doc: &[&str], keys: impl Iterator<Item = &'k Key> + Clone) -> Value {
    let described = |key: &Key| {
        let mut schema = (key.schema)();
        schema["description"] = sentence(key.doc).into();
        schema
    };
    let properties: Map<String, Value> = keys.clone().map(|key| (key.name.to_owned(), described(key))).collect();
    let required: Vec<&str> = keys.filter(|key| !key.optional).map(|key| key.name).collect();
    json!({
        "type": "object",
        "description": sentence(doc),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// Lines of documentation as one text.
pub fn sentence(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// Reports that `node` holds another type than `expected`.
pub fn wrong_type<'r>(node: &Node<'_>, expected: &str, report: &'r mut Report) -> &'r mut Diagnostic {
    let found = node.get_ref().type_str();
    let mistake =
        report.error(codes::WRONG_TYPE, node.span(), format!("expected {expected}, found {}", article(found)));
    if let Some(help) = converted(node, expected) {
        mistake.help(help);
    }
    mistake
}

/// How to write what `node` holds as another type, if it can be.
fn converted(node: &Node<'_>, expected: &str) -> Option<&'static str> {
    let text = match node.get_ref() {
        DeValue::String(text) => Some(text),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => None,
        _ => return None,
    };
    match (expected, text) {
        ("a list", _) => Some("write it in brackets: `[…]`"),
        ("a table" | "a component", _) => Some("write a table: `{ … }`"),
        ("a whole number", Some(text)) => text.parse::<i64>().is_ok().then_some("write it without quotes"),
        ("`true` or `false`", Some(text)) => text.parse::<bool>().is_ok().then_some("write it without quotes"),
        ("a whole number" | "`true` or `false`", None) | (_, Some(_)) => None,
        (_, None) => (!expected.contains("table")).then_some("write it in quotes"),
    }
}

fn article(type_name: &str) -> String {
    let vowel = type_name.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {type_name}", if vowel { "an" } else { "a" })
}

impl<T: Read> Read for At<T> {
    const OPTIONAL: bool = T::OPTIONAL;

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        T::read(node, report).map(|value| Self { value, span: node.span().into() })
    }

    fn absent() -> Option<Self> {
        T::absent().map(|value| Self { value, span: Span::default() })
    }

    fn stand_in(default: Option<Self>) -> Option<Self> {
        T::stand_in(default.map(|default| default.value)).map(|value| Self { value, span: Span::STAND_IN })
    }

    fn how_to_add(key: &str) -> String {
        T::how_to_add(key)
    }

    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn schema() -> Value {
        T::schema()
    }
}

impl<T: Read> Read for Option<T> {
    const OPTIONAL: bool = true;

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        T::read(node, report).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    /// Somebody wrote the key, so what it is about is there.
    fn stand_in(default: Option<Self>) -> Option<Self> {
        Some(default.unwrap_or_else(|| T::stand_in(None)))
    }

    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn schema() -> Value {
        T::schema()
    }
}

/// A list; a fault in one item does not hide the next, and leaves a stand-in where the item was.
impl<T: Read> Read for Vec<T> {
    const OPTIONAL: bool = true;

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        let Some(items) = node.get_ref().as_array() else {
            wrong_type(node, "a list", report);
            return None;
        };
        Some(items.iter().filter_map(|item| T::read(item, report).or_else(|| T::stand_in(None))).collect())
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    /// Somebody wrote a list, so it is not empty.
    fn stand_in(default: Option<Self>) -> Option<Self> {
        default.or_else(|| Some(T::stand_in(None).into_iter().collect()))
    }

    fn type_name() -> Cow<'static, str> {
        format!("a list of: {}", T::type_name()).into()
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

/// A table whose keys the user chooses, in the order of the keys.
#[derive(Clone, Debug)]
pub struct Entries<K, V>(pub Vec<(At<K>, V)>);

impl<K, V> Default for Entries<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Read, V: Read> Read for Entries<K, V> {
    const OPTIONAL: bool = true;

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        let Some(table) = node.get_ref().as_table() else {
            wrong_type(node, "a table", report);
            return None;
        };
        let mut entries = Vec::with_capacity(table.len());
        for (key, value) in table {
            let name = Spanned::new(key.span(), DeValue::String(Cow::Borrowed(key.get_ref().as_ref())));
            if let (Some(key), Some(value)) = (At::<K>::read(&name, report), V::read(value, report)) {
                entries.push((key, value));
            }
        }
        Some(Self(entries))
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn type_name() -> Cow<'static, str> {
        format!("a table of: {} = {}", K::type_name(), V::type_name()).into()
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": V::schema() })
    }
}
