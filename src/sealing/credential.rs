//! What is computed from a user name and a password: who may log in to a registry, and what logs in.

use bcrypt::Version;
use zeroize::Zeroizing;

use crate::values::base64;

/// A user name and a password.
pub struct Credential {
    /// The name.
    pub name: String,
    /// The password.
    pub password: Zeroizing<String>,
}

/// bcrypt reads no more of a password. Source: golang.org/x/crypto/bcrypt, `ErrPasswordTooLong`.
const LONGEST_PASSWORD: usize = 72;
/// How much work a guess is. Source: golang.org/x/crypto/bcrypt, `DefaultCost`.
const COST: u32 = 10;

impl Credential {
    /// What is wrong with it, if anything is.
    pub fn fault(&self) -> Option<String> {
        let is_odd = |letter: char| letter.is_control();
        if self.name.is_empty() {
            return Some("the user name is empty".to_owned());
        }
        if let Some(odd) = self.name.chars().find(|letter| *letter == ':' || is_odd(*letter)) {
            return Some(format!("the user name contains `{}`, which htpasswd cannot hold", odd.escape_default()));
        }
        if self.password.is_empty() {
            return Some("the password is empty".to_owned());
        }
        if self.password.contains(is_odd) {
            return Some("the password has a line break or another control character".to_owned());
        }
        let length = self.password.len();
        (length > LONGEST_PASSWORD)
            .then(|| format!("the password has {length} bytes, of which bcrypt reads {LONGEST_PASSWORD}"))
    }

    /// A line of an htpasswd file, with a hash that only this salt gives.
    pub fn htpasswd(&self, salt: [u8; 16]) -> Result<Zeroizing<Vec<u8>>, String> {
        let hash = bcrypt::hash_with_salt(self.password.as_bytes(), COST, salt)
            .map_err(|fault| format!("the password cannot be hashed: {fault}"))?;
        Ok(Zeroizing::new(format!("{}:{}", self.name, hash.format_for_version(Version::TwoB)).into_bytes()))
    }

    /// The docker configuration that logs in to `host`.
    pub fn docker_config(&self, host: &str) -> Zeroizing<Vec<u8>> {
        let quoted = |text: &str| Zeroizing::new(serde_json::Value::from(text).to_string());
        let pair = Zeroizing::new(format!("{}:{}", self.name, self.password.as_str()));
        let auth = Zeroizing::new(base64::encoded(pair.as_bytes()));
        let (host, name, password) = (quoted(host), quoted(&self.name), quoted(&self.password));
        Zeroizing::new(
            format!(
                r#"{{"auths":{{{}:{{"username":{},"password":{},"auth":"{}"}}}}}}"#,
                host.as_str(),
                name.as_str(),
                password.as_str(),
                auth.as_str()
            )
            .into_bytes(),
        )
    }
}
