//! What comparing costs next to rendering, and next to `git diff --no-index`, which people use today.
//!
//! Prints Markdown and asserts nothing. The platform has 1,000 services, some 9,000 objects; the least CPU time and the
//! least wall time of several rounds count, all in one run: comparing uses all processors, rendering one. git is left out
//! where it is not there.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table is what a bench is for")]

#[allow(dead_code, reason = "nothing is taken apart here")]
#[path = "support/describe.rs"]
mod describe;
#[path = "support/measure.rs"]
mod measure;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use measure::{cpu, ratio};
use nix::sys::resource::UsageWho;
use platformgen::diagnostics::report::Report;
use platformgen::diff::compare::{Comparison, compare};
use platformgen::diff::side::Side;
use platformgen::manifest::read::Dialect;
use platformgen::model::tree::Tree;
use platformgen::views::paint::Paint;
use platformgen::views::text::{Look, text};
use platformgen::{emit, pipeline};

const SERVICES: usize = 1_000;
const ROUNDS: usize = 7;

fn main() {
    let old = describe::description(SERVICES);
    let cases = [
        ("nothing", old.clone()),
        ("one image", old.replacen(":1.0.0\"", ":1.0.1\"", 1)),
        ("the name of the platform: every object", old.replacen("\"shop\"", "\"mall\"", 1)),
    ];
    let rendering = least(|| tree(&old));
    eprintln!("rendering: {:.1?} of CPU, {:.1?}", rendering.cpu, rendering.wall);
    println!(
        "| what differs | objects told | CPU time, rendering = 1 | wall time | CPU time of `git diff --no-index` |"
    );
    println!("|---|---:|---:|---:|---:|");
    let golden = tree(&old);
    for (what, new) in cases {
        let rendered = tree(&new);
        let told = explain(&golden, &rendered).objects.len();
        let own = least(|| explain(&golden, &rendered));
        eprintln!("{what}: {:.1?} of CPU, {:.1?}", own.cpu, own.wall);
        let peer = git(&golden, &rendered).map_or("-".to_owned(), |cost| format!("{:.2}", ratio(cost, rendering.cpu)));
        let (cpu, wall) = (ratio(own.cpu, rendering.cpu), ratio(own.wall, rendering.wall));
        println!("| {what} | {told} | {cpu:.2} | {wall:.2} | {peer} |");
    }
}

fn tree(description: &str) -> Tree {
    let rendered = pipeline::render_as(description, None, &mut Report::default(), emit::writer);
    let (_, bundle) = rendered.expect("the generated description has no mistakes");
    emit::tree(&bundle)
}

/// What `platformgen diff` does between rendering and printing.
fn explain(old: &Tree, new: &Tree) -> Comparison {
    if old == new {
        return Comparison::default();
    }
    let side = |known: &Side, tree: &Tree| {
        Side::read_beside(known, "", tree.clone(), Dialect::Own).expect("our own output can be read")
    };
    let before = side(&Side::default(), old);
    let comparison = compare(&before, &side(&before, new));
    black_box(text(&comparison, Look { paint: Paint::default(), context: 3 }));
    comparison
}

/// What something costs.
struct Cost {
    cpu: Duration,
    wall: Duration,
}

/// The least of each over all rounds.
fn least<T>(run: impl Fn() -> T) -> Cost {
    let once = || {
        let (before, start) = (cpu(UsageWho::RUSAGE_SELF), Instant::now());
        black_box(run());
        (cpu(UsageWho::RUSAGE_SELF).saturating_sub(before), start.elapsed())
    };
    let rounds: Vec<_> = (0..ROUNDS).map(|_| once()).collect();
    let cpu = rounds.iter().map(|(cpu, _)| *cpu).min().expect("there is at least one round");
    let wall = rounds.iter().map(|(_, wall)| *wall).min().expect("there is at least one round");
    Cost { cpu, wall }
}

/// The CPU time of git on the same trees; `None` where there is no git.
fn git(old: &Tree, new: &Tree) -> Option<Duration> {
    let place = tempfile::tempdir().expect("there is room for the trees");
    for (name, tree) in [("old", old), ("new", new)] {
        write(&place.path().join(name), tree);
    }
    let mut least = None;
    for _ in 0..ROUNDS {
        let before = cpu(UsageWho::RUSAGE_CHILDREN);
        Command::new("git")
            .args(["diff", "--no-index", "old", "new"])
            .current_dir(place.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?;
        let cost = cpu(UsageWho::RUSAGE_CHILDREN).saturating_sub(before);
        least = Some(least.map_or(cost, |least: Duration| least.min(cost)));
    }
    least
}

fn write(dir: &Path, tree: &Tree) {
    for file in &tree.files {
        let place = dir.join(&file.path);
        fs::create_dir_all(place.parent().expect("below the directory")).expect("there is room");
        fs::write(place, &file.text).expect("there is room");
    }
}
