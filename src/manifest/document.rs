//! One object of a manifest, and what tells it from others.

use std::fmt;

use compact_str::CompactString;

use crate::diagnostics::source::Span;
use crate::manifest::node::Node;

/// An object as it stands in a file.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where its text stands.
    pub span: Span,
    /// What tells it from others.
    pub id: Id,
    /// Its content.
    pub root: Node,
}

/// The kind of a file that holds no object.
pub const FILE: &str = "File";

impl Document {
    /// A file that holds no object: its content.
    pub fn of_file(text: &str, root: Node) -> Self {
        let [group, namespace, name] = Default::default();
        let id = Id { kind: FILE.into(), group, namespace, name };
        Self { span: (0..text.len()).into(), id, root }
    }
}

/// What tells an object from others. The version is not part of it: the API server converts between versions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// Kind.
    pub kind: CompactString,
    /// Group; empty for the core.
    pub group: CompactString,
    /// Namespace; empty for objects that name none.
    pub namespace: CompactString,
    /// Name.
    pub name: CompactString,
}

impl Id {
    /// What `root` calls itself, as far as it does.
    pub fn of(root: &Node) -> Self {
        let text = |keys: &[&str]| root.text_at(keys).unwrap_or_default().into();
        let name = |key: &str| {
            let node = root.at(&["metadata", key])?;
            node.text().map(CompactString::from).or_else(|| Some(node.spelled()?.into()))
        };
        let version = root.text_at(&["apiVersion"]).unwrap_or_default();
        Self {
            kind: text(&["kind"]),
            group: version.split_once('/').map_or("", |(group, _)| group).into(),
            namespace: text(&["metadata", "namespace"]),
            name: name("name").or_else(|| Some(name("generateName")? + "*")).unwrap_or_default(),
        }
    }

    /// Whether the API server would take two objects of this name for one: it makes up the end of a generated one.
    pub fn is_unique(&self) -> bool {
        !self.name.is_empty() && !self.name.ends_with('*')
    }

    /// `production/api`, or `api` without a namespace.
    pub fn place(&self) -> String {
        if self.namespace.is_empty() { self.name.to_string() } else { format!("{}/{}", self.namespace, self.name) }
    }
}

/// `Deployment production/api`; a thing without a name, such as a kustomization, is its kind.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if self.name.is_empty() { Ok(()) } else { write!(f, " {}", self.place()) }
    }
}
