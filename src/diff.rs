//! Two trees of manifests, and what is different between them. It reads text only: what wrote it does not matter.

pub mod alignment;
pub mod capacity;
pub mod change;
pub mod compare;
pub mod effects;
pub mod exchange;
pub mod hiding;
pub mod likeness;
pub mod lists;
pub mod pair;
pub mod path;
pub mod payload;
pub mod quantities;
mod renames;
pub mod scale;
pub mod secrets;
pub mod side;
pub mod structure;
pub mod telling;
