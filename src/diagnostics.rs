//! What is wrong, where, and what would be right. Knows text and places, never what they mean.

pub mod acceptance;
pub mod caret;
pub mod codes;
pub mod report;
pub mod source;
pub mod suggest;
