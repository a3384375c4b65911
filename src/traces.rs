//! What a value of the description becomes, and which value a rendered line comes from: found by changing values and
//! looking at what changes with them. It must never know how anything is rendered, so it cannot be wrong about it.

use toml::de::DeValue;

use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::diff::alignment::changes;
use crate::diff::compare::{self, ObjectChange};
use crate::diff::side::Side;
use crate::manifest::read::Dialect;
use crate::spec::overlay;
use crate::spec::read::Node;
use crate::stages::parse;
use crate::values::shelf::Described;
use crate::{emit, pipeline};

/// A value of the description, after an environment has been merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its key, such as `components.api.scale.max`.
    pub key: String,
    /// Where it is written.
    pub span: Span,
    /// Whether it is an item of a list of values, which is a value itself.
    pub is_item: bool,
    /// Texts that could stand in its place.
    others: Vec<(Span, String)>,
}

/// All values that are no tables, in the order of the file; `None` if it cannot be read.
pub fn leaves(text: &str, environment: Option<&str>) -> Option<Vec<Leaf>> {
    let mut report = Report::default();
    let mut document = parse::parse(text, &mut report).into_inner();
    if let Some(name) = environment {
        overlay::overlay(&mut document, name, &mut report);
    }
    let mut found = Vec::new();
    for (key, node) in document.iter().filter(|(key, _)| !["environments", "accept"].contains(&key.get_ref().as_ref()))
    {
        collect(node, key.get_ref(), false, text, &mut found);
    }
    found.sort_by_key(|leaf| leaf.span);
    (!report.has_errors()).then_some(found)
}

fn collect(node: &Node<'_>, key: &str, is_item: bool, text: &str, found: &mut Vec<Leaf>) {
    if let DeValue::Table(table) = node.get_ref() {
        for (inner, value) in table {
            collect(value, &format!("{key}.{}", inner.get_ref()), is_item, text, found);
        }
        return;
    }
    // tables one after the other, such as `[[patches]]`, are no value that could be another
    if let DeValue::Array(items) = node.get_ref()
        && items.iter().all(|item| item.get_ref().is_table())
    {
        for (at, item) in items.iter().enumerate() {
            collect(item, &format!("{key}[{at}]"), is_item, text, found);
        }
        return;
    }
    let span: Span = node.span().into();
    let written = text.get(span.start..span.end).unwrap_or_default();
    let others = match node.get_ref() {
        DeValue::Integer(_) => numbers(written),
        DeValue::Boolean(is) => vec![(!is).to_string()],
        DeValue::String(value) => strings(value),
        DeValue::Array(items) => lists(items, text),
        _ => Vec::new(),
    };
    found.push(Leaf {
        key: key.to_owned(),
        span,
        is_item,
        others: others.into_iter().map(|other| (span, other)).collect(),
    });
    if let DeValue::Array(items) = node.get_ref() {
        for (at, item) in items.iter().enumerate() {
            collect(item, &format!("{key}[{at}]"), true, text, found);
        }
    }
}

fn numbers(written: &str) -> Vec<String> {
    let Ok(number) = written.parse::<i64>() else { return Vec::new() };
    [number.checked_add(1), number.checked_sub(1), number.checked_mul(2)]
        .into_iter()
        .flatten()
        .map(|n| n.to_string())
        .collect()
}

/// Words that stand for one another.
const WORDS: &[&[&str]] = &[
    &["small", "medium", "large"],
    &["privileged", "baseline", "restricted"],
    &["node", "go", "python"],
    &["generic", "calico", "cilium"],
    &["present", "install"],
    &["external-secrets", "existing"],
    &["1.35", "1.36", "1.37"],
    &["on", "off"],
];

fn strings(value: &str) -> Vec<String> {
    let alike = WORDS.iter().filter(|words| words.contains(&value)).flat_map(|words| words.iter());
    let mut others: Vec<String> = alike.filter(|word| **word != value).map(|word| (*word).to_owned()).collect();
    // another digit keeps an image, an amount, a range or a time what it is
    let digits: Vec<usize> =
        value.char_indices().filter(|(_, letter)| letter.is_ascii_digit()).map(|(at, _)| at).collect();
    for at in digits.iter().rev().chain(digits.first()) {
        let digit = value.as_bytes()[*at] - b'0';
        let next = char::from(b'0' + if digit == 9 { 1 } else { digit + 1 });
        others.push(format!("{}{next}{}", &value[..*at], &value[at + 1..]));
    }
    others.push(format!("{value}x"));
    others.push(format!("x{value}"));
    let quoted = |text: String| format!("{text:?}");
    others.into_iter().map(quoted).collect()
}

/// The list without one of its items.
fn lists(items: &[Node<'_>], text: &str) -> Vec<String> {
    let without = |left_out: usize| {
        let kept = items.iter().enumerate().filter(|(at, _)| *at != left_out);
        let written: Vec<&str> = kept.filter_map(|(_, item)| text.get(item.span())).collect();
        format!("[{}]", written.join(", "))
    };
    (0..items.len()).rev().map(without).collect()
}

/// What changes with a value; `None` if nothing else could stand in its place alone.
pub fn becomes(described: Described<'_>, environment: Option<&str>, leaf: &Leaf) -> Option<Vec<ObjectChange>> {
    let text = described.text;
    let before = side(&Side::default(), described, environment)?;
    let mut is_told = false;
    for (span, other) in &leaf.others {
        let changed = format!("{}{other}{}", &text[..span.start], &text[span.end..]);
        let Some(after) = side(&before, described.with_text(&changed), environment) else { continue };
        let objects = compare::objects(&before, &after);
        if !objects.is_empty() {
            return Some(objects);
        }
        is_told = true;
    }
    is_told.then(Vec::new)
}

/// The values with which a line of a rendered file changes, in the order of the description.
pub fn origins(described: Described<'_>, environment: Option<&str>, path: &str, line: usize) -> Option<Vec<Leaf>> {
    let text = described.text;
    let before = files(described, environment)?;
    let known = |files: &[(String, String)]| {
        files.iter().find(|(own, _)| own == path).map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>())
    };
    let lines = known(&before)?;
    lines.get(line.checked_sub(1)?)?;
    let is_other = |leaf: &Leaf| {
        let changed = leaf.others.iter().find_map(|(span, other)| {
            let changed = format!("{}{other}{}", &text[..span.start], &text[span.end..]);
            files(described.with_text(&changed), environment)
        });
        changed.is_some_and(|files| known(&files).is_none_or(|now| is_changed(&lines, &now, line - 1)))
    };
    Some(leaves(text, environment)?.into_iter().filter(|leaf| !leaf.is_item).filter(is_other).collect())
}

/// Whether a line is gone or another one.
fn is_changed(old: &[String], new: &[String], line: usize) -> bool {
    changes(old, new).iter().any(|(gone, _)| gone.contains(&line))
}

fn files(described: Described<'_>, environment: Option<&str>) -> Option<Vec<(String, String)>> {
    let (_, bundle) = pipeline::render_as(described, environment, &mut Report::default(), emit::writer)?;
    Some(emit::tree(&bundle).files.into_iter().map(|file| (file.path, file.text)).collect())
}

fn side(known: &Side, described: Described<'_>, environment: Option<&str>) -> Option<Side> {
    let (_, bundle) = pipeline::render_as(described, environment, &mut Report::default(), emit::writer)?;
    Side::read_beside(known, "", emit::tree(&bundle), Dialect::Own).ok()
}
