//! Days of the calendar.

use std::fmt;

use crate::values::parse::Parse;

/// A day, which compares by what comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl Date {
    /// The day in UTC that is this many seconds after the beginning of 1970.
    ///
    /// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": eras of 400 years that begin in March.
    pub fn of_seconds(seconds: u64) -> Self {
        let days = i64::try_from(seconds / 86_400).unwrap_or_default() + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: year + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * from_march + 2) / 5 + 1,
        }
    }
}

/// How many days a month has.
fn length(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Parse for Date {
    const EXPECTED: &'static str = "a day such as `2027-01-31`";

    fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('-').collect();
        let number = |part: &str, digits: usize| {
            let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse::<i64>().unwrap_or_default())
        };
        let read = match parts.as_slice() {
            [year, month, day] => (number(year, 4), number(month, 2), number(day, 2)),
            _ => (None, None, None),
        };
        let (Some(year), Some(month), Some(day)) = read else { return Err("is not written as a day".to_owned()) };
        if !(1..=12).contains(&month) || !(1..=length(year, month)).contains(&day) {
            return Err("is no day of the calendar".to_owned());
        }
        Ok(Self { year, month, day })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_compared() {
        let day = |text| Date::parse(text).expect("it is a day");
        assert!(day("2026-12-31") < day("2027-01-01"));
        assert_eq!(day("2028-02-29").to_string(), "2028-02-29");
        for text in ["2027-02-29", "2100-02-29", "2027-13-01", "2027-1-1", "31.1.2027", "", "2027-01-00"] {
            assert!(Date::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn seconds_are_days() {
        assert_eq!(Date::of_seconds(0).to_string(), "1970-01-01");
        assert_eq!(Date::of_seconds(951_782_400).to_string(), "2000-02-29");
        assert_eq!(Date::of_seconds(1_767_225_599).to_string(), "2025-12-31");
        assert_eq!(Date::of_seconds(1_767_225_600).to_string(), "2026-01-01");
    }
}
