//! The certificate of a controller: the key that seals for it, and how long that is meant to be used.

use std::fmt::Write;

use rsa::PublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;
use sha2::{Digest, Sha256};
use x509_cert::Certificate as X509;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{DecodePem, Encode};

use crate::values::date::Date;

/// The smallest modulus that the controller's own language encrypts with. Source: Go, `crypto/rsa`, `checkKeySize`.
const FEWEST_BITS: u32 = 1024;
/// Source: RFC 8017, appendix A.1.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A certificate with an RSA key.
#[derive(Clone, Debug)]
pub struct Certificate {
    pub(super) key: PublicKey,
    fingerprint: String,
    ends: u64,
}

impl Certificate {
    /// The first certificate in a PEM text, as kubeseal takes it; or why there is none.
    pub fn read(pem: &str) -> Result<Self, String> {
        let first = first_block(pem)?;
        let certificate = X509::from_pem(first.as_bytes()).map_err(|fault| format!("is no certificate: {fault}"))?;
        let told = certificate.tbs_certificate();
        let info = told.subject_public_key_info();
        if info.algorithm.oid != RSA {
            return Err("has a key that is not RSA, which no controller of Sealed Secrets has".to_owned());
        }
        let key = PublicKey::from_pkcs1_der(info.subject_public_key.raw_bytes())
            .map_err(|fault| format!("has a key that cannot be used: {fault}"))?;
        if key.n().bit_width() < FEWEST_BITS {
            return Err(format!("has a key of {} bits; expected {FEWEST_BITS} or more", key.n().bit_width()));
        }
        let der = certificate.to_der().map_err(|fault| format!("is no certificate: {fault}"))?;
        Ok(Self { key, fingerprint: fingerprint(&der), ends: told.validity().not_after.to_unix_duration().as_secs() })
    }

    /// SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it, in lower case and without colons.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The last day on which it may be used.
    pub fn last_day(&self) -> Date {
        Date::of_seconds(self.ends)
    }

    /// Whether it may be used no more at this many seconds after the beginning of 1970.
    pub fn has_ended(&self, now: u64) -> bool {
        now > self.ends
    }

    /// How many bytes a sealed session key has.
    pub fn size(&self) -> usize {
        self.key.size()
    }
}

fn fingerprint(der: &[u8]) -> String {
    Sha256::digest(der).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// What stands before and between the blocks are remarks.
fn first_block(pem: &str) -> Result<&str, String> {
    if pem.contains("PRIVATE KEY-----") {
        return Err("holds a private key, which only the controller may have; expected its certificate".to_owned());
    }
    let start = pem
        .find(BEGIN)
        .ok_or("holds no `-----BEGIN CERTIFICATE-----`; expected what `kubeseal --fetch-cert` writes")?;
    let length = pem[start..].find(END).ok_or("breaks off before `-----END CERTIFICATE-----`")?;
    Ok(&pem[start..start + length + END.len()])
}
