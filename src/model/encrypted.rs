//! What files beside the description hold of Secrets: only whoever has the key can read it.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::node::Node;
use crate::model::given::Given;
use crate::spec::secrets::Scope;
use crate::values::name::Name;

/// A Secret that nobody here can read.
#[derive(Clone, Debug)]
pub enum Encrypted {
    /// For the Sealed Secrets controller.
    Sealed(SealedValues),
    /// For whoever decrypts what SOPS has encrypted. What is encrypted goes with its order, so it stays as it is.
    Sops(Box<Given>),
}

impl Encrypted {
    /// Key and encrypted value of each.
    pub fn values(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Sealed(sealed) => sealed.values.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
            Self::Sops(given) => {
                let maps = ["data", "stringData"].into_iter().filter_map(|field| given.root.get(field));
                let entries = maps.flat_map(Node::entries);
                entries.filter_map(|entry| Some((entry.key.as_str(), entry.node.text()?))).collect()
            }
        }
    }
}

/// The values of a Secret, each sealed by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedValues {
    /// Where they can be opened.
    pub scope: Scope,
    /// Fingerprints of the certificates for which they are sealed, as far as the file says it.
    pub certificates: BTreeSet<String>,
    /// Key and sealed value.
    pub values: BTreeMap<String, String>,
    /// What the object is called by, besides its name.
    pub own: Marks,
    /// What the Secret will be called by, besides its name.
    pub template: Marks,
}

/// Labels and annotations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// What files hold, by namespace and name.
pub type Files = BTreeMap<(Name, Name), Encrypted>;
