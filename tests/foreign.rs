//! What `diff` makes of trees, files and streams that came about in other ways than `render -o`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

#[path = "support/flagship.rs"]
mod flagship;

/// What a run prints on both streams, and its exit code.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

fn run_with(dir: &Path, arguments: &[&str], stdin: Stdio) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_platformgen"));
    command.args(arguments).current_dir(dir).env_remove("CI").env_remove("NO_COLOR").stdin(stdin);
    command.output().expect("the program runs").into()
}

fn run(dir: &Path, arguments: &[&str]) -> Said {
    run_with(dir, arguments, Stdio::null())
}

fn write(dir: &Path, path: &str, text: impl AsRef<[u8]>) {
    let place = dir.join(path);
    fs::create_dir_all(place.parent().expect("a file has a directory")).expect("there is room");
    fs::write(place, text).expect("there is room");
}

/// Directories `old` and `new` with these files.
fn trees(files: &[(&str, &str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("there is room");
    for (path, old, new) in files {
        for (side, text) in [("old", old), ("new", new)] {
            write(dir.path(), &format!("{side}/{path}"), text);
        }
    }
    dir
}

/// A directory with the flagship and its golden tree.
fn workshop() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("there is room");
    flagship::lay_out(dir.path());
    assert_eq!(run(dir.path(), &["render", "-o", "golden"]).code, Some(0));
    dir
}

#[test]
fn a_stream_is_compared_with_a_stream() {
    let dir = workshop();
    let golden = |format: &str| {
        let stream = run(dir.path(), &["render", "--format", format]).out;
        write(dir.path(), "golden.txt", &stream);
        stream
    };
    let stdin = || Stdio::from(fs::File::open(dir.path().join("golden.txt")).expect("it was written"));
    for format in ["json", "yaml"] {
        golden(format);
        for said in [run(dir.path(), &["diff", "golden.txt"]), run_with(dir.path(), &["diff", "-"], stdin())] {
            assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(0), "", ""), "{format}");
        }
    }
    write(dir.path(), "platform.toml", flagship::TEXT.replace("acme/api:1.4.2", "acme/api:1.5.0"));
    let said = run_with(dir.path(), &["diff", "-"], stdin());
    assert_eq!(said.code, Some(1));
    assert!(said.out.ends_with("\n1 object changed in 1 file\n") && !said.out.contains("moved"), "{}", said.out);

    write(dir.path(), "golden.txt", "a: [\n");
    let said = run_with(dir.path(), &["diff", "-"], stdin());
    assert!(said.code == Some(2) && said.err.contains("--> <stdin>:2:1"), "{}", said.err);
}

#[test]
fn standard_input_is_read_once() {
    let dir = workshop();
    for arguments in [&["diff", "-", "-"][..], &["diff", "-f", "-", "-"], &["diff", "-f", "-", "--against", "-"]] {
        let said = run(dir.path(), arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(said.err.contains("only once"), "{arguments:?}: {}", said.err);
    }
    assert_eq!(run(dir.path(), &["diff", "-", "--accept"]).code, Some(2));
}

#[test]
fn a_named_directory_may_be_a_link() {
    let dir = workshop();
    symlink("golden", dir.path().join("current")).expect("links can be made");
    assert_eq!(run(dir.path(), &["diff", "current"]).code, Some(0));
    assert_eq!(run(dir.path(), &["diff", "current", "golden"]).code, Some(0));
}

/// A mounted ConfigMap is a directory of links to files that lie in a hidden one, by way of a link to that. Nothing is read
/// twice, and nothing that lies elsewhere.
#[test]
fn links_are_followed_within_a_directory() {
    const OBJECT: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: b}}\n";
    let dir = tempfile::tempdir().expect("a directory can be made");
    let link = |target: &str, name: &str| symlink(target, dir.path().join(name)).expect("links can be made");
    write(dir.path(), "mounted/..2026/a.yaml", OBJECT);
    link("..2026", "mounted/..data");
    link("..data/a.yaml", "mounted/a.yaml");
    link("..data/b.yaml", "mounted/b.yaml");
    let said = run(dir.path(), &["validate", "mounted"]);
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("cannot follow `mounted/b.yaml`"), "{}", said.err);
    write(dir.path(), "mounted/..2026/b.yaml", "");
    // no manifests, and what Emacs leaves beside an open file
    link("nowhere.txt", "mounted/notes.txt");
    link("somebody@somewhere.1", "mounted/.#a.yaml");
    let said = run(dir.path(), &["validate", "mounted"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{}", said.err);
    assert!(said.err.starts_with("1 object "), "{}", said.err);

    write(dir.path(), "plain/a.yaml", OBJECT);
    link("a.yaml", "plain/again.yaml");
    link(".", "plain/round");
    let said = run(dir.path(), &["validate", "plain"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{}", said.err);
    assert!(said.err.starts_with("1 object "), "{}", said.err);
    write(dir.path(), "plain/b.yaml.off", OBJECT.replace("name: a", "name: b"));
    link("b.yaml.off", "plain/b.yaml");
    let said = run(dir.path(), &["validate", "plain"]);
    assert!(said.err.starts_with("2 objects "), "{}", said.err);
    write(dir.path(), "plain/.hidden/c.yaml", OBJECT);
    link(".hidden", "plain/shown");
    let said = run(dir.path(), &["validate", "plain"]);
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.starts_with("error: `plain/shown` is a symbolic link to a hidden directory"), "{}", said.err);
    std::fs::remove_file(dir.path().join("plain/shown")).expect("the link is there");
    link("../mounted/a.yaml", "plain/other.yaml");
    let said = run(dir.path(), &["validate", "plain"]);
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(
        said.err.starts_with("error: `plain/other.yaml` is a symbolic link that leads out of `plain`"),
        "{}",
        said.err
    );
}

/// A file may hold a word, whatever its name says.
#[test]
fn a_word_in_a_file_is_a_text() {
    let dir = tempfile::tempdir().expect("a directory can be made");
    for (name, version) in [("old.yaml", "1.0.0"), ("new.yaml", "1.0.1")] {
        let data = format!("data: {{version.yaml: {version}, state.json: '{{}}'}}");
        write(
            dir.path(),
            name,
            format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a, namespace: b}}, {data}}}\n"),
        );
    }
    let said = run(dir.path(), &["diff", "old.yaml", "new.yaml"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.out.contains("1.0.0") && said.out.contains("1.0.1"), "{}", said.out);
}

/// kubectl takes no directive; whoever reads a file within an object may, and what it says is no less secret.
#[test]
fn a_directive_within_an_object_hides_nothing() {
    let dir = tempfile::tempdir().expect("a directory can be made");
    for (name, password) in [("old.yaml", "hunter2hunter2"), ("new.yaml", "hunter3hunter3")] {
        let payload =
            "    %YAML 1.2\n    ---\n    - name: DB_PASSWORD\n      a: x\n      b: y\n      c: z\n      value: ";
        let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\ndata:\n  app.yaml: |\n";
        write(dir.path(), name, format!("{head}{payload}{password}\n"));
    }
    let said = run(dir.path(), &["diff", "old.yaml", "new.yaml"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.out.contains("(hidden)") && !said.out.contains("hunter"), "{}", said.out);
    let said = run(dir.path(), &["validate", "old.yaml"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{}", said.err);
}

/// What nobody renders is a difference, and no reason to give up.
#[test]
fn any_file_can_be_an_orphan() {
    let dir = workshop();
    write(dir.path(), "golden/logo.png", b"\x89PNG\xff\0");
    write(dir.path(), "golden/LICENSE", "do what you want\n");
    let said = run(dir.path(), &["diff"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.out.starts_with("- LICENSE  nothing renders it\n- logo.png  nothing renders it\n"), "{}", said.out);
    let said = run(dir.path(), &["diff", "--format", "unified"]);
    assert!(said.out.ends_with("# logo.png is no text and is left out\n"), "{}", said.out);
}

/// All that is wrong is told in one run, and no more than a person reads.
#[test]
fn many_mistakes_are_told_together_and_counted() {
    let dir = workshop();
    write(dir.path(), "golden/production/api.yaml", b"a: \xff\n");
    write(dir.path(), "golden/production/auth.yaml", b"a: \xfe\n");
    symlink("/etc/passwd", dir.path().join("golden/link.yaml")).expect("links can be made");
    let said = run(dir.path(), &["diff"]);
    let expected = "error: `golden/link.yaml` is a symbolic link, which a tree of manifests cannot hold
error: golden/production/api.yaml:1:4: this byte is not UTF-8
error: golden/production/auth.yaml:1:4: this byte is not UTF-8\n";
    assert_eq!((said.code, said.err.as_str()), (Some(2), expected));

    let dir = workshop();
    for at in 0..30 {
        write(dir.path(), &format!("golden/extra/{at:02}.yaml"), "a: b\n");
    }
    let said = run(dir.path(), &["diff"]);
    assert_eq!((said.code, said.err.matches("error[").count()), (Some(2), 20));
    assert!(said.err.ends_with("\nand 10 errors more in `golden`\n"), "{}", said.err);
}

/// A file that was copied is one mistake, told with both places as they are written on the command line.
#[test]
fn a_copied_file_is_one_mistake() {
    let dir = workshop();
    let copied = fs::read(dir.path().join("golden/production/auth.yaml")).expect("it was rendered");
    write(dir.path(), "golden/production/copy.yaml", copied);
    let said = run(dir.path(), &["diff"]);
    assert_eq!((said.code, said.err.matches("error[").count()), (Some(2), 1), "{}", said.err);
    assert!(said.err.contains("--> golden/production/copy.yaml:"), "{}", said.err);
    assert!(said.err.contains("it also stands at golden/production/auth.yaml:"), "{}", said.err);
    assert!(said.err.contains("objects more of this file"), "{}", said.err);
}

fn service(name: &str, port: u16) -> String {
    format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: {port}}}]}}\n")
}

/// A base and its overlays hold one object several times, and several kustomizations that have no names.
#[test]
fn a_base_and_its_overlays_are_compared_file_by_file() {
    let kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n";
    let grown = kustomization.replace("[a.yaml]", "[a.yaml, b.yaml]");
    let dir = trees(&[
        ("base/kustomization.yaml", kustomization, kustomization),
        ("base/a.yaml", &service("a", 80), &service("a", 81)),
        ("overlays/test/kustomization.yaml", kustomization, &grown),
        ("overlays/test/a.yaml", &service("a", 80), &service("a", 80)),
        ("overlays/live/a.yaml", &service("a", 90), &service("a", 91)),
    ]);
    let said = run(dir.path(), &["diff", "old", "new"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    for line in [
        "+ Service a  .spec.ports[81]  {port: 81}",
        "- Service a  .spec.ports[90]  {port: 90}",
        "+ Kustomization overlays/test/kustomization.yaml  .resources[1]  b.yaml",
        "3 objects changed in 3 files",
    ] {
        assert!(said.out.lines().any(|found| found == line), "{line} in\n{}", said.out);
    }
    assert!(said.out.contains("\nnote: an object stands in several files"), "{}", said.out);

    write(dir.path(), "new/base/a.yaml", service("a", 81) + "---\n" + &service("a", 82));
    let said = run(dir.path(), &["diff", "old", "new"]);
    assert!(said.code == Some(2) && said.err.contains("Service a stands here a second time"), "{}", said.err);
    assert!(said.err.contains("it also stands at new/base/a.yaml:1"), "{}", said.err);
}

/// The files of a chart hold no objects: values are compared as what they say, templates as text.
#[test]
fn a_chart_is_compared_as_files() {
    let template = "{{ if .Values.on }}\nkind: Deployment\nimage: {{ .Values.image }}\n{{ end }}\n";
    let secret = "kind: Secret\nstringData:\n  foo: hunter2{{ .Values.x }}\n";
    let dir = trees(&[
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n", "apiVersion: v2\nname: web\nversion: 1.1.0\n"),
        ("values.yaml", "image: {tag: a}\npassword: hunter2\n", "image: {tag: b}\npassword: hunter3\n"),
        ("templates/web.yaml", template, &template.replace("image:", "imagePullPolicy: Always\nimage:")),
        ("templates/key.yaml", secret, &secret.replace("hunter2", "hunter3")),
        ("ci.yaml", "[a, b]\n", "[a, c]\n"),
    ]);
    let said = run(dir.path(), &["diff", "old", "new"]);
    assert_eq!(
        said.out,
        "~ File Chart.yaml  .version  1.0.0 → 1.1.0
~ File ci.yaml  [1]  b → c
~ File templates/key.yaml  (hidden) → (hidden)
~ File templates/web.yaml  lines: 1 added, 0 removed
    @@ -1,4 +1,5 @@
     {{ if .Values.on }}
     kind: Deployment
    +imagePullPolicy: Always
     image: {{ .Values.image }}
     {{ end }}
~ File values.yaml  .image.tag  a → b
~ File values.yaml  .password  (hidden) → (hidden)

5 objects changed in 5 files
",
        "{}",
        said.err
    );
    fs::rename(dir.path().join("new/ci.yaml"), dir.path().join("new/list.yaml")).expect("it is there");
    write(dir.path(), "new/list.yaml", "[a, b]\n");
    let said = run(dir.path(), &["diff", "old", "new"]);
    assert!(said.out.contains("= File list.yaml  moved from ci.yaml to list.yaml\n"), "{}", said.out);
}

#[test]
fn names_may_be_made_up_numbers_or_missing() {
    let job =
        |end: &str| format!("apiVersion: batch/v1\nkind: Job\nmetadata: {{generateName: a-}}\nspec: {{x: {end}}}\n");
    let old = [job("1"), job("2"), service("1", 80), service("2", 80)].join("---\n");
    let new = [job("1"), job("3"), service("1", 80), service("2", 81)].join("---\n");
    let dir = trees(&[("a.yaml", &old, &new)]);
    let said = run(dir.path(), &["diff", "old", "new"]);
    let expected = "~ Job a-*  .spec.x  2 → 3\n+ Service 2  .spec.ports[81]  {port: 81}\n";
    assert!(said.out.starts_with(expected), "{}{}", said.out, said.err);

    write(dir.path(), "new/a.yaml", [service("1", 80), service("1", 81)].join("---\n"));
    let said = run(dir.path(), &["diff", "old", "new"]);
    assert!(said.code == Some(2) && said.err.contains("Service 1 stands here a second time"), "{}", said.err);
}

/// Numbers that no computer holds exactly are told apart by their digits.
#[test]
fn long_numbers_are_compared_by_their_text() {
    let digits = "1234567890".repeat(5);
    let text = |number: &str, json: &str| {
        format!("kind: ConfigMap\nspec: {{a: {number}, b: {number}.5e9}}\ndata: {{a.json: '{{\"x\": {json}}}'}}\n")
    };
    let dir = trees(&[("a.yaml", &text(&digits, "1e400"), &text(&format!("{}1", &digits[..49]), "2e400"))]);
    let said = run(dir.path(), &["diff", "old", "new"]);
    for line in [
        format!(".spec.a  {digits} → {}1", &digits[..49]),
        format!(".spec.b  {digits}.5e9 → {}1.5e9", &digits[..49]),
        ".data[a.json].x  1e400 → 2e400".to_owned(),
    ] {
        assert!(said.out.contains(&line), "{line} in\n{}{}", said.out, said.err);
    }
    let dir = trees(&[("a.yaml", "kind: X\nspec: {a: 1.0}\n", "kind: X\nspec: {a: 1}\n")]);
    let said = run(dir.path(), &["diff", "old", "new"]);
    assert!(said.out.contains(".spec.a  1.0 → 1\n"), "{}", said.out);
}

/// Above what can be compared each with each, things that follow one name are still found.
#[test]
fn many_renames_are_renames() {
    let config = |name: &str, extra: &str| {
        let keys = (0..60).map(|at| format!("  key-{at}: of {name}\n")).collect::<Vec<_>>().concat();
        format!("---\nkind: ConfigMap\napiVersion: v1\nmetadata: {{name: {name}}}\ndata:\n{keys}{extra}")
    };
    let all = |prefix: &str, extra: &str| -> String {
        let of = |at: usize| {
            let name = format!("{prefix}-{at}");
            service(&name, 80 + u16::try_from(at).expect("few")) + &config(&name, extra)
        };
        (0..450).map(of).collect::<Vec<_>>().join("---\n")
    };
    let dir = trees(&[("a.yaml", &all("old", ""), &all("new", "  more: x\n"))]);
    let said = run(dir.path(), &["diff", "old", "new"]);
    assert!(said.out.ends_with("\n900 objects renamed in 1 file\n"), "{}", &said.out[said.out.len() - 300..]);
    assert!(said.out.contains("~ ConfigMap old-7 → new-7"), "its Service has got that name");

    let only = |prefix: &str, extra: &str| -> String {
        (0..450).map(|at| config(&format!("{prefix}-{at}"), &format!("{extra}-{at}: {prefix}\n"))).collect()
    };
    let dir = trees(&[("a.yaml", &only("old", "  a"), &only("new", "  b"))]);
    let said = run(dir.path(), &["diff", "old", "new"]);
    assert!(said.out.contains("\nnote: 450 of kind ConfigMap are new and 450 are gone: too many"), "no hint");
}

/// Names of items, their order and what is said about a change are shown as well.
#[test]
fn secrets_are_hidden_in_names_orders_and_reasons() {
    let config = |first: &str, second: &str, more: &str| {
        format!(
            "kind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  a.yaml: |\n    tokens:\n    - {{id: {first}, n: 1}}\n    - {{id: {second}, n: {more}}}\n"
        )
    };
    let route = |path: &str| {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: a}}\nspec: {{rules: [{{host: a.example.com, http: {{paths: [{{path: {path}}}]}}}}]}}\n"
        )
    };
    let old = config("hunter2x", "hunter3x", "2") + &route("/hooks/ghp_0123456789abcdef");
    let new = config("hunter3x", "hunter2x", "3") + &route("/");
    let dir = trees(&[("a.yaml", &old, &new)]);
    for (one, other) in [("old", "new"), ("new", "old")] {
        for format in ["text", "json", "markdown"] {
            let said = run(dir.path(), &["diff", one, other, "--format", format]);
            assert_eq!(said.code, Some(1), "{}", said.err);
            for secret in ["hunter2x", "hunter3x", "ghp_0123456789abcdef"] {
                assert!(!said.out.contains(secret), "{secret} in\n{}", said.out);
            }
            assert!(said.out.contains("(hidden)"), "{}", said.out);
        }
    }
}

/// A bot tells why, and names files that no object speaks for.
#[test]
fn markdown_tells_causes_and_files() {
    let dir = workshop();
    write(dir.path(), "released.toml", flagship::TEXT);
    let changed = flagship::TEXT.replace("acme/api:1.4.2", "acme/api:1.5.0").replace("cpu = 65", "cpu = 66");
    write(dir.path(), "platform.toml", changed);
    let said = run(dir.path(), &["diff", "--against", "released.toml", "--format", "markdown"]);
    assert_eq!(said.out.matches(" caused ").count(), 2, "{}", said.out);
    assert!(said.out.contains("acme/api:1.5.0\"</code> (platform.toml:"), "{}", said.out);

    write(dir.path(), "golden/notes.txt", "mine\n");
    let place = dir.path().join("golden/production/auth.yaml");
    let commented = format!("# by hand\n{}", fs::read_to_string(&place).expect("it was rendered"));
    fs::write(place, commented).expect("there is room");
    let said = run(dir.path(), &["diff", "--format", "markdown"]);
    assert!(said.out.contains("\n- notes.txt  nothing renders it\n"), "{}", said.out);
    assert!(said.out.contains("\n= production/auth.yaml  formatting only\n"), "{}", said.out);
}
