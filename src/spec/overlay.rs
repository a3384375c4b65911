//! Environments: an overlay of the same file, merged over the rest before anything is read. Tables merge, everything
//! else replaces; `"*"` under components stands for each of them; `"off"` removes one.

mod fixed;
pub mod lone;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::ordered::Ordered;
use crate::spec::overlay::fixed::FIXED;
use crate::spec::read::{At, Node, Read, wrong_type};
use crate::values::name::Name;
use crate::values::parse::Parse;

type Table<'i> = DeTable<'i>;

/// What an environment turned off, by name.
pub type Removed = BTreeMap<String, Off>;

/// A component of the base that an environment turned off.
#[derive(Clone, Debug)]
pub struct Off {
    /// Where that is said.
    pub span: Span,
    /// The component's type as it is written.
    pub type_name: String,
}

/// How a directory beside those of environments is called, which holds what is described without any.
pub const BASE: &str = "base";

/// The overlays by name; what is none, or could not be called so as a directory, goes to the report.
pub fn environments<'d, 'i>(document: &'d Table<'i>, report: &mut Report) -> Vec<(&'d str, &'d Node<'i>)> {
    let Some(environments) = document.get("environments") else { return Vec::new() };
    let Some(table) = environments.get_ref().as_table() else {
        wrong_type(environments, "a table", report);
        return Vec::new();
    };
    for name in table.keys() {
        let key = Spanned::new(name.span(), DeValue::String(Cow::Borrowed(name.get_ref().as_ref())));
        let read = At::<Name>::read(&key, report);
        if read.is_some_and(|name| name.value.as_str() == BASE) {
            report
                .error(codes::CONFLICT, name.span(), format!("an environment cannot be called `{BASE}`"))
                .help("that is what the description is called without an environment");
        }
    }
    table.iter().map(|(name, overlay)| (name.get_ref().as_ref(), overlay)).collect()
}

/// The overlay of that name.
pub fn of<'d, 'i>(document: &'d Table<'i>, name: &str) -> Option<&'d Node<'i>> {
    document.get("environments")?.get_ref().as_table()?.get(name)
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

/// Merges `[environments.<name>]` over `document` and returns what that removes; what cannot be merged goes to the
/// report.
pub fn overlay(document: &mut Table<'_>, name: &str, report: &mut Report) -> Removed {
    let mut removed = Removed::new();
    let Some(environments) = document.get("environments").cloned() else {
        report
            .error(codes::UNKNOWN_NAME, 0..0, format!("environment `{name}` is not declared"))
            .help("add `[environments]`");
        return removed;
    };
    let Some(table) = environments.get_ref().as_table() else {
        wrong_type(&environments, "a table", report);
        return removed;
    };
    let Some(overlay) = table.get(name) else {
        let known = || table.keys().map(|key| key.get_ref().as_ref());
        let message = format!("environment `{name}` is not declared");
        let mistake = report.error(codes::UNKNOWN_NAME, environments.span(), message);
        match suggest::nearest(name, known()) {
            Some(near) => mistake.did_you_mean(Some(near)),
            None => mistake.help(format!("expected {}", suggest::list(known()))),
        };
        return removed;
    };
    let Some(overlay) = overlay.get_ref().as_table() else {
        wrong_type(overlay, "a table", report);
        return removed;
    };
    if overlay.is_empty() {
        let (key, _) = table.get_key_value(name).expect("it was just found");
        report
            .error(codes::NO_EFFECT, key.span(), format!("environment `{name}` changes nothing"))
            .help("write what is different, or remove it");
    }
    let namespaces: Vec<String> =
        tables(document, "namespaces").map(|(name, _)| name.get_ref().as_ref().to_owned()).collect();
    for (key, value) in overlay {
        match key.get_ref().as_ref() {
            "components" => merge_components(document, key, value, &mut removed, report),
            "version" | "environments" | "accept" => {
                report.error(codes::CONFLICT, key.span(), format!("an environment cannot change `{}`", key.get_ref()));
            }
            "namespaces" => merge_value(document, key, value, report),
            _ if says_nothing(value) => same(key.get_ref(), value, report),
            _ => merge_value(document, key, value, report),
        }
    }
    lone_namespaces(document, overlay, &namespaces, report);
    removed
}

/// Whether a table has no value in it, however deep.
fn says_nothing(node: &Node<'_>) -> bool {
    node.get_ref().as_table().is_some_and(|table| table.values().all(says_nothing))
}

/// What stands below a key, if it is a table.
fn tables<'t, 'i>(
    document: &'t Table<'i>,
    key: &str,
) -> impl Iterator<Item = (&'t Spanned<Cow<'i, str>>, &'t Node<'i>)> {
    document.get(key).and_then(|node| node.get_ref().as_table()).into_iter().flat_map(|table| table.iter())
}

/// A namespace that the base does not have and in which nothing is: mostly a slip of one that it has.
fn lone_namespaces(document: &Table<'_>, overlay: &Table<'_>, known: &[String], report: &mut Report) {
    let home =
        |component: &Node<'_>| Some(component.get_ref().as_table()?.get("namespace")?.get_ref().as_str()?.to_owned());
    let homes: Vec<String> = tables(document, "components").filter_map(|(_, component)| home(component)).collect();
    for (name, _) in tables(overlay, "namespaces") {
        let written = name.get_ref().as_ref();
        let is_there = |names: &[String]| names.iter().any(|name| name == written);
        let near = suggest::nearest(written, known.iter().map(String::as_str));
        // manifests may be all that is in it
        if is_there(known) || is_there(&homes) || (near.is_none() && document.get("manifests").is_some()) {
            continue;
        }
        let message = format!("namespace `{written}` is not in the base, and no component is in it");
        report.error(codes::UNKNOWN_NAME, name.span(), message).did_you_mean(near);
    }
}

fn merge_components<'i>(
    document: &mut Table<'i>,
    key: &Spanned<Cow<'i, str>>,
    overlay: &Node<'i>,
    removed: &mut Removed,
    report: &mut Report,
) {
    let Some(overlays) = overlay.get_ref().as_table() else {
        wrong_type(overlay, "a table", report);
        return;
    };
    let misspelt = misspelt_components(document);
    if overlays.is_empty() {
        same(key.get_ref(), overlay, report);
    }
    let mut base =
        document.remove("components").unwrap_or_else(|| Spanned::new(key.span(), DeValue::Table(DeTable::new())));
    if let DeValue::Table(components) = base.get_mut() {
        let mut known: Vec<String> = components.keys().map(|name| name.get_ref().to_string()).collect();
        known.extend(misspelt);
        if let Some((key, all)) = overlays.get_key_value("*") {
            merge_all(components, key.get_ref(), all, report);
        }
        for (name, change) in overlays.iter().filter(|(name, _)| name.get_ref() != "*") {
            removed.extend(merge_component(components, &known, name, change, report));
        }
    }
    document.insert(key.clone(), base);
}

/// The components that stand under a misspelt `components`.
fn misspelt_components(document: &Table<'_>) -> Vec<String> {
    let is_slip = |key: &str| key != "components" && suggest::nearest(key, ["components"]).is_some();
    let slips = document.iter().filter(|(key, _)| is_slip(key.get_ref()));
    let tables = slips.filter_map(|(_, node)| node.get_ref().as_table());
    tables.flat_map(|table| table.keys().map(|name| name.get_ref().to_string())).collect()
}

/// `known` are the components of the base, some of which may be off by now or have no name that can be one.
fn merge_component<'i>(
    components: &mut Table<'i>,
    known: &[String],
    name: &Spanned<Cow<'i, str>>,
    change: &Node<'i>,
    report: &mut Report,
) -> Option<(String, Off)> {
    let written = name.get_ref().as_ref();
    let Some(existing) = components.get(written) else {
        let near = suggest::nearest(written, known.iter().map(String::as_str));
        // It may have been meant by a name that is none, or stand under another key: that has been told.
        let is_none = |name: &str| Name::parse(name).is_err();
        let is_told = known.iter().any(|name| name == written)
            || near.map_or_else(|| known.iter().any(|name| is_none(name)), is_none);
        if !is_told {
            report
                .error(codes::UNKNOWN_NAME, name.span(), format!("component `{written}` is not in the base"))
                .did_you_mean(near);
        }
        return None;
    };
    match change.get_ref() {
        DeValue::Table(changes) => {
            let mut changes = changes.clone();
            for fixed in FIXED {
                let Some((key, value)) = changes.get_key_value(fixed.key) else { continue };
                if fixed.stays([(written, existing)], key, value, report) {
                    continue;
                }
                changes.remove(fixed.key);
                if fixed.decides_keys || changes.is_empty() {
                    return None;
                }
            }
            merge_value(components, name, &Spanned::new(change.span(), DeValue::Table(changes)), report);
            None
        }
        DeValue::String(word) if word == "off" => Some(turned_off(written, components, change.span().into())),
        _ => {
            wrong_type(change, "a table, or `off`", report).help(format!(
                "write `{written} = \"off\"` to leave it out, or `{written} = {{ … }}` with the keys that are different"
            ));
            // It may have been meant so, and then nobody needs it.
            Some(turned_off(written, components, Span::STAND_IN))
        }
    }
}

fn turned_off(name: &str, components: &mut Table<'_>, span: Span) -> (String, Off) {
    let component = components.remove(name);
    let type_name = component.as_ref().and_then(|node| node.get_ref().as_table()?.get("type")?.get_ref().as_str());
    (name.to_owned(), Off { span, type_name: type_name.unwrap_or_default().to_owned() })
}

/// `"*"` reaches the components that have the key already: what a key means depends on the type, and a type that has
/// no `scale` cannot take one. What is `off` stays off.
fn merge_all<'i>(components: &mut Table<'i>, name: &str, all: &Node<'i>, report: &mut Report) {
    let Some(changes) = all.get_ref().as_table() else {
        wrong_type(all, "a table", report);
        return;
    };
    if changes.is_empty() {
        same(name, all, report);
    }
    for (key, change) in changes {
        let (mut reached, mut changed) = (false, false);
        let named = components.iter().map(|(name, component)| (name.get_ref().as_ref(), component));
        let fixed = FIXED.iter().find(|fixed| fixed.key == key.get_ref());
        if fixed.is_some_and(|fixed| !fixed.stays(named, key, change, report)) {
            continue;
        }
        for (_, component) in components.iter_mut() {
            let DeValue::Table(component) = component.get_mut() else { continue };
            let Some(existing) = component.get(key.get_ref().as_ref()) else { continue };
            reached = true;
            if existing.get_ref().as_str() != Some("off") {
                changed |= merged_alike(component, key, change, report);
            }
        }
        if !reached {
            let near = near_key(components, key.get_ref());
            report
                .error(codes::NO_EFFECT, key.span(), format!("no component has a key `{}`", key.get_ref()))
                .help("`*` changes what components say already")
                .did_you_mean(near.as_deref());
        } else if !changed {
            same(key.get_ref(), change, report);
        }
    }
}

/// A key of a component that is called nearly like this one.
fn near_key(components: &Table<'_>, key: &str) -> Option<String> {
    let tables = components.values().filter_map(|component| component.get_ref().as_table());
    let keys: BTreeSet<&str> = tables.flat_map(DeTable::keys).map(|key| key.get_ref().as_ref()).ordered();
    suggest::nearest(key, keys).map(str::to_owned)
}

/// Merges a value into one of several; what is the same there already may be another elsewhere.
fn merged_alike<'i>(base: &mut Table<'i>, key: &Spanned<Cow<'i, str>>, change: &Node<'i>, report: &mut Report) -> bool {
    match (base.get_mut(key.get_ref().as_ref()).map(Node::get_mut), change.get_ref()) {
        (Some(DeValue::Table(inner)), DeValue::Table(changes)) => {
            let mut changed = false;
            for (key, change) in changes {
                changed |= merged_alike(inner, key, change, report);
            }
            changed
        }
        _ => merged(base, key, change, report),
    }
}

/// Merges a value; what is the same already goes to the report.
fn merge_value<'i>(base: &mut Table<'i>, key: &Spanned<Cow<'i, str>>, change: &Node<'i>, report: &mut Report) {
    if !merged(base, key, change, report) {
        same(key.get_ref(), change, report);
    }
}

/// Merges a value; `false` if it is a single one, and what the base says already.
fn merged<'i>(base: &mut Table<'i>, key: &Spanned<Cow<'i, str>>, change: &Node<'i>, report: &mut Report) -> bool {
    let Some(existing) = base.get_mut(key.get_ref().as_ref()) else {
        base.insert(key.clone(), change.clone());
        return true;
    };
    match (existing.get_mut(), change.get_ref()) {
        (DeValue::Table(_), DeValue::Table(changes)) if changes.is_empty() => false,
        (DeValue::Table(inner), DeValue::Table(changes)) => {
            for (key, change) in changes {
                merge_value(inner, key, change, report);
            }
            true
        }
        (DeValue::Table(_), _) => {
            report
                .error(codes::WRONG_TYPE, change.span(), format!("`{}` is a table in the base", key.get_ref()))
                .help("an overlay changes single keys of a table");
            true
        }
        (known, new) if is_same(known, new) => false,
        _ => {
            *existing = change.clone();
            true
        }
    }
}

fn same(key: &str, change: &Node<'_>, report: &mut Report) {
    let message = match change.get_ref() {
        DeValue::Table(_) => format!("`{key}` changes nothing"),
        _ => format!("`{key}` is this without the environment too"),
    };
    report.error(codes::NO_EFFECT, change.span(), message).help("remove it, or write what is different");
}

/// Whether two values say the same, however they are written.
fn is_same(one: &DeValue<'_>, other: &DeValue<'_>) -> bool {
    match (one, other) {
        (DeValue::String(one), DeValue::String(other)) => one == other,
        (DeValue::Boolean(one), DeValue::Boolean(other)) => one == other,
        (DeValue::Integer(one), DeValue::Integer(other)) => {
            let number = |text: &str, radix| i128::from_str_radix(text, radix).ok();
            number(one.as_str(), one.radix()) == number(other.as_str(), other.radix())
        }
        (DeValue::Array(one), DeValue::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_same(one.get_ref(), other.get_ref()))
        }
        (DeValue::Table(one), DeValue::Table(other)) => {
            let has =
                |key: &str, value: &DeValue<'_>| other.get(key).is_some_and(|found| is_same(value, found.get_ref()));
            one.len() == other.len() && one.iter().all(|(key, value)| has(key.get_ref(), value.get_ref()))
        }
        _ => false,
    }
}
