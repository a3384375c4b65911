//! Texts and numbers that a definition says are of a `format`. Of formats whose readers in Go take many things, only what none
//! of them takes is told.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/validation/formats.go` of Kubernetes 1.35 to 1.37, and `strfmt` and
//! `govalidator` of kube-openapi.

use std::net::IpAddr;
use std::ops::Range;

use crate::manifest::node::Node;

/// Whether a text is of a format.
type IsOf = fn(&str) -> bool;

/// The formats of texts, without the dashes that their names may have, and what each is in words.
const OF_TEXTS: &[(&str, &str, IsOf)] = &[
    ("byte", "text in base64", is_base64),
    ("cidr", "range of addresses such as `10.0.0.0/8`", is_range),
    ("date", "day such as `2026-01-31`", is_date),
    ("datetime", "time such as `2026-01-31T12:00:00Z`", is_time),
    ("duration", "duration such as `1h30m`", is_duration),
    ("email", "address of mail", is_mail),
    ("hostname", "name of a host", is_host),
    ("ipv4", "IPv4 address", |text| is_address(text, '.')),
    ("ipv6", "IPv6 address", |text| is_address(text, ':')),
    ("uri", "URI", is_uri),
    ("uuid", "UUID", is_uuid),
];

/// What a value is not, though its schema says that it is.
pub fn missed(node: &Node, schema: &Node) -> Option<&'static str> {
    let format = schema.text_at(&["format"]).filter(|format| !format.is_empty())?;
    match (schema.text_at(&["type"]).unwrap_or_default(), node.text(), node.integer()) {
        ("" | "string", Some(text), _) => {
            let plain = format.replace('-', "");
            let (_, what, is_of) = OF_TEXTS.iter().find(|(name, ..)| *name == plain)?;
            (!is_of(text)).then_some(*what)
        }
        ("integer", _, Some(number)) => match format {
            "int32" => i32::try_from(number).is_err().then_some("number of 32 bits"),
            "int64" => i64::try_from(number).is_err().then_some("number of 64 bits"),
            _ => None,
        },
        _ => None,
    }
}

fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    !text.is_empty() && text.len().is_multiple_of(4) && text.len() - data.len() <= 2 && data.bytes().all(is_letter)
}

fn is_address(text: &str, mark: char) -> bool {
    text.parse::<IpAddr>().is_ok() && text.contains(mark)
}

fn is_range(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    are_digits(bits) && bits.parse::<u32>().is_ok_and(|bits| bits <= most)
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `2026-01-31`
fn is_date(text: &str) -> bool {
    let part = |range: Range<usize>| text.get(range).filter(|part| are_digits(part))?.parse::<u32>().ok();
    let (Some(year), Some(month), Some(day)) = (part(0..4), part(5..7), part(8..10)) else { return false };
    let is_long = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        2 => 28 + u32::from(is_long),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-") && (1..=last).contains(&day)
}

/// `2026-01-31T12:00:00Z`, with a fraction and an offset if need be.
fn is_time(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(day), Some(clock)) = (parts.next(), parts.next()) else { return false };
    let is_part = |at: usize, most: &str| clock.get(at..at + 2).is_some_and(|own| are_digits(own) && own <= most);
    let has_colons = clock.get(2..3) == Some(":") && clock.get(5..6) == Some(":");
    let rest = clock.get(8..).unwrap_or_default();
    // any letter may stand before a fraction
    let fraction = rest.get(1..).unwrap_or_default();
    let zone = fraction.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let is_zoned = is_zone(rest) || (zone.len() < fraction.len() && is_zone(zone));
    is_date(day) && has_colons && is_part(0, "23") && is_part(3, "59") && is_part(6, "59") && is_zoned
}

fn is_zone(text: &str) -> bool {
    let is_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let is_offset = text.len() == 6 && text.starts_with(['+', '-']) && text.get(3..4) == Some(":");
    text == "z" || (is_offset && [1, 2, 4, 5].into_iter().all(is_digit))
}

/// A number with a unit behind it somewhere, or zero.
fn is_duration(text: &str) -> bool {
    let mut is_behind_digit = false;
    let has_unit = text.chars().any(|letter| {
        let is_unit = is_behind_digit && letter.is_alphabetic();
        is_behind_digit = letter.is_ascii_digit() || (is_behind_digit && letter.is_whitespace());
        is_unit
    });
    has_unit || text.trim_start_matches(['+', '-']) == "0"
}

fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(who, host)| !who.trim().is_empty() && !host.trim().is_empty())
}

fn is_host(text: &str) -> bool {
    let is_letter =
        |letter: char| !letter.is_ascii() || letter.is_ascii_alphanumeric() || "-.$+<=>^`|~".contains(letter);
    let is_part = |part: &str| !part.is_empty() && part.len() <= 63 && !part.starts_with('-');
    text.len() <= 255 && text.chars().all(is_letter) && text.split('.').all(is_part)
}

fn is_uri(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    text == "*" || text.starts_with('/') || text.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme))
}

/// 32 digits, with dashes where they belong or without.
fn is_uuid(text: &str) -> bool {
    let mut rest = text;
    for (at, length) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix('-').unwrap_or(rest);
        }
        let part = rest.get(..length).filter(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(part) = part else { return false };
        rest = &rest[part.len()..];
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_as_go_reads_them() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("byte", &["YQ==", "YWJj"], &["", "YQ=", "Y Q="]),
            ("cidr", &["10.0.0.0/8", "::/0"], &["10.0.0.0", "10.0.0.0/33", "10.0.0.0/+8"]),
            ("date", &["2024-02-29"], &["2023-02-29", "2026-13-01", "2026-1-1"]),
            (
                "datetime",
                &["2026-01-31T12:00:00Z", "2026-01-31t12:00:00.5+02:00"],
                &["2026-01-31 12:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T12:00:00"],
            ),
            ("duration", &["1h30m", "1.5 days", "0"], &["", "soon", "90"]),
            ("email", &["a@example.com", "A <a@example.com>"], &["a", "@example.com"]),
            ("hostname", &["a", "a-b.example.com", "bücher.example"], &["a b", "-a.example.com", "a_b"]),
            ("ipv4", &["10.0.0.1"], &["10.0.0.256", "010.0.0.1", "::1"]),
            ("ipv6", &["::1", "::ffff:10.0.0.1"], &["10.0.0.1", ":::"]),
            ("uri", &["https://example.com", "/a", "mailto:a"], &["example.com", "", "1a:b"]),
            (
                "uuid",
                &["123E4567-e89b-12d3-a456-426614174000", "123e4567e89b12d3a456426614174000"],
                &["123e4567", "123e4567-e89b-12d3-a456-42661417400g"],
            ),
        ];
        for (name, right, wrong) in cases {
            let (.., is_of) = OF_TEXTS.iter().find(|(known, ..)| known == name).expect("it is one");
            assert!(right.iter().all(|text| is_of(text)), "{name}: {right:?}");
            assert!(!wrong.iter().any(|text| is_of(text)), "{name}: {wrong:?}");
        }
        assert_eq!(cases.len(), OF_TEXTS.len());
    }
}
