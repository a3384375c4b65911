//! Environments: an overlay of the same file, merged over the rest before anything is read. Tables merge, everything
//! else replaces; `"*"` under components stands for each of them; `"off"` removes one.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::spec::read::{Node, wrong_type};

type Table<'i> = DeTable<'i>;

/// The overlays by name; what is none goes to the report.
pub fn environments<'d, 'i>(document: &'d Table<'i>, report: &mut Report) -> Vec<(&'d str, &'d Node<'i>)> {
    let Some(environments) = document.get("environments") else { return Vec::new() };
    let Some(table) = environments.get_ref().as_table() else {
        wrong_type(environments, "a table", report);
        return Vec::new();
    };
    table.iter().map(|(name, overlay)| (name.get_ref().as_ref(), overlay)).collect()
}

/// Every place at which something of `node` is written.
pub fn spans(node: &Node<'_>) -> Vec<Span> {
    let mut spans = vec![node.span().into()];
    match node.get_ref() {
        DeValue::Table(table) => {
            for (key, value) in table {
                spans.push(key.span().into());
                spans.extend(self::spans(value));
            }
        }
        DeValue::Array(items) => spans.extend(items.iter().flat_map(self::spans)),
        _ => {}
    }
    spans
}

/// The keys, such as `components.api.scale.max`, that the overlay `name` sets and `other` does not, with their places.
pub fn lone_keys(document: &Table<'_>, name: &str, other: &str) -> Vec<(String, Span)> {
    let keys = |name: &str| {
        let overlay = document.get("environments").and_then(|all| all.get_ref().as_table()?.get(name));
        let mut found = Vec::new();
        if let Some(overlay) = overlay {
            leaves(overlay, "", &mut found);
        }
        found
    };
    let others: BTreeSet<String> = keys(other).into_iter().map(|(key, _)| key).collect();
    keys(name).into_iter().filter(|(key, _)| !others.contains(key)).collect()
}

fn leaves(node: &Node<'_>, way: &str, found: &mut Vec<(String, Span)>) {
    match node.get_ref() {
        DeValue::Table(table) => {
            for (key, value) in table {
                let dot = if way.is_empty() { "" } else { "." };
                leaves(value, &format!("{way}{dot}{}", key.get_ref()), found);
            }
        }
        _ => found.push((way.to_owned(), node.span().into())),
    }
}

/// Merges `[environments.<name>]` over `document`; what cannot be merged goes to the report.
pub fn overlay(document: &mut Table<'_>, name: &str, report: &mut Report) {
    let Some(environments) = document.get("environments").cloned() else {
        report
            .error(codes::UNKNOWN_NAME, 0..0, format!("environment `{name}` is not declared"))
            .help("add `[environments]`");
        return;
    };
    let Some(table) = environments.get_ref().as_table() else {
        return wrong_type(&environments, "a table", report);
    };
    let Some(overlay) = table.get(name) else {
        let known = || table.keys().map(|key| key.get_ref().as_ref());
        let message = format!("environment `{name}` is not declared");
        let mistake = report.error(codes::UNKNOWN_NAME, environments.span(), message);
        match suggest::nearest(name, known()) {
            Some(near) => mistake.did_you_mean(Some(near)),
            None => mistake.help(format!("expected {}", suggest::list(known()))),
        };
        return;
    };
    let Some(overlay) = overlay.get_ref().as_table() else {
        return wrong_type(overlay, "a table", report);
    };
    for (key, value) in overlay {
        match key.get_ref().as_ref() {
            "components" => merge_components(document, key, value, report),
            "version" | "environments" | "accept" => {
                report.error(codes::CONFLICT, key.span(), format!("an environment cannot change `{}`", key.get_ref()));
            }
            _ => merge_value(document, key, value, report),
        }
    }
}

fn merge_components<'i>(
    document: &mut Table<'i>,
    key: &Spanned<std::borrow::Cow<'i, str>>,
    overlay: &Node<'i>,
    report: &mut Report,
) {
    let Some(overlays) = overlay.get_ref().as_table() else {
        return wrong_type(overlay, "a table", report);
    };
    let mut base =
        document.remove("components").unwrap_or_else(|| Spanned::new(key.span(), DeValue::Table(DeTable::new())));
    if let DeValue::Table(components) = base.get_mut() {
        if let Some(all) = overlays.get("*") {
            merge_all(components, all, report);
        }
        for (name, change) in overlays.iter().filter(|(name, _)| name.get_ref() != "*") {
            merge_component(components, name, change, report);
        }
    }
    document.insert(key.clone(), base);
}

fn merge_component<'i>(
    components: &mut Table<'i>,
    name: &Spanned<std::borrow::Cow<'i, str>>,
    change: &Node<'i>,
    report: &mut Report,
) {
    if !components.contains_key(name.get_ref().as_ref()) {
        let near = suggest::nearest(name.get_ref(), components.keys().map(|key| key.get_ref().as_ref()));
        report
            .error(codes::UNKNOWN_NAME, name.span(), format!("component `{}` is not in the base", name.get_ref()))
            .did_you_mean(near);
    } else if change.get_ref().as_str() == Some("off") {
        components.remove(name.get_ref().as_ref());
    } else if change.get_ref().is_table() {
        merge_value(components, name, change, report);
    } else {
        wrong_type(change, "a table, or `off`", report);
    }
}

/// `"*"` reaches the components that have the key already: what a key means depends on the type, and a type that has
/// no `scale` cannot take one.
fn merge_all<'i>(components: &mut Table<'i>, all: &Node<'i>, report: &mut Report) {
    let Some(changes) = all.get_ref().as_table() else {
        return wrong_type(all, "a table", report);
    };
    for (key, change) in changes {
        let mut reached = false;
        for (_, component) in components.iter_mut() {
            if let DeValue::Table(component) = component.get_mut()
                && component.contains_key(key.get_ref().as_ref())
            {
                merge_value(component, key, change, report);
                reached = true;
            }
        }
        if !reached {
            report
                .error(codes::NO_EFFECT, key.span(), format!("no component has a key `{}`", key.get_ref()))
                .help("`*` changes what components say already");
        }
    }
}

fn merge_value<'i>(
    base: &mut Table<'i>,
    key: &Spanned<std::borrow::Cow<'i, str>>,
    change: &Node<'i>,
    report: &mut Report,
) {
    let Some(existing) = base.get_mut(key.get_ref().as_ref()) else {
        base.insert(key.clone(), change.clone());
        return;
    };
    match (existing.get_mut(), change.get_ref()) {
        (DeValue::Table(inner), DeValue::Table(changes)) => {
            for (key, change) in changes {
                merge_value(inner, key, change, report);
            }
        }
        (DeValue::Table(_), _) => {
            report
                .error(codes::WRONG_TYPE, change.span(), format!("`{}` is a table in the base", key.get_ref()))
                .help("an overlay changes single keys of a table");
        }
        _ => *existing = change.clone(),
    }
}
