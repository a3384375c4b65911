//! All environments of a description at once: a tree for each, beside each other.

use std::collections::BTreeSet;
use std::iter;
use std::path::Path;

use anyhow::Result;

use crate::commands::input::{self, Input};
use crate::commands::output;
use crate::diagnostics::report::Report;
use crate::emit;
use crate::model::tree::{Tree, TreeFile};
use crate::pipeline;

/// What the description is called without an overlay.
pub const BASE: &str = "base";

/// The base and every environment, in alphabetical order; `None` stands for the base.
pub fn names(input: &Input) -> impl Iterator<Item = Option<String>> {
    iter::once(None).chain(pipeline::environments(&input.text).into_iter().map(Some))
}

/// What an environment is called as a directory.
pub fn directory(environment: Option<&str>) -> &str {
    environment.unwrap_or(BASE)
}

/// The tree of each environment, with its name; what is wrong or doubtful in several is said once. `None` means that
/// something is wrong.
pub fn trees(input: &Input) -> Option<Vec<(String, Tree)>> {
    let (mut report, mut told) = (Report::default(), BTreeSet::new());
    let rendered: Vec<Option<(String, Tree)>> = names(input)
        .map(|name| {
            let mut own = Report::default();
            let rendered = pipeline::render_as(input.described(), name.as_deref(), &mut own, emit::writer());
            own.retain(|found| told.insert((found.code, found.span.start, found.message.clone())));
            report.take(own);
            rendered.map(|(_, bundle)| (directory(name.as_deref()).to_owned(), emit::tree(&bundle)))
        })
        .collect();
    input::tell(input, &report);
    rendered.into_iter().collect()
}

/// All of them as one tree, each in its directory.
pub fn together(trees: Vec<(String, Tree)>) -> Tree {
    let within = |name: &str, file: TreeFile| TreeFile { path: format!("{name}/{}", file.path), text: file.text };
    let files = trees.into_iter().flat_map(|(name, tree)| tree.files.into_iter().map(move |file| within(&name, file)));
    Tree { files: files.collect() }
}

/// Writes each into its directory below `place`, after all of them may be written.
pub fn write(place: &Path, trees: &[(String, Tree)], is_forced: bool) -> Result<()> {
    for (name, _) in trees {
        let directory = place.join(name);
        // a new directory hides nothing
        input::may_write(&directory, is_forced || !directory.exists())?;
    }
    for (name, tree) in trees {
        let directory = place.join(name);
        let written = output::write_directory(&directory, tree)?;
        output::complain(&format!("{}: {written}\n", directory.display()));
    }
    Ok(())
}
