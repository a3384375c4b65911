//! The stages in order: text → document → platform → objects → bundle → tree. A later stage never feeds an earlier one.

mod collision;
mod rehearsal;
mod turns;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::iter;

use toml::de::DeTable;

use crate::derive::secrets::Demand;
use crate::diagnostics::report::{Diagnostic, Report};
use crate::hatches::patches::Patches;
use crate::hatches::{self, definitions, manifests, pods};
use crate::manifest::document::Document;
use crate::model::bundle::{Bundle, Placed};
use crate::model::object::{Object, ObjectId};
use crate::model::payload::Overrides;
use crate::model::pins::Pins;
use crate::model::platform::Platform;
use crate::ordered::Ordered;
use crate::pipeline::rehearsal::{Other, Rehearsal, Rehearsed};
pub use crate::pipeline::turns::Turns;
use crate::shares;
use crate::spec::overlay::{self, Removed};
use crate::spec::read::Read;
use crate::spec::secrets::{Backend, SecretsSpec, StoreKind};
use crate::spec::shapes::Minor;
use crate::stages::fill::{Missing, mentions};
use crate::stages::order::Collision;
use crate::stages::resolve::{Beside, Unproved};
use crate::stages::{build, capacity, fill, images, order, overrides, parse, resolve, types};
use crate::validate::policy::literals;
use crate::validate::world::Known;
use crate::validate::written;
use crate::values::image::Digest;
use crate::values::name::ObjectName;
use crate::values::shelf::{Described, Shelf};

/// The platform that is described in `environment` (the base when absent). `None` means that the report holds errors.
pub fn platform<'a>(
    described: impl Into<Described<'a>>,
    environment: Option<&str>,
    report: &mut Report,
) -> Option<Platform> {
    read(described.into(), environment, report).map(|(platform, _)| platform)
}

/// The same, with the platforms of the others that have been read beside it.
fn read(described: Described<'_>, environment: Option<&str>, report: &mut Report) -> Option<(Platform, Vec<Other>)> {
    let lock = images::lock(described.shelf, report);
    // what is wrong with templates hides nothing that is wrong with the description
    let mut aside = Report::default();
    let overrides = overrides::read(described.shelf, &mut aside);
    let rehearsal = Rehearsal {
        chosen: environment,
        beside: Beside { shelf: described.shelf, pins: &lock.pins, overrides: &overrides },
        is_locked: described.is_locked,
        is_alone: described.is_alone,
    };
    let platforms = platforms(described, &rehearsal, report);
    report.take(aside);
    literals::in_files(described.shelf, types::TEMPLATES, report);
    let (platform, others) = platforms?;
    if report.has_errors() {
        hatches::by_themselves(&platform, described, None, report);
        return None;
    }
    if !lock.is_empty() && !described.is_alone {
        let all = iter::once(&platform).chain(others.iter().map(|other| &other.platform));
        let used = all.flat_map(|platform| tags(platform, described.shelf)).map(|(image, _)| image).collect();
        lock.check_used(&used, described.is_locked, report);
    }
    Some((platform, others)).filter(|_| !report.has_errors())
}

/// Every image of the description and of its environments, by name and tag, with the digest that is written behind some.
/// `None` means that the report holds errors.
pub fn images(described: Described<'_>, report: &mut Report) -> Option<BTreeSet<(String, Option<Digest>)>> {
    let (pins, overrides) = (Pins::default(), Overrides::new());
    let beside = Beside { shelf: described.shelf, pins: &pins, overrides: &overrides };
    let rehearsal = Rehearsal { chosen: None, beside, is_locked: false, is_alone: false };
    let (platform, others) = platforms(described, &rehearsal, report)?;
    let all = iter::once(&platform).chain(others.iter().map(|other| &other.platform));
    Some(all.flat_map(|platform| tags(platform, described.shelf)).collect())
}

/// The images of components and those of manifests.
fn tags(platform: &Platform, shelf: &dyn Shelf) -> Vec<(String, Option<Digest>)> {
    let mut all = images::tags(platform);
    all.extend(pods::tags(platform, shelf));
    all
}

/// The platform of the chosen environment, and those of all others, which are read aside at the same time.
fn platforms(
    described: Described<'_>,
    rehearsal: &Rehearsal<'_>,
    report: &mut Report,
) -> Option<(Platform, Vec<Other>)> {
    let base = parse::parse(described.text, report).into_inner();
    let environments = overlay::environments(&base, report);
    let is_other = |name: &str| !rehearsal.is_alone && rehearsal.chosen != Some(name);
    let others: Vec<_> = environments.into_iter().filter(|(name, _)| is_other(name)).collect();
    let rehearse = || others.iter().map(|(name, change)| rehearsal::rehearse(&base, name, change, rehearsal)).collect();
    let (rehearsed, (platform, merged)) = if others.is_empty() {
        (Vec::new(), chosen(&base, rehearsal, report))
    } else {
        shares::both(rehearse, || chosen(&base, rehearsal, report))
    };
    literals::in_description(&base, report);
    literals::in_remarks(described.text, report);
    if !rehearsal.is_alone {
        hatches::secrets_in_other_patches(&base, &merged, described.text, report);
    }
    let troubled = rehearsal::troubled(&merged, report);
    let is_clean = !report.has_errors();
    let adopt = |rehearsed: Rehearsed<'_>| rehearsed.adopt(&base, (&troubled, is_clean), report);
    let mut others: Vec<Other> = rehearsed.into_iter().filter_map(adopt).collect();
    // a base that is no platform by itself runs nothing
    if rehearsal.chosen.is_some() && !rehearsal.beside.pins.is_empty() {
        let base = resolve::resolve(&base, &Removed::new(), rehearsal.beside, &mut Report::default());
        others.extend(base.ok().map(|platform| Other { name: None, platform, is_faultless: false }));
    }
    if report.has_errors() {
        let platform = platform.unwrap_or_else(|Unproved(platform)| *platform);
        hatches::by_themselves(&platform, described, Some(&merged), report);
        return None;
    }
    Some((platform.ok()?, others))
}

/// The platform of the chosen environment, and its description.
fn chosen<'d, 't>(
    base: &'d DeTable<'t>,
    rehearsal: &Rehearsal<'_>,
    report: &mut Report,
) -> (Result<Platform, Unproved>, Cow<'d, DeTable<'t>>) {
    let Some(name) = rehearsal.chosen else {
        let platform = resolved(base, &Removed::new(), rehearsal, report);
        if let Ok(platform) = &platform {
            types::check_used(platform, rehearsal.beside.shelf, report);
        }
        return (platform, Cow::Borrowed(base));
    };
    let is_read = !report.has_errors();
    let mut merged = base.clone();
    let removed = overlay::overlay(&mut merged, name, report);
    // of a file that cannot be read to its end, nobody knows what an environment makes
    if !is_read {
        let platform = resolved(&merged, &removed, rehearsal, report);
        return (platform, Cow::Owned(merged));
    }
    let mut aside = Report::default();
    let platform = resolved(&merged, &removed, rehearsal, &mut aside);
    let own = overlay::of(base, name).map(overlay::spans).unwrap_or_default();
    let is_outside = |found: &Diagnostic| !own.iter().any(|own| own.holds(found.span));
    let mut told = BTreeSet::new();
    if aside.has_errors() && aside.sorted().into_iter().any(is_outside) {
        let mut plain = Report::default();
        let _ = resolved(base, &Removed::new(), rehearsal, &mut plain);
        told.extend(plain.sorted().into_iter().map(|found| (found.code, found.span)));
    }
    report.take_in(aside, name, |found| is_outside(found) && !told.contains(&(found.code, found.span)));
    (platform, Cow::Owned(merged))
}

/// What a document says, with everything that is checked before anything is built.
fn resolved(
    document: &DeTable<'_>,
    removed: &Removed,
    rehearsal: &Rehearsal<'_>,
    report: &mut Report,
) -> Result<Platform, Unproved> {
    let platform = resolve::resolve(document, removed, rehearsal.beside, report)?;
    capacity::check(&platform, build::workloads(&platform), report);
    images::check(&platform, rehearsal.is_locked, report);
    written::check(&platform, report);
    overrides::check(&platform, build::workloads(&platform), rehearsal.chosen.is_none(), report);
    Ok(platform)
}

/// Every object of the platform, in apply order.
pub fn bundle(platform: &Platform) -> Result<Bundle, Box<Collision>> {
    order::order(build::build(platform, &[], || |object| object))
}

/// The platform that is described with its objects. `None` means that the report holds errors.
pub fn render<'a>(
    described: impl Into<Described<'a>>,
    environment: Option<&str>,
    report: &mut Report,
) -> Option<(Platform, Bundle)> {
    render_as(described, environment, report, || |object| object)
}

/// The same, with what `finish` makes of each object in its place.
pub fn render_as<'a, T: Send, F: FnMut(Object) -> T>(
    described: impl Into<Described<'a>>,
    environment: Option<&str>,
    report: &mut Report,
    finish: impl Fn() -> F + Sync,
) -> Option<(Platform, Bundle<T>)> {
    let described = described.into();
    let platform = platform(described, environment, report)?;
    rendered(platform, (described, environment), report, finish)
}

/// What a platform gives, which has been read from the description.
fn rendered<T: Send, F: FnMut(Object) -> T>(
    mut platform: Platform,
    (described, environment): (Described<'_>, Option<&str>),
    report: &mut Report,
    finish: impl Fn() -> F + Sync,
) -> Option<(Platform, Bundle<T>)> {
    let missing = fill(&mut platform, (described, environment), report);
    if !missing.is_empty() {
        let mut document = parse::parse(described.text, &mut Report::default()).into_inner();
        if let Some(name) = environment {
            overlay::overlay(&mut document, name, &mut Report::default());
        }
        let place = |demand: &Demand| mentions::of_secret(&document, demand);
        fill::tell(missing, &platform.facts.secrets, (environment, place), report);
    }
    if report.has_errors() {
        hatches::by_themselves(&platform, described, None, report);
        return None;
    }
    let bundle = join(&platform, (described, environment), report, finish)?;
    Some((platform, bundle))
}

/// The same, though Secrets may be missing: those that are.
pub fn render_with_gaps<'a, T: Send, F: FnMut(Object) -> T>(
    described: impl Into<Described<'a>>,
    environment: Option<&str>,
    report: &mut Report,
    finish: impl Fn() -> F + Sync,
) -> Option<(Platform, Bundle<T>, Vec<Missing>)> {
    let described = described.into();
    let mut platform = platform(described, environment, report)?;
    let missing = fill(&mut platform, (described, environment), report);
    if report.has_errors() {
        return None;
    }
    let bundle = join(&platform, (described, environment), report, finish)?;
    Some((platform, bundle, missing))
}

/// Gives the platform its encrypted Secrets; those that are missing.
fn fill(
    platform: &mut Platform,
    (described, environment): (Described<'_>, Option<&str>),
    report: &mut Report,
) -> Vec<Missing> {
    let directory = platform.facts.secrets.files().map(str::to_owned);
    let elsewhere = || needed_elsewhere(described, environment, directory.as_deref());
    fill::fill(platform, described.shelf, elsewhere, report)
}

/// Files in this directory that environments other than the chosen one need.
fn needed_elsewhere(described: Described<'_>, chosen: Option<&str>, directory: Option<&str>) -> BTreeSet<String> {
    let mut aside = Report::default();
    let base = parse::parse(described.text, &mut aside).into_inner();
    let (pins, overrides) = (Pins::default(), Overrides::new());
    let beside = Beside { shelf: described.shelf, pins: &pins, overrides: &overrides };
    let names = overlay::environments(&base, &mut aside).into_iter().map(|(name, _)| Some(name));
    let mut needed = BTreeSet::new();
    for name in names.chain([None]).filter(|name| *name != chosen) {
        let mut merged = base.clone();
        let removed =
            name.map_or_else(Removed::new, |name| overlay::overlay(&mut merged, name, &mut Report::default()));
        let platform = resolve::resolve(&merged, &removed, beside, &mut Report::default());
        if let Some(platform) = platform.ok().filter(|platform| platform.facts.secrets.files() == directory) {
            let paths =
                build::secrets(&platform).into_iter().map(|demand| fill::path(directory.unwrap_or_default(), &demand));
            needed.extend(paths);
        }
    }
    needed
}

/// The objects of a platform and those that somebody wrote, patched and in order.
fn join<T: Send, F: FnMut(Object) -> T>(
    platform: &Platform,
    (described, environment): (Described<'_>, Option<&str>),
    report: &mut Report,
    finish: impl Fn() -> F + Sync,
) -> Option<Bundle<T>> {
    let mut patches = Patches::of(platform, described.text, report);
    let written = manifests::all(platform, described.shelf, report);
    let brought: Vec<&Document> = written.iter().map(|written| &written.document).collect();
    // what no patch is meant for is finished where it is built, and the next one need not wait
    let built = build::build(platform, &brought, || {
        let mut finish = finish();
        let patches = &patches;
        move |object| if patches.concern(&object) { Err(Box::new(object)) } else { Ok(finish(object)) }
    });
    let mut finish = finish();
    let mut patched = |object: Box<Object>| finish(patches.apply(*object, report));
    let built = built.into_iter().map(|placed| placed.map(|made| made.unwrap_or_else(&mut patched)));
    let mut placed: Vec<Placed<T>> = built.collect();
    // a patch of what is wrong by itself is not for nothing
    let is_patched = !platform.hatches.patches.is_empty();
    let kinds = written.iter().filter(|_| is_patched).map(|written| written.document.id.kind.to_string());
    let mut doubtful: BTreeSet<String> = kinds.ordered();
    let mut written = manifests::admitted(written, platform, placed.iter().map(|placed| &placed.id), report);
    if !report.has_errors() {
        doubtful.clear();
    }
    manifests::collide(&written, &placed, report);
    let guests = written.iter().filter_map(pods::guest).collect();
    for object in &mut written {
        pods::pin(object, &platform.facts, described.is_locked, report);
    }
    placed.extend(written.into_iter().map(|written| {
        written.placed(|object| finish(if is_definition(&object) { object } else { patches.apply(object, report) }))
    }));
    let ids: Vec<&ObjectId> = placed.iter().map(|placed| &placed.id).collect();
    let patched = patches.finish(&ids, &doubtful, report);
    if report.has_errors() {
        return None;
    }
    match order::order(placed) {
        Ok(bundle) => Some(Bundle { patched, environment: environment.map(str::to_owned), guests, ..bundle }),
        Err(collision) => {
            collision::tell(platform, &collision, report);
            None
        }
    }
}

/// What a definition says goes with its sum, so no patch may change it.
fn is_definition(object: &Object) -> bool {
    object.kind() == definitions::KIND
}

/// The names of the environments of a description, in alphabetical order; none if it cannot be read.
pub fn environments(text: &str) -> Vec<String> {
    let mut report = Report::default();
    let document = parse::parse(text, &mut report).into_inner();
    let mut names: Vec<String> =
        overlay::environments(&document, &mut report).into_iter().map(|(name, _)| name.to_owned()).collect();
    names.sort_unstable();
    names
}

/// The minor of Kubernetes that a description is for; `None` if it is none.
pub fn minor(text: &str) -> Option<Minor> {
    let mut report = Report::default();
    let document = parse::parse(text, &mut report).into_inner();
    let platform = document.get("platform")?.get_ref().as_table()?;
    platform.get("kubernetes").map_or(Some(Minor::USUAL), |node| Minor::read(node, &mut report))
}

/// What the cluster of the platform holds besides the objects of `bundle`, and who is meant to reach whom.
pub fn known<T>(platform: &Platform, bundle: &Bundle<T>) -> Known {
    let cluster = &platform.facts.cluster;
    let named = [
        ("ClusterIssuer", platform.around.issuer.as_deref()),
        ("Namespace", Some(cluster.dns.namespace.as_str())),
        ("StorageClass", cluster.storage_class.as_ref().map(ObjectName::as_str)),
    ];
    let is_rendered =
        |kind: &str, name: &str| bundle.objects.iter().any(|placed| placed.id.kind == kind && placed.id.name == name);
    let of_cluster = named.into_iter().filter_map(|(kind, name)| {
        let name = name.filter(|name| !is_rendered(kind, name))?;
        Some((kind.to_owned(), String::new(), name.to_owned()))
    });
    let demands = build::secrets(platform);
    let around = demands.iter().filter_map(|demand| around_secret(demand, &platform.facts.secrets));
    let objects = of_cluster.chain(around).collect();
    let metrics = Some(platform.around.monitoring.found.clone());
    let secrets = platform.facts.secrets.backend.value == Backend::Existing;
    let connections = build::wanted_connections(platform, &bundle.guests);
    Known { objects, secrets, connections: Some(connections), metrics }
}

/// The store that holds a Secret.
fn around_secret(demand: &Demand, spec: &SecretsSpec) -> Option<(String, String, String)> {
    let store = spec.store.as_ref().filter(|_| spec.backend.value == Backend::ExternalSecrets)?;
    let namespace = match store.kind {
        StoreKind::ClusterSecretStore => String::new(),
        StoreKind::SecretStore => demand.namespace.to_string(),
    };
    Some((store.kind.kind().to_owned(), namespace, store.name.to_string()))
}
