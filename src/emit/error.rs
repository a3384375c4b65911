//! Why a value cannot be written as YAML.
//!
//! Lives here: the one error of the YAML writer. It must never know where the text goes.

use std::fmt;

use serde::ser;

/// What the YAML writer refuses. None of it can come from a Kubernetes object: all are mistakes in our own types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// Nested deeper than readers follow; likely a value that holds itself.
    TooDeep,
    /// A map key that is neither a string nor a number, boolean or unit variant that can be spelled as one.
    Key(&'static str),
    /// Raw bytes: Kubernetes carries them as Base64 strings, never as YAML's `!!binary`.
    Bytes,
    /// What a type's own `Serialize` says.
    Custom(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep => f.write_str("value is nested too deeply for YAML readers"),
            Self::Key(found) => write!(f, "map key is {found}, expected a string"),
            Self::Bytes => f.write_str("bytes have no YAML form, expected a Base64 string"),
            Self::Custom(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}

impl ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }
}
