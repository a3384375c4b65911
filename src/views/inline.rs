//! A value on one line, as short as it can be said without doubt.

use std::borrow::Cow;

use crate::diagnostics::caret::is_invisible;
use crate::manifest::node::{Node, Value, spelled_float};
use crate::manifest::plain;

/// `{name: http, port: 80}`, with texts quoted where they would be taken for something else.
pub fn inline(node: &Node) -> String {
    let mut out = String::new();
    push(node, &mut out);
    out
}

/// Two versions of a value, cut like one. Quotes say that a text is no number, so two texts need none.
pub fn both(old: &Node, new: &Node, most: usize) -> (String, String) {
    match (bare(old), bare(new)) {
        (Some(old), Some(new)) => cut_alike(old, new, most),
        _ => cut_alike(&inline(old), &inline(new), most),
    }
}

/// Long texts lose what they have in common at the front, so that the difference is seen.
fn cut_alike(old: &str, new: &str, most: usize) -> (String, String) {
    const KEPT: usize = 20;
    // letters are no more than bytes
    if old.len().max(new.len()) <= most {
        return (old.to_owned(), new.to_owned());
    }
    let common = old.chars().zip(new.chars()).take_while(|(one, other)| one == other).count();
    let is_long = |text: &str| text.chars().count() > most;
    let skip = if is_long(old) || is_long(new) { common.saturating_sub(KEPT) } else { 0 };
    let rest = |text: &str| {
        let text: String = text.chars().skip(skip).collect();
        cut(if skip > 0 { format!("…{text}") } else { text }, most)
    };
    (rest(old), rest(new))
}

/// A text that needs no escapes.
fn bare(node: &Node) -> Option<&str> {
    let is_clean = |text: &&str| !text.contains(|letter| matches!(letter, '"' | '\\') || is_invisible(letter));
    node.text().filter(|text| !text.is_empty() && text.trim() == *text).filter(is_clean)
}

/// A value on one line of at most `most` characters and a sign that something is left out: what it is all about mostly
/// stands deep inside, so first goes what that stands in.
pub fn shortened(node: &Node, most: usize) -> String {
    let whole = inline(node);
    if whole.chars().count() <= most || !is_deep(node) {
        return cut(whole, most);
    }
    let mut inner = Vec::new();
    push_inner("", node, &mut inner);
    cut(format!("…{}", inner.join(", ")), most)
}

/// Whether maps stand in it, other than itself.
fn is_deep(node: &Node) -> bool {
    match &node.value {
        Value::Map(entries) => entries.iter().any(|entry| holds_maps(&entry.node)),
        Value::List(items) => items.iter().any(holds_maps),
        _ => false,
    }
}

fn holds_maps(node: &Node) -> bool {
    match &node.value {
        Value::Map(entries) => !entries.is_empty(),
        Value::List(items) => items.iter().any(holds_maps),
        _ => false,
    }
}

/// `name: web, port: 80`: what stands in the maps of a value, without what these stand in.
fn push_inner(key: &str, node: &Node, out: &mut Vec<String>) {
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                push_inner(&spelled(&entry.key), &entry.node, out);
            }
        }
        Value::List(items) if holds_maps(node) => {
            for item in items {
                push_inner(key, item, out);
            }
        }
        _ if key.is_empty() => out.push(inline(node)),
        _ => out.push(format!("{key}: {}", inline(node))),
    }
}

fn cut(whole: String, most: usize) -> String {
    match whole.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &whole[..end]),
        None => whole,
    }
}

fn push(node: &Node, out: &mut String) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(is) => out.push_str(if *is { "true" } else { "false" }),
        Value::Integer(number) => out.push_str(&number.to_string()),
        Value::Float(number) => out.push_str(&spelled_float(*number)),
        Value::Number(text) => out.push_str(text),
        Value::Text(text) => out.push_str(&spelled(text)),
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                push(item, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (at, entry) in entries.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                out.push_str(&spelled(&entry.key));
                out.push_str(": ");
                push(&entry.node, out);
            }
            out.push('}');
        }
    }
}

/// A text, in quotes where it needs them.
fn spelled(text: &str) -> Cow<'_, str> {
    if is_clear(text) { Cow::Borrowed(text) } else { Cow::Owned(quoted(text)) }
}

/// Whether a text can stand without quotes: it is not a number or a word of YAML, and has no edge that nobody sees.
fn is_clear(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:@()+=$%&<>~ ".contains(letter);
    let is_text = matches!(plain::resolve(text), Value::Text(_));
    !text.is_empty() && is_text && text.trim() == text && text.chars().all(is_plain)
}

/// In double quotes, with escapes for all that a terminal would act upon.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            _ if is_invisible(letter) => out.extend(letter.escape_unicode()),
            _ => out.push(letter),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::read::payload;

    fn told(text: &str, most: usize) -> String {
        shortened(&payload(text).expect("it is YAML"), most)
    }

    #[test]
    fn what_does_not_fit_is_told_from_inside() {
        let peer = "{to: [{podSelector: {matchLabels: {app: web}}}], ports: [{protocol: TCP, port: 80}], args: [a, b]}";
        assert_eq!(told(peer, 200), peer);
        assert_eq!(told(peer, 60), "…app: web, protocol: TCP, port: 80, args: [a, b]");
        assert_eq!(told(peer, 20), "…app: web, protocol:…");
    }

    #[test]
    fn what_holds_no_maps_is_only_cut() {
        assert_eq!(told("{a: one, b: {}, c: [x, y]}", 12), "{a: one, b: …");
        assert_eq!(told("[one, two, three]", 9), "[one, two…");
        assert_eq!(told("one two three", 7), "one two…");
    }
}
