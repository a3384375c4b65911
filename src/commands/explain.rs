//! `platformgen explain`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::commands::input::Input;
use crate::commands::output::listing;
use crate::commands::{TROUBLE, environments, input, output};
use crate::diagnostics::report::Report;
use crate::diagnostics::source::{Source, Span};
use crate::diagnostics::{codes, suggest};
use crate::diff::change::{Change, What};
use crate::diff::compare::{Fate, ObjectChange};
use crate::diff::secrets::Description;
use crate::manifest::document::Document;
use crate::manifest::read::{self, Dialect};
use crate::parts::payload;
use crate::provenance::{self, Place};
use crate::rights::folded::folded;
use crate::rights::rights;
use crate::spec::read::Shape as _;
use crate::stages::resolve::{DYNAMIC_KEYS, DescriptionSpec};
use crate::stages::types::TEMPLATES;
use crate::traces::{self, Leaf};
use crate::views::inline::shortened;
use crate::views::lines::visible;
use crate::{emit, manual};

/// Longer values are cut.
const LONGEST: usize = 160;

/// Arguments of `explain`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  platformgen explain blocked-connection             what a code means, how it fails, how to mend it
  platformgen explain components.api.scale.max       a value: where it is set, and what it becomes in which objects
  platformgen explain golden/production/api.yaml:41  a rendered line: the values that it comes from
  platformgen explain platform.toml:84               the values that a line of the description sets
  platformgen explain templates/registry/config.yml  the built-in template that a file there would replace
  platformgen explain rights                         who may do what with the Kubernetes API")]
pub struct ExplainArgs {
    /// A code, a key of the description, a line of a rendered file or of the description, a built-in template, or `rights`
    what: String,
    /// The description; `-` for stdin
    #[arg(short, long, value_name = "FILE", default_value = "platform.toml")]
    file: PathBuf,
    /// Merge this environment over the description
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
}

/// Explains.
pub fn run(args: &ExplainArgs) -> Result<ExitCode> {
    if let Some(text) = manual::explanation(&args.what).or_else(|| built_in(&args.what)) {
        output::write_stdout([text])?;
        return Ok(ExitCode::SUCCESS);
    }
    if of_templates(&args.what).is_some_and(|own| payload::DRAWN.contains(&own)) {
        bail!("`{}` {DRAWN}", args.what);
    }
    let keys = DescriptionSpec::KEYS.iter().chain(DYNAMIC_KEYS).map(|key| key.name);
    let is_table = keys.filter(|key| !traces::ASIDE.contains(key)).any(|key| key == args.what);
    let is_key = is_table || args.what.contains(['.', ':', '[']);
    if !is_key && args.what != "rights" {
        match suggest::nearest(&args.what, codes::ALL.iter().map(|(code, _)| *code).chain(["rights"])) {
            Some(near) => bail!("there is no code `{}`; did you mean `{near}`?", args.what),
            None => bail!("there is no code `{}`; docs/checks.md explains all of them", args.what),
        }
    }
    let input = input::read(&args.file)?;
    let (overlay, what) = overlaid(&args.what);
    let position = position(what);
    let of_tree = position.filter(|_| args.environment.is_none()).and_then(|(path, _)| environment_of(&input, path));
    let environment = args.environment.as_deref().or(overlay).or(of_tree.as_deref());
    let Some((_, bundle)) = input::render(&input, environment, emit::writer) else {
        return Ok(ExitCode::from(TROUBLE));
    };
    let lines = match position {
        Some((path, line)) if is_description(path, &input) => described_line(&input, environment, line)?,
        Some((path, line)) => rendered_line(&input, environment, path, line)?,
        None if what == "rights" => {
            let files = emit::tree(&bundle).files;
            let read = |text: &str| read::read(text, Dialect::Own, &mut Report::default());
            let documents: Vec<Document> = files.iter().flat_map(|file| read(&file.text)).collect();
            folded(&rights(&documents)).into_iter().map(|line| line + "\n").collect()
        }
        None => value(&input, environment, what)?,
    };
    output::write_stdout(lines)?;
    Ok(ExitCode::SUCCESS)
}

/// The environment and the key of `environments.staging.platform.domain`, which is a way to write a key.
fn overlaid(what: &str) -> (Option<&str>, &str) {
    match what.strip_prefix("environments.").and_then(|rest| rest.split_once('.')) {
        Some((name, key)) => (Some(name), key),
        None => (None, what),
    }
}

/// The file and the line of `api.yaml:41` or of `api.yaml:41:7`, as messages have it.
fn position(what: &str) -> Option<(&str, &str)> {
    let (before, last) = what.rsplit_once(':')?;
    let is_number = |text: &str| text.parse::<usize>().is_ok();
    before.rsplit_once(':').filter(|(_, line)| is_number(line) && is_number(last)).or(Some((before, last)))
}

/// Whether a path leads to the description, however it is written.
fn is_description(path: &str, input: &Input) -> bool {
    let real = |path: &str| fs::canonicalize(path).ok();
    path == input.name || real(path).is_some_and(|path| real(&input.name) == Some(path))
}

/// The environment of whose tree a file is: the tree says so, or it stands where such trees are kept.
fn environment_of(input: &Input, path: &str) -> Option<String> {
    if let Some(list) = list_of(path) {
        return emit::environment_of(&list).map(str::to_owned);
    }
    let is_kept = |name: &String| Path::new(path).starts_with(environments::kept(Some(name)));
    environments::names(input).flatten().find(is_kept)
}

/// The list of the tree that holds a file.
fn list_of(path: &str) -> Option<String> {
    let places = Path::new(path).ancestors().skip(1);
    let mut lists = places.filter_map(|place| fs::read_to_string(place.join(listing::FILE)).ok());
    lists.find(|list| list.starts_with(listing::MARKER))
}

/// What a dashboard is instead of a template.
const DRAWN: &str = "is drawn for each platform, so there is no template of it: begin with the file in the rendered \
     ConfigMap, or with what Grafana exports";

/// The path below `templates/`.
fn of_templates(path: &str) -> Option<&str> {
    let begin = format!("{TEMPLATES}/");
    path.strip_prefix(&begin).or_else(|| path.rsplit_once(&format!("/{begin}")).map(|(_, own)| own))
}

/// The built-in template whose place a file at this path would take.
fn built_in(path: &str) -> Option<String> {
    let own = of_templates(path)?;
    payload::TEMPLATES.iter().find(|(known, _)| *known == own).map(|(_, text)| (*text).to_owned())
}

/// A value: what it is, where it is set, and what it becomes.
fn value(input: &Input, environment: Option<&str>, key: &str) -> Result<Vec<String>> {
    let leaves = traces::leaves(&input.text, environment).context("the description cannot be read")?;
    let Some(leaf) = leaves.iter().find(|leaf| leaf.key == key) else {
        let is_below = |known: &&str| known.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', '[']));
        let below: Vec<&str> = leaves.iter().map(|leaf| leaf.key.as_str()).filter(is_below).collect();
        if !below.is_empty() {
            bail!(
                "`{key}` is a table; expected one of its values, such as {}",
                suggest::list(below.into_iter().take(3))
            );
        }
        if let Some(environment) = environment
            && let Some(span) = traces::off(&input.text, environment, key)
        {
            bail!("`{key}` is not in `{environment}`, which turns its component off  ({})", place(input, span));
        }
        if let Some(said) = unset(input, environment, key, &leaves) {
            return Ok(vec![said]);
        }
        let all = leaves.iter().map(|leaf| leaf.key.as_str());
        match suggest::nearest(key, all.clone())
            .or_else(|| suggest::nearest(key, all.filter_map(|all| begin(all, key))))
        {
            Some(near) => bail!("nothing sets `{key}`; did you mean `{near}`?"),
            None => bail!("nothing sets `{key}`, and the reference knows no such key of what is declared here"),
        }
    };
    let mut lines = vec![set(input, leaf) + "\n"];
    match traces::becomes(input.described(), environment, leaf) {
        None => lines.push("nothing else can stand here alone, so what it becomes cannot be shown\n".to_owned()),
        Some(objects) if objects.is_empty() => lines.push("it changes no object\n".to_owned()),
        Some(objects) => {
            lines.push("it becomes\n".to_owned());
            // each item of a list may say the same of the others
            let mut told = BTreeSet::new();
            lines.extend(objects.iter().flat_map(became).filter(|line| told.insert(line.clone())));
        }
    }
    Ok(lines)
}

/// What is said of a key that the description does not have and could: the reference tells what it is then.
fn unset(input: &Input, environment: Option<&str>, key: &str, leaves: &[Leaf]) -> Option<String> {
    let owner = key.match_indices('.').nth(1).map_or(key, |(end, _)| &key[..end]);
    let type_key = format!("{owner}.type");
    let type_name = leaves
        .iter()
        .find(|leaf| leaf.key == type_key)
        .and_then(|leaf| input.text.get(leaf.span.start()..leaf.span.end()));
    let type_name = type_name.unwrap_or_default().trim_matches(['"', '\'']);
    let is_declared = |path: &str| traces::is_there(&input.text, environment, path);
    // what is numbered is there or is nothing
    let said = manual::key(key, type_name, is_declared).filter(|_| !key.contains('[') && !is_declared(key))?;
    Some(format!("nothing sets `{key}` here; the reference says of it:\n  {said}\n"))
}

/// The beginning of a key that has as many parts as another one.
fn begin<'k>(key: &'k str, other: &str) -> Option<&'k str> {
    let (end, _) = key.match_indices('.').nth(other.matches('.').count())?;
    Some(&key[..end])
}

/// The fields of an object that a value decides, with what they are.
fn became(object: &ObjectChange) -> Vec<String> {
    let id = visible(object.id.to_string());
    let one = |change: &Change| {
        let is = match &change.what {
            What::Removed(node) | What::Changed(node, _) => shortened(node, LONGEST),
            What::Order(names, _) => names.join(", "),
            What::Text(text, _) => format!("{} lines", text.lines().count()),
            // it is not there because the value is as it is
            What::Added(_) => "absent".to_owned(),
        };
        visible(format!("  {id}  {} = {is}", change.path).replace('\n', " ")) + "\n"
    };
    match object.fate {
        Fate::Removed => vec![format!("  {id}\n")],
        Fate::Added => Vec::new(),
        Fate::Renamed => vec![format!("  {}\n", visible(object.was.as_ref().unwrap_or(&object.id).to_string()))],
        _ => object.changes.iter().map(one).collect(),
    }
}

/// `components.api.scale.max = 10 (platform.toml:84)`
fn set(input: &Input, leaf: &Leaf) -> String {
    let line = Source { name: &input.name, text: &input.text }.place(leaf.span.start()).text;
    let written = input.text.get(leaf.span.start()..leaf.span.end()).unwrap_or_default();
    let written = written.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_shown = Description::of(&input.text).shows(line);
    let written = if is_shown { written } else { "(hidden: it may be a secret)".to_owned() };
    format!("{} = {written}  ({})", leaf.key, place(input, leaf.span))
}

/// `platform.toml:84:13`
fn place(input: &Input, span: Span) -> String {
    let place = Source { name: &input.name, text: &input.text }.place(span.start());
    format!("{}:{}:{}", input.name, place.line, place.column)
}

/// `resources: [pods]  (manifests/on-call.yaml:9:3)`
fn written_at(place: &Place) -> String {
    let source = Source { name: &place.file, text: &place.text };
    let at = source.place(place.span.start());
    let is_shown = input::lines_shown(source)(place.span.start(), at.text);
    let written = if is_shown { visible(at.text.trim()) } else { "(hidden: it may be a secret)".to_owned() };
    format!("{written}  ({}:{}:{})", place.file, at.line, at.column)
}

/// What a patch changes, with why it does.
fn with_reasons(found: &[Leaf], input: &Input, environment: Option<&str>) -> Vec<Leaf> {
    let all = traces::leaves(&input.text, environment).unwrap_or_default();
    let mut told: Vec<Leaf> = Vec::new();
    for leaf in found {
        told.push(leaf.clone());
        let patch = leaf.key.strip_prefix("patches[").and_then(|rest| rest.split_once(']'));
        let reason = patch.map(|(number, _)| format!("patches[{number}].reason"));
        let reason = all.iter().find(|other| Some(&other.key) == reason.as_ref());
        told.extend(reason.filter(|reason| !told.contains(reason)).cloned());
    }
    told
}

/// What is said of a line that no change of one value has reached.
const UNDECIDED: &str = "nothing that the description says is known to decide this line: it is a default, as docs/reference.md has \
     them, or always so\n";

/// A line of a rendered file, by its path below whatever directory it has been written to.
fn rendered_line(input: &Input, environment: Option<&str>, path: &str, line: &str) -> Result<Vec<String>> {
    let line: usize = line.parse().ok().with_context(|| format!("`{line}` is no number of a line"))?;
    let mut parts: Vec<&str> = path.split('/').collect();
    while !parts.is_empty() {
        let path = parts.join("/");
        if let Some(found) = traces::origins(input.described(), environment, &path, line) {
            let written = provenance::place(input.described(), environment, &path, line);
            let mut lines: Vec<String> = written.iter().map(|place| written_at(place) + "\n").collect();
            lines.extend(with_reasons(&found, input, environment).iter().map(|leaf| set(input, leaf) + "\n"));
            if lines.is_empty() {
                lines.push(UNDECIDED.to_owned());
            }
            return Ok(lines);
        }
        parts.remove(0);
    }
    if Path::new(path).is_file() && list_of(path).is_none() {
        bail!(
            "`{path}` is a file of your own: `explain` says where a rendered line comes from, and `platformgen diff` what \
             comes of a change"
        );
    }
    bail!("nothing renders line {line} of `{path}`")
}

/// The values that a line of the description sets.
fn described_line(input: &Input, environment: Option<&str>, line: &str) -> Result<Vec<String>> {
    let number: usize = line.parse().ok().with_context(|| format!("`{line}` is no number of a line"))?;
    let start: usize = input.text.split_inclusive('\n').take(number.saturating_sub(1)).map(str::len).sum();
    let end = start + input.text[start..].lines().next().map_or(0, str::len);
    let is_there = |leaf: &Leaf| !leaf.is_item && leaf.span.start() <= end && start < leaf.span.end();
    let leaves = traces::leaves(&input.text, environment).context("the description cannot be read")?;
    let keys = leaves.iter().filter(|leaf| is_there(leaf)).map(|leaf| leaf.key.as_str());
    let lines = keys.map(|key| value(input, environment, key)).collect::<Result<Vec<_>>>()?;
    if lines.is_empty() {
        let sets = |name: &String| traces::leaves(&input.text, Some(name)).is_some_and(|all| all.iter().any(is_there));
        match environments::names(input).flatten().find(sets) {
            Some(name) if environment.is_none() => {
                bail!("line {line} of `{}` sets a value in `{name}`: add `--environment {name}`", input.name)
            }
            _ => bail!("line {line} of `{}` sets no value here", input.name),
        }
    }
    Ok(lines.into_iter().flatten().collect())
}
