//! `--only`: what of a comparison belongs to a namespace or a component.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::diagnostics::suggest;
use crate::diff::compare::Comparison;
use crate::diff::exchange::Exchange;
use crate::diff::side::Side;

/// That `--only` names something: a slip of the hand must not look like no difference.
pub fn known(only: &str, sides: &[&Side]) -> Result<()> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for file in sides.iter().flat_map(|side| &side.files) {
        let own =
            file.path.split_once('/').map(|(namespace, name)| (namespace, name.split('.').next().unwrap_or(name)));
        let ids = file.documents.iter().map(|document| (document.id.namespace.as_str(), document.id.name.as_str()));
        for (namespace, name) in own.into_iter().chain(ids).filter(|(namespace, _)| !namespace.is_empty()) {
            names.insert(namespace.to_owned());
            names.insert(format!("{namespace}/{name}"));
        }
    }
    if names.contains(only) {
        return Ok(());
    }
    let near = suggest::nearest(only, names.iter().map(String::as_str));
    match near {
        Some(near) => bail!("`--only {only}` names nothing; did you mean `{near}`?"),
        None => bail!("`--only {only}` names nothing on either side"),
    }
}

/// What belongs to `--only`.
pub fn selected(all: Comparison, only: Option<&str>) -> Comparison {
    let Some(only) = only else { return all };
    let (namespace, name) = only.split_once('/').map_or((only, None), |(namespace, name)| (namespace, Some(name)));
    let prefix = name.map_or(format!("{namespace}/"), |name| format!("{namespace}/{name}."));
    let is_chosen = |path: &str| path.starts_with(&prefix);
    let Comparison { files, objects, .. } = all;
    let objects: Vec<_> = objects
        .into_iter()
        .filter(|object| {
            let is_named = object.id.namespace == namespace && name.is_none_or(|name| object.id.name == name);
            is_named || is_chosen(&object.file) || object.was_in.as_deref().is_some_and(is_chosen)
        })
        .collect();
    let holds = |path: &str| objects.iter().any(|object| object.file == path || object.was_in.as_deref() == Some(path));
    let files = files.into_iter().filter(|file| is_chosen(&file.path) || holds(&file.path)).collect();
    let capacity = all.capacity.into_iter().filter(|delta| delta.namespace == namespace).collect();
    let is_party = |word: &str| match name {
        Some(_) => word == only,
        None => word.split_once('/').is_some_and(|(own, _)| own == namespace),
    };
    let about = |Exchange { gained, lost, news }: Exchange| {
        // `production/api → production/auth:8080`, and `production/api  get pods  in production`
        let names = |line: &String| line.split([' ', ':']).any(is_party);
        let own = |lines: Vec<String>| lines.into_iter().filter(names).collect();
        Exchange { gained: own(gained), lost: own(lost), news: own(news) }
    };
    let (connections, rights) = (about(all.connections), about(all.rights));
    Comparison { files, objects, connections, rights, capacity, lone_keys: all.lone_keys, notes: all.notes }
}
