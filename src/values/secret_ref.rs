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
    const EXPECTED: &'static str = "`secret/key`, such as `api-database/url`";

    fn parse(text: &str) -> Result<Self, String> {
        let (secret, key) = text.split_once('/').ok_or("has no `/` between secret and key")?;
        let secret = Name::parse(secret).map_err(|fault| format!("names a secret that {fault}"))?;
        let key = SecretKey::parse(key).map_err(|fault| format!("names a key that {fault}"))?;
        Ok(Self { secret, key, origin: Origin::Written })
    }
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
}
