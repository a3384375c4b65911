//! Quantities as the API server reads them, exactly: billionths of a unit.

use serde_json::Value;

const UNIT: i128 = 1_000_000_000;

/// The amount, in billionths; `None` when the API server would not read it.
pub fn amount(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => parse(&number.to_string()),
        Value::String(text) => parse(text),
        _ => None,
    }
}

fn parse(text: &str) -> Option<i128> {
    let digits = text.find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.len() > 9 {
        return None;
    }
    let fraction: i128 = format!("{fraction:0<9}").parse().ok()?;
    let billionths = whole.parse::<i128>().ok()?.checked_mul(UNIT)?.checked_add(fraction)?;
    let times = |factor: i128| billionths.checked_mul(factor);
    match suffix {
        "n" => Some(billionths / UNIT),
        "u" => Some(billionths / 1_000_000),
        "m" => Some(billionths / 1_000),
        "" => Some(billionths),
        "k" => times(1_000),
        "M" => times(1_000_000),
        "G" => times(1_000_000_000),
        "T" => times(1_000_000_000_000),
        "Ki" => times(1 << 10),
        "Mi" => times(1 << 20),
        "Gi" => times(1 << 30),
        "Ti" => times(1 << 40),
        _ => None,
    }
}

/// An amount for people: billionths as a number with a unit.
pub fn shown(billionths: i128) -> String {
    let (whole, rest) = (billionths / UNIT, billionths % UNIT);
    match (whole, rest) {
        (whole, 0) if whole >= 1 << 20 && whole % (1 << 20) == 0 => format!("{}Mi", whole >> 20),
        (whole, 0) => whole.to_string(),
        _ => format!("{}m", billionths / 1_000_000),
    }
}

#[test]
fn quantities_are_read_as_the_api_server_does() {
    let billionths = |text: &str| amount(&Value::from(text));
    assert_eq!(billionths("100m"), Some(100_000_000));
    assert_eq!(billionths("1.5"), Some(1_500_000_000));
    assert_eq!(billionths("64Mi"), Some((64 << 20) * UNIT));
    assert_eq!(billionths("1k"), Some(1_000 * UNIT));
    assert_eq!((billionths("100mi"), billionths(""), billionths("-1")), (None, None, None));
}
