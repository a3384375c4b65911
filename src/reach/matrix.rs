//! The connections that are left when every policy has been heard: each has two ends, and both must allow it.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::document::Document;
use crate::reach::party::Party;
use crate::reach::pods::{Choice, Pod, Pods};
use crate::reach::policy::{Peer, Policy, Rule};
use crate::reach::port::{self, Port};
use crate::reach::{Connection, End, policy};
use crate::tables::{HashMap, HashSet};

/// Pods, and policies for them.
#[derive(Debug)]
pub struct Network<'a> {
    /// The pods.
    pub pods: Pods<'a>,
    /// The policies.
    pub policies: Vec<Policy<'a>>,
}

/// What the policies for one pod let through at one end.
#[derive(Clone, Debug, Default)]
struct Side<'p, 'a> {
    /// Whether any policy judges this end; if none does, everybody is let through.
    is_judged: bool,
    /// Pods whoever they are.
    crowds: Vec<(Crowd<'p, 'a>, &'p [Port])>,
    /// Pods that are named by their labels: the numbers of choices.
    named: Vec<(usize, &'p [Port])>,
    /// What is no pod.
    outside: Vec<(&'p Party, &'p [Port])>,
}

/// Pods that nobody names; `None` is everybody.
type Crowd<'p, 'a> = Option<&'p Choice<'a>>;

/// That one end of the connections of a caller lets the other through because it names it by its labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named<'p> {
    /// Who is called.
    to: usize,
    /// Whether the one that calls says so.
    is_caller: bool,
    ports: &'p [Port],
}

/// What all policies say.
struct Heard<'p, 'a> {
    pods: &'p Pods<'a>,
    /// The pods whose connections matter.
    asked: &'p [bool],
    /// The pods of every choice.
    found: Vec<Vec<usize>>,
    from: Vec<Side<'p, 'a>>,
    to: Vec<Side<'p, 'a>>,
}

impl<'a> Network<'a> {
    /// The workloads and the policies among `documents`; pods that are not there may be found `elsewhere`.
    pub fn of(documents: impl IntoIterator<Item = &'a Document>, elsewhere: &Pods<'a>) -> Self {
        Self::beside(documents, elsewhere, |_| false)
    }

    /// The same, where some that are found `elsewhere` are here as well.
    pub fn beside(
        documents: impl IntoIterator<Item = &'a Document>,
        elsewhere: &Pods<'a>,
        is_here: impl Fn(&Party) -> bool,
    ) -> Self {
        let documents: Vec<&Document> = documents.into_iter().collect();
        let policies: Vec<Policy<'a>> = documents.iter().flat_map(|document| policy::read(document)).collect();
        let mut seen: HashSet<&Choice<'a>> = HashSet::default();
        let choices = policies.iter().flat_map(Policy::choices).filter(|choice| seen.insert(choice));
        let pods = Pods::of(&documents).with_strangers(choices, elsewhere, is_here);
        Self { pods, policies }
    }

    /// Every connection.
    pub fn connections(&self) -> BTreeSet<Connection> {
        self.connections_of(&vec![true; self.pods.all.len()])
    }

    /// Every connection with an end at one of these pods.
    pub fn connections_of(&self, asked: &[bool]) -> BTreeSet<Connection> {
        let mut connections = Vec::new();
        if asked.contains(&true) {
            let heard = Heard::all(&self.pods, &self.policies, asked);
            heard.groups(&mut connections);
            heard.pairs(&mut connections);
        }
        connections.into_iter().collect()
    }
}

impl<'p, 'a> Heard<'p, 'a> {
    fn all(pods: &'p Pods<'a>, policies: &'p [Policy<'a>], asked: &'p [bool]) -> Self {
        let mut found = Vec::new();
        let mut numbers: HashMap<&Choice<'a>, usize> = HashMap::default();
        for choice in policies.iter().flat_map(Policy::choices) {
            numbers.entry(choice).or_insert_with(|| {
                found.push(pods.find(choice));
                found.len() - 1
            });
        }
        let nothing = vec![Side::default(); pods.all.len()];
        let mut heard = Self { pods, asked, found, from: nothing.clone(), to: nothing };
        let mut said = HashSet::default();
        for Policy { subject, egress, ingress, .. } in policies {
            // what is said again changes nothing, and thousands may say the same of the same
            if said.insert((subject, egress, ingress)) {
                heard.hear(End::From, numbers[subject], egress.as_deref(), &numbers);
                heard.hear(End::To, numbers[subject], ingress.as_deref(), &numbers);
            }
        }
        heard.from.iter_mut().chain(&mut heard.to).for_each(Side::tidy);
        heard
    }

    fn hear(&mut self, end: End, subject: usize, rules: Option<&'p [Rule<'a>]>, numbers: &HashMap<&Choice<'a>, usize>) {
        let Some(rules) = rules else { return };
        let sides = if end == End::From { &mut self.from } else { &mut self.to };
        for &pod in &self.found[subject] {
            let side = &mut sides[pod];
            side.is_judged = true;
            for (peer, ports) in rules.iter().flat_map(|rule| rule.peers.iter().map(|peer| (peer, &*rule.ports))) {
                match peer {
                    Peer::Everybody => side.crowds.push((None, ports)),
                    Peer::Outside(party, _) => side.outside.push((party, ports)),
                    Peer::Pods(choice) => match numbers.get(choice).filter(|_| choice.pods.is_specific()) {
                        None => side.crowds.push((Some(choice), ports)),
                        Some(number) => side.named.push((*number, ports)),
                    },
                }
            }
        }
    }

    /// Connections with a group at the other end.
    fn groups(&self, connections: &mut Vec<Connection>) {
        let sides = self.from.iter().zip(&self.to).zip(self.asked);
        for (pod, ((from, to), _)) in self.pods.all.iter().zip(sides).filter(|(_, (_, asked))| **asked) {
            let own = &pod.party;
            for (group, ports) in from.groups(pod) {
                let connection = |port| Connection { from: own.clone(), to: group.clone(), port };
                connections.extend(port::tidy(ports).into_iter().map(connection));
            }
            for (group, ports) in to.groups(pod) {
                let connection = |port| Connection { from: group.clone(), to: own.clone(), port };
                connections.extend(port::tidy(pod.resolved(&ports)).into_iter().map(connection));
            }
        }
    }

    /// Connections between two pods of which at least one names the other: those of one caller after the other, as all that
    /// is said about pairs is far more than the pairs.
    fn pairs(&self, connections: &mut Vec<Connection>) {
        let mut letting = vec![Vec::new(); self.found.len()];
        for (to, side) in self.to.iter().enumerate() {
            for (choice, ports) in &side.named {
                letting[*choice].push(Named { to, is_caller: false, ports });
            }
        }
        let mut choices = vec![Vec::new(); self.pods.all.len()];
        for (choice, found) in self.found.iter().enumerate().filter(|(choice, _)| !letting[*choice].is_empty()) {
            for from in found {
                choices[*from].push(choice);
            }
        }
        for (from, side) in self.from.iter().enumerate() {
            let called = side.named.iter().flat_map(|(choice, ports)| {
                self.found[*choice].iter().map(move |to| Named { to: *to, is_caller: true, ports })
            });
            let answering = choices[from].iter().flat_map(|choice| letting[*choice].iter().copied());
            let is_asked = |named: &Named<'_>| self.asked[from] || self.asked[named.to];
            let mut said: Vec<Named<'_>> = called.chain(answering).filter(is_asked).collect();
            said.sort_unstable();
            said.dedup();
            for same in said.chunk_by(|one, other| one.to == other.to) {
                self.pair(from, same, connections);
            }
        }
    }

    /// Connections between a caller and a pod, with what is said about both by name.
    fn pair(&self, from: usize, said: &[Named<'_>], connections: &mut Vec<Connection>) {
        let Some(Named { to, .. }) = said.first() else { return };
        let called = &self.pods.all[*to];
        let by_name = |is_caller: bool| {
            let said = said.iter().filter(|named| named.is_caller == is_caller);
            port::tidy(said.flat_map(|named| called.resolved(named.ports)).collect())
        };
        let in_crowd = |side: &Side<'p, 'a>, other: usize| {
            let ports = side.for_crowd(self.pods, other).flat_map(|ports| called.resolved(ports));
            port::tidy(ports.collect())
        };
        let (calls, answers) = (by_name(true), by_name(false));
        let mut open = port::meet(&calls, &in_crowd(&self.to[*to], from));
        open.extend(port::meet(&in_crowd(&self.from[from], *to), &answers));
        open.extend(port::meet(&calls, &answers));
        let connection = |port| Connection { from: self.pods.all[from].party.clone(), to: called.party.clone(), port };
        connections.extend(port::tidy(open).into_iter().map(connection));
    }
}

impl<'p, 'a> Side<'p, 'a> {
    /// Without what several policies say.
    fn tidy(&mut self) {
        self.crowds.sort_unstable();
        self.crowds.dedup();
        self.named.sort_unstable();
        self.named.dedup();
        self.outside.sort_unstable();
        self.outside.dedup();
    }

    /// The groups that are let through, each with its ports as they are written.
    fn groups(&self, pod: &Pod<'a>) -> BTreeMap<Party, Vec<Port>> {
        let mut groups: BTreeMap<Party, Vec<Port>> = BTreeMap::new();
        for (crowd, ports) in &self.crowds {
            groups.entry(crowd.map_or(Party::Anywhere, Choice::party)).or_default().extend_from_slice(ports);
        }
        for (party, ports) in &self.outside {
            groups.entry((*party).clone()).or_default().extend_from_slice(ports);
        }
        // about pods that others make, only what is said counts
        if !self.is_judged && !pod.is_stranger {
            groups.insert(Party::Anywhere, EVERY.to_vec());
        }
        groups
    }

    /// The ports for a pod as one of many.
    fn for_crowd(&self, pods: &Pods<'a>, other: usize) -> impl Iterator<Item = &'p [Port]> {
        let holds = move |crowd: &Crowd<'p, 'a>| crowd.is_none_or(|choice| choice.has(pods, other));
        let unjudged = (!self.is_judged).then_some(EVERY);
        unjudged.into_iter().chain(self.crowds.iter().filter(move |(crowd, _)| holds(crowd)).map(|(_, ports)| *ports))
    }
}

const EVERY: &[Port] = &[Port::Every];

impl Pod<'_> {
    /// Ports with the names that this pod gives them replaced by its numbers.
    pub fn resolved(&self, ports: &[Port]) -> Vec<Port> {
        let resolve = |port: &Port| match (port, &self.declared) {
            (Port::Named { protocol, name }, Some(declared)) => {
                let is_meant = |(own, number): &&(&str, Port)| {
                    *own == &**name && matches!(number, Port::Numbers { protocol: theirs, .. } if theirs == protocol)
                };
                declared.iter().filter(is_meant).map(|(_, number)| number.clone()).collect()
            }
            _ => vec![port.clone()],
        };
        ports.iter().flat_map(resolve).collect()
    }
}
