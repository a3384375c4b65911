//! Whether a default fits the schema that has it.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go` of Kubernetes.

use regex::Regex;

use crate::diagnostics::suggest;
use crate::manifest::node::{Node, Value};
use crate::spec::shapes::Minor;
use crate::validate::api::custom::formats;

/// Why a value does not fit a schema.
pub fn fault(schema: &Node, value: &Node, minor: Minor) -> Option<String> {
    let is = |key: &str| schema.get(key).and_then(Node::bool) == Some(true);
    if matches!(value.value, Value::Null) {
        return (!is("nullable")).then(|| "is nothing, which the schema does not take".to_owned());
    }
    let kind = schema.text_at(&["type"]).unwrap_or_default();
    if !is("x-kubernetes-int-or-string") && !is_of(kind, value) {
        return Some(format!("does not fit its schema: it must be of the type `{kind}`"));
    }
    let options = schema.items_at(&["enum"]);
    if !options.is_empty() && !options.contains(value) {
        let known = options.iter().filter_map(Node::spelled).collect::<Vec<_>>();
        return Some(format!("is none of {}", suggest::list(known.iter().map(String::as_str))));
    }
    let limit = bounds(schema, value, minor)
        .map(|(limit, _)| limit)
        .or_else(|| is_unmatched(schema, value).then_some("pattern"));
    let beyond = limit.map(|limit| format!("does not fit its schema, which has a `{limit}`"));
    let missed = || formats::missed(value, schema).map(|what| format!("does not fit its schema: it is no {what}"));
    beyond.or_else(missed).or_else(|| match &value.value {
        Value::Map(_) => of_map(schema, value, is("x-kubernetes-preserve-unknown-fields"), minor),
        Value::List(items) => {
            let inner = schema.get("items")?;
            items.iter().find_map(|item| fault(inner, item, minor))
        }
        _ => None,
    })
}

/// Whether a text is one that the pattern of its schema does not take.
fn is_unmatched(schema: &Node, value: &Node) -> bool {
    let pattern = schema.text_at(&["pattern"]).and_then(|pattern| Regex::new(pattern).ok());
    value.text().zip(pattern).is_some_and(|(text, pattern)| !pattern.is_match(text))
}

/// Whether a value is of a type that schemas know.
pub fn is_of(kind: &str, value: &Node) -> bool {
    match (kind, &value.value) {
        ("array", Value::List(_))
        | ("object", Value::Map(_))
        | ("string", Value::Text(_))
        | ("boolean", Value::Bool(_))
        | ("integer" | "number", Value::Integer(_))
        | ("number", Value::Float(_) | Value::Number(_)) => true,
        ("integer", Value::Float(number)) => number.fract() == 0.0,
        _ => !["array", "object", "string", "boolean", "integer", "number"].contains(&kind),
    }
}

/// A number, as exact as a float is.
#[allow(clippy::cast_precision_loss, reason = "the server compares floats too")]
fn number(node: &Node) -> Option<f64> {
    match &node.value {
        Value::Integer(number) => Some(number.get() as f64),
        Value::Float(number) => Some(*number),
        Value::Number(text) => text.parse().ok(),
        _ => None,
    }
}

/// Whether a number is a factor so many times over. Of a whole number the server takes no more of the factor than is whole,
/// unless the type takes whole numbers alone. Source: `MultipleOfNativeType` in
/// `kube-openapi/pkg/validation/validate/values.go`, and `IsFloat64AJSONInteger` of go-openapi.
fn is_multiple(value: &Node, factor: f64, is_whole_type: bool, minor: Minor) -> bool {
    /// As far as floats count whole numbers one by one.
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    const NEAR: f64 = 1e-9;
    let Some(number) = number(value) else { return true };
    if let Some(number) = whole(value).filter(|_| !is_whole_type || factor.fract() == 0.0) {
        return whole_of(factor.trunc()).is_some_and(|factor| factor > 0 && number % factor == 0);
    }
    let times = if factor < 1.0 { 1.0 / factor * number } else { number / factor };
    // until 1.36, what is just below a whole number is none
    let near = if minor >= Minor::V1_37 { times.round() } else { times.trunc() };
    let beyond = (times - near).abs();
    let is_near = beyond == 0.0 || near != 0.0 && beyond < NEAR * near.abs();
    factor > 0.0 && is_near && times.abs() <= LARGEST
}

/// A whole number, which JSON may write as a float.
fn whole(node: &Node) -> Option<i128> {
    match &node.value {
        Value::Integer(number) => Some(number.get()),
        Value::Float(number) => whole_of(*number),
        _ => None,
    }
}

/// A float that is a whole number of 64 bits.
#[allow(clippy::cast_possible_truncation, reason = "the line before")]
fn whole_of(number: f64) -> Option<i128> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    (number.fract() == 0.0 && number.abs() < BEYOND).then_some(number as i128)
}

/// The limit beyond which a value is, and what it says.
pub fn bounds<'s>(schema: &'s Node, value: &Node, minor: Minor) -> Option<(&'static str, &'s Node)> {
    let size = match &value.value {
        Value::Text(text) => Some(("minLength", "maxLength", text.chars().count())),
        Value::List(items) => Some(("minItems", "maxItems", items.len())),
        Value::Map(entries) => Some(("minProperties", "maxProperties", entries.len())),
        _ => None,
    };
    let limit = |key: &str| schema.get(key).and_then(number);
    let is_exclusive = |key: &str| schema.get(key).and_then(Node::bool) == Some(true);
    #[allow(clippy::cast_precision_loss, reason = "no manifest is that long")]
    let (least, most, own) = match size {
        Some((least, most, size)) => (least, most, size as f64),
        None => ("minimum", "maximum", number(value)?),
    };
    let is_less = |limit: f64| own < limit || (size.is_none() && is_exclusive("exclusiveMinimum") && own <= limit);
    let is_more = |limit: f64| own > limit || (size.is_none() && is_exclusive("exclusiveMaximum") && own >= limit);
    let is_whole = schema.text_at(&["type"]) == Some("integer");
    let is_other = |factor: f64| size.is_none() && !is_multiple(value, factor, is_whole, minor);
    let broken = [
        (least, limit(least).is_some_and(is_less)),
        (most, limit(most).is_some_and(is_more)),
        ("multipleOf", limit("multipleOf").is_some_and(is_other)),
    ];
    let (wrong, _) = *broken.iter().find(|(_, is_broken)| *is_broken)?;
    Some((wrong, schema.get(wrong)?))
}

fn of_map(schema: &Node, value: &Node, is_open: bool, minor: Minor) -> Option<String> {
    let required = schema.items_at(&["required"]).iter().filter_map(Node::text);
    // what is missing may have a default of its own
    let is_missing = |key: &&str| value.get(key).is_none() && schema.at(&["properties", key, "default"]).is_none();
    if let Some(key) = required.into_iter().find(is_missing) {
        return Some(format!("has no `{key}`, which its schema requires"));
    }
    let rest = schema.get("additionalProperties");
    value.entries().iter().find_map(|entry| {
        let own = schema.at(&["properties", &entry.key]).or_else(|| rest.filter(|rest| rest.bool().is_none()));
        match own {
            Some(own) => fault(own, &entry.node, minor),
            None if is_open || rest.is_some() => None,
            None => Some(format!("has the field `{}`, which its schema does not", entry.key)),
        }
    })
}
