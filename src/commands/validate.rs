//! `platformgen validate`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::IsTerminal;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Error, Result, bail};
use clap::{Args, ValueEnum};

use crate::commands::environments::Remarks;
use crate::commands::input::Input;
use crate::commands::tree::{self, Wanted};
use crate::commands::{environments, input, output};
use crate::derive::config;
use crate::diagnostics::report::{Report, Severity};
use crate::diagnostics::source::Source;
use crate::diagnostics::{codes, suggest};
use crate::emit;
use crate::manifest::read::Dialect;
use crate::model::bundle::{Bundle, Home, Patched};
use crate::model::platform::{Declared, Platform};
use crate::model::tree::{Tree, TreeFile};
use crate::pipeline::{self, Turns};
use crate::provenance;
use crate::shares;
use crate::spec::shapes::Minor;
use crate::stages::build;
use crate::stages::overrides::{self, Replaced};
use crate::validate::wanted;
use crate::validate::world::Known;
use crate::validate::{self, Checked, Origin, Question, Summary, Verdict, accept, told};
use crate::values::date::Date;
use crate::views::findings::{self, github, json, junit, sarif};

/// Where the description is, unless somebody says otherwise.
const DESCRIPTION: &str = "platform.toml";

/// The exit code of an answer that is no: there are findings.
const FINDINGS: u8 = 1;

/// Arguments of `validate`.
#[derive(Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct ValidateArgs {
    #[arg(
        value_name = "FILE|DIR",
        help = "Manifests that anyone wrote; `-` for stdin [default: the rendered platform]"
    )]
    places: Vec<PathBuf>,
    /// The description; `-` for stdin. With manifests, what they are meant to be [default: platform.toml]
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Merge this environment over the description
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Refuse images that `platformgen.lock` does not pin, and pins that nothing runs
    #[arg(long)]
    locked: bool,
    /// Every environment, each with its objects in a directory of its name; `base` is the description itself
    #[arg(long, conflicts_with_all = ["environment", "places"])]
    all_environments: bool,
    /// The Kubernetes minor of the server [default: that of platform.toml, else the newest]
    #[arg(long, value_name = "MINOR")]
    kubernetes: Option<KubernetesMinor>,
    /// How to show the findings
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Groups and codes of checks, separated by commas; `default` is what is asked otherwise, `all` is everything
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    checks: Vec<String>,
    /// What is not among the manifests is nowhere
    #[arg(long, requires = "places", conflicts_with = "file")]
    closed: bool,
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
    /// For programs
    Json,
    /// SARIF 2.1.0, for code hosts
    Sarif,
    /// Workflow commands of GitHub
    Github,
    /// JUnit's XML, for build servers
    Junit,
}

/// Checks, and says what is wrong.
pub fn run(args: &ValidateArgs) -> Result<ExitCode> {
    let wanted = wanted::Wanted::read(&args.checks).map_err(Error::msg)?;
    let told = args.kubernetes.map(Minor::from);
    let is_described = args.file.is_some() || args.environment.is_some() || args.all_environments || args.locked;
    if !args.places.is_empty() && !is_described {
        let known = args.closed.then(Known::default);
        let minor = told.or_else(minor_here).unwrap_or(Minor::V1_37);
        let question = Question { minor, dialect: Dialect::Any, known: known.as_ref(), wanted };
        return answer(&validate::validate(manifests(&args.places)?, &question), minor, args);
    }
    let input = input::read(args.file.as_deref().unwrap_or(Path::new(DESCRIPTION)))?.locked(args.locked);
    let names =
        if args.all_environments { environments::names(&input).collect() } else { vec![args.environment.clone()] };
    let (mut remarks, mut turns, mut said) = (Remarks::default(), Turns::of(input.described()), BTreeSet::new());
    let (mut verdict, mut minor) = (Verdict::default(), None);
    for name in names {
        let mut own = Report::default();
        let judged = described(&input, (name.as_deref(), &mut turns), &wanted, args, &mut own)?;
        remarks.add(own, judged.is_some());
        let Some((at, mut judged)) = judged else { continue };
        minor = minor.or(Some(at));
        let directory = args.all_environments.then(|| environments::directory(name.as_deref()));
        if args.all_environments {
            leave_said(&mut judged, &mut said);
        }
        verdict.take(judged, directory);
    }
    let mut report = remarks.all();
    let Input { name, text, .. } = input;
    let beside = report.take_files().into_iter().map(|(path, file)| {
        let text = file.text.to_string();
        Checked { path, text, report: file.report, is_description: true, ..Checked::default() }
    });
    let description = Checked { path: name, text, report, is_description: true, ..Checked::default() };
    verdict.files.splice(0..0, iter::once(description).chain(beside).collect::<Vec<_>>());
    let answered = answer(&verdict, minor.unwrap_or(args.kubernetes.map_or(Minor::V1_37, Minor::from)), args);
    // as after rendering: the process ends here and takes its memory with it
    std::mem::forget(verdict);
    answered
}

/// What is found of an object: the code, the file that is rendered, what is said, and the place that it comes from.
type Said = (&'static str, String, String, Option<String>);

/// Leaves to the first environment what is found of the same object in several, and comes from the same place. `said` is what
/// the earlier ones said.
fn leave_said(judged: &mut Verdict, said: &mut BTreeSet<Said>) {
    let mut own: Vec<Said> = Vec::new();
    for file in &mut judged.files {
        let mut report = std::mem::take(&mut file.report);
        report.retain(|found| {
            let origin = file.origin_of(&told::about(file, found).0, found.span.start()).map(ToString::to_string);
            own.push((found.code, file.path.clone(), found.message.clone(), origin));
            own.last().is_none_or(|found| !said.contains(found))
        });
        file.report = report;
    }
    said.extend(own);
}

/// The minor of the platform that is described here: whatever is judged beside a description is for its cluster.
fn minor_here() -> Option<Minor> {
    let text = fs::read_to_string(DESCRIPTION).ok()?;
    pipeline::minor(&text)
}

/// What is found in what an environment gives, or in manifests that are meant to be that, and for which minor; `None` if
/// the description is wrong. What is said about the description goes to the report.
fn described(
    input: &Input,
    (environment, turns): (Option<&str>, &mut Turns<'_>),
    wanted: &wanted::Wanted,
    args: &ValidateArgs,
    report: &mut Report,
) -> Result<Option<(Minor, Verdict)>> {
    let rendered = turns.render_as(environment, report, emit::writer);
    let Some((platform, bundle)) = rendered else { return Ok(None) };
    let minor = args.kubernetes.map_or(platform.facts.platform.kubernetes, Minor::from);
    let (known, judged) = shares::both(
        || pipeline::known(&platform, &bundle),
        || match args.places.as_slice() {
            [] => Ok((emit::tree(&bundle), Dialect::Own)),
            places => manifests(places).map(|tree| (tree, Dialect::Any)),
        },
    );
    let (tree, dialect) = judged?;
    let question = Question { minor, dialect, known: Some(&known), wanted: wanted.clone() };
    let mut verdict = validate::validate(tree, &question);
    let (origins, written) = (origins(&platform, input), written(&platform, &bundle));
    for file in &mut verdict.files {
        let ends = || iter::successors(Some(file.path.as_str()), |path| path.split_once('/').map(|(_, rest)| rest));
        let (origin, written) = (ends().find_map(|path| origins.get(path)), ends().find_map(|path| written.get(path)));
        (file.origin, file.written) = (origin.cloned(), written.cloned().unwrap_or_default());
    }
    patched(&bundle, report);
    accept::accept(&mut verdict, &platform.accepted, &question, today(), report);
    if args.places.is_empty() {
        provenance::settle(&mut verdict, &platform, input.described());
        of_patches(&mut verdict, &bundle, input);
    }
    std::mem::forget((platform, bundle));
    Ok(Some((minor, verdict)))
}

/// Where in the description the objects of each file come from.
fn origins(platform: &Platform, input: &Input) -> BTreeMap<String, Origin> {
    let source = Source { name: &input.name, text: &input.text };
    let mut known = (0, 1);
    let mut declared: Vec<&Declared> = platform.components.iter().collect();
    declared.sort_by_key(|declared| declared.span.start());
    let origin = |declared: &Declared| {
        let place = source.place_from(declared.span.start(), known);
        known = (place.start, place.line);
        let path = format!("components.{}", declared.own.name);
        let origin = Origin { file: input.name.clone(), line: place.line, path };
        (emit::path(&Home::Component(declared.own.clone())), origin)
    };
    declared.into_iter().map(origin).collect()
}

/// Where somebody wrote objects, or a file in them, by the file that holds them and by what they are called.
fn written<T>(platform: &Platform, bundle: &Bundle<T>) -> BTreeMap<String, BTreeMap<String, Origin>> {
    let of_file = |replaced: Replaced<'_>| {
        let id = format!("ConfigMap {}/{}", replaced.namespace, config::name(replaced.set));
        (id, (replaced.made.by.shown.clone(), 1))
    };
    let replaced: BTreeMap<String, (String, usize)> =
        overrides::replaced(platform, build::workloads(platform)).map(of_file).collect();
    let mut found: BTreeMap<String, BTreeMap<String, Origin>> = BTreeMap::new();
    for placed in bundle.objects.iter().filter(|placed| placed.written.is_some() || !replaced.is_empty()) {
        let id = placed.id.to_string();
        let Some((file, line)) = placed.written.as_deref().or_else(|| replaced.get(&id)) else { continue };
        let origin = Origin { file: file.clone(), line: *line, path: String::new() };
        found.entry(emit::path(&placed.home)).or_default().insert(id, origin);
    }
    found
}

/// Notes of what is found in what a patch has changed that it comes from there.
fn of_patches<T>(verdict: &mut Verdict, bundle: &Bundle<T>, input: &Input) {
    if bundle.patched.is_empty() {
        return;
    }
    let source = Source { name: &input.name, text: &input.text };
    for file in &mut verdict.files {
        let places = file.report.sorted().into_iter().filter_map(|found| {
            let (object, field) = told::about(file, found);
            let patch = bundle.patched.iter().rfind(|patch| is_changed(patch, &object, &field))?;
            let line = source.place(patch.span.start()).line;
            let path = format!("patches[{}]", patch.number);
            Some((found.span.start(), Origin { file: input.name.clone(), line, path }))
        });
        let places: Vec<_> = places.collect();
        file.places.extend(places);
    }
}

/// Whether a patch has changed this field of an object, or one that holds it.
fn is_changed(patch: &Patched, object: &str, field: &str) -> bool {
    // of items, one path has the name and the other the number
    let keys = |path: &str| {
        let keys = path.split(['.', ']']).map(|part| part.split('[').next().unwrap_or_default().to_owned());
        keys.filter(|key| !key.is_empty()).collect::<Vec<_>>()
    };
    let field = keys(field);
    let holds = |path: &String| field.starts_with(&keys(path));
    patch.objects.iter().any(|id| id.to_string() == object) && patch.paths.iter().any(holds)
}

/// Says what is patched and why, so that it stays in sight.
fn patched<T>(bundle: &Bundle<T>, report: &mut Report) {
    for Patched { number, span, objects, paths, reason } in &bundle.patched {
        let Some(first) = objects.first() else { continue };
        let objects = match objects.len() {
            1 => first.to_string(),
            count => format!("{count} objects such as {first}"),
        };
        let paths = suggest::joined(paths.iter().map(String::as_str), "and");
        let message = format!("a patch changes {paths} of {objects}: {reason}");
        report.add(Severity::Note, codes::PATCHED, *span, message).object = Some(format!("patches[{number}]"));
    }
}

/// Today, or the day that a build says it is made on (<https://reproducible-builds.org/specs/source-date-epoch>).
fn today() -> Date {
    let told = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::of_seconds(told.unwrap_or_else(now))
}

/// Shows what has been found.
fn answer(verdict: &Verdict, minor: Minor, args: &ValidateArgs) -> Result<ExitCode> {
    let summary = verdict.summary(minor);
    let is_colored = std::io::stdout().is_terminal() && !input::is_no_color();
    match args.format {
        Format::Human => output::write_stdout(verdict.files.iter().map(|file| findings::human(file, is_colored))),
        Format::Short => output::write_stdout(verdict.files.iter().map(findings::short)),
        Format::Json => output::write_stdout([json::json(verdict, &summary)]),
        Format::Sarif => output::write_stdout([sarif::sarif(verdict)]),
        Format::Github => output::write_stdout([github::github(verdict)]),
        Format::Junit => output::write_stdout([junit::junit(verdict)]),
    }?;
    if summary.objects == 0 && summary.errors == 0 {
        bail!("there is nothing to check");
    }
    output::complain(&said(&summary));
    let fails = summary.errors > 0 || (args.strict && summary.warnings > 0);
    Ok(if fails { ExitCode::from(FINDINGS) } else { ExitCode::SUCCESS })
}

/// The files at all places, each named as it can be found.
pub fn manifests(places: &[PathBuf]) -> Result<Tree> {
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

/// `318 objects for Kubernetes 1.36, 2104 checks: no findings, 1 accepted`
fn said(summary: &Summary) -> String {
    let number = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let counts = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.notes, "note")];
    let mut parts: Vec<String> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| number(count, word)).collect();
    if parts.is_empty() {
        parts.push("no findings".to_owned());
    }
    parts.extend((summary.accepted > 0).then(|| format!("{} accepted", summary.accepted)));
    if summary.objects == 0 {
        return format!("{}\n", parts.join(", "));
    }
    let strangers = match summary.strangers {
        0 => String::new(),
        count => format!("; {count} of kinds that are not Kubernetes' own"),
    };
    format!(
        "{} for Kubernetes {}, {}: {}{strangers}\n",
        number(summary.objects, "object"),
        summary.minor.label().trim_start_matches('v'),
        number(summary.asked, "check"),
        parts.join(", "),
    )
}
