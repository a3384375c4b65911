//! What configurations may say: fields, types and the forms of texts, by tables of the software's own declarations.

use std::collections::BTreeMap;

use crate::diagnostics::codes::MONITORING_CONFIG;
use crate::diagnostics::suggest;
use crate::manifest::node::{Entry, Node, Value};
use crate::validate::findings::Findings;
use crate::validate::monitoring::durations;
use crate::validate::monitoring::matchers;
use crate::validate::monitoring::patterns::Pattern;
use crate::validate::monitoring::payloads::Payload;
use crate::validate::monitoring::selectors;
use crate::validate::monitoring::sight::Seen;
use crate::validate::monitoring::times;

const HTTP: &str = include_str!("fields/http.txt");
const PROMETHEUS: &str = include_str!("fields/prometheus.txt");
const ALERTMANAGER: &str = include_str!("fields/alertmanager.txt");
const RULES: &str = include_str!("fields/rules.txt");

/// A field and what it holds, as the tables spell it: a word below, a table, `[x]` for a list of them, `{x}` for a map
/// of them, or words between `|`. With `!` it must be said.
type Field = (&'static str, &'static str);

/// The tables of one kind of file, by their names.
#[derive(Debug)]
pub struct Tables(BTreeMap<&'static str, Vec<Field>>);

impl Tables {
    /// Of `prometheus.yml`.
    pub fn of_prometheus() -> Self {
        Self::read(&[PROMETHEUS, HTTP])
    }

    /// Of `alertmanager.yml`.
    pub fn of_alertmanager() -> Self {
        Self::read(&[ALERTMANAGER, HTTP])
    }

    /// Of files of rules.
    pub fn of_rules() -> Self {
        Self::read(&[RULES])
    }

    /// `table` opens one, `+` takes over the fields of another.
    fn read(texts: &[&'static str]) -> Self {
        let mut tables: BTreeMap<&'static str, Vec<Field>> = BTreeMap::new();
        let mut open = "";
        for line in texts.iter().flat_map(|text| text.lines()).filter(|line| !line.starts_with('#')) {
            match line.split_once(' ') {
                Some(("table", name)) => open = name,
                Some(field) => tables.entry(open).or_default().push(field),
                None => {}
            }
        }
        Self(tables)
    }

    fn fields(&self, table: &str) -> Vec<Field> {
        let own = self.0.get(table).into_iter().flatten();
        own.flat_map(|(key, shape)| if *key == "+" { self.fields(shape) } else { vec![(*key, *shape)] }).collect()
    }
}

/// A file that is being read against its tables.
pub struct Reader<'r, 'a> {
    /// The file.
    pub payload: &'r Payload<'a>,
    /// Its tables.
    pub tables: &'r Tables,
    /// What has been found.
    pub findings: &'r mut Findings,
    /// Whether whoever reads this file finds another at a path.
    pub sees: &'r dyn Fn(&str) -> Seen,
}

impl Reader<'_, '_> {
    /// Reads a map against the table of that name.
    pub fn table(&mut self, node: &Node, table: &str, name: &str) {
        let Value::Map(entries) = &node.value else {
            self.expect(node, name, "a map");
            return;
        };
        let fields = self.tables.fields(table);
        self.once(entries);
        if table == "tls" {
            self.pair(entries);
            self.order(node);
        }
        let is_said = |key: &str| entries.iter().any(|entry| entry.key == key && is_said(&entry.node));
        for (key, _) in fields.iter().filter(|(key, shape)| shape.ends_with('!') && !is_said(key)) {
            self.payload.error(self.findings, MONITORING_CONFIG, node, &format!("`{name}` has no `{key}`"));
        }
        for Entry { key, span, node } in entries {
            self.findings.ask();
            if let Some((_, shape)) = fields.iter().find(|(field, _)| field == key) {
                self.value(node, shape.trim_end_matches('!'), key);
                continue;
            }
            let place = Node { span: *span, value: Value::Null };
            self.payload
                .error(self.findings, MONITORING_CONFIG, &place, &format!("`{name}` has no field `{key}`"))
                .help("the whole file is refused for it; remove it")
                .did_you_mean(suggest::nearest(key, fields.iter().map(|(field, _)| *field)));
        }
    }

    /// What stands here and in a file is said twice.
    fn once(&mut self, entries: &[Entry]) {
        let is_said = |key: &str| entries.iter().any(|entry| entry.key == key && entry.node.spelled().is_some());
        for entry in entries {
            let Some(other) = entry.key.strip_suffix("_file").filter(|other| is_said(other)) else { continue };
            let message = format!("`{other}` and `{}` cannot both be said", entry.key);
            self.payload.error(self.findings, MONITORING_CONFIG, &entry.node, &message).help("keep the file");
        }
        let proves = |proof: &&[&str]| entries.iter().any(|entry| proof.contains(&entry.key.as_str()));
        if PROOFS.iter().filter(|proof| proves(proof)).count() > 1
            && let Some(at) =
                entries.iter().rfind(|entry| PROOFS.iter().any(|proof| proof.contains(&entry.key.as_str())))
        {
            let message = format!("`{}` is a second way to prove who asks", at.key);
            self.payload.error(self.findings, MONITORING_CONFIG, &at.node, &message).help("one is allowed");
        }
    }

    /// A certificate is of no use without its key.
    fn pair(&mut self, entries: &[Entry]) {
        let said = |of: &str| {
            let is_it = |entry: &&Entry| entry.key.split('_').next() == Some(of) && is_said(&entry.node);
            entries.iter().find(is_it)
        };
        let (alone, other) = match (said("cert"), said("key")) {
            (Some(cert), None) => (cert, "key"),
            (None, Some(key)) => (key, "cert"),
            _ => return,
        };
        let message = format!("`{}` has no `{other}_file` beside it", alone.key);
        self.payload.error(self.findings, MONITORING_CONFIG, &alone.node, &message).help("the whole file is refused");
    }

    /// The words for versions of TLS sort as the versions do.
    fn order(&mut self, node: &Node) {
        if let (Some(least), Some(most)) = (node.text_at(&["min_version"]), node.get("max_version"))
            && most.text().is_some_and(|most| most < least)
        {
            let message = format!("`max_version` is below the `min_version` `{least}`");
            self.payload.error(self.findings, MONITORING_CONFIG, most, &message).help("no connection is possible");
        }
    }

    fn value(&mut self, node: &Node, shape: &'static str, name: &str) {
        if matches!(node.value, Value::Null) {
            return;
        }
        if let Some(inner) = shape.strip_prefix('[').and_then(|shape| shape.strip_suffix(']')) {
            match &node.value {
                Value::List(items) => items.iter().for_each(|item| self.item(item, inner, name)),
                _ => self.expect(node, name, "a list"),
            }
        } else if let Some(inner) = shape.strip_prefix('{').and_then(|shape| shape.strip_suffix('}')) {
            match &node.value {
                Value::Map(entries) => entries.iter().for_each(|entry| self.value(&entry.node, inner, name)),
                _ => self.expect(node, name, "a map"),
            }
        } else if shape.contains('|') {
            let is_one = node.text().is_some_and(|text| shape.split('|').any(|word| word == text));
            if !is_one {
                self.expect(
                    node,
                    name,
                    &format!("one of {}", suggest::list(shape.split('|').filter(|word| !word.is_empty()))),
                );
            }
        } else if self.tables.0.contains_key(shape) {
            self.table(node, shape, name);
        } else {
            self.plain(node, shape, name);
        }
    }

    fn item(&mut self, item: &Node, shape: &'static str, name: &str) {
        if matches!(item.value, Value::Null) && self.tables.0.contains_key(shape) {
            let message = format!("an entry of `{name}` is empty");
            self.payload.error(self.findings, MONITORING_CONFIG, item, &message);
        }
        self.value(item, shape, name);
    }

    fn plain(&mut self, node: &Node, shape: &str, name: &str) {
        if shape == "labels" {
            return self.labels(node, name);
        }
        if let Some((_, is_right, expected)) = FORMS.iter().find(|(own, ..)| *own == shape)
            && !is_right(node)
        {
            self.expect(node, name, expected);
        }
        if let (true, Some(path)) = (shape == "file", node.text().filter(|path| !path.is_empty())) {
            self.file(node, path, name);
        }
    }

    fn labels(&mut self, node: &Node, name: &str) {
        if !matches!(node.value, Value::Map(_)) {
            return self.expect(node, name, "a map of labels");
        }
        for entry in node.entries().iter().filter(|entry| !is_label(&entry.key)) {
            let place = Node { span: entry.span, value: Value::Null };
            let message = format!("`{}` is no name of a label", entry.key);
            self.payload.error(self.findings, MONITORING_CONFIG, &place, &message);
        }
        for entry in node.entries() {
            self.value(&entry.node, "text", &entry.key);
        }
    }

    fn file(&mut self, node: &Node, path: &str, name: &str) {
        self.findings.ask();
        let (message, help) = match (self.sees)(path) {
            Seen::Yes | Seen::Unknown => return,
            Seen::NotInVolume => ("the volume that is mounted there has no such file", "the last part is a key of it"),
            Seen::NoVolume => ("nothing is mounted there", "mount the Secret that holds it"),
        };
        let message = format!("`{name}` is `{path}`, and {message}");
        self.payload.error(self.findings, MONITORING_CONFIG, node, &message).help(help);
    }

    fn expect(&mut self, node: &Node, name: &str, expected: &str) {
        let what = node.spelled().map_or_else(|| kind(&node.value).to_owned(), |text| format!("`{text}`"));
        let message = format!("`{name}` is {what}, and must be {expected}");
        self.payload.error(self.findings, MONITORING_CONFIG, node, &message);
    }
}

/// Ways to prove who asks, of which one is allowed.
const PROOFS: &[&[&str]] = &[
    &["basic_auth"],
    &["authorization"],
    &["oauth2"],
    &["bearer_token", "bearer_token_file"],
    &["sigv4"],
    &["azuread"],
    &["google_iam"],
];

/// Whether a value has a form.
type IsRight = fn(&Node) -> bool;

/// The forms of plain values: what each is called, how it is told, and what is said of others.
const FORMS: &[(&str, IsRight, &str)] = &[
    ("text", |node| node.spelled().is_some(), "a text"),
    ("file", |node| node.spelled().is_some(), "a path"),
    ("bool", |node| node.bool().is_some(), "`true` or `false`"),
    ("int", |node| node.integer().is_some(), "a whole number"),
    ("uint", |node| node.integer().is_some_and(|number| number >= 0), "a whole number from 0 on"),
    ("positive", |node| node.integer().is_some_and(|number| number > 0), "a whole number from 1 on"),
    ("percent", |node| is(node, |text| text.parse().is_ok_and(|number| (0.0..=100.0).contains(&number))), "0 to 100"),
    ("number", |node| matches!(node.value, Value::Integer(_) | Value::Float(_)), "a number"),
    ("duration", |node| is(node, |text| durations::parse(text).is_some()), "a duration such as `30s` or `1h30m`"),
    ("go-duration", |node| is(node, durations::is_of_go), "a duration such as `30s` or `1h30m`"),
    ("size", |node| is(node, is_size), "an amount of bytes such as `40GB`"),
    ("label", |node| is(node, is_label), "the name of a label"),
    ("regex", |node| is(node, is_regex), "a regular expression"),
    ("url", |node| is(node, is_url), "an address such as `https://example.com`"),
    ("host", |node| is(node, is_host), "a host and a port such as `mail.example.com:587`"),
    ("matcher", |node| is(node, |text| matchers::parse(text).is_some()), "matchers such as `severity=\"critical\"`"),
    ("label-selector", |node| is(node, selectors::is_of_labels), "a selector such as `app=shop,tier in (a, b)`"),
    ("field-selector", |node| is(node, selectors::is_of_fields), "a selector such as `status.phase=Running`"),
    ("web-address", |node| is(node, is_web_address), "an address such as `https://example.com`"),
    ("scheme", |node| is(node, |text| !text.trim().eq_ignore_ascii_case("basic")), "another one: use `basic_auth`"),
    ("responder", |node| is(node, is_responder), "`team`, `teams`, `user`, `escalation` or `schedule`"),
    ("weekdays", |node| is(node, times::is_weekdays), "a day or a range such as `monday:friday`"),
    ("days", |node| is(node, times::is_days), "a day or a range such as `1:15` or `-3:-1`"),
    ("months", |node| is(node, times::is_months), "a month or a range such as `may:august`"),
    ("years", |node| is(node, times::is_years), "a year or a range such as `2026:2028`"),
    ("clock", |node| is(node, times::is_clock), "a time such as `09:00`"),
    ("zone", |node| is(node, times::is_zone), "a zone such as `Europe/Berlin`"),
    ("v2", |node| is(node, |text| text == "v2"), "`v2`, the only version that is left"),
    ("action", |node| is(node, |text| ACTIONS.contains(&&*text.to_ascii_lowercase())), ACTION_WORDS),
];

const ACTIONS: &[&str] = &[
    "replace",
    "keep",
    "drop",
    "keepequal",
    "dropequal",
    "hashmod",
    "labelmap",
    "labeldrop",
    "labelkeep",
    "lowercase",
    "uppercase",
];
const ACTION_WORDS: &str = "`replace`, `keep`, `drop`, `keepequal`, `dropequal`, `hashmod`, `labelmap`, `labeldrop`, \
                            `labelkeep`, `lowercase` or `uppercase`";

/// Whether a field says something.
pub fn is_said(node: &Node) -> bool {
    is(node, |text| !text.is_empty()) || !node.items().is_empty() || !node.entries().is_empty()
}

fn is(node: &Node, holds: impl Fn(&str) -> bool) -> bool {
    node.spelled().is_some_and(|text| holds(&text))
}

fn kind(value: &Value) -> &'static str {
    if matches!(value, Value::List(_)) { "a list" } else { "a map" }
}

fn is_size(text: &str) -> bool {
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = &text[number.len()..];
    let units = ["B", "KB", "KiB", "MB", "MiB", "GB", "GiB", "TB", "TiB", "PB", "PiB", "EB", "EiB"];
    text == "0" || units.contains(&unit) && number.parse::<f64>().is_ok_and(|number| number >= 0.0)
}

/// Prometheus 3 takes any text for the name of a label.
fn is_label(text: &str) -> bool {
    !text.is_empty()
}

/// Whether Prometheus takes an expression. Some that Go reads are read by no library here; those are not judged.
pub fn is_regex(text: &str) -> bool {
    // most are words to choose from; making an automaton of each takes longer than all else that is asked of the file
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b" -/:;_|".contains(&byte);
    let is_beyond = || text.contains("\\Q") || text.contains("\\C");
    text.bytes().all(is_word) || Pattern::read(text).is_some() || is_beyond()
}

fn is_url(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    text == "<secret>" || host.is_some_and(|host| !host.is_empty() && !host.starts_with('/') && !host.contains(' '))
}

/// An address that may be put together when a message is sent.
fn is_web_address(text: &str) -> bool {
    text.is_empty() || text.contains("{{") || is_url(text)
}

fn is_responder(text: &str) -> bool {
    text.contains("{{") || ["team", "teams", "user", "escalation", "schedule"].contains(&text.to_lowercase().as_str())
}

fn is_host(text: &str) -> bool {
    let parts = text.rsplit_once(':');
    text.is_empty()
        || parts.is_some_and(|(host, port)| !port.is_empty() && (!host.contains(':') || host.ends_with(']')))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every word in the tables is a form or a table, and no table has a field twice.
    #[test]
    fn the_tables_are_whole() {
        for tables in [Tables::of_prometheus(), Tables::of_alertmanager(), Tables::of_rules()] {
            for name in tables.0.keys() {
                let fields = tables.fields(name);
                let mut keys: Vec<&str> = fields.iter().map(|(key, _)| *key).collect();
                keys.sort_unstable();
                assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "{name} has a field twice: {keys:?}");
                for (key, shape) in fields {
                    let word = shape.trim_matches(['[', ']', '{', '}', '!']);
                    let is_form = FORMS.iter().any(|(form, ..)| *form == word) || ["any", "labels"].contains(&word);
                    assert!(is_form || word.contains('|') || tables.0.contains_key(word), "{name}.{key} is {shape}");
                }
            }
        }
    }

    #[test]
    fn forms_are_told_from_others() {
        assert!(is_size("40GB") && is_size("0") && !is_size("40") && !is_size("40 GB") && !is_size("GB"));
        assert!(is_host("mail:25") && is_host("[::1]:25") && !is_host("mail") && !is_host("mail:") && !is_host("::1"));
        assert!(is_url("https://a/b") && !is_url("a/b") && !is_url("http://") && !is_url("ftp://a"));
        assert!(is_regex("a|b.*") && is_regex("a{b}") && !is_regex("(") && !is_regex("*"));
    }
}
