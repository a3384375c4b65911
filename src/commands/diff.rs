//! `platformgen diff`.

mod only;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use clap::{Args, ColorChoice, ValueEnum};

use crate::causes;
use crate::commands::tree::{self, MOST_TOLD, Wanted};
use crate::commands::{TROUBLE, environments, input, output};
use crate::diagnostics::caret;
use crate::diagnostics::source::Source;
use crate::diff::compare::{self, Comparison};
use crate::diff::secrets;
use crate::diff::side::{Faulty, Side};
use crate::emit;
use crate::manifest::read::Dialect;
use crate::model::bundle::Bundle;
use crate::model::tree::{Tree, TreeFile};
use crate::shares;
use crate::spec::overlay;
use crate::views::paint::Paint;
use crate::views::text::{Look, number, text};
use crate::views::{json, markdown, stat, unified};

/// The exit code of an answer that is no: there are differences.
const DIFFERENT: u8 = 1;

/// Arguments of `diff`.
#[derive(Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct DiffArgs {
    #[arg(value_name = "DIR", num_args = 0..=2, help = "The directory to compare the rendered platform with [default: golden, or environments/NAME]; two directories or files are compared with each other")]
    places: Vec<PathBuf>,
    /// Compare with the platform of another description: a file, or a revision in git
    #[arg(long, value_name = "REV|FILE", conflicts_with_all = ["places", "accept"])]
    against: Option<String>,
    /// Compare with another environment of the same description, or with `base`, which is none
    #[arg(long, value_name = "NAME", conflicts_with_all = ["places", "accept", "against"])]
    against_environment: Option<String>,
    /// The description; `-` for stdin
    #[arg(short, long, value_name = "FILE", default_value = "platform.toml")]
    file: PathBuf,
    /// Merge this environment over the description
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Refuse images that `platformgen.lock` does not pin, and pins that nothing runs
    #[arg(long)]
    locked: bool,
    /// Every environment, each with the directory of its name below DIR, where `base` is the description itself; without DIR, golden and environments/NAME
    #[arg(long, conflicts_with_all = ["environment", "against", "against_environment"])]
    all_environments: bool,
    /// How to show the differences
    #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with_all = ["stat", "name_only"])]
    format: Format,
    /// Only the files that differ, with the lines that came and went
    #[arg(long, conflicts_with = "name_only")]
    stat: bool,
    /// Only the names of the files that differ
    #[arg(long)]
    name_only: bool,
    /// Lines to show around a changed line
    #[arg(short = 'U', long, value_name = "N", default_value_t = 3)]
    unified: usize,
    /// Only what belongs to this namespace, or to this component of it
    #[arg(long, value_name = "NAMESPACE[/COMPONENT]")]
    only: Option<String>,
    /// The most bytes that `--format markdown` may take
    #[arg(long, value_name = "N", default_value_t = 60_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    max_bytes: u64,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    color: ColorChoice,
    /// Write what is rendered into the directory, as `render -o` does
    #[arg(long, conflicts_with_all = ["only", "format", "stat", "name_only"])]
    accept: bool,
    /// With --accept: write even where `CI` is set
    #[arg(long, requires = "accept")]
    force: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// One change a line, for people
    Text,
    /// What `patch -p1` applies
    Unified,
    /// For programs; docs/diff.md documents the schema
    Json,
    /// What a bot posts under a change
    Markdown,
}

/// Compares, and says what is different.
pub fn run(args: &DiffArgs) -> Result<ExitCode> {
    once_from_stdin(args)?;
    let compared = match args.places.as_slice() {
        [_, _] if args.accept || args.environment.is_some() || args.all_environments || args.locked => {
            bail!("two trees are compared with each other: no description is rendered, and nothing is written")
        }
        [old, new] => foreign(old, new)?,
        places if args.all_environments => everywhere(places.first().map(PathBuf::as_path), args)?,
        [golden] => rendered(golden, args)?,
        _ if args.against.is_some() || args.against_environment.is_some() => described(args)?,
        _ => rendered(&environments::kept(args.environment.as_deref()), args)?,
    };
    let Some(Compared { old, new, comparison }) = compared else {
        return Ok(ExitCode::from(TROUBLE));
    };
    if let Some(only) = &args.only {
        only::known(only, &[&old, &new])?;
    }
    let comparison = only::selected(comparison, args.only.as_deref());
    let is_same = comparison.files.is_empty() && comparison.lone_keys.is_empty();
    // programs and bots want a document, whatever it says
    let is_read = args.name_only || args.stat || matches!(args.format, Format::Text | Format::Unified);
    let is_silent = args.accept || (is_same && is_read);
    if !is_silent {
        output::write_stdout([shown(&comparison, &old, &new, args)])?;
    }
    let code = if comparison.files.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) };
    // as after rendering: the process ends here and takes its memory with it
    std::mem::forget((old, new, comparison));
    Ok(code)
}

/// Standard input can be read once only: a second reader would find nothing there.
fn once_from_stdin(args: &DiffArgs) -> Result<()> {
    let is_stdin = |place: &&Path| *place == Path::new("-");
    let description = (args.places.len() < 2).then_some(args.file.as_path());
    let readers = args.places.iter().map(PathBuf::as_path).chain(description);
    let count = readers.chain(args.against.as_deref().map(Path::new)).filter(is_stdin).count();
    ensure!(count < 2, "`-` stands for standard input, which can be read only once");
    Ok(())
}

/// Two sides and what is different between them.
#[derive(Default)]
struct Compared {
    old: Side,
    new: Side,
    comparison: Comparison,
}

impl Compared {
    fn of((old, new): (Side, Side)) -> Self {
        let comparison = compare::compare(&old, &new);
        Self { old, new, comparison }
    }
}

/// Two trees that anyone may have written. `None`, here and below, means that one of them is wrong, which has been said.
fn foreign(old: &Path, new: &Path) -> Result<Option<Compared>> {
    let read = |place: &Path| match tree::read(place, Wanted::Manifests)? {
        Some(tree) => Ok((place.to_owned(), tree)),
        None => bail!("there is no `{}`", place.display()),
    };
    let mut sides = sides(read(old)?, read(new)?, Dialect::Any);
    // in two trees, a file of another name is another file
    if let Some((before, after)) = &mut sides
        && !(old.is_dir() && new.is_dir())
    {
        match_names(before, after);
    }
    Ok(sides.map(Compared::of))
}

/// A directory and the rendered platform.
fn rendered(golden: &Path, args: &DiffArgs) -> Result<Option<Compared>> {
    let input = input::read(&args.file)?.locked(args.locked);
    // nobody types what a wrong description is not compared with
    let is_read_beside = !args.accept && golden != Path::new("-");
    let read = || tree::read(golden, Wanted::All);
    let (old, rendered) = shares::both(
        || if is_read_beside { read() } else { Ok(None) },
        || input::render(&input, args.environment.as_deref(), emit::writer),
    );
    let Some((_, bundle)) = rendered else { return Ok(None) };
    if args.accept {
        ensure!(golden != Path::new("-"), "`--accept` writes a directory, and `-` is standard input");
        input::may_write(golden, args.force)?;
        let tree = emit::tree(&bundle);
        environments::may_replace(golden, &tree, args.force)?;
        let written = output::write_directory(golden, &tree)?;
        output::complain(&format!("{}: {written}\n", golden.display()));
        return Ok(Some(Compared::default()));
    }
    let how = args.environment.as_deref().map_or(String::new(), |name| format!(" --environment {name}"));
    let old = if is_read_beside { old } else { read() };
    let old = old?.unwrap_or_else(|| nothing_written(golden, &how));
    let (rendered, dialect) = match old.files.as_slice() {
        // what a pipe or a file holds may have come by way of others
        [stream] if !golden.is_dir() => (as_stream(&bundle, stream), Dialect::Any),
        _ => (emit::tree(&bundle), Dialect::Own),
    };
    if old.is_same(&rendered) && args.only.is_none() {
        return Ok(Some(Compared::default()));
    }
    let sides = sides((golden.to_owned(), old), (PathBuf::from(RENDERED), rendered), dialect);
    Ok(sides.map(Compared::of))
}

/// What a directory holds.
fn written(golden: &Path, how: &str) -> Result<Tree> {
    Ok(tree::read(golden, Wanted::All)?.unwrap_or_else(|| nothing_written(golden, how)))
}

/// Says how to write what is not there.
fn nothing_written(golden: &Path, how: &str) -> Tree {
    let place = golden.display();
    output::complain(&format!("there is no `{place}`; `platformgen render{how} -o {place}` writes it\n"));
    Tree::default()
}

/// Every environment and what is kept of it: below one directory, or each in its own place.
fn everywhere(place: Option<&Path>, args: &DiffArgs) -> Result<Option<Compared>> {
    let input = input::read(&args.file)?.locked(args.locked);
    let Some(trees) = environments::trees(&input) else { return Ok(None) };
    if args.accept {
        environments::write(place, &trees, args.force)?;
        return Ok(Some(Compared::default()));
    }
    let old = match place {
        Some(place) => written(place, " --all-environments")?,
        None => environments::kept_trees(&trees, written)?,
    };
    let new = environments::together(place, trees);
    if old.is_same(&new) && args.only.is_none() {
        return Ok(Some(Compared::default()));
    }
    // an object stands in several files, one for each environment
    let old = (place.unwrap_or(Path::new("")).to_owned(), old);
    Ok(sides(old, (PathBuf::from(RENDERED), new), Dialect::Any).map(Compared::of))
}

/// What `platformgen render` prints, in the format of a stream that it is compared with.
fn as_stream(bundle: &Bundle<emit::Text>, old: &TreeFile) -> Tree {
    let is_json = old.text.trim_start().starts_with('{');
    let text = if is_json { emit::list(&bundle.objects) } else { emit::stream(&bundle.objects) };
    Tree { files: vec![TreeFile { path: old.path.clone(), text }] }
}

/// Two descriptions, or two environments of one.
fn described(args: &DiffArgs) -> Result<Option<Compared>> {
    let new = input::read(&args.file)?.locked(args.locked);
    let environment = args.environment.as_deref();
    let (old, old_environment) = match &args.against {
        Some(other) => (input::against(other, &args.file)?, environment),
        None => (new.clone(), args.against_environment.as_deref().filter(|name| *name != overlay::BASE)),
    };
    let both = tree_of(&old, old_environment).zip(tree_of(&new, environment));
    let sides = both.and_then(|(old, new)| sides((RENDERED.into(), old), (RENDERED.into(), new), Dialect::Own));
    Ok(sides.map(|sides| {
        let mut compared = Compared::of(sides);
        if args.against.is_some() {
            compared.comparison.objects = causes::causes(old.described(), &new.name, new.described(), environment);
        } else {
            compared.comparison.lone_keys = causes::lone_keys(&new.text, environment, old_environment);
            if !compared.comparison.files.is_empty() {
                compared.comparison.notes.push(BESIDE.to_owned());
            }
        }
        compared
    }))
}

/// What effects mean between environments, none of which becomes another.
const BESIDE: &str = "two environments are compared: effects are what it would do to apply the one over the other";

fn tree_of(input: &input::Input, environment: Option<&str>) -> Option<Tree> {
    input::render(input, environment, emit::writer).map(|(_, bundle)| emit::tree(&bundle))
}

/// Two files are two versions of one, whatever they are called.
fn match_names(old: &mut Side, new: &mut Side) {
    if let ([old], [new]) = (old.files.as_mut_slice(), new.files.as_mut_slice()) {
        // a file that both share has one name already
        if let Some(old) = Arc::get_mut(old) {
            old.path.clone_from(&new.path);
        }
    }
}

/// Where nothing has been written.
const RENDERED: &str = "<rendered>";

/// Both trees, each from its place, with their objects; complains about all that is wrong with them.
fn sides(old: (PathBuf, Tree), new: (PathBuf, Tree), dialect: Dialect) -> Option<(Side, Side)> {
    let old = side(&Side::default(), old, dialect);
    let new = side(old.as_ref().unwrap_or(&Side::default()), new, dialect);
    old.zip(new)
}

fn side(known: &Side, (place, tree): (PathBuf, Tree), dialect: Dialect) -> Option<Side> {
    let place = if place == Path::new("-") { PathBuf::from("<stdin>") } else { place };
    let is_one = tree.files.len() == 1 && !place.is_dir();
    let root = if is_one { place.parent().unwrap_or(Path::new("")) } else { place.as_path() }.join("");
    Side::read_beside(known, &root.to_string_lossy(), tree, dialect)
        .map_err(|faulty| {
            let mut left = MOST_TOLD;
            let mut more = 0;
            for Faulty { path, text, report } in faulty {
                let found = report.sorted();
                let told = &found[..found.len().min(left)];
                left -= told.len();
                more += found.len() - told.len();
                if told.is_empty() {
                    continue;
                }
                let name = if is_one { place.clone() } else { place.join(path) };
                let source = Source { name: &name.display().to_string(), text: &text };
                let shown = secrets::shown_of_manifest(&text);
                output::complain(&caret::text_of(told, source, input::is_colored_stderr(), &shown));
            }
            if more > 0 {
                output::complain(&format!("and {} more in `{}`\n", number(more, "error"), place.display()));
            }
        })
        .ok()
}

fn shown(comparison: &Comparison, old: &Side, new: &Side, args: &DiffArgs) -> String {
    if args.name_only {
        return stat::names(comparison);
    }
    if args.stat {
        return stat::stat(comparison, old, new);
    }
    match args.format {
        Format::Text => text(comparison, Look { paint: Paint { on: is_colored(args.color) }, context: args.unified }),
        Format::Unified => unified::unified(comparison, old, new, args.unified),
        Format::Json => json::json(comparison),
        Format::Markdown => {
            let most = usize::try_from(args.max_bytes).unwrap_or(usize::MAX);
            markdown::markdown(comparison, args.unified, most)
        }
    }
}

fn is_colored(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => std::io::stdout().is_terminal() && !input::is_no_color(),
    }
}
