//! Amounts that are written differently and are the same: `1000m` and `1`.

use crate::diff::path::Path;
use crate::manifest::node::{Node, Value};
use crate::values::parse::Parse;
use crate::values::quantity::Quantity;

/// Where the API has quantities: the last keys on the way, `*` for any. Source: every field of type `Quantity` in the
/// OpenAPI document of Kubernetes 1.37, status left out.
const FIELDS: &[&[&str]] = &[
    &["resources", "requests", "*"],
    &["resources", "limits", "*"],
    &["spec", "hard", "*"],
    &["spec", "capacity", "*"],
    &["spec", "overhead", "*"],
    &["overhead", "podFixed", "*"],
    &["limits", "default", "*"],
    &["limits", "defaultRequest", "*"],
    &["limits", "max", "*"],
    &["limits", "min", "*"],
    &["limits", "maxLimitRequestRatio", "*"],
    &["emptyDir", "sizeLimit"],
    &["target", "averageValue"],
    &["target", "value"],
    &["resourceFieldRef", "divisor"],
];

/// Whether two values at `path` are spellings of one amount. Texts that only look like amounts, in variables and in
/// payloads, are texts.
pub fn same(path: &Path, old: &Node, new: &Node) -> bool {
    let is_payload = path.begins(&["data"]);
    !is_payload
        && FIELDS.iter().any(|field| ends(path, field))
        && amount(old).is_some_and(|old| amount(new) == Some(old))
}

fn ends(path: &Path, field: &[&str]) -> bool {
    let mut keys = path.keys().rev();
    field.iter().rev().all(|wanted| keys.next().is_some_and(|key| *wanted == "*" || key == *wanted))
}

/// The amount that a value stands for.
pub fn amount(node: &Node) -> Option<Quantity> {
    match &node.value {
        Value::Text(text) => Quantity::parse(text).ok(),
        Value::Integer(number) => Some(Quantity::whole(number.get())),
        Value::Float(number) => Quantity::parse(&number.to_string()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Node {
        Node { span: Default::default(), value: Value::Text(text.into()) }
    }

    #[test]
    fn only_fields_of_the_api_hold_amounts() {
        let same = |keys: &[&str]| same(&Path::of(keys), &text("1000m"), &text("1"));
        assert!(same(&["spec", "containers", "resources", "limits", "cpu"]));
        assert!(same(&["spec", "hard", "limits.cpu"]));
        assert!(same(&["spec", "limits", "max", "cpu"]));
        for texts in
            [&["spec", "containers", "env", "value"][..], &["data", "value"], &["spec", "value"], &["spec", "min"]]
        {
            assert!(!same(texts), "{texts:?}");
        }
    }
}
