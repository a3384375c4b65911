//! Paths: of URLs and of files in a container.

use std::fmt;

use crate::values::parse::Parse;

/// An absolute URL path that the API server accepts in an Ingress and a probe.
/// Source: `pkg/apis/networking/validation`, `invalidPathSequences`; the letters are those that
/// ingress-nginx accepts under `strict-validate-path-type`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UrlPath(String);

impl UrlPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The root of a host.
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// Whether a request for `other` also matches this prefix, element by element.
    pub fn covers(&self, other: &Self) -> bool {
        let prefix = self.0.trim_end_matches('/');
        other.0.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl Parse for UrlPath {
    const EXPECTED: &'static str = "an absolute path such as `/api`, of letters, digits, `.`, `_`, `-` and `/`";

    fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') {
            return Err("does not begin with `/`".to_owned());
        }
        let good = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-' | '/');
        if let Some(odd) = text.chars().find(|letter| !good(*letter)) {
            return Err(format!("contains `{odd}`"));
        }
        if text.contains("//") || text.split('/').any(|part| part == "." || part == "..") {
            return Err("contains an empty, `.` or `..` element".to_owned());
        }
        if text.len() > 1 && text.ends_with('/') {
            return Err("ends with `/`".to_owned());
        }
        if text.len() > 255 { Err("is longer than 255 characters".to_owned()) } else { Ok(Self(text.to_owned())) }
    }
}

impl fmt::Display for UrlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An absolute directory inside a container, other than the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MountPath(String);

impl MountPath {
    /// Whether one of the two is the other or lies in it.
    pub fn meets(&self, other: &Self) -> bool {
        let inside = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        inside(&self.0, &other.0) || inside(&other.0, &self.0)
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Parse for MountPath {
    const EXPECTED: &'static str = "an absolute directory such as `/etc/auth/keys`";

    fn parse(text: &str) -> Result<Self, String> {
        // A colon separates source, target and options in some runtimes; the API server lets it through.
        if text.contains(':') {
            return Err("contains `:`".to_owned());
        }
        match UrlPath::parse(text) {
            Ok(_) if text == "/" => Err("is the root itself".to_owned()),
            Ok(path) => Ok(Self(path.0)),
            Err(fault) => Err(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_absolute_and_plain() {
        for good in ["/", "/api", "/a/b-c_d.e", "/.well-known/x"] {
            assert!(UrlPath::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "api", "/a//b", "/a/../b", "/a/", "/%2f", "/a b", "/a;b", "/a\n"] {
            assert!(UrlPath::parse(bad).is_err(), "{bad}");
        }
        assert!(MountPath::parse("/").is_err());
        assert!(MountPath::parse("/a:b").is_err());
    }

    #[test]
    fn prefixes_match_whole_elements() {
        let path = |text| UrlPath::parse(text).expect("valid");
        assert!(path("/api").covers(&path("/api/v1")));
        assert!(path("/").covers(&path("/api")));
        assert!(!path("/api").covers(&path("/apis")));
    }
}
