//! Durations as Prometheus and as Go write them, in milliseconds.

/// Units of Prometheus from the longest to the shortest, in which order they must stand.
const UNITS: &[(&str, u64)] = &[
    ("y", 31_536_000_000),
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// What `1h30m` is; `None` if Prometheus refuses it.
pub fn parse(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let (mut rest, mut total, mut units) = (text, 0_u64, UNITS);
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).filter(|at| *at > 0)?;
        let number: u64 = rest[..digits].parse().ok()?;
        let after = &rest[digits..];
        let unit = &after[..after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len())];
        let at = units.iter().position(|(name, _)| *name == unit)?;
        total = total.checked_add(number.checked_mul(units[at].1)?)?;
        (rest, units) = (&after[unit.len()..], &units[at + 1..]);
    }
    (!text.is_empty()).then_some(total)
}

/// Whether Go takes it: units in any order, with fractions and a sign.
pub fn is_of_go(text: &str) -> bool {
    let mut rest = text.trim_start_matches(['+', '-']);
    if rest == "0" {
        return true;
    }
    let is_said = !rest.is_empty();
    while !rest.is_empty() {
        let Some(digits) = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.') else { return false };
        let (number, after) = rest.split_at(digits);
        let end = after.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(after.len());
        let is_unit = ["ns", "us", "µs", "ms", "s", "m", "h"].contains(&&after[..end]);
        if !is_unit || number.parse::<f64>().is_err() {
            return false;
        }
        rest = &after[end..];
    }
    is_said
}

/// As people write it.
pub fn spelled(milliseconds: u64) -> String {
    let fits = |(_, scale): &&(&str, u64)| milliseconds.is_multiple_of(*scale) && milliseconds >= *scale;
    let (unit, scale) = UNITS.iter().skip(2).find(fits).unwrap_or(&("s", 1_000));
    format!("{}{unit}", milliseconds / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_prometheus_does() {
        for (text, expected) in [("1h30m", Some(5_400_000)), ("0", Some(0)), ("15s", Some(15_000)), ("5ms", Some(5))] {
            assert_eq!(parse(text), expected, "{text}");
        }
        for text in ["", "5", "1.5h", "30m1h", "5 m", "m", "5x", "99999999999999999999y", "-5m"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(is_of_go("1.5h") && is_of_go("1m30s") && !is_of_go("1d") && !is_of_go("") && !is_of_go("5"));
        assert_eq!([spelled(60_000), spelled(90_000), spelled(1)], ["1m", "90s", "1ms"]);
    }
}
