//! The format of Sealed Secrets: values that only the controller of a cluster can open.
//! Sources: bitnami-labs/sealed-secrets, `docs/developer/crypto.md`, and the types of bitnami.com/v1alpha1.
//!
//! Lives here: certificates and ciphertext as bytes. It must never know where they come from, nor make randomness.

pub mod certificate;
pub mod cipher;
pub mod credential;
