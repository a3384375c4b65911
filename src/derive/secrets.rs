//! Secrets by reference: what the store must fill, and how it knows. No value is ever seen here.

use std::collections::BTreeMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::derive::config::short_hex;
use crate::model::custom::{
    DataFrom, ExternalSecret, ExternalSecretSpec, RemoteRef, SecretData, SecretMetadata, SecretTemplate, StoreRef,
    Target,
};
use crate::model::facts::Facts;
use crate::model::site::PullSecret;
use crate::model::workload::{EnvValue, SecretContent, SecretFiles, Source as VolumeSource, Workload};
use crate::parts::meta::{Labels, namespaced};
use crate::spec::shapes::Backend;
use crate::values::name::Name;
use crate::values::secret_ref::{Origin, SecretKey};

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
            keys.sort();
            keys.dedup();
            SecretContent::Keys(origin, keys)
        }
        (Some(SecretContent::Whole), _) | (Some(SecretContent::Keys(..)), SecretContent::Whole) => SecretContent::Whole,
        (Some(existing), _) => existing,
        (None, content) => content,
    };
    needs.insert((name.clone(), source), merged);
}

/// bcrypt is the only hash that the registry reads. The function `htpasswd` takes two arguments in old releases of the
/// operator and three in new ones; `bcrypt` takes one in all of them.
const HTPASSWD: &str = r#"{{ printf "%s:%s" .username (.password | bcrypt) }}"#;
const DOCKER_CONFIG: &str = ".dockerconfigjson";
const DOCKER_CONFIG_TYPE: &str = "kubernetes.io/dockerconfigjson";

/// The object that makes `content` into the Secret `name`, where the backend wants one.
pub fn external_secret(
    name: &Name,
    content: &SecretContent,
    namespace: &Name,
    facts: &Facts,
    labels: Labels,
) -> Option<ExternalSecret> {
    let store = facts.secrets.store.as_ref().filter(|_| facts.secrets.backend.value == Backend::ExternalSecrets)?;
    let entry = |secret: &Name| format!("{}/{}/{secret}", facts.platform.name, facts.platform.environment);
    let value = |key: &str, entry: String| SecretData {
        secret_key: key.to_owned(),
        remote_ref: remote(entry, Some(key.to_owned())),
    };
    let credential = |from: &Name| vec![value("username", entry(from)), value("password", entry(from))];
    let data = match content {
        SecretContent::Keys(_, keys) => keys.iter().map(|key| value(key.as_str(), entry(name))).collect(),
        SecretContent::Whole => Vec::new(),
        SecretContent::Htpasswd { from } | SecretContent::PullCredential { from, .. } => credential(from),
    };
    let data_from = match content {
        SecretContent::Whole => vec![DataFrom { extract: remote(entry(name), None) }],
        _ => Vec::new(),
    };
    let template = template(content, &labels);
    Some(ExternalSecret {
        metadata: namespaced(name.as_str(), namespace, labels),
        spec: ExternalSecretSpec {
            refresh_policy: "Periodic",
            refresh_interval: "1h0m0s",
            secret_store_ref: StoreRef { kind: "ClusterSecretStore", name: store.to_string() },
            target: Target { name: name.to_string(), creation_policy: "Owner", deletion_policy: "Retain", template },
            data,
            data_from,
        },
    })
}

/// A place in the store, read as it is. Every field with a default is written: releases of the operator differ in which
/// of them the API server fills in, and what it fills in looks like drift.
fn remote(key: String, property: Option<String>) -> RemoteRef {
    RemoteRef { key, property, conversion_strategy: "Default", decoding_strategy: "None", metadata_policy: "None" }
}

/// How the operator computes a Secret that is not simply a copy of an entry.
fn template(content: &SecretContent, labels: &Labels) -> Option<SecretTemplate> {
    let (type_, key, text) = match content {
        SecretContent::Whole => return None,
        SecretContent::Keys(_, keys) if keys.iter().all(|key| key.as_str() != DOCKER_CONFIG) => return None,
        SecretContent::Keys(..) => {
            (Some(DOCKER_CONFIG_TYPE), DOCKER_CONFIG, format!("{{{{ index . \"{DOCKER_CONFIG}\" }}}}"))
        }
        SecretContent::Htpasswd { .. } => (None, "htpasswd", HTPASSWD.to_owned()),
        SecretContent::PullCredential { host, .. } => (Some(DOCKER_CONFIG_TYPE), DOCKER_CONFIG, docker_config(host)),
    };
    Some(SecretTemplate {
        r#type: type_,
        engine_version: "v2",
        merge_policy: "Replace",
        metadata: SecretMetadata { labels: labels.clone() },
        data: [(key.to_owned(), text)].into(),
    })
}

/// `toRawJson` quotes user name and password, whatever they hold.
fn docker_config(host: &str) -> String {
    let auth = r#"{{ printf "%s:%s" .username .password | b64enc | toRawJson }}"#;
    format!(
        r#"{{"auths":{{"{host}":{{"username":{{{{ .username | toRawJson }}}},"password":{{{{ .password | toRawJson }}}},"auth":{auth}}}}}}}"#
    )
}

/// Changes when a workload refers to other secrets, so that its pods restart; never with a value, which nobody here
/// knows.
pub fn reference_hash(workload: &Workload) -> Option<String> {
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
    }
    Some(short_hex(&Sha256::digest(text.as_bytes())))
}
