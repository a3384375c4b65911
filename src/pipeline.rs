//! The stages in order: text → document → platform → objects → bundle → tree. A later stage never feeds an earlier one.

use toml::de::DeTable;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::model::bundle::{Bundle, Home};
use crate::model::object::{Object, ObjectId};
use crate::model::platform::Platform;
use crate::spec::overlay;
use crate::stages::order::Collision;
use crate::stages::{build, order, parse, resolve};

/// The platform that `text` describes in `environment` (the base when absent). `None` means that the report holds
/// errors.
pub fn platform(text: &str, environment: Option<&str>, report: &mut Report) -> Option<Platform> {
    let mut document = parse::parse(text, report).into_inner();
    rehearse(&document, environment, report);
    if let Some(environment) = environment {
        overlay::overlay(&mut document, environment, report);
    }
    resolve::resolve(&document, report)
}

/// Reads the environments that are not chosen, so that a mistake in one does not wait for the day somebody needs it.
fn rehearse(document: &DeTable<'_>, chosen: Option<&str>, report: &mut Report) {
    for (name, change) in overlay::environments(document, report) {
        if chosen == Some(name) {
            continue;
        }
        let mut aside = Report::default();
        let mut merged = document.clone();
        overlay::overlay(&mut merged, name, &mut aside);
        let _ = resolve::resolve(&merged, &mut aside);
        let own = overlay::spans(change);
        report.adopt(aside, |span| own.iter().any(|own| own.holds(span)));
    }
}

/// Every object of the platform, in apply order.
pub fn bundle(platform: &Platform) -> Result<Bundle, Box<Collision>> {
    order::order(build::build(platform, |object| object))
}

/// The platform that `text` describes with its objects. `None` means that the report holds errors.
pub fn render(text: &str, environment: Option<&str>, report: &mut Report) -> Option<(Platform, Bundle)> {
    render_as(text, environment, report, |object| object)
}

/// The same, with what `finish` makes of each object in its place.
pub fn render_as<T>(
    text: &str,
    environment: Option<&str>,
    report: &mut Report,
    finish: impl FnMut(Object) -> T,
) -> Option<(Platform, Bundle<T>)> {
    let platform = platform(text, environment, report)?;
    match order::order(build::build(&platform, finish)) {
        Ok(bundle) => Some((platform, bundle)),
        Err(collision) => {
            collide(&platform, &collision, report);
            None
        }
    }
}

/// Names of objects are names of components with something added, so two components can meet in one: `registry`, with
/// its job `registry-gc`, and a component of that name. A component can also meet what its namespace has by itself.
fn collide(platform: &Platform, collision: &Collision, report: &mut Report) {
    let owner =
        |home: &Home| platform.components.iter().find(|declared| Home::Component(declared.own.clone()) == *home);
    let span = collision.homes.iter().rev().find_map(owner).map_or(Span::default(), |declared| declared.span);
    let [one, other] = collision.homes.each_ref().map(|home| match home {
        Home::Cluster => "the platform itself".to_owned(),
        Home::Namespace(name) => format!("namespace `{name}`"),
        Home::Component(own) => format!("`{}`", own.name),
    });
    let ObjectId { kind, namespace, name, .. } = &collision.id;
    let place = if namespace.is_empty() { String::new() } else { format!(" in `{namespace}`") };
    let message = if one == other {
        format!("{one} would own the {kind} `{name}`{place} twice")
    } else {
        format!("{one} and {other} would both own the {kind} `{name}`{place}")
    };
    let help = match (*kind, &collision.homes) {
        ("ExternalSecret", _) => {
            "one of the two has a name that is derived: call the Secret of your own something else"
        }
        (_, [Home::Component(_), Home::Component(_)]) => "give one of the two another name",
        _ => "give the component another name",
    };
    report.error(codes::CONFLICT, span, message).help(help);
}
