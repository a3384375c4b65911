//! The command line: the only place that reads and writes files and prints. Results to stdout, everything else to
//! stderr. Exit codes: 0 yes, 1 the answer is no, 2 no answer.

pub mod diff;
pub mod environments;
pub mod explain;
pub mod input;
pub mod lists;
pub mod lock;
pub mod output;
pub mod reach;
pub mod render;
pub mod seal;
pub mod shelf;
pub mod tree;
pub mod validate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::diff::DiffArgs;
use crate::commands::explain::ExplainArgs;
use crate::commands::lists::ListArgs;
use crate::commands::lock::LockArgs;
use crate::commands::reach::ReachArgs;
use crate::commands::render::RenderArgs;
use crate::commands::seal::SealArgs;
use crate::commands::validate::ValidateArgs;

/// The exit code of trouble: a wrong description, wrong usage, a file that cannot be read or written.
const TROUBLE: u8 = 2;

#[derive(Parser)]
#[command(name = "platformgen", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Render every object of the platform, in apply order
    Render(RenderArgs),
    /// Say what differs between the rendered platform and a directory, and what that will do
    Diff(DiffArgs),
    /// Check the rendered platform, or any manifests, as strictly as the API server, and prove that they fit together
    Validate(ValidateArgs),
    /// Say who can reach whom, from the network policies alone
    Reach(ReachArgs),
    /// List every image with its tag, its digest and who runs it
    Images(ListArgs),
    /// Pin the tag of every image to a digest from a list, in `platformgen.lock`
    Lock(LockArgs),
    /// List every secret and key with who reads it and who makes it; never a value
    Secrets(ListArgs),
    /// Encrypt values of a Secret, so that only a Sealed Secrets controller can open them; offline, from stdin or a prompt
    Seal(SealArgs),
    /// List what the cluster must have already, with the commands that show whether it has
    Requirements(ListArgs),
    /// Say what a code means, how it fails and how to mend it
    Explain(ExplainArgs),
}

/// Runs the program on `args` and says how it went.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // clap's own exit would panic on a closed stream; a reader that has gone needs no help text.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(TROUBLE) } else { ExitCode::SUCCESS };
        }
    };
    let result = match cli.command {
        Command::Render(args) => render::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Reach(args) => reach::run(&args),
        Command::Images(args) => lists::images(&args),
        Command::Lock(args) => lock::run(&args),
        Command::Secrets(args) => lists::secrets(&args),
        Command::Seal(args) => seal::run(&args),
        Command::Requirements(args) => lists::requirements(&args),
        Command::Explain(args) => explain::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            output::complain(&format!("error: {error:#}\n"));
            ExitCode::from(TROUBLE)
        }
    }
}
