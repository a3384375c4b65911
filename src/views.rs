//! A comparison as text, for each kind of reader. Views say nothing that the comparison does not hold.

pub mod findings;
pub mod inline;
pub mod json;
pub mod lines;
pub mod markdown;
pub mod paint;
pub mod stat;
pub mod summary;
pub mod text;
pub mod unified;
