//! Matchers of labels, and how Alertmanager spells them: `severity="critical"`, `team=~"a|b"`, several of them in braces.

use std::collections::BTreeMap;

use crate::manifest::node::{Entry, Node};
use crate::validate::monitoring::fields;
use crate::validate::monitoring::patterns::Pattern;

/// What a label must be.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// What it must be like.
    pub wants: Wants,
    /// The value or pattern that it is held against.
    pub value: String,
}

/// How a label is held against a value.
#[derive(Clone, Debug)]
pub enum Wants {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Match(Pattern),
    /// `!~`
    NoMatch(Pattern),
}

impl Matcher {
    /// Whether a label may have this value.
    pub fn is_match(&self, value: &str) -> bool {
        match &self.wants {
            Wants::Equal => self.value == value,
            Wants::NotEqual => self.value != value,
            Wants::Match(pattern) => pattern.is_match(value),
            Wants::NoMatch(pattern) => !pattern.is_match(value),
        }
    }

    /// Whether it wants one value and no other.
    pub fn is_exact(&self) -> bool {
        matches!(self.wants, Wants::Equal)
    }
}

/// What an operator makes of a value; `None` if it is no pattern.
type Make = fn(&str) -> Option<Wants>;

/// The longer ones first.
const OPERATORS: &[(&str, Make)] = &[
    ("=~", |value| Pattern::read(value).map(Wants::Match)),
    ("!~", |value| Pattern::read(value).map(Wants::NoMatch)),
    ("!=", |_| Some(Wants::NotEqual)),
    ("=", |_| Some(Wants::Equal)),
];

/// What is known of the labels of an alert.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// Labels with the value that they certainly have.
    pub known: BTreeMap<String, String>,
    /// All labels that it can have; `None` if nobody knows.
    pub possible: Option<Vec<String>>,
}

impl Labels {
    /// Whether a matcher matches; `None` if that is not known.
    pub fn satisfy(&self, matcher: &Matcher) -> Option<bool> {
        if let Some(value) = self.known.get(&matcher.name) {
            return Some(matcher.is_match(value));
        }
        let is_absent = self.possible.as_ref().is_some_and(|all| !all.contains(&matcher.name));
        is_absent.then(|| matcher.is_match(""))
    }
}

/// The matchers of a text; `None` if Alertmanager refuses it.
pub fn parse(text: &str) -> Option<Vec<Matcher>> {
    let text = text.trim();
    let inner = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}')?,
        None if text.ends_with('}') && !text.contains('"') => return None,
        None => text,
    };
    let parts = split(inner)?;
    parts.into_iter().filter(|part| !part.trim().is_empty()).map(one).collect()
}

/// The matchers of a route or an inhibition, old keys included.
pub fn of(node: &Node, list: &str, equal: &str, matching: &str) -> Vec<Matcher> {
    let texts = node.items_at(&[list]).iter().filter_map(Node::text);
    let written = texts.filter_map(parse).flatten();
    let map = |key: &str| node.get(key).map_or(&[][..], Node::entries);
    let plain = |entry: &Entry, wants: Make| {
        let value = entry.node.spelled()?;
        Some(Matcher { name: entry.key.to_string(), wants: wants(&value)?, value })
    };
    let equals = map(equal).iter().filter_map(|entry| plain(entry, |_| Some(Wants::Equal)));
    let patterns =
        map(matching).iter().filter_map(|entry| plain(entry, |value| Pattern::read(value).map(Wants::Match)));
    written.chain(equals).chain(patterns).collect()
}

/// The parts between commas that stand outside of quotes.
fn split(text: &str) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!is_quoted).then_some(parts)
}

fn one(text: &str) -> Option<Matcher> {
    let text = text.trim();
    let quoted = text.strip_prefix('"').and_then(|rest| rest.split_once('"'));
    let (name, rest) = match quoted {
        Some((name, rest)) => (name, rest.trim_start()),
        None => text.split_at(text.find(['=', '!'])?),
    };
    let (operator, wants) = OPERATORS.iter().find(|(operator, _)| rest.starts_with(operator))?;
    let value = value(rest[operator.len()..].trim())?;
    let name = name.trim();
    let is_name = !name.is_empty() && (quoted.is_some() || !name.contains(|letter: char| " {},\"\\~".contains(letter)));
    let is_pattern = operator.contains('~');
    if !is_name || is_pattern && !fields::is_regex(&value) {
        return None;
    }
    Some(Matcher { name: name.to_owned(), wants: wants(&value)?, value })
}

/// A value without its quotes.
fn value(text: &str) -> Option<String> {
    let Some(inner) = text.strip_prefix('"') else {
        let is_plain = !text.contains(|letter: char| "\"{},=~! ".contains(letter));
        return is_plain.then(|| text.to_owned());
    };
    let inner = inner.strip_suffix('"')?;
    let (mut value, mut letters) = (String::new(), inner.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return None,
            '\\' => match letters.next()? {
                'n' => value.push('\n'),
                escaped @ ('"' | '\\') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_read_as_alertmanager_does() {
        let told = |text: &str| {
            let operator = |matcher: &Matcher| match matcher.wants {
                Wants::Equal => "=",
                Wants::NotEqual => "!=",
                Wants::Match(_) => "=~",
                Wants::NoMatch(_) => "!~",
            };
            let spelled = |matcher: &Matcher| format!("{}{}{}", matcher.name, operator(matcher), matcher.value);
            Some(parse(text)?.iter().map(spelled).collect::<Vec<_>>().join(" "))
        };
        for (text, expected) in [
            (r#"severity="critical""#, "severity=critical"),
            ("severity = critical", "severity=critical"),
            (r#"{a="b", c!~"d|e"}"#, "a=b c!~d|e"),
            (r#"a="b,\"c""#, r#"a=b,"c"#),
            (r#"a!="""#, "a!="),
            (r#""a b"="c""#, "a b=c"),
        ] {
            assert_eq!(told(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["severity", r#"a="b"#, r#"a=~"(""#, r#"="b""#, r#"{a="b""#, r#"a=="b""#, r#"a="b" c="d""#, "a=b}"]
        {
            assert_eq!(told(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_neither() {
        let known = BTreeMap::from([("severity".to_owned(), "info".to_owned())]);
        let labels = Labels { known, possible: None };
        let satisfied = |text: &str| labels.satisfy(&parse(text).expect("it is a matcher")[0]);
        assert_eq!(satisfied(r#"severity="info""#), Some(true));
        assert_eq!(satisfied(r#"severity=~"warning|critical""#), Some(false));
        assert_eq!(satisfied(r#"team="a""#), None);
        let labels = Labels { possible: Some(Vec::new()), ..labels };
        assert_eq!(labels.satisfy(&parse(r#"team="a""#).expect("it is a matcher")[0]), Some(false));
        assert_eq!(labels.satisfy(&parse(r#"team!="a""#).expect("it is a matcher")[0]), Some(true));
    }
}
