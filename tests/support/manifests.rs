//! Manifests as anyone reads them: the golden tree, and text written for a test.

use std::fs;
use std::path::{Path, PathBuf};

use platformgen::diagnostics::report::Report;
use platformgen::manifest::document::Document;
use platformgen::manifest::read::{Dialect, read};

/// The objects in `text`.
pub fn documents(text: &str) -> Vec<Document> {
    let mut report = Report::default();
    let documents = read(text, Dialect::Any, &mut report);
    assert!(!report.has_errors(), "{:#?}", report.sorted());
    documents
}

/// All objects of the flagship.
pub fn golden() -> Vec<Document> {
    let mut found = Vec::new();
    collect(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden"), &mut found);
    found
}

fn collect(directory: &Path, found: &mut Vec<Document>) {
    for entry in fs::read_dir(directory).expect("golden/ can be listed") {
        let path = entry.expect("golden/ can be listed").path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.extend(documents(&fs::read_to_string(path).expect("golden files are text")));
        }
    }
}
