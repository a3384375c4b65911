//! A row of the registry: a component type as function pointers, so that no central list knows the types behind it.

use toml::de::DeTable;

use crate::components::references;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::model::component::{ComponentType, Desk};
use crate::model::facts::Facts;
use crate::model::identity::Own;
use crate::model::names::Names;
use crate::model::platform::Declared;
use crate::spec::read::{Fields, Key, Shape};
use crate::spec::shapes::ComponentSpec;
use crate::values::name::Name;

/// One component type.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The value of `type`.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// Its own keys.
    pub keys: &'static [Key],
    /// Reads and checks one component of this type; faults go to the report.
    pub resolve: fn(Declaration<'_, '_>, &mut Report) -> Option<Declared>,
}

/// A component as the description declares it, before its type has looked at it.
#[derive(Clone, Copy)]
pub struct Declaration<'t, 'i> {
    /// Its name.
    pub name: &'t Name,
    /// Where its name stands.
    pub span: Span,
    /// Its table.
    pub table: &'t DeTable<'i>,
    /// What holds for all.
    pub facts: &'t Facts,
    /// Every declared name.
    pub names: &'t Names<'t>,
}

impl Entry {
    /// The row of component type `C`.
    pub const fn of<C: ComponentType>() -> Self {
        Self { name: C::TYPE, summary: C::SUMMARY, keys: C::Spec::KEYS, resolve: resolve::<C> }
    }
}

fn resolve<C: ComponentType>(declaration: Declaration<'_, '_>, report: &mut Report) -> Option<Declared> {
    let known = [ComponentSpec::KEYS, C::Spec::KEYS];
    let mut fields = Fields::of(declaration.table, declaration.span, &known, report);
    let common = ComponentSpec::read_fields(&mut fields);
    let spec = C::Spec::read_fields(&mut fields);
    fields.finish();

    let common = common?;
    references::references(declaration.name, &common, declaration.names, report);
    let spec = spec?;
    let own = Own { namespace: common.namespace.value.clone(), name: declaration.name.clone() };
    let mut desk = Desk {
        report,
        facts: declaration.facts,
        own: &own,
        common: &common,
        names: declaration.names,
        span: declaration.span,
    };
    let component = C::resolve(spec, &mut desk)?;
    let endpoints = component.endpoints(&own);
    Some(Declared {
        own,
        type_name: C::TYPE,
        common,
        component: Box::new(component),
        endpoints,
        links: Vec::new(),
        span: declaration.span,
    })
}
