//! A file with sealed values: read for the values that stay, written all or nothing.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::commands::input;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Source;
use crate::emit::Document;
use crate::model::custom::SealedSecret;
use crate::model::encrypted::SealedValues;
use crate::model::object::Object;
use crate::stages::fill::sealed;

/// What the file holds; `None` if there is none. One that nobody could read is not written over.
pub fn read(place: &Path) -> Result<Option<SealedValues>> {
    let text = match fs::read_to_string(place) {
        Ok(text) => text,
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault).with_context(|| format!("cannot read {}", place.display())),
    };
    let mut report = Report::default();
    report.conceal_values();
    let found = sealed::read(&text, &mut report);
    let name = place.display().to_string();
    match found {
        Some(found) if !report.has_errors() => Ok(Some(found.values())),
        _ => {
            let source = Source { name: &name, text: &text };
            bail!("{name} stands in the way: mend or remove it\n\n{}", input::told(source, &report).trim_end())
        }
    }
}

/// Writes the whole file beside its place and then moves it there.
pub fn write(place: &Path, object: SealedSecret) -> Result<()> {
    let mut text = String::new();
    Object::from(object).append_to(&mut text);
    let text = text.strip_prefix("---\n").unwrap_or(&text);
    let parent = place.parent().unwrap_or(Path::new("."));
    let failed = || format!("cannot write {}", place.display());
    fs::create_dir_all(parent).with_context(failed)?;
    let fresh = place.with_extension("yaml.new");
    let written = File::create(&fresh)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&fresh, place));
    if written.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    written.with_context(failed)
}
