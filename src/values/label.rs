//! Label keys and values. Source: `apimachinery/pkg/util/validation`, `IsQualifiedName` and `IsValidLabelValue`.

use crate::values::host::Host;
use crate::values::parse::Parse;

/// A label key: a name of at most 63 characters, optionally below a DNS prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelKey(String);

/// A label key that nobody else writes onto a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FreeLabelKey(LabelKey);

/// Prefixes of labels of a namespace, with what writes them. Policies and admission believe what these say.
const RESERVED: &[(&str, &str)] = &[
    ("app.kubernetes.io", "is written here already"),
    ("kubernetes.io", "belongs to Kubernetes"),
    ("pod-security.kubernetes.io", "is what `pod-security` decides"),
];

/// A label value: at most 63 characters, alphanumeric at both ends, or empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelValue(String);

impl LabelKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FreeLabelKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl LabelValue {
    /// The value as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Parse for LabelKey {
    const EXPECTED: &'static str = "a label key such as `team` or `example.com/team`";

    fn parse(text: &str) -> Result<Self, String> {
        let (prefix, name) = text.rsplit_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
        if let Some(prefix) = prefix {
            Host::parse(prefix).map_err(|fault| format!("has a prefix that {fault}"))?;
        }
        if name.is_empty() {
            return Err("is empty".to_owned());
        }
        fault(name).map_or_else(|| Ok(Self(text.to_owned())), Err)
    }
}

impl Parse for FreeLabelKey {
    const EXPECTED: &'static str = "a label key of your own such as `team` or `example.com/team`";

    fn parse(text: &str) -> Result<Self, String> {
        let key = LabelKey::parse(text)?;
        let prefix = text.split_once('/').map(|(prefix, _)| prefix);
        match RESERVED.iter().find(|(reserved, _)| prefix == Some(reserved)) {
            Some((_, owner)) => Err((*owner).to_owned()),
            None => Ok(Self(key)),
        }
    }
}

impl Parse for LabelValue {
    const EXPECTED: &'static str =
        "a label value: at most 63 letters, digits, `-`, `_` and `.`, alphanumeric at both ends";

    fn parse(text: &str) -> Result<Self, String> {
        fault(text).map_or_else(|| Ok(Self(text.to_owned())), Err)
    }
}

fn fault(text: &str) -> Option<String> {
    let good = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let edge = |letter: char| letter.is_ascii_alphanumeric();
    if let Some(odd) = text.chars().find(|letter| !good(*letter)) {
        return Some(format!("contains `{odd}`"));
    }
    if text.len() > 63 {
        return Some("is longer than 63 characters".to_owned());
    }
    let ends = text.is_empty() || text.starts_with(edge) && text.ends_with(edge);
    (!ends).then(|| "does not begin and end with a letter or digit".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_what_the_server_takes() {
        for good in ["team", "example.com/team", "k8s-app", "A_b.c"] {
            assert!(LabelKey::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a/", "/a", "-a", "a b", "a/b/c", &"a".repeat(64)] {
            assert!(LabelKey::parse(bad).is_err(), "{bad}");
        }
        assert!(FreeLabelKey::parse("topology.kubernetes.io/zone").is_ok());
        assert!(LabelValue::parse("").is_ok());
        assert!(LabelValue::parse("a-").is_err());
    }
}
