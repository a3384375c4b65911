//! How rendering grows with the number of services, next to a program that only reads, builds and writes.
//!
//! Prints Markdown and asserts nothing. Both run in this process, in turns, and the least CPU time of each counts:
//! whatever else the machine does can only add to it. Both have one processor: two that share a core take time from each
//! other, which counts as time of both.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the tables are what a bench is for")]

#[path = "support/bound.rs"]
mod bound;
#[path = "support/describe.rs"]
mod describe;
#[path = "support/measure.rs"]
mod measure;
#[path = "support/memory.rs"]
mod memory;

use std::hint::black_box;
use std::time::Duration;

use measure::{cpu, ratio};
use memory::peak_memory;
use nix::sys::resource::UsageWho;
use platformgen::diagnostics::report::Report;
use platformgen::emit::{self, Text};
use platformgen::model::bundle::{Bundle, Placed};
use platformgen::model::object::Object;
use platformgen::pipeline;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
const ROUNDS: usize = 9;
/// Services that one round renders at the least, so that small platforms run often enough to be measured.
const LEAST: usize = 1_000;

/// One size, rendered by both.
struct Row {
    services: usize,
    ours: Side,
    bound: Side,
}

struct Side {
    objects: usize,
    bytes: usize,
    cpu: Duration,
}

fn main() {
    one_processor();
    // What stands around the services is no work of the bound's: it gets the finished objects.
    let team = describe::only_team();
    let is_around = |placed: &Placed| ![&placed.id.namespace, &placed.id.name].contains(&&team);
    let all = bundle(&describe::description(1), || |object| object).objects.into_iter();
    let rest: Vec<Object> = all.filter(is_around).map(|placed| placed.object).collect();
    let rows = SIZES.map(|services| compare(services, &rest));

    println!("| services | objects (bound) | megabytes (bound) | CPU time, bound = 1 |");
    println!("|---:|---:|---:|---:|");
    for Row { services, ours, bound } in &rows {
        eprintln!("{services} services: {:.2?}, bound {:.2?}", ours.cpu, bound.cpu);
        println!(
            "| {services} | {} ({}) | {:.2} ({:.2}) | {:.2} |",
            ours.objects,
            bound.objects,
            megabytes(ours.bytes),
            megabytes(bound.bytes),
            ratio(ours.cpu, bound.cpu),
        );
    }
    let [_, hundred, _, most] = &rows;
    let exponent = |cpu: fn(&Row) -> Duration| ratio(cpu(most), cpu(hundred)).log(f64::from(100));
    println!();
    println!(
        "Growth exponent of CPU time from 100 to 10,000 services: {:.3} (bound: {:.3}).",
        exponent(|row| row.ours.cpu),
        exponent(|row| row.bound.cpu),
    );
    println!(
        "Peak memory of the process at 10,000 services: {:.2} times the bytes it writes.",
        peak_memory(&describe::description(most.services)) / megabytes(most.ours.bytes),
    );
}

/// Leaves this process the first of its processors, where the system lets it.
fn one_processor() {
    #[cfg(target_os = "linux")]
    {
        use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
        use nix::unistd::Pid;

        let own = Pid::from_raw(0);
        let mut one = CpuSet::new();
        let first =
            sched_getaffinity(own).ok().and_then(|all| (0..CpuSet::count()).find(|at| all.is_set(*at) == Ok(true)));
        if first.is_some_and(|first| one.set(first).is_ok() && sched_setaffinity(own, &one).is_ok()) {
            return;
        }
    }
    eprintln!("there is more than one processor: the CPU time of threads that share a core counts twice");
}

fn compare(services: usize, rest: &[Object]) -> Row {
    let description = describe::description(services);
    let repeats = (LEAST / services).max(1);
    let (ours, bound) = (render(&description), bound::render(&description, rest));
    let bytes = ours.objects.iter().map(|placed| placed.object.as_ref().len()).sum();
    let mut row = Row {
        services,
        ours: Side { objects: ours.objects.len(), bytes, cpu: Duration::MAX },
        bound: Side { objects: bound.objects, bytes: bound.text.len(), cpu: Duration::MAX },
    };
    drop((ours, bound));
    for _ in 0..ROUNDS {
        row.ours.cpu = row.ours.cpu.min(cpu_of(repeats, || render(&description)));
        row.bound.cpu = row.bound.cpu.min(cpu_of(repeats, || bound::render(&description, rest)));
    }
    row
}

/// CPU time of one run, of `repeats` in a row.
fn cpu_of<T>(repeats: usize, run: impl Fn() -> T) -> Duration {
    let before = cpu(UsageWho::RUSAGE_SELF);
    for _ in 0..repeats {
        black_box(run());
    }
    cpu(UsageWho::RUSAGE_SELF).saturating_sub(before) / u32::try_from(repeats).expect("there are few repeats")
}

/// What `platformgen render` does between reading its input and writing its output.
fn render(description: &str) -> Bundle<Text> {
    bundle(description, emit::writer)
}

fn bundle<T: Send, F: FnMut(Object) -> T>(description: &str, finish: impl Fn() -> F + Sync) -> Bundle<T> {
    let rendered = pipeline::render_as(description, None, &mut Report::default(), finish);
    let (_, bundle) = rendered.expect("the generated description has no mistakes");
    bundle
}

fn megabytes(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).expect("nothing here reaches 4 GB")) / 1e6
}
