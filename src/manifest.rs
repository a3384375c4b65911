//! Kubernetes manifests that anyone may have written: text to trees with places. It must never know what a kind means.

pub mod anchors;
pub mod block;
pub mod document;
pub mod helm;
pub mod json;
pub mod marks;
mod names;
pub mod node;
pub mod patch;
pub mod plain;
pub mod read;
pub mod selector;
