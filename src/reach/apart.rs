//! What two networks have not in common, found without listing what they have. A pod that no policy of either can tell
//! from its other version, and for which the same is said, has the same connections to every other such pod.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::manifest::selector::Selector;
use crate::reach::Connection;
use crate::reach::matrix::Network;
use crate::reach::party::Party;
use crate::reach::pods::{Place, Seen};
use crate::reach::policy::{Policy, Rule};

/// The connections of both networks that have an end at a pod which is not the same in both; all others are in both.
/// `renamed` says what somebody in `old` is called in `new`.
pub fn apart<'a>(old: &Network<'a>, new: &Network<'a>, renamed: impl Fn(&Party) -> Party) -> [BTreeSet<Connection>; 2] {
    let keys = Keys::of([old, new]);
    let mut texts = HashMap::new();
    let [before, after] = [old, new].map(|network| sights(network, &keys, &mut texts));
    let mut places: HashMap<Party, Vec<usize>> = HashMap::new();
    for (at, pod) in new.pods.all.iter().enumerate() {
        places.entry(pod.party.clone()).or_default().push(at);
    }
    let mut is_other = [vec![true; old.pods.all.len()], vec![true; new.pods.all.len()]];
    let mut called: HashMap<Party, usize> = HashMap::new();
    let parties: Vec<Party> = old.pods.all.iter().map(|pod| renamed(&pod.party)).collect();
    for party in &parties {
        *called.entry(party.clone()).or_default() += 1;
    }
    for (at, party) in parties.iter().enumerate() {
        // where several have one name, nobody can say which of them is meant
        if let Some(&[twin]) = places.get(party).map(Vec::as_slice)
            && called[party] == 1
            && before[at] == after[twin]
        {
            is_other[0][at] = false;
            is_other[1][twin] = false;
        }
    }
    let [lost, gained] = &is_other;
    [old.connections_of(lost), new.connections_of(gained)]
}

/// The labels of pods and of namespaces that any selector asks about.
struct Keys<'n> {
    of_pods: HashSet<&'n str>,
    of_homes: HashSet<&'n str>,
}

impl<'n> Keys<'n> {
    fn of<'a: 'n>(networks: [&'n Network<'a>; 2]) -> Self {
        let mut keys = Self { of_pods: HashSet::new(), of_homes: HashSet::new() };
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
