//! One sealed value: a session key that only the controller can read, and the value under that key.
//!
//! `base64(length of the sealed key, two bytes || RSA-OAEP-SHA256(session key, label) || AES-256-GCM(value))`. The nonce is
//! zero, since no session key is ever used twice.

use aes_gcm::aead::Aead;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use rsa::Oaep;
use rsa::rand_core::TryCryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::sealing::certificate::Certificate;
use crate::values::base64;

/// How many bytes the values of a Secret may have together. Source: k8s.io/api/core/v1, `MaxSecretSize`.
pub const LARGEST: usize = 1 << 20;
/// Bytes of a session key.
const SESSION_KEY: usize = 32;
/// Bytes of the tag behind a value, by which a changed one is known.
const TAG: usize = 16;

/// Seals `value` for whoever has the key of `certificate` and says the same `label`; or why the system gives no
/// randomness.
pub fn seal<R: TryCryptoRng>(
    value: &[u8],
    label: &str,
    certificate: &Certificate,
    random: &mut R,
) -> Result<String, String> {
    let mut session = Zeroizing::new([0_u8; SESSION_KEY]);
    random
        .try_fill_bytes(session.as_mut_slice())
        .map_err(|fault| format!("the system gives no random bytes: {fault}"))?;
    let padding = Oaep::<Sha256>::new_with_label(label.as_bytes());
    let key = certificate
        .key
        .encrypt(random, padding, session.as_slice())
        .map_err(|fault| format!("the session key cannot be sealed: {fault}"))?;
    let body = Aes256Gcm::new((&*session).into())
        .encrypt(&Nonce::default(), value)
        .map_err(|_| "the value is too large to be sealed".to_owned())?;
    let length = u16::try_from(key.len()).map_err(|_| "the key of the certificate is too long".to_owned())?;
    let sealed: Vec<u8> = length.to_be_bytes().into_iter().chain(key).chain(body).collect();
    Ok(base64::encoded(&sealed))
}

/// What can be told of a sealed value by whoever cannot open it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Bytes of the sealed session key: as many as the modulus of the certificate's key has.
    pub key: usize,
    /// Bytes of the value.
    pub value: usize,
}

impl Sealed {
    /// Looks at a sealed value; or says why it is none.
    pub fn read(text: &str) -> Result<Self, String> {
        let bytes = base64::strict(text).ok_or("is not base64")?;
        let [high, low, rest @ ..] = bytes.as_slice() else { return Err("is too short".to_owned()) };
        let key = usize::from(u16::from_be_bytes([*high, *low]));
        if key < SESSION_KEY * 4 || key > rest.len() {
            return Err("does not begin with a session key".to_owned());
        }
        let value = (rest.len() - key).checked_sub(TAG).ok_or("breaks off")?;
        Ok(Self { key, value })
    }
}
