//! Which tree may take the place of which.

use std::fs;
use std::path::Path;
use std::process::Command;

const DESCRIPTION: &str = r#"
version = 1
platform = { name = "acme", domain = "example.com" }
cluster = { api-server = { cidrs = ["10.0.0.1/32"], ports = [443] } }
secrets = { backend = "existing" }
namespaces.apps = {}
components.web = { type = "web-service", namespace = "apps", image = "registry.example.com/web:1", port = 8080 }
environments.staging.platform.domain = "staging.example.com"
"#;

/// The exit code, and what is said beside the result.
fn render(dir: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_platformgen"));
    let output = command.arg("render").args(arguments).current_dir(dir).env_remove("CI").output();
    let output = output.expect("the program runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_tree_of_another_environment_or_platform_is_not_replaced_unless_somebody_says_so() {
    let dir = tempfile::tempdir().expect("there is room");
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("there is room");
    write("platform.toml", DESCRIPTION);
    write("other.toml", &DESCRIPTION.replace("acme", "globex"));
    let list = || fs::read_to_string(dir.path().join("out/kustomization.yaml")).expect("it has been written");
    assert_eq!(render(dir.path(), &["-o", "out"]).0, Some(0));
    assert_eq!(render(dir.path(), &["-o", "out"]).0, Some(0), "what is the same may be written again");
    let before = list();
    for (arguments, reason) in [
        (
            &["--environment", "staging", "-o", "out"][..],
            "`out` holds the tree of the base, and this is the environment `staging`",
        ),
        (&["-f", "other.toml", "-o", "out"], "`out` holds the tree of the platform `acme`, and this is `globex`"),
    ] {
        let (code, said) = render(dir.path(), arguments);
        assert_eq!((code, said.contains(reason)), (Some(2), true), "{said}");
        assert_eq!(list(), before, "it is as before");
        assert_eq!(render(dir.path(), &[arguments, &["--force"]].concat()).0, Some(0));
        assert_eq!(render(dir.path(), &["-o", "out", "--force"]).0, Some(0));
    }
    assert_eq!(render(dir.path(), &["--all-environments", "-o", "all"]).0, Some(0));
    let (code, said) = render(dir.path(), &["-f", "other.toml", "--all-environments", "-o", "all"]);
    assert_eq!((code, said.contains("`all/base` holds the tree of the platform `acme`")), (Some(2), true), "{said}");
}
