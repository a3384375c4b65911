//! Who holds the rules of each role.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::manifest::document::Document;
use crate::rights::roles::Roles;
use crate::validate::rights::Binding;

/// Who holds a role, and where.
#[derive(Clone, Debug, Default)]
pub struct Holders<'a> {
    subjects: BTreeSet<Arc<str>>,
    places: BTreeSet<&'a str>,
    /// Whether one of them holds it in the whole cluster.
    pub is_everywhere: bool,
}

/// The role that a binding names: its kind, its namespace if it has one, and its name.
type Named<'a> = (&'a str, Option<&'a str>, &'a str);

/// The holders of each role that somebody holds, by the kind, the namespace and the name of the role.
pub type Held<'a> = BTreeMap<(&'a str, &'a str, &'a str), Holders<'a>>;

/// The holders of each role, also of those that others are made of.
pub fn of<'a>(roles: &Roles<'a>, bindings: &[Binding<'a>]) -> Held<'a> {
    let mut named: BTreeMap<Named<'a>, Holders<'a>> = BTreeMap::new();
    for binding in bindings.iter().filter(|binding| !binding.subjects.is_empty()) {
        // what a role of the cluster is made of is the same everywhere
        let place = binding.place.filter(|_| binding.kind == "Role");
        let holders = named.entry((binding.kind, place, binding.role)).or_default();
        holders.subjects.extend(binding.subjects.iter().map(|(_, subject)| subject.clone()));
        holders.places.extend(binding.place);
        holders.is_everywhere |= binding.place.is_none();
    }
    let mut held = Held::new();
    for ((kind, place, name), holders) in named {
        for role in roles.parts(kind, place, name).here {
            held.entry(key(role)).or_default().take(&holders);
        }
    }
    held
}

/// What a role is looked for by.
pub fn key(role: &Document) -> (&str, &str, &str) {
    (&role.id.kind, if role.id.kind == "Role" { crate::reach::pods::namespace(role) } else { "" }, &role.id.name)
}

impl Holders<'_> {
    /// More than this many are not told from many.
    const ENOUGH: usize = 3;

    /// `everywhere`, or `in monitoring`
    pub fn places(&self) -> String {
        if self.is_everywhere {
            return "everywhere".to_owned();
        }
        let names: Vec<&str> = self.places.iter().copied().take(Self::ENOUGH).collect();
        let others = if self.places.len() > Self::ENOUGH { " and others" } else { "" };
        format!("in {}{others}", names.join(", "))
    }

    fn take(&mut self, other: &Self) {
        let room = |own: usize| (Self::ENOUGH + 1).saturating_sub(own);
        self.subjects.extend(other.subjects.iter().take(room(self.subjects.len())).cloned());
        self.places.extend(other.places.iter().take(room(self.places.len())));
        self.is_everywhere |= other.is_everywhere;
    }
}

/// `monitoring/prometheus`, `a/b and others`
impl fmt::Display for Holders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.subjects.iter().take(Self::ENOUGH).map(AsRef::as_ref).collect();
        write!(f, "{}", names.join(", "))?;
        if self.subjects.len() > Self::ENOUGH { f.write_str(" and others") } else { Ok(()) }
    }
}
