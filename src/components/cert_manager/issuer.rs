//! Who signs the certificates of routes: the key `issuer`, and the `ClusterIssuer` that it stands for.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::suggest;
use crate::model::custom::{Acme, ClusterIssuer, Http01, IssuerSpec, SecretKeyRef, SecretName, Solver, SolverIngress};
use crate::model::object::Object;
use crate::model::site::Site;
use crate::parts::certificate;
use crate::parts::meta::{Labels, cluster_scoped};
use crate::spec::read::{Node, Read};
use crate::values::host::Host;

/// Who signs the certificates of routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// Let's Encrypt.
    LetsEncrypt,
    /// Let's Encrypt's rehearsal: generous limits, but nobody trusts it.
    LetsEncryptStaging,
    /// An authority that lives in this cluster only.
    SelfSigned,
    /// A `ClusterIssuer` that somebody else made.
    Existing(Host),
}

/// The issuers that we render: the word for each, and the name of its `ClusterIssuer`.
const RENDERED: &[(&str, &str, Signer)] = &[
    ("letsencrypt", "letsencrypt-prod", Signer::LetsEncrypt),
    ("letsencrypt-staging", "letsencrypt-staging", Signer::LetsEncryptStaging),
    ("self-signed", "self-signed", Signer::SelfSigned),
];

impl Read for Signer {
    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        let existing = Host::read(node, report)?;
        let words = || RENDERED.iter().map(|(word, ..)| *word);
        if let Some((.., signer)) = RENDERED.iter().find(|(word, ..)| *word == existing.as_str()) {
            return Some(signer.clone());
        }
        // A longer name such as `letsencrypt-prod` is somebody's own; a slip of the hand is not.
        let slip = suggest::nearest(existing.as_str(), words()).filter(|word| !existing.as_str().starts_with(word));
        if let Some(word) = slip {
            report
                .error(codes::INVALID_VALUE, node.span(), format!("`{existing}` is not one of the known issuers"))
                .did_you_mean(Some(word));
            return None;
        }
        Some(Self::Existing(existing))
    }

    fn stand_in(default: Option<Self>) -> Option<Self> {
        default.or(Some(Self::LetsEncrypt))
    }

    fn type_name() -> Cow<'static, str> {
        "`letsencrypt`, `letsencrypt-staging`, `self-signed` or the name of an existing ClusterIssuer".into()
    }

    fn schema() -> Value {
        let words: Vec<&str> = RENDERED.iter().map(|(word, ..)| *word).collect();
        json!({ "anyOf": [{ "enum": words }, Host::schema()] })
    }
}

impl Signer {
    /// Name of the `ClusterIssuer`.
    pub fn name(&self) -> &str {
        match self {
            Self::Existing(name) => name.as_str(),
            _ => RENDERED.iter().find(|(.., signer)| signer == self).map_or("", |(_, name, _)| name),
        }
    }

    /// Where an authority that speaks ACME is asked, if it is one of ours.
    pub const fn directory(&self) -> Option<&'static str> {
        match self {
            Self::LetsEncrypt => Some("https://acme-v02.api.letsencrypt.org/directory"),
            Self::LetsEncryptStaging => Some("https://acme-staging-v02.api.letsencrypt.org/directory"),
            Self::SelfSigned | Self::Existing(_) => None,
        }
    }

    /// Whether clients trust what it signs without being told to. Of an existing issuer its owner knows.
    pub const fn is_trusted(&self) -> bool {
        matches!(self, Self::LetsEncrypt | Self::Existing(_))
    }
}

/// The objects of the issuer: only of the chosen one, because each ACME issuer registers an account.
pub fn objects(signer: &Signer, email: Option<&String>, site: &Site<'_>, labels: &Labels) -> Vec<Object> {
    let rendered = |spec| ClusterIssuer { metadata: cluster_scoped(signer.name(), labels.clone()), spec };
    if let (Some(server), Some(class)) = (signer.directory(), &site.around.ingress_class) {
        let spec = IssuerSpec { acme: Some(acme(server, signer, email, class)), ..Default::default() };
        return vec![rendered(spec).into()];
    }
    if *signer == Signer::SelfSigned {
        let prefix = site.own.name.as_str();
        let secret_name = certificate::authority_secret(prefix);
        let spec = IssuerSpec { ca: Some(SecretName { secret_name }), ..Default::default() };
        let mut objects = certificate::authority(prefix, &site.own.namespace, labels);
        objects.push(rendered(spec).into());
        return objects;
    }
    Vec::new()
}

fn acme(server: &'static str, signer: &Signer, email: Option<&String>, class: &str) -> Acme {
    let ingress = SolverIngress {
        ingress_class_name: class.to_owned(),
        // The default, NodePort, would open a port on every node, and quotas refuse it.
        service_type: "ClusterIP",
    };
    Acme {
        server,
        email: email.cloned(),
        private_key_secret_ref: SecretKeyRef { name: format!("{}-account-key", signer.name()) },
        solvers: vec![Solver { http01: Some(Http01 { ingress }) }],
    }
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;

    fn read(word: &str) -> (Option<Signer>, Vec<String>) {
        let text = format!("issuer = \"{word}\"");
        let (document, _) = DeTable::parse_recoverable(&text);
        let mut report = Report::default();
        let node = document.get_ref().get("issuer").expect("it has the key");
        let read = Signer::read(node, &mut report);
        (read, report.sorted().iter().filter_map(|diagnostic| diagnostic.help.clone()).collect())
    }

    #[test]
    fn known_words_are_rendered_and_other_names_exist_already() {
        for (word, name, signer) in RENDERED {
            assert_eq!(read(word), (Some(signer.clone()), Vec::new()));
            assert_eq!(signer.name(), *name);
        }
        for name in ["letsencrypt-prod", "letsencrypt-staging-2", "vault", "corp.ca"] {
            let (signer, _) = read(name);
            assert_eq!(signer.expect(name).name(), name);
        }
    }

    #[test]
    fn a_slip_of_the_hand_is_no_existing_issuer() {
        for (slip, word) in [
            ("letsencript", "letsencrypt"),
            ("selfsigned", "self-signed"),
            ("letsencrypt-stagin", "letsencrypt-staging"),
        ] {
            assert_eq!(read(slip), (None, vec![format!("did you mean `{word}`?")]), "{slip}");
        }
    }

    #[test]
    fn rehearsals_and_private_authorities_are_not_trusted() {
        let trusted: Vec<&str> =
            RENDERED.iter().filter(|(.., signer)| signer.is_trusted()).map(|(word, ..)| *word).collect();
        assert_eq!(trusted, ["letsencrypt"]);
    }
}
