//! Programs that take turns, so that what slows one down slows them all down.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::UsageWho;

use crate::describe;
use crate::measure::cpu;

/// One run of a process.
#[derive(Clone, Copy)]
pub struct Cost {
    /// From start to exit.
    pub time: Duration,
    /// In user and in system mode.
    pub cpu: Duration,
}

/// Runs the commands in turns: the median of the times and the least CPU time of each.
pub fn race<const N: usize>(mut commands: [Command; N], rounds: usize) -> [Cost; N] {
    let mut costs: [Vec<Cost>; N] = std::array::from_fn(|_| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        for (command, costs) in commands.iter_mut().zip(&mut costs) {
            costs.push(run(command.stdout(Stdio::null())));
        }
    }
    costs.map(|mut costs| {
        costs.sort_by_key(|cost| cost.time);
        let least = costs.iter().map(|cost| cost.cpu).min();
        Cost { time: costs[rounds / 2].time, cpu: least.expect("there is at least one round") }
    })
}

fn run(command: &mut Command) -> Cost {
    let (before, start) = (cpu(UsageWho::RUSAGE_CHILDREN), Instant::now());
    let status = command.stderr(Stdio::null()).status().expect("the program can be started");
    let time = start.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    Cost { time, cpu: cpu(UsageWho::RUSAGE_CHILDREN).saturating_sub(before) }
}

/// Runs `command` once, with its output in the file `to`.
pub fn rendered(command: &mut Command, to: &Path) {
    run(command.stdout(File::create(to).expect("there is room for the output")));
}

/// The file with the description of so many services.
pub fn described(services: usize, scratch: &Path) -> PathBuf {
    let path = scratch.join(format!("{services}.toml"));
    fs::write(&path, describe::description(services)).expect("there is room for a description");
    path
}

/// The program that the variable names, or the one of that name, if it can be started at all.
pub fn peer(variable: &str, name: &str) -> Option<String> {
    let program = std::env::var(variable).unwrap_or_else(|_| name.to_owned());
    let found = Command::new(&program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("{program} is not here; set {variable} to race against it");
    }
    found.then_some(program)
}
