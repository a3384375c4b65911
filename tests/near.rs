//! Near misses: what a case holds is silent, and one step away from it is not.
//!
//! A case may have a file `near`. Each of its paragraphs is a step: a code, with a part of the message after a colon; then
//! lines with `-` in front, which stand in the inputs of the case exactly once; then lines with `+`, which take their
//! place. `<a*3>` is `aaa`.
#![allow(clippy::panic, reason = "a test fails by panicking")]

#[path = "support/sentences.rs"]
mod sentences;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::thread;

use platformgen::diagnostics::codes;

/// Files of a case that are no inputs.
const OWN: &[&str] = &["code", "command", "near", "stderr", "stdout"];

/// What no check says: whence a Secret comes, of which only the list of all Secrets tells, and never of these.
const UNSAID: &[&str] = &["a Secret that stands here", "several entries"];

/// One change of a case, and what it is to bring about.
#[derive(Debug)]
struct Step {
    case: PathBuf,
    code: String,
    message: String,
    old: String,
    new: String,
}

/// What the program says once every step has been taken, in the order of the steps.
static TAKEN: LazyLock<Vec<(Step, String)>> = LazyLock::new(|| {
    let steps: Vec<Step> = cases().iter().flat_map(|case| steps(case)).collect();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let said: Vec<String> = thread::scope(|scope| {
        let take = |part: &'_ [Step]| part.iter().map(Step::take).collect::<Vec<_>>();
        let running: Vec<_> =
            steps.chunks(steps.len().div_ceil(threads)).map(|part| scope.spawn(move || take(part))).collect();
        running.into_iter().flat_map(|part| part.join().expect("no step panics")).collect()
    });
    steps.into_iter().zip(said).collect()
});

fn cases() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let cases = fs::read_dir(folder).expect("tests/cases exists");
    let mut cases: Vec<PathBuf> = cases.map(|entry| entry.expect("it can be listed").path()).collect();
    cases.sort();
    cases
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn steps(case: &Path) -> Vec<Step> {
    let text = read(&case.join("near"));
    let step = |paragraph: &str| {
        let (head, lines) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        let (code, message) = head.split_once(": ").unwrap_or((head, ""));
        let with = |mark: &str| {
            let own = lines.lines().filter_map(|line| line.strip_prefix(mark)).map(|line| line.strip_prefix(' '));
            own.map(Option::unwrap_or_default).collect::<Vec<_>>().join("\n")
        };
        let (code, message) = (code.to_owned(), message.to_owned());
        Step { case: case.to_owned(), code, message, old: with("-"), new: repeated(&with("+")) }
    };
    text.split("\n\n").map(str::trim_end).filter(|paragraph| !paragraph.is_empty()).map(step).collect()
}

/// A text with what is to be repeated repeated.
fn repeated(text: &str) -> String {
    let read = || {
        let (before, rest) = text.split_once('<')?;
        let (inner, after) = rest.split_once('>')?;
        let (what, count) = inner.rsplit_once('*')?;
        Some(format!("{before}{}{after}", what.repeat(count.parse().ok()?)))
    };
    read().unwrap_or_else(|| text.to_owned())
}

impl Step {
    /// What the program says of the case with this change.
    fn take(&self) -> String {
        let folder = tempfile::tempdir().expect("there is room for a case");
        let mut found = 0;
        copy(&self.case, folder.path(), &mut |text| {
            found += text.matches(&self.old).count();
            text.replacen(&self.old, &self.new, 1)
        });
        if self.old.is_empty() || found != 1 {
            return format!("what is to be replaced stands there {found} times");
        }
        said(&self.case, folder.path())
    }

    fn is_told(&self, said: &str) -> bool {
        said.lines().any(|line| names(line, &self.code) && line.contains(&self.message))
    }
}

/// Whether a line of any format tells of a code.
fn names(line: &str, code: &str) -> bool {
    [format!("[{code}]"), format!(": {code}: ")].iter().any(|mark| line.contains(mark))
}

fn copy(from: &Path, to: &Path, change: &mut impl FnMut(&str) -> String) {
    for entry in fs::read_dir(from).expect("a case can be listed") {
        let path = entry.expect("it can be listed").path();
        let name = path.file_name().expect("it has a name");
        if path.is_dir() {
            fs::create_dir(to.join(name)).expect("there is room");
            copy(&path, &to.join(name), change);
        } else if !OWN.iter().any(|own| name == *own) {
            fs::write(to.join(name), change(&read(&path))).expect("there is room");
        }
    }
}

/// What the program says of a case at length, also where the case asks for the short form.
fn said(case: &Path, folder: &Path) -> String {
    let command = read(&case.join("command"));
    let arguments = command.lines().map(|line| if line == "short" { "human" } else { line });
    let stdin = fs::File::open(folder.join("stdin")).map_or_else(|_| Stdio::null(), Stdio::from);
    let output = Command::new(env!("CARGO_BIN_EXE_platformgen"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .stdin(stdin)
        .output()
        .expect("the program runs");
    [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat()
}

#[test]
fn every_step_is_told_and_what_it_starts_from_is_not() {
    let mut wrong = Vec::new();
    for (step, said) in TAKEN.iter() {
        let before = ["stdout", "stderr"].map(|name| read(&step.case.join(name))).concat();
        let is_silent = !before.lines().any(|line| names(line, &step.code) && line.contains(&step.message));
        if !is_silent || !step.is_told(said) {
            let Step { case, code, message, old, .. } = step;
            let said: String = said.chars().take(2000).collect();
            let step = format!("{}: {code}: {message}\n- {old}", case.display());
            wrong.push(format!("{step}\nsilent before: {is_silent}; afterwards:\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} steps:\n{}", wrong.len(), TAKEN.len(), wrong.join("\n"));
}

#[test]
fn every_code_has_a_step() {
    let have: BTreeSet<&str> = TAKEN.iter().map(|(step, _)| step.code.as_str()).collect();
    let missing: Vec<&str> = codes::ALL.iter().map(|(code, _)| *code).filter(|code| !have.contains(code)).collect();
    assert!(missing.is_empty(), "no case has a file `near` with a step to {missing:?}");
}

#[test]
fn every_sentence_of_a_check_is_shown() {
    let mut shown: String = TAKEN.iter().map(|(_, said)| said.as_str()).collect();
    for case in cases() {
        let is_short = read(&case.join("command")).lines().any(|line| line == "short");
        // the short form leaves out what helps
        let told = if is_short { said(&case, &case) } else { String::new() };
        shown.extend(["stdout", "stderr"].map(|name| read(&case.join(name))));
        shown.push_str(&told);
    }
    let sources = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/validate");
    let lines: Vec<&str> = shown.lines().chain(UNSAID.iter().copied()).collect();
    let unshown: Vec<String> = sentences::of(&sources)
        .into_iter()
        .filter(|sentence| !lines.iter().any(|line| sentence.is_in(line)))
        .map(|sentence| format!("{}: {}", sentence.file, sentence.text))
        .collect();
    assert!(unshown.is_empty(), "no case shows these {}:\n{}", unshown.len(), unshown.join("\n"));
}
