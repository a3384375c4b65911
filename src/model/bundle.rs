//! All objects of a platform in apply order, each with the file that holds it. A proof: ids are unique.

use crate::model::identity::Own;
use crate::model::object::{Object, ObjectId};
use crate::values::name::Name;

/// The file that an object stands in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
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
    /// The object.
    pub object: T,
}

/// All objects, in apply order.
#[derive(Clone, Debug)]
pub struct Bundle<T = Object> {
    /// The objects.
    pub objects: Vec<Placed<T>>,
}
