//! Where a description names what it needs: asked only where that is missing, so that nobody pays for it otherwise.

use toml::de::{DeTable, DeValue};

use crate::derive::secrets::Demand;
use crate::diagnostics::source::Span;
use crate::spec::read::Node;

/// Where a component of its namespace names a Secret, or what it is computed from; `None` if nobody does, and it follows from
/// what the component is.
pub fn of_secret(document: &DeTable<'_>, demand: &Demand) -> Option<Span> {
    let components = document.get("components")?.get_ref().as_table()?;
    let home =
        |component: &Node<'_>| Some(component.get_ref().as_table()?.get("namespace")?.get_ref().as_str()?.to_owned());
    let is_there = |component: &&Node<'_>| home(component).is_none_or(|home| home == demand.namespace.as_str());
    components.values().filter(is_there).find_map(|component| within(component, demand))
}

fn within(node: &Node<'_>, demand: &Demand) -> Option<Span> {
    match node.get_ref() {
        DeValue::Table(table) => table.values().find_map(|inner| within(inner, demand)),
        DeValue::Array(items) => items.iter().find_map(|item| within(item, demand)),
        DeValue::String(text) => is_meant(text, demand).then(|| node.span().into()),
        _ => None,
    }
}

/// `secret/key`, `secret:name`, or a credential.
fn is_meant(text: &str, demand: &Demand) -> bool {
    let name = demand.name.as_str();
    text.split_once('/').is_some_and(|(secret, _)| secret == name)
        || text.strip_prefix("secret:") == Some(name)
        || demand.credential().is_some_and(|from| from.as_str() == text)
}
