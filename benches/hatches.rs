//! How what somebody wrote grows: manifests of one's own with the number of their objects, patches with theirs, environments
//! with theirs.
//!
//! Prints Markdown and asserts nothing. A platform with so many objects, and one without them, take turns; what lies between
//! them is the cost. Objects are Deployments of some 35 lines, ten to a file; each patch changes one of them. Of environments,
//! one run that writes all of them takes turns with one run for each.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the tables are what a bench is for")]

#[allow(dead_code, reason = "nothing is taken apart here")]
#[path = "support/describe.rs"]
mod describe;
#[path = "support/measure.rs"]
mod measure;
#[allow(dead_code, reason = "there is no peer")]
#[path = "support/race.rs"]
mod race;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use measure::ratio;
use race::race;

const PROGRAM: &str = env!("CARGO_BIN_EXE_platformgen");
const SIZES: [usize; 3] = [100, 1_000, 10_000];
const ENVIRONMENTS: [usize; 3] = [1, 4, 16];
/// Services of a platform with environments.
const SERVICES: usize = 200;
const ROUNDS: usize = 5;
/// Objects of one file.
const TOGETHER: usize = 10;

const HEAD: &str = r#"version = 1
platform = { name = "shop", domain = "example.com" }
cluster = { api-server = { cidrs = ["10.0.0.10/32"], ports = [443] } }
secrets = { backend = "existing" }
namespaces.apps = {}
"#;

fn main() {
    let scratch = tempfile::tempdir().expect("there is room for the inputs");
    let rows = SIZES.map(|count| {
        let place = scratch.path().join(count.to_string());
        let [bare, manifests, patched] =
            race(["bare", "manifests", "patched"].map(|name| render(&place, name, count)), ROUNDS);
        (count, manifests.cpu.saturating_sub(bare.cpu), patched.cpu.saturating_sub(manifests.cpu))
    });
    println!("| objects | CPU time of an object, of 100 = 1 | CPU time of a patch, of 100 = 1 |");
    println!("|---:|---:|---:|");
    let each = |cpu: Duration, count: usize| cpu / u32::try_from(count).expect("counts are small");
    let (first, manifest, patch) = rows[0];
    for (count, manifests, patches) in rows {
        eprintln!("{count}: {:.1?} an object, {:.1?} a patch", each(manifests, count), each(patches, count));
        println!(
            "| {count} | {:.2} | {:.2} |",
            ratio(each(manifests, count), each(manifest, first)),
            ratio(each(patches, count), each(patch, first)),
        );
    }
    println!("\n| environments | CPU time of all at once, of one render for each = 1 |\n|---:|---:|");
    for count in ENVIRONMENTS {
        let [all, each] = race(environments(&scratch.path().join(format!("e{count}")), count), ROUNDS);
        eprintln!("{count} environments: {:.1?} at once, {:.1?} one by one", all.cpu, each.cpu);
        println!("| {count} | {:.2} |", ratio(all.cpu, each.cpu));
    }
}

/// All environments of a description at once, and one after the other.
fn environments(place: &Path, count: usize) -> [Command; 2] {
    fs::create_dir_all(place).expect("there is room");
    let path = place.join("platform.toml");
    let mut text = describe::description(SERVICES);
    for at in 0..count {
        let _ = writeln!(text, "[environments.e{at}]\nplatform = {{ domain = \"e{at}.example.com\" }}");
    }
    fs::write(&path, text).expect("there is room");
    let write = |script: &str, to: &str| {
        let mut command = Command::new("sh");
        command.args(["-ec", script]).env("PROGRAM", PROGRAM).env("FILE", &path).env("TO", place.join(to));
        command
    };
    let names: Vec<String> = (0..count).map(|at| format!("e{at}")).collect();
    let each = format!(
        "\"$PROGRAM\" render --force -f \"$FILE\" -o \"$TO/base\"\nfor name in {}; do \
         \"$PROGRAM\" render --force -f \"$FILE\" --environment $name -o \"$TO/$name\"; done",
        names.join(" ")
    );
    let all = "\"$PROGRAM\" render --force -f \"$FILE\" --all-environments -o \"$TO\"";
    [write(all, "all"), write(&each, "each")]
}

/// Renders a description that lies in a directory with so many objects.
fn render(place: &Path, name: &str, count: usize) -> Command {
    fs::create_dir_all(place.join("manifests")).expect("there is room");
    let mut text = HEAD.to_owned();
    if name != "bare" {
        write_manifests(place, count);
        text += "[[manifests]]\nfiles = \"manifests/*.yaml\"\n";
    }
    if name == "patched" {
        for at in 0..count {
            let _ = writeln!(
                text,
                "[[patches]]\ntarget = {{ kind = \"Deployment\", namespace = \"apps\", name = \"raw-{at:05}\" }}\n\
                 merge = {{ metadata = {{ annotations = {{ \"example.com/owner\" = \"team-{at}\" }} }} }}\nreason = \"of a bench\""
            );
        }
    }
    let path: PathBuf = place.join(format!("{name}.toml"));
    fs::write(&path, text).expect("there is room");
    let mut command = Command::new(PROGRAM);
    command.args(["render", "--file"]).arg(path);
    command
}

fn write_manifests(place: &Path, count: usize) {
    for file in 0..count.div_ceil(TOGETHER) {
        let objects = (file * TOGETHER..count.min((file + 1) * TOGETHER)).map(object);
        fs::write(place.join(format!("manifests/{file:05}.yaml")), objects.collect::<String>()).expect("there is room");
    }
}

fn object(at: usize) -> String {
    format!(
        r"---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: raw-{at:05}
  namespace: apps
  labels:
    app: raw-{at:05}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: raw-{at:05}
  template:
    metadata:
      labels:
        app: raw-{at:05}
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      containers:
      - name: main
        image: registry.example.com/shop/raw:1.{at}.0
        ports:
        - name: http
          containerPort: 8080
        resources:
          requests: {{cpu: 50m, memory: 64Mi}}
          limits: {{cpu: 200m, memory: 128Mi}}
        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop: [ALL]
"
    )
}
