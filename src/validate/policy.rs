//! What is good practice, beyond what a server asks: tables of rules about containers, pods, workloads and other objects.
//! What nobody disputes is asked by itself; what is a matter of taste, or of what a company has agreed on, by name.

mod containers;
mod images;
pub mod literals;
mod objects;
mod outdated;
mod pods;
mod scene;
mod unworkable;
mod workloads;

use crate::diagnostics::codes;
use crate::diagnostics::report::Severity;
use crate::manifest::node::Node;
use crate::tables::HashMap;
use crate::validate::arithmetic::asks::Defaults;
use crate::validate::arithmetic::{metrics, scale};
use crate::validate::findings::Findings;
use crate::validate::policy::scene::{Inside, Scene, Surroundings};
use crate::validate::world::{Thing, World};

/// A rule about things of a kind.
pub struct Rule<T> {
    /// The code that it speaks in.
    pub code: &'static str,
    /// When it is asked.
    pub asked: Asked,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong: where, and in words that go on after the name of the thing.
    pub test: T,
    /// What to do about it.
    pub help: &'static str,
}

/// When a rule is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// By itself.
    Always,
    /// If its code is named.
    Named,
}

/// What is wrong: where, and what.
pub type Fault<'a> = (&'a Node, String);

/// A rule about a container.
pub type OfContainer = for<'a> fn(&Inside<'a>) -> Option<Fault<'a>>;
/// A rule about a container of which many things may be wrong.
pub type OfAllInContainer = for<'a> fn(&Inside<'a>) -> Vec<Fault<'a>>;
/// A rule about pods.
pub type OfPod = for<'a> fn(&Scene<'a>) -> Vec<Fault<'a>>;
/// A rule about how pods are run.
pub type OfWorkload = for<'a> fn(&Scene<'a>) -> Option<Fault<'a>>;
/// A rule about an object.
pub type OfObject = for<'a> fn(Thing<'a>) -> Vec<Fault<'a>>;

/// Whether a code is asked about only by name.
pub fn is_opt_in(code: &str) -> bool {
    rows().any(|(known, asked)| known == code && asked == Asked::Named)
}

/// The code of every rule, and when it is asked.
pub fn rows() -> impl Iterator<Item = (&'static str, Asked)> {
    let containers = containers::RULES.iter().map(|rule| (rule.code, rule.asked));
    let all = containers::OF_ALL.iter().map(|rule| (rule.code, rule.asked));
    let pods = pods::RULES.iter().map(|rule| (rule.code, rule.asked));
    let workloads = workloads::RULES.iter().map(|rule| (rule.code, rule.asked));
    let objects = objects::RULES.iter().map(|rule| (rule.code, rule.asked));
    containers.chain(all).chain(pods).chain(workloads).chain(objects)
}

/// Asks all rules that are wanted.
pub fn judge(world: &World<'_>, findings: &mut Findings) {
    let scales = scale::of(world);
    let around = Surroundings::of(world);
    let (defaults, none) = (Defaults::each(world), Defaults::default());
    let (of_containers, of_all) = (wanted(containers::RULES, findings), wanted(containers::OF_ALL, findings));
    let (of_pods, of_workloads) = (wanted(pods::RULES, findings), wanted(workloads::RULES, findings));
    // what an autoscaler takes a share of is told there
    let is_told = findings.wanted.has(codes::UNMEASURED_AUTOSCALER);
    let shares = if is_told { metrics::shares(world) } else { HashMap::default() };
    for (at, pod) in world.pods.iter().enumerate() {
        let defaults = defaults.get(pod.namespace()).unwrap_or(&none);
        let scene = Scene { world, pod, scale: scales[at], around: &around, at };
        for rule in &of_pods {
            told(rule, pod.owner, (rule.test)(&scene), findings);
        }
        for rule in &of_workloads {
            told(rule, pod.owner, (rule.test)(&scene), findings);
        }
        for (list, node) in pod.containers().filter(|(list, _)| *list != "ephemeralContainers") {
            let shares = shares.get(&metrics::key(pod)).map(Vec::as_slice).unwrap_or_default();
            let inside = Inside { pod, list, node, defaults, shares };
            let said = |(at, what): (_, String)| (at, inside.said(&what));
            for rule in &of_containers {
                told(rule, pod.owner, (rule.test)(&inside).map(said), findings);
            }
            for rule in &of_all {
                told(rule, pod.owner, (rule.test)(&inside).into_iter().map(said), findings);
            }
        }
    }
    let of_objects = wanted(objects::RULES, findings);
    for thing in &world.objects {
        for rule in &of_objects {
            told(rule, *thing, (rule.test)(*thing), findings);
        }
    }
}

fn wanted<T>(rules: &'static [Rule<T>], findings: &Findings) -> Vec<&'static Rule<T>> {
    rules.iter().filter(|rule| findings.wanted.has(rule.code)).collect()
}

fn told<'a, T>(rule: &Rule<T>, thing: Thing<'a>, faults: impl IntoIterator<Item = Fault<'a>>, findings: &mut Findings) {
    findings.ask();
    for (node, what) in faults {
        findings.add(rule.severity, rule.code, thing, node, &what).help(rule.help);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::validate::groups::{GROUPS, Group};

    #[test]
    fn the_group_has_exactly_the_codes_of_the_rules() {
        let (_, _, codes, _) = GROUPS.iter().find(|(group, ..)| *group == Group::Policy).expect("it is there");
        let mut known: BTreeMap<&str, Asked> = BTreeMap::new();
        for (code, asked) in rows() {
            assert_eq!(*known.entry(code).or_insert(asked), asked, "`{code}` is asked in two ways");
            assert!(codes.contains(&code), "`{code}` is of no group");
        }
        assert_eq!(known.into_keys().collect::<Vec<_>>(), codes.to_vec(), "in alphabetical order");
    }
}
