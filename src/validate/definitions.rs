//! Custom resources by the definitions that stand beside them.

use crate::manifest::node::{Node, Value};
use crate::validate::api::custom::{Definitions, Judge, Part};
use crate::validate::decode;
use crate::validate::findings::Findings;
use crate::validate::world::World;

/// Known fields of the right types, and nothing missing.
pub fn shapes(world: &World<'_>, findings: &mut Findings) {
    judge(world, Part::Shape, findings);
}

/// Values that the definitions take.
pub fn values(world: &World<'_>, findings: &mut Findings) {
    judge(world, Part::Values, findings);
}

fn judge(world: &World<'_>, part: Part, findings: &mut Findings) {
    let definitions = Definitions::of(world.of_kind("CustomResourceDefinition").map(|thing| thing.root()));
    if definitions.is_empty() {
        return;
    }
    let mut judge = Judge::of(world.minor);
    for thing in &world.objects {
        let Some(definition) = definitions.find(thing.document) else { continue };
        if part == Part::Shape {
            let report = findings.found.entry(thing.file).or_default();
            decode::metadata(thing.document, definition.is_namespaced, world.minor, report);
        }
        judge.resource(thing.document, definition, part);
        for fault in judge.faults.drain(..) {
            let place = Node { span: fault.span, value: Value::Null };
            findings.error(fault.code, *thing, &place, &fault.message).help = fault.help;
        }
    }
    findings.asked += judge.judged;
}
