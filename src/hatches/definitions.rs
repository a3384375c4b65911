//! Files of CustomResourceDefinitions: each is what the description says by its sum, and holds nothing else.

use sha2::{Digest, Sha256};

use crate::derive::config::hex;
use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::hatches::files::{self, Named};
use crate::hatches::written::{self, Written, begin};
use crate::model::bundle::Home;
use crate::model::platform::Platform;
use crate::spec::hatches::DefinitionsSpec;
use crate::spec::read::At;
use crate::values::name::Name;
use crate::values::shelf::Shelf;

/// The kind of what stands in such files.
pub const KIND: &str = "CustomResourceDefinition";

/// Where they go, as [`Home::Definitions`] says.
const DIRECTORY: &str = "crds";

/// The definitions of all files.
pub fn definitions(platform: &Platform, shelf: &dyn Shelf, named: &mut Named, report: &mut Report) -> Vec<Written> {
    let mut found = Vec::new();
    for (name, spec) in &platform.hatches.crds.0 {
        if let Some((taken, _)) = platform.namespaces.iter().find(|(taken, _)| taken.as_str() == DIRECTORY) {
            let message = format!("definitions go to the directory of the namespace `{taken}`");
            report.error(codes::CONFLICT, name.span, message).help("give the namespace another name");
        }
        found.extend(of_file(name, spec, shelf, named, report));
    }
    found
}

fn of_file(
    name: &At<Name>,
    spec: &DefinitionsSpec,
    shelf: &dyn Shelf,
    named: &mut Named,
    report: &mut Report,
) -> Vec<Written> {
    let path = spec.file.value.as_str();
    if !spec.file.value.is_plain() {
        let message = format!("`{path}` may be many files, and a sum is of one");
        report.error(codes::INVALID_VALUE, spec.file.span, message).help("write a table for each file");
        return Vec::new();
    }
    if files::paths(&spec.file, shelf, named, report).is_empty() {
        return Vec::new();
    }
    let Some(text) = files::text(path, spec.file.span, shelf, report) else { return Vec::new() };
    let sum = hex(&Sha256::digest(text.as_bytes()));
    match &spec.sha256 {
        None => {
            let message = format!("`crds.{}` does not say which sum `{path}` has", name.value);
            report.error(codes::MISSING_KEY, name.span, message).help(format!("add `sha256 = \"{sum}\"`"));
        }
        Some(said) if said.value.to_ascii_lowercase() != sum => {
            report
                .error(codes::WRONG_SUM, said.span, format!("`{path}` has another sum"))
                .help(format!("if the file is the one that is meant: `sha256 = \"{sum}\"`"));
            return Vec::new();
        }
        Some(_) => {}
    }
    let home = Home::Definitions(name.value.clone());
    let mut written = written::objects(path, &text, Some(&home), shelf, report);
    if written.is_empty() && !report.beside(shelf.shown(path), &text).has_errors() {
        report.error(codes::MANIFEST, spec.file.span, format!("`{path}` holds no {KIND}"));
    }
    written.retain(|object| {
        let is_definition = object.document.id.kind == KIND;
        if !is_definition {
            let message = format!("{} is no {KIND}", object.document.id);
            let place = begin(&object.document.root);
            object.report(report).error(codes::MANIFEST, place, message).help("name its file in `[[manifests]]`");
        }
        is_definition
    });
    written
}
