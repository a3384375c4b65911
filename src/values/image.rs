//! Container image references.

use std::fmt;

use crate::values::parse::Parse;

/// A full reference: registry host, repository, tag and perhaps digest. Short names and `latest` are refused, because
/// they mean different things on different nodes and on different days.
/// Source: `distribution/reference`, `regexp.go`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Image {
    host: String,
    repository: String,
    tag: String,
    digest: Option<Digest>,
}

/// What an image is, whatever it is called: the hash of its manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(String);

/// Registries that serve the public without credentials.
const PUBLIC_HOSTS: &[&str] =
    &["docker.io", "gcr.io", "ghcr.io", "mcr.microsoft.com", "public.ecr.aws", "quay.io", "registry.k8s.io"];

impl Image {
    /// An image that the program itself pins.
    pub fn pinned(host: &str, repository: &str, tag: &str) -> Self {
        Self { host: host.to_owned(), repository: repository.to_owned(), tag: tag.to_owned(), digest: None }
    }

    /// This image, pinned to `digest` (`sha256:…`).
    #[must_use]
    pub fn at(self, digest: &str) -> Self {
        Self { digest: Some(Digest(digest.to_owned())), ..self }
    }

    /// The registry's host, with its port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Registry and repository.
    pub fn name(&self) -> String {
        format!("{}/{}", self.host, self.repository)
    }

    /// The name with the tag alone, which may mean another image tomorrow.
    pub fn tagged(&self) -> String {
        format!("{}/{}:{}", self.host, self.repository, self.tag)
    }

    /// What it is pinned to, if it is.
    pub const fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The tag.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Whether nodes need credentials to pull it.
    pub fn is_private(&self) -> bool {
        !PUBLIC_HOSTS.contains(&self.host.as_str())
    }
}

impl Parse for Image {
    const EXPECTED: &'static str =
        "a full image reference such as `registry.example.com/team/app:1.4.2`, with registry host and tag";

    fn parse(text: &str) -> Result<Self, String> {
        if Self::may_be_secret(text) {
            return Err("holds who logs in, before an `@`".to_owned());
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (
                name,
                Some(
                    Digest::parse(digest)
                        .map_err(|_| "has a digest that is not `sha256:` and 64 hexadecimal digits")?,
                ),
            ),
            None => (text, None),
        };
        let (host, rest) = name
            .split_once('/')
            .filter(|(host, _)| is_host(host))
            .ok_or("has no registry host before the first `/`")?;
        let (repository, tag) = rest.rsplit_once(':').ok_or("has no tag")?;
        check_host(host)?;
        check_repository(repository)?;
        check_tag(tag)?;
        Ok(Self { host: host.to_owned(), repository: repository.to_owned(), tag: tag.to_owned(), digest })
    }

    /// `user:password@registry.example.com/app:1`, as in a URL
    fn may_be_secret(text: &str) -> bool {
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        match text.split_once('/') {
            Some((host, _)) => host.contains('@'),
            None => text.split_once('@').is_some_and(|(user, rest)| user.contains(':') && !rest.starts_with("sha256:")),
        }
    }
}

/// Whether the part before the first `/` is a host and no name of the public's own registry.
fn is_host(first: &str) -> bool {
    first.contains('.') || first.contains(':') || first == "localhost"
}

/// Labels of letters, digits and inner `-`, with dots between them, and perhaps a port.
fn check_host(host: &str) -> Result<(), String> {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let edge = |letter: char| letter.is_ascii_alphanumeric();
    let good = |letter: char| edge(letter) || letter == '-';
    let label_ok = |label: &str| label.starts_with(edge) && label.ends_with(edge) && label.chars().all(good);
    if !name.split('.').all(label_ok) {
        return Err(format!("has the malformed registry host `{host}`"));
    }
    // A number as Rust reads it may begin with `+`.
    let port_ok =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    if port.is_none_or(port_ok) { Ok(()) } else { Err(format!("has the malformed registry port in `{host}`")) }
}

/// Words of lower-case letters and digits with one separator between two of them: `.`, `_`, `__` or any number of `-`;
/// `/` between such parts.
fn check_repository(repository: &str) -> Result<(), String> {
    let word = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let separator = |text: &str| matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    let part_ok = |part: &str| part.starts_with(word) && part.ends_with(word) && part.split(word).all(separator);
    if repository.split('/').all(part_ok) && repository.len() <= 255 {
        Ok(())
    } else {
        Err(format!("has the malformed repository `{repository}`"))
    }
}

fn check_tag(tag: &str) -> Result<(), String> {
    let good = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    if tag == "latest" {
        return Err("has the tag `latest`, which means another image every week".to_owned());
    }
    // The tag becomes the label `app.kubernetes.io/version`, whose limit (63, alphanumeric at both ends) is the
    // tighter one.
    let edges = tag.starts_with(|first: char| first.is_ascii_alphanumeric())
        && tag.ends_with(|last: char| last.is_ascii_alphanumeric());
    let valid = edges && tag.len() <= 63 && tag.chars().all(good);
    if valid { Ok(()) } else { Err(format!("has the malformed tag `{tag}`")) }
}

impl Parse for Digest {
    const EXPECTED: &'static str = "a digest: `sha256:` and 64 hexadecimal digits in lower case";

    fn parse(text: &str) -> Result<Self, String> {
        let hex = text.strip_prefix("sha256:").unwrap_or("");
        let good = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if good { Ok(Self(text.to_owned())) } else { Err("is no digest".to_owned()) }
    }
}

/// Where images come from: a registry, or some of its repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `image` comes from here: repositories match by whole parts of their names.
    pub fn has(&self, image: &Image) -> bool {
        image.name().strip_prefix(&self.0).is_some_and(|rest| rest.starts_with('/') || rest.is_empty())
    }
}

impl Parse for Origin {
    const EXPECTED: &'static str = "the host of a registry such as `registry.example.com`, with or without the beginning of a repository (`ghcr.io/acme`)";

    fn parse(text: &str) -> Result<Self, String> {
        let (host, repository) = text.split_once('/').map_or((text, None), |(host, rest)| (host, Some(rest)));
        check_host(host)?;
        if !is_host(host) {
            return Err("has no registry host before the first `/`".to_owned());
        }
        repository.map_or(Ok(()), check_repository)?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.host, self.repository, self.tag)?;
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_references_pass_and_short_ones_do_not() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for good in [
            "registry.example.com/acme/api:1.4.2",
            "localhost:5000/a:1",
            "a-b.c:80/a__b/c---d/e_f.g:1",
            &format!("docker.io/library/traefik:v3@{digest}"),
        ] {
            assert_eq!(Image::parse(good).expect(good).to_string(), good);
        }
        for bad in [
            "",
            "nginx",
            "nginx:1",
            "library/nginx:1",
            "docker.io/a",
            "docker.io/a:latest",
            "docker.io/A:1",
            "docker.io/a:",
            " docker.io/a:1",
            "docker.io/a:1@sha256:x",
            "docker.io//a:1",
            "docker.io/../a:1",
            "docker.io:99999/a:1",
            "registry.example.com:+80/a:1",
            "..:80/a:1",
            "-.-/a:1",
            "a-.b/a:1",
            "a..b/a:1",
            "a.b/a..b:1",
            "a.b/a___b:1",
            "a.b/a.-b:1",
            "a.b/a_:1",
        ] {
            assert!(Image::parse(bad).is_err(), "{bad}");
        }
    }
}
