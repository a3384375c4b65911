//! When a job runs, as cron writes it.

use std::fmt;

use crate::values::parse::Parse;

/// Five fields that the `CronJob` controller reads: minute, hour, day of the month, month, day of the week.
/// Source: `robfig/cron` v3, `ParseStandard`; time zones are refused as `pkg/apis/batch/validation` refuses them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(String);

/// What one field may hold.
struct Field {
    name: &'static str,
    low: u32,
    high: u32,
    words: &'static [&'static str],
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Field; 5] = [
    Field { name: "minute", low: 0, high: 59, words: &[] },
    Field { name: "hour", low: 0, high: 23, words: &[] },
    Field { name: "day of the month", low: 1, high: 31, words: &[] },
    Field { name: "month", low: 1, high: 12, words: MONTHS },
    // Some crons also take 7 for Sunday; this one does not.
    Field { name: "day of the week", low: 0, high: 6, words: WEEKDAYS },
];

/// Days of each month in the longest year.
const LONGEST: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

impl Parse for Schedule {
    const EXPECTED: &'static str =
        "five fields in UTC (minute, hour, day, month, weekday), such as `0 3 * * 0` for Sundays at three";

    fn parse(text: &str) -> Result<Self, String> {
        if text.contains("TZ=") {
            return Err("sets a time zone".to_owned());
        }
        if text.starts_with('@') {
            return Err("is an abbreviation".to_owned());
        }
        let (fields, sets) = sets(text)?;
        if is_never(&fields, sets) {
            return Err("names a day that no month has".to_owned());
        }
        Ok(Self(fields.join(" ")))
    }
}

/// Descriptors that stand for five fields.
const DESCRIPTORS: &[&str] = &["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

impl Schedule {
    /// Whether the server takes a text: it also takes descriptors and days that never come.
    pub fn readable(text: &str) -> Result<(), String> {
        if text.contains("TZ") {
            return Err("sets a time zone; write it as `timeZone`".to_owned());
        }
        if let Some(every) = text.strip_prefix("@every ") {
            return if is_duration(every) {
                Ok(())
            } else {
                Err(format!("has the duration `{every}`; it must be one such as `1h30m`"))
            };
        }
        if text.starts_with('@') {
            let known = DESCRIPTORS.contains(&text);
            return if known { Ok(()) } else { Err(format!("is `{text}`, which is no descriptor such as `@daily`")) };
        }
        sets(&all_tidied(text)).map(|_| ())
    }

    /// Whether a text that the server takes names a day that never comes.
    pub fn never_comes(text: &str) -> bool {
        sets(&all_tidied(text)).is_ok_and(|(fields, sets)| is_never(&fields, sets))
    }
}

fn all_tidied(text: &str) -> String {
    text.split_ascii_whitespace().map(tidied).collect::<Vec<_>>().join(" ")
}

/// A field without what the server overlooks: nothing between commas, an end after a star, a plus before a number.
fn tidied(field: &str) -> String {
    let part = |part: &str| {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let bare = |number: &str| number.strip_prefix('+').unwrap_or(number).to_owned();
        let range = match range.split('-').next() {
            Some(star @ ("*" | "?")) => star.to_owned(),
            _ => range.split('-').map(bare).collect::<Vec<_>>().join("-"),
        };
        step.map_or_else(|| range.clone(), |step| format!("{range}/{}", bare(step)))
    };
    let parts: Vec<String> = field.split(',').filter(|text| !text.is_empty()).map(part).collect();
    if parts.is_empty() { "*".to_owned() } else { parts.join(",") }
}

/// Numbers with units, as Go writes them.
fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    while !rest.is_empty() {
        let digits = rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
        let number = &rest[..rest.len() - digits.len()];
        let unit = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"].iter().find_map(|unit| digits.strip_prefix(unit));
        match unit {
            Some(after) if number.bytes().any(|byte| byte.is_ascii_digit()) && number.matches('.').count() < 2 => {
                rest = after;
            }
            _ => return false,
        }
    }
    !text.is_empty()
}

/// The five fields and what each stands for.
fn sets(text: &str) -> Result<(Vec<&str>, [u64; FIELDS.len()]), String> {
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!("has {} field{}", fields.len(), if fields.len() == 1 { "" } else { "s" }));
    }
    let mut sets = [0; FIELDS.len()];
    for ((field, written), set) in FIELDS.iter().zip(&fields).zip(&mut sets) {
        *set = field.set(written).map_err(|fault| format!("has the {} `{written}`, which {fault}", field.name))?;
    }
    Ok((fields, sets))
}

fn is_star(written: &str) -> bool {
    written.split(',').any(|part| matches!(part, "*" | "?"))
}

/// Whether none of the months has one of the days.
fn is_never(fields: &[&str], [.., days, months, _]: [u64; FIELDS.len()]) -> bool {
    let mut all = (1_u32..).zip(LONGEST);
    // a restricted weekday makes the day of the month an alternative instead of a condition
    is_star(fields[4]) && !all.any(|(month, longest)| months & bit(month) != 0 && days.trailing_zeros() <= longest)
}

const fn bit(value: u32) -> u64 {
    1 << value
}

impl Field {
    /// The values that `written` stands for, one bit each.
    fn set(&self, written: &str) -> Result<u64, String> {
        written.split(',').try_fold(0, |set, part| Ok(set | self.range(part)?))
    }

    /// `*`, `a`, `a-b`, and each of them with a `/step`.
    fn range(&self, part: &str) -> Result<u64, String> {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let (low, high) = match range.split_once('-') {
            _ if is_star(range) => (self.low, self.high),
            Some((low, high)) => (self.value(low)?, self.value(high)?),
            // `5/15` goes on to the end.
            None if step.is_some() => (self.value(range)?, self.high),
            None => (self.value(range)?, self.value(range)?),
        };
        if low > high {
            return Err("ends before it begins".to_owned());
        }
        let step = step.map_or(Ok(1), number)?;
        if step == 0 {
            return Err("has a step of zero".to_owned());
        }
        let step = usize::try_from(step).unwrap_or(usize::MAX);
        Ok((low..=high).step_by(step).fold(0, |set, value| set | bit(value)))
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let word = self.words.iter().zip(self.low..).find(|(word, _)| word.eq_ignore_ascii_case(text));
        let value = word.map_or_else(|| number(text), |(_, value)| Ok(value))?;
        if (self.low..=self.high).contains(&value) {
            Ok(value)
        } else {
            Err(format!("is not between {} and {}", self.low, self.high))
        }
    }
}

fn number(text: &str) -> Result<u32, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| "is not a number".to_owned())
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_the_controller_reads_passes() {
        for good in [
            "0 3 * * 0",
            "*/15 * * * *",
            "5/20 0-6/2 1,15 JAN-mar mon-FRI",
            "0 0 ? * ?",
            "0 0 29 2 *",
            "0 0 31 2 1",
            "0 0 30,31 2,4 *",
            "59 23 31 12 6",
            "0 0 1-31/100 * *",
        ] {
            assert_eq!(Schedule::parse(good).map(|schedule| schedule.to_string()), Ok(good.to_owned()));
        }
        assert_eq!(Schedule::parse("  0  3 *\t* 0 ").expect("valid").to_string(), "0 3 * * 0");
    }

    #[test]
    fn the_server_reads_more_than_is_wise() {
        assert!(Schedule::never_comes("0 0 31 2 *") && Schedule::never_comes("0 0 30,31 +2 ?"));
        for comes in ["0 0 31 2 1", "0 0 29 2 *", "0 0 31 * *", "@daily", "x"] {
            assert!(!Schedule::never_comes(comes), "{comes}");
        }
        for good in
            ["@daily", "@every 1h30m", "@every 1.5h", "0 0 31 2 *", "*/61 * * * *", "? ? ? ? ?", "1,,+2 *-5 , * *"]
        {
            assert_eq!(Schedule::readable(good), Ok(()), "{good}");
        }
        for bad in ["@reboot", "@every", "@every x", "@every 5", "TZ=UTC 0 * * * *", "* * * *", "61 * * * *"] {
            assert!(Schedule::readable(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_the_controller_refuses_or_never_runs_is_refused() {
        for (bad, fault) in [
            ("", "0 fields"),
            ("@weekly", "abbreviation"),
            ("0 3 * *", "4 fields"),
            ("0 3 * * 0 *", "6 fields"),
            ("TZ=UTC 0 3 * * 0", "time zone"),
            ("CRON_TZ=Europe/Berlin 0 3 * * 0", "time zone"),
            ("60 3 * * 0", "minute `60`"),
            ("0 24 * * 0", "hour `24`"),
            ("0 3 0 * *", "day of the month `0`"),
            ("0 3 * 13 *", "month `13`"),
            ("0 3 * * 7", "day of the week `7`"),
            ("0 3 * foo *", "not a number"),
            ("0 3 * * sunday", "not a number"),
            ("0 3 5-1 * *", "ends before it begins"),
            ("0 3 1-2-3 * *", "not a number"),
            ("*/0 * * * *", "step of zero"),
            ("*/ * * * *", "not a number"),
            ("1,,2 * * * *", "not a number"),
            ("+1 * * * *", "not a number"),
            ("-1 * * * *", "not a number"),
            ("٣ * * * *", "not a number"),
            ("99999999999 * * * *", "not a number"),
            ("0 3 30 2 *", "no month has"),
            ("0 3 31 4,6,9,11 *", "no month has"),
        ] {
            let found = Schedule::parse(bad).expect_err(bad);
            assert!(found.contains(fault), "{bad}: {found}");
        }
    }
}
