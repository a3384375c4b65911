//! The reference page, written from the shapes that read the description, so that it cannot say anything else.

use std::fmt::Write;

use serde_json::Value;

use crate::components::{self, COMPONENTS};
use crate::diagnostics::codes;
use crate::spec::cluster::{ApiServerSpec, ClusterSpec, DnsSpec};
use crate::spec::external::ExternalSpec;
use crate::spec::hatches::{
    DefinitionsSpec, ManifestsSpec, OperationSpec, PatchSpec, RequiredDefinition, RequirementsSpec, TargetSpec,
};
use crate::spec::images::ImagesSpec;
use crate::spec::read::{Key, Shape, sentence, table_schema};
use crate::spec::secrets::{NamedStore, SecretsSpec};
use crate::spec::shapes::{
    AcceptSpec, ComponentSpec, DefaultsSpec, NamespaceSpec, OwnMetrics, PlatformSpec, ProbesSpec, QuotaSpec, RouteSpec,
    ShutdownSpec,
};
use crate::spec::size::ExactSize;
use crate::spec::types::{KeySpec, PortSpec, TypeSpec};
use crate::stages::resolve::{DYNAMIC_KEYS, DescriptionSpec};

/// A table of the manual: its path in the file, what it is, its keys.
struct Table {
    path: &'static str,
    doc: &'static [&'static str],
    keys: &'static [Key],
}

const fn table<S: Shape>(path: &'static str) -> Table {
    Table { path, doc: S::DOC, keys: S::KEYS }
}

/// The tables that belong to no component type, in reading order.
const TABLES: &[Table] = &[
    table::<PlatformSpec>("[platform]"),
    table::<ClusterSpec>("[cluster]"),
    table::<ApiServerSpec>("cluster.api-server"),
    table::<DnsSpec>("cluster.dns"),
    table::<DefaultsSpec>("[defaults]"),
    table::<ExactSize>("defaults.size"),
    table::<ProbesSpec>("defaults.probes"),
    table::<OwnMetrics>("defaults.metrics"),
    table::<ShutdownSpec>("defaults.shutdown"),
    table::<SecretsSpec>("[secrets]"),
    table::<NamedStore>("secrets.store"),
    table::<ImagesSpec>("[images]"),
    table::<NamespaceSpec>("[namespaces.NAME]"),
    table::<QuotaSpec>("namespaces.NAME.quota"),
    table::<ExternalSpec>("[externals.NAME]"),
    table::<ManifestsSpec>("[[manifests]]"),
    table::<DefinitionsSpec>("[crds.NAME]"),
    table::<RequirementsSpec>("[requirements]"),
    table::<RequiredDefinition>("requirements.crds.NAME"),
    table::<PatchSpec>("[[patches]]"),
    table::<TargetSpec>("patches.target"),
    table::<OperationSpec>("patches.json6902"),
    table::<AcceptSpec>("[[accept]]"),
    table::<ComponentSpec>("[components.NAME]"),
    table::<RouteSpec>("components.NAME.route"),
];

/// The tables of a type of one's own.
const TYPE_TABLES: &[Table] =
    &[table::<TypeSpec>("type.toml"), table::<KeySpec>("keys.NAME"), table::<PortSpec>("ports.NAME")];

/// The reference page in Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# Reference\n\nWritten from the program's own tables by `PLATFORMGEN_BLESS=1 cargo test --test reference`; do not edit.\n\n\
         `platform.toml` is closed at every level: a key that does not stand here is an error.\n\n## The file\n\n",
    );
    keys(&mut page, DescriptionSpec::KEYS);
    keys_rows(&mut page, DYNAMIC_KEYS);
    for table in TABLES {
        let _ = write!(page, "\n## `{}`\n\n{}\n\n", table.path, sentence(table.doc));
        keys(&mut page, table.keys);
    }
    page.push_str("\n## Component types\n\nEach takes the keys of `[components.NAME]` and its own.\n");
    for entry in COMPONENTS {
        let _ = write!(page, "\n### `{}`\n\n{}\n\n", entry.name, entry.summary);
        if entry.keys.is_empty() {
            page.push_str("No keys of its own.\n");
        } else {
            keys(&mut page, entry.keys);
        }
    }
    page.push_str("\n## Types of one's own\n\n`templates/TYPE/type.toml`, beside `platform.toml`, declares a type; docs/templates.md shows how.\n");
    for table in TYPE_TABLES {
        let _ = write!(page, "\n### `{}`\n\n{}\n\n", table.path, sentence(table.doc));
        keys(&mut page, table.keys);
    }
    page.push_str("\n## Diagnostics\n\n| code | meaning |\n|---|---|\n");
    for (code, meaning) in codes::ALL {
        let _ = writeln!(page, "| `{code}` | {meaning} |");
    }
    page
}

/// The page about all codes.
const CHECKS: &str = include_str!("../docs/checks.md");

/// What is said of every code, in this order.
pub const PARTS: &[&str] = &["What", "Why", "In the cluster", "Fix", "Same check"];

/// Whom `none` means, where ids of the same check should stand.
const LINTERS: &str = "kube-linter, kube-score, Polaris, Checkov, Trivy and PSS";

/// What a code means, how it fails and how to mend it; `None` if there is no such code.
pub fn explanation(code: &str) -> Option<String> {
    let summary = codes::ALL.iter().find(|(known, _)| *known == code).map(|(_, summary)| summary)?;
    let (group, text) = groups().find(|(_, text)| section(text, code).is_some())?;
    let (own, common) = (section(text, code)?, text.split(SECTION).next()?);
    let told = PARTS.iter().filter_map(|part| said(own, part).or_else(|| said(common, part)));
    let told: String = told.flat_map(|text| [text, "\n"]).collect::<String>().replace('`', "");
    let told = told.replace(": none.\n", &format!(": none of {LINTERS}.\n"));
    Some(format!("{code} ({group}): {summary}\n\n{}", told.replace(": none; ", &format!(": none of {LINTERS};\n  "))))
}

/// What stands before the code of a section.
const SECTION: &str = "\n### `";

/// The section of a group that is about this code.
fn section<'a>(group: &'a str, code: &str) -> Option<&'a str> {
    group.split(SECTION).skip(1).find_map(|section| section.strip_prefix(code)?.strip_prefix('`'))
}

/// The groups of the page, each with its text.
fn groups() -> impl Iterator<Item = (&'static str, &'static str)> {
    CHECKS.split("\n## ").skip(1).filter_map(|part| part.split_once('\n'))
}

/// What a text says under this head: a whole item of a list.
fn said<'a>(text: &'a str, part: &str) -> Option<&'a str> {
    let head = format!("\n- {part}: ");
    let start = text.find(&head)? + 1;
    let rest = &text[start..];
    let end = ["\n- ", "\n\n"].iter().filter_map(|next| rest.find(next)).min();
    Some(rest[..end.unwrap_or(rest.len())].trim_end())
}

/// The whole description as JSON Schema.
fn description() -> Value {
    table_schema(DescriptionSpec::DOC, DescriptionSpec::KEYS.iter().chain(DYNAMIC_KEYS))
}

/// What the reference says of a key such as `components.api.scale`, in a component of this type; `None` if there is no such
/// key. Names that a user gives, as that of a component, must be declared: `is_declared` knows the path of one.
pub fn key(path: &str, type_name: &str, is_declared: impl Fn(&str) -> bool) -> Option<String> {
    // of a type of one's own, the keys that all components have
    if let ["components", name, own] = path.split('.').collect::<Vec<_>>()[..]
        && components::named(type_name).is_none()
    {
        let known = ComponentSpec::KEYS.iter().find(|key| key.name == own)?;
        return is_declared(&format!("components.{name}")).then(|| sentence(known.doc));
    }
    let schema = description();
    let (mut node, mut end) = (&schema, 0);
    for part in path.split('.') {
        let step = step(node, part, type_name)?;
        end += part.len();
        if step.is_name && !is_declared(&path[..end]) {
            return None;
        }
        (node, end) = (step.to, end + 1);
    }
    node["description"].as_str().map(str::to_owned)
}

/// A step from a table of the schema to what stands under a key.
struct Step<'s> {
    to: &'s Value,
    /// Whether the key is a name that a user gives.
    is_name: bool,
}

fn step<'s>(node: &'s Value, key: &str, type_name: &str) -> Option<Step<'s>> {
    if let Some(to) = node["properties"].get(key) {
        return Some(Step { to, is_name: false });
    }
    let ways = ["oneOf", "anyOf"].iter().filter_map(|ways| node[ways].as_array()).flatten();
    let is_meant = |way: &&Value| way["properties"]["type"]["const"].as_str().is_none_or(|own| own == type_name);
    let mut inner = ways.filter(is_meant).chain(Some(&node["items"]).filter(|items| items.is_object()));
    let named = || Some(&node["additionalProperties"]).filter(|to| to.is_object()).map(|to| Step { to, is_name: true });
    inner.find_map(|way| step(way, key, type_name)).or_else(named)
}

/// `platform.toml` as JSON Schema, for editors.
pub fn schema() -> String {
    let mut schema = description();
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "platform.toml".into();
    serde_json::to_string_pretty(&schema).expect("a JSON value can be written") + "\n"
}

fn keys(page: &mut String, keys: &[Key]) {
    page.push_str("| key | | takes | meaning |\n|---|---|---|---|\n");
    keys_rows(page, keys);
}

fn keys_rows(page: &mut String, keys: &[Key]) {
    for key in keys {
        let need = if key.optional { "optional" } else { "required" };
        let takes = (key.type_name)();
        let _ = writeln!(page, "| `{}` | {need} | {} | {} |", key.name, cell(&takes), cell(&sentence(key.doc)));
    }
}

/// A vertical bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
