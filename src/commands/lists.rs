//! `platformgen images`, `secrets` and `requirements`: what the rendered platform uses.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::{Value as Json, json};

use crate::commands::{TROUBLE, input, output};
use crate::diagnostics::report::Report;
use crate::emit;
use crate::inventory::{images, requirements, secrets};
use crate::manifest::document::Document;
use crate::manifest::read::{self, Dialect};
use crate::model::bundle::Bundle;
use crate::model::platform::Platform;
use crate::pipeline;
use crate::schema::Schema;
use crate::stages::build;
use crate::validate;
use crate::validate::world::World;

/// The exit code of an answer that is no: something is missing.
const MISSING: u8 = 1;

/// Arguments of every list.
#[derive(Args)]
pub struct ListArgs {
    /// The description; `-` for stdin
    #[arg(short, long, value_name = "FILE", default_value = "platform.toml")]
    file: PathBuf,
    /// Merge this environment over the description
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// How to show the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table
    Text,
    /// For programs
    Json,
}

/// A list: the heads of its columns, its rows, and the same for programs.
struct List {
    heads: &'static [&'static str],
    rows: Vec<Vec<String>>,
    json: Json,
}

/// Every image with its tag, its digest and who runs it.
pub fn images(args: &ListArgs) -> Result<ExitCode> {
    list(args, |world, _| {
        let images = images::images(world);
        let row = |image: &images::Image| {
            let digest = image.digest.clone().unwrap_or_else(|| "no digest".to_owned());
            let users = image.users.iter().cloned().collect::<Vec<_>>().join(", ");
            vec![image.name.clone(), image.tag.clone().unwrap_or_else(|| "no tag".to_owned()), digest, users]
        };
        let one = |image: &images::Image| {
            json!({
                "reference": image.reference, "name": image.name, "tag": image.tag, "digest": image.digest,
                "users": image.users,
            })
        };
        List {
            heads: &["IMAGE", "TAG", "DIGEST", "USED BY"],
            rows: images.iter().map(row).collect(),
            json: json!({ "schema": "platformgen.io/images/v1", "images": images.iter().map(one).collect::<Vec<_>>() }),
        }
    })
}

/// Every key of a Secret with who reads it and who makes it. The answer is no if one of them is missing.
pub fn secrets(args: &ListArgs) -> Result<ExitCode> {
    let input = input::read(&args.file)?;
    let mut report = Report::default();
    let environment = args.environment.as_deref();
    let rendered = pipeline::render_with_gaps(input.described(), environment, &mut report, emit::writer);
    input::tell(&input, &report);
    let Some((platform, bundle, missing)) = rendered else { return Ok(ExitCode::from(TROUBLE)) };
    let demands = build::secrets(&platform);
    let mut gaps = 0;
    shown(args, &platform, &bundle, |world, _| {
        let all = secrets::secrets(world, &demands, &missing);
        gaps = all.values().filter(|used| used.missing_from.is_some()).count();
        let row = |(key, used): (&secrets::Key, &secrets::Use)| {
            let readers = used.readers.iter().cloned().collect::<Vec<_>>().join(", ");
            let maker = match (&used.missing_from, &used.maker) {
                (Some(file), _) => format!("MISSING from {file}"),
                (None, Some(maker)) => maker.clone(),
                (None, None) => "nobody here: it must be there".to_owned(),
            };
            vec![format!("{}/{}", key.namespace, key.secret), key.key.clone(), used.kind.clone(), readers, maker]
        };
        let one = |(key, used): (&secrets::Key, &secrets::Use)| {
            json!({
                "namespace": key.namespace, "secret": key.secret, "key": key.key, "type": used.kind,
                "readers": used.readers, "maker": used.maker, "missingFrom": used.missing_from,
            })
        };
        List {
            heads: &["SECRET", "KEY", "TYPE", "READ BY", "MADE FROM"],
            rows: all.iter().map(row).collect(),
            json: json!({ "schema": "platformgen.io/secrets/v1", "keys": all.iter().map(one).collect::<Vec<_>>() }),
        }
    })?;
    if gaps == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let (noun, verb) = if gaps == 1 { ("key", "is") } else { ("keys", "are") };
    output::complain(&format!("{gaps} {noun} {verb} missing\n"));
    Ok(ExitCode::from(MISSING))
}

/// What a cluster must have already.
pub fn requirements(args: &ListArgs) -> Result<ExitCode> {
    list(args, |world, platform| {
        let minor = platform.facts.platform.kubernetes;
        let all = requirements::requirements(world, Schema::of(minor), platform);
        let kubernetes = requirements::Requirement {
            what: format!("Kubernetes {} or newer", minor.label().trim_start_matches('v')),
            why: "everything".to_owned(),
            check: "kubectl version".to_owned(),
        };
        let all: Vec<requirements::Requirement> = std::iter::once(kubernetes).chain(all).collect();
        let row =
            |needed: &requirements::Requirement| vec![needed.what.clone(), needed.why.clone(), needed.check.clone()];
        let one = |needed: &requirements::Requirement| json!({ "what": needed.what, "why": needed.why, "check": needed.check });
        List {
            heads: &["REQUIREMENT", "NEEDED FOR", "SHOWN BY"],
            rows: all.iter().map(row).collect(),
            json: json!({
                "schema": "platformgen.io/requirements/v1",
                "requirements": all.iter().map(one).collect::<Vec<_>>(),
            }),
        }
    })
}

fn list(args: &ListArgs, of: impl FnOnce(&World<'_>, &Platform) -> List) -> Result<ExitCode> {
    let input = input::read(&args.file)?;
    let Some((platform, bundle)) = input::render(&input, args.environment.as_deref(), emit::writer) else {
        return Ok(ExitCode::from(TROUBLE));
    };
    shown(args, &platform, &bundle, of)?;
    Ok(ExitCode::SUCCESS)
}

fn shown(
    args: &ListArgs,
    platform: &Platform,
    bundle: &Bundle<emit::Text>,
    of: impl FnOnce(&World<'_>, &Platform) -> List,
) -> Result<()> {
    let files = emit::tree(bundle).files;
    let read = |text: &str| {
        let mut documents = read::read(text, Dialect::Own, &mut Report::default());
        documents.retain(|document| !validate::is_of_tools(document));
        documents
    };
    let documents: Vec<Vec<Document>> = files.iter().map(|file| read(&file.text)).collect();
    let minor = platform.facts.platform.kubernetes;
    let world = World::of(documents.iter().enumerate().map(|(at, documents)| (at, documents.as_slice())), None, minor);
    let list = of(&world, platform);
    let text = if args.format == Format::Json { format!("{:#}\n", list.json) } else { table(list.heads, &list.rows) };
    output::write_stdout([text])
}

/// Columns as wide as what stands in them, but for the last.
fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let all = || std::iter::once(&heads).chain(rows);
    let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    all().map(line).collect()
}
