//! Why a value cannot be written as YAML.
//!
//! Lives here: the one error of the YAML writer. It must never know where the text goes.

use std::fmt;

use serde::ser;

/// What the YAML writer refuses. None of it can come from a Kubernetes object: all are mistakes in our own types.
///
/// One pointer wide, so that the results of the writer's many small calls fit a register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Refusal>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    TooDeep,
    Key(&'static str),
    Bytes,
    Custom(String),
}

impl Error {
    /// Nested deeper than readers follow; likely a value that holds itself.
    pub(super) fn too_deep() -> Self {
        Self(Box::new(Refusal::TooDeep))
    }

    /// A map key that is neither a string nor a number, boolean or unit variant that can be spelled as one.
    pub(super) fn key(found: &'static str) -> Self {
        Self(Box::new(Refusal::Key(found)))
    }

    /// Raw bytes: Kubernetes carries them as Base64 strings, never as YAML's `!!binary`.
    pub(super) fn bytes() -> Self {
        Self(Box::new(Refusal::Bytes))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Refusal::TooDeep => f.write_str("value is nested too deeply for YAML readers"),
            Refusal::Key(found) => write!(f, "map key is {found}, expected a string"),
            Refusal::Bytes => f.write_str("bytes have no YAML form, expected a Base64 string"),
            Refusal::Custom(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}

impl ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Box::new(Refusal::Custom(message.to_string())))
    }
}
