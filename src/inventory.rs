//! What finished objects use: images, secrets, and what a cluster must have already. It reads objects and must never know
//! how they were made.

pub mod images;
pub mod pins;
pub mod requirements;
pub mod secrets;
