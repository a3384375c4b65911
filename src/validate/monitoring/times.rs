//! Times at which Alertmanager is silent or speaks: days, months and hours as it writes them.
//!
//! Source: `timeinterval/timeinterval.go` of Alertmanager. A month that no year has is taken there, and never comes; here it
//! is told.

use crate::manifest::node::Node;
use crate::validate::api::zones;

const WEEKDAYS: &[&str] = &["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// The shortest month, by which days that are counted from its end are compared with those from its beginning.
const SHORTEST: i64 = 28;

/// `monday`, or `monday:friday`.
pub fn is_weekdays(text: &str) -> bool {
    let number = |word: &str| WEEKDAYS.iter().position(|day| *day == word).and_then(|at| i64::try_from(at).ok());
    range(text, number).is_some_and(|(first, last)| first <= last)
}

/// `1:5`, or `-3:-1` for the last three of a month.
pub fn is_days(text: &str) -> bool {
    let counted = |day: i64| if day < 0 { SHORTEST + day } else { day };
    let is_day = |day: i64| day != 0 && (-31..=31).contains(&day);
    range(text, whole).is_some_and(|(first, last)| {
        is_day(first) && is_day(last) && !(first < 0 && last > 0) && counted(first) <= counted(last)
    })
}

/// `may:august`, or `5:8`.
pub fn is_months(text: &str) -> bool {
    let named = |word: &str| MONTHS.iter().position(|month| *month == word).and_then(|at| i64::try_from(at + 1).ok());
    let number = |word: &str| named(word).or_else(|| whole(word));
    range(text, number).is_some_and(|(first, last)| first <= last && (1..=12).contains(&first) && last <= 12)
}

/// `2026`, or `2026:2028`.
pub fn is_years(text: &str) -> bool {
    range(text, whole).is_some_and(|(first, last)| first <= last)
}

/// `09:00` to `24:00`.
pub fn is_clock(text: &str) -> bool {
    minutes(text).is_some()
}

/// A name of the IANA, `UTC`, or wherever the server is.
pub fn is_zone(text: &str) -> bool {
    ["", "UTC", "Local"].contains(&text) || zones::is_known(text)
}

/// Whether a time of the day ends when it begins, or before.
pub fn is_backwards(clock: &Node) -> bool {
    let at = |key: &str| minutes(clock.text_at(&[key])?);
    matches!((at("start_time"), at("end_time")), (Some(start), Some(end)) if start >= end)
}

/// Minutes of the day.
fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |text: &str| text.parse::<u32>().ok().filter(|_| text.len() == 2 && !text.starts_with('+'));
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (minutes < 60 && hours < 24 || (hours, minutes) == (24, 0)).then_some(60 * hours + minutes)
}

fn whole(word: &str) -> Option<i64> {
    word.parse().ok()
}

/// The ends of a range; one word is both.
fn range(text: &str, number: impl Fn(&str) -> Option<i64>) -> Option<(i64, i64)> {
    let text = text.to_lowercase();
    let (first, last) = text.split_once(':').unwrap_or((&text, &text));
    Some((number(first)?, number(last)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_alertmanager_does() {
        for (is_right, right, wrong) in [
            (is_weekdays as fn(&str) -> bool, &["Monday", "monday:friday"][..], &["mon:fri", "friday:monday", ""][..]),
            (is_days, &["1", "1:31", "-3:-1", "1:-1"], &["0", "32", "-1:1", "5:1", "a", "1:2:3"]),
            (is_months, &["may", "may:August", "5:8"], &["13", "0", "august:may", "sept"]),
            (is_years, &["2026", "2026:2028"], &["2028:2026", "this"]),
            (is_clock, &["00:00", "09:05", "24:00"], &["9:00", "24:01", "25:00", "09:60", "0900", "+9:00"]),
            (is_zone, &["Europe/Berlin", "UTC", "Local"], &["Europe/Belin", "CEST1"]),
        ] {
            assert!(right.iter().all(|text| is_right(text)), "{right:?}");
            assert!(!wrong.iter().any(|text| is_right(text)), "{wrong:?}");
        }
    }
}
