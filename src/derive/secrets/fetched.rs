//! Secrets that the External Secrets operator fetches from a store: where each value is, and how it is computed.

use crate::derive::secrets::{DOCKER_CONFIG, Demand, HTPASSWD, OPAQUE};
use crate::model::custom::{
    DataFrom, ExternalSecret, ExternalSecretSpec, RemoteRef, SecretData, SecretMetadata, SecretTemplate, StoreRef,
    Target,
};
use crate::model::facts::Facts;
use crate::model::workload::SecretContent;
use crate::parts::meta::{Labels, namespaced};
use crate::spec::secrets::StoreSpec;
use crate::values::duration::Duration;
use crate::values::name::Name;

/// bcrypt is the only hash that the registry reads. The function `htpasswd` takes two arguments in old releases of the
/// operator and three in new ones; `bcrypt` takes one in all of them.
const HTPASSWD_TEMPLATE: &str = r#"{{ printf "%s:%s" .username (.password | bcrypt) }}"#;

/// The object that fetches a Secret from a store.
pub fn external_secret(demand: &Demand, store: &StoreSpec, facts: &Facts, labels: Labels) -> ExternalSecret {
    let Demand { namespace, name, content, .. } = demand;
    let (platform, environment) = (facts.platform.name.as_str(), facts.platform.environment.as_str());
    let entry = |secret: &Name| facts.secrets.path.of(platform, environment, secret.as_str());
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
    let template = template(demand, &labels);
    ExternalSecret {
        metadata: namespaced(name.as_str(), namespace, labels),
        spec: ExternalSecretSpec {
            refresh_policy: "Periodic",
            refresh_interval: go_duration(facts.secrets.refresh),
            secret_store_ref: StoreRef { kind: store.kind.kind(), name: store.name.to_string() },
            target: Target { name: name.to_string(), creation_policy: "Owner", deletion_policy: "Retain", template },
            data,
            data_from,
        },
    }
}

/// As Go writes durations back: anything else would look like drift.
fn go_duration(duration: Duration) -> String {
    let seconds = duration.in_seconds();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{}s", seconds % 60),
        _ => format!("{hours}h{minutes}m{}s", seconds % 60),
    }
}

/// A place in the store, read as it is. Every field with a default is written: releases of the operator differ in which
/// of them the API server fills in, and what it fills in looks like drift.
fn remote(key: String, property: Option<String>) -> RemoteRef {
    RemoteRef { key, property, conversion_strategy: "Default", decoding_strategy: "None", metadata_policy: "None" }
}

/// How the operator computes a Secret that is not simply a copy of an entry.
fn template(demand: &Demand, labels: &Labels) -> Option<SecretTemplate> {
    let kind = demand.kind();
    let (key, text) = match &demand.content {
        SecretContent::Whole => return None,
        SecretContent::Keys(..) if kind == OPAQUE => return None,
        SecretContent::Keys(..) => (DOCKER_CONFIG, format!("{{{{ index . \"{DOCKER_CONFIG}\" }}}}")),
        SecretContent::Htpasswd { .. } => (HTPASSWD, HTPASSWD_TEMPLATE.to_owned()),
        SecretContent::PullCredential { host, .. } => (DOCKER_CONFIG, docker_config(host)),
    };
    Some(SecretTemplate {
        r#type: (kind != OPAQUE).then_some(kind),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_does() {
        for (seconds, text) in [(30, "30s"), (60, "1m0s"), (3600, "1h0m0s"), (86_400, "24h0m0s"), (3661, "1h1m1s")] {
            assert_eq!(go_duration(Duration::seconds(seconds)), text);
        }
    }
}
