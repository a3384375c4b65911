//! What a check finds wrong: all of it, in a stable order.

use std::collections::BTreeSet;

use crate::support::objects::Object;

/// Faults of one platform.
#[derive(Debug, Default)]
pub struct Faults(pub BTreeSet<String>);

impl Faults {
    /// Something is wrong at `field` of `object`.
    pub fn add(&mut self, object: &Object, field: &str, why: impl AsRef<str>) {
        self.0.insert(format!("{object} {field}: {}", why.as_ref()));
    }

    /// Something is wrong with the platform as a whole.
    pub fn general(&mut self, why: impl Into<String>) {
        self.0.insert(why.into());
    }

    /// Something is wrong at `field` of `object` unless `right`.
    pub fn unless(&mut self, right: bool, object: &Object, field: &str, why: impl AsRef<str>) {
        if !right {
            self.add(object, field, why);
        }
    }
}
