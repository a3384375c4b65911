//! What nobody would write: files with odd names, files of nothing but mistakes, manifests that somebody has shaken.
//!
//! `PLATFORMGEN_ROUNDS=100000 cargo test --test hostile` shakes longer, where there is no cargo-fuzz.
#![allow(clippy::panic, reason = "a test fails by panicking")]

#[path = "../fuzz/bodies/manifests.rs"]
mod body;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use platformgen::diagnostics::report::MOST;
use serde_json::Value as Json;

/// A pod whose field nobody knows.
const WRONG: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a, nmae: b}\nspec: {containers: [{name: a, image: a:1}]}\n";

/// Names that mean something to URIs, to workflow commands, to XML, to a shell or to a terminal.
const ODD: &[&str] = &[
    "a b.yaml",
    "50%41.yaml",
    "#1?a=b.yaml",
    "c:d,e::f.yaml",
    "new\nline\r.yaml",
    "<&\"'>.yaml",
    "日本\u{202e}.yaml",
    "-.yaml",
    "in/a..b/~.yaml",
];

fn said(dir: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_platformgen"));
    command
        .args(["validate", "--checks", "decode"])
        .args(arguments)
        .current_dir(dir)
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    let output = command.output().expect("the program runs");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("findings are text")
}

/// A directory with a mistake in every odd file, and the names of the files as they are given to the program.
fn odd() -> (tempfile::TempDir, Vec<String>) {
    let dir = tempfile::tempdir().expect("there is room");
    for (number, name) in ODD.iter().enumerate() {
        let place = dir.path().join("odd").join(name);
        fs::create_dir_all(place.parent().expect("it has a directory")).expect("there is room");
        fs::write(place, WRONG.replace("{name: a, nmae", &format!("{{name: a{number}, nmae"))).expect("there is room");
    }
    let mut names: Vec<String> = ODD.iter().map(|name| format!("odd/{name}")).collect();
    names.sort();
    (dir, names)
}

/// A text without the escapes that begin with this mark; `None` where a byte stands there that must be escaped.
fn unescaped(text: &str, mark: &str, must: &[char]) -> Option<String> {
    let mut parts = text.split(mark);
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(part.get(2..)?.bytes());
    }
    let plain = text.replace(mark, "");
    (!plain.contains(must)).then(|| String::from_utf8(bytes).ok())?
}

#[test]
fn places_in_sarif_are_uris() {
    let (dir, names) = odd();
    let uris = |place: &str| -> Vec<String> {
        let told: Json = serde_json::from_str(&said(dir.path(), &["--format", "sarif", place])).expect("it is JSON");
        let results = told["runs"][0]["results"].as_array().expect("it has results").clone();
        let uri = |result: &Json| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone();
        results.iter().map(|result| uri(result).as_str().expect("it is text").to_owned()).collect()
    };
    let is_plain = |uri: &String| uri.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte));
    let mut read: Vec<String> = uris("odd").iter().filter_map(|uri| unescaped(uri, "%", &[' ', ':'])).collect();
    assert!(uris("odd").iter().all(is_plain), "{:?}", uris("odd"));
    read.sort();
    assert_eq!(read, names);
    let absolute = dir.path().join("odd/a b.yaml").display().to_string();
    assert_eq!(uris(&absolute), [format!("file://{}", absolute.replace(' ', "%20"))]);
    assert_eq!(uris("odd/../odd/-.yaml"), ["odd/../odd/-.yaml"]);
}

#[test]
fn places_in_workflow_commands_are_one_property() {
    let (dir, names) = odd();
    let told = said(dir.path(), &["--format", "github", "odd"]);
    let mut read: Vec<String> = Vec::new();
    for line in told.lines() {
        let (properties, _) = line.strip_prefix("::error ").expect("a command").split_once("::").expect("a message");
        let file = properties.split(',').find_map(|property| property.strip_prefix("file=")).expect("a file");
        read.push(unescaped(file, "%", &['\r', '\n', ':', ',']).expect("it is escaped"));
    }
    read.sort();
    assert_eq!(read, names);
}

#[test]
fn places_in_other_formats_are_whole() {
    let (dir, names) = odd();
    let told: Json = serde_json::from_str(&said(dir.path(), &["--format", "json", "odd"])).expect("it is JSON");
    let findings = told["findings"].as_array().expect("it has findings").clone();
    let mut read: Vec<&str> = findings.iter().filter_map(|found| found["file"].as_str()).collect();
    read.sort_unstable();
    assert_eq!(read, names);

    let told = said(dir.path(), &["--format", "junit", "odd"]);
    let lines = told.lines().filter(|line| line.contains("classname=\"decode\""));
    let attribute =
        |line: &str| line.split_once(" name=\"").and_then(|(_, rest)| Some(rest.split_once('"')?.0.to_owned()));
    let mut read: Vec<String> = lines.filter_map(attribute).collect();
    for (escape, letter) in [("&#10;", "\n"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
        read = read.iter().map(|name| name.replace(escape, letter)).collect();
    }
    read.sort();
    let shown = |name: &String| name.replace(['\r', '\u{202e}'], "\u{fffd}");
    assert_eq!(read, names.iter().map(shown).collect::<Vec<_>>());

    for format in ["human", "short"] {
        let told = said(dir.path(), &["--format", format, "odd"]);
        assert!(!told.contains(['\r', '\u{202e}']) && !told.lines().any(|line| line.starts_with("line")), "{told}");
    }
}

#[test]
fn of_very_many_mistakes_the_number_is_told() {
    let dir = tempfile::tempdir().expect("there is room");
    let many = 5 * MOST;
    fs::write(dir.path().join("keys.yaml"), format!("{WRONG}{}", "a: b\n".repeat(many))).expect("there is room");
    let line = format!("{WRONG}---\n{{{} kind: Pod}}", "a: b, ".repeat(many));
    fs::write(dir.path().join("line.yaml"), line).expect("there is room");
    for format in ["human", "short", "json", "sarif", "github", "junit"] {
        for file in ["keys.yaml", "line.yaml"] {
            let told = said(dir.path(), &["--format", format, file]);
            let left = format!("{} more of `manifest` are not shown, of which this is the first", many - 1 - MOST);
            assert_eq!(told.matches(&left).count(), 1, "{format} of {file}");
            assert!(told.lines().count() < 100 * MOST && told.len() < 5000 * MOST, "{format} of {file}");
        }
    }
    let told: Json = serde_json::from_str(&said(dir.path(), &["--format", "json", "keys.yaml"])).expect("it is JSON");
    assert!(told["errors"].as_u64() > u64::try_from(many).ok(), "those are counted that are not shown");
}

/// Numbers without a pattern, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).map_or(0, |number| number % end.max(1))
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// A place between two letters.
    fn place(&mut self, text: &str) -> usize {
        text.floor_char_boundary(self.below(text.len() + 1))
    }
}

/// What means something to a reader, or to a check.
const BITS: &[&str] = &[
    "",
    " ",
    "\n",
    "\n  ",
    "\t",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "<<: *a",
    "---\n",
    "...\n",
    "|\n",
    "!!str ",
    "#",
    "\"",
    "'",
    "~",
    "null",
    "true",
    "-1",
    "0",
    "70000",
    "1e999",
    "9223372036854775808",
    "0.1m",
    "10Ei",
    "-5%",
    "101%",
    "*",
    "**",
    "$(A)",
    "{{",
    "}}",
    "${",
    "\\",
    "\u{0}",
    "\u{feff}",
    "日本",
    "😀",
    "10.0.0.0/33",
    "::/0",
    "1.2.3.4",
    "@sha256:",
    "* * * * *",
    "a=b,!c",
    "In",
    "Exists",
    "kind: List\nitems:\n",
    "kind: Secret",
    "apiVersion: v1\n",
    "namespace: default",
    "prometheus.yml: |\n",
    "rate(a[1m])",
    "self.a == 1",
];

/// A text of which a few bits are lost, doubled, moved or strange.
fn shaken(dice: &mut Dice, texts: &[&str]) -> String {
    let mut text = dice.pick(texts).to_owned();
    for _ in 0..=dice.below(4) {
        let (one, two) = (dice.place(&text), dice.place(&text));
        let near = text.floor_char_boundary(one + dice.below(40).min(text.len() - one));
        match dice.below(6) {
            0 => text.replace_range(one..near, ""),
            1 => {
                let again = text[one..near].to_owned();
                text.insert_str(two, &again);
            }
            2 => text.replace_range(one..near, dice.pick(BITS)),
            3 => text.insert_str(one, dice.pick(BITS)),
            4 => {
                let other = dice.pick(texts);
                let from = dice.place(other);
                let to = other.floor_char_boundary((from + dice.below(200)).min(other.len()));
                text.insert_str(one, &other[from..to]);
            }
            // a line of its own takes the place of another, so that the result is mostly well formed
            _ => {
                let mut lines: Vec<&str> = text.lines().collect();
                let (one, two) = (dice.below(lines.len()), dice.below(lines.len()));
                if !lines.is_empty() {
                    lines[one] = lines[two];
                }
                text = lines.join("\n");
            }
        }
    }
    text
}

fn texts(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("it can be listed") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            texts(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.extend(fs::read_to_string(&path));
        }
    }
}

#[test]
fn whatever_is_shaken_is_judged() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    texts(&root.join("golden"), &mut found);
    texts(&root.join("tests/cases"), &mut found);
    // objects as they stand in files: whole files would be shaken at too few places
    let mut objects: Vec<&str> = found.iter().flat_map(|text| text.split("\n---\n")).collect();
    objects.sort_unstable();
    assert!(objects.len() > 300);
    let told = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let rounds = told("PLATFORMGEN_ROUNDS").unwrap_or(150);
    let mut dice = Dice(told("PLATFORMGEN_SEED").unwrap_or(0x9e37_79b9_7f4a_7c15));
    for round in 0..rounds {
        let text = shaken(&mut dice, &objects);
        let judged = catch_unwind(|| drop(body::judge(&text)));
        assert!(judged.is_ok(), "round {round}:\n{text}");
    }
}
