//! `templates/TYPE/type.toml`: a component type of one's own.

use std::borrow::Cow;

use serde_json::{Value, json};
use toml::de::DeValue;

use crate::diagnostics::report::Report;
use crate::spec::non_empty::NonEmpty;
use crate::spec::read::{At, Entries, Node, Read, wrong_type};
use crate::spec::scalars::ContainerPort;
use crate::spec::shape::{shape, words};
use crate::values::name::Name;
use crate::values::path::UrlPath;

shape! {
    /// A component type of one's own; beside it lie the templates of its objects, `*.yaml`.
    TypeSpec {
        /// What it is, in one sentence.
        summary: String,
        /// Keys that a component of this type takes, besides those of every component, by name; one is the image of its pods.
        keys: Entries<Name, KeySpec>,
        /// Ports on which its pods listen, by name; policies, Services and scrape jobs follow from them.
        ports: Entries<Name, PortSpec>,
        /// Kinds without a namespace that its templates may hold; none when absent.
        cluster_scoped as "cluster-scoped": Vec<String>,
    }
}

shape! {
    /// A key of a component.
    KeySpec {
        /// What it takes.
        takes: Takes,
        /// What it means.
        doc: String,
        /// What it is when absent; a key without one is required.
        default: Option<At<Plain>>,
    }
}

words! {
    /// What a key takes; templates find it below `values`.
    Takes {
        /// A string.
        Text = "text",
        /// A whole number.
        Number = "number",
        /// `true` or `false`.
        Switch = "switch",
        /// A list of strings.
        List = "list",
        /// An amount of memory or disk.
        Amount = "amount",
        /// An image, which `[images]` and `platformgen.lock` judge; templates find it with its digest.
        Image = "image",
        /// A key of a secret, written `"secret/key"`; templates find `name` and `key`.
        Secret = "secret",
    }
}

shape! {
    /// A port on which the pods of a type listen.
    PortSpec {
        /// Its number.
        port: ContainerPort,
        /// Who uses it.
        serves: NonEmpty<Vec<Purpose>>,
        /// Path of the metrics; `/metrics` when absent.
        path: Option<UrlPath>,
        /// Names of the metrics that it serves, as far as rules and dashboards ask for them.
        metrics: Vec<String>,
    }
}

words! {
    /// Who uses a port.
    Purpose {
        /// Components that name it in `calls`, and the ingress controller when it is routed.
        Callers = "callers",
        /// Prometheus.
        Scrapers = "metrics",
    }
}

/// A value that stands for a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plain {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Switch(bool),
    /// A list of strings.
    List(Vec<String>),
}

impl Read for Plain {
    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(text) => Some(Self::Text(text.to_string())),
            DeValue::Boolean(switch) => Some(Self::Switch(*switch)),
            DeValue::Array(_) => Vec::read(node, report).map(Self::List),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(Self::Number),
            _ => {
                wrong_type(node, &Self::type_name(), report);
                None
            }
        }
    }

    fn stand_in(default: Option<Self>) -> Option<Self> {
        default.or(Some(Self::Number(0)))
    }

    fn type_name() -> Cow<'static, str> {
        "a string, a whole number, `true`, `false`, or a list of strings".into()
    }

    fn schema() -> Value {
        json!({ "type": ["string", "integer", "boolean", "array"] })
    }
}
