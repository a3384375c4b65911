//! Document to platform: every name exists, every link leads somewhere, every value is well formed. What cannot be
//! right is reported, all of it, and then there is no platform.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::json;
use toml::de::DeTable;

use crate::components;
use crate::components::entry::Declaration;
use crate::components::templated;
use crate::derive::survey;
use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::model::encrypted::Files;
use crate::model::facts::Facts;
use crate::model::names::Names;
use crate::model::payload::Overrides;
use crate::model::pins::Pins;
use crate::model::platform::{Declared, Hatches, Platform};
use crate::ordered::Ordered;
use crate::spec::cluster::ClusterSpec;
use crate::spec::external::ExternalSpec;
use crate::spec::hatches::{DefinitionsSpec, ManifestsSpec, PatchSpec, RequirementsSpec};
use crate::spec::images::ImagesSpec;
use crate::spec::overlay::{self, Removed};
use crate::spec::read::{At, Entries, Fields, Key, Node, Read, Shape, wrong_type};
use crate::spec::scalars::FormatVersion;
use crate::spec::secrets::SecretsSpec;
use crate::spec::shape::shape;
use crate::spec::shapes::{AcceptSpec, ComponentSpec, DefaultsSpec, NamespaceSpec, PlatformSpec};
use crate::stages::types::{Found, Types};
use crate::stages::{accept, build, check, link};
use crate::values::name::Name;
use crate::values::parse::Parse;
use crate::values::shelf::Shelf;

shape! {
    /// The whole file, but for components and environments, which are read by type and by name.
    DescriptionSpec {
        /// Version of this format.
        version: FormatVersion,
        /// The platform as a whole.
        platform: PlatformSpec,
        /// The cluster under it.
        cluster: ClusterSpec,
        /// Defaults of web services.
        defaults: DefaultsSpec = DefaultsSpec::conventional(),
        /// Where secret values live.
        secrets: SecretsSpec,
        /// Images of every pod.
        images: ImagesSpec = ImagesSpec::open(),
        /// Namespaces by name; all of them are closed by default.
        namespaces: Entries<Name, NamespaceSpec>,
        /// Things outside the cluster, by name.
        externals: Entries<Name, ExternalSpec>,
        /// Kubernetes objects of one's own.
        manifests: Vec<ManifestsSpec>,
        /// Files of CustomResourceDefinitions, by a name for each.
        crds: Entries<Name, DefinitionsSpec>,
        /// What the cluster has already.
        requirements: RequirementsSpec = RequirementsSpec::none(),
        /// Changes to objects that no key covers.
        patches: Vec<PatchSpec>,
        /// Accepted findings.
        accept: Vec<AcceptSpec>,
    }
}

/// Keys of the file that are not read by shape.
pub const DYNAMIC_KEYS: &[Key] = &[
    Key {
        name: "components",
        doc: &[" Components by name, each of a type."],
        type_name: || Cow::Borrowed("a table of: name = a component"),
        schema: components::schema,
        optional: true,
    },
    Key {
        name: "environments",
        doc: &[
            " Overlays by name, merged over the rest: tables key by key; lists and values take the place of what was there.",
        ],
        type_name: || Cow::Borrowed("a table of: name = a part of this file"),
        schema: || json!({ "type": "object", "additionalProperties": { "type": "object" } }),
        optional: true,
    },
];

/// What lies beside a description.
#[derive(Clone, Copy)]
pub struct Beside<'a> {
    /// Its files.
    pub shelf: &'a dyn Shelf,
    /// The digests of images that one of them names.
    pub pins: &'a Pins,
    /// The templates that take the place of built-in ones.
    pub overrides: &'a Overrides,
}

/// What a document with mistakes gives: something stands in for whatever is wrong, so nothing may be built of it.
pub struct Unproved(pub Box<Platform>);

/// Resolves a document into which the overlay, if any, has been merged; `removed` is what that took away. There is no proof
/// if the report holds errors.
pub fn resolve(
    document: &DeTable<'_>,
    removed: &Removed,
    beside: Beside<'_>,
    report: &mut Report,
) -> Result<Platform, Unproved> {
    let names = Names::of(document, removed);
    let general = read_description(document, report);
    let facts = Facts {
        platform: general.platform,
        cluster: general.cluster,
        defaults: general.defaults,
        secrets: general.secrets,
        images: general.images,
        pins: beside.pins.clone(),
        overrides: beside.overrides.clone(),
    };
    let namespaces: BTreeMap<Name, NamespaceSpec> = by_name(general.namespaces);
    let externals: BTreeMap<Name, ExternalSpec> = by_name(general.externals);

    let mut components = match document.get("components") {
        Some(node) => read_components(node, &facts, &names, &mut Types::of(beside.shelf), report),
        None => Vec::new(),
    };
    namespaces_are_meant(&names, report);
    link::link(&mut components, &names, report);
    components.extend(components::implied(&facts, &names, report));
    let around = survey::survey(&components, namespaces.keys().cloned().collect(), &facts);
    let hatches = Hatches {
        manifests: general.manifests,
        crds: general.crds,
        requirements: general.requirements,
        patches: general.patches,
        removed: removed.keys().cloned().ordered(),
        has_own_patches: has_own_patches(document),
    };
    let (accepted, encrypted, workloads) = (general.accept, Files::new(), OnceLock::new());
    let platform =
        Platform { facts, namespaces, externals, components, around, hatches, accepted, encrypted, workloads };
    check::check(&platform, &names, report);
    accept::accept(&platform.accepted, &names, report);
    if !report.has_errors() {
        for declared in &platform.components {
            declared.component.settle(&build::site(declared, &platform), report);
        }
    }
    if report.has_errors() { Err(Unproved(Box::new(platform))) } else { Ok(platform) }
}

/// Whether the patches are written in an environment, which has been merged.
fn has_own_patches(document: &DeTable<'_>) -> bool {
    let first = document.get("patches").and_then(|patches| Some(patches.get_ref().as_array()?.iter().next()?.span()));
    let overlays = document.get("environments").map(overlay::spans).unwrap_or_default();
    first.is_some_and(|first| overlays.contains(&first.into()))
}

/// Several components in a namespace that is not declared, and none in one of nearly that name: the slip is one.
fn namespaces_are_meant(names: &Names<'_>, report: &mut Report) {
    for (meant, count) in &names.residents {
        let Some(declared) = names.misnamed(meant).filter(|declared| Name::parse(declared).is_ok()) else { continue };
        let message = format!("{count} components are in `{meant}`, and none in `{declared}`");
        let span = names.spans.get(declared).copied().unwrap_or_default();
        report.error(codes::UNKNOWN_NAME, span, message).did_you_mean(Some(meant));
    }
}

fn read_description(document: &DeTable<'_>, report: &mut Report) -> DescriptionSpec {
    let known = [DescriptionSpec::KEYS, DYNAMIC_KEYS];
    let mut fields = Fields::of(document, Span::default(), &known, report);
    let description = DescriptionSpec::read_fields(&mut fields);
    fields.finish();
    description.or_else(|| DescriptionSpec::stand_in(None)).expect("every key of the file has a stand-in")
}

fn by_name<V>(entries: Entries<Name, V>) -> BTreeMap<Name, V> {
    entries.0.into_iter().map(|(name, value)| (name.value, value)).ordered()
}

fn read_components(
    node: &Node<'_>,
    facts: &Facts,
    names: &Names<'_>,
    types: &mut Types<'_>,
    report: &mut Report,
) -> Vec<Declared> {
    let Some(table) = node.get_ref().as_table() else {
        wrong_type(node, "a table", report);
        return Vec::new();
    };
    let mut components = Vec::with_capacity(table.len());
    for (key, value) in table {
        let key = toml::Spanned::new(key.span(), toml::de::DeValue::String(Cow::Borrowed(key.get_ref().as_ref())));
        let name = At::<Name>::read(&key, report);
        if let Some(name) = name.as_ref().filter(|name| names.externals.contains(name.value.as_str())) {
            let message = format!("`{}` is a component and an external", name.value);
            report.error(codes::DUPLICATE, name.span, message).help("`calls` could mean either: rename one of the two");
        }
        components.extend(read_component(name, value, &Known { facts, names }, types, report));
    }
    components
}

/// What is known before any component has been read.
struct Known<'a> {
    facts: &'a Facts,
    names: &'a Names<'a>,
}

/// Reads one component; a malformed name does not hide faults in its table.
fn read_component(
    name: Option<At<Name>>,
    node: &Node<'_>,
    known: &Known<'_>,
    types: &mut Types<'_>,
    report: &mut Report,
) -> Option<Declared> {
    let Some(table) = node.get_ref().as_table() else {
        wrong_type(node, "a component", report);
        return None;
    };
    let broken_name = name.is_none();
    let name = name.unwrap_or_else(|| At { value: Name::fixed("unnamed"), span: node.span().into() });
    let keys = [ComponentSpec::KEYS];
    let mut fields = Fields::of(table, name.span, &keys, report);
    let before = fields.report.count();
    let type_name = fields.take::<At<String>>("type", None)?;
    if type_name.is_stand_in() {
        if fields.raw("type").is_none() && fields.report.count() > before {
            fields.report.last_help(&format!("add `type = …`: {}", suggest::list(built_in())));
        }
        fields.finish_one("type");
        return None;
    }
    let declaration = Declaration { name: &name.value, span: name.span, table, facts: known.facts, names: known.names };
    let declared = match components::named(&type_name.value) {
        Some(entry) => (entry.resolve)(declaration, report),
        None => match types.find(&type_name.value, report) {
            Found::Type(found) => templated::resolve(declaration, &found, report),
            Found::Broken => None,
            Found::Nothing => {
                no_type(&type_name, types, report);
                None
            }
        },
    };
    declared.filter(|_| !broken_name)
}

fn built_in<'a>() -> impl Iterator<Item = &'a str> {
    components::COMPONENTS.iter().map(|entry| entry.name)
}

fn no_type(type_name: &At<String>, types: &Types<'_>, report: &mut Report) {
    let own = types.names();
    let all = || built_in().chain(own.iter().map(String::as_str));
    let message = format!("`{}` is no component type", type_name.value);
    let mistake = report.error(codes::INVALID_VALUE, type_name.span, message);
    match suggest::nearest(&type_name.value, all()) {
        Some(near) => mistake.did_you_mean(Some(near)),
        None => mistake.help(format!("expected {}", suggest::list(all()))),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_file_has_a_stand_in() {
        assert!(DescriptionSpec::stand_in(None).is_some());
    }
}
