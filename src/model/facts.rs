//! What is true for the whole platform.

use crate::model::payload::Overrides;
use crate::model::pins::Pins;
use crate::spec::cluster::ClusterSpec;
use crate::spec::images::ImagesSpec;
use crate::spec::secrets::SecretsSpec;
use crate::spec::shapes::{DefaultsSpec, PlatformSpec};

/// The checked general part of the description.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The platform.
    pub platform: PlatformSpec,
    /// The cluster under it.
    pub cluster: ClusterSpec,
    /// Defaults of web services.
    pub defaults: DefaultsSpec,
    /// The secret store.
    pub secrets: SecretsSpec,
    /// Where images may come from.
    pub images: ImagesSpec,
    /// What their tags stand for.
    pub pins: Pins,
    /// Templates of configuration files that take the place of built-in ones.
    pub overrides: Overrides,
}
