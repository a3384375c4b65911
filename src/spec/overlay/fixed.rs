//! What a component is wherever it runs.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::DeValue;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::spec::read::Node;

/// A key of components that no environment changes.
pub struct Fixed {
    /// The key.
    pub key: &'static str,
    /// Whether it decides which other keys there are.
    pub decides_keys: bool,
    /// What to do about a change of it.
    instead: &'static str,
}

/// All of them.
pub const FIXED: &[Fixed] = &[
    Fixed {
        key: "type",
        decides_keys: true,
        instead: "declare one of each type in the base, under two names, and turn `off` here what is not wanted here",
    },
    Fixed {
        key: "port",
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
            DeValue::Integer(number) => Some(number.to_string()),
            DeValue::String(text) => Some(text.to_string()),
            _ => None,
        };
        let own = |component: &Node<'_>| component.get_ref().as_table().and_then(|table| plain(table.get(self.key)?));
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
