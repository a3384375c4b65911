//! Names that every component refers to, checked even when the rest of its table is wrong.

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::suggest;
use crate::model::names::Names;
use crate::spec::shapes::ComponentSpec;
use crate::values::name::Name;
use crate::values::parse::Parse;

/// Reports the namespace and the callees of component `own` that nobody declares.
pub fn references(own: &Name, common: &ComponentSpec, names: &Names<'_>, report: &mut Report) {
    let namespace = &common.namespace;
    let is_declared = names.namespaces.contains(namespace.value.as_str());
    if namespace.is_written() && !is_declared && names.misnamed(namespace.value.as_str()).is_none() {
        let near = suggest::nearest(namespace.value.as_str(), names.namespaces.iter().copied());
        let mistake = report.error(
            codes::UNKNOWN_NAME,
            namespace.span,
            format!("namespace `{}` is not declared", namespace.value),
        );
        match near {
            Some(near) => mistake.did_you_mean(Some(near)),
            None => mistake.help(format!("add `[namespaces.{}]`", namespace.value)),
        };
    }
    for call in &common.calls {
        let name = call.value.split_once(':').map_or(call.value.as_str(), |(name, _)| name);
        if names.declares(name) || names.removed.contains_key(name) {
            continue;
        }
        let known = names.components.iter().chain(&names.externals).copied();
        let near = suggest::nearest(name, known.filter(|known| *known != own.as_str()));
        // That declaration has been told to have no name.
        if near.is_some_and(|near| Name::parse(near).is_err()) {
            continue;
        }
        let message = format!("component `{own}` calls `{name}`, which is not declared");
        let mistake = report.error(codes::UNKNOWN_NAME, call.span, message);
        match near {
            Some(near) => mistake.did_you_mean(Some(near)),
            None => mistake.help("declare it under `[components]` or `[externals]`"),
        };
    }
}
