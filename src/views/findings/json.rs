//! For programs. The schema is documented in docs/validate.md and has a version: keys are only ever added to it.

use serde_json::{Value as Json, json};

use crate::validate::told::{Finding, told};
use crate::validate::{Summary, Verdict, groups};
use crate::views::findings::word;

/// Name and version of the schema.
pub const SCHEMA: &str = "platformgen.io/findings/v1";

/// All findings as one JSON object.
pub fn json(verdict: &Verdict, summary: &Summary) -> String {
    let findings: Vec<Json> = verdict.files.iter().flat_map(told).map(|found| one(&found)).collect();
    let all = json!({
        "schema": SCHEMA,
        "kubernetes": summary.minor.label().trim_start_matches('v'),
        "objects": summary.objects,
        "checks": summary.asked,
        "errors": summary.errors,
        "warnings": summary.warnings,
        "notes": summary.notes,
        "accepted": summary.accepted,
        "unknownKinds": summary.strangers,
        "findings": findings,
    });
    format!("{all:#}\n")
}

fn one(found: &Finding<'_>) -> Json {
    let mut out = json!({
        "code": found.code,
        "severity": word(found.severity),
        "message": found.message,
        "file": found.file,
        "line": found.line,
        "column": found.column,
    });
    if let Some(group) = found.group {
        out["group"] = groups::name(group).into();
    }
    for (key, value) in [("object", &found.object), ("field", &found.field)] {
        if !value.is_empty() {
            out[key] = value.clone().into();
        }
    }
    if let Some(help) = found.help {
        out["help"] = help.into();
    }
    if let Some(origin) = found.origin {
        out["origin"] = json!({ "file": origin.file, "line": origin.line, "path": origin.path });
    }
    out
}
