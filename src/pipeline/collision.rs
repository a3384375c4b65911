//! Two objects that are one to a server: whose they are, and what to call otherwise.

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::model::bundle::Home;
use crate::model::object::ObjectId;
use crate::model::platform::Platform;
use crate::stages::order::Collision;

/// Names of objects are names of components with something added, so two components can meet in one: `registry`, with
/// its job `registry-gc`, and a component of that name. A component can also meet what its namespace has by itself.
pub fn tell(platform: &Platform, collision: &Collision, report: &mut Report) {
    let owner =
        |home: &Home| platform.components.iter().find(|declared| Home::Component(declared.own.clone()) == *home);
    let span = collision.homes.iter().rev().find_map(owner).map_or(Span::default(), |declared| declared.span);
    let [one, other] = collision.homes.each_ref().map(|home| match home {
        Home::Definitions(name) => format!("`crds.{name}`"),
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
    let help = match (kind.as_ref(), &collision.homes) {
        ("ExternalSecret", _) => {
            "one of the two has a name that is derived: call the Secret of your own something else"
        }
        (_, [Home::Component(_), Home::Component(_)]) => "give one of the two another name",
        _ => "give the component another name",
    };
    report.error(codes::CONFLICT, span, message).help(help);
}
