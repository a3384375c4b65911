//! `platformgen render`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};

use crate::commands::{TROUBLE, environments, input, output};
use crate::diagnostics::suggest;
use crate::emit;
use crate::model::bundle::{Bundle, Home, Placed};
use crate::model::platform::{Declared, Platform};

/// Arguments of `render`.
#[derive(Args)]
pub struct RenderArgs {
    /// The description; `-` for stdin
    #[arg(short, long, value_name = "FILE", default_value = "platform.toml")]
    file: PathBuf,
    /// Write one file per component into this directory instead of a stream to stdout
    #[arg(short, long, value_name = "DIR", conflicts_with_all = ["only", "format"])]
    output: Option<PathBuf>,
    /// Only what belongs to this namespace, or to this component of it
    #[arg(long, value_name = "NAMESPACE[/COMPONENT]")]
    only: Option<String>,
    /// Format of the stream
    #[arg(long, value_enum, default_value_t = Format::Yaml)]
    format: Format,
    /// Merge this environment over the description
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Refuse images that `platformgen.lock` does not pin, and pins that nothing runs
    #[arg(long)]
    locked: bool,
    /// With --output: every environment, each into a directory of its name below it; `base` is the description itself
    #[arg(long, requires = "output", conflicts_with = "environment")]
    all_environments: bool,
    /// With --output: write over a directory even where `CI` is set, or where another environment or platform is
    #[arg(long, requires = "output")]
    force: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A stream of YAML documents
    Yaml,
    /// One JSON list
    Json,
}

/// Renders, and says how it went.
pub fn run(args: &RenderArgs) -> anyhow::Result<ExitCode> {
    let input = input::read(&args.file)?.locked(args.locked);
    if let (Some(place), true) = (&args.output, args.all_environments) {
        let Some(trees) = environments::trees(&input) else { return Ok(ExitCode::from(TROUBLE)) };
        environments::write(Some(place), &trees, args.force)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some((platform, bundle)) = input::render(&input, args.environment.as_deref(), emit::writer) else {
        return Ok(ExitCode::from(TROUBLE));
    };
    if let Some(directory) = &args.output {
        let tree = emit::tree(&bundle);
        environments::may_replace(directory, &tree, args.force)?;
        let written = output::write_directory(directory, &tree)?;
        output::complain(&format!("{}: {written}\n", directory.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = chosen(&bundle, &platform, args.only.as_deref())?;
    match args.format {
        Format::Yaml => output::write_stdout(chosen.iter().map(|placed| &placed.object))?,
        Format::Json => output::write_stdout([emit::list(chosen)])?,
    }
    // The process ends here and takes its memory with it; giving back a hundred thousand small pieces first would be a
    // tenth of the run.
    std::mem::forget((platform, bundle));
    Ok(ExitCode::SUCCESS)
}

/// The objects that `--only` names; all of them without it.
fn chosen<'a, T>(bundle: &'a Bundle<T>, platform: &Platform, only: Option<&str>) -> anyhow::Result<Vec<&'a Placed<T>>> {
    let Some(only) = only else { return Ok(bundle.objects.iter().collect()) };
    let (namespace, component) = only.split_once('/').map_or((only, None), |(namespace, name)| (namespace, Some(name)));
    let belongs = |home: &Home| match (home, component) {
        (Home::Definitions(_), None) => namespace == "crds",
        (Home::Definitions(name), Some(own)) => namespace == "crds" && name.as_str() == own,
        (Home::Cluster, _) | (Home::Namespace(_), Some(_)) => false,
        (Home::Namespace(name), None) => name.as_str() == namespace,
        (Home::Component(own), None) => own.namespace.as_str() == namespace,
        (Home::Component(own), Some(name)) => own.namespace.as_str() == namespace && own.name.as_str() == name,
    };
    let chosen: Vec<&Placed<T>> = bundle.objects.iter().filter(|placed| belongs(&placed.home)).collect();
    if chosen.is_empty() {
        let path = |declared: &Declared| format!("{}/{}", declared.own.namespace, declared.own.name);
        let bare = platform.components.iter().find(|declared| declared.own.name.as_str() == only).map(path);
        let namespaces = platform.namespaces.keys().map(ToString::to_string);
        let known: Vec<String> = namespaces.chain(platform.components.iter().map(path)).collect();
        match bare.as_deref().or_else(|| suggest::nearest(only, known.iter().map(String::as_str))) {
            Some(near) => bail!("`--only {only}` names nothing that is declared; did you mean `{near}`?"),
            None => {
                bail!("`--only {only}` names nothing that is declared; expected a namespace or namespace/component")
            }
        }
    }
    Ok(chosen)
}
