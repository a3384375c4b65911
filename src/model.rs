//! The nouns: what a platform, a component, a workload and an object are. Knows no file and prints nothing.

pub mod bundle;
pub mod component;
pub mod custom;
pub mod edge;
pub mod encrypted;
pub mod endpoint;
pub mod facts;
pub mod given;
pub mod identity;
pub mod monitoring;
pub mod names;
pub mod object;
pub mod payload;
pub mod pins;
pub mod platform;
pub mod rendered;
pub mod site;
pub mod tree;
pub mod workload;
