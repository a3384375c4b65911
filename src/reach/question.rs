//! One question about two ends: on which ports can one reach the other, and which policies decide.

use crate::manifest::document::Id;
use crate::reach::matrix::Network;
use crate::reach::party::Party;
use crate::reach::policy::{Peer, Policy, Rule};
use crate::reach::port::{self, Port};
use crate::reach::range::Range;
use crate::reach::{Connection, End};

/// Who is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Pods, by their number.
    Pods(usize),
    /// All of these addresses.
    Addresses(Range),
    /// What policies call by a name, such as a host.
    Named(String),
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<'n> {
    /// The ports that are open; none means that the connection is closed.
    pub open: Vec<Port>,
    /// What is said at each end that is a pod.
    pub judgements: Vec<(End, Judgement<'n>)>,
}

/// What the policies say at one end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement<'n> {
    /// The policies that judge this end; if there are none, everything passes.
    pub judging: Vec<&'n Id>,
    /// Those of them that let it pass.
    pub passing: Vec<&'n Id>,
}

impl Judgement<'_> {
    /// Whether it passes.
    pub fn is_open(&self) -> bool {
        self.judging.is_empty() || !self.passing.is_empty()
    }

    /// In words: `NetworkPolicy production/auth lets it in`.
    pub fn said(&self, end: End) -> String {
        let way = match end {
            End::From => "out",
            End::To => "in",
        };
        let list = |ids: &[&Id]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match (self.judging.as_slice(), self.passing.as_slice()) {
            ([], _) => format!("no policy judges what comes {way}, so everything does"),
            ([_], []) => format!("{} does not let it {way}", list(&self.judging)),
            (_, []) => format!("none of {} lets it {way}", list(&self.judging)),
            (_, [_]) => format!("{} lets it {way}", list(&self.passing)),
            (_, _) => format!("{} let it {way}", list(&self.passing)),
        }
    }
}

impl<'a> Network<'a> {
    /// The policies that judge one end of the connections of a pod.
    pub fn judging(&self, end: End, pod: usize) -> impl Iterator<Item = &Policy<'a>> {
        let holds = move |policy: &&Policy<'a>| policy.subject.has(&self.pods, pod);
        self.policies.iter().filter(move |policy| rules(policy, end).is_some()).filter(holds)
    }

    /// On which of these ports `from` can reach `to`.
    pub fn ask(&self, from: &Who, to: &Who, asked: &[Port]) -> Answer<'_> {
        self.ask_those(from, to, asked, |end, pod| self.judging(end, pod).collect())
    }

    /// The same for one who knows which policies judge an end.
    pub fn ask_those<'n>(
        &'n self,
        from: &Who,
        to: &Who,
        asked: &[Port],
        judging: impl Fn(End, usize) -> Vec<&'n Policy<'a>>,
    ) -> Answer<'n> {
        let mut open = asked.to_vec();
        let mut judgements = Vec::new();
        for (end, own, other) in [(End::From, from, to), (End::To, to, from)] {
            let Who::Pods(own) = own else { continue };
            let mut judgement = Judgement::default();
            let mut passing = Vec::new();
            for policy in judging(end, *own) {
                let passes = self.passing(policy, end, to, other);
                if !port::meet(&passes, asked).is_empty() {
                    judgement.passing.push(policy.id);
                }
                judgement.judging.push(policy.id);
                passing.extend(passes);
            }
            if !judgement.judging.is_empty() {
                open = port::meet(&open, &passing);
            }
            judgements.push((end, judgement));
        }
        Answer { open: port::tidy(open), judgements }
    }

    /// The parts of a range of which policies speak by themselves, so that more may be open there.
    pub fn parts(&self, range: &Range) -> Vec<Range> {
        let rules = self.policies.iter().flat_map(|policy| [policy.egress.as_deref(), policy.ingress.as_deref()]);
        let peers = rules.flatten().flatten().flat_map(|rule| &rule.peers);
        let mut parts: Vec<Range> = Vec::new();
        for peer in peers {
            let Peer::Outside(_, Some(own)) = peer else { continue };
            let part = own.meet(range).filter(|part| part != range && !parts.contains(part));
            parts.extend(part);
        }
        parts.sort_by_key(Range::party);
        parts
    }

    /// What is said at each end of a connection that is a pod.
    pub fn judge<'n>(&'n self, connection: &'n Connection) -> Vec<(End, &'n Party, Judgement<'n>)> {
        let Connection { from, to, port } = connection;
        let ends = [(End::From, from, to), (End::To, to, from)];
        let judge = |(end, own, other): (End, _, _)| {
            let pod = self.pods.of_party(own)?;
            let lets = |policy: &&Policy<'a>| {
                let meant = rules(policy, end).into_iter().flatten();
                let mut meant = meant.filter(|rule| rule.peers.iter().any(|peer| self.is_party(peer, other)));
                let called = self.pods.of_party(to);
                let ports = |rule: &Rule<'a>| {
                    called.map_or_else(|| rule.ports.clone(), |called| self.pods.all[called].resolved(&rule.ports))
                };
                meant.any(|rule| !port::meet(&ports(rule), std::slice::from_ref(port)).is_empty())
            };
            let judging: Vec<&Policy<'a>> = self.judging(end, pod).collect();
            let passing = judging.iter().copied().filter(lets).map(|policy| policy.id).collect();
            Some((end, own, Judgement { judging: judging.iter().map(|policy| policy.id).collect(), passing }))
        };
        ends.into_iter().filter_map(judge).collect()
    }

    fn is_party(&self, peer: &Peer<'a>, party: &Party) -> bool {
        match peer {
            Peer::Everybody => true,
            Peer::Pods(choice) => {
                choice.party() == *party || self.pods.of_party(party).is_some_and(|pod| choice.has(&self.pods, pod))
            }
            Peer::Outside(range, _) => range == party,
        }
    }

    /// The ports on which a policy lets through what comes from or goes to `other`.
    fn passing(&self, policy: &Policy<'a>, end: End, called: &Who, other: &Who) -> Vec<Port> {
        let meant = rules(policy, end)
            .into_iter()
            .flatten()
            .filter(|rule| rule.peers.iter().any(|peer| self.is_meant(peer, other)));
        let ports = meant.flat_map(|rule| &rule.ports).cloned();
        match called {
            Who::Pods(called) => self.pods.all[*called].resolved(&ports.collect::<Vec<_>>()),
            Who::Addresses(_) | Who::Named(_) => ports.collect(),
        }
    }

    fn is_meant(&self, peer: &Peer<'a>, other: &Who) -> bool {
        match (peer, other) {
            (Peer::Everybody, _) => true,
            (Peer::Pods(choice), Who::Pods(pod)) => choice.has(&self.pods, *pod),
            (Peer::Outside(_, Some(range)), Who::Addresses(asked)) => range.holds(asked),
            (Peer::Outside(Party::Outside(name), None), Who::Named(asked)) => is_named(name, asked),
            _ => false,
        }
    }
}

/// Whether a name, which may begin with `*.` for one label, means this one.
fn is_named(name: &str, asked: &str) -> bool {
    let below = name.strip_prefix("*.").and_then(|parent| asked.strip_suffix(parent)?.strip_suffix('.'));
    name == asked || below.is_some_and(|label| !label.is_empty() && !label.contains('.'))
}

fn rules<'p, 'a>(policy: &'p Policy<'a>, end: End) -> Option<&'p [Rule<'a>]> {
    match end {
        End::From => policy.egress.as_deref(),
        End::To => policy.ingress.as_deref(),
    }
}
