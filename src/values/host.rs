//! Host names.

use std::fmt;

use crate::values::parse::Parse;

/// A DNS-1123 subdomain: lower case, no port, no address, no wildcard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host(String);

impl Host {
    /// The host as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This host if it has a dot, else the host of that name below `domain`.
    #[must_use]
    pub fn below(&self, domain: &Self) -> Self {
        if self.0.contains('.') { self.clone() } else { Self([&self.0, ".", &domain.0].concat()) }
    }

    /// Whether this host can hold another label and stay a name that certificates and objects accept.
    pub fn is_too_long(&self) -> bool {
        self.0.len() > 200
    }
}

impl Parse for Host {
    const EXPECTED: &'static str = "a host name such as `app` or `app.example.com`, in lower case and without a port";

    fn parse(text: &str) -> Result<Self, String> {
        if text.len() > 200 {
            return Err(format!("is {} characters long", text.chars().count()));
        }
        if text.parse::<std::net::IpAddr>().is_ok() {
            return Err("is an address, not a name".to_owned());
        }
        match text.split('.').find_map(label_fault) {
            Some(fault) => Err(fault),
            None => Ok(Self(text.to_owned())),
        }
    }
}

fn label_fault(label: &str) -> Option<String> {
    let good = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if label.is_empty() {
        return Some("has an empty label".to_owned());
    }
    if label.len() > 63 {
        return Some("has a label of more than 63 characters".to_owned());
    }
    if let Some(odd) = label.chars().find(|letter| !good(*letter)) {
        return Some(format!("contains `{odd}`"));
    }
    (label.starts_with('-') || label.ends_with('-')).then(|| "has a label that begins or ends with `-`".to_owned())
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_plain_names() {
        for good in ["app", "app.example.com", "s3.eu-central-1.amazonaws.com", "1password.com"] {
            assert!(Host::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "App", "a..b", "a.", "-a", "a:80", "10.0.0.1", "*.a", "a_b", "http://a", &"a".repeat(64)] {
            assert!(Host::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn short_hosts_stand_below_the_domain() {
        let domain = Host::parse("example.com").expect("valid");
        assert_eq!(Host::parse("app").expect("valid").below(&domain).as_str(), "app.example.com");
        assert_eq!(Host::parse("a.b").expect("valid").below(&domain).as_str(), "a.b");
    }
}
