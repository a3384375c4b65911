//! What `diff` promises: it is silent where nothing differs, tells each difference at its place and nowhere else, and
//! never tells a secret.
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod answers;
#[path = "../support/base64.rs"]
mod base64;
mod edits;
#[path = "../support/flagship.rs"]
mod flagship;
mod manual;
mod patch;
#[path = "../support/random.rs"]
mod random;
#[path = "../support/trees.rs"]
mod trees;
mod trouble;
mod views;
#[path = "../support/workshop.rs"]
mod workshop;
