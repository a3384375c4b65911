//! Trees of the flagship, and what is different between two of them.

use std::sync::LazyLock;

use platformgen::diagnostics::report::Report;
use platformgen::diff::compare::{Comparison, compare};
use platformgen::diff::side::Side;
use platformgen::manifest::read::Dialect;
use platformgen::model::tree::{Tree, TreeFile};
use platformgen::values::shelf::Described;
use platformgen::{emit, pipeline};

use crate::flagship::described;

pub fn tree<'a>(description: impl Into<Described<'a>>) -> Tree {
    let (_, bundle) = pipeline::render(description, None, &mut Report::default()).expect("the description is right");
    emit::tree(&bundle)
}

pub fn flagship() -> Tree {
    static TREE: LazyLock<Tree> = LazyLock::new(|| tree(described()));
    TREE.clone()
}

pub fn side(tree: Tree) -> Side {
    Side::read(tree, Dialect::Own).unwrap_or_else(|faulty| panic!("{faulty:?}"))
}

pub fn between(old: Tree, new: Tree) -> Comparison {
    compare(&side(old), &side(new))
}

/// Every document of a tree of ours, as text, with its file.
pub fn documents(tree: &Tree) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, file) in tree.files.iter().enumerate().filter(|(_, file)| file.path != "kustomization.yaml") {
        let pieces = file.text.split("---\n").filter(|text| !text.is_empty());
        found.extend(pieces.map(|text| (at, text.to_owned())));
    }
    found
}

/// A tree of these documents in the files of `tree`.
pub fn with_documents(tree: &Tree, documents: &[(usize, String)]) -> Tree {
    let files = tree.files.iter().enumerate().map(|(at, file)| {
        let own: Vec<String> =
            documents.iter().filter(|(home, _)| *home == at).map(|(_, text)| format!("---\n{text}")).collect();
        // what lists the others holds none of them
        let text = if file.path == "kustomization.yaml" { file.text.clone() } else { own.concat() };
        TreeFile { path: file.path.clone(), text }
    });
    Tree { files: files.collect() }
}
