//! The stages of the pipeline, each named by its verb, each with one public function of that verb.

pub mod accept;
pub mod build;
pub mod capacity;
pub mod check;
pub mod fill;
pub mod images;
pub mod link;
pub mod order;
pub mod overrides;
pub mod parse;
pub mod resolve;
pub mod types;
