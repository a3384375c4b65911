//! What the component types do not cover and can still be said: manifests of one's own, definitions of kinds, patches.

use std::borrow::Cow;

use serde_json::{Value as Json, json};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::manifest::node::Node;
use crate::spec::any::{self, AnyValue};
use crate::spec::non_empty::NonEmpty;
use crate::spec::read::{self, At, Entries, Read, wrong_type};
use crate::spec::shape::{shape, words};
use crate::values::file_pattern::FilePattern;
use crate::values::name::Name;

shape! {
    /// Kubernetes objects of one's own: checked like everything else, and rendered as they are written. Those of an
    /// environment, `[[environments.NAME.manifests]]`, take the place of all of these.
    ManifestsSpec {
        /// Files beside this one: a path or a pattern such as `manifests/*.yaml`, or a list of them.
        files: OneOrMore<FilePattern>,
        /// Whose they are, which decides the file that holds them: `components.api` or `namespaces.production`. When
        /// absent, their namespace's, and the platform's where they have none.
        owner: Option<At<String>>,
    }
}

shape! {
    /// A file of CustomResourceDefinitions, applied before everything else.
    DefinitionsSpec {
        /// The file beside this one.
        file: At<FilePattern>,
        /// Its SHA-256 in hexadecimal, so that nobody changes it unnoticed; an error says it where it is absent.
        sha256: Option<At<String>>,
    }
}

shape! {
    /// What the cluster has already, beyond what the components need of it.
    RequirementsSpec {
        /// CustomResourceDefinitions by name, such as `"servicemonitors.monitoring.coreos.com"`; manifests may hold their
        /// resources, and `requirements` lists them.
        crds: Entries<String, RequiredDefinition>,
    }
}

shape! {
    /// A CustomResourceDefinition that the cluster has.
    RequiredDefinition {
        /// Kind of its resources.
        kind: String,
        /// Versions that are used.
        versions: NonEmpty<Vec<String>>,
        /// Where its resources live; `namespaced` when absent.
        scope: Scope = Scope::Namespaced,
    }
}

words! {
    /// Where resources live.
    Scope {
        /// Each in a namespace.
        Namespaced = "namespaced",
        /// In the cluster as a whole.
        Cluster = "cluster",
    }
}

shape! {
    /// A change to objects that no key covers. No two change the same. Those of an environment,
    /// `[[environments.NAME.patches]]`, take the place of all of these: what both need stands in both.
    PatchSpec {
        /// Which objects.
        target: At<TargetSpec>,
        /// A JSON merge patch (RFC 7386): a table, or YAML in a string, which can say `null` and so remove.
        merge: Option<At<MergeSpec>>,
        /// A JSON patch (RFC 6902): operations, one after the other.
        json6902: Vec<At<OperationSpec>>,
        /// Why; `validate` repeats it.
        reason: At<String>,
    }
}

shape! {
    /// The objects that a patch changes: all that are so.
    TargetSpec {
        /// Kind.
        kind: At<String>,
        /// Namespace.
        namespace: Option<At<Name>>,
        /// Name.
        name: Option<At<String>>,
        /// Labels.
        labels: Entries<String, String>,
    }
}

/// A merge patch as it is written.
#[derive(Clone, Debug)]
pub enum MergeSpec {
    /// YAML, which nobody has read yet.
    Yaml(String),
    /// What a table says.
    Table(Node),
}

impl Read for MergeSpec {
    fn read(node: &read::Node<'_>, report: &mut Report) -> Option<Self> {
        if let Some(text) = node.get_ref().as_str() {
            return Some(Self::Yaml(text.to_owned()));
        }
        if node.get_ref().is_table() {
            return Some(Self::Table(any::node(node)));
        }
        wrong_type(node, &Self::type_name(), report);
        None
    }

    fn type_name() -> Cow<'static, str> {
        "a table, or YAML in a string".into()
    }

    fn schema() -> Json {
        json!({ "type": ["string", "object"] })
    }
}

shape! {
    /// One operation of a JSON patch.
    OperationSpec {
        /// What to do.
        op: Op,
        /// Where, such as `/metadata/annotations/example.com~1team`: `~1` stands for a slash in a key, `~0` for a tilde.
        path: At<String>,
        /// Where from, for `move` and `copy`.
        from: Option<At<String>>,
        /// What, for `add`, `replace` and `test`.
        value: Option<AnyValue>,
    }
}

words! {
    /// What an operation does.
    Op {
        /// Adds a value, or an item before the one at a position.
        Add = "add",
        /// Removes a value.
        Remove = "remove",
        /// Puts another value in the place of one.
        Replace = "replace",
        /// Takes a value from one place to another.
        Move = "move",
        /// Adds a value that stands elsewhere already.
        Copy = "copy",
        /// Fails unless the value is this one.
        Test = "test",
    }
}

/// One value, or a list of them that is not empty.
#[derive(Clone, Debug)]
pub struct OneOrMore<T>(pub Vec<At<T>>);

impl<T: Read> Read for OneOrMore<T> {
    fn read(node: &read::Node<'_>, report: &mut Report) -> Option<Self> {
        if !node.get_ref().is_array() {
            return At::<T>::read(node, report).map(|one| Self(vec![one]));
        }
        let items = Vec::<At<T>>::read(node, report)?;
        if items.is_empty() {
            report
                .error(codes::INVALID_VALUE, node.span(), "this list is empty")
                .help(format!("expected {}", T::type_name()));
        }
        Some(Self(items))
    }

    fn stand_in(default: Option<Self>) -> Option<Self> {
        default.or_else(|| At::<T>::stand_in(None).map(|one| Self(vec![one])))
    }

    fn type_name() -> Cow<'static, str> {
        format!("{}, or a list of such", T::type_name()).into()
    }

    fn schema() -> Json {
        json!({ "anyOf": [T::schema(), { "type": "array", "minItems": 1, "items": T::schema() }] })
    }
}

impl RequirementsSpec {
    /// Nothing beyond what the components need.
    pub fn none() -> Self {
        Self { crds: Entries::default() }
    }
}
