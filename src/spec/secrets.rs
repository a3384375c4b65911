//! The table `[secrets]`: how secret values come into the cluster. The description never holds one.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::diagnostics::report::Report;
use crate::spec::read::{At, Node, Read, wrong_type};
use crate::spec::shape::{shape, words};
use crate::values::duration::Duration;
use crate::values::entry_path::EntryPath;
use crate::values::name::ObjectName;
use crate::values::path::FilePath;

shape! {
    /// Where secret values live.
    SecretsSpec {
        /// How Secrets come into the cluster.
        backend: At<Backend>,
        /// For `external-secrets`: the store that holds them, by name if it is a ClusterSecretStore.
        store: Option<StoreSpec>,
        /// For `external-secrets`: the entry of a Secret in the store. `{platform}/{environment}/{secret}` when absent.
        path: EntryPath = EntryPath::conventional(),
        /// For `external-secrets`: how often the store is read. `1h` when absent.
        refresh: Duration = Duration::seconds(3600),
        /// For `sealed` and `sops`: the directory beside this file with the encrypted files,
        /// `<namespace>/<secret>.yaml`. The name of the backend when absent.
        directory: Option<FilePath>,
        /// For `sealed`: files with the certificates for which values may be sealed; `seal` uses the last. Any when absent.
        certificates: Vec<At<FilePath>>,
        /// For `sealed`: in which Secrets a sealed value can be opened. `strict` when absent.
        scope: Scope = Scope::Strict,
    }
}

words! {
    /// How Secrets come into the cluster.
    Backend {
        /// The External Secrets operator reads them from a store.
        ExternalSecrets = "external-secrets",
        /// The Sealed Secrets controller opens what `seal` has encrypted.
        Sealed = "sealed",
        /// Whoever applies the objects decrypts files that SOPS has encrypted.
        Sops = "sops",
        /// Somebody else creates them; we only refer to them.
        Existing = "existing",
    }
}

words! {
    /// Where a sealed value can be opened.
    Scope {
        /// In one Secret of one namespace.
        Strict = "strict",
        /// In every Secret of one namespace.
        NamespaceWide = "namespace-wide",
        /// Everywhere in the cluster.
        ClusterWide = "cluster-wide",
    }
}

impl Scope {
    /// Every scope but the narrowest, with the annotation by which a `SealedSecret` says it; the widest one counts.
    /// Source: bitnami-labs/sealed-secrets, `SecretScope`.
    pub const ANNOTATIONS: &'static [(&'static str, Self)] = &[
        ("sealedsecrets.bitnami.com/cluster-wide", Self::ClusterWide),
        ("sealedsecrets.bitnami.com/namespace-wide", Self::NamespaceWide),
    ];

    /// As the description and `kubeseal --scope` call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::NamespaceWide => "namespace-wide",
            Self::ClusterWide => "cluster-wide",
        }
    }

    /// What is sealed together with a value: whoever opens it must say the same.
    /// Source: bitnami-labs/sealed-secrets, `EncryptionLabel`.
    pub fn label(self, namespace: &str, name: &str) -> String {
        match self {
            Self::Strict => format!("{namespace}/{name}"),
            Self::NamespaceWide => namespace.to_owned(),
            Self::ClusterWide => String::new(),
        }
    }
}

impl SecretsSpec {
    /// The directory with the encrypted files; `None` if the backend has none.
    pub fn files(&self) -> Option<&str> {
        let conventional = match self.backend.value {
            Backend::Sealed => "sealed",
            Backend::Sops => "sops",
            Backend::ExternalSecrets | Backend::Existing => return None,
        };
        Some(self.directory.as_ref().map_or(conventional, FilePath::as_str))
    }
}

/// A store of the External Secrets operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSpec {
    /// What it is.
    pub kind: StoreKind,
    /// What it is called.
    pub name: ObjectName,
}

words! {
    /// What a store is.
    StoreKind {
        /// One for all namespaces.
        ClusterSecretStore = "ClusterSecretStore",
        /// One in each namespace.
        SecretStore = "SecretStore",
    }
}

impl StoreKind {
    /// The kind of its object.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::ClusterSecretStore => "ClusterSecretStore",
            Self::SecretStore => "SecretStore",
        }
    }
}

shape! {
    /// A store of the External Secrets operator.
    NamedStore {
        /// What it is. `SecretStore` is one of that name in every namespace with Secrets.
        kind: StoreKind = StoreKind::ClusterSecretStore,
        /// Its name.
        name: ObjectName,
    }
}

impl Read for StoreSpec {
    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        if node.get_ref().is_table() {
            return NamedStore::read(node, report).map(|NamedStore { kind, name }| Self { kind, name });
        }
        if !node.get_ref().is_str() {
            wrong_type(node, &Self::type_name(), report);
            return None;
        }
        ObjectName::read(node, report).map(|name| Self { kind: StoreKind::ClusterSecretStore, name })
    }

    fn stand_in(default: Option<Self>) -> Option<Self> {
        default.or_else(|| ObjectName::stand_in(None).map(|name| Self { kind: StoreKind::ClusterSecretStore, name }))
    }

    fn type_name() -> Cow<'static, str> {
        "a name, or a table with `kind` and `name`".into()
    }

    fn schema() -> Value {
        json!({ "anyOf": [ObjectName::schema(), NamedStore::schema()] })
    }
}
