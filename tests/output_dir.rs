//! Every promise of `render -o DIR`, on real file systems. Nothing here depends on file modes, as root ignores them:
//! what has to fail, fails for everyone.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a scratch directory that cannot be made or read is the end of a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use platformgen::commands::output::staging::{self, Action, Change, Staging};
use platformgen::commands::output::{Written, listing, write_directory};
use platformgen::model::tree::{Tree, TreeFile};

/// A tree of these files, each with its own path and `version` as content.
fn tree(paths: &[&str], version: &str) -> Tree {
    let file = |path: &&str| TreeFile { path: (*path).to_owned(), text: format!("{path} {version}\n") };
    let mut files: Vec<TreeFile> = paths.iter().map(file).collect();
    files.push(TreeFile { path: listing::FILE.to_owned(), text: list(paths) });
    Tree { files }
}

fn list(paths: &[&str]) -> String {
    let mut text =
        format!("{} The source is platform.toml.\napiVersion: kustomize.config.k8s.io/v1beta1\n", listing::MARKER);
    text.push_str("kind: Kustomization\nsortOptions:\n  order: legacy\n  legacySortOptions:\n    orderFirst:\n");
    text.push_str("    - Namespace\n    - ServiceAccount\n    orderLast:\n    - APIService\n");
    text.push_str(if paths.is_empty() { "resources: []\n" } else { "resources:\n" });
    text.extend(paths.iter().map(|path| format!("- {path}\n")));
    text
}

fn platform() -> Tree {
    tree(&["cluster.yaml", "apps/namespace.yaml", "apps/api.yaml", "edge/namespace.yaml"], "one")
}

/// A directory with the platform in it.
fn written() -> TempDir {
    let dir = empty();
    write_directory(dir.path(), &platform()).unwrap();
    dir
}

fn empty() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Everything below `dir`: files with content, links with target, directories and others by kind.
fn content(dir: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect(dir, "", &mut found);
    found
}

fn collect(dir: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let (kind, name) = (entry.file_type().unwrap(), format!("{prefix}{}", entry.file_name().to_string_lossy()));
        let text = if kind.is_symlink() {
            format!("link to {}", fs::read_link(entry.path()).unwrap().display())
        } else if kind.is_dir() {
            collect(&entry.path(), &format!("{name}/"), found);
            "directory".to_owned()
        } else if kind.is_file() {
            String::from_utf8(fs::read(entry.path()).unwrap()).unwrap()
        } else {
            format!("special {}", kind.is_socket())
        };
        found.insert(name, text);
    }
}

/// What `content` says about a directory that holds exactly `tree`.
fn expected(tree: &Tree) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> =
        tree.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect();
    for file in &tree.files {
        all.extend(listing::parents(&file.path).map(|parent| (parent.to_owned(), "directory".to_owned())));
    }
    all
}

/// Writing is refused with every one of these words in the message, and everything stays as it was.
#[track_caller]
fn refused(dir: &Path, tree: &Tree, words: &[&str]) {
    let before = content(dir);
    let message = format!("{:#}", write_directory(dir, tree).expect_err("has to be refused"));
    for word in words {
        assert!(message.contains(word), "`{word}` is not in `{message}`");
    }
    let first = message.chars().next().unwrap();
    assert!(!first.is_uppercase() && !message.ends_with('.') && !message.contains('\n'), "{message}");
    assert_eq!(before, content(dir));
}

#[test]
fn a_missing_directory_is_created_with_its_parents() {
    let outer = empty();
    let dir = outer.path().join("a/b/c");
    let done = write_directory(&dir, &platform()).unwrap();
    assert_eq!(content(&dir), expected(&platform()));
    let paths: Vec<String> = platform().files.into_iter().map(|file| file.path).collect();
    assert_eq!(done, Written { created: paths, ..Written::default() });
}

#[test]
fn a_tree_without_objects_can_be_written_and_replaced() {
    let dir = written();
    write_directory(dir.path(), &tree(&[], "")).unwrap();
    assert_eq!(content(dir.path()), expected(&tree(&[], "")));
    write_directory(dir.path(), &platform()).unwrap();
    assert_eq!(content(dir.path()), expected(&platform()));
}

#[test]
fn the_report_tells_created_updated_removed_and_unchanged() {
    let dir = written();
    let mut next = tree(&["cluster.yaml", "apps/api.yaml", "apps/web.yaml"], "one");
    next.files[1].text = "two\n".to_owned();
    let done = write_directory(dir.path(), &next).unwrap();
    assert_eq!(done.created, ["apps/web.yaml"]);
    assert_eq!(done.updated, ["apps/api.yaml", "kustomization.yaml"]);
    assert_eq!(done.removed, ["apps/namespace.yaml", "edge/namespace.yaml"]);
    assert_eq!(done.unchanged, 1);
    assert_eq!(content(dir.path()), expected(&next));
}

#[test]
fn unchanged_files_are_not_rewritten() {
    let dir = written();
    let inode = |path: &str| fs::metadata(dir.path().join(path)).unwrap().ino();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_hours(24);
    for file in &platform().files {
        File::options().append(true).open(dir.path().join(&file.path)).unwrap().set_modified(long_ago).unwrap();
    }
    File::open(dir.path()).unwrap().set_modified(long_ago).unwrap();
    let before: Vec<u64> = platform().files.iter().map(|file| inode(&file.path)).collect();

    let done = write_directory(dir.path(), &platform()).unwrap();
    assert_eq!(done, Written { unchanged: 5, ..Written::default() });
    for (file, inode_before) in platform().files.iter().zip(before) {
        let found = fs::metadata(dir.path().join(&file.path)).unwrap();
        assert_eq!((found.modified().unwrap(), found.ino()), (long_ago, inode_before), "{}", file.path);
    }
    assert_eq!(fs::metadata(dir.path()).unwrap().modified().unwrap(), long_ago, "not even staging came and went");

    write_directory(dir.path(), &tree(&["cluster.yaml"], "one")).unwrap();
    assert_eq!(fs::metadata(dir.path().join("cluster.yaml")).unwrap().modified().unwrap(), long_ago);
}

#[test]
fn a_change_of_one_byte_is_seen() {
    let dir = written();
    fs::write(dir.path().join("cluster.yaml"), "cluster.yaml onE\n").unwrap();
    assert_eq!(write_directory(dir.path(), &platform()).unwrap().updated, ["cluster.yaml"]);
    assert_eq!(content(dir.path()), expected(&platform()));
}

#[test]
fn a_file_that_someone_removed_is_written_again() {
    let dir = written();
    fs::remove_file(dir.path().join("apps/api.yaml")).unwrap();
    assert_eq!(write_directory(dir.path(), &platform()).unwrap().created, ["apps/api.yaml"]);
}

#[test]
fn directories_that_we_empty_go_and_others_stay() {
    let dir = empty();
    let deep = tree(&["a/b/one.yaml", "a/c/two.yaml", "d/three.yaml", "e/four.yaml"], "");
    write_directory(dir.path(), &deep).unwrap();
    fs::create_dir_all(dir.path().join("nobody/s")).unwrap();
    fs::write(dir.path().join("d/.gitkeep"), "").unwrap();
    let next = tree(&["e/four.yaml"], "");
    write_directory(dir.path(), &next).unwrap();
    let mut left = expected(&next);
    for (path, text) in [("nobody", "directory"), ("nobody/s", "directory"), ("d", "directory"), ("d/.gitkeep", "")] {
        left.insert(path.to_owned(), text.to_owned());
    }
    assert_eq!(content(dir.path()), left);
}

#[test]
fn files_for_git_are_welcome_everywhere() {
    let dir = empty();
    for path in [".gitattributes", ".gitignore", "apps/.gitignore", "other/.gitkeep"] {
        fs::create_dir_all(dir.path().join(path).parent().unwrap()).unwrap();
        fs::write(dir.path().join(path), "mine").unwrap();
    }
    write_directory(dir.path(), &platform()).unwrap();
    write_directory(dir.path(), &tree(&["cluster.yaml"], "")).unwrap();
    assert_eq!(content(dir.path())[".gitignore"], "mine");
    assert_eq!(content(dir.path())["apps/.gitignore"], "mine");
    assert_eq!(content(dir.path())["other/.gitkeep"], "mine");
}

#[test]
fn foreign_files_are_named_and_kept() {
    for path in [
        "notes.txt",
        "README.md",
        "apps/mine.yaml",
        ".env",
        "Kustomization",
        "kustomization.yml",
        ".platformgen-staging",
    ] {
        let dir = written();
        fs::write(dir.path().join(path), "mine").unwrap();
        refused(dir.path(), &platform(), &[&format!("`{path}`"), "did not write", "new or empty directory"]);
        refused(dir.path(), &tree(&[], ""), &[path]);
    }
}

#[test]
fn foreign_directories_are_named_as_a_whole() {
    let dir = written();
    fs::create_dir_all(dir.path().join(".git/refs/heads")).unwrap();
    fs::write(dir.path().join(".git/refs/heads/main"), "mine").unwrap();
    refused(dir.path(), &platform(), &["`.git` (a directory)"]);
}

#[test]
fn a_directory_without_our_list_is_foreign() {
    let dir = empty();
    fs::write(dir.path().join("cluster.yaml"), "mine").unwrap();
    refused(dir.path(), &platform(), &["`cluster.yaml`"]);
    fs::write(dir.path().join("cluster.yaml"), &platform().files[0].text).unwrap();
    refused(dir.path(), &platform(), &["`cluster.yaml`"]);
}

#[test]
fn at_most_five_foreign_files_are_named() {
    let dir = empty();
    for name in ["a", "b", "c", "d", "e"] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    refused(dir.path(), &platform(), &["write: `a`, `b`, `c`, `d`, `e`; move"]);
    for name in ["f", "g", "h"] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    refused(dir.path(), &platform(), &["write: `a`, `b`, `c`, `d`, `e` and more; move"]);
}

#[test]
fn odd_names_do_not_garble_the_message() {
    let dir = empty();
    fs::write(dir.path().join("a\nb\u{1b}[31m"), "").unwrap();
    refused(dir.path(), &platform(), &["`a\u{fffd}b\u{fffd}[31m`"]);
}

#[test]
fn a_list_that_someone_edited_is_refused() {
    let good = list(&["cluster.yaml"]);
    let edits = [
        good.replace("# Written by platformgen", "# Written by hand"),
        good.replace("kind: Kustomization", "kind: Component"),
        good.replace("kind: Kustomization", "- early.yaml"),
        good.replace("    - Namespace", "    - ../base"),
        good.replace("resources:", "namePrefix: x-\nresources:"),
        good.replace("- cluster.yaml", "  - cluster.yaml"),
        good.replace("- cluster.yaml", "- cluster.yaml # mine"),
        format!("{good}images: []\n"),
        format!("{good}\n"),
        format!("{good}# mine\n"),
        format!("{good}- cluster.yaml\n"),
        format!("{good}- kustomization.yaml\n"),
        format!("{good}- https://example.com/base.yaml\n"),
        format!("{good}resources: []\n"),
        good.replace("resources:\n- cluster.yaml\n", ""),
        good.replace("resources:", "resources: []"),
        format!("\n{good}"),
        String::new(),
        "\0".repeat(100),
    ];
    for edit in edits {
        let dir = written();
        fs::write(dir.path().join(listing::FILE), &edit).unwrap();
        refused(dir.path(), &platform(), &["kustomization.yaml` is not as platformgen writes it; restore it"]);
    }
    let dir = written();
    fs::write(dir.path().join(listing::FILE), [0xff]).unwrap();
    let message = format!("{:#}", write_directory(dir.path(), &platform()).unwrap_err());
    assert!(message.contains("cannot read"), "{message}");
}

#[test]
fn the_message_says_which_line_of_the_list_is_odd() {
    let dir = written();
    fs::write(dir.path().join(listing::FILE), list(&["cluster.yaml"]) + "namespace: mine\n").unwrap();
    refused(dir.path(), &platform(), &["line 14, `namespace: mine`, is not one"]);
}

#[test]
fn line_ends_that_git_converted_do_no_harm() {
    let dir = written();
    let list = fs::read_to_string(dir.path().join(listing::FILE)).unwrap();
    fs::write(dir.path().join(listing::FILE), list.replace('\n', "\r\n")).unwrap();
    write_directory(dir.path(), &tree(&[], "")).unwrap();
    assert_eq!(content(dir.path()), expected(&tree(&[], "")));
}

#[test]
fn a_list_never_leads_out_of_the_directory() {
    for path in [
        "../victim",
        "apps/../../victim",
        "/victim",
        "./../victim",
        "..",
        ".",
        "",
        "apps//x.yaml",
        "apps/",
        ".git/config",
        "a\\..\\victim",
        "Apps/x.yaml",
        "ünicode.yaml",
        "a\0b",
        ".platformgen-staging/journal.yaml",
    ] {
        let outer = empty();
        let dir = outer.path().join("out");
        write_directory(&dir, &platform()).unwrap();
        fs::write(outer.path().join("victim"), "mine").unwrap();
        let absolute = outer.path().join("victim");
        let path = if path == "/victim" { absolute.to_str().unwrap() } else { path };
        fs::write(dir.join(listing::FILE), list(&[path])).unwrap();
        refused(&dir, &platform(), &["is not one that platformgen writes"]);
        assert_eq!(fs::read_to_string(absolute).unwrap(), "mine");
    }
}

#[test]
fn a_path_of_ours_that_became_something_else_is_refused() {
    let dir = written();
    fs::remove_file(dir.path().join("apps/api.yaml")).unwrap();
    fs::create_dir(dir.path().join("apps/api.yaml")).unwrap();
    refused(dir.path(), &platform(), &["`apps/api.yaml` (a directory where a file belongs)"]);
    refused(dir.path(), &tree(&[], ""), &["`apps/api.yaml` (a directory where a file belongs)"]);

    let dir = written();
    fs::remove_file(dir.path().join("cluster.yaml")).unwrap();
    let _socket = UnixListener::bind(dir.path().join("cluster.yaml")).unwrap();
    refused(dir.path(), &platform(), &["`cluster.yaml` (not a regular file)"]);

    let dir = written();
    fs::remove_file(dir.path().join("edge/namespace.yaml")).unwrap();
    fs::remove_dir(dir.path().join("edge")).unwrap();
    fs::write(dir.path().join("edge"), "mine").unwrap();
    refused(dir.path(), &platform(), &["`edge`"]);

    let dir = written();
    fs::remove_file(dir.path().join(listing::FILE)).unwrap();
    fs::create_dir(dir.path().join(listing::FILE)).unwrap();
    refused(dir.path(), &platform(), &["`kustomization.yaml` (a directory where a file belongs)"]);
}

#[test]
fn an_empty_directory_where_a_new_file_belongs_is_refused() {
    let dir = empty();
    fs::create_dir(dir.path().join("cluster.yaml")).unwrap();
    refused(dir.path(), &platform(), &["`cluster.yaml` (a directory where a file belongs)"]);
}

#[test]
fn the_directory_itself_may_be_a_link() {
    let outer = empty();
    fs::create_dir(outer.path().join("real")).unwrap();
    symlink("real", outer.path().join("out")).unwrap();
    write_directory(&outer.path().join("out"), &platform()).unwrap();
    write_directory(&outer.path().join("out"), &tree(&["cluster.yaml"], "two")).unwrap();
    assert_eq!(content(&outer.path().join("real")), expected(&tree(&["cluster.yaml"], "two")));

    symlink("nowhere", outer.path().join("dangling")).unwrap();
    let message = format!("{:#}", write_directory(&outer.path().join("dangling"), &platform()).unwrap_err());
    assert!(message.contains("leads nowhere"), "{message}");
    assert!(!outer.path().join("nowhere").exists());
}

#[test]
fn links_inside_are_refused_and_not_followed() {
    for (link, is_dir) in [
        ("cluster.yaml", false),
        ("apps/api.yaml", false),
        ("apps/elsewhere", true),
        ("apps", true),
        ("kustomization.yaml", false),
        (".gitignore", false),
        (".platformgen-staging", true),
    ] {
        let (dir, outside) = (written(), written());
        let place = dir.path().join(link);
        if fs::symlink_metadata(&place).is_ok_and(|found| found.is_dir()) {
            fs::remove_dir_all(&place).unwrap();
        } else {
            let _ = fs::remove_file(&place);
        }
        let target = outside.path().join(if is_dir { "apps" } else { "cluster.yaml" });
        symlink(target, &place).unwrap();
        if link == "kustomization.yaml" {
            // What hides behind the link must not even be read as our list.
            fs::write(outside.path().join("cluster.yaml"), list(&["cluster.yaml", "apps/api.yaml"])).unwrap();
        }
        let before = content(outside.path());
        refused(
            dir.path(),
            &tree(&["cluster.yaml", "apps/api.yaml"], "two"),
            &[&format!("`{link}` (a symbolic link)")],
        );
        assert_eq!(before, content(outside.path()), "{link}");
    }
}

#[test]
fn a_link_is_not_welcome_under_a_welcome_name() {
    let dir = written();
    fs::create_dir(dir.path().join("other")).unwrap();
    symlink("/dev/null", dir.path().join("other/.gitkeep")).unwrap();
    refused(dir.path(), &platform(), &["`other` (a directory)"]);
}

#[test]
fn a_hard_link_to_our_file_keeps_its_content() {
    let (dir, outside) = (written(), empty());
    fs::hard_link(dir.path().join("cluster.yaml"), outside.path().join("copy")).unwrap();
    write_directory(dir.path(), &tree(&["cluster.yaml"], "two")).unwrap();
    assert_eq!(fs::read_to_string(outside.path().join("copy")).unwrap(), "cluster.yaml one\n");
}

#[test]
fn what_cannot_be_a_directory_is_an_error() {
    let outer = empty();
    fs::write(outer.path().join("file"), "mine").unwrap();
    for (dir, word) in [("file", "is not a directory"), ("file/out", "cannot create"), ("new/nul\0", "cannot create")] {
        let message = format!("{:#}", write_directory(&outer.path().join(dir), &platform()).unwrap_err());
        assert!(message.contains(word), "{message}");
    }
    let long = outer.path().join("new/newer").join("x".repeat(300));
    assert!(write_directory(&long, &platform()).is_err());
    assert!(write_directory(Path::new(""), &platform()).unwrap_err().to_string().contains("empty"));
    assert_eq!(content(outer.path()), BTreeMap::from([("file".to_owned(), "mine".to_owned())]));
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_system_that_takes_no_files_is_an_error() {
    // Read-only to everyone, root included.
    let message = format!("{:#}", write_directory(Path::new("/proc/platformgen/out"), &platform()).unwrap_err());
    assert!(message.starts_with("cannot create the directory `/proc/platformgen/out`: "), "{message}");
}

#[test]
fn the_current_directory_is_a_directory_like_any_other() {
    // Tests run in the directory of Cargo.toml.
    let message = format!("{:#}", write_directory(Path::new("."), &platform()).unwrap_err());
    assert!(message.starts_with("`.` holds what platformgen did not write: "), "{message}");
}

#[test]
fn a_tree_that_cannot_be_written_is_our_bug_and_touches_nothing() {
    let odd = [
        (tree(&["a.yaml", "a.yaml"], ""), "two files"),
        (tree(&["a.yaml", "A.yaml"], ""), "two files"),
        (tree(&["apps/a.yaml", "Apps/a.yaml"], ""), "two files"),
        (tree(&["A.yaml"], ""), "plain path"),
        (tree(&["../a.yaml"], ""), "plain path"),
        (tree(&["/a.yaml"], ""), "plain path"),
        (tree(&["a//b.yaml"], ""), "plain path"),
        (tree(&[".git/config"], ""), "plain path"),
        (tree(&["a", "a/b/c.yaml"], ""), "`a` is a file and a directory"),
        (tree(&["kustomization.yaml"], ""), "two files"),
        (tree(&["kustomization.yaml/x"], ""), "is a file and a directory"),
        (Tree::default(), "no files"),
        (Tree { files: tree(&["a.yaml"], "").files[..1].to_vec() }, "last file"),
        (
            Tree { files: [tree(&["a.yaml"], "").files, tree(&["b.yaml"], "").files].concat()[1..].to_vec() },
            "two files",
        ),
        (Tree { files: tree(&["a.yaml", "b.yaml"], "").files[1..].to_vec() }, "does not list"),
    ];
    for (tree, word) in odd {
        let dir = written();
        refused(dir.path(), &tree, &["a bug in platformgen", word]);
    }
    let mut unmarked = platform();
    unmarked.files[4].text = unmarked.files[4].text.replace("# Written", "# written");
    refused(written().path(), &unmarked, &["a bug in platformgen", "read back"]);
}

#[test]
fn what_differs_in_case_only_is_foreign() {
    let dir = written();
    fs::rename(dir.path().join("cluster.yaml"), dir.path().join("Cluster.yaml")).unwrap();
    refused(dir.path(), &platform(), &["`Cluster.yaml`"]);

    for (path, note) in [("Apps", "differs from a needed one in case only"), ("CLUSTER.yaml", "where a file belongs")] {
        let dir = empty();
        fs::create_dir(dir.path().join(path)).unwrap();
        refused(dir.path(), &platform(), &[&format!("`{path}` (a directory "), note]);
    }
}

#[test]
fn a_fault_half_way_is_taken_back() {
    // Too long for a file system, and nothing finds that out before the rename.
    let long = "x".repeat(300);
    let (file, directory) = (format!("apps/{long}"), format!("new/deep/{long}/x.yaml"));
    for late in [&file, &directory] {
        let dir = written();
        let kept = fs::metadata(dir.path().join("cluster.yaml")).unwrap();
        refused(dir.path(), &tree(&["cluster.yaml", "new/a.yaml", late, "z.yaml"], "two"), &["nothing was changed"]);
        let now = fs::metadata(dir.path().join("cluster.yaml")).unwrap();
        assert_eq!(
            (kept.ino(), kept.modified().unwrap()),
            (now.ino(), now.modified().unwrap()),
            "the very file is back"
        );

        let missing = dir.path().join("not/there");
        assert!(write_directory(&missing, &tree(&["cluster.yaml", late], "two")).is_err());
        assert_eq!(content(dir.path()), expected(&platform()), "and created directories are gone");
    }
}

#[test]
fn a_fault_in_removing_is_taken_back() {
    let dir = written();
    let action = Action::Remove;
    let changes = ["cluster.yaml", "edge/namespace.yaml"].map(|path| Change { path, action });
    let staging = Staging::prepare(dir.path(), &changes, &BTreeSet::new(), false).unwrap();
    // Someone is faster with the last of them.
    fs::remove_file(dir.path().join("edge/namespace.yaml")).unwrap();
    let message = format!("{:#}", staging.apply().unwrap_err());
    assert!(message.contains("nothing was changed: cannot remove"), "{message}");
    let mut left = expected(&platform());
    left.remove("edge/namespace.yaml");
    assert_eq!(content(dir.path()), left);
}

#[test]
fn a_fault_while_staging_leaves_nothing_behind() {
    let dir = written();
    let before = content(dir.path());
    let changes = [
        Change { path: "new.yaml", action: Action::Create("new") },
        Change { path: "no-longer-there.yaml", action: Action::Remove },
    ];
    let message = format!("{:#}", Staging::prepare(dir.path(), &changes, &BTreeSet::new(), false).unwrap_err());
    assert!(message.contains("nothing was changed: staging `no-longer-there.yaml`"), "{message}");
    assert_eq!(content(dir.path()), before);
}

#[test]
fn what_a_killed_run_staged_is_cleared() {
    let dir = written();
    let staging = dir.path().join(staging::NAME);
    for half_done in [&[][..], &["0.new"], &["draft", "0.new", "1.old"], &["journal.yaml", "7.new"]] {
        fs::create_dir_all(staging.join("odd/directory")).unwrap();
        for name in half_done {
            fs::write(staging.join(name), "half").unwrap();
        }
        let done = write_directory(dir.path(), &platform()).unwrap();
        assert_eq!(done, Written { unchanged: 5, ..Written::default() });
        assert_eq!(content(dir.path()), expected(&platform()));
    }
}

#[test]
fn what_a_killed_run_staged_is_in_nobodys_way() {
    for obstacle in ["new", "old"] {
        let dir = written();
        let staging = dir.path().join(staging::NAME);
        for step in 0..9 {
            fs::create_dir_all(staging.join(format!("{step}.{obstacle}/x"))).unwrap();
        }
        write_directory(dir.path(), &tree(&["cluster.yaml"], "two")).unwrap();
        assert_eq!(content(dir.path()), expected(&tree(&["cluster.yaml"], "two")));
    }
}

#[test]
fn what_a_killed_run_kept_is_not_written_to() {
    let dir = written();
    let staging = dir.path().join(staging::NAME);
    fs::create_dir(&staging).unwrap();
    for step in 0..9 {
        // A second name of our file: who writes to it writes to our file.
        fs::hard_link(dir.path().join("cluster.yaml"), staging.join(format!("{step}.old"))).unwrap();
    }
    assert!(write_directory(dir.path(), &tree(&["apps/api.yaml", "cluster.yaml", &"x".repeat(300)], "two")).is_err());
    let mut left = content(dir.path());
    left.retain(|path, _| !path.starts_with(staging::NAME));
    assert_eq!(left, expected(&platform()));
}

#[test]
fn any_run_can_follow_a_killed_one_wherever_that_was_killed() {
    for (old, killed, last) in (0..8 * 8).map(|seed| (some(seed), some(seed / 8), some(seed * 5 / 4))) {
        let (old, killed, last) = (tree(&old, "old"), tree(&killed, "new"), tree(&last, "last"));
        let changes = changes(&old, &killed);
        let owned = old.files.iter().map(|file| file.path.clone()).collect();
        for steps in 0..=changes.len() {
            let dir = empty();
            write_directory(dir.path(), &old).unwrap();
            // Staging has no destructor: dropped before it is closed it leaves what a kill leaves.
            Staging::prepare(dir.path(), &changes[..steps], &owned, false).unwrap().apply().unwrap();
            if steps % 2 == 0 {
                // The next run fails as well; what is ours must still be known after it.
                assert!(write_directory(dir.path(), &tree(&[&"x".repeat(300)], "")).is_err());
            }
            write_directory(dir.path(), &last).unwrap();
            assert_eq!(content(dir.path()), expected(&last), "after {steps} of {changes:?}");
        }
    }
}

/// One of the eight choices of three paths.
fn some(choice: usize) -> Vec<&'static str> {
    let all = ["a.yaml", "b/c.yaml", "b/d.yaml"].into_iter().enumerate();
    all.filter(|(place, _)| choice >> place & 1 == 1).map(|(_, path)| path).collect()
}

fn changes<'a>(old: &'a Tree, new: &'a Tree) -> Vec<Change<'a>> {
    let has = |tree: &Tree, path: &str| tree.files.iter().any(|file| file.path == path);
    let put = |file: &'a TreeFile| {
        let text = file.text.as_str();
        let action = if has(old, &file.path) { Action::Update(text) } else { Action::Create(text) };
        Change { path: &file.path, action }
    };
    let gone = old.files.iter().filter(|file| !has(new, &file.path));
    new.files.iter().map(put).chain(gone.map(|file| Change { path: &file.path, action: Action::Remove })).collect()
}

#[test]
fn a_second_run_at_the_same_time_is_refused() {
    let dir = written();
    let held = staging::lock(dir.path()).unwrap();
    refused(dir.path(), &tree(&[], ""), &["another platformgen is writing into", "run this one again"]);
    drop(held);
    write_directory(dir.path(), &tree(&[], "")).unwrap();
}

#[test]
fn runs_at_the_same_time_never_mix() {
    let dir = empty();
    let (left, right) = (tree(&["a.yaml", "b.yaml"], "left"), tree(&["b.yaml", "c/d.yaml"], "right"));
    std::thread::scope(|scope| {
        for tree in [&left, &right] {
            scope.spawn(|| {
                for _ in 0..200 {
                    if let Err(fault) = write_directory(dir.path(), tree) {
                        assert!(fault.to_string().contains("another platformgen"), "{fault:#}");
                    }
                    std::thread::yield_now();
                }
            });
        }
    });
    let found = content(dir.path());
    assert!(found == expected(&left) || found == expected(&right), "{found:?}");
}
