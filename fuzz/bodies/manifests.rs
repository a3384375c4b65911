//! What is asked of any text as a manifest: findings that can be told in every format, and never a panic.

use platformgen::diagnostics::report::{MOST, Severity};
use platformgen::manifest::read::Dialect;
use platformgen::model::tree::{Tree, TreeFile};
use platformgen::spec::shapes::Minor;
use platformgen::validate::wanted::Wanted;
use platformgen::validate::world::Known;
use platformgen::validate::{Question, Verdict, validate};
use platformgen::views::findings::{github::github, json::json, junit::junit, sarif::sarif};
use platformgen::views::findings::{human, short};

/// Asks everything about a text, and tells what is found in every way.
pub fn judge(text: &str) -> Verdict {
    let file = TreeFile { path: "fuzz.yaml".to_owned(), text: text.to_owned() };
    let known = Known::default();
    let question = Question { minor: Minor::V1_37, dialect: Dialect::Any, known: Some(&known), wanted: Wanted::all() };
    let verdict = validate(Tree { files: vec![file] }, &question);
    for file in &verdict.files {
        let lines = short(file).lines().count();
        assert!(lines <= 300 * MOST && human(file, false).is_empty() == (lines == 0), "{text}");
    }
    let summary = verdict.summary(Minor::V1_37);
    let errors = verdict.files.iter().flat_map(|file| file.report.sorted());
    assert!(summary.errors >= errors.filter(|found| found.severity == Severity::Error).count(), "{text}");
    for told in [json(&verdict, &summary), sarif(&verdict)] {
        assert!(serde_json::from_str::<serde_json::Value>(&told).is_ok_and(|told| told.is_object()), "{text}");
    }
    assert!(junit(&verdict).ends_with("</testsuites>\n"), "{text}");
    assert!(github(&verdict).lines().all(|line| line.starts_with("::")), "{text}");
    verdict
}
