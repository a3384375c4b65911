//! What two networks have not in common, found without listing what they have. A pod that no policy of either can tell
//! from its other version, and for which the same is said, has the same connections to every other such pod.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::selector::{Labels, Selector};
use crate::reach::matrix::Network;
use crate::reach::party::Party;
use crate::reach::pods::{Homes, Place, Seen};
use crate::reach::policy::{Policy, Rule};
use crate::reach::port::{self, Port};
use crate::reach::{Connection, End};
use crate::shares;
use crate::tables::{HashMap, HashSet};

/// The connections of both networks that have an end at a pod which is not the same in both; all others are in both. So
/// are those with a group, apart from namespaces that have come to be one or are none any more: these are told by name.
/// `renamed` says what somebody in `old` is called in `new`.
pub fn apart<'a>(old: &Network<'a>, new: &Network<'a>, renamed: impl Fn(&Party) -> Party) -> [BTreeSet<Connection>; 2] {
    let keys = Keys::of([old, new]);
    let mut texts = HashMap::default();
    let [before, after] = [old, new].map(|network| sights(network, &keys, &mut texts));
    let mut places: HashMap<Party, Vec<usize>> = HashMap::default();
    for (at, pod) in new.pods.all.iter().enumerate() {
        places.entry(pod.party.clone()).or_default().push(at);
    }
    let mut is_other = [vec![true; old.pods.all.len()], vec![true; new.pods.all.len()]];
    let mut hears_the_same = [vec![false; old.pods.all.len()], vec![false; new.pods.all.len()]];
    let mut called: HashMap<Party, usize> = HashMap::default();
    let parties: Vec<Party> = old.pods.all.iter().map(|pod| renamed(&pod.party)).collect();
    for party in &parties {
        *called.entry(party.clone()).or_default() += 1;
    }
    for (at, party) in parties.iter().enumerate() {
        // where several have one name, nobody can say which of them is meant
        if let Some(&[twin]) = places.get(party).map(Vec::as_slice)
            && called[party] == 1
            && before[at].1 == after[twin].1
        {
            hears_the_same[0][at] = true;
            hears_the_same[1][twin] = true;
            if before[at].0 == after[twin].0 {
                is_other[0][at] = false;
                is_other[1][twin] = false;
            }
        }
    }
    let moved = moved(&old.pods.homes, &new.pods.homes, &keys);
    let side = |network: &Network<'a>, side: usize| {
        let mut found = network.connections_of(&is_other[side]);
        found.extend(with_all_of(network, &moved, &hears_the_same[side]));
        found
    };
    let (before, after) = shares::both(|| side(old, 0), || side(new, 1));
    [before, after]
}

/// Namespaces that are in both, with other labels that somebody asks about.
fn moved<'a>(old: &Homes<'a>, new: &Homes<'a>, keys: &Keys<'_>) -> Vec<&'a str> {
    let is_other = |name: &&'a str, home: &Labels<'a>| {
        old.get(name).is_some_and(|was| keys.of_homes.iter().any(|key| was.get(key) != home.get(key)))
    };
    new.iter().filter(|(name, home)| is_other(name, home)).map(|(name, _)| *name).collect()
}

/// What is open between some pods and whatever runs in these namespaces, because a group has all of it.
fn with_all_of(network: &Network<'_>, homes: &[&str], asked: &[bool]) -> Vec<Connection> {
    let mut found = Vec::new();
    if homes.is_empty() {
        return found;
    }
    for end in [End::From, End::To] {
        let mut open: BTreeMap<(usize, &str), Vec<Port>> = BTreeMap::new();
        for policy in &network.policies {
            let rules = if end == End::From { &policy.egress } else { &policy.ingress };
            let subjects = network.pods.find(&policy.subject);
            for rule in rules.iter().flatten() {
                let has_all = |home: &&&str| rule.peers.iter().any(|peer| peer.has_all_of(&network.pods.homes[**home]));
                for home in homes.iter().filter(has_all) {
                    for pod in subjects.iter().filter(|pod| asked[**pod]) {
                        open.entry((*pod, *home)).or_default().extend_from_slice(&rule.ports);
                    }
                }
            }
        }
        for ((pod, home), ports) in open {
            let pod = &network.pods.all[pod];
            let (own, all) = (pod.party.clone(), Party::Pods { namespace: home.into(), labels: "".into() });
            let connection = |port| match end {
                End::From => Connection { from: own.clone(), to: all.clone(), port },
                End::To => Connection { from: all.clone(), to: own.clone(), port },
            };
            // the numbers behind names are known of one end only
            let ports = if end == End::To { pod.resolved(&ports) } else { ports };
            found.extend(port::tidy(ports).into_iter().map(connection));
        }
    }
    found
}

/// The labels of pods and of namespaces that any selector asks about.
struct Keys<'n> {
    of_pods: HashSet<&'n str>,
    of_homes: HashSet<&'n str>,
}

impl<'n> Keys<'n> {
    fn of<'a: 'n>(networks: [&'n Network<'a>; 2]) -> Self {
        let mut keys = Self { of_pods: HashSet::default(), of_homes: HashSet::default() };
        let choices = networks.into_iter().flat_map(|network| &network.policies).flat_map(Policy::every_choice);
        for choice in choices {
            keys.of_pods.extend(choice.pods.keys());
            if let Place::Labelled(selector) = &choice.place {
                keys.of_homes.extend(Selector::keys(selector));
            }
        }
        keys
    }
}

/// What policies let through, one end of it after the other.
type Text<'n, 'a> = [&'n Option<Vec<Rule<'a>>>; 2];

/// All that decides about the connections of a pod: what is seen of it, and what is said about it.
type Sight<'n> = (Seen<'n>, Vec<usize>);

/// Of every pod of a network. What is said alike has one number in both.
fn sights<'n, 'a>(
    network: &'n Network<'a>,
    keys: &Keys<'_>,
    texts: &mut HashMap<Text<'n, 'a>, usize>,
) -> Vec<Sight<'n>> {
    let pods = &network.pods;
    let mut heard: Vec<Vec<usize>> = vec![Vec::new(); pods.all.len()];
    for policy in &network.policies {
        let next = texts.len();
        let number = *texts.entry([&policy.ingress, &policy.egress]).or_insert(next);
        for pod in pods.find(&policy.subject) {
            heard[pod].push(number);
        }
    }
    for numbers in &mut heard {
        numbers.sort_unstable();
    }
    pods.all.iter().map(|pod| pod.seen(&keys.of_pods, &keys.of_homes)).zip(heard).collect()
}
