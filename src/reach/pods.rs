//! The pods that manifests make, found by namespace and by label without looking at all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::manifest::document::{Document, Id};
use crate::manifest::node::Node;
use crate::manifest::selector::{self, Labels, NAMESPACE_NAME, Need, Selector};
use crate::reach::party::Party;
use crate::reach::port::{Port, Protocol};
use crate::tables::{HashMap, HashSet};

/// The pods of one workload, or of none that is known.
#[derive(Clone, Debug)]
pub struct Pod<'a> {
    /// What they are called.
    pub party: Party,
    /// The ports that they declare: name, protocol and number. `None` where nobody knows the pods.
    pub declared: Option<Vec<(&'a str, Port)>>,
    /// Whether others make them: about these, only what a policy says counts.
    pub is_stranger: bool,
    labels: Labels<'a>,
    namespace: Arc<str>,
    /// The labels of the namespace.
    home: Arc<Labels<'a>>,
}

/// A choice of pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Choice<'a> {
    /// Where.
    pub place: Place<'a>,
    /// Which of them.
    pub pods: Selector<'a>,
}

/// Where pods are chosen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place<'a> {
    /// In one namespace.
    Namespace(&'a str),
    /// In namespaces by their labels.
    Labelled(Selector<'a>),
}

/// The labels of namespaces by their names.
pub type Homes<'a> = BTreeMap<&'a str, Arc<Labels<'a>>>;

/// All pods, sorted by namespace and name.
#[derive(Debug, Default)]
pub struct Pods<'a> {
    /// The pods.
    pub all: Vec<Pod<'a>>,
    /// The namespaces that say something of themselves or hold pods.
    pub homes: Homes<'a>,
    namespaces: HashMap<Arc<str>, Range<usize>>,
    labelled: HashMap<(&'a str, &'a str), Vec<usize>>,
}

/// Kinds that make pods, and where their template stands.
const WORKLOADS: &[(&str, &str, &[&str])] = &[
    ("Deployment", "apps", &["spec", "template"]),
    ("StatefulSet", "apps", &["spec", "template"]),
    ("DaemonSet", "apps", &["spec", "template"]),
    ("ReplicaSet", "apps", &["spec", "template"]),
    ("ReplicationController", "", &["spec", "template"]),
    ("Job", "batch", &["spec", "template"]),
    ("CronJob", "batch", &["spec", "jobTemplate", "spec", "template"]),
    ("Pod", "", &[]),
];

/// All that selectors can see of a pod, and what it says of its ports.
#[derive(Debug, PartialEq)]
pub struct Seen<'p> {
    namespace: &'p str,
    is_stranger: bool,
    labels: Vec<(&'p str, &'p str)>,
    home: Vec<(&'p str, &'p str)>,
    declared: &'p Option<Vec<(&'p str, Port)>>,
}

impl Pod<'_> {
    /// What selectors that ask about these labels of pods and of namespaces can see.
    pub fn seen(&self, of_pods: &HashSet<&str>, of_homes: &HashSet<&str>) -> Seen<'_> {
        Seen {
            namespace: &self.namespace,
            is_stranger: self.is_stranger,
            labels: some(&self.labels, of_pods),
            home: some(&self.home, of_homes),
            declared: &self.declared,
        }
    }
}

/// The labels with these keys.
fn some<'p>(labels: &Labels<'p>, keys: &HashSet<&str>) -> Vec<(&'p str, &'p str)> {
    labels.iter().filter(|(key, _)| keys.contains(*key)).map(|(key, value)| (*key, *value)).collect()
}

impl<'a> Choice<'a> {
    fn holds(&self, pod: &Pod<'a>) -> bool {
        self.place.holds(pod) && self.pods.matches(&pod.labels)
    }

    /// Whether a pod of `pods` with this number is among them.
    pub fn has(&self, pods: &Pods<'a>, pod: usize) -> bool {
        self.holds(&pods.all[pod])
    }

    /// Whether every pod of a namespace with these labels is among them.
    pub fn has_all_of(&self, home: &Labels<'a>) -> bool {
        self.pods.0.is_empty() && self.place.is(home)
    }

    /// What pods are called that only this describes.
    pub fn party(&self) -> Party {
        Party::Pods { namespace: self.place.text(), labels: self.pods.text().into() }
    }

    fn stranger(&self) -> Pod<'a> {
        let home = match &self.place {
            Place::Namespace(name) => Labels::from([(NAMESPACE_NAME, *name)]),
            Place::Labelled(selector) => selector.example(),
        };
        Pod {
            party: self.party(),
            declared: None,
            is_stranger: true,
            labels: self.pods.example(),
            namespace: self.place.text(),
            home: home.into(),
        }
    }
}

impl<'a> Place<'a> {
    /// Namespaces by their labels; the label that is a name is the name.
    pub fn labelled(selector: Selector<'a>) -> Self {
        match selector.only(NAMESPACE_NAME) {
            Some(name) => Self::Namespace(name),
            None => Self::Labelled(selector),
        }
    }

    fn holds(&self, pod: &Pod<'a>) -> bool {
        match self {
            Self::Namespace(name) => *pod.namespace == **name,
            Self::Labelled(selector) => selector.matches(&pod.home),
        }
    }

    /// Whether it is there, for a namespace with these labels.
    fn is(&self, home: &Labels<'a>) -> bool {
        match self {
            Self::Namespace(name) => home.get(NAMESPACE_NAME) == Some(name),
            Self::Labelled(selector) => selector.matches(home),
        }
    }

    fn text(&self) -> Arc<str> {
        match self {
            Self::Namespace(name) => (*name).into(),
            Self::Labelled(selector) if selector.0.is_empty() => "*".into(),
            Self::Labelled(selector) => format!("{{{}}}", selector.text()).into(),
        }
    }
}

impl<'a> Pods<'a> {
    /// The pods of all workloads among `documents`. Pods in the network of their node are not there: policies neither
    /// hold for them nor find them.
    pub fn of(documents: &[&'a Document]) -> Self {
        let labelled = |name: &'a str, own: Option<&'a Node>| {
            let mut labels = selector::labels(own);
            labels.insert(NAMESPACE_NAME, name);
            (name, labels.into())
        };
        let of_namespaces = documents.iter().filter(|document| document.id.kind == "Namespace");
        let mut homes: Homes<'a> = of_namespaces
            .map(|document| labelled(&document.id.name, document.root.at(&["metadata", "labels"])))
            .collect();
        let mut names: HashMap<&str, Arc<str>> = HashMap::default();
        let mut all = Vec::new();
        for document in documents {
            let Some(template) = template(document) else { continue };
            let name = namespace(document);
            let namespace = names.entry(name).or_insert_with(|| name.into());
            let home = homes.entry(name).or_insert_with(|| labelled(name, None).1);
            all.push(Pod {
                party: Party::Workload { namespace: namespace.clone(), name: document.id.name.as_str().into() },
                declared: Some(declared(template)),
                is_stranger: false,
                labels: selector::labels(template.at(&["metadata", "labels"])),
                namespace: namespace.clone(),
                home: home.clone(),
            });
        }
        Self::indexed(all, homes)
    }

    /// These pods, and one for each choice that finds none: pods that others make, such as the cluster's name servers. Where
    /// such pods are known `elsewhere`, it is they, unless they are here too and have other labels.
    #[must_use]
    pub fn with_strangers<'c>(
        mut self,
        choices: impl Iterator<Item = &'c Choice<'a>>,
        elsewhere: &Self,
        is_here: impl Fn(&Party) -> bool,
    ) -> Self
    where
        'a: 'c,
    {
        let unmet = choices.filter(|choice| choice.pods.is_specific() && self.find(choice).is_empty());
        let mut strangers = Vec::new();
        let mut known: BTreeSet<usize> = BTreeSet::new();
        for choice in unmet {
            let found = elsewhere.find(choice);
            strangers.extend(found.is_empty().then(|| choice.stranger()));
            known.extend(found.into_iter().filter(|at| !is_here(&elsewhere.all[*at].party)));
        }
        strangers.extend(known.into_iter().map(|at| Pod { is_stranger: true, ..elsewhere.all[at].clone() }));
        self.all.extend(strangers);
        Self::indexed(self.all, self.homes)
    }

    fn indexed(mut all: Vec<Pod<'a>>, homes: Homes<'a>) -> Self {
        all.sort_by(|one, other| (&one.namespace, &one.party).cmp(&(&other.namespace, &other.party)));
        let mut pods = Self { all, homes, ..Self::default() };
        for (at, pod) in pods.all.iter().enumerate() {
            pods.namespaces.entry(pod.namespace.clone()).or_insert(at..at).end = at + 1;
            for (key, value) in &pod.labels {
                pods.labelled.entry((key, value)).or_default().push(at);
            }
        }
        pods
    }

    /// The number of the pods that a party means; `None` if it is no pod.
    pub fn of_party(&self, party: &Party) -> Option<usize> {
        self.all.iter().position(|pod| pod.party == *party)
    }

    /// The numbers of the pods that are chosen, in order.
    pub fn find(&self, choice: &Choice<'a>) -> Vec<usize> {
        let within = match &choice.place {
            Place::Namespace(name) => self.namespaces.get(*name).cloned().unwrap_or_default(),
            Place::Labelled(_) => 0..self.all.len(),
        };
        let fits = |at: &usize| choice.has(self, *at);
        match self.candidates(&choice.pods, &within) {
            Some(mut found) => {
                found.retain(fits);
                found
            }
            None => within.filter(fits).collect(),
        }
    }

    /// The pods in a range that have the rarest of the labels that a selector wants; `None` if it wants none.
    fn candidates(&self, selector: &Selector<'a>, within: &Range<usize>) -> Option<Vec<usize>> {
        let listed = |key: &'a str, value: &'a str| {
            let list = self.labelled.get(&(key, value)).map_or(&[][..], Vec::as_slice);
            let bound = |end: usize| list.partition_point(|at| *at < end);
            &list[bound(within.start)..bound(within.end)]
        };
        let wanted = selector.0.iter().filter_map(|need| match need {
            Need::In(key, values) => Some(values.iter().map(|value| listed(key, value)).collect::<Vec<_>>()),
            _ => None,
        });
        let mut rarest = wanted.min_by_key(|lists| lists.iter().map(|list| list.len()).sum::<usize>())?.concat();
        rarest.sort_unstable();
        Some(rarest)
    }
}

/// The namespace that an object lands in.
pub fn namespace(document: &Document) -> &str {
    if document.id.namespace.is_empty() { "default" } else { &document.id.namespace }
}

/// Whether objects like this make pods.
pub fn is_workload(id: &Id) -> bool {
    path_of_template(id).is_some()
}

/// Where the template of the pods stands that objects like this make.
pub fn path_of_template(id: &Id) -> Option<&'static [&'static str]> {
    let known = |(kind, group, _): &&(&str, &str, _)| id.kind == *kind && id.group == *group;
    WORKLOADS.iter().find(known).map(|(.., path)| *path)
}

/// Whether an object makes pods in the network of their node, where policies neither hold for them nor find them.
pub fn is_on_its_node(document: &Document) -> bool {
    let template = path_of_template(&document.id).and_then(|path| document.root.at(path));
    template.and_then(|template| template.at(&["spec", "hostNetwork"])).and_then(Node::bool) == Some(true)
}

fn template(document: &Document) -> Option<&Node> {
    let template = document.root.at(path_of_template(&document.id)?)?;
    (!is_on_its_node(document)).then_some(template)
}

/// The ports that a pod's containers declare under a name; sidecars among the first containers do as well, and others of
/// those have ended before anybody calls.
fn declared(template: &Node) -> Vec<(&str, Port)> {
    let stays = |container: &&Node| container.text_at(&["restartPolicy"]) == Some("Always");
    let sidecars = template.items_at(&["spec", "initContainers"]).iter().filter(stays);
    let containers = template.items_at(&["spec", "containers"]).iter().chain(sidecars);
    let ports = containers.flat_map(|container| container.items_at(&["ports"]));
    let read = |port| Some((Node::text_at(port, &["name"])?, one(port, "containerPort")?));
    ports.filter_map(read).collect()
}

fn one(port: &Node, key: &str) -> Option<Port> {
    let number = u16::try_from(port.get(key)?.integer()?).ok()?;
    Some(Port::one(Protocol::read(port.text_at(&["protocol"]))?, number))
}
