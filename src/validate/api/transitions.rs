//! Rules of definitions about a value and the one before it, and the field that a rule blames.
//!
//! Source: `apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go` and `ValidFieldPath` in
//! `pkg/apiserver/schema/cel/validation.go` of Kubernetes 1.35 to 1.37.

use crate::manifest::node::{Node, Value};
use crate::validate::api::rules::has;
use crate::validate::api::{Judge, cel};

const BEFORE: &str = "oldSelf";

/// Judges the rules of a schema. What `is_apart` is an item of a list that nobody can find again in the next version.
pub fn rules(judge: &mut Judge<'_>, schema: &Node, is_apart: bool) {
    judge.each(schema, "x-kubernetes-validations", |judge, rule| {
        match rule.text_at(&["rule"]).and_then(|text| cel::mentions(text, BEFORE)) {
            Some(true) if is_apart => {
                judge.refuse(
                    rule,
                    "rule",
                    "is about `oldSelf`, which items have only in lists with `x-kubernetes-list-type: map`",
                );
            }
            Some(false) if has(rule, "optionalOldSelf") => {
                judge.refuse(rule, "optionalOldSelf", "must not be there: the rule is not about `oldSelf`");
            }
            _ => {}
        }
        if let Some(path) = rule.text_at(&["fieldPath"]).filter(|path| !path.is_empty() && !leads(schema, path)) {
            judge.refuse(rule, "fieldPath", &format!("is `{path}`, which leads to no field of this schema"));
        }
    });
}

/// Whether a path such as `.spec['a.b']` leads to a field of a schema.
fn leads(schema: &Node, path: &str) -> bool {
    let (mut schema, mut rest) = (schema, path);
    while !rest.is_empty() {
        let step = if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[', ']']).unwrap_or(after.len());
            Some(after.split_at(end)).filter(|(name, _)| !name.is_empty())
        } else {
            let quoted = rest.strip_prefix("['");
            if quoted.is_some_and(|quoted| quoted.contains('\\')) {
                return true;
            }
            quoted.and_then(|quoted| quoted.split_once("']"))
        };
        let Some((name, after)) = step else { return false };
        let properties = schema.get("properties").filter(|own| !own.entries().is_empty());
        let others = schema.get("additionalProperties");
        schema = match (properties, others) {
            (Some(properties), _) => match properties.get(name) {
                Some(inner) => inner,
                None => return false,
            },
            (None, Some(others)) if matches!(others.value, Value::Map(_)) => others,
            // anything may be there
            (None, Some(_)) => return true,
            (None, None) => return false,
        };
        rest = after;
    }
    true
}
