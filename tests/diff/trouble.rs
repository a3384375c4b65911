//! What is no difference but trouble, and who may write.

use std::fs;
use std::process::Command;

use crate::workshop::{change, run, stdout, workshop};

#[test]
fn only_its_owner_writes_and_not_in_ci() {
    let dir = workshop();
    change(dir.path(), "acme/api:1.4.2", "acme/api:1.5.0");
    let in_ci = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_platformgen"))
            .args(arguments)
            .current_dir(dir.path())
            .env("CI", "true")
            .output()
            .expect("the program runs")
    };
    for refused in [&["diff", "--accept"][..], &["render", "-o", "golden"], &["diff", "missing", "--accept"]] {
        let output = in_ci(refused);
        assert_eq!(output.status.code(), Some(2), "{refused:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("--force"), "{refused:?}");
        assert_eq!(run(dir.path(), &["diff"]).status.code(), Some(1), "nothing was written");
        assert!(!dir.path().join("missing").exists(), "nothing was written");
    }
    assert!(in_ci(&["render", "-o", "fresh"]).status.success(), "a new directory hides nothing");
    fs::create_dir(dir.path().join("empty")).expect("there is room");
    assert!(in_ci(&["render", "-o", "empty"]).status.success(), "an empty directory hides nothing");
    let forced = in_ci(&["diff", "--accept", "--force"]);
    assert!(forced.status.success());
    assert!(String::from_utf8_lossy(&forced.stderr).contains("~ production/api.yaml"), "says what it wrote");
    assert_eq!(run(dir.path(), &["diff"]).status.code(), Some(0));
}

/// Each of these is said with its place, and nothing is compared or written.
#[test]
fn a_golden_tree_that_nobody_could_have_written_is_trouble() {
    let dir = workshop();
    let place = dir.path().join("golden/production/api.yaml");
    let good = fs::read_to_string(&place).expect("it was rendered");
    let crlf = good.replace('\n', "\r\n");
    let twice = format!("{good}{good}");
    let double = good.replacen("\nkind: ", "\nkind: Pod\nkind: ", 1);
    let anchor = good.replacen("metadata:\n", "metadata: &a\n", 1);
    let mark = format!("\u{feff}{good}");
    let tab = good.replacen("  name:", "\tname:", 1);
    let bare = format!("{good}---\njust text\n");
    for (bytes, words) in [
        (crlf.as_bytes(), "Windows line ending"),
        (twice.as_bytes(), "a second time"),
        (double.as_bytes(), "stands twice"),
        (anchor.as_bytes(), "anchor"),
        (mark.as_bytes(), "byte order mark"),
        (tab.as_bytes(), "not YAML"),
        (bare.as_bytes(), "no Kubernetes object"),
        (b"a: [\n".as_slice(), "not YAML"),
        (b"a: \xff\n".as_slice(), "not UTF-8"),
    ] {
        fs::write(&place, bytes).expect("there is room");
        let output = run(dir.path(), &["diff"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{words}: {told}");
        assert!(told.contains(words) && told.contains("golden/production/api.yaml:"), "{words}: {told}");
    }
    fs::remove_file(&place).expect("it is there");
    std::os::unix::fs::symlink("/etc/passwd", &place).expect("links can be made");
    let output = run(dir.path(), &["diff"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("symbolic link"));
}

/// Nobody reads such a file, and so does the program: neither of a tree, nor by itself, nor from a pipe.
#[test]
fn a_file_that_is_too_large_is_trouble_and_is_not_read() {
    let dir = workshop();
    let place = dir.path().join("golden/production/api.yaml");
    // it takes no room on the disk
    fs::File::create(&place).expect("there is room").set_len(100 << 20).expect("there is room");
    for arguments in [&["diff"][..], &["diff", "golden", "golden"], &["diff", "golden/production/api.yaml"]] {
        let output = run(dir.path(), arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{arguments:?}: {told}");
        assert_eq!(told, "error: golden/production/api.yaml is larger than 64 MiB, which no file of manifests is\n");
    }
    let piped = Command::new(env!("CARGO_BIN_EXE_platformgen"))
        .args(["diff", "-"])
        .current_dir(dir.path())
        .stdin(fs::File::open(&place).expect("it was written"))
        .output()
        .expect("the program runs");
    assert_eq!(piped.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&piped.stderr).contains("<stdin> is larger than 64 MiB"));
    // what is no manifest is an orphan, however large
    fs::rename(&place, dir.path().join("golden/large.bin")).expect("it was written");
    assert_eq!(stdout(&run(dir.path(), &["diff", "--name-only"])), "large.bin\nproduction/api.yaml\n");
}
