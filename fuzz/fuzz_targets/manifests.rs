//! Any bytes as manifests: findings that can be printed; never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use platformgen::diagnostics::caret;
use platformgen::diagnostics::source::Source;
use platformgen::manifest::read::Dialect;
use platformgen::model::tree::{Tree, TreeFile};
use platformgen::spec::shapes::Minor;
use platformgen::validate::wanted::Wanted;
use platformgen::validate::world::Known;
use platformgen::validate::{Question, validate};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let file = TreeFile { path: "fuzz.yaml".to_owned(), text: text.to_owned() };
    let known = Known::default();
    let question = Question { minor: Minor::V1_37, dialect: Dialect::Any, known: Some(&known), wanted: Wanted::all() };
    for file in validate(Tree { files: vec![file] }, &question).files {
        let _ = caret::text(&file.report.sorted(), Source { name: &file.path, text }, false);
    }
});
