//! Values that are right by construction: once parsed, the API server takes them. They know only text.

pub mod amount;
pub mod base64;
pub mod body_size;
pub mod cidr;
pub mod data_size;
pub mod date;
pub mod duration;
pub mod entry_path;
pub mod file_pattern;
pub mod host;
pub mod image;
pub mod interned;
pub mod label;
pub mod name;
pub mod parse;
pub mod path;
pub mod quantity;
pub mod schedule;
pub mod secret_ref;
pub mod shelf;
