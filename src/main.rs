//! The binary: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    platformgen::commands::run(std::env::args_os())
}
