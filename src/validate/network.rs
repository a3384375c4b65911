//! The connectivity theorem: exactly the declared connections are open.

use std::collections::BTreeSet;

use crate::diagnostics::codes;
use crate::reach::party::Party;
use crate::reach::{self, Connection, End};
use crate::validate::findings::Findings;
use crate::validate::world::{Known, Thing, World};

/// What is open and not declared, and what is declared and not open.
pub fn theorem(world: &World<'_>, findings: &mut Findings) {
    let Some(Known { connections: wanted, .. }) = world.known else { return };
    let documents = || world.objects.iter().map(|thing| thing.document);
    let open = reach::connections(documents());
    findings.asked += open.union(wanted).count();
    let extra: BTreeSet<&Connection> = open.difference(wanted).collect();
    for connection in &extra {
        if let Some(thing) = holder(world, connection) {
            let message = format!("{connection} is open, and nothing declares it");
            let deciding = reach::deciding(documents(), connection);
            findings.error(codes::UNDECLARED_CONNECTION, thing, thing.root(), &message).help(why(&deciding));
        }
    }
    for connection in wanted.difference(&open) {
        // what is open for more than was asked has been told as that
        let is_wider = |other: &&&Connection| other.from == connection.from && other.to == connection.to;
        if extra.iter().any(|other| is_wider(&other)) {
            continue;
        }
        if let Some(thing) = holder(world, connection) {
            let message = format!("{connection} is declared, and the policies do not let it through");
            let deciding = reach::deciding(documents(), connection);
            findings.error(codes::BLOCKED_CONNECTION, thing, thing.root(), &message).help(why(&deciding));
        }
    }
}

/// The workload at one end: the one that is called, if it is one.
fn holder<'a>(world: &World<'a>, connection: &Connection) -> Option<Thing<'a>> {
    let workload = |party: &Party| {
        let Party::Workload { namespace, name } = party else { return None };
        let is_it = |thing: &Thing<'_>| thing.place() == &**namespace && thing.document.id.name == **name;
        world.pods.iter().map(|pod| pod.owner).find(is_it)
    };
    workload(&connection.to).or_else(|| workload(&connection.from)).or_else(|| world.objects.first().copied())
}

fn why(deciding: &[(End, Vec<String>)]) -> String {
    let said = deciding.iter().map(|(end, policies)| {
        let end = match end {
            End::From => "calls leave",
            End::To => "calls arrive",
        };
        match policies.as_slice() {
            [] => format!("no policy judges which {end}"),
            policies => format!("{} judge which {end}", policies.join(", ")),
        }
    });
    said.collect::<Vec<_>>().join("; ")
}
