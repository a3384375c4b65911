//! Everything that follows from what components say of themselves, each kind of object in one place.

pub mod cilium;
pub mod config;
pub mod connections;
pub mod disruption;
pub mod edges;
pub mod namespaces;
pub mod pods;
pub mod policies;
pub mod priorities;
pub mod promql;
pub mod rights;
pub mod routes;
pub mod secrets;
pub mod services;
pub mod survey;
pub mod workloads;
