//! References to secret values: never the values.

use crate::values::name::Name;
use crate::values::parse::Parse;

/// One key of one secret, written `secret/key`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretRef {
    /// The Secret, in the namespace of the component that uses it.
    pub secret: Name,
    /// The key in it.
    pub key: SecretKey,
    /// Who chose the name.
    origin: Origin,
}

/// Who chose the name of a Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A user wrote it.
    Written,
    /// It follows from the name of the component that the Secret belongs to.
    Derived,
}

impl SecretRef {
    /// A reference that nobody wrote.
    pub fn derived(secret: Name, key: &'static str) -> Self {
        Self { secret, key: SecretKey::fixed(key), origin: Origin::Derived }
    }

    /// Who chose the name.
    pub fn origin(&self) -> Origin {
        self.origin
    }
}

impl Parse for SecretRef {
    const EXPECTED: &'static str = "`secret/key`, such as `api-database/url`, and never the value itself";

    fn parse(text: &str) -> Result<Self, String> {
        let (secret, key) = text.split_once('/').ok_or("has no `/` between secret and key")?;
        let secret = Name::parse(secret).map_err(|fault| format!("names a secret that {fault}"))?;
        let key = SecretKey::parse(key).map_err(|fault| format!("names a key that {fault}"))?;
        Ok(Self { secret, key, origin: Origin::Written })
    }

    /// A slip of the hand still reads like a reference; anything else may be the value itself.
    fn may_be_secret(text: &str) -> bool {
        let is_readable = |(secret, key): (&str, &str)| {
            is_like_a_name(secret) && key.split('/').all(|part| SecretKey::parse(part).is_ok())
        };
        !text.split_once('/').is_some_and(is_readable)
    }
}

/// Whether somebody may have meant a name: passwords and tokens have capitals or other signs.
fn is_like_a_name(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_.".contains(letter);
    !text.is_empty() && text.len() <= 63 && text.chars().all(is_plain)
}

/// A key of a Secret or `ConfigMap`. Source: `apimachinery/pkg/util/validation`, `IsConfigMapKey`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretKey(String);

impl SecretKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key that the program itself chose.
    pub fn fixed(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

impl Parse for SecretKey {
    const EXPECTED: &'static str = "a key of letters, digits, `-`, `_` and `.`";

    fn parse(text: &str) -> Result<Self, String> {
        let good = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        match text.chars().find(|letter| !good(*letter)) {
            Some(odd) => Err(format!("contains `{odd}`")),
            None if text.is_empty() => Err("is empty".to_owned()),
            None if text.starts_with("..") || text == "." => Err("is not a file name".to_owned()),
            None if text.len() > 253 => Err("is longer than 253 characters".to_owned()),
            None => Ok(Self(text.to_owned())),
        }
    }
}

/// What a mount shows, written `secret:name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountSource(pub Name);

impl Parse for MountSource {
    const EXPECTED: &'static str = "`secret:name`, such as `secret:auth-jwt`";

    fn parse(text: &str) -> Result<Self, String> {
        let name = text.strip_prefix("secret:").ok_or("does not begin with `secret:`")?;
        Name::parse(name).map(Self).map_err(|fault| format!("names a secret that {fault}"))
    }

    fn may_be_secret(text: &str) -> bool {
        !is_like_a_name(text.split_once(':').map_or(text, |(_, name)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_a_secret_and_a_key() {
        assert!(SecretRef::parse("api-database/url").is_ok());
        for bad in ["", "url", "/url", "a/", "A/b", "a/b/c", "a/b c", "a/.."] {
            assert!(SecretRef::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_does_not_read_like_a_reference_may_be_the_secret() {
        for slip in ["api_database/url", "api-database./URL", "api-database/url/x"] {
            assert!(SecretRef::parse(slip).is_err() && !SecretRef::may_be_secret(slip), "{slip}");
        }
        let values = ["hunter2", "", "postgres://a:b@c/d", "https://hooks.slack.com/services/T0/B0/x", "Zm9v/YmFy"];
        for value in values {
            assert!(SecretRef::may_be_secret(value), "{value}");
        }
        assert!(!MountSource::may_be_secret("auth-jwt") && !MountSource::may_be_secret("config:auth-jwt"));
        assert!(MountSource::may_be_secret("-----BEGIN PRIVATE KEY-----"));
    }
}
