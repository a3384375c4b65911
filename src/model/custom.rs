//! Custom resources that we render, written by hand on the typed metadata: only the fields that we set.
//! Sources: cert-manager.io/v1, external-secrets.io/v1, bitnami.com/v1alpha1 and cilium.io/v2 API references.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::{ClusterResourceScope, Metadata, NamespaceResourceScope, Resource};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

macro_rules! custom {
    ($( $(#[doc = $doc:literal])* $kind:ident($spec:ty): $group:literal / $version:literal, $plural:literal, $scope:ty; )*) => { $(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $kind {
            /// Standard metadata.
            pub metadata: ObjectMeta,
            /// What is wanted.
            pub spec: $spec,
        }

        impl Resource for $kind {
            const API_VERSION: &'static str = concat!($group, "/", $version);
            const GROUP: &'static str = $group;
            const KIND: &'static str = stringify!($kind);
            const VERSION: &'static str = $version;
            const URL_PATH_SEGMENT: &'static str = $plural;
            type Scope = $scope;
        }

        impl Metadata for $kind {
            type Ty = ObjectMeta;

            fn metadata(&self) -> &ObjectMeta {
                &self.metadata
            }

            fn metadata_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        }

        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut object = serializer.serialize_struct(Self::KIND, 4)?;
                object.serialize_field("apiVersion", Self::API_VERSION)?;
                object.serialize_field("kind", Self::KIND)?;
                object.serialize_field("metadata", &self.metadata)?;
                object.serialize_field("spec", &self.spec)?;
                object.end()
            }
        }
    )* };
}

custom! {
    /// A certificate that cert-manager obtains and renews.
    Certificate(CertificateSpec): "cert-manager.io"/"v1", "certificates", NamespaceResourceScope;
    /// Who signs certificates of every namespace.
    ClusterIssuer(IssuerSpec): "cert-manager.io"/"v1", "clusterissuers", ClusterResourceScope;
    /// Who signs certificates of one namespace.
    Issuer(IssuerSpec): "cert-manager.io"/"v1", "issuers", NamespaceResourceScope;
    /// A Secret that the External Secrets operator fills from a store.
    ExternalSecret(ExternalSecretSpec): "external-secrets.io"/"v1", "externalsecrets", NamespaceResourceScope;
    /// A Secret that the Sealed Secrets controller opens.
    SealedSecret(SealedSecretSpec): "bitnami.com"/"v1alpha1", "sealedsecrets", NamespaceResourceScope;
    /// What plain policies cannot say on Cilium.
    CiliumNetworkPolicy(CiliumNetworkPolicySpec): "cilium.io"/"v2", "ciliumnetworkpolicies", NamespaceResourceScope;
}

macro_rules! fields {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$attribute:meta])* $field:ident: $type:ty, )* } )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $(
                $(#[$attribute])*
                #[serde(skip_serializing_if = "Absent::is_absent")]
                pub $field: $type,
            )*
        }
    )* };
}

/// What is left out of the text: like the API's own `omitempty`, but never a `false` or a zero.
trait Absent {
    fn is_absent(&self) -> bool {
        false
    }
}

impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Absent for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<K, V> Absent for BTreeMap<K, V> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

macro_rules! always_present {
    ($($type:ty),* $(,)?) => { $( impl Absent for $type {} )* };
}

always_present!(
    String,
    bool,
    &'static str,
    IssuerRef,
    SecretKeyRef,
    SelfSigned,
    SecretMetadata,
    SecretName,
    Http01,
    SolverIngress,
    StoreRef,
    Target,
    RemoteRef,
    LabelSelector,
    ObjectMeta,
    SealedTemplate
);

fields! {
    /// Spec of a `Certificate`.
    CertificateSpec {
        /// The Secret that holds key and certificate.
        secret_name: String,
        /// Common name, for authorities.
        common_name: Option<String>,
        /// Names that it is for.
        dns_names: Vec<String>,
        /// Whether it may sign others.
        #[serde(rename = "isCA")]
        is_ca: Option<bool>,
        /// Lifetime, where the issuer leaves it to us.
        duration: Option<String>,
        /// When to renew, in percent of the lifetime that is left: lifetimes shrink, fixed times break.
        renew_before_percentage: Option<i32>,
        /// Its private key.
        private_key: Option<PrivateKey>,
        /// How many old requests to keep.
        revision_history_limit: Option<i32>,
        /// What it may be used for.
        usages: Vec<&'static str>,
        /// Who signs it.
        issuer_ref: IssuerRef,
    }
    /// The private key of a certificate.
    PrivateKey {
        /// `ECDSA` or `RSA`.
        algorithm: &'static str,
        /// Bits.
        size: Option<i32>,
        /// `Always` makes a new key at each renewal.
        rotation_policy: &'static str,
    }
    /// Who signs.
    IssuerRef {
        /// API group.
        group: &'static str,
        /// `Issuer` or `ClusterIssuer`.
        kind: &'static str,
        /// Name.
        name: String,
    }
    /// Spec of an `Issuer` or a `ClusterIssuer`.
    IssuerSpec {
        /// Certificates that sign themselves.
        self_signed: Option<SelfSigned>,
        /// An authority of our own.
        ca: Option<SecretName>,
        /// An authority that speaks ACME.
        acme: Option<Acme>,
    }
    /// Empty by nature: its presence is the message.
    SelfSigned {}
    /// A Secret.
    SecretName {
        /// Its name.
        secret_name: String,
    }
    /// An ACME account.
    Acme {
        /// Directory of the authority.
        server: &'static str,
        /// Whom it writes to.
        email: Option<String>,
        /// Secret for the account's key.
        private_key_secret_ref: SecretKeyRef,
        /// How it proves control of a host.
        solvers: Vec<Solver>,
    }
    /// A Secret.
    SecretKeyRef {
        /// Its name.
        name: String,
    }
    /// How control of a host is proved.
    Solver {
        /// By answering over HTTP.
        http01: Option<Http01>,
    }
    /// By answering over HTTP.
    Http01 {
        /// Behind an Ingress.
        ingress: SolverIngress,
    }
    /// Behind an Ingress.
    SolverIngress {
        /// Class of the controller.
        ingress_class_name: String,
        /// Type of the solver's Service.
        service_type: &'static str,
    }
    /// Spec of an `ExternalSecret`.
    ExternalSecretSpec {
        /// When to read the store: `Periodic`.
        refresh_policy: &'static str,
        /// How often to read the store.
        refresh_interval: String,
        /// Where to read.
        secret_store_ref: StoreRef,
        /// What to write.
        target: Target,
        /// Single values.
        data: Vec<SecretData>,
        /// Whole entries.
        data_from: Vec<DataFrom>,
    }
    /// A store.
    StoreRef {
        /// Its kind.
        kind: &'static str,
        /// Its name.
        name: String,
    }
    /// The Secret to write.
    Target {
        /// Its name.
        name: String,
        /// `Owner`: it goes with the ExternalSecret.
        creation_policy: &'static str,
        /// `Retain`: it stays when the store loses the entry.
        deletion_policy: &'static str,
        /// How to compute it, where the entry is not it.
        template: Option<SecretTemplate>,
    }
    /// How a Secret is computed.
    SecretTemplate {
        /// Type of the Secret.
        r#type: Option<&'static str>,
        /// Version of the template language.
        engine_version: &'static str,
        /// `Replace`: only what stands here.
        merge_policy: &'static str,
        /// What the Secret is called by, besides its name.
        metadata: SecretMetadata,
        /// Key and template.
        data: BTreeMap<String, String>,
    }
    /// What the Secret is called by, besides its name; one that is computed inherits nothing.
    SecretMetadata {
        /// Labels.
        labels: BTreeMap<String, String>,
    }
    /// One key of the Secret.
    SecretData {
        /// The key.
        secret_key: String,
        /// Where its value is.
        remote_ref: RemoteRef,
    }
    /// A place in the store.
    RemoteRef {
        /// The entry.
        key: String,
        /// The value in it.
        property: Option<String>,
        /// How to change keys that no Secret can have.
        conversion_strategy: &'static str,
        /// How the value is encoded.
        decoding_strategy: &'static str,
        /// Whether to read what the store knows about the entry instead.
        metadata_policy: &'static str,
    }
    /// Whole entries of the store.
    DataFrom {
        /// Every value of this entry.
        extract: RemoteRef,
    }
    /// Spec of a `SealedSecret`.
    SealedSecretSpec {
        /// The Secret around the values.
        template: SealedTemplate,
        /// Key and sealed value.
        encrypted_data: BTreeMap<String, String>,
    }
    /// A Secret without its values.
    SealedTemplate {
        /// Type of the Secret.
        r#type: Option<&'static str>,
        /// What it is called by.
        metadata: ObjectMeta,
    }
    /// Spec of a `CiliumNetworkPolicy`.
    CiliumNetworkPolicySpec {
        /// Pods that it is about.
        endpoint_selector: LabelSelector,
        /// Who may call them.
        ingress: Vec<CiliumIngress>,
        /// What they may call.
        egress: Vec<CiliumEgress>,
    }
    /// One set of sources.
    CiliumIngress {
        /// Entities that have no pod and no range.
        from_entities: Vec<&'static str>,
        /// Ports.
        to_ports: Vec<CiliumPorts>,
    }
    /// One set of destinations.
    CiliumEgress {
        /// Entities that have no pod and no range.
        to_entities: Vec<&'static str>,
        /// Pods.
        to_endpoints: Vec<LabelSelector>,
        /// Hosts by name.
        #[serde(rename = "toFQDNs")]
        to_fqdns: Vec<CiliumHost>,
        /// Ports.
        to_ports: Vec<CiliumPorts>,
    }
    /// Hosts by name.
    CiliumHost {
        /// The name.
        match_name: Option<String>,
        /// Names: `*` stands for letters of one label.
        match_pattern: Option<String>,
    }
    /// Ports and what may be said on them.
    CiliumPorts {
        /// The ports.
        ports: Vec<CiliumPort>,
        /// What may be said.
        rules: Option<CiliumRules>,
    }
    /// A port.
    CiliumPort {
        /// Number.
        port: String,
        /// Transport.
        protocol: &'static str,
    }
    /// What may be said.
    CiliumRules {
        /// Names that may be resolved; only resolved names can be matched by `toFQDNs`.
        dns: Vec<CiliumDns>,
    }
    /// Names that may be resolved.
    CiliumDns {
        /// `*` for all.
        match_pattern: &'static str,
    }
}
