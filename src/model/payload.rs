//! Configuration files of the software inside of pods, and templates of a user's own that give them in the place of the
//! built-in ones. How a template is rendered is not known here.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::rendered::Fault;

/// Templates in the place of built-in ones, by the path of each.
pub type Overrides = BTreeMap<&'static str, Override>;

/// A template in the place of a built-in one.
#[derive(Clone, Debug)]
pub struct Override {
    /// How its user finds it.
    pub shown: String,
    /// What is in it.
    pub text: Arc<str>,
}

/// The text of a configuration file.
#[derive(Clone, Debug)]
pub struct Payload {
    /// The text; empty if there is a fault.
    pub text: String,
    /// How a template of a user's own made it, if one did.
    pub made: Option<Box<Made>>,
}

/// How a template made a text.
#[derive(Clone, Debug)]
pub struct Made {
    /// The template.
    pub by: Override,
    /// For each line of the text, the line of the template, from zero; empty if nobody knows.
    pub lines: Vec<usize>,
    /// Why there is no text.
    pub fault: Option<Fault>,
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        Self { text, made: None }
    }
}
