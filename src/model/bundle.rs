//! All objects of a platform in apply order, each with the file that holds it. A proof: ids are unique.

use crate::diagnostics::source::Span;
use crate::model::identity::Own;
use crate::model::object::{Object, ObjectId};
use crate::values::name::Name;

/// The file that an object stands in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// `crds/<name>.yaml`: definitions, applied before everything else.
    Definitions(Name),
    /// `cluster.yaml`: what belongs to the platform as a whole.
    Cluster,
    /// `<namespace>/namespace.yaml`: what belongs to a namespace as a whole.
    Namespace(Name),
    /// `<namespace>/<component>.yaml`.
    Component(Own),
}

/// An object, or what has been made of it, and the file that it stands in.
#[derive(Clone, Debug)]
pub struct Placed<T = Object> {
    /// The file.
    pub home: Home,
    /// What tells it from every other object.
    pub id: ObjectId,
    /// The file and the line in which somebody wrote it; `None` if it follows from the description.
    pub written: Option<Box<(String, usize)>>,
    /// The object.
    pub object: T,
}

impl<T> Placed<T> {
    /// The same place for what `finish` makes of the object.
    pub fn map<R>(self, finish: impl FnOnce(T) -> R) -> Placed<R> {
        let Self { home, id, written, object } = self;
        Placed { home, id, written, object: finish(object) }
    }
}

/// All objects, in apply order.
#[derive(Clone, Debug)]
pub struct Bundle<T = Object> {
    /// The objects.
    pub objects: Vec<Placed<T>>,
    /// The patches that have changed some of them.
    pub patched: Vec<Patched>,
    /// The environment whose objects these are; `None` for the description itself.
    pub environment: Option<String>,
    /// What makes pods and was written by somebody, by namespace and name.
    pub guests: Vec<(String, String)>,
}

/// What a patch has changed.
#[derive(Clone, Debug)]
pub struct Patched {
    /// The number of the patch.
    pub number: usize,
    /// Where the description says which objects it is for.
    pub span: Span,
    /// The objects.
    pub objects: Vec<ObjectId>,
    /// The places in them.
    pub paths: Vec<String>,
    /// Why.
    pub reason: String,
}
