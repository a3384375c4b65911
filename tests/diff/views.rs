//! What every view keeps to: no secret, no markup or escape of others, no more than its limit; one change a line.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use platformgen::diff::compare::{Comparison, compare};
use platformgen::diff::side::Side;
use platformgen::manifest::read::Dialect;
use platformgen::model::tree::{Tree, TreeFile};
use platformgen::views::paint::Paint;
use platformgen::views::text::{Look, text};
use platformgen::views::{json, markdown, unified};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::base64::base64;
use crate::flagship::{TEXT, with_text};
use crate::trees::{between, flagship, tree};

fn all_views(old: &Side, new: &Side, comparison: &Comparison) -> [String; 4] {
    [
        text(comparison, Look { paint: Paint::default(), context: 3 }),
        unified::unified(comparison, old, new, 3),
        json::json(comparison),
        markdown::markdown(comparison, 3, 60_000),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Secrets in every place that holds them, changed and added: no view shows one, plain or in base64.
    #[test]
    fn a_secret_is_never_shown(secret in "[a-zA-Z0-9+/!$%^&*(){}.,;<>?-]{12,40}", other in "[a-z0-9]{12,40}") {
        let written = |secret: &str| {
            let quoted = serde_json::to_string(secret).expect("a string");
            let base64 = base64(secret);
            let text = format!(
                "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: a, annotations: {{last-applied: {quoted}}}}}\nstringData: {{key: {quoted}}}\ndata: {{key: {base64}, .dockerconfigjson: {base64}}}\n\
                 ---\napiVersion: v1\nkind: Secret\nmetadata: {{name: t, namespace: a}}\ndata: {{note: {base64}}}\n\
                 ---\napiVersion: v1\nkind: Secret\nmetadata: {{name: u, namespace: a}}\nstringData: {{note: {quoted}}}\n\
                 ---\napiVersion: v1\nkind: Secret\nmetadata: {{name: v, namespace: a, annotations: {{note: {quoted}}}}}\n\
                 ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: a}}\ndata:\n  app.yaml: |\n    db:\n      password: {quoted}\n  app.conf: |\n    listen 80\n    api_token = {secret}\n  docker.json: |\n    {{\"auths\": {{\"r.example.com\": {{\"auth\": \"{base64}\"}}}}}}\n\
                 ---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: a}}\nspec:\n  containers:\n  - name: main\n    env:\n    - name: DB_PASSWORD\n      value: {quoted}\n    - {{name: URL, value: \"postgres://user:{other}@db:5432/x\"}}\n    args: [\"--client-secret={other}\"]\n",
            );
            Side::read(Tree { files: vec![TreeFile { path: "a.yaml".to_owned(), text }] }, Dialect::Any).unwrap_or_else(|faulty| panic!("{faulty:?}"))
        };
        let (old, new, none) = (written("an-older-one-0123"), written(&secret), Side::default());
        for (old, new) in [(&old, &new), (&new, &old), (&none, &new), (&new, &none)] {
            let comparison = compare(old, new);
            prop_assert!(!comparison.files.is_empty());
            for shown in all_views(old, new, &comparison) {
                for hidden in [secret.clone(), base64(&secret), other.clone(), base64(&other)] {
                    prop_assert!(!shown.contains(&hidden), "{} shows {}", shown, hidden);
                }
            }
        }
    }

    #[test]
    fn markdown_never_exceeds_its_limit(most in 1_000..20_000_usize, keep in any::<Index>(), is_renamed in any::<bool>()) {
        let new = flagship();
        let mut old = if is_renamed { renamed() } else { new.clone() };
        old.files.drain(..keep.index(new.files.len()));
        let comparison = between(old, new);
        let shown = markdown::markdown(&comparison, 3, most);
        prop_assert!(shown.starts_with("<!-- platformgen diff -->\n"), "{}", shown);
        prop_assert!(shown.len() <= most, "{} of {}", shown.len(), most);
        prop_assert_eq!(shown.matches("<details>").count(), shown.matches("</details>").count(), "nothing is cut in the middle");
        prop_assert_eq!(shown.lines().map(counted).sum::<usize>(), comparison.objects.len(), "what is not there is counted");
    }
}

/// What is told about one change of the description, line by line.
fn told(from: &str, to: &str) -> BTreeSet<String> {
    let comparison = between(flagship(), tree(with_text(&TEXT.replace(from, to))));
    let lines = text(&comparison, Look { paint: Paint::default(), context: 0 });
    lines.lines().map(str::to_owned).collect()
}

#[test]
fn one_change_is_one_line() {
    let lines = told("cpu = 65", "cpu = 66");
    let line =
        "~ HorizontalPodAutoscaler production/image  .spec.metrics[0].resource.target.averageUtilization  65 → 66";
    assert!(lines.contains(line), "{lines:?}");
}

/// Names are shown, never obeyed: not by a terminal, and not as markup.
#[test]
fn names_cannot_reach_the_terminal() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\e[31m\\nb\", namespace: \"<b>@all\"}\n";
    let files = vec![TreeFile { path: "a\u{1b}.yaml".to_owned(), text: text.to_owned() }];
    let new = Side::read(Tree { files }, Dialect::Any).unwrap_or_else(|faulty| panic!("{faulty:?}"));
    let comparison = compare(&Side::default(), &new);
    let [text, _, _, markdown] = all_views(&Side::default(), &new, &comparison);
    assert!(!text.contains('\u{1b}') && text.contains("a\\u{1b}[31m\\u{a}b"), "{text}");
    assert!(!markdown.contains('\u{1b}') && !markdown.contains("<code>+ Pod <b>"), "{markdown}");
}

/// The flagship under another name, which every object bears.
fn renamed() -> Tree {
    static TREE: LazyLock<Tree> = LazyLock::new(|| tree(with_text(&TEXT.replacen("\"acme\"", "\"mall\"", 1))));
    TREE.clone()
}

/// The objects that a line of a comment stands for.
fn counted(line: &str) -> usize {
    let number = |text: &str| text.split(' ').next().and_then(|word| word.parse::<usize>().ok());
    if let Some(left) = line.strip_prefix('_').filter(|rest| rest.contains(" more not shown")) {
        return number(left).unwrap_or(0);
    }
    let Some(title) = line.strip_prefix("<details><summary>") else { return 0 };
    let some = title.strip_prefix("same change in ").or_else(|| Some(title.split_once("</code> ")?.1));
    some.filter(|some| !some.contains(" change<") && !some.contains(" changes<")).and_then(number).unwrap_or(1)
}

/// Deployments that differ in the same are told as one, though their containers bear their own names.
#[test]
fn the_same_change_is_shown_once() {
    let slower = TEXT.replace("startup = \"60s\"", "startup = \"90s\"");
    let shown = markdown::markdown(&between(flagship(), tree(with_text(&slower))), 3, 60_000);
    let title = "same change in 3 Deployments: <code>production/api</code>, <code>production/auth</code>, <code>production/image</code>";
    assert_eq!(shown.matches("<details>").count(), 1, "{shown}");
    assert!(shown.contains(title) && shown.contains("! .spec.template.spec.containers[…].startupProbe"), "{shown}");
    // in one of them something else is different as well
    let one_more = slower.replace("acme/api:1.4.2", "acme/api:1.5.0");
    let shown = markdown::markdown(&between(flagship(), tree(with_text(&one_more))), 3, 60_000);
    assert_eq!(shown.matches("<details>").count(), 2, "{shown}");
    assert!(
        shown.contains("same change in 2 Deployments") && shown.contains("containers[api].startupProbe"),
        "{shown}"
    );
}
