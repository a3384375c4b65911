//! Secrets in plain sight. No message ever says what they are.

mod words;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::manifest::document::Document;
use crate::manifest::node::{Node, Value};
use crate::spec::shapes::AcceptSpec;
use crate::validate::policy::Fault;
use crate::validate::policy::literals::words::{
    holds_key, holds_password, is_literal, is_secret, secret_arguments, sets_secret,
};
use crate::validate::policy::scene::Inside;
use crate::validate::world::Thing;
use crate::values::shelf::Shelf;

/// Variables and arguments.
pub fn in_container<'a>(inside: &Inside<'a>) -> Vec<Fault<'a>> {
    let variables = inside.node.items_at(&["env"]).iter().filter_map(|item| {
        let node = item.get("name")?;
        let name = node.text()?;
        let is_told = is_literal(name, item.text_at(&["value"])?);
        is_told.then(|| (node, format!("has a secret in plain sight: the variable `{name}`")))
    });
    let mut found: Vec<Fault<'_>> = variables.collect();
    for key in LINES {
        let words: Vec<Option<&str>> = inside.node.items_at(&[key]).iter().map(Node::text).collect();
        let told = |(_, option)| (inside.node, format!("has a secret in plain sight: the argument `{option}`"));
        found.extend(secret_arguments(&words).into_iter().map(told));
    }
    found
}

/// The keys of a container under which the words of a command line stand.
const LINES: &[&str] = &["command", "args"];

/// Files of configuration.
pub fn in_config(config: Thing<'_>) -> Vec<Fault<'_>> {
    let entries = ["data", "binaryData"].into_iter().filter_map(|key| config.root().get(key)).flat_map(Node::entries);
    let telling = entries.filter(|entry| {
        let text = entry.node.text().unwrap_or_default();
        let is_file = text.contains('\n');
        holds_key(text) || holds_password(text) || (!is_file && is_literal(&entry.key, text))
    });
    let name = config.root().at(&["metadata", "name"]).unwrap_or(config.root());
    telling.map(|entry| (name, format!("holds a secret in plain sight: `{}`", entry.key))).collect()
}

/// Secrets in a description, which is no place for them: variables by their names, and every text by what it is. Where
/// somebody has accepted one for a component, its variables are not asked.
pub fn in_description(document: &DeTable<'_>, report: &mut Report) {
    let accepted = document.get("accept").and_then(|node| node.get_ref().as_array());
    let components = accepted.into_iter().flatten().filter_map(|entry| {
        let entry = entry.get_ref().as_table()?;
        let of = |key: &str| entry.get(key)?.get_ref().as_str();
        (of("code") == Some(codes::LITERAL_SECRET)).then(|| of("object")?.strip_prefix("components."))?
    });
    let accepted: Vec<&str> = components.collect();
    for (key, node) in document {
        in_table(&[key.get_ref()], node, &accepted, report);
    }
}

/// Secrets in what a description says beside its keys.
pub fn in_remarks(text: &str, report: &mut Report) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let own = start..start + line.len();
        start = own.end;
        let Some(at) = remark(line).filter(|at| is_secret(line[*at..].trim_matches(['#', ' ', '\t', '\r', '\n'])))
        else {
            continue;
        };
        if !report.error_places().iter().any(|at| own.contains(at)) {
            let place = own.start + at..own.start + line.trim_end().len();
            report.error(codes::LITERAL_SECRET, place, "this remark holds a secret in plain sight").help(NEVER);
        }
    }
}

/// Where the remark of a line begins: at the first `#` that stands between no quotes.
fn remark(line: &str) -> Option<usize> {
    // one letter is found faster than quotes are counted, and most lines have none
    if !line.contains('#') {
        return None;
    }
    let mut quote = None;
    let begins = |(_, letter): &(usize, char)| {
        quote = match quote {
            None if "\"'".contains(*letter) => Some(*letter),
            Some(open) if open == *letter => None,
            open => open,
        };
        quote.is_none() && *letter == '#'
    };
    line.char_indices().find(begins).map(|(at, _)| at)
}

fn in_table(path: &[&str], node: &Spanned<DeValue<'_>>, accepted: &[&str], report: &mut Report) {
    match node.get_ref() {
        DeValue::Table(table) => {
            variable(table, report);
            let referred = table.get("secrets").and_then(|node| node.get_ref().as_table());
            for (key, node) in table {
                let path = [path, &[key.get_ref()]].concat();
                match (key.get_ref().as_ref(), node.get_ref(), referred) {
                    // that a variable has two sources has been told of
                    ("env", DeValue::Table(env), Some(referred)) => {
                        for (key, node) in env.iter().filter(|(key, _)| !referred.contains_key(key.get_ref().as_ref()))
                        {
                            in_table(&[path.as_slice(), &[key.get_ref()]].concat(), node, accepted, report);
                        }
                    }
                    _ => in_table(&path, node, accepted, report),
                }
            }
        }
        DeValue::Array(items) => {
            let is_line = matches!(path, [.., "components", component, key] if LINES.contains(key) && !accepted.contains(component));
            let words: Vec<Option<&str>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            let secret = if is_line { secret_arguments(&words) } else { Vec::new() };
            for (at, item) in items.iter().enumerate() {
                match secret.iter().find(|(own, _)| *own == at) {
                    Some((_, option)) => {
                        let message = format!("the argument `{option}` is a secret in plain sight");
                        report
                            .error(codes::LITERAL_SECRET, item.span(), message)
                            .help("put the value into a Secret, and give it to the program by a variable or a file");
                    }
                    None => in_table(path, item, accepted, report),
                }
            }
        }
        DeValue::String(text) => {
            let variable = match path {
                [.., "components", component, "env", name] if !accepted.contains(component) => Some(*name),
                [.., "components", component, "env", _] if accepted.contains(component) => return,
                // what is merged is looked into where it is read; what is no reference has been told of
                ["patches", "merge"] | [.., "components", _, "secrets", _] => return,
                _ => None,
            };
            if let Some(name) = variable.filter(|name| is_literal(name, text)) {
                report
                    .error(
                        codes::LITERAL_SECRET,
                        node.span(),
                        format!("the variable `{name}` is a secret in plain sight"),
                    )
                    .help(format!(
                        "put the value into a Secret, and say where it is: `secrets = {{ {name} = \"secret/key\" }}`"
                    ));
            } else if variable.is_none() && is_secret(text) {
                // what cannot be read as what it stands for has been told of
                if report.error_places().contains(&node.span().start) {
                    return;
                }
                report.error(codes::LITERAL_SECRET, node.span(), "this is a secret in plain sight").help(NEVER);
            }
        }
        _ => {}
    }
}

/// A variable of a container, as a patch writes it.
fn variable(table: &DeTable<'_>, report: &mut Report) {
    let (Some(name), Some(value)) = (table.get("name"), table.get("value")) else { return };
    let (Some(name), Some(text)) = (name.get_ref().as_str(), value.get_ref().as_str()) else { return };
    // what is a secret by itself is told of anyhow
    if is_literal(name, text) && !holds_password(text) && !holds_key(text) {
        told_of_variable(name, value.span().into(), report);
    }
}

fn told_of_variable(name: &str, span: Span, report: &mut Report) {
    report
        .error(codes::LITERAL_SECRET, span, format!("the variable `{name}` is a secret in plain sight"))
        .help("put the value into a Secret, and refer to it: `valueFrom: {secretKeyRef: {name: …, key: …}}`");
}

/// What of a ConfigMap is judged by the names that values have: none of them, its keys, or what its files set as well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Nothing,
    Keys,
    Lines,
}

/// Whether an object is a Secret whose values stand there for all to read, which nobody can accept; told at its kind, as
/// whatever else may be said of it would show them.
pub fn is_told_of_values(document: &Document, report: &mut Report) -> bool {
    let root = &document.root;
    let values = ["data", "stringData"].iter().find_map(|key| root.entries().iter().find(|entry| entry.key == *key));
    let Some(values) = values.filter(|values| document.id.kind == "Secret" && is_filled(&values.node)) else {
        return false;
    };
    // what a patch adds stands in the patch, and the object that it is for nowhere
    let places = [root.get("kind").map_or(root.span, |kind| kind.span), values.span];
    let place = places.into_iter().find(|place| *place != Span::default()).unwrap_or_default();
    report
        .error(codes::LITERAL_SECRET, place, "a Secret with its values in plain sight")
        .help("say where its values live, in `[secrets]`, or give it encrypted");
    true
}

fn is_filled(node: &Node) -> bool {
    !matches!(node.value, Value::Null) && !node.entries().is_empty() || node.text().is_some()
}

/// Secrets in an object that a template has given, unless they have been accepted there; those that stand in the template
/// are found there.
pub fn in_rendered(document: &Document, accepted: &[AcceptSpec], report: &mut Report) {
    of_object(document, Named::Keys, accepted, report);
}

/// Secrets in what a patch merges, which is written in YAML.
pub fn in_patch(node: &Node, report: &mut Report) {
    within(node, "", Named::Nothing, report);
}

/// Secrets in an object that somebody wrote, unless they have been accepted there.
pub fn in_object(document: &Document, accepted: &[AcceptSpec], report: &mut Report) {
    of_object(document, Named::Lines, accepted, report);
}

fn of_object(document: &Document, named: Named, accepted: &[AcceptSpec], report: &mut Report) {
    let id = document.id.to_string();
    let is_meant = |entry: &AcceptSpec| entry.code.value == codes::LITERAL_SECRET && entry.object.value == id;
    // what a definition says is about objects, and full of examples
    if document.id.kind != "CustomResourceDefinition" && !accepted.iter().any(is_meant) {
        let named = if document.id.kind == "ConfigMap" { named } else { Named::Nothing };
        within(&document.root, "", named, report);
    }
}

/// `key` is that of the map which holds the value, or the list that holds it.
fn within(node: &Node, key: &str, named: Named, report: &mut Report) {
    match &node.value {
        Value::Map(entries) => {
            if let (Some(name), Some(value)) = (node.text_at(&["name"]).filter(|_| key == "env"), node.get("value"))
                && is_literal(name, value.text().unwrap_or_default())
            {
                told_of_variable(name, value.span, report);
                return;
            }
            for entry in entries {
                let text = entry.node.text().unwrap_or_default();
                if named >= Named::Keys && key == "data" && !text.contains('\n') && is_literal(&entry.key, text) {
                    report
                        .error(
                            codes::LITERAL_SECRET,
                            entry.node.span,
                            format!("`{}` is a secret in plain sight", entry.key),
                        )
                        .help(ELSEWHERE);
                } else {
                    within(&entry.node, &entry.key, named, report);
                }
            }
        }
        Value::List(items) => {
            let words: Vec<Option<&str>> =
                if LINES.contains(&key) { items.iter().map(Node::text).collect() } else { Vec::new() };
            let secret = secret_arguments(&words);
            for (at, item) in items.iter().enumerate() {
                if secret.iter().any(|(own, _)| *own == at) {
                    told_at(item, "this", report);
                } else {
                    within(item, key, named, report);
                }
            }
        }
        Value::Text(text) => {
            let holds = |line: &str| is_secret(line) || (named == Named::Lines && sets_secret(line));
            if is_secret(text) || (text.contains('\n') && text.lines().any(holds)) {
                let mut lines = text.lines().zip(1..).filter(|(line, _)| holds(line));
                let what = match lines.next() {
                    Some((_, number)) if text.contains('\n') => format!("line {number} of this text"),
                    _ => "this".to_owned(),
                };
                told_at(node, &what, report);
            }
        }
        _ => {}
    }
}

fn told_at(node: &Node, what: &str, report: &mut Report) {
    let place = node.span.start()..node.span.end().min(node.span.start() + LONGEST);
    report.error(codes::LITERAL_SECRET, place, format!("{what} is a secret in plain sight")).help(ELSEWHERE);
}

/// Carets are no longer than this, which keeps them below one line.
const LONGEST: usize = 20;
const NEVER: &str = "a description says where secrets are and never what they are";
const ELSEWHERE: &str = "put the value into a Secret, and say where that is";

/// Secrets in the files below a directory beside the description, whatever is in them.
pub fn in_files(shelf: &dyn Shelf, directory: &str, report: &mut Report) {
    for path in shelf.below(directory) {
        // what cannot be read is told of by whoever needs it
        let Ok(text) = shelf.text(&path) else { continue };
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let body = line.trim();
            if is_secret(body) || sets_secret(body) {
                let begin = start + line.len() - line.trim_start().len();
                let own = report.beside(shelf.shown(&path), &text);
                // what has come of the line may have been told of
                if !own.error_places().iter().any(|at| (start..start + line.len()).contains(at)) {
                    own.error(codes::LITERAL_SECRET, begin..begin + body.len(), "this is a secret in plain sight")
                        .help(ELSEWHERE);
                }
            }
            start += line.len();
        }
    }
}
