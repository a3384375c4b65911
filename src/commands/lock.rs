//! `platformgen lock`: what the tags of images stand for, from a list of digests. Nothing here asks a registry.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::commands::{TROUBLE, input, output, shelf};
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Source;
use crate::diagnostics::{caret, suggest};
use crate::inventory::pins;
use crate::ordered::Ordered;
use crate::pipeline;
use crate::stages::images::{self, LOCK};
use crate::values::image::{Digest, Image};
use crate::values::parse::Parse;

/// Arguments of `lock`.
#[derive(Args)]
pub struct LockArgs {
    /// Digests, one image a line: `image digest` or `image@digest`; `-` for stdin. What is not listed stays as it was
    #[arg(long, value_name = "LIST")]
    from: Option<PathBuf>,
    /// The description; `-` for stdin
    #[arg(short, long, value_name = "FILE", default_value = "platform.toml")]
    file: PathBuf,
    /// Write over the file even where `CI` is set
    #[arg(long)]
    force: bool,
}

/// Writes `platformgen.lock` beside the description, and says what is different.
pub fn run(args: &LockArgs) -> Result<ExitCode> {
    let is_stdin = |path: &Path| path == Path::new("-");
    ensure!(
        !(is_stdin(&args.file) && args.from.as_deref().is_some_and(is_stdin)),
        "`-` stands for standard input, which can be read only once"
    );
    let input = input::read(&args.file)?;
    let mut report = Report::default();
    let needed = pipeline::images(input.described(), &mut report);
    let before: BTreeMap<String, Digest> = images::lock(input.shelf.as_ref(), &mut report).pins.into_iter().ordered();
    input::tell(&input, &report);
    let Some(needed) = needed.filter(|_| !report.has_errors()) else { return Ok(ExitCode::from(TROUBLE)) };
    let list = match &args.from {
        Some(place) => match listed(place)? {
            Some(list) => list,
            None => return Ok(ExitCode::from(TROUBLE)),
        },
        None => BTreeMap::new(),
    };
    let (pins, missing) = pins::pins(&needed, &before, &list);
    let used: BTreeSet<&str> = needed.iter().map(|(image, _)| image.as_str()).ordered();
    let unknown: Vec<&str> = list.keys().map(String::as_str).filter(|image| !used.contains(image)).collect();
    output::complain(&unused(&unknown));
    if !missing.is_empty() {
        let (count, all) = (missing.len(), missing.join("\n  "));
        bail!("no digest is known of {count} image{}:\n  {all}", if count == 1 { "" } else { "s" });
    }
    let place = shelf::directory(&args.file).join(LOCK);
    let text = pins::text(&pins);
    if fs::read_to_string(&place).ok().as_ref() != Some(&text) {
        // a new file hides nothing
        input::may_write(&place, args.force || input::is_new(&place))?;
        replace(&place, &text)?;
    }
    output::complain(&format!("{}: {}\n", input.shelf.shown(LOCK), told(&pins.into_iter().collect(), &before)));
    Ok(ExitCode::SUCCESS)
}

/// The digests that a file names; `None` if it is wrong, which has been said.
fn listed(place: &Path) -> Result<Option<BTreeMap<String, Digest>>> {
    let is_stdin = place == Path::new("-");
    let name = if is_stdin { "<stdin>".to_owned() } else { place.display().to_string() };
    let mut text = String::new();
    let read = if is_stdin {
        std::io::stdin().lock().read_to_string(&mut text)
    } else {
        File::open(place).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.with_context(|| format!("cannot read {name}"))?;
    let mut report = Report::default();
    let list = pins::read(&text, &mut report);
    let source = Source { name: &name, text: &text };
    output::complain(&caret::text_of(&report.sorted(), source, input::is_colored_stderr(), &|_, _| true));
    Ok((!report.has_errors()).then_some(list))
}

/// How many images a message names.
const NAMED: usize = 5;

/// Says which images of a list nobody runs: one of them may be meant to be another.
fn unused(images: &[&str]) -> String {
    let named: Vec<&str> = images.iter().copied().filter(|image| !Image::may_be_secret(image)).take(NAMED).collect();
    match images.len() {
        0 => String::new(),
        1 => format!("nobody runs an image of the list: {}\n", suggest::joined(named, "and")),
        count if count > NAMED => format!("nobody runs {count} images of the list, such as {}\n", suggest::list(named)),
        count => format!("nobody runs {count} images of the list: {}\n", suggest::joined(named, "and")),
    }
}

/// Puts the whole text in place at once: whoever reads meanwhile finds the old one or the new one.
fn replace(place: &Path, text: &str) -> Result<()> {
    let draft = place.with_extension("lock.draft");
    let write = || {
        let mut file = File::create(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, place)
    };
    write().inspect_err(|_| drop(fs::remove_file(&draft))).with_context(|| format!("cannot write {}", place.display()))
}

/// `12 images: 3 new, 1 changed, 2 gone`
fn told(now: &BTreeMap<String, Digest>, before: &BTreeMap<String, Digest>) -> String {
    let new = now.keys().filter(|image| !before.contains_key(*image)).count();
    let changed = now.iter().filter(|(image, digest)| before.get(*image).is_some_and(|known| known != *digest)).count();
    let gone = before.keys().filter(|image| !now.contains_key(*image)).count();
    let counts = [(new, "new"), (changed, "changed"), (gone, "gone")];
    let counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let counts = if counts.is_empty() { "nothing new".to_owned() } else { counts.join(", ") };
    format!("{} image{}: {counts}", now.len(), if now.len() == 1 { "" } else { "s" })
}
