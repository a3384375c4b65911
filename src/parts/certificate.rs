//! Certificates: public ones for routes, and small authorities of our own for webhooks and aggregated APIs.

use crate::model::custom::{
    Certificate, CertificateSpec, Issuer, IssuerRef, IssuerSpec, PrivateKey, SecretName, SelfSigned,
};
use crate::model::object::Object;
use crate::parts::meta::{Labels, namespaced};
use crate::values::host::Host;
use crate::values::name::Name;

const GROUP: &str = "cert-manager.io";

/// Name of the Secret with the certificate of `host`. Its dots keep it apart from that of every other host, and from every
/// Secret that a user can name.
pub fn public_secret(host: &Host) -> String {
    format!("{host}-tls")
}

/// A public certificate for `host`, signed by the `ClusterIssuer` `issuer`.
pub fn public(host: &Host, namespace: &Name, issuer: &str, labels: Labels) -> Certificate {
    Certificate {
        metadata: namespaced(public_secret(host), namespace, labels),
        spec: CertificateSpec {
            secret_name: public_secret(host),
            dns_names: vec![host.to_string()],
            private_key: Some(fresh_key()),
            // A third of the lifetime: authorities shorten lifetimes, and a fixed time would one day exceed them.
            renew_before_percentage: Some(33),
            revision_history_limit: Some(2),
            issuer_ref: IssuerRef { group: GROUP, kind: "ClusterIssuer", name: issuer.to_owned() },
            ..Default::default()
        },
    }
}

/// What it takes to serve TLS to the API server: an authority that only this Service uses, and a certificate from it.
/// The API server trusts it because cert-manager writes the authority into the object that names the Service.
pub struct Serving<'a> {
    /// Prefix of the authority's names.
    pub prefix: &'a str,
    /// The Service that presents the certificate.
    pub service: &'a Name,
    /// Their namespace.
    pub namespace: &'a Name,
    /// Labels of all of it.
    pub labels: Labels,
}

impl Serving<'_> {
    /// Name of the Secret that the pods mount.
    pub fn secret(&self) -> Name {
        self.service.with("tls")
    }

    /// Value of the annotation `cert-manager.io/inject-ca-from`.
    pub fn inject_from(&self) -> String {
        format!("{}/{}", self.namespace, self.secret())
    }

    /// The objects, in the order in which each needs the one before.
    pub fn objects(&self) -> Vec<Object> {
        let ca = authority_secret(self.prefix);
        let metadata = |name: &str| namespaced(name, self.namespace, self.labels.clone());
        let names =
            [format!("{}.{}", self.service, self.namespace), format!("{}.{}.svc", self.service, self.namespace)];
        let mut objects = authority(self.prefix, self.namespace, &self.labels);
        objects.extend([
            Issuer {
                metadata: metadata(&ca),
                spec: IssuerSpec { ca: Some(SecretName { secret_name: ca.clone() }), ..Default::default() },
            }
            .into(),
            Certificate {
                metadata: metadata(self.secret().as_str()),
                spec: CertificateSpec {
                    secret_name: self.secret().to_string(),
                    dns_names: names.into(),
                    duration: Some("2160h".to_owned()),
                    renew_before_percentage: Some(33),
                    private_key: Some(fresh_key()),
                    revision_history_limit: Some(2),
                    usages: vec!["digital signature", "server auth"],
                    issuer_ref: local_issuer(&ca),
                    ..Default::default()
                },
            }
            .into(),
        ]);
        objects
    }
}

/// Name of the Secret with the authority of `prefix`.
pub fn authority_secret(prefix: &str) -> String {
    format!("{prefix}-ca")
}

/// An authority of our own: an issuer of certificates that sign themselves, and the one such certificate that signs
/// others. A certificate for a host must not sign itself: it has no subject, and RFC 5280 wants an issuer to have one.
pub fn authority(prefix: &str, namespace: &Name, labels: &Labels) -> Vec<Object> {
    let ca = authority_secret(prefix);
    let root = format!("{prefix}-selfsigned");
    let metadata = |name: &str| namespaced(name, namespace, labels.clone());
    vec![
        Issuer {
            metadata: metadata(&root),
            spec: IssuerSpec { self_signed: Some(SelfSigned {}), ..Default::default() },
        }
        .into(),
        Certificate {
            metadata: metadata(&ca),
            spec: CertificateSpec {
                secret_name: ca.clone(),
                common_name: Some(ca.clone()),
                is_ca: Some(true),
                duration: Some("43800h".to_owned()),
                private_key: Some(PrivateKey { rotation_policy: "Never", ..fresh_key() }),
                revision_history_limit: Some(2),
                issuer_ref: local_issuer(&root),
                ..Default::default()
            },
        }
        .into(),
    ]
}

fn local_issuer(name: &str) -> IssuerRef {
    IssuerRef { group: GROUP, kind: "Issuer", name: name.to_owned() }
}

fn fresh_key() -> PrivateKey {
    PrivateKey { algorithm: "ECDSA", size: Some(256), rotation_policy: "Always" }
}

#[cfg(test)]
mod tests {
    use crate::values::parse::Parse;

    use super::*;

    #[test]
    fn hosts_that_look_alike_have_certificates_of_their_own() {
        let secret = |host| public_secret(&Host::parse(host).expect("a host"));
        assert_ne!(secret("a.b.example.com"), secret("a-b.example.com"));
        assert!(Name::parse(&secret("app.example.com")).is_err(), "no user can name it");
    }
}
