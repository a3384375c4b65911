//! What two networks have not in common, found without listing what they have. A pod that no policy of either can tell
//! from its other version, and for which the same is said, has the same connections to every other such pod.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::selector::{Labels, Selector};
use crate::ordered::Ordered;
use crate::reach::cilium;
use crate::reach::matrix::Network;
use crate::reach::party::Party;
use crate::reach::pods::{Choice, Homes, Place, Pods, Seen};
use crate::reach::policy::{Peer, Policy, Rule};
use crate::reach::port::{self, Port};
use crate::reach::question::Who;
use crate::reach::{Connection, End};
use crate::shares;
use crate::tables::{HashMap, HashSet};

/// What of two networks is not the same, in the names of the new one.
#[derive(Debug, Default)]
pub struct Apart {
    /// What holds of the old one only.
    pub lost: BTreeSet<Connection>,
    /// What holds of the new one only.
    pub gained: BTreeSet<Connection>,
    /// What of that was closed: other things are only said in fewer words, or of fewer.
    pub opened: BTreeSet<Connection>,
}

/// Compares the connections of both networks that have an end at a pod which is not the same in both; all others are in
/// both. So are those with a group, apart from namespaces and pods that have come to be of one or are of none any more:
/// these are told by name. `renamed` says what somebody in `old` is called in `new`.
pub fn apart<'a>(old: &Network<'a>, new: &Network<'a>, renamed: impl Fn(&Party) -> Party) -> Apart {
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
    let mut twins: Vec<Twin> = Vec::new();
    for (at, party) in parties.iter().enumerate() {
        // where several have one name, nobody can say which of them is meant
        let Some(&[twin]) = places.get(party).map(Vec::as_slice).filter(|_| called[party] == 1) else { continue };
        twins.push((at, twin));
        if before[at].1 == after[twin].1 {
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
    let (mut was, mut is) = shares::both(|| side(old, 0), || side(new, 1));
    let others: Vec<Twin> = twins.iter().copied().filter(|(at, twin)| before[*at].0 != after[*twin].0).collect();
    for (from, to) in turned(old, new, &twins, &others) {
        was.extend(open_between(old, from.0, to.0));
        is.extend(open_between(new, from.1, to.1));
    }
    let known: BTreeSet<Connection> = was
        .into_iter()
        .map(|Connection { from, to, port }| Connection { from: renamed(&from), to: renamed(&to), port })
        .ordered();
    let gained: BTreeSet<Connection> = is.difference(&known).cloned().ordered();
    let lost = known.difference(&is).cloned().ordered();
    let opened = if gained.is_empty() { BTreeSet::new() } else { opened(&gained, &known, (old, new), &twins) };
    Apart { lost, gained, opened }
}

/// The numbers of a pod in the old network and in the new one.
type Twin = (usize, usize);

/// Pairs of pods, caller first, of which one is of a group that the other lets through in one network and not in the other:
/// groups that say which pods they do not mean, or only that there is a label. Who may call a group on a port by its name is
/// one of a pair with every pod of it that gives the name to other numbers.
fn turned<'a>(old: &Network<'a>, new: &Network<'a>, twins: &[Twin], others: &[Twin]) -> BTreeSet<(Twin, Twin)> {
    let mut pairs = BTreeSet::new();
    if others.is_empty() {
        return pairs;
    }
    let by_old: HashMap<usize, Twin> = twins.iter().map(|twin| (twin.0, *twin)).collect();
    let by_new: HashMap<usize, Twin> = twins.iter().map(|twin| (twin.1, *twin)).collect();
    for (network, twins) in [(old, &by_old), (new, &by_new)] {
        for (policy, end, rule, group) in network.policies.iter().flat_map(groups) {
            let is_of = |pods: &Pods<'a>, pod: usize| group.is_none_or(|group| group.has(pods, pod));
            let is_by_labels = group.is_some_and(|group| !group.pods.0.is_empty());
            let is_by_name = end == End::From && rule.ports.iter().any(|port| matches!(port, Port::Named { .. }));
            let has_turned = |(was, is): &&Twin| {
                let (was_of, is_of) = (is_of(&old.pods, *was), is_of(&new.pods, *is));
                let is_renamed = || old.pods.all[*was].declared != new.pods.all[*is].declared;
                is_by_labels && was_of != is_of || is_by_name && was_of && is_of && is_renamed()
            };
            let found: Vec<Twin> = others.iter().filter(has_turned).copied().collect();
            let subjects = if found.is_empty() { Vec::new() } else { network.pods.find(&policy.subject) };
            for subject in subjects.iter().filter_map(|pod| twins.get(pod)) {
                let pair = |pod: &Twin| if end == End::From { (*subject, *pod) } else { (*pod, *subject) };
                pairs.extend(found.iter().map(pair));
            }
        }
    }
    pairs
}

/// What a policy says to one end of connections about pods that it does not name; `None` is everybody.
type Group<'p, 'a> = (&'p Policy<'a>, End, &'p Rule<'a>, Option<&'p Choice<'a>>);

fn groups<'p, 'a>(policy: &'p Policy<'a>) -> impl Iterator<Item = Group<'p, 'a>> {
    let ends = [(End::From, &policy.egress), (End::To, &policy.ingress)];
    let rules = ends.into_iter().flat_map(|(end, rules)| rules.iter().flatten().map(move |rule| (end, rule)));
    let peers = rules.flat_map(|(end, rule)| rule.peers.iter().map(move |peer| (end, rule, peer)));
    peers.filter_map(move |(end, rule, peer)| match peer {
        Peer::Everybody => Some((policy, end, rule, None)),
        Peer::Pods(choice) if !choice.pods.is_specific() => Some((policy, end, rule, Some(choice))),
        Peer::Pods(_) | Peer::Outside(..) => None,
    })
}

fn open_between(network: &Network<'_>, from: usize, to: usize) -> Vec<Connection> {
    let open = network.ask(&Who::Pods(from), &Who::Pods(to), &[Port::Every]).open;
    let [from, to] = [from, to].map(|pod| network.pods.all[pod].party.clone());
    open.into_iter().map(|port| Connection { from: from.clone(), to: to.clone(), port }).collect()
}

/// What of `gained` was closed in the old network, of which `known` is all that could be of the same pods.
fn opened(
    gained: &BTreeSet<Connection>,
    known: &BTreeSet<Connection>,
    (old, new): (&Network<'_>, &Network<'_>),
    twins: &[Twin],
) -> BTreeSet<Connection> {
    let pods: HashMap<&Party, usize> = twins.iter().map(|(was, is)| (&new.pods.all[*is].party, *was)).collect();
    let mut judging: HashMap<(bool, usize), Vec<&Policy<'_>>> = HashMap::default();
    for policy in &old.policies {
        for pod in old.pods.find(&policy.subject) {
            for (is_caller, rules) in [(true, &policy.egress), (false, &policy.ingress)] {
                if rules.is_some() {
                    judging.entry((is_caller, pod)).or_default().push(policy);
                }
            }
        }
    }
    let judging = |end, pod| judging.get(&(end == End::From, pod)).cloned().unwrap_or_default();
    let mut by_end: HashMap<(bool, &Party), Vec<&Connection>> = HashMap::default();
    for connection in known {
        by_end.entry((true, &connection.from)).or_default().push(connection);
        by_end.entry((false, &connection.to)).or_default().push(connection);
    }
    let was_open = |connection: &&Connection| {
        let Connection { from, to, port } = connection;
        // what takes something away opens nothing
        if cilium::is_denial(from) || cilium::is_denial(to) {
            return true;
        }
        if let (Some(from), Some(to)) = (pods.get(from), pods.get(to)) {
            let asked = std::slice::from_ref(port);
            return port::covers(&old.ask_those(&Who::Pods(*from), &Who::Pods(*to), asked, judging).open, port);
        }
        // one end is a group: what was said of the same pod and a larger one
        [(true, from), (false, to)].into_iter().any(|key| {
            let same = by_end.get(&key).into_iter().flatten();
            let wider = same.filter(|other| other.from.holds(from) && other.to.holds(to));
            port::covers(&wider.map(|other| other.port.clone()).collect::<Vec<_>>(), port)
        })
    };
    gained.iter().filter(|connection| !was_open(connection)).cloned().ordered()
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
