//! `platformgen explain`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use crate::commands::output;
use crate::diagnostics::{codes, suggest};
use crate::manual;

/// Arguments of `explain`.
#[derive(Args)]
pub struct ExplainArgs {
    /// A code, such as `undeclared-connection`
    what: String,
}

/// Explains.
pub fn run(args: &ExplainArgs) -> Result<ExitCode> {
    let Some(text) = manual::explanation(&args.what) else {
        match suggest::nearest(&args.what, codes::ALL.iter().map(|(code, _)| *code)) {
            Some(near) => bail!("there is no code `{}`; did you mean `{near}`?", args.what),
            None => bail!("there is no code `{}`; docs/reference.md lists all of them", args.what),
        }
    };
    output::write_stdout([text])?;
    Ok(ExitCode::SUCCESS)
}
