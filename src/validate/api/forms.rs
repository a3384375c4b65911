//! The forms of names.
//!
//! Source: `apimachinery/pkg/util/validation` of Kubernetes.

/// Whether a text has a form, and what the form is.
pub type Form = (fn(&str) -> bool, &'static str);

pub const DRIVER: Form = (is_driver, "letters, digits, `-` and `.`, at most 63");
pub const FILE_NAME: Form = (is_file_name, "letters, digits, `-`, `_` and `.`, at most 253");
pub const HEADER: Form = (is_header, "letters, digits and `-`");
pub const HOST: Form = (is_host, "a host name in lower case, perhaps with `*.` before it");
pub const LABEL: Form = (is_label, "lower-case letters, digits and `-`, at most 63");
pub const LABEL_KEY: Form = (is_qualified, "`name` or `prefix.example.com/name`");
pub const LABEL_KEY_CASELESS: Form = (is_qualified_caseless, LABEL_KEY.1);
pub const LABEL_VALUE: Form =
    (is_label_value, "letters, digits, `-`, `_` and `.`, at most 63, with letters or digits at the ends");
pub const LETTER_LABEL: Form = (is_letter_label, "lower-case letters, digits and `-`, at most 63, with a letter first");
pub const LETTER_LABEL_CASELESS: Form =
    (is_letter_label_caseless, "letters, digits and `-`, at most 63, with a letter first");
pub const PORT_NAME: Form =
    (is_port_name, "at most 15 lower-case letters, digits and single `-`, with a letter among them");
pub const SEGMENT: Form = (is_segment, "anything without `/` and `%`");
pub const SUBDOMAIN: Form = (is_subdomain, "lower-case letters, digits, `-` and `.`, at most 253");
/// What is only the begin of a name may end with `-`.
pub const SUBDOMAIN_BEGIN: Form = (is_subdomain_begin, SUBDOMAIN.1);

/// At most 63 lower-case letters, digits and `-`, with letters or digits at the ends (RFC 1123).
pub fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_part(text.as_bytes())
}

/// The parts of a subdomain may be longer than a label.
fn is_part(bytes: &[u8]) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
}

/// A label that begins with a letter (RFC 1035).
pub fn is_letter_label(text: &str) -> bool {
    is_label(text) && text.starts_with(|letter: char| letter.is_ascii_lowercase())
}

fn is_letter_label_caseless(text: &str) -> bool {
    is_letter_label(&text.to_lowercase())
}

/// Labels with dots between them, at most 253 characters.
pub fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.as_bytes().split(|byte| *byte == b'.').all(is_part)
}

fn is_subdomain_begin(text: &str) -> bool {
    // the letter before the `-` is not looked at, either
    match text.strip_suffix('-').map(|begin| begin.get(..begin.len().wrapping_sub(1))) {
        Some(Some(begin)) => is_subdomain(&format!("{begin}a")),
        Some(None) => false,
        None => is_subdomain(text),
    }
}

/// A subdomain, or one below `*.`.
pub fn is_host(text: &str) -> bool {
    is_subdomain(text.strip_prefix("*.").unwrap_or(text)) && text.len() <= 253
}

/// What stands between the slashes of a path.
pub fn is_segment(text: &str) -> bool {
    text != "." && text != ".." && !text.contains(['/', '%'])
}

/// What drivers of storage call themselves.
pub fn is_driver(text: &str) -> bool {
    text.len() <= 63 && is_subdomain(&text.to_lowercase())
}

/// `name` or `prefix/name` (`IsQualifiedName`).
pub fn is_qualified(key: &str) -> bool {
    let slash = key.bytes().position(|byte| byte == b'/');
    let (prefix, name) = slash.map_or((None, key), |at| (Some(&key[..at]), &key[at + 1..]));
    prefix.is_none_or(is_subdomain) && !name.is_empty() && is_label_value(name)
}

fn is_qualified_caseless(key: &str) -> bool {
    is_qualified(&key.to_lowercase())
}

/// At most 63 letters, digits, `-`, `_` and `.`, with letters or digits at the ends, or nothing.
pub fn is_label_value(text: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    text.len() <= 63
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// `IsValidPortName`: at most 15 lower-case letters, digits and `-`, a letter among them.
pub fn is_port_name(text: &str) -> bool {
    text.len() <= 15 && is_label(text) && !text.contains("--") && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// `IsConfigMapKey`: what can be the name of a file.
pub fn is_file_name(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= 253
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && key != "."
        && !key.starts_with("..")
}

/// `IsHTTPHeaderName`.
fn is_header(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
