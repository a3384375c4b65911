//! `ConfigMaps`, and the names by which their content shows.

use std::fmt::Write;

use k8s_openapi::api::core::v1::ConfigMap;
use sha2::{Digest, Sha256};

use crate::model::identity::Identity;
use crate::model::payload::Payload;
use crate::model::workload::{ConfigFiles, Source, Workload};
use crate::parts::meta::namespaced;

/// The `ConfigMaps` of a workload.
pub fn config_maps(identity: &Identity<'_>, workload: &Workload) -> Vec<ConfigMap> {
    workload
        .volumes
        .iter()
        .flat_map(|volume| match &volume.source {
            Source::Config(sets) => sets.as_slice(),
            _ => &[],
        })
        .map(|set| ConfigMap {
            metadata: namespaced(name(set), &identity.own.namespace, identity.labels()),
            data: Some(set.files.iter().map(|(name, file)| (name.clone(), file.text.clone())).collect()),
            immutable: (!set.live).then_some(true),
            ..Default::default()
        })
        .collect()
}

/// The object's name: with a hash of the content unless the software reads it again by itself.
pub fn name(set: &ConfigFiles) -> String {
    if set.live {
        return set.name.to_string();
    }
    let mut hash = Sha256::new();
    for (file, Payload { text, .. }) in &set.files {
        // Lengths keep ("ab", "c") apart from ("a", "bc").
        hash.update((file.len() as u64).to_be_bytes());
        hash.update(file);
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    format!("{}-{}", set.name, short_hex(&hash.finalize()))
}

/// The first ten hexadecimal digits: enough that two contents of one `ConfigMap` never meet, short enough to read.
pub fn short_hex(digest: &[u8]) -> String {
    hex(digest.get(..5).unwrap_or(digest))
}

/// All of them.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
