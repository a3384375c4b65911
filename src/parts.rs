//! Plain functions: checked values in, one typed Kubernetes struct out, secure by default.

pub mod aggregation;
pub mod certificate;
pub mod meta;
pub mod payload;
pub mod pod;
pub mod probe;
pub mod rights;
pub mod template;
pub mod webhook;
