//! What `null` says. As the value of a field it is as good as nothing; as an item of a list, or as a value of a map of any
//! keys, a server takes it for the zero of what belongs there. Source: `encoding/json` of Go, and `sigs.k8s.io/json`.

use crate::manifest::node::{Entry, Node, Value};
use crate::schema::{Schema, Shape};

/// The value of a type as a server takes it: without the fields that are `null`, and with zeros in the place of what else
/// is; `None` if nothing is `null`.
pub fn settled(node: &Node, name: &'static str, schema: &Schema) -> Option<Node> {
    holds_null(node).then(|| within(node, Shape::Type(name), schema))
}

fn holds_null(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::List(items) => items.iter().any(holds_null),
        Value::Map(entries) => entries.iter().any(|entry| holds_null(&entry.node)),
        _ => false,
    }
}

fn within(node: &Node, shape: Shape, schema: &Schema) -> Node {
    let value = match (shape, &node.value) {
        (Shape::Type(name), Value::Map(entries)) => {
            let fields = schema.fields(name);
            let shape = |key: &str| fields.iter().find(|field| field.key == key).map(|field| field.shape);
            let is_said = |entry: &&Entry| !matches!(entry.node.value, Value::Null) || shape(&entry.key).is_none();
            let settled = |entry| of_entry(entry, within(&entry.node, shape(&entry.key).unwrap_or(Shape::Any), schema));
            Value::Map(entries.iter().filter(is_said).map(settled).collect())
        }
        (Shape::Map(values), Value::Map(entries)) => {
            let shape = Shape::inner(values);
            Value::Map(entries.iter().map(|entry| of_entry(entry, or_zero(&entry.node, shape, schema))).collect())
        }
        (Shape::List(items), Value::List(nodes)) => {
            let shape = Shape::inner(items);
            Value::List(nodes.iter().map(|node| or_zero(node, shape, schema)).collect())
        }
        (_, value) => value.clone(),
    };
    Node { span: node.span, value }
}

fn of_entry(entry: &Entry, node: Node) -> Entry {
    Entry { key: entry.key.clone(), span: entry.span, node }
}

/// A value, or the zero of its shape.
fn or_zero(node: &Node, shape: Shape, schema: &Schema) -> Node {
    let zero = match shape {
        Shape::Text | Shape::Bytes => Value::Text("".into()),
        Shape::Int32 | Shape::Int64 | Shape::Number | Shape::Quantity | Shape::IntOrText => Value::Integer(0.into()),
        Shape::Bool => Value::Bool(false),
        Shape::Map(_) | Shape::Type(_) => Value::Map(Box::default()),
        Shape::List(_) => Value::List(Box::default()),
        Shape::Time | Shape::Any | Shape::Either(..) => Value::Null,
    };
    match node.value {
        Value::Null => Node { span: node.span, value: zero },
        _ => within(node, shape, schema),
    }
}
