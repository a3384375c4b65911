//! Whether monitoring tells the truth: questions can be understood and have answers, alerts have words and reach somebody,
//! configurations are what the software takes, and nothing runs unwatched.
//!
//! Lives here: what rendered objects alone say. Files are found by their shape and by who mounts them, so that it works for
//! whoever has written them.

mod dashboards;
mod deliveries;
mod durations;
mod fields;
mod masks;
mod matchers;
mod messages;
mod needs;
mod patterns;
pub mod payloads;
mod promql;
mod questions;
mod retention;
mod rules;
mod scene;
mod scrapes;
mod selectors;
pub mod sight;
mod spelling;
mod templates;
mod times;
mod vain;
mod watch;

use std::collections::BTreeMap;

use crate::shares;
use crate::validate::findings::Findings;
use crate::validate::monitoring::fields::Tables;
use crate::validate::monitoring::payloads::Use;
use crate::validate::monitoring::questions::Answers;
use crate::validate::monitoring::rules::Rule;
use crate::validate::monitoring::scene::{Scene, Server};
use crate::validate::world::World;

/// All checks of monitoring.
pub fn tell(world: &World<'_>, findings: &mut Findings) {
    let scene = Scene::of(world, findings);
    if scene.payloads.is_empty() {
        return;
    }
    // reading questions takes longer than all that is asked about them
    let rules = judged_rules(&scene, findings);
    let questions = dashboards::questions(&scene);
    let servers = scene.servers();
    let own: Vec<Answers> = servers.iter().map(|server| Answers::of(world, &[server], &rules)).collect();
    for (server, answers) in servers.iter().zip(&own) {
        for at in &server.rules {
            for rule in rules.get(at).into_iter().flatten() {
                answers.judge(&scene.payloads[*at], rule.expr, rule.name, &rule.query, findings);
                answers.waits(&scene.payloads[*at], rule, findings);
                rules::are_turned_on(&scene.payloads[*at], rule, scene.readers_of(server.payload), findings);
            }
        }
    }
    // of one server, everywhere is there
    let all = |servers: &[Server<'_, '_>]| Answers::of(world, &servers.iter().collect::<Vec<_>>(), &rules);
    let everywhere = if let [only] = own.as_slice() { only } else { &all(&servers) };
    dashboards::judge(&scene, &questions, everywhere, findings);
    dashboards::adapters(&scene, everywhere, findings);
    scrapes::judge(world, &scene, findings);
    deliveries::judge(world, &scene, findings);
    deliveries::arrive(&scene, &servers, &rules, findings);
    watch::watch(world, &scene, &servers, &rules, findings);
}

/// Whether what is kept fits onto its volume.
pub fn keep(world: &World<'_>, findings: &mut Findings) {
    retention::fit(world, &scene::readers(world), findings);
}

/// The rules of each payload that holds some.
fn judged_rules<'s>(scene: &'s Scene<'_>, findings: &mut Findings) -> BTreeMap<usize, Vec<Rule<'s>>> {
    let tables = Tables::of_rules();
    let files = scene.payloads.iter().enumerate().filter(|(_, payload)| payload.usage == Use::Rules);
    let judged = shares::each(files, 1, |(at, payload)| {
        let mut own = Findings::of(&findings.wanted);
        let rules = rules::judge(payload, &tables, &mut own);
        ((at, rules), own)
    });
    let take = |(rules, own)| {
        findings.take(own);
        rules
    };
    judged.into_iter().map(take).collect()
}
