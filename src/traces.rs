//! What a value of the description becomes, and which value a rendered line comes from: found by changing values and
//! looking at what changes with them. It must never know how anything is rendered, so it cannot be wrong about it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use toml::de::DeValue;

use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::diff::alignment::changes;
use crate::diff::change::{Change, What};
use crate::diff::compare::{self, Fate, ObjectChange};
use crate::diff::side::Side;
use crate::manifest::node;
use crate::manifest::read::Dialect;
use crate::ordered::Ordered;
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
    /// Where its key begins, or it where it has none.
    key_start: usize,
    /// What could be there instead: one way of each row that renders tells all, and each item of a list has a row.
    rows: Vec<Vec<Edits>>,
}

/// Texts in the place of others.
type Edits = Vec<(Span, String)>;

/// What of a description is not about objects.
pub const ASIDE: &[&str] = &["environments", "accept"];

/// All values that are no tables, in the order of the file; `None` if it cannot be read.
pub fn leaves(text: &str, environment: Option<&str>) -> Option<Vec<Leaf>> {
    let mut report = Report::default();
    let mut document = parse::parse(text, &mut report).into_inner();
    if let Some(name) = environment {
        overlay::overlay(&mut document, name, &mut report);
    }
    let mut found = Vec::new();
    for (key, node) in document.iter().filter(|(key, _)| !ASIDE.contains(&key.get_ref().as_ref())) {
        collect(node, (key.get_ref().as_ref(), key.span().start), false, text, &mut found);
    }
    found.sort_by_key(|leaf| leaf.span);
    without_items(text, &mut found);
    (!report.has_errors()).then_some(found)
}

/// Whether something stands at a path of keys, after an environment has been merged.
pub fn is_there(text: &str, environment: Option<&str>, path: &str) -> bool {
    let mut report = Report::default();
    let mut document = parse::parse(text, &mut report).into_inner();
    if let Some(name) = environment {
        overlay::overlay(&mut document, name, &mut report);
    }
    let mut table = Some(&document);
    let step = |key: &str| {
        let found = table.and_then(|table| table.get(key));
        table = found.and_then(|node| node.get_ref().as_table());
        found.is_some()
    };
    path.split('.').all(step)
}

/// Where an environment turns off the component that a key belongs to.
pub fn off(text: &str, environment: &str, key: &str) -> Option<Span> {
    let mut report = Report::default();
    let mut document = parse::parse(text, &mut report).into_inner();
    let removed = overlay::overlay(&mut document, environment, &mut report);
    let name = key.strip_prefix("components.")?.split('.').next()?;
    removed.get(name).map(|off| off.span)
}

/// `key_start` is where the key of the value begins, or the value where it has none.
fn collect(node: &Node<'_>, (key, key_start): (&str, usize), is_item: bool, text: &str, found: &mut Vec<Leaf>) {
    if let DeValue::Table(table) = node.get_ref() {
        for (inner, value) in table {
            let inner_key = format!("{key}.{}", inner.get_ref());
            collect(value, (inner_key.as_str(), inner.span().start), is_item, text, found);
        }
        return;
    }
    // tables one after the other, such as `[[patches]]`, are no value that could be another
    if let DeValue::Array(items) = node.get_ref()
        && !items.is_empty()
        && items.iter().all(|item| item.get_ref().is_table())
    {
        for (at, item) in items.iter().enumerate() {
            collect(item, (format!("{key}[{at}]").as_str(), item.span().start), is_item, text, found);
        }
        return;
    }
    let span: Span = node.span().into();
    let written = text.get(span.start()..span.end()).unwrap_or_default();
    let others = match node.get_ref() {
        DeValue::Integer(_) => numbers(written),
        DeValue::Boolean(is) => vec![(!is).to_string()],
        DeValue::String(value) => strings(value),
        _ => Vec::new(),
    };
    let row: Vec<Edits> = others.into_iter().map(|other| vec![(span, other)]).collect();
    let mut rows = if row.is_empty() { Vec::new() } else { vec![row] };
    if let Some(value) = node.get_ref().as_str() {
        rows.extend(whole_others(key, value).map(|other| vec![vec![(span, format!("{other:?}"))]]));
    }
    found.push(Leaf { key: key.to_owned(), span, is_item, key_start, rows });
    if let DeValue::Array(items) = node.get_ref() {
        for (at, item) in items.iter().enumerate() {
            collect(item, (format!("{key}[{at}]").as_str(), item.span().start), true, text, found);
        }
    }
}

/// Gives each list the ways in which it loses an item or has another in its place, and each item the former: by itself, and
/// with all beside the list that says something about the item, such as `pools` about who is called.
fn without_items(text: &str, found: &mut [Leaf]) {
    let keys: BTreeMap<String, usize> = found.iter().enumerate().map(|(at, leaf)| (leaf.key.clone(), at)).ordered();
    let below = |start: String| {
        let all = keys.range(start.clone()..);
        all.take_while(move |(key, _)| key.starts_with(&start)).map(|(_, at)| *at).collect::<Vec<_>>()
    };
    for list in 0..found.len() {
        let mut items = below(format!("{}[", found[list].key));
        items.retain(|item| found[*item].is_item);
        items.sort_by_key(|item| found[*item].span);
        let beside = match found[list].key.rsplit_once('.') {
            Some((table, _)) if !items.is_empty() => below(format!("{table}.")),
            _ => Vec::new(),
        };
        for (at, item) in items.iter().enumerate() {
            let kept = items.iter().enumerate().filter(|(other, _)| *other != at);
            let kept: Vec<&str> = kept.filter_map(|(_, kept)| written(text, found[*kept].span)).collect();
            let alone = vec![(found[list].span, format!("[{}]", kept.join(", ")))];
            let with_it = about(text, &found[*item], beside.iter().map(|at| &found[*at]));
            let mut row = vec![alone.clone()];
            if !with_it.is_empty() {
                row.push(alone.into_iter().chain(with_it).collect());
            }
            let changed = found[*item].rows.first().cloned().unwrap_or_default();
            found[list].rows.push(row.iter().cloned().chain(changed).collect());
            match found[*item].rows.first_mut() {
                Some(own) => own.extend(row),
                None => found[*item].rows.push(row),
            }
        }
    }
}

/// What stands for the address of somebody who is called no more.
const ELSEWHERE: &str = "elsewhere.invalid";

/// What becomes of the values beside a list that are about one of its items, when that is gone.
fn about<'l>(text: &str, item: &Leaf, beside: impl Iterator<Item = &'l Leaf>) -> Edits {
    let name = written(text, item.span).unwrap_or_default().trim_matches(['"', '\'']);
    let reference = format!("${{{name}}}");
    let edit = |leaf: &Leaf| match written(text, leaf.span)? {
        _ if leaf.key.rsplit('.').next() == Some(name) => Some((whole(text, leaf)?, String::new())),
        own if own.contains(&reference) => Some((leaf.span, own.replace(&reference, ELSEWHERE))),
        _ => None,
    };
    beside.filter(|leaf| !leaf.is_item).filter_map(edit).collect()
}

/// The entry of a value, with its key and the comma that goes with it; `None` if its key stands elsewhere, because the value
/// is an environment's.
fn whole(text: &str, leaf: &Leaf) -> Option<Span> {
    let (start, end) = (leaf.key_start, leaf.span.end());
    text.get(start..leaf.span.start()).filter(|key| !key.contains('\n'))?;
    let after = text[end..].trim_start();
    if after.starts_with(',') {
        return Some((start..text.len() - after.len() + 1).into());
    }
    let before = text[..start].trim_end();
    Some((if before.ends_with(',') { before.len() - 1 } else { start }..end).into())
}

/// Whether a change is there only because something had to change.
fn is_of_trial(change: &Change) -> bool {
    let is_it = |node: &node::Node| node.get(TRIED).is_some();
    change.path.keys().any(|key| key == TRIED) || matches!(&change.what, What::Added(node) if is_it(node))
}

fn written(text: &str, span: Span) -> Option<&str> {
    text.get(span.start()..span.end())
}

/// The text with others in the place of some of its parts.
fn edited(text: &str, edits: &[(Span, String)]) -> String {
    let mut sorted: Vec<&(Span, String)> = edits.iter().collect();
    sorted.sort_by_key(|(span, _)| Reverse(*span));
    let mut text = text.to_owned();
    for (span, other) in sorted {
        text.replace_range(span.start()..span.end(), other);
    }
    text
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

/// What can stand in the place of a text that says more than one thing, so that all of them are gone: of a patch in YAML, and
/// of a reference to a key of a Secret, whose end has its turn as that of every text.
fn whole_others(key: &str, value: &str) -> Option<String> {
    if key.starts_with("patches[") && key.ends_with("].merge") {
        return Some(format!("metadata: {{annotations: {{{TRIED}: x}}}}"));
    }
    let is_reference = key.contains(".secrets.") && value.contains('/');
    is_reference.then(|| format!("x{value}"))
}

/// An annotation that no object has: a patch has to change something.
const TRIED: &str = "platformgen.io/tried";

/// What changes with a value; `None` if nothing else could stand in its place alone.
pub fn becomes(described: Described<'_>, environment: Option<&str>, leaf: &Leaf) -> Option<Vec<ObjectChange>> {
    let before = side(&Side::default(), described, environment)?;
    let (mut all, mut is_told) = (Vec::new(), false);
    for row in &leaf.rows {
        for edits in row {
            let changed = edited(described.text, edits);
            let Some(after) = side(&before, described.with_text(&changed).alone(), environment) else { continue };
            is_told = true;
            let mut objects = compare::objects(&before, &after);
            for object in &mut objects {
                object.changes.retain(|change| !is_of_trial(change));
            }
            objects.retain(|object| object.fate != Fate::Changed || !object.changes.is_empty());
            if !objects.is_empty() {
                all.extend(objects);
                break;
            }
        }
    }
    is_told.then_some(all)
}

/// The values with which a line of a rendered file changes, in the order of the description.
pub fn origins(described: Described<'_>, environment: Option<&str>, path: &str, line: usize) -> Option<Vec<Leaf>> {
    let before = files(described, environment)?;
    let known = |files: &[(String, String)]| {
        files.iter().find(|(own, _)| own == path).map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>())
    };
    let lines = known(&before)?;
    let line = line.checked_sub(1).filter(|line| *line < lines.len())?;
    let line = telling(&lines, line);
    let is_changed_by = |row: &[Edits]| {
        let render = |edits: &Edits| files(described.with_text(&edited(described.text, edits)).alone(), environment);
        let changed = row.iter().find_map(render);
        changed.is_some_and(|files| known(&files).is_none_or(|now| is_changed(&lines, &now, line)))
    };
    let is_other = |leaf: &Leaf| !leaf.is_item && leaf.rows.iter().any(|row| is_changed_by(row));
    Some(leaves(described.text, environment)?.into_iter().filter(is_other).collect())
}

/// The line that tells of all that begins in this one: where the item of a list begins, the first with a value.
fn telling(lines: &[String], line: usize) -> usize {
    let is_head = |line: &usize| lines[*line].ends_with(':');
    let begins = lines[line].trim_start().starts_with("- ") && is_head(&line);
    if begins { (line..lines.len()).find(|line| !is_head(line)).unwrap_or(line) } else { line }
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
