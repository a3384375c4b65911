//! Zones of time: what they are called. It must never know who asks.

use crate::diagnostics::suggest;

/// The zones of the IANA, as Go 1.26 brings them.
const ZONES: &str = include_str!("zones.txt");

/// Whether there is such a zone. Some servers have the same zones by other names too.
pub fn is_known(zone: &str) -> bool {
    let is_copy = ["posix/", "right/"].iter().any(|copy| zone.starts_with(copy)) || zone == "posixrules";
    is_copy || ZONES.lines().any(|known| known == zone)
}

/// The zone whose name is nearest.
pub fn nearest(zone: &str) -> Option<&'static str> {
    suggest::nearest(zone, ZONES.lines())
}

/// Why a text is no name of a zone.
pub fn fault(zone: &str) -> Option<&'static str> {
    let is_part = |part: &str| {
        (1..=14).contains(&part.len())
            && !["..", "."].contains(&part)
            && !part.starts_with('-')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte))
    };
    if zone.eq_ignore_ascii_case("local") {
        Some("must name a zone: nobody knows where the server is")
    } else if !zone.split('/').all(is_part) {
        Some("is no name of a zone, such as `Europe/Berlin`")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_names() {
        for zone in ["UTC", "Europe/Berlin", "Etc/GMT+1", "America/Argentina/Buenos_Aires"] {
            assert_eq!(fault(zone), None, "{zone}");
        }
        for zone in ["", "Local", "+01:00", "../x", "a b"] {
            assert!(fault(zone).is_some(), "{zone}");
        }
    }
}
