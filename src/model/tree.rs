//! The rendered platform as files.

/// One file of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeFile {
    /// Relative path, `/`-separated, of validated names.
    pub path: String,
    /// The whole content.
    pub text: String,
}

/// All files, in apply order; `kustomization.yaml`, which lists the others in that order, is the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The files.
    pub files: Vec<TreeFile>,
}
