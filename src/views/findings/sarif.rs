//! SARIF 2.1.0, which code hosts show beside the lines. Source: docs.oasis-open.org/sarif/sarif/v2.1.0.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::diagnostics::codes;
use crate::diagnostics::report::Severity;
use crate::ordered::Ordered;
use crate::validate::Verdict;
use crate::validate::groups;
use crate::validate::told::{Finding, told};

/// All findings as one run.
pub fn sarif(verdict: &Verdict) -> String {
    let found: Vec<Finding<'_>> = verdict.files.iter().flat_map(told).collect();
    let used: BTreeSet<&str> = found.iter().map(|found| found.code).ordered();
    let rules: Vec<Json> = used.iter().map(|code| rule(code)).collect();
    let results: Vec<Json> = found.iter().map(|found| result(found, &used)).collect();
    let all = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "platformgen", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{all:#}\n")
}

fn rule(code: &str) -> Json {
    let summary = codes::ALL.iter().find(|(known, _)| *known == code).map_or("", |(_, summary)| summary);
    let mut rule = json!({ "id": code, "shortDescription": { "text": summary } });
    if let Some(group) = groups::group_of(code) {
        rule["properties"] = json!({ "tags": [groups::name(group)] });
    }
    rule
}

fn result(found: &Finding<'_>, used: &BTreeSet<&str>) -> Json {
    let level = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let text = match found.help {
        Some(help) => format!("{}; {help}", found.message),
        None => found.message.to_owned(),
    };
    let own = location(found.file, found.line, Some(found.column), &found.object);
    let mut result = json!({
        "ruleId": found.code,
        "ruleIndex": used.iter().position(|code| *code == found.code),
        "level": level,
        "message": { "text": text },
        "locations": [own],
    });
    // what a pull request changes is the description, so a note stands there if it is known
    if let Some(origin) = found.origin {
        let mut related = result["locations"][0].take();
        related["id"] = 1.into();
        result["locations"] = json!([location(&origin.file, origin.line, None, &origin.path)]);
        result["relatedLocations"] = json!([related]);
    }
    result
}

fn location(file: &str, line: usize, column: Option<usize>, object: &str) -> Json {
    let mut region = json!({ "startLine": line });
    if let Some(column) = column {
        region["startColumn"] = column.into();
    }
    let mut location = json!({
        "physicalLocation": { "artifactLocation": { "uri": uri(file) }, "region": region },
    });
    if !object.is_empty() {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": object }]);
    }
    location
}

/// A path as a reference that is a URI; one from the root says so, since readers look for all others below theirs.
fn uri(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encode = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    path.bytes().map(encode).fold(scheme.to_owned(), |uri, part| uri + &part)
}
