//! What is sealed can be opened by whoever has the key and says the right place, and by nobody else: judged by an
//! implementation of its own (`support/unsealing.rs`). No value is ever seen outside of what is sealed.
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use getrandom::SysRng;
use platformgen::sealing::certificate::Certificate;
use platformgen::sealing::cipher::{self, Sealed};
use platformgen::spec::secrets::Scope;
use proptest::prelude::*;
use serde_json::Value;

use crate::support::examples::documents;
use crate::support::unsealing::{PrivateKey, open};

const KEY: &str = include_str!("sealing/key.pem");
const CERTIFICATE: &str = include_str!("platforms/sealed/certificate.pem");
const OTHER: &str = include_str!("sealing/other-certificate.pem");

fn certificate(pem: &str) -> Certificate {
    Certificate::read(pem).expect("it is a certificate")
}

fn sealed(value: &[u8], label: &str, pem: &str) -> String {
    cipher::seal(value, label, &certificate(pem), &mut SysRng).expect("there is randomness")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sealed_is_opened_again(value in prop::collection::vec(any::<u8>(), 0..600), namespace in "[a-z]{1,9}", name in "[a-z]{1,9}") {
        let key = PrivateKey::read(KEY);
        for scope in [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide] {
            let text = sealed(&value, &scope.label(&namespace, &name), CERTIFICATE);
            // labels as the controller makes them
            let label = match scope {
                Scope::Strict => format!("{namespace}/{name}"),
                Scope::NamespaceWide => namespace.clone(),
                Scope::ClusterWide => String::new(),
            };
            prop_assert_eq!(open(&text, &label, &key), Some(value.clone()));
            prop_assert_eq!(Sealed::read(&text), Ok(Sealed { key: 256, value: value.len() }));
        }
    }
}

#[test]
fn nobody_else_opens_it() {
    let key = PrivateKey::read(KEY);
    let strict = sealed(b"hunter2", &Scope::Strict.label("production", "api"), CERTIFICATE);
    assert_eq!(open(&strict, "production/api", &key).as_deref(), Some(&b"hunter2"[..]));
    for label in ["staging/api", "production/auth", "production", "", "production/api "] {
        assert_eq!(open(&strict, label, &key), None, "`{label}`");
    }
    let wide = sealed(b"hunter2", &Scope::NamespaceWide.label("production", "api"), CERTIFICATE);
    for label in ["production/api", "staging", ""] {
        assert_eq!(open(&wide, label, &key), None, "`{label}`");
    }
    assert_eq!(open(&sealed(b"hunter2", "a/b", OTHER), "a/b", &key), None, "another certificate");
    let mut changed = strict.clone().into_bytes();
    let end = changed.len() - 9;
    changed[end] = if changed[end] == b'A' { b'B' } else { b'A' };
    assert_eq!(open(&String::from_utf8(changed).expect("text"), "production/api", &key), None, "a changed value");
}

#[test]
fn nothing_is_sealed_alike_twice() {
    assert_ne!(sealed(b"a", "", CERTIFICATE), sealed(b"a", "", CERTIFICATE));
}

#[test]
fn a_certificate_is_what_openssl_says() {
    let known = certificate(CERTIFICATE);
    assert_eq!(known.fingerprint(), FINGERPRINT);
    assert_eq!((known.size(), known.last_day().to_string().as_str()), (256, "2120-01-01"));
    assert!(!known.has_ended(4_000_000_000) && known.has_ended(5_000_000_000));
}

/// `openssl x509 -noout -fingerprint -sha256 -in tests/sealing/certificate.pem`
const FINGERPRINT: &str = "77c5ce157bd3d11ec91456ca0b4bce577048f9fb3b2c32b06096d6a0cb5c148f";

#[test]
fn what_is_no_certificate_is_refused() {
    let cut = &CERTIFICATE[..CERTIFICATE.len() / 2];
    let odd = CERTIFICATE.replacen("MII", "MIJ", 1);
    for (pem, why) in [
        ("", "holds no `-----BEGIN CERTIFICATE-----`"),
        (KEY, "holds a private key"),
        (cut, "breaks off"),
        (&odd, "is no certificate"),
        (include_str!("sealing/elliptic-certificate.pem"), "has a key that is not RSA"),
    ] {
        let fault = Certificate::read(pem).expect_err(why);
        assert!(fault.starts_with(why), "{fault}");
    }
}

fn seal(dir: &Path, arguments: &[&str], value: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_platformgen"))
        .arg("seal")
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // whoever refuses reads nothing
    let _ = child.stdin.take().expect("it has a stdin").write_all(value);
    child.wait_with_output().expect("it ends")
}

/// The platform of the tests with its files, in a directory of its own.
fn vaulted() -> tempfile::TempDir {
    let platforms = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/platforms");
    let dir = tempfile::tempdir().expect("there is room");
    let description = fs::read_to_string(platforms.join("sealed.toml")).expect("it is there");
    fs::write(dir.path().join("platform.toml"), description).expect("there is room");
    fs::create_dir(dir.path().join("sealed")).expect("there is room");
    fs::write(dir.path().join("sealed/certificate.pem"), CERTIFICATE).expect("there is room");
    dir
}

fn run(dir: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_platformgen"))
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The values of a rendered Secret, opened.
fn opened(stream: &str, namespace: &str, name: &str) -> Vec<(String, Vec<u8>)> {
    let key = PrivateKey::read(KEY);
    let documents = documents(stream);
    let is_it = |object: &&Value| {
        object["kind"] == "SealedSecret"
            && object["metadata"]["namespace"] == namespace
            && object["metadata"]["name"] == name
    };
    let object = documents.iter().find(is_it).unwrap_or_else(|| panic!("there is no {namespace}/{name}"));
    let annotations = &object["metadata"]["annotations"];
    let label = match annotations["sealedsecrets.bitnami.com/namespace-wide"].as_str() {
        Some("true") => namespace.to_owned(),
        _ => format!("{namespace}/{name}"),
    };
    let values = object["spec"]["encryptedData"].as_object().expect("it has values").iter();
    let open = |(key_name, text): (&String, &Value)| {
        let value = open(text.as_str().expect("text"), &label, &key);
        (key_name.clone(), value.unwrap_or_else(|| panic!("{namespace}/{name} {key_name} cannot be opened")))
    };
    values.map(open).collect()
}

/// Every value of the example platform, in both of its environments.
const SECRETS: &[(&str, &str, &[&str])] = &[
    ("apps", "ledger-database", &["admin", "url"]),
    ("apps", "registry-pull", &[".dockerconfigjson"]),
    ("tools", "images-auth", &["htpasswd"]),
    ("tools", "images-http", &["secret"]),
];

#[test]
fn the_example_platform_opens_in_every_environment() {
    let platforms = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/platforms");
    for environment in [None, Some("staging")] {
        let chosen = environment.map(|name| ["--environment", name]);
        let arguments: Vec<&str> =
            ["render", "-f", "sealed.toml"].into_iter().chain(chosen.into_iter().flatten()).collect();
        let stream = run(&platforms, &arguments);
        for (namespace, name, keys) in SECRETS {
            let values = opened(stream.split("\nwarning[").next().expect("text"), namespace, name);
            assert_eq!(values.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), *keys);
            assert!(values.iter().all(|(_, value)| !value.is_empty()));
        }
    }
}

/// The whole way: sealed one after the other, listed, rendered, opened; and no value is seen anywhere.
#[test]
fn what_is_sealed_is_rendered_and_never_seen() {
    let dir = vaulted();
    let dir = dir.path();
    let value = |salt: &str| format!("s3cr3t-{salt}-{}", std::process::id());
    let listed = run(dir, &["secrets"]);
    assert!(listed.contains("7 keys are missing"), "{listed}");
    let mut seen = String::new();
    let config = r#"{"auths":{"registry.partner.example":{"auth":"eDp5"}}}"#;
    for (arguments, value) in [
        (vec!["apps/ledger-database", "url"], value("url")),
        (vec!["apps/ledger-database", "admin"], value("admin")),
        (vec!["apps/ledger-keys", "signing.pem"], value("pem")),
        (vec!["tools/image-pull"], config.to_owned()),
        (vec!["tools/images-http"], value("http")),
        (vec!["registry-users", "--username", "ann"], value("users") + "\n"),
    ] {
        let output = seal(dir, &arguments, value.as_bytes());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {told}");
        seen += &told;
        seen += &String::from_utf8_lossy(&output.stdout);
    }
    let stream = run(dir, &["render"]);
    let text = |namespace, name, at: usize| {
        String::from_utf8(opened(&stream, namespace, name).swap_remove(at).1).expect("it is text")
    };
    assert_eq!(text("apps", "ledger-database", 0), value("admin"));
    assert_eq!(text("apps", "ledger-database", 1), value("url"), "the other key stays");
    assert_eq!(text("tools", "images-http", 0), value("http"));
    let pull: Value = serde_json::from_str(&text("apps", "registry-pull", 0)).expect("it is JSON");
    let login = &pull["auths"]["images.vaulted.test"];
    assert_eq!((&login["username"], &login["password"]), (&"ann".into(), &value("users").into()));
    let htpasswd = text("tools", "images-auth", 0);
    let (name, hash) = htpasswd.split_once(':').expect("name and hash");
    assert!(name == "ann" && bcrypt::verify(value("users"), hash).expect("it is a hash"));
    assert!(!bcrypt::verify("another", hash).expect("it is a hash"));

    for arguments in [&["secrets"][..], &["secrets", "--format", "json"], &["validate"], &["requirements"]] {
        seen += &run(dir, arguments);
    }
    assert!(!seen.contains(" missing") && !seen.contains("MISSING"), "{seen}");
    for file in ["apps/ledger-database", "apps/registry-pull", "tools/images-auth"] {
        seen += &fs::read_to_string(dir.join(format!("sealed/{file}.yaml"))).expect("it was written");
    }
    assert!(!(seen + &stream).contains("s3cr3t-"), "a value is seen");
}

/// By the name of each workload that reads Secrets, what changes when it has to start anew.
fn hashes(stream: &str) -> BTreeMap<String, String> {
    let hash = |object: Value| {
        let hash = object["spec"]["template"]["metadata"]["annotations"]["platformgen.io/secret-hash"].as_str()?;
        Some((object["metadata"]["name"].as_str()?.to_owned(), hash.to_owned()))
    };
    documents(stream).into_iter().filter_map(hash).collect()
}

#[test]
fn who_reads_what_is_encrypted_anew_restarts_and_nobody_else() {
    let dir = tempfile::tempdir().expect("there is room");
    let platforms = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/platforms");
    for backend in ["sealed", "sops"] {
        for place in ["", "/apps", "/tools"].map(|own| format!("{backend}{own}")) {
            fs::create_dir_all(dir.path().join(&place)).expect("there is room");
            for entry in fs::read_dir(platforms.join(&place)).expect("it is there") {
                let path = entry.expect("it can be read").path();
                let to = dir.path().join(&place).join(path.file_name().expect("it has a name"));
                if path.is_file() {
                    fs::copy(path, to).expect("there is room");
                }
            }
        }
        let description = fs::read_to_string(platforms.join(format!("{backend}.toml"))).expect("it is there");
        fs::write(dir.path().join("platform.toml"), description).expect("there is room");
        let before = hashes(&run(dir.path(), &["render"]));
        let file = dir.path().join(backend).join("apps/ledger-database.yaml");
        let text = fs::read_to_string(&file).expect("it is there");
        let line = text.lines().find(|line| line.trim_start().starts_with("url: ")).expect("there is a value");
        let changed = match backend {
            "sealed" => format!("    url: {}", sealed(b"new", "apps/ledger-database", CERTIFICATE)),
            _ => line.replacen("data:", "data:AAAA", 1),
        };
        fs::write(&file, text.replace(line, &changed)).expect("there is room");
        let after = hashes(&run(dir.path(), &["render"]));
        assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
        let restarted: Vec<&String> = before.keys().filter(|name| before[*name] != after[*name]).collect();
        assert_eq!(restarted, ["ledger"], "{backend}");
    }
}

#[test]
fn a_secret_of_two_megabytes_is_refused_before_and_after() {
    let dir = vaulted();
    let large = vec![b'a'; 2 << 20];
    let output = seal(dir.path(), &["apps/ledger-keys", "signing.pem"], &large);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("larger than a Secret may be: 1048576 bytes"), "{told}");
    let sealed = sealed(&large, "apps/ledger-keys", CERTIFICATE);
    let text = format!(
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: ledger-keys\n  namespace: apps\n  annotations:\n    \
         platformgen.io/sealed-for: {FINGERPRINT}\nspec:\n  encryptedData:\n    large: {sealed}\n"
    );
    fs::create_dir(dir.path().join("sealed/apps")).expect("there is room");
    fs::write(dir.path().join("sealed/apps/ledger-keys.yaml"), text).expect("there is room");
    let told = run(dir.path(), &["render"]);
    let expected = "error[unfit-secret]: the values have 2097152 bytes together, and `large` most of them\n  --> sealed/apps/ledger-keys.yaml:10:5";
    assert!(told.contains(expected), "{}", &told[..told.len().min(4000)]);
}

/// A value that is changed later leaves the others as they are, and a file that nobody can read is left alone.
#[test]
fn only_what_is_sealed_again_changes() {
    let dir = vaulted();
    let dir = dir.path();
    let place = dir.join("sealed/apps/ledger-database.yaml");
    let read = || fs::read_to_string(&place).expect("it was written");
    let line =
        |text: &str, key: &str| text.lines().find(|line| line.starts_with(&format!("    {key}: "))).map(str::to_owned);
    assert!(seal(dir, &["apps/ledger-database", "url"], b"one").status.success());
    assert!(seal(dir, &["apps/ledger-database", "admin"], b"two").status.success());
    let before = read();
    assert!(seal(dir, &["apps/ledger-database", "url"], b"three").status.success());
    assert_eq!(line(&before, "admin"), line(&read(), "admin"));
    assert_ne!(line(&before, "url"), line(&read(), "url"));
    let broken = "apiVersion: v1\nkind: Secret\nstringData: {url: hunter2}\n";
    fs::write(&place, broken).expect("there is room");
    let output = seal(dir, &["apps/ledger-database", "url"], b"four");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("stands in the way") && !told.contains("hunter2"), "{told}");
    assert_eq!(read(), broken);
}

/// What SOPS has encrypted keeps its values and their order, which its proof of integrity covers.
#[test]
fn what_sops_has_encrypted_stays_as_it_is() {
    let platforms = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/platforms");
    let stream = run(&platforms, &["render", "-f", "sops.toml"]);
    let mut found = 0;
    for rendered in stream.split("\n---\n").filter(|text| text.contains("\nsops:\n")) {
        let object = documents(rendered).remove(0);
        let of = |key: &str| object["metadata"][key].as_str().expect("text").to_owned();
        let file = format!("sops/{}/{}.yaml", of("namespace"), of("name"));
        let source = fs::read_to_string(platforms.join(file)).expect("it is there");
        let lines = |text: &str| {
            let words = |line: &str| line.trim_start_matches([' ', '-']).replace('"', "");
            text.lines().map(words).collect::<Vec<_>>()
        };
        assert_eq!(lines(rendered), lines(&source));
        found += 1;
    }
    assert_eq!(found, 6);
}
