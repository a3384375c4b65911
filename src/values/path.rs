//! Paths: of URLs, of files in a container, and of files beside the description.

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

    /// `/hook?token=…`
    fn may_be_secret(text: &str) -> bool {
        text.contains(['?', '=', '@'])
    }
}

impl fmt::Display for UrlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A file or directory beside the description or below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FilePath(String);

impl FilePath {
    /// The path as text, `/`-separated.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Parse for FilePath {
    const EXPECTED: &'static str = "a path beside this file, such as `sealed/certificate.pem`";

    fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('/') {
            return Err("begins with `/`".to_owned());
        }
        if let Some(odd) = text.chars().find(|letter| letter.is_control() || *letter == '\\') {
            return Err(format!("contains `{}`", odd.escape_default()));
        }
        if text.split('/').any(|part| ["", ".", ".."].contains(&part)) {
            return Err("contains an empty, `.` or `..` element".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// Directories that are not for us to fill, with what is there: nothing may stand on them or inside.
const FOREIGN: &[(&str, &str)] = &[
    ("/dev", "the devices"),
    ("/etc/hostname", "a file of the runtime"),
    ("/etc/hosts", "a file of the kubelet"),
    ("/etc/resolv.conf", "a file of the kubelet"),
    ("/proc", "the processes"),
    ("/run/secrets/kubernetes.io", "the token of the service account"),
    ("/sys", "the kernel's own view"),
    ("/var/run/secrets/kubernetes.io", "the token of the service account"),
];
/// Directories of the image that programs cannot do without; what stands inside is fine.
const SHARED: &[&str] = &["/bin", "/etc", "/lib", "/lib64", "/sbin", "/usr"];

/// An absolute directory inside a container: not the root, nor one that is there for everybody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MountPath(String);

impl MountPath {
    /// Whether one of the two is the other or lies in it.
    pub fn meets(&self, other: &Self) -> bool {
        is_within(&self.0, &other.0) || is_within(&other.0, &self.0)
    }

    /// Where every program may write.
    pub fn tmp() -> Self {
        Self("/tmp".to_owned())
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
            Ok(_) if SHARED.contains(&text) => {
                Err("holds what the image needs (a directory inside is fine)".to_owned())
            }
            Ok(path) => match FOREIGN.iter().find(|(foreign, _)| is_within(foreign, text)) {
                Some((foreign, content)) => Err(format!("meets `{foreign}`, {content}")),
                None => Ok(Self(path.0)),
            },
            Err(fault) => Err(fault),
        }
    }
}

fn is_within(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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
    }

    #[test]
    fn mounts_leave_alone_what_is_there_for_everybody() {
        for good in ["/etc/auth/keys", "/usr/share/x", "/devices", "/var/run", "/run/app", "/tmp", "/etc/hosts.d"] {
            assert!(MountPath::parse(good).is_ok(), "{good}");
        }
        let token = "/var/run/secrets/kubernetes.io/serviceaccount";
        for bad in ["/", "/a:b", "/etc", "/etc/hosts", "/usr", "/proc", "/proc/self", "/sys/fs", "/dev/shm", token] {
            assert!(MountPath::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn prefixes_match_whole_elements() {
        let path = |text| UrlPath::parse(text).expect("valid");
        assert!(path("/api").covers(&path("/api/v1")));
        assert!(path("/").covers(&path("/api")));
        assert!(!path("/api").covers(&path("/apis")));
    }
}
