//! `platformgen validate`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::commands::tree::{self, Wanted};
use crate::commands::{input, output};
use crate::diagnostics::caret;
use crate::diagnostics::report::Severity;
use crate::diagnostics::source::Source;
use crate::diff::secrets;
use crate::emit;
use crate::manifest::read::Dialect;
use crate::model::tree::{Tree, TreeFile};
use crate::spec::shapes::Minor;
use crate::validate::{self, Checked};
use crate::views::lines::visible;

/// The exit code of an answer that is no: there are findings.
const FINDINGS: u8 = 1;

/// Arguments of `validate`.
#[derive(Args)]
pub struct ValidateArgs {
    #[arg(
        value_name = "FILE|DIR",
        help = "Manifests that anyone wrote; `-` for stdin [default: the rendered platform]"
    )]
    places: Vec<PathBuf>,
    /// The description; `-` for stdin
    #[arg(short, long, value_name = "FILE", default_value = "platform.toml", conflicts_with = "places")]
    file: PathBuf,
    /// Merge this environment over the description
    #[arg(long, value_name = "NAME", conflicts_with = "places")]
    environment: Option<String>,
    /// The Kubernetes minor of the server [default: the platform's, else the newest]
    #[arg(long, value_name = "MINOR")]
    kubernetes: Option<KubernetesMinor>,
    /// How to show the findings
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Warnings fail as well
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum KubernetesMinor {
    #[value(name = "1.35")]
    V35,
    #[value(name = "1.36")]
    V36,
    #[value(name = "1.37")]
    V37,
}

impl From<KubernetesMinor> for Minor {
    fn from(minor: KubernetesMinor) -> Self {
        match minor {
            KubernetesMinor::V35 => Self::V1_35,
            KubernetesMinor::V36 => Self::V1_36,
            KubernetesMinor::V37 => Self::V1_37,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The place, the line and a caret
    Human,
    /// One finding a line
    Short,
}

/// Checks, and says what is wrong.
pub fn run(args: &ValidateArgs) -> Result<ExitCode> {
    let told = args.kubernetes.map(Minor::from);
    let (tree, minor, dialect) = if args.places.is_empty() {
        let input = input::read(&args.file)?;
        // a wrong description is a finding, which has been said
        let Some((platform, bundle)) = input::render(&input, args.environment.as_deref(), emit::writer()) else {
            return Ok(ExitCode::from(FINDINGS));
        };
        (emit::tree(&bundle), told.unwrap_or(platform.facts.platform.kubernetes), Dialect::Own)
    } else {
        (manifests(&args.places)?, told.unwrap_or(Minor::V1_37), Dialect::Any)
    };
    let checked = validate::validate(tree, minor, dialect);
    let objects: usize = checked.iter().map(|file| file.documents.len()).sum();
    let (errors, warnings) = (count(&checked, Severity::Error), count(&checked, Severity::Warning));
    if objects == 0 && errors == 0 {
        bail!("there is nothing to check");
    }
    output::write_stdout(checked.iter().map(|file| shown(file, args.format)))?;
    output::complain(&summary(&checked, objects, errors, warnings, minor));
    let fails = errors > 0 || (args.strict && warnings > 0);
    Ok(if fails { ExitCode::from(FINDINGS) } else { ExitCode::SUCCESS })
}

/// The files at all places, each named as it can be found.
fn manifests(places: &[PathBuf]) -> Result<Tree> {
    let mut all = Tree::default();
    for place in places {
        let Some(tree) = tree::read(place, Wanted::Manifests)? else { bail!("there is no `{}`", place.display()) };
        let is_dir = place.is_dir();
        all.files.extend(tree.files.into_iter().map(|file| TreeFile { path: named(place, is_dir, file.path), ..file }));
    }
    Ok(all)
}

fn named(place: &Path, is_dir: bool, path: String) -> String {
    match (is_dir, place == Path::new("-")) {
        (true, _) => place.join(path).display().to_string(),
        (_, true) => path,
        _ => place.display().to_string(),
    }
}

fn count(checked: &[Checked], severity: Severity) -> usize {
    checked.iter().flat_map(|file| file.report.sorted()).filter(|found| found.severity == severity).count()
}

fn shown(file: &Checked, format: Format) -> String {
    let found = file.report.sorted();
    let source = Source { name: &file.path, text: &file.text };
    if format == Format::Short {
        let line = |found: &&crate::diagnostics::report::Diagnostic| {
            let place = source.place(found.span.start);
            let (code, message) = (found.code, visible(&found.message));
            format!("{}:{}:{}: {code}: {message}\n", visible(&file.path), place.line, place.column)
        };
        return found.iter().map(line).collect();
    }
    let lines = if found.is_empty() { Vec::new() } else { secrets::shown_lines(&file.text) };
    caret::text_of(&found, source, false, &|at, _| {
        let line = file.text.get(..at).unwrap_or(&file.text).matches('\n').count();
        lines.get(line).copied().unwrap_or(false)
    })
}

/// `318 objects for Kubernetes 1.36: no findings`
fn summary(checked: &[Checked], objects: usize, errors: usize, warnings: usize, minor: Minor) -> String {
    let number = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let findings = match (errors, warnings) {
        (0, 0) => "no findings".to_owned(),
        (errors, 0) => number(errors, "error"),
        (0, warnings) => number(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", number(errors, "error"), number(warnings, "warning")),
    };
    let strangers: usize = checked.iter().map(|file| file.strangers).sum();
    let rest =
        if strangers == 0 { String::new() } else { format!("; {strangers} of kinds that are not Kubernetes' own") };
    format!(
        "{} for Kubernetes {}: {findings}{rest}\n",
        number(objects, "object"),
        minor.label().trim_start_matches('v')
    )
}
