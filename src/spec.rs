//! What a user may write: the raw shapes of `platform.toml` and how they are read from it, all mistakes at once.
//! The field documentation here is the user's manual: the reference page is generated from it.

pub mod any;
pub mod cluster;
pub mod external;
pub mod hatches;
pub mod images;
pub mod non_empty;
pub mod overlay;
pub mod read;
pub mod scalars;
pub mod secrets;
pub mod shape;
pub mod shapes;
pub mod size;
pub mod types;
