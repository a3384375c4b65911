//! Amounts that are written differently and are the same: `1000m` and `1`.

use crate::diff::path::Path;
use crate::manifest::node::{Node, Value};
use crate::values::parse::Parse;
use crate::values::quantity::Quantity;

/// Keys whose values, or the values of whose entries, are quantities.
const HOLDERS: &[&str] = &[
    "requests",
    "limits",
    "hard",
    "capacity",
    "allocatable",
    "overhead",
    "default",
    "defaultRequest",
    "max",
    "min",
    "maxLimitRequestRatio",
    "sizeLimit",
    "averageValue",
    "value",
    "divisor",
];

/// Whether two values at `path` are spellings of one amount.
pub fn same(path: &Path, old: &Node, new: &Node) -> bool {
    let mut keys = path.keys().rev();
    let is_held = [keys.next(), keys.next()].into_iter().flatten().any(|key| HOLDERS.contains(&key));
    is_held && amount(old).is_some_and(|old| amount(new) == Some(old))
}

/// The amount that a value stands for.
pub fn amount(node: &Node) -> Option<Quantity> {
    match &node.value {
        Value::Text(text) => Quantity::parse(text).ok(),
        Value::Integer(number) => Some(Quantity::whole(*number)),
        Value::Float(number) => Quantity::parse(&number.to_string()).ok(),
        _ => None,
    }
}
