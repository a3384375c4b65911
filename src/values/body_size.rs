//! The largest request body of a route, as proxies write it.

use std::fmt;

use crate::values::parse::Parse;

/// A number of bytes, optionally with `k`, `m` or `g`; `0` means no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodySize(String);

impl BodySize {
    /// Whether every size is welcome.
    pub fn is_unlimited(&self) -> bool {
        self.0.bytes().all(|byte| !byte.is_ascii_digit() || byte == b'0')
    }

    /// A size that the program itself chose.
    pub fn fixed(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

impl Parse for BodySize {
    const EXPECTED: &'static str = "a body size such as `512k`, `25m` or `1g`; `0` for no limit";

    fn parse(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix(['k', 'm', 'g']).unwrap_or(text);
        let digits = !number.is_empty() && number.len() <= 12 && number.bytes().all(|byte| byte.is_ascii_digit());
        if digits { Ok(Self(text.to_owned())) } else { Err("is not a number with `k`, `m` or `g`".to_owned()) }
    }
}

impl fmt::Display for BodySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
