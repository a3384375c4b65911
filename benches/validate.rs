//! What it costs to validate: the flagship and generated services next to rendering them, and a file of manifests next to
//! kubeconform, the fastest validator by schema that we know.
//!
//! Prints Markdown and asserts nothing. kubeconform is looked up in PATH, or as `KUBECONFORM` names it; it needs a
//! directory of schemas, `KUBECONFORM_SCHEMAS`, in files such as `deployment-apps-v1.json`. It is left out if one is not
//! there. All take turns in one run; the median of the times and the least CPU time count.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the tables are what a bench is for")]

#[allow(dead_code, reason = "nothing is taken apart here")]
#[path = "support/describe.rs"]
mod describe;
#[path = "support/measure.rs"]
mod measure;
#[path = "support/race.rs"]
mod race;

use std::path::Path;
use std::process::Command;

use measure::ratio;
use race::{described, peer, race, rendered};

const PROGRAM: &str = env!("CARGO_BIN_EXE_platformgen");
const FLAGSHIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/platform.toml");

/// Services whose objects are about 14,000.
const MANY: usize = 1_650;

fn main() {
    let scratch = tempfile::tempdir().expect("there is room for the inputs");
    println!("| what | next to | its time | its CPU time |");
    println!("|---|---|---:|---:|");
    beside_rendering("the flagship", Path::new(FLAGSHIP), 30);
    for services in [10, 100, MANY] {
        beside_rendering(&format!("{services} services"), &described(services, scratch.path()), 5);
    }
    beside_schemas(scratch.path());
}

/// Validating a description next to rendering it.
fn beside_rendering(name: &str, description: &Path, rounds: usize) {
    let on = |command: &str| {
        let mut program = Command::new(PROGRAM);
        program.args([command, "--file"]).arg(description);
        program
    };
    let [ours, render] = race([on("validate"), on("render")], rounds);
    eprintln!("{name}: {:.1?} against {:.1?}, CPU {:.1?} against {:.1?}", ours.time, render.time, ours.cpu, render.cpu);
    println!("| {name} | rendering | {:.1} | {:.1} |", ratio(ours.time, render.time), ratio(ours.cpu, render.cpu));
}

/// Validating many manifests that are known to be well formed, next to kubeconform.
fn beside_schemas(scratch: &Path) {
    let (Some(kubeconform), Ok(schemas)) = (peer("KUBECONFORM", "kubeconform"), std::env::var("KUBECONFORM_SCHEMAS"))
    else {
        return;
    };
    let manifests = scratch.join("manifests.yaml");
    rendered(Command::new(PROGRAM).args(["render", "--file"]).arg(described(MANY, scratch)), &manifests);
    let mut theirs = Command::new(kubeconform);
    theirs.args(["-strict", "-ignore-missing-schemas", "-schema-location"]);
    theirs.arg(format!("{schemas}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json")).arg(&manifests);
    let on = |arguments: &[&str]| {
        let mut program = Command::new(PROGRAM);
        program.arg("validate").args(arguments).arg(&manifests);
        program
    };
    let [shapes, all, theirs] = race([on(&["--checks", "decode"]), on(&[]), theirs], 5);
    for (name, ours) in [("shapes of manifests", shapes), ("manifests", all)] {
        eprintln!("{name}: CPU {:.1?} against {:.1?}", ours.cpu, theirs.cpu);
        let (time, cpu) = (ratio(ours.time, theirs.time), ratio(ours.cpu, theirs.cpu));
        println!("| {name} | kubeconform | {time:.2} | {cpu:.2} |");
    }
}
