//! JUnit's XML, as build servers read it: a suite for each group of checks, a case for each file.

use std::fmt::Write;

use crate::diagnostics::caret::is_invisible;
use crate::diagnostics::report::Severity;
use crate::validate::Verdict;
use crate::validate::groups::{self, GROUPS, Group};
use crate::validate::told::{Finding, told};

/// All findings.
pub fn junit(verdict: &Verdict) -> String {
    let of = |is_description: bool| -> Vec<(&str, Vec<Finding<'_>>)> {
        let wanted = verdict.files.iter().filter(|file| file.is_description == is_description);
        wanted.map(|file| (file.path.as_str(), told(file))).collect()
    };
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"platformgen validate\">\n");
    suite(&mut out, None, &of(true));
    let manifests = of(false);
    for (group, ..) in GROUPS {
        suite(&mut out, Some(*group), &manifests);
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(out: &mut String, group: Option<Group>, files: &[(&str, Vec<Finding<'_>>)]) {
    let of_group = |found: &&Finding<'_>| found.group == group;
    let is_failure = |found: &Finding<'_>| found.severity == Severity::Error;
    let failing = files.iter().filter(|(_, found)| found.iter().filter(of_group).any(is_failure)).count();
    let name = group.map_or("description", groups::name);
    let _ = writeln!(out, "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failing}\">", files.len());
    for (file, found) in files {
        let told: Vec<&Finding<'_>> = found.iter().filter(of_group).collect();
        let _ = write!(out, "    <testcase classname=\"{name}\" name=\"{}\"", attribute(file));
        if told.is_empty() {
            out.push_str("/>\n");
            continue;
        }
        out.push_str(">\n");
        let (failures, rest): (Vec<&Finding<'_>>, Vec<&Finding<'_>>) =
            told.into_iter().partition(|found| is_failure(found));
        // readers expect one failure a case
        if let Some(first) = failures.first() {
            let lines: String = failures.iter().copied().map(line).collect();
            let message = attribute(first.message);
            let _ = writeln!(
                out,
                "      <failure type=\"{}\" message=\"{message}\">{}</failure>",
                first.code,
                escaped(&lines)
            );
        }
        if !rest.is_empty() {
            let lines: String = rest.iter().copied().map(line).collect();
            let _ = writeln!(out, "      <system-out>{}</system-out>", escaped(&lines));
        }
        out.push_str("    </testcase>\n");
    }
    out.push_str("  </testsuite>\n");
}

fn line(found: &Finding<'_>) -> String {
    format!("{}:{}:{}: {}: {}\n", found.file, found.line, found.column, found.code, found.message)
}

/// Readers make a blank of a new line in an attribute, unless it is written as a number.
fn attribute(text: &str) -> String {
    escaped(text).replace('\n', "&#10;")
}

/// XML has no way to write most control characters at all.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            letter if is_invisible(letter) || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                out.push(char::REPLACEMENT_CHARACTER);
            }
            letter => out.push(letter),
        }
    }
    out
}
