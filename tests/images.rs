//! `platformgen.lock`: what is listed is pinned, in every place at which the flagship names an image.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

#[path = "support/flagship.rs"]
mod flagship;

/// A directory with the flagship and all that lies beside it.
fn workshop() -> TempDir {
    let place = tempfile::tempdir().expect("there is room");
    flagship::lay_out(place.path());
    place
}

fn run(place: &TempDir, arguments: &[&str], stdin: &str, is_ci: bool) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_platformgen"));
    command.args(arguments).current_dir(place.path()).env_remove("CI").stdin(Stdio::piped()).stdout(Stdio::piped());
    if is_ci {
        command.env("CI", "true");
    }
    let mut child = command.stderr(Stdio::piped()).spawn().expect("the program runs");
    // a program that fails early reads nothing
    let _ = child.stdin.take().expect("it is piped").write_all(stdin.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// Every image of the base and of an environment, as `images` lists them: name with tag, digest.
fn images(place: &TempDir, environment: &[&str]) -> Vec<(String, Option<String>)> {
    let (code, stdout, stderr) = run(place, &[&["images", "--format", "json"], environment].concat(), "", false);
    assert_eq!(code, 0, "{stderr}");
    let list: Value = serde_json::from_str(&stdout).expect("it is JSON");
    let text = |image: &Value, key: &str| image[key].as_str().map(str::to_owned);
    let one = |image: &Value| {
        let (name, tag) = (text(image, "name").expect("a name"), text(image, "tag").expect("a tag"));
        (format!("{name}:{tag}"), text(image, "digest"))
    };
    list["images"].as_array().expect("a list").iter().map(one).collect()
}

fn all(place: &TempDir) -> Vec<(String, Option<String>)> {
    [images(place, &[]), images(place, &["--environment", "staging"])].concat()
}

/// A list with a digest for every image, each another one.
fn list(images: &[(String, Option<String>)], digit: char) -> String {
    let line = |(at, (image, _)): (usize, &(String, Option<String>))| {
        format!("{image} sha256:{at:02}{}\n", digit.to_string().repeat(62))
    };
    let mut images: Vec<_> = images.to_vec();
    images.sort();
    images.dedup();
    images.iter().enumerate().map(line).collect()
}

fn lock(place: &TempDir) -> String {
    fs::read_to_string(place.path().join("platformgen.lock")).unwrap_or_default()
}

#[test]
fn what_is_listed_is_pinned_everywhere_and_nothing_else_changes() {
    let place = workshop();
    let unpinned = all(&place);
    assert!(unpinned.iter().any(|(_, digest)| digest.is_none()), "there is something to pin");
    let (_, plain, _) = run(&place, &["render"], "", false);
    let (code, _, stderr) = run(&place, &["render", "--locked"], "", false);
    assert_eq!(code, 2, "nothing is pinned yet: {stderr}");

    let (code, _, stderr) = run(&place, &["lock", "--from", "-"], &list(&unpinned, 'a'), false);
    assert_eq!(code, 0, "{stderr}");
    assert!(all(&place).iter().all(|(_, digest)| digest.is_some()), "{:?}", all(&place));
    for environment in [&[][..], &["--environment", "staging"]] {
        let (code, _, stderr) = run(&place, &[&["render", "--locked"], environment].concat(), "", false);
        assert_eq!((code, stderr.as_str()), (0, ""));
    }
    // whatever differs is a digest behind an image
    let (_, pinned, _) = run(&place, &["render"], "", false);
    let text = lock(&place);
    let digests: Vec<&str> = text.split('"').filter(|word| word.starts_with("sha256:")).collect();
    let stripped = digests.iter().fold(pinned, |text, digest| text.replace(&format!("@{digest}"), ""));
    assert_eq!(stripped, plain);
}

#[test]
fn a_lock_is_sorted_tidied_and_replaced_as_a_whole() {
    let place = workshop();
    let list = list(&all(&place), 'a');
    fs::write(place.path().join("list"), &list).expect("there is room");
    assert_eq!(run(&place, &["lock", "--from", "list"], "", true).0, 0, "a new file hides nothing");
    let first = lock(&place);
    let references: Vec<&str> = first.lines().filter(|line| line.starts_with("reference")).collect();
    assert!(references.len() > 8 && references.is_sorted(), "{first}");

    let changed = list.replacen("sha256:00aaaa", "sha256:00bbbb", 1);
    assert_ne!(changed, list);
    let (code, _, stderr) = run(&place, &["lock", "--from", "-"], &changed, true);
    assert_eq!((code, lock(&place) == first), (2, true), "in a build: {stderr}");
    let reversed = changed.lines().rev().collect::<Vec<_>>().join("\n");
    let (_, _, stderr) = run(&place, &["lock", "--from", "-"], &reversed, false);
    assert!(stderr.ends_with(" images: 1 changed\n"), "{stderr}");
    assert_eq!(lock(&place).lines().filter(|line| !first.lines().any(|known| known == *line)).count(), 1);

    // an image is gone, and another is not listed
    let path = place.path().join("platform.toml");
    let text = fs::read_to_string(&path).expect("it is there");
    fs::write(&path, text.replace("acme/image:0.9.3", "acme/image:0.9.4")).expect("there is room");
    let (code, _, stderr) = run(&place, &["render"], "", false);
    assert!(code == 0 && stderr.contains("unused-pin") && stderr.contains("acme/image:0.9.3"), "{stderr}");
    let (code, _, stderr) = run(&place, &["lock"], "", false);
    assert!(code == 2 && stderr.ends_with("of 1 image:\n  registry.example.com/acme/image:0.9.4\n"), "{stderr}");
    let other = "registry.example.com/acme/image:0.9.4 sha256:".to_owned() + &"c".repeat(64);
    let (_, _, stderr) = run(&place, &["lock", "--from", "-"], &other, false);
    assert!(stderr.ends_with(" images: 1 new, 1 gone\n"), "{stderr}");
    let files: Vec<_> =
        fs::read_dir(place.path()).expect("it is there").map(|entry| entry.expect("it is").file_name()).collect();
    assert_eq!(files.len(), 5, "no draft stays: {files:?}");
}
