//! The connectivity theorem: exactly the declared connections are open.

use std::collections::BTreeSet;

use crate::diagnostics::codes;
use crate::manifest::document::Id;
use crate::ordered::Ordered;
use crate::reach::Connection;
use crate::reach::matrix::Network;
use crate::reach::party::Party;
use crate::reach::pods::Pods;
use crate::reach::port;
use crate::reach::question::Judgement;
use crate::validate::findings::Findings;
use crate::validate::world::{Known, Thing, World};

/// What is open and not declared, and what is declared and not open.
pub fn theorem(world: &World<'_>, findings: &mut Findings) {
    let Some(Known { connections: Some(wanted), .. }) = world.known else { return };
    let network = Network::of(world.objects.iter().map(|thing| thing.document), &Pods::default());
    let open = network.connections();
    findings.asked += open.union(wanted).count();
    let extra: BTreeSet<&Connection> = open.difference(wanted).ordered();
    for connection in &extra {
        let message = format!("{connection} is open, and nothing declares it");
        tell(world, findings, &network, (codes::UNDECLARED_CONNECTION, connection), &message);
    }
    for connection in wanted.difference(&open) {
        // what is open for more ports than it should be is open, and has been told as that
        let is_wider = |other: &&&Connection| {
            let ports = [other.port.clone()];
            let own = std::slice::from_ref(&connection.port);
            other.from == connection.from && other.to == connection.to && port::meet(&ports, own) == own
        };
        if !extra.iter().any(|other| is_wider(&other)) {
            let message = format!("{connection} is declared, and the policies do not let it through");
            tell(world, findings, &network, (codes::BLOCKED_CONNECTION, connection), &message);
        }
    }
}

/// Tells it where it can be mended: at a policy that lets through too much or too little, or at a workload without one.
fn tell(
    world: &World<'_>,
    findings: &mut Findings,
    network: &Network<'_>,
    (code, connection): (&'static str, &Connection),
    message: &str,
) {
    let mut judgements = network.judge(connection);
    if code == codes::BLOCKED_CONNECTION {
        judgements.retain(|(.., judgement)| !judgement.is_open());
    }
    let decides = |(_, own, judgement): &(_, &Party, Judgement<'_>)| -> Option<Id> {
        let name = match own {
            Party::Workload { name, .. } => &**name,
            Party::Pods { .. } => "",
            _ => return None,
        };
        let candidates = if judgement.passing.is_empty() { &judgement.judging } else { &judgement.passing };
        let by_name = candidates.iter().find(|id| id.name == name);
        by_name.or_else(|| candidates.first()).map(|id| (*id).clone())
    };
    let policy = judgements.iter().rev().find_map(decides);
    let place = policy.and_then(|id| world.objects.iter().copied().find(|thing| thing.document.id == id));
    let Some(thing) = place.or_else(|| holder(world, connection)) else { return };
    let said = judgements.iter().map(|(end, own, judgement)| format!("{own}: {}", judgement.said(*end)));
    let said = said.collect::<Vec<_>>().join("; ");
    let finding = findings.error(code, thing, thing.root(), message);
    if !said.is_empty() {
        finding.help(said);
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
