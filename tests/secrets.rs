//! No view of `diff`, no cause and no message shows a secret, in whatever form it is written; and nothing of ours is hidden.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::process::{Command, Stdio};

use platformgen::diagnostics::caret;
use platformgen::diagnostics::report::Report;
use platformgen::diagnostics::source::Source;
use platformgen::diff::compare::compare;
use platformgen::diff::secrets::{is_sealed, shown};
use platformgen::diff::side::Side;
use platformgen::manifest::read::Dialect;
use platformgen::model::tree::{Tree, TreeFile};
use platformgen::spec::shapes::Minor;
use platformgen::validate::groups::Group;
use platformgen::validate::wanted::Wanted;
use platformgen::validate::{Question, validate};
use platformgen::views::paint::Paint;
use platformgen::views::text::{Look, text};
use platformgen::views::{findings, json, markdown, unified};
use platformgen::{emit, pipeline};
use proptest::prelude::*;

#[path = "support/base64.rs"]
mod base64;
#[path = "support/flagship.rs"]
mod flagship;

use base64::base64;

fn side(text: &str) -> Side {
    let files = vec![TreeFile { path: "a.yaml".to_owned(), text: text.to_owned() }];
    Side::read(Tree { files }, Dialect::Any).unwrap_or_else(|faulty| panic!("{text}: {faulty:?}"))
}

fn all_views(old: &Side, new: &Side) -> [String; 4] {
    let comparison = compare(old, new);
    assert!(!comparison.files.is_empty());
    [
        text(&comparison, Look { paint: Paint::default(), context: 3 }),
        unified::unified(&comparison, old, new, 3),
        json::json(&comparison),
        markdown::markdown(&comparison, 3, 60_000),
    ]
}

/// Names and values of variables, with `X` for the secret.
const VARIABLES: &[(&str, &str)] = &[
    ("DB_PASSWORD", "X"),
    ("SECRET_KEY", "X"),
    ("DB_PASS", "X"),
    ("MYSQL_PWD", "X"),
    ("AUTHORIZATION", "Bearer X"),
    ("JWT", "X"),
    ("REDIS_AUTH", "X"),
    ("TOKEN_FILE", "X"),
    ("RUN", "mysql --host=db --password=X"),
    ("RUN", "tool --host=a --api-key=X"),
    ("RUN", "tool --api-key X --host a"),
    ("DSN", "user=a password=X"),
    ("URL", "jdbc:postgresql://h/db?user=a&password=X"),
    ("URL", "Server=db;Port=1;Password=X;"),
    ("URL", "https://X@github.com/a"),
    ("URL", "redis://:B1/X@redis"),
    ("URL", "redis://:B1?X#y@redis"),
    ("URL", "root:X@tcp(db:3306)/app"),
    ("URL", "postgres://u:p@ss/X@h"),
    ("JSON", "{\"user\":\"a\",\"password\":\"X\"}"),
    ("JSON", "{\"a\": [{\"name\": \"DB_PASSWORD\", \"value\": \"X\"}]}"),
    ("RUN", "redis-cli -h a -a X"),
    ("HEADER", "Basic X"),
];

/// Files of a `ConfigMap`.
const PAYLOADS: &[(&str, &str)] = &[
    ("redis.conf", "port 1\nrequirepass X\n"),
    ("a.xml", "<a>\n  <password>X</password>\n</a>\n"),
    ("b.xml", "<a>\n  <password>\n    X\n  </password>\n</a>\n"),
    ("c.xml", "<add key=\"Password\" value=\"X\"/>\n"),
    ("netrc", "machine h login u password X\n"),
    ("notes", "hello:\tthere\n  password: |\n    X\nend\n"),
    ("nginx.conf", "server {\n  proxy_set_header Authorization \"Basic X\";\n}\n"),
    ("headers.yaml", "headers:\n- {key: X-Api-Key, value: X}\n"),
    ("secret.yaml", "apiVersion: v1\nkind: Secret\nstringData:\n  foo: X\n"),
    ("two.yaml", "a: 1\n---\napiVersion: v1\nkind: Secret\nstringData:\n  foo: X\n"),
    ("pw.yaml", "credentials: {pw: X}\n"),
    ("keys.yaml", "tokens:\n  X: alice\n"),
    ("keys.json", "{\"auth\": {\"static_api_keys\": {\"X\": null}}}"),
    ("deep.yaml", "credentials:\n  a:\n  - X\n"),
    ("args.yaml", "args: [\"--password\", \"X\"]\n"),
    ("a.ini", "[db]\nuser = a\npassword = X\n"),
    ("a.toml", "[db]\nuser = \"a\"\npassword = \"X\"\n"),
    ("a.json", "{\"a\":1,\"db\":{\"rootPass\":\"X\",\"adminPwd\":\"X\"}}"),
    ("passphraseFile", "X"),
    ("remark.yaml", "# password: X\na: 1\n"),
    ("users", "alice:$2y$10$X\n"),
    ("notify", "url=https://discord.com/api/webhooks/123456789/X\n"),
    ("key.pem", "-----BEGIN RSA PRIVATE KEY-----\nX\n-----END RSA PRIVATE KEY-----\n"),
    ("user.acl", "user default on >X ~* +@all\n"),
    ("init.sql", "CREATE USER a IDENTIFIED BY 'X';\n"),
];

/// An object that holds the secret in one of these ways, by number.
fn objects(secret: &str) -> Vec<String> {
    let quoted =
        |text: &str| serde_json::to_string(&text.replace('X', secret).replace("secret-X", "X")).expect("a string");
    let keep = |text: &str| quoted(text).replace(&format!("{secret}-Api"), "X-Api");
    let pod = |spec: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: a}}\nspec:\n  containers:\n  - name: main\n{spec}"
        )
    };
    let map = |key: &str, value: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: a}}\ndata:\n  {key}: {value}\n")
    };
    let mut all = Vec::new();
    for (name, value) in VARIABLES {
        all.push(pod(&format!("    env:\n    - name: {name}\n      value: {}\n", keep(value))));
        all.push(pod(&format!("    args: [{}]\n", keep(&format!("{name}={value}")))));
        all.push(map(name, &keep(value)));
        let applied = format!("{{\"spec\":{{\"env\":[{{\"name\":\"{name}\",\"value\":{}}}]}}}}", keep(value));
        let applied = serde_json::to_string(&applied).expect("a string");
        all.push(format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: {applied}\n"));
    }
    for (name, text) in PAYLOADS {
        all.push(map(name, &keep(text)));
        all.push(format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: a}}\ndata:\n  {name}: |\n{}",
            format!("    {}", text.trim_end().replace('\n', "\n    ") + "\n")
                .replace('X', secret)
                .replace(&format!("{secret}-Api"), "X-Api")
        ));
    }
    all.push(pod(&format!("    args: [\"--password\", \"{secret}\"]\n")));
    for words in [
        "redis-cli, -h, r, -a, X, ping",
        "mysql, -uroot, -p, X",
        "curl, -s, -u, 'u:X', h",
        "curl, --user, 'u:X', h",
        "sshpass, -p, X, ssh, h",
        "docker, login, -u, u, -p, X, h",
    ] {
        all.push(pod(&format!("    command: [{}]\n", words.replace('X', secret))));
    }
    for kind in ["secret", "Secrets"] {
        all.push(format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: c, namespace: a}}\ndata: {{a: {secret}}}\n"));
    }
    let operation = format!("{{op: replace, path: /stringData/a, value: {secret}}}");
    all.push(format!("- {{op: remove, path: /metadata/labels}}\n- {operation}\n"));
    all.push(format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\npatches:\n- target: {{kind: Secret}}\n  patch: '[{{op: add, path: /data/a, value: {secret}}}]'\n"
    ));
    all.push(pod(&format!(
        "    env:\n    - {{name: PASSWORD, value: a}}\n    - {{name: PASSWORD, value: \"{secret}\"}}\n"
    )));
    let docker =
        base64(&format!("{{\"auths\": {{\"r.example.com\": {{\"auth\": \"{}\"}}}}}}", base64(&format!("u:{secret}"))));
    all.push(map("x", &docker));
    all.push(pod(&format!("    env:\n    - name: X\n      value: {docker}\n")));
    for keyed in [
        format!("spec:\n  tokens: {{{secret}: alice}}\n"),
        format!("spec:\n  passwords:\n    {secret}: {{user: alice}}\n"),
        format!("spec:\n  hooks: {{\"https://u:{secret}@h/\": 1, ghp_{secret}: 2}}\n"),
        format!("spec:\n- adminPassword: {secret}\n- {secret}: 1\n"),
        format!("immutable: true\ndata:\n  a.yaml: |\n    tokens: {{{secret}: alice}}\n"),
    ] {
        all.push(format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: k}}\n{keyed}"));
    }
    all.push(format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\nbinaryData:\n  tls.key: {}\n",
        base64(secret)
    ));
    for text in ["x: X", "password: \"X-{{ .a }}\"", "url: \"postgres://u:X@h/{{ .db }}\"", "a: \"{{ \\\"X\\\" }}\""] {
        all.push(format!("apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{name: e}}\nspec:\n  target:\n    template:\n      data:\n        {}\n", text.replace('X', secret)));
    }
    all
}

/// The other side of a change: all but the secret is there already.
fn without(object: &str) -> String {
    let start = object
        .find("\nspec:")
        .or_else(|| object.find("\ndata:"))
        .or_else(|| object.find("\nbinaryData:"))
        .or_else(|| object.find("\nimmutable:"))
        .or_else(|| object.find("\npatches:"))
        .or_else(|| object.find("\n- {op:"))
        .or_else(|| object.find("\n  annotations:"));
    object[..=start.expect("it has content")].to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_form_of_a_secret_is_ever_shown(secret in "[a-z0-9]{6}[A-Z][a-z0-9]{8,20}", other in "[a-z0-9]{5}Q[a-z0-9]{8,20}") {
        for (old, new) in objects(&other).iter().zip(&objects(&secret)) {
            let bare = without(new);
            for (one, two) in [(old, new), (&bare, new), (new, &bare)] {
                for shown in all_views(&side(one), &side(two)) {
                    for hidden in [&secret, &other, &base64(&secret), &base64(&other)] {
                        prop_assert!(!shown.contains(hidden), "{hidden} is shown of\n{new}\n{shown}");
                    }
                }
            }
        }
    }
}

/// Nothing that we write is a secret: `--format unified` leaves no file of ours out.
#[test]
fn nothing_of_ours_is_hidden() {
    let (_, bundle) =
        pipeline::render(flagship::described(), None, &mut Report::default()).expect("the flagship is right");
    let ours = Side::read(emit::tree(&bundle), Dialect::Own).unwrap_or_else(|faulty| panic!("{faulty:?}"));
    let mut sealed = Vec::new();
    for file in &ours.files {
        let mut start = 0;
        for document in &file.documents {
            let text = &file.text[start..document.span.end()];
            start = document.span.end();
            let veil = platformgen::diff::secrets::Veil::of([&document.root]);
            if is_sealed(&document.root, text) {
                sealed.push(format!("{} {}: {veil:?}", file.path, document.id));
            }
        }
    }
    assert!(sealed.is_empty(), "{}", sealed.join("\n"));
    let none = Side::default();
    assert!(!unified::unified(&compare(&none, &ours), &none, &ours, 3).contains("is left out"));
}

fn run(dir: &std::path::Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_platformgen"))
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_slip_beside_a_secret_is_no_way_to_see_it() {
    let object = |key: &str, name: &str, value: &str| {
        format!(
            "apiVersion: v1\nkind: {key}\nmetadata: {{name: a}}\n{name}: {{foo: {value}}}\nspec: {{env: [{{name: DB_PASSWORD, vlaue: {value}}}]}}\n"
        )
    };
    for (kind, name) in [("Secret", "stringDta"), ("Secret", "dataa"), ("Secrt", "stringData"), ("Pod", "labels")] {
        let secret = |value: &str| if name == "labels" { "plain".to_owned() } else { value.to_owned() };
        let text = |value: &str| object(kind, name, &secret(value)).replace("vlaue: plain", &format!("vlaue: {value}"));
        let (old, new) = (side(&text(SECRET)), side(&text("hunter3hunter3")));
        for view in all_views(&old, &new) {
            assert!(!view.contains("hunter"), "{kind} {name}: {view}");
        }
    }
}

#[test]
fn a_cause_shows_no_secret() {
    let dir = tempfile::tempdir().expect("there is room");
    let place = |name: &str| dir.path().join(name);
    // what is no secret of anybody's, and could be one
    let accepted = "\n[[accept]]\ncode = \"literal-secret\"\nobject = \"components.api\"\nreason = \"of a test\"\n";
    flagship::lay_out(dir.path());
    let flagship = flagship::TEXT.to_owned() + accepted;
    fs::write(place("old.toml"), &flagship).expect("there is room");
    let line = "LOG_LEVEL = \"info\"";
    fs::write(
        place("new.toml"),
        flagship.replace(line, &format!("{line}, DB_PASSWORD = \"hunter2\", PW = \"ab/cd3f\"")),
    )
    .expect("there is room");
    for format in ["text", "json", "unified", "markdown"] {
        let shown = run(dir.path(), &["diff", "-f", "new.toml", "--against", "old.toml", "--format", format]);
        assert!(
            !shown.contains("hunter2") && !shown.contains("ab/cd3f") && shown.contains("production/api"),
            "{shown}"
        );
    }
    fs::write(place("new.toml"), flagship.replace("api-database/url", "api-database/url2")).expect("there is room");
    let shown = run(dir.path(), &["diff", "-f", "new.toml", "--against", "old.toml"]);
    assert!(shown.contains("`secrets = { DATABASE_URL = \"api-database/url2\" }"), "a reference is no secret: {shown}");
}

#[test]
fn a_message_shows_no_secret() {
    let dir = tempfile::tempdir().expect("there is room");
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    for broken in [
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {\"foo\": \"hunter2\", \"foo\": \"hunter2\"}\n",
        &format!("{head}data: {{\"password\": \"hunter2\", \"password\": \"hunter2\"}}\n"),
        &format!("{head}data:\n  password: hunter2: x\n"),
        &format!("{head}data:\n  password: |\n    a\n    hunter2\n   b: [\n"),
        "foo: hunter2: x\n",
    ] {
        fs::write(dir.path().join("a.yaml"), broken).expect("there is room");
        let shown = run(dir.path(), &["diff", "a.yaml", "a.yaml"]);
        assert!(shown.contains("a.yaml:") && !shown.contains("hunter2"), "{shown}");
    }
    fs::write(dir.path().join("a.yaml"), format!("{head}data: {{a: b, a: b}}\n")).expect("there is room");
    assert!(
        run(dir.path(), &["diff", "a.yaml", "a.yaml"]).contains("data: {a: b, a: b}"),
        "what is no secret is shown"
    );
    let line = "LOG_LEVEL = \"info\"";
    let twice = flagship::TEXT.replace(line, "DB_PASSWORD = \"hunter2\", DB_PASSWORD = \"hunter2\"");
    fs::write(dir.path().join("platform.toml"), twice).expect("there is room");
    for command in ["diff", "render"] {
        let shown = run(dir.path(), &[command]);
        assert!(shown.contains("platform.toml:") && !shown.contains("hunter2"), "{shown}");
    }
}

/// What nobody may see. A slip leaves half of it as it is.
const SECRET: &str = "hunter2hunter2";

/// By what anybody can tell that a value is a secret: no slip there is asked about.
const TELLING: &[&str] = &["PASSWORD", "TOKEN", "PW", "password"];

/// A text with a slip of the hand, at every place from `start` on: a letter less, one twice or two that have changed places, in
/// turn.
fn slips(text: &str, start: usize) -> impl Iterator<Item = String> {
    let names = |text: &str| TELLING.iter().map(|name| text.matches(name).count()).sum::<usize>();
    let made = (start..text.len() - 1).map(|at| {
        let (before, rest) = text.split_at(at);
        let (letter, (next, after)) = (&rest[..1], rest[1..].split_at(1));
        let middle = [[next, "", ""], [letter, letter, next], [next, letter, ""]][at % 3];
        [before, &middle.concat(), after].concat()
    });
    made.filter(move |made| names(made) >= names(text))
}

fn shows(text: &str) -> bool {
    text.contains(&SECRET[..SECRET.len() / 2])
}

#[test]
fn no_slip_in_a_manifest_shows_a_secret() {
    let text = format!(
        "apiVersion: v1
kind: Secret
metadata:
  name: mail
  namespace: shop
stringData:
  name: {SECRET}
---
apiVersion: v1
kind: Pod
metadata:
  name: mail
spec:
  containers:
  - name: mail
    image: mail:1
    env:
    - value: {SECRET}
      name: MAIL_PASSWORD
    - {{value: {SECRET}, name: MAIL_TOKEN}}
    - name: OTHER_PASSWORD
      vlaue: {SECRET}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: mail}}
data:
  password: {SECRET}
"
    );
    let question =
        Question { minor: Minor::V1_37, dialect: Dialect::Any, known: None, wanted: Wanted::of(&[Group::Decode]) };
    for text in slips(&text, 0) {
        let files = vec![TreeFile { path: "a.yaml".to_owned(), text: text.clone() }];
        let verdict = validate(Tree { files }, &question);
        let told: String = verdict.files.iter().map(|file| findings::human(file, false)).collect();
        assert!(!shows(&told), "{told}\n{text}");
    }
}

#[test]
fn no_slip_in_a_description_shows_a_secret() {
    let text = format!(
        "version = 1
platform = {{ name = \"shop\", domain = \"example.com\" }}
cluster = {{ api-server = {{ cidrs = [\"10.0.0.10/32\"], ports = [443] }} }}
secrets = {{ backend = \"existing\" }}
namespaces.shop = {{}}

[components.web]
type = \"web-service\"
namespace = \"shop\"
image = \"example.com/web:1\"
port = 8080
env = {{ DB_PASSWORD = \"{SECRET}\" }}

[[patches]]
target = {{ kind = \"Deployment\", name = \"web\" }}
reason = \"a test\"
json6902 = [{{ op = \"add\", path = \"/spec/template/spec/containers/0/env\", value = [{{ vlaue = \"{SECRET}\", name = \"PW\" }}] }}]

[[patches]]
target = {{ kind = \"Deployment\", name = \"web\" }}
reason = \"a test\"
merge = \"\"\"
spec:
  template:
    spec:
      initContainers:
      - name: web
        env:
        - name: DB_PASSWORD
          vlaue: {SECRET}
stringData:
  foo: {SECRET}
\"\"\"
"
    );
    for text in slips(&text, text.find("env = ").unwrap_or_default()) {
        let mut report = Report::default();
        let _ = pipeline::render(text.as_str(), None, &mut report);
        let source = Source { name: "platform.toml", text: &text };
        let told = caret::text_of(&report.sorted(), source, false, &shown(source.name, &text));
        assert!(!shows(&told), "{told}\n{text}");
    }
}
