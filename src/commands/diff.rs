//! `platformgen diff`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, ColorChoice, ValueEnum};

use crate::commands::tree::{self, Wanted};
use crate::commands::{TROUBLE, input, output};
use crate::diagnostics::caret;
use crate::diagnostics::source::Source;
use crate::diff::compare::{self, Comparison};
use crate::diff::side::{Faulty, Side};
use crate::emit;
use crate::manifest::read::Dialect;
use crate::model::tree::Tree;
use crate::views::paint::Paint;
use crate::views::text::{Look, text};
use crate::views::{json, markdown, stat, unified};

/// The exit code of an answer that is no: there are differences.
const DIFFERENT: u8 = 1;

/// Arguments of `diff`.
#[derive(Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct DiffArgs {
    /// The directory to compare the rendered platform with; two of them, or two files, are compared with each other
    #[arg(value_name = "DIR", default_value = "golden", num_args = 1..=2)]
    places: Vec<PathBuf>,
    /// The description; `-` for stdin
    #[arg(short, long, value_name = "FILE", default_value = "platform.toml")]
    file: PathBuf,
    /// Merge this environment over the description
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
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
    let Some((old, new)) = sides(args)? else {
        return Ok(ExitCode::from(TROUBLE));
    };
    let comparison = selected(compare::compare(&old, &new), args.only.as_deref());
    if comparison.files.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    output::write_stdout([shown(&comparison, &old, &new, args)])?;
    Ok(ExitCode::from(DIFFERENT))
}

/// The trees to compare; `None` means that one of them is wrong, which has been said.
fn sides(args: &DiffArgs) -> Result<Option<(Side, Side)>> {
    if let [old, new] = args.places.as_slice() {
        let foreign = |place: &Path| match tree::read(place, Wanted::Manifests)? {
            Some(tree) => Ok(side(place, tree, Dialect::Any)),
            None => bail!("there is no `{}`", place.display()),
        };
        let mut sides = foreign(old)?.zip(foreign(new)?);
        if let Some((old, new)) = &mut sides {
            match_names(old, new);
        }
        return Ok(sides);
    }
    let Some(golden) = args.places.first() else { bail!("name a directory") };
    let input = input::read(&args.file)?;
    let Some((_, bundle)) = input::render(&input, args.environment.as_deref(), emit::writer()) else {
        return Ok(None);
    };
    let rendered = emit::tree(&bundle);
    if args.accept {
        input::may_write(golden, args.force)?;
        let written = output::write_directory(golden, &rendered)?;
        output::complain(&format!("{}: {written}\n", golden.display()));
        return Ok(Some((Side::default(), Side::default())));
    }
    let old = tree::read(golden, Wanted::All)?.unwrap_or_else(|| {
        output::complain(&format!("there is no `{}`; `platformgen render -o {0}` writes it\n", golden.display()));
        Tree::default()
    });
    Ok(side(golden, old, Dialect::Own).zip(side(Path::new("<rendered>"), rendered, Dialect::Own)))
}

/// Two files are two versions of one, whatever they are called.
fn match_names(old: &mut Side, new: &mut Side) {
    if let ([old], [new]) = (old.files.as_mut_slice(), new.files.as_mut_slice()) {
        old.path.clone_from(&new.path);
    }
}

/// The tree with its objects; complains about all that is wrong with it.
fn side(place: &Path, tree: Tree, dialect: Dialect) -> Option<Side> {
    let is_one = tree.files.len() == 1 && !place.is_dir();
    Side::read(tree, dialect)
        .map_err(|faulty| {
            for Faulty { path, text, report } in faulty {
                let name = if is_one { place.to_owned() } else { place.join(path) };
                let source = Source { name: &name.display().to_string(), text: &text };
                output::complain(&caret::text(&report.sorted(), source, input::is_colored_stderr()));
            }
        })
        .ok()
}

/// What belongs to `--only`.
fn selected(all: Comparison, only: Option<&str>) -> Comparison {
    let Some(only) = only else { return all };
    let (namespace, name) = only.split_once('/').map_or((only, None), |(namespace, name)| (namespace, Some(name)));
    let prefix = name.map_or(format!("{namespace}/"), |name| format!("{namespace}/{name}."));
    let is_chosen = |path: &str| path.starts_with(&prefix);
    let Comparison { files, objects } = all;
    let objects: Vec<_> = objects
        .into_iter()
        .filter(|object| {
            let is_named = object.id.namespace == namespace && name.is_none_or(|name| object.id.name == name);
            is_named || is_chosen(&object.file) || object.was_in.as_deref().is_some_and(is_chosen)
        })
        .collect();
    let holds = |path: &str| objects.iter().any(|object| object.file == path || object.was_in.as_deref() == Some(path));
    let files = files.into_iter().filter(|file| is_chosen(&file.path) || holds(&file.path)).collect();
    Comparison { files, objects }
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
