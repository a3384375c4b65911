//! Names that the API server accepts wherever we put them.

use std::fmt;
use std::ops::Deref;

use compact_str::{CompactString, format_compact};

use crate::values::parse::Parse;

/// A DNS-1035 label: what the strictest kind (Service) accepts, so that one name serves all kinds of a component.
/// Source: `apimachinery/pkg/util/validation`, `IsDNS1035Label`.
///
/// Everything carries the names of what it belongs to, so copies of a name that is not long take no memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(CompactString);

/// Names get suffixes (`-controller-admission`, a hash), and the longest must still be a label of 63 characters.
const LONGEST: usize = 40;

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This name with `-suffix` behind it.
    #[must_use]
    pub fn with(&self, suffix: &str) -> Self {
        Self(format_compact!("{}-{suffix}", self.0))
    }

    /// A name that the program itself chose and a test has seen.
    pub fn fixed(text: &'static str) -> Self {
        Self(CompactString::const_new(text))
    }
}

impl Parse for Name {
    const EXPECTED: &'static str = "lower-case letters, digits and `-`, beginning with a letter, ending with a letter or digit, at most 40 characters";

    fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("is {} characters long", text.chars().count()));
        }
        if !text.starts_with(|first: char| first.is_ascii_lowercase()) {
            return Err("does not begin with a lower-case letter".to_owned());
        }
        if let Some(odd) = text.chars().find(|letter| !is_label_letter(*letter)) {
            return Err(format!("contains `{odd}`"));
        }
        if text.ends_with('-') {
            return Err("ends with `-`".to_owned());
        }
        Ok(Self(text.into()))
    }
}

fn is_label_letter(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a platform. Its priority classes begin with it, and those that begin with `system-` belong to the cluster.
/// Source: `pkg/apis/scheduling/validation`, `ValidatePriorityClass`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformName(Name);

impl Deref for PlatformName {
    type Target = Name;

    fn deref(&self) -> &Name {
        &self.0
    }
}

impl fmt::Display for PlatformName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Parse for PlatformName {
    const EXPECTED: &'static str = "lower-case letters, digits and `-`, beginning with a letter and not with `system-`, ending with a letter or digit, at most 40 characters";

    fn parse(text: &str) -> Result<Self, String> {
        if text.split('-').next() == Some("system") {
            return Err("begins like the cluster's own priority classes".to_owned());
        }
        Name::parse(text).map(Self)
    }
}

/// The name of an object that somebody else made: a DNS-1123 subdomain, which most kinds take.
/// Source: `apimachinery/pkg/util/validation`, `IsDNS1123Subdomain`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName(String);

impl ObjectName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Parse for ObjectName {
    const EXPECTED: &'static str = "the name of an object: lower-case letters, digits, `-` and `.`, each part beginning and ending with a letter or digit, at most 253 characters";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is empty".to_owned());
        }
        if text.len() > 253 {
            return Err(format!("is {} characters long", text.chars().count()));
        }
        if let Some(odd) = text.chars().find(|letter| !is_label_letter(*letter) && *letter != '.') {
            return Err(format!("contains `{odd}`"));
        }
        let is_part = |part: &str| !part.is_empty() && !part.starts_with('-') && !part.ends_with('-');
        if text.split('.').all(is_part) {
            Ok(Self(text.to_owned()))
        } else {
            Err("has a part that begins or ends wrong".to_owned())
        }
    }
}

/// The name of an environment variable: a C identifier, which every shell and every API version accepts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable(String);

impl Variable {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Parse for Variable {
    const EXPECTED: &'static str = "a variable name: letters, digits and `_`, not beginning with a digit";

    fn parse(text: &str) -> Result<Self, String> {
        let good = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        match text.chars().find(|letter| !good(*letter)) {
            Some(odd) => Err(format!("contains `{odd}`")),
            None if text.is_empty() => Err("is empty".to_owned()),
            None if text.starts_with(|first: char| first.is_ascii_digit()) => Err("begins with a digit".to_owned()),
            None => Ok(Self(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels_with_room_for_suffixes() {
        for good in ["api", "a", "registry-ui", "a1", &"a".repeat(40)] {
            assert!(Name::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "1a", "-a", "a-", "A", "a_b", "a.b", "../x", "ü", "a\0", "😀", &"a".repeat(41), &"a".repeat(300)]
        {
            assert!(Name::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn objects_of_others_have_longer_names() {
        for good in ["vault", "0", "vault.eu-central-1.example.com", &"a".repeat(253)] {
            assert!(ObjectName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "a.", "a..b", "-a", "a.-b", "A", "a_b", "a/b", &"a".repeat(254)] {
            assert!(ObjectName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_platform_is_not_the_cluster() {
        for bad in ["system", "system-a"] {
            assert!(Name::parse(bad).is_ok() && PlatformName::parse(bad).is_err(), "{bad}");
        }
        assert!(PlatformName::parse("systematic").is_ok());
    }

    #[test]
    fn variables_are_c_identifiers() {
        assert!(Variable::parse("DATABASE_URL").is_ok());
        for bad in ["", "1A", "A B", "A=B", "A-B"] {
            assert!(Variable::parse(bad).is_err(), "{bad:?}");
        }
    }
}
