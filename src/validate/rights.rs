//! Rights over the Kubernetes API, as roles, bindings and subjects give them together: which of them make their holder
//! somebody else, who gets them that should not, and tokens that are there for nothing.
//!
//! Source: "Role Based Access Control Good Practices" of the Kubernetes documentation, and the default roles in
//! `plugin/pkg/auth/authorizer/rbac/bootstrappolicy` of Kubernetes.

mod bindings;
mod holders;
mod powers;
pub mod tokens;
pub mod vain;

use std::sync::Arc;

use crate::diagnostics::codes;
use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::rights::roles::{GROUP, Roles};
use crate::rights::{BINDINGS, subject};
use crate::validate::findings::Findings;
use crate::validate::world::{Thing, World};

/// What is asked about only by name: what controllers cannot do without, and somebody may want to go through.
pub const OPT_IN: &[&str] = &[codes::ADMISSION_RIGHT, codes::SECRET_RIGHT, codes::WORKLOAD_RIGHT];

/// All checks of rights.
pub fn judge(world: &World<'_>, findings: &mut Findings) {
    let documents: Vec<&Document> = world.objects.iter().map(|thing| thing.document).collect();
    let bindings: Vec<Binding<'_>> = world.objects.iter().filter_map(|thing| Binding::of(*thing)).collect();
    let holders = holders::of(&Roles::of(&documents), &bindings);
    bindings::judge(&bindings, findings);
    powers::judge(world, &holders, findings);
    tokens::judge(world, &bindings, findings);
    vain::judge(world, findings);
}

/// A binding.
pub struct Binding<'a> {
    thing: Thing<'a>,
    /// The namespace that it is limited to.
    place: Option<&'a str>,
    /// The kind of its role.
    kind: &'a str,
    /// The name of its role.
    role: &'a str,
    /// Whom it gives the rights of the role: where that stands, and what they are called.
    subjects: Vec<(&'a Node, Arc<str>)>,
}

impl<'a> Binding<'a> {
    fn of(thing: Thing<'a>) -> Option<Self> {
        let id = &thing.document.id;
        if id.group != GROUP || !BINDINGS.contains(&id.kind.as_str()) {
            return None;
        }
        let role = |key: &str| thing.root().text_at(&["roleRef", key]);
        let subjects = thing.root().items_at(&["subjects"]).iter();
        Some(Self {
            thing,
            place: (id.kind == "RoleBinding").then(|| thing.place()),
            kind: role("kind")?,
            role: role("name")?,
            subjects: subjects.filter_map(|item| Some((item, subject(item, thing.place())?))).collect(),
        })
    }
}
