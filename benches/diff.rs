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
const ROUNDS: usize = 15;

fn main() {
    let old = describe::description(SERVICES);
    let cases = [
        ("nothing", old.clone()),
        ("one image", old.replacen(":1.0.0\"", ":1.0.1\"", 1)),
        ("the name of the platform: every object", old.replacen("\"shop\"", "\"mall\"", 1)),
    ];
    println!(
        "| what differs | objects told | CPU time, rendering = 1 | wall time | CPU time of `git diff --no-index` |"
    );
    println!("|---|---:|---:|---:|---:|");
    let golden = tree(&old);
    for (what, new) in cases {
        let rendered = tree(&new);
        let both = || [golden.clone(), rendered.clone()];
        let told = explain(both()).0.objects.len();
        let [rendering, own] = least(
            || || tree(&old),
            || {
                let both = both();
                move || explain(both)
            },
        );
        let Cost { cpu, wall } = rendering;
        eprintln!("{what}: {:.1?} of CPU, {:.1?}; rendering: {cpu:.1?} of CPU, {wall:.1?}", own.cpu, own.wall);
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

/// What `platformgen diff` does between rendering and printing, with what it has read for that.
fn explain([old, new]: [Tree; 2]) -> (Comparison, [Side; 2]) {
    if old == new {
        return Default::default();
    }
    let side = |known: &Side, tree: Tree| {
        Side::read_beside(known, "", tree, Dialect::Own).expect("our own output can be read")
    };
    let before = side(&Side::default(), old);
    let after = side(&before, new);
    let comparison = compare(&before, &after);
    black_box(text(&comparison, Look { paint: Paint::default(), context: 3 }));
    (comparison, [before, after])
}

/// What something costs.
#[derive(Clone, Copy)]
struct Cost {
    cpu: Duration,
    wall: Duration,
}

impl Cost {
    /// The less of each.
    fn min(self, other: Self) -> Self {
        Self { cpu: self.cpu.min(other.cpu), wall: self.wall.min(other.wall) }
    }
}

/// The least of both over all rounds, in which they take turns. Each is prepared for every round, which costs nothing here.
fn least<A, B, One: FnOnce() -> A, Other: FnOnce() -> B>(
    one: impl Fn() -> One,
    other: impl Fn() -> Other,
) -> [Cost; 2] {
    let mut least = [cost(one()), cost(other())];
    for _ in 1..ROUNDS {
        let [one_before, other_before] = least;
        least = [one_before.min(cost(one())), other_before.min(cost(other()))];
    }
    least
}

/// What something costs. As in the program, which ends then, nobody waits until its memory is given back.
fn cost<T>(run: impl FnOnce() -> T) -> Cost {
    let (before, start) = (cpu(UsageWho::RUSAGE_SELF), Instant::now());
    let made = black_box(run());
    let cost = Cost { cpu: cpu(UsageWho::RUSAGE_SELF).saturating_sub(before), wall: start.elapsed() };
    drop(made);
    cost
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
