//! The keys of a component of somebody's own type, and what its templates see of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::components::templated::Type;
use crate::model::pins::Pins;
use crate::spec::read::{At, Fields, Key, Read};
use crate::spec::shape::shape;
use crate::spec::shapes::RouteSpec;
use crate::spec::types::{KeySpec, Plain, Takes, TypeSpec};
use crate::values::amount::Bytes;
use crate::values::image::Image;
use crate::values::interned::interned;
use crate::values::parse::Parse;
use crate::values::secret_ref::SecretRef;

shape! {
    /// What every component with a port for callers takes.
    RoutedSpec {
        /// How the world reaches it.
        route: Option<RouteSpec>,
    }
}

/// The value of a key.
#[derive(Clone, Debug)]
pub enum Value {
    /// As it is written.
    Plain(Json),
    /// An image.
    Image(At<Image>),
    /// A key of a secret.
    Secret(SecretRef),
}

impl Value {
    /// The image, if it is one.
    pub const fn image(&self) -> Option<&At<Image>> {
        if let Self::Image(image) = self { Some(image) } else { None }
    }

    /// The secret, if it is one.
    pub const fn secret(&self) -> Option<&SecretRef> {
        if let Self::Secret(secret) = self { Some(secret) } else { None }
    }

    /// What a template sees.
    pub fn seen(&self, pins: &Pins) -> Json {
        match self {
            Self::Plain(value) => value.clone(),
            Self::Image(image) => pins.pinned(&image.value).to_string().into(),
            Self::Secret(secret) => json!({ "name": secret.secret.as_str(), "key": secret.key.as_str() }),
        }
    }
}

/// The keys that a type declares.
pub fn keys(spec: &TypeSpec) -> Vec<Key> {
    let key = |name: &str, key: &KeySpec| {
        let (type_name, schema) = described(key.takes);
        Key { name: interned(name), doc: &[], type_name, schema, optional: key.default.is_some() }
    };
    spec.keys.0.iter().map(|(name, spec)| key(name.value.as_str(), spec)).collect()
}

type Described = (fn() -> Cow<'static, str>, fn() -> Json);

fn described(takes: Takes) -> Described {
    fn of<T: Read>() -> Described {
        (T::type_name, T::schema)
    }
    match takes {
        Takes::Text => of::<String>(),
        Takes::Number => of::<i64>(),
        Takes::Switch => of::<bool>(),
        Takes::List => of::<Vec<String>>(),
        Takes::Amount => of::<Bytes>(),
        Takes::Image => of::<At<Image>>(),
        Takes::Secret => of::<SecretRef>(),
    }
}

/// Whether a default is what its key takes.
pub fn fits(takes: Takes, default: &Plain) -> bool {
    match (takes, default) {
        (Takes::Text, Plain::Text(_))
        | (Takes::Number, Plain::Number(_))
        | (Takes::Switch, Plain::Switch(_))
        | (Takes::List, Plain::List(_)) => true,
        (Takes::Amount, Plain::Text(text)) => Bytes::parse(text).is_ok(),
        (Takes::Image, Plain::Text(text)) => Image::parse(text).is_ok(),
        (Takes::Secret, Plain::Text(text)) => SecretRef::parse(text).is_ok(),
        _ => false,
    }
}

/// The value of each key of a component; `None` if one is wrong, which has been told.
pub fn values(type_: &Type, fields: &mut Fields<'_, '_>) -> Option<BTreeMap<&'static str, Value>> {
    let keys = type_.spec.keys.0.iter();
    let all: Vec<_> = keys
        .map(|(name, key)| Some((interned(name.value.as_str()), value(name.value.as_str(), key, fields)?)))
        .collect();
    all.into_iter().collect()
}

fn value(name: &str, key: &KeySpec, fields: &mut Fields<'_, '_>) -> Option<Value> {
    let default = key.default.as_ref().map(|default| &default.value);
    let text = default.and_then(|default| if let Plain::Text(text) = default { Some(text.as_str()) } else { None });
    Some(match (key.takes, default) {
        (Takes::Text, _) => Value::Plain(fields.take(name, text.map(str::to_owned))?.into()),
        (Takes::Number, Some(Plain::Number(number))) => Value::Plain(fields.take(name, Some(*number))?.into()),
        (Takes::Number, _) => Value::Plain(fields.take::<i64>(name, None)?.into()),
        (Takes::Switch, Some(Plain::Switch(switch))) => Value::Plain(fields.take(name, Some(*switch))?.into()),
        (Takes::Switch, _) => Value::Plain(fields.take::<bool>(name, None)?.into()),
        (Takes::List, Some(Plain::List(list))) => Value::Plain(fields.take(name, Some(list.clone()))?.into()),
        (Takes::List, _) => Value::Plain(fields.take::<Required>(name, None)?.0.into()),
        (Takes::Amount, _) => Value::Plain(fields.take::<Bytes>(name, parsed(text))?.to_string().into()),
        (Takes::Image, _) => {
            let default = parsed(text).map(|value| At { value, span: Default::default() });
            Value::Image(fields.take(name, default)?)
        }
        (Takes::Secret, _) => Value::Secret(fields.take(name, parsed(text))?),
    })
}

fn parsed<T: Parse>(text: Option<&str>) -> Option<T> {
    text.and_then(|text| T::parse(text).ok())
}

/// A list that must be there, though lists may elsewhere be absent.
struct Required(Vec<String>);

impl Read for Required {
    fn read(node: &crate::spec::read::Node<'_>, report: &mut crate::diagnostics::report::Report) -> Option<Self> {
        Vec::read(node, report).map(Self)
    }

    fn type_name() -> Cow<'static, str> {
        Vec::<String>::type_name()
    }
}
