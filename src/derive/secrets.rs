//! Secrets by reference: which a platform needs, and of what. No value is ever seen here.

pub mod fetched;
pub mod sealed;

use std::collections::BTreeMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::derive::config::short_hex;
use crate::diagnostics::source::Span;
use crate::model::bundle::Home;
use crate::model::encrypted::{Encrypted, Files};
use crate::model::site::PullSecret;
use crate::model::workload::{EnvValue, SecretContent, SecretFiles, Source as VolumeSource, Workload};
use crate::values::name::Name;
use crate::values::secret_ref::{Origin, SecretKey};

/// The key of a credential for registries.
pub const DOCKER_CONFIG: &str = ".dockerconfigjson";
/// The key of a file with who may log in.
pub const HTPASSWD: &str = "htpasswd";
/// The type of a Secret without a type.
pub const OPAQUE: &str = "Opaque";
const DOCKER_CONFIG_TYPE: &str = "kubernetes.io/dockerconfigjson";

/// The Secrets of one namespace. What cannot be one Secret stays apart under one name; two objects of a name end the run.
pub type Needs = BTreeMap<(Name, Source), SecretContent>;

/// Where the content of a Secret comes from; contents from one source go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The entry of its name.
    Entry(Origin),
    /// Another entry, by a template.
    Template,
}

/// The Secrets that a workload's containers and volumes refer to.
pub fn needs(workload: &Workload, pull: Option<&PullSecret>) -> Needs {
    let mut needs = Needs::new();
    let init_env = workload.init.iter().flat_map(|init| &init.env);
    for env in workload.main.env.iter().chain(init_env) {
        if let EnvValue::Secret(reference) = &env.value {
            add(&mut needs, &reference.secret, SecretContent::Keys(reference.origin(), vec![reference.key.clone()]));
        }
    }
    for volume in &workload.volumes {
        if let VolumeSource::Secret(SecretFiles { name, content }) = &volume.source {
            add(&mut needs, name, content.clone());
        }
    }
    if let Some(pull) = pull {
        let content = match &pull.from {
            Some(from) => SecretContent::PullCredential { from: from.clone(), host: pull.host.clone() },
            None => SecretContent::Keys(Origin::Derived, vec![SecretKey::fixed(DOCKER_CONFIG)]),
        };
        add(&mut needs, &pull.name, content);
    }
    needs
}

/// Adds one more user of a Secret. Keys add up; the whole entry holds every key.
pub fn add(needs: &mut Needs, name: &Name, content: SecretContent) {
    let source = match &content {
        SecretContent::Keys(origin, _) => Source::Entry(*origin),
        SecretContent::Whole => Source::Entry(Origin::Written),
        SecretContent::Htpasswd { .. } | SecretContent::PullCredential { .. } => Source::Template,
    };
    let merged = match (needs.remove(&(name.clone(), source)), content) {
        (Some(SecretContent::Keys(origin, mut keys)), SecretContent::Keys(_, more)) => {
            keys.extend(more);
            keys.sort_unstable();
            keys.dedup();
            SecretContent::Keys(origin, keys)
        }
        (Some(SecretContent::Whole), _) | (Some(SecretContent::Keys(..)), SecretContent::Whole) => SecretContent::Whole,
        (Some(existing), _) => existing,
        (None, content) => content,
    };
    needs.insert((name.clone(), source), merged);
}

/// A Secret that the platform needs.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Its namespace.
    pub namespace: Name,
    /// Its name.
    pub name: Name,
    /// What it must hold.
    pub content: SecretContent,
    /// The file that what makes it belongs to.
    pub home: Home,
    /// Where the component is declared that needs it, or the first of them.
    pub span: Span,
}

impl Demand {
    /// Its namespace and name, as people write them.
    pub fn place(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Whether it is the Secret of this namespace and name.
    pub fn is_called(&self, namespace: &str, name: &str) -> bool {
        self.namespace.as_str() == namespace && self.name.as_str() == name
    }

    /// Its type.
    pub fn kind(&self) -> &'static str {
        let is_for_registries = self.keys().is_some_and(|keys| keys.contains(&DOCKER_CONFIG));
        if is_for_registries { DOCKER_CONFIG_TYPE } else { OPAQUE }
    }

    /// Its keys; `None` if whoever reads it takes what there is.
    pub fn keys(&self) -> Option<Vec<&str>> {
        keys(&self.content)
    }

    /// The credential that it is computed from.
    pub fn credential(&self) -> Option<&Name> {
        match &self.content {
            SecretContent::Htpasswd { from } | SecretContent::PullCredential { from, .. } => Some(from),
            SecretContent::Keys(..) | SecretContent::Whole => None,
        }
    }
}

/// The keys of a Secret; `None` if whoever reads it takes what there is.
fn keys(content: &SecretContent) -> Option<Vec<&str>> {
    match content {
        SecretContent::Keys(_, keys) => Some(keys.iter().map(SecretKey::as_str).collect()),
        SecretContent::Whole => None,
        SecretContent::Htpasswd { .. } => Some(vec![HTPASSWD]),
        SecretContent::PullCredential { .. } => Some(vec![DOCKER_CONFIG]),
    }
}

/// Changes when a workload refers to other Secrets, or when what a file holds of them is encrypted anew, so that its pods
/// restart; never with a value, which nobody here knows.
pub fn secret_hash(workload: &Workload, namespace: &Name, files: &Files) -> Option<String> {
    let needs = needs(workload, None);
    if needs.is_empty() {
        return None;
    }
    let mut text = String::new();
    for ((name, _), content) in &needs {
        let _ = match content {
            // Who chose the name changes nothing for the pods.
            SecretContent::Keys(_, keys) => writeln!(text, "{name} Keys({keys:?})"),
            other => writeln!(text, "{name} {other:?}"),
        };
        let file = files.get(&(namespace.clone(), name.clone())).map(Encrypted::values).unwrap_or_default();
        let read = keys(content);
        for (key, value) in file {
            if read.as_ref().is_none_or(|read| read.contains(&key)) {
                let _ = writeln!(text, "{key} {value}");
            }
        }
    }
    Some(short_hex(&Sha256::digest(text.as_bytes())))
}
