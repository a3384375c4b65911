//! From one `platform.toml` to every Kubernetes object of a platform.
//!
//! `pipeline` names the stages in order; ARCHITECTURE.md says which floor each module stands on.

pub mod causes;
pub mod commands;
pub mod components;
pub mod derive;
pub mod diagnostics;
pub mod diff;
pub mod emit;
pub mod hatches;
pub mod inventory;
pub mod manifest;
pub mod manual;
pub mod model;
pub mod ordered;
pub mod parts;
pub mod pipeline;
pub mod provenance;
pub mod reach;
pub mod rights;
pub mod schema;
pub mod sealing;
pub mod shares;
pub mod spec;
pub mod stages;
pub mod tables;
pub mod traces;
pub mod validate;
pub mod values;
pub mod views;
