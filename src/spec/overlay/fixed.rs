//! What a component is wherever it runs.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::spec::read::Node;

/// A key of components that no environment changes.
pub struct Fixed {
    /// The key.
    pub key: &'static str,
    /// The type whose components have it; `None` if all have.
    of: Option<&'static str>,
    /// Whether it decides which other keys there are.
    pub decides_keys: bool,
    /// What to do about a change of it.
    instead: &'static str,
}

/// All of them.
pub const FIXED: &[Fixed] = &[
    Fixed {
        key: "type",
        of: None,
        decides_keys: true,
        instead: "declare one of each type in the base, under two names, and turn `off` here what is not wanted here",
    },
    Fixed {
        key: "port",
        of: Some("web-service"),
        decides_keys: false,
        instead: "change it in the base: callers know a service by one port, wherever it runs",
    },
];

impl Fixed {
    /// Whether a value of the key changes none of these components; what it changes goes to the report.
    pub fn stays<'c, 'i: 'c>(
        &self,
        components: impl IntoIterator<Item = (&'c str, &'c Node<'i>)>,
        key: &Spanned<Cow<'_, str>>,
        value: &Node<'_>,
        report: &mut Report,
    ) -> bool {
        let plain = |node: &Node<'_>| match node.get_ref() {
            // a port that is none has been told
            DeValue::Integer(number) => {
                u16::from_str_radix(number.as_str(), number.radix()).ok().map(|port| port.to_string())
            }
            DeValue::String(text) => Some(text.to_string()),
            _ => None,
        };
        let is_meant = |table: &DeTable<'_>| {
            let type_name = table.get("type").and_then(|node| node.get_ref().as_str());
            self.of.is_none_or(|of| type_name == Some(of))
        };
        let table = |component: &'c Node<'i>| component.get_ref().as_table().filter(|table| is_meant(table));
        let own = |component: &'c Node<'i>| plain(table(component)?.get(self.key)?);
        let is_new = |own: &String| plain(value).is_some_and(|value| value != *own);
        let changed = |(name, component)| Some((name, own(component).filter(is_new)?));
        let found = components.into_iter().find_map(changed);
        if let Some((name, own)) = &found {
            let message = format!("an environment cannot change the {} of `{name}` ({own})", self.key);
            report.error(codes::CONFLICT, key.span(), message).help(self.instead);
        }
        found.is_none()
    }
}
