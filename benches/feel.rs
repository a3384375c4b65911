//! What it is like to use the program: the flagship from process start to exit, the size of the binary, and the race
//! against the tools that people render platforms with.
//!
//! Prints Markdown and asserts nothing. Peers are looked up in PATH, or as `KUBECTL` and `JRSONNET` name them; a peer that
//! is not there is left out. All take turns in one run; the median of the times and the least CPU time count.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the tables are what a bench is for")]

#[path = "support/describe.rs"]
mod describe;
#[path = "support/measure.rs"]
mod measure;
#[path = "support/race.rs"]
mod race;

use std::fs;
use std::path::Path;
use std::process::Command;

use measure::ratio;
use race::{Cost, described, peer, race, rendered};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_platformgen");
const FLAGSHIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/platform.toml");
const JSONNET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/platform.jsonnet");

/// How often the flagship is rendered.
const FLAGSHIP_ROUNDS: usize = 50;
/// How often each peer runs.
const RACE_ROUNDS: usize = 7;

fn main() {
    let scratch = tempfile::tempdir().expect("there is room for the inputs");
    flagship(scratch.path());
    beside_kustomize(scratch.path());
    println!();
    println!("| against | services | objects (peer) | its CPU time, platformgen = 1 | its time, platformgen = 1 |");
    println!("|---|---:|---:|---:|---:|");
    for services in [10, 100] {
        kustomize(services, scratch.path());
    }
    for services in [100, 1_000] {
        jsonnet(services, scratch.path());
    }
}

/// The flagship next to a process that prints the same bytes and does nothing else.
fn flagship(scratch: &Path) {
    let printed = scratch.join("flagship.yaml");
    rendered(Command::new(PROGRAM).args(["render", "--file", FLAGSHIP]), &printed);
    let mut render = Command::new(PROGRAM);
    render.args(["render", "--file", FLAGSHIP]);
    let mut cat = Command::new("cat");
    cat.arg(&printed);
    let [ours, floor] = race([render, cat], FLAGSHIP_ROUNDS);
    let milliseconds = |cost: Cost| cost.time.as_secs_f64() * 1e3;
    eprintln!(
        "flagship: {:.1} ms, {:.1} ms CPU; floor {:.1} ms",
        milliseconds(ours),
        ours.cpu.as_secs_f64() * 1e3,
        milliseconds(floor)
    );
    println!(
        "The flagship, from process start to exit (median of {FLAGSHIP_ROUNDS}): {} the bound of 5 ms, {:.1} times a \
         process that only prints the same bytes.",
        if milliseconds(ours) <= 5.0 { "within" } else { "over" },
        ratio(ours.time, floor.time),
    );
    let bytes = fs::metadata(PROGRAM).expect("cargo has built the program").len();
    println!("The stripped release binary: {:.1} MB of the 12 MB that it may have.", megabytes(bytes));
}

/// The flagship next to `kubectl kustomize` of ten services. Where that takes 80 ms, the flagship may take 5.
fn beside_kustomize(scratch: &Path) {
    let Some(theirs) = kustomized(10, scratch) else { return };
    let mut render = Command::new(PROGRAM);
    render.args(["render", "--file", FLAGSHIP]);
    let [ours, theirs] = race([render, theirs], RACE_ROUNDS);
    println!(
        "`kubectl kustomize` of ten rendered services takes {:.0} times as long, where 16 times are 80 ms next to 5.",
        ratio(theirs.time, ours.time),
    );
}

/// `kubectl kustomize` of so many rendered services.
fn kustomized(services: usize, scratch: &Path) -> Option<Command> {
    let kubectl = peer("KUBECTL", "kubectl")?;
    let tree = scratch.join(format!("tree-{services}"));
    let mut render = Command::new(PROGRAM);
    render.args(["render", "--force", "--file"]).arg(described(services, scratch)).arg("--output").arg(&tree);
    rendered(&mut render, Path::new("/dev/null"));
    let mut theirs = Command::new(kubectl);
    theirs.arg("kustomize").arg(&tree);
    Some(theirs)
}

/// Against `kubectl kustomize`, which only has to read, sort and print what has been rendered already.
fn kustomize(services: usize, scratch: &Path) {
    let Some(theirs) = kustomized(services, scratch) else { return };
    let description = described(services, scratch);
    contest("`kubectl kustomize`", services, &description, theirs, scratch, |text| {
        text.lines().filter(|line| line.starts_with("kind: ")).count()
    });
}

/// Against jrsonnet, which builds the objects from their number and need not read a description.
fn jsonnet(services: usize, scratch: &Path) {
    let Some(jrsonnet) = peer("JRSONNET", "jrsonnet") else { return };
    let (description, rest) = (described(services, scratch), scratch.join("rest.json"));
    let one = described(1, scratch);
    rendered(Command::new(PROGRAM).args(["render", "--format", "json", "--file"]).arg(one), &rest);
    leave_services_out(&rest);
    let mut theirs = Command::new(jrsonnet);
    theirs.arg("--tla-code").arg(format!("services={services}"));
    theirs.arg("--tla-code-file").arg(format!("rest={}", rest.display())).arg(JSONNET);
    contest("jrsonnet", services, &description, theirs, scratch, |text| {
        serde_json::from_str::<Vec<Value>>(text).expect("jrsonnet prints a list").len()
    });
}

/// Takes the objects of the one service out of a rendered list.
fn leave_services_out(list: &Path) {
    let text = fs::read_to_string(list).expect("it was rendered");
    let mut all: Value = serde_json::from_str(&text).expect("the program prints JSON");
    let team = Value::from(describe::only_team());
    let items = all["items"].as_array_mut().expect("the program prints a list");
    items.retain(|item| item["metadata"]["namespace"] != team && item["metadata"]["name"] != team);
    fs::write(list, all.to_string()).expect("there is room for the list");
}

/// Races `theirs` against rendering `description` and prints a row of the table.
fn contest(
    name: &str,
    services: usize,
    description: &Path,
    mut theirs: Command,
    scratch: &Path,
    count: impl Fn(&str) -> usize,
) {
    let text = |command: &mut Command| {
        let printed = scratch.join("printed");
        rendered(command, &printed);
        fs::read_to_string(printed).expect("every peer prints text")
    };
    let mut ours = Command::new(PROGRAM);
    ours.args(["render", "--file"]).arg(description);
    let own = text(&mut ours).lines().filter(|line| *line == "---").count();
    let other = count(&text(&mut theirs));
    let [ours, theirs] = race([ours, theirs], RACE_ROUNDS);
    eprintln!("{name} {services}: CPU {:.1?} against {:.1?}", theirs.cpu, ours.cpu);
    println!(
        "| {name} | {services} | {own} ({other}) | {:.0} | {:.0} |",
        ratio(theirs.cpu, ours.cpu),
        ratio(theirs.time, ours.time),
    );
}

fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes).expect("no binary reaches 4 GB")) / 1e6
}
