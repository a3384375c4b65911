//! Which kinds there are: Kubernetes' own, those that definitions beside the description make, those that the platform
//! renders itself, and those that somebody declares to be in the cluster.

use std::collections::BTreeMap;

use crate::diagnostics::suggest;
use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::model::object::ObjectId;
use crate::schema::Schema;
use crate::spec::hatches::{RequirementsSpec, Scope};
use crate::validate::api::custom::Definitions;

/// Where the objects of a kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Each in a namespace.
    Namespace,
    /// In the cluster.
    Cluster,
}

impl Place {
    fn of(is_namespaced: bool) -> Self {
        if is_namespaced { Self::Namespace } else { Self::Cluster }
    }
}

/// All kinds that are known.
#[derive(Debug)]
pub struct Kinds<'a> {
    /// Kubernetes' own.
    pub schema: &'a Schema,
    /// Those of definitions.
    pub definitions: Definitions<'a>,
    /// The definitions themselves.
    roots: Vec<&'a Node>,
    /// Those that somebody else brings: version and kind.
    elsewhere: BTreeMap<(String, String), Place>,
}

impl<'a> Kinds<'a> {
    /// All of them; `roots` are definitions, and `rendered` the objects of the platform itself.
    pub fn of<'o>(
        schema: &'a Schema,
        roots: Vec<&'a Node>,
        required: &RequirementsSpec,
        rendered: impl IntoIterator<Item = &'o ObjectId>,
    ) -> Self {
        let mut elsewhere = BTreeMap::new();
        for (name, definition) in &required.crds.0 {
            let group = name.value.split_once('.').map_or("", |(_, group)| group);
            let place = Place::of(definition.scope == Scope::Namespaced);
            let versions = definition.versions.iter().map(|version| format!("{group}/{version}"));
            elsewhere.extend(versions.map(|version| ((version, definition.kind.clone()), place)));
        }
        for id in rendered.into_iter().filter(|id| schema.kind(&id.api_version, &id.kind).is_none()) {
            let place = Place::of(!id.namespace.is_empty());
            elsewhere.entry((id.api_version.to_string(), id.kind.to_string())).or_insert(place);
        }
        Self { schema, definitions: Definitions::of(roots.iter().copied()), roots, elsewhere }
    }

    /// A kind of the version of a document that is called nearly like its own.
    pub fn near(&self, document: &Document) -> Option<String> {
        let version = document.root.text_at(&["apiVersion"]).unwrap_or_default();
        let elsewhere = self.elsewhere.keys().filter(|(known, _)| known == version).map(|(_, kind)| kind.as_str());
        let is_of_group = |root: &&&Node| root.text_at(&["spec", "group"]) == Some(document.id.group.as_str());
        let defined = self.roots.iter().filter(is_of_group).filter_map(|root| root.text_at(&["spec", "names", "kind"]));
        let known: Vec<&str> = elsewhere.chain(defined).collect();
        suggest::nearest(&document.id.kind, known).map(str::to_owned)
    }

    /// Where the objects of the kind of a document live; `None` if nobody knows the kind.
    pub fn place(&self, document: &Document) -> Option<Place> {
        let version = document.root.text_at(&["apiVersion"]).unwrap_or_default();
        let own = self.schema.kind(version, &document.id.kind).map(|kind| kind.is_namespaced);
        let defined = || self.definitions.find(document).map(|definition| definition.is_namespaced);
        own.or_else(defined)
            .map(Place::of)
            .or_else(|| self.elsewhere.get(&(version.to_owned(), document.id.kind.to_string())).copied())
    }
}
