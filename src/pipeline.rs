//! The stages in order: text → document → platform → objects → bundle → tree. A later stage never feeds an earlier one.

use crate::diagnostics::report::Report;
use crate::model::bundle::Bundle;
use crate::model::platform::Platform;
use crate::spec::overlay;
use crate::stages::{build, order, parse, resolve};

/// The platform that `text` describes in `environment` (the base when absent). `None` means that the report holds
/// errors.
pub fn platform(text: &str, environment: Option<&str>, report: &mut Report) -> Option<Platform> {
    let mut document = parse::parse(text, report).into_inner();
    if let Some(environment) = environment {
        overlay::overlay(&mut document, environment, report);
    }
    resolve::resolve(&document, report)
}

/// Every object of the platform, in apply order.
pub fn bundle(platform: &Platform) -> Bundle {
    order::order(build::build(platform)).expect("`check` has excluded everything that gives two objects one name")
}
