//! What lies beside a description: the files that it may name. Who reads them is not known here; only commands touch the
//! world.

use std::sync::Arc;

/// Why there is no text of a file that is not there.
pub const MISSING: &str = "does not exist";

/// Files by relative path, `/`-separated. Whoever implements it keeps what has been read, so that asking again costs
/// nothing and answers the same, whichever thread asks.
pub trait Shelf: Sync {
    /// The text of a file, or why there is none, as the middle of a sentence such as [`MISSING`].
    fn text(&self, path: &str) -> Result<Arc<str>, String>;

    /// The paths of all files below a directory, however deep, in order; none if there is no such directory.
    fn below(&self, directory: &str) -> Vec<String>;

    /// How a user finds the file: the path as messages name it.
    fn shown(&self, path: &str) -> String;
}

/// Nothing lies beside a description that is only a text.
#[derive(Clone, Copy, Debug)]
pub struct Bare;

impl Shelf for Bare {
    fn text(&self, _: &str) -> Result<Arc<str>, String> {
        Err(MISSING.to_owned())
    }

    fn below(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn shown(&self, path: &str) -> String {
        path.to_owned()
    }
}

/// A description with what lies beside it.
#[derive(Clone, Copy)]
pub struct Described<'a> {
    /// Its text.
    pub text: &'a str,
    /// What lies beside it.
    pub shelf: &'a dyn Shelf,
    /// Whether every image must be pinned.
    pub is_locked: bool,
    /// Whether environments that are not chosen are left aside.
    pub is_alone: bool,
}

impl<'a> Described<'a> {
    /// Another text in its place, which nobody has pinned images for.
    #[must_use]
    pub const fn with_text(self, text: &'a str) -> Self {
        Self { text, is_locked: false, ..self }
    }

    /// The same, without what is wrong in environments that are not chosen: that has been asked.
    #[must_use]
    pub const fn alone(self) -> Self {
        Self { is_alone: true, ..self }
    }
}

impl<'a> From<&'a str> for Described<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, shelf: &Bare, is_locked: false, is_alone: false }
    }
}

impl<'a> From<&'a String> for Described<'a> {
    fn from(text: &'a String) -> Self {
        Self::from(text.as_str())
    }
}
