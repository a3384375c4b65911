//! What the tests of rendered platforms share: the example platforms, their objects read back from YAML, and the
//! checks, each a function from a platform to its faults. Nothing here knows how the objects were made.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod alerts;
pub mod api_semantics;
pub mod availability;
pub mod consistency;
pub mod examples;
pub mod faults;
pub mod identities;
pub mod mutations;
pub mod network;
pub mod objects;
pub mod order;
pub mod pod_security;
pub mod quantity;
pub mod quota;
pub mod references;
pub mod resources;
pub mod rights;
pub mod secrecy;
pub mod selectors;
pub mod stores;
pub mod unsealing;
