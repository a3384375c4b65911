//! Values of any form: what somebody writes in TOML and a manifest will hold.

use std::borrow::Cow;

use serde_json::{Value as Json, json};
use toml::de::{DeTable, DeValue};

use crate::diagnostics::report::Report;
use crate::manifest::node::{Entry, Node, Value};
use crate::manifest::plain;
use crate::spec::read::{self, Read};

/// A value with the places of all that is in it.
pub fn node(value: &read::Node<'_>) -> Node {
    Node { span: value.span().into(), value: of(value.get_ref()) }
}

/// What a table says.
pub fn map(table: &DeTable<'_>) -> Value {
    let entry = |(key, value): (&toml::Spanned<Cow<'_, str>>, &read::Node<'_>)| Entry {
        key: key.get_ref().as_ref().into(),
        span: key.span().into(),
        node: node(value),
    };
    Value::Map(table.iter().map(entry).collect())
}

fn of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::Table(table) => map(table),
        DeValue::String(text) => Value::Text(text.as_ref().into()),
        DeValue::Integer(number) => {
            let exact = i128::from_str_radix(number.as_str(), number.radix());
            exact.map_or_else(|_| Value::Number(number.as_str().into()), |number| Value::Integer(number.into()))
        }
        DeValue::Float(number) => {
            plain::number(number.as_str()).unwrap_or_else(|| Value::Number(number.as_str().into()))
        }
        DeValue::Boolean(is) => Value::Bool(*is),
        DeValue::Datetime(time) => Value::Text(time.to_string().into()),
        DeValue::Array(items) => Value::List(items.iter().map(node).collect()),
    }
}

/// A value of any form, as a key takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct AnyValue(pub Node);

impl Read for AnyValue {
    fn read(value: &read::Node<'_>, _: &mut Report) -> Option<Self> {
        Some(Self(node(value)))
    }

    fn type_name() -> Cow<'static, str> {
        "any value".into()
    }

    fn schema() -> Json {
        json!({})
    }
}
