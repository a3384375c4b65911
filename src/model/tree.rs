//! The rendered platform as files.

use std::collections::BTreeMap;

use crate::ordered::Ordered;

/// One file of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeFile {
    /// Relative path, `/`-separated, of validated names.
    pub path: String,
    /// The whole content. What is no text has a NUL in it, by which [`is_text`] knows it.
    pub text: String,
}

/// Whether this is a text that a person or `patch` can read.
pub fn is_text(content: &str) -> bool {
    !content.contains('\0')
}

/// All files, in apply order; `kustomization.yaml`, which lists the others in that order, is the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The files.
    pub files: Vec<TreeFile>,
}

impl Tree {
    /// Whether both hold the same files, in whatever order.
    pub fn is_same(&self, other: &Self) -> bool {
        self.texts() == other.texts()
    }

    fn texts(&self) -> BTreeMap<&str, &str> {
        self.files.iter().map(|file| (file.path.as_str(), file.text.as_str())).ordered()
    }
}
