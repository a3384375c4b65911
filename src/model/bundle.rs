//! All objects of a platform in apply order, each with the file that holds it. A proof: ids are unique.

use crate::model::identity::Own;
use crate::model::object::Object;
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

/// An object and the file that it stands in.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The file.
    pub home: Home,
    /// The object.
    pub object: Object,
}

/// All objects, in apply order.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// The objects.
    pub objects: Vec<Placed>,
}
