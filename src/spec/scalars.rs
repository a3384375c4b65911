//! Reading scalars: strings into the model's checked types, numbers within their range, words of a closed list.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde_json::{Value, json};
use toml::de::DeValue;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::suggest;
use crate::spec::external::RangeSpec;
use crate::spec::read::{Node, Read, wrong_type};
use crate::values::amount::{Bytes, Cpu};
use crate::values::body_size::BodySize;
use crate::values::cidr::Cidr;
use crate::values::data_size::DataSize;
use crate::values::date::Date;
use crate::values::duration::Duration;
use crate::values::entry_path::EntryPath;
use crate::values::file_pattern::FilePattern;
use crate::values::host::Host;
use crate::values::image::{Digest, Image, Origin};
use crate::values::label::{FreeLabelKey, LabelKey, LabelValue};
use crate::values::name::{Name, ObjectName, PlatformName, Variable};
use crate::values::parse::Parse;
use crate::values::path::{FilePath, MountPath, UrlPath};
use crate::values::schedule::Schedule;
use crate::values::secret_ref::{MountSource, SecretRef};

/// Reads a string of the form that `T` takes.
fn parsed<T: Parse>(node: &Node<'_>, report: &mut Report) -> Option<T> {
    let Some(text) = node.get_ref().as_str() else {
        wrong_type(node, T::EXPECTED, report);
        return None;
    };
    checked(text, node, report)
}

fn checked<T: Parse>(text: &str, node: &Node<'_>, report: &mut Report) -> Option<T> {
    match T::parse(text) {
        Ok(value) => Some(value),
        Err(fault) => {
            let is_secret = T::may_be_secret(text);
            let message = if is_secret { format!("this text {fault}") } else { format!("`{text}` {fault}") };
            let mistake = report.error(codes::INVALID_VALUE, node.span(), message);
            mistake.is_secret = is_secret;
            mistake.help(format!("expected {}", T::EXPECTED));
            None
        }
    }
}

macro_rules! read_parsed {
    ($($type:ty = $stand_in:literal),* $(,)?) => { $(
        impl Read for $type {
            fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
                parsed(node, report)
            }

            fn stand_in(default: Option<Self>) -> Option<Self> {
                default.or_else(|| <$type as Parse>::parse($stand_in).ok())
            }

            fn type_name() -> Cow<'static, str> {
                Cow::Borrowed(<$type as Parse>::EXPECTED)
            }

            fn schema() -> Value {
                json!({ "type": "string" })
            }
        }
    )* };
}

read_parsed! {
    BodySize = "0", Cidr = "192.0.2.0/24", DataSize = "1MB", Date = "2000-01-01", Duration = "1s", EntryPath = "{secret}",
    FilePath = "stand-in", FilePattern = "stand-in", FreeLabelKey = "stand-in", Host = "stand-in.invalid",
    Digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000",
    Image = "stand-in.invalid/image:0", LabelKey = "stand-in", LabelValue = "stand-in", MountPath = "/stand-in",
    MountSource = "secret:stand-in", Name = "stand-in", ObjectName = "stand-in", Origin = "stand-in.invalid", PlatformName = "stand-in", RangeSpec = "public", Schedule = "0 0 1 1 *", SecretRef = "stand-in/key",
    String = "stand-in", UrlPath = "/stand-in", Variable = "STAND_IN",
}

macro_rules! read_amounts {
    ($($type:ty = $stand_in:expr),* $(,)?) => { $(
        /// A whole amount may be written as a number too: `cpu = 24`.
        impl Read for $type {
            fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
                match node.get_ref() {
                    DeValue::Integer(number) => {
                        let decimal = i64::from_str_radix(number.as_str(), number.radix());
                        let text = decimal.map_or_else(|_| number.to_string(), |number| number.to_string());
                        checked(&text, node, report)
                    }
                    _ => parsed(node, report),
                }
            }

            fn stand_in(default: Option<Self>) -> Option<Self> {
                default.or(Some($stand_in))
            }

            fn type_name() -> Cow<'static, str> {
                Cow::Borrowed(<$type as Parse>::EXPECTED)
            }

            fn schema() -> Value {
                json!({ "type": ["string", "integer"] })
            }
        }
    )* };
}

read_amounts! { Bytes = Bytes::gibibytes(1024), Cpu = Cpu::cores(1) }

impl Read for i64 {
    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        integer(node, &(Self::MIN..=Self::MAX), report)
    }

    fn stand_in(default: Option<Self>) -> Option<Self> {
        default.or(Some(0))
    }

    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("a whole number")
    }

    fn schema() -> Value {
        json!({ "type": "integer" })
    }
}

impl Read for bool {
    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        let read = node.get_ref().as_bool();
        if read.is_none() {
            wrong_type(node, "`true` or `false`", report);
        }
        read
    }

    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("`true` or `false`")
    }

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

/// A whole number of the range, or a diagnostic that names it.
pub fn integer(node: &Node<'_>, range: &RangeInclusive<i64>, report: &mut Report) -> Option<i64> {
    let Some(integer) = node.get_ref().as_integer() else {
        wrong_type(node, "a whole number", report);
        return None;
    };
    let value = i64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|value| range.contains(value));
    if value.is_none() {
        report.error(codes::INVALID_VALUE, node.span(), format!("{integer} is out of range")).help(format!(
            "expected a number from {} to {}",
            range.start(),
            range.end()
        ));
    }
    value
}

macro_rules! numbers {
    ($( $(#[doc = $doc:literal])* $name:ident($inner:ty) in $low:literal ..= $high:literal; )*) => { $(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        impl Read for $name {
            fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
                let value = integer(node, &($low..=$high), report)?;
                <$inner>::try_from(value).ok().map(Self)
            }

            fn stand_in(default: Option<Self>) -> Option<Self> {
                default.or(Some(Self($high)))
            }

            fn type_name() -> Cow<'static, str> {
                Cow::Borrowed(concat!("a number from ", $low, " to ", $high))
            }

            fn schema() -> Value {
                json!({ "type": "integer", "minimum": $low, "maximum": $high })
            }
        }
    )* };
}

numbers! {
    /// A TCP or UDP port.
    Port(u16) in 1..=65_535;
    /// A container port: ports below 1024 need a capability that `restricted` pods do not have.
    ContainerPort(u16) in 1024..=65_535;
    /// How many pods.
    Count(i32) in 1..=10_000;
    /// A target of utilisation.
    Percent(i32) in 1..=100;
    /// A target of requests, connections and the like.
    Amount(u32) in 1..=1_000_000;
    /// A user or group id other than root.
    UserId(i64) in 1..=2_147_483_647;
}

/// The version of the description's own format: 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatVersion;

impl Read for FormatVersion {
    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        match integer(node, &(i64::MIN..=i64::MAX), report)? {
            1 => Some(Self),
            other => {
                report
                    .error(
                        codes::INVALID_VALUE,
                        node.span(),
                        format!("format version {other} is not known to this program"),
                    )
                    .help("expected `version = 1`");
                None
            }
        }
    }

    fn stand_in(_: Option<Self>) -> Option<Self> {
        Some(Self)
    }

    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("`1`")
    }

    fn schema() -> Value {
        json!({ "const": 1 })
    }
}

/// One of a closed list of words.
pub fn word<T: Clone>(node: &Node<'_>, words: &[(&str, T)], report: &mut Report) -> Option<T> {
    let names = || words.iter().map(|(name, _)| *name);
    let expected = || suggest::list(names());
    let Some(text) = node.get_ref().as_str() else {
        wrong_type(node, &expected(), report);
        return None;
    };
    let found = words.iter().find(|(name, _)| *name == text).map(|(_, value)| value.clone());
    if found.is_none() {
        let mistake =
            report.error(codes::INVALID_VALUE, node.span(), format!("`{text}` is not one of the known values"));
        match suggest::nearest(text, names()) {
            Some(near) => mistake.did_you_mean(Some(near)),
            None => mistake.help(format!("expected {}", expected())),
        };
    }
    found
}
