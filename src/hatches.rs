//! What the component types do not cover: objects that somebody wrote, definitions of kinds, changes to objects. All of it
//! is read, judged as strictly as a server would, and reported in the file where it stands.

pub mod definitions;
pub mod derived;
pub mod files;
pub mod kinds;
pub mod manifests;
pub mod patches;
pub mod pods;
pub mod work;
pub mod written;
