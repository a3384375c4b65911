//! All objects that are judged together, and what is known to be there besides.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::path::Path;
use crate::manifest::document::Document;
use crate::manifest::node::Node;
use crate::manifest::selector::{self, Labels, NAMESPACE_NAME, Need, Selector};
use crate::reach::Connection;
use crate::reach::pods::{namespace, path_of_template};
use crate::spec::shapes::Minor;
use crate::tables::{self, HashMap};

/// All objects, found by what tells them from others.
#[derive(Debug)]
pub struct World<'a> {
    /// The objects, in order.
    pub objects: Vec<Thing<'a>>,
    /// The pods that they make, one for each workload.
    pub pods: Vec<Pod<'a>>,
    /// The labels of the namespaces that stand here or that something here lands in.
    pub namespaces: BTreeMap<&'a str, Labels<'a>>,
    /// The server's minor.
    pub minor: Minor,
    /// What else is there; `None` if nobody knows, so that what is not among the objects may be in the cluster already.
    pub known: Option<&'a Known>,
    /// The texts of the files, by their numbers; empty where nobody needs places within values.
    texts: Vec<&'a str>,
    found: HashMap<(&'a str, &'a str, &'a str), usize>,
    /// The numbers of the objects of each kind.
    kinds: HashMap<&'a str, Vec<usize>>,
    /// The numbers of the objects of each namespace; those of the cluster are in the empty one.
    places: HashMap<&'a str, Vec<usize>>,
    /// The numbers of the pods of each namespace.
    residents: HashMap<&'a str, Vec<usize>>,
    /// The number of the list of those with a label, by namespace, key and value.
    labelled: HashMap<(&'a str, &'a str, &'a str), usize>,
    /// Numbers of pods.
    lists: Vec<Vec<usize>>,
}

/// An object and the file that holds it.
#[derive(Clone, Copy, Debug)]
pub struct Thing<'a> {
    /// The number of its file.
    pub file: usize,
    /// The object.
    pub document: &'a Document,
    /// The namespace that it lands in; empty for objects of the cluster.
    place: &'a str,
}

/// The pods of a workload, as its template describes them.
#[derive(Clone, Debug)]
pub struct Pod<'a> {
    /// What makes them.
    pub owner: Thing<'a>,
    /// The template, or the pod itself.
    pub template: &'a Node,
    /// Where the template stands in its owner.
    pub path: Path,
    /// Their labels.
    pub labels: Labels<'a>,
}

/// What a closed world holds besides its objects.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Objects that others make: kind, namespace (empty for objects of the cluster) and name.
    pub objects: BTreeSet<(String, String, String)>,
    /// Whether others make every Secret that is asked for.
    pub secrets: bool,
    /// The connections that somebody wants; `None` if nobody has said.
    pub connections: Option<BTreeSet<Connection>>,
    /// The metrics that each scrape job finds, by the name of the job; `None` if nobody has said.
    pub metrics: Option<BTreeMap<String, BTreeSet<&'static str>>>,
}

impl<'a> World<'a> {
    /// All documents of `files`, each of which has its number.
    pub fn of(
        files: impl IntoIterator<Item = (usize, &'a [Document])>,
        known: Option<&'a Known>,
        minor: Minor,
    ) -> Self {
        let things = files
            .into_iter()
            .flat_map(|(file, documents)| documents.iter().map(move |document| Thing::of(file, document)));
        let objects: Vec<Thing<'a>> = things.collect();
        let mut found = tables::map(objects.len());
        let (mut kinds, mut places) = (HashMap::<&str, Vec<usize>>::default(), HashMap::<&str, Vec<usize>>::default());
        for (at, thing) in objects.iter().enumerate() {
            let id = &thing.document.id;
            kinds.entry(id.kind.as_str()).or_default().push(at);
            places.entry(thing.place()).or_default().push(at);
            found.entry((id.kind.as_str(), thing.place(), id.name.as_str())).or_insert(at);
        }
        let pods: Vec<Pod<'a>> = objects.iter().filter_map(|thing| Pod::of(*thing)).collect();
        let mut labelled = HashMap::default();
        let mut lists: Vec<Vec<usize>> = Vec::new();
        let mut residents: HashMap<&str, Vec<usize>> = HashMap::default();
        for (at, pod) in pods.iter().enumerate() {
            residents.entry(pod.namespace()).or_default().push(at);
            for (key, value) in &pod.labels {
                let list = *labelled.entry((pod.namespace(), *key, *value)).or_insert(lists.len());
                lists.resize_with(lists.len().max(list + 1), Vec::new);
                lists[list].push(at);
            }
        }
        let namespaces = namespaces(&objects);
        Self {
            objects,
            pods,
            namespaces,
            minor,
            known,
            texts: Vec::new(),
            found,
            kinds,
            places,
            residents,
            labelled,
            lists,
        }
    }

    /// The same with the texts of its files, so that places within values can be told.
    #[must_use]
    pub fn with_texts(self, texts: Vec<&'a str>) -> Self {
        Self { texts, ..self }
    }

    /// The text of a file.
    pub fn text(&self, file: usize) -> Option<&'a str> {
        self.texts.get(file).copied()
    }

    /// The numbers of the pods of a namespace that a selector wants, in order. They are looked for one by one, so that who
    /// asks for the first only does not wait for all.
    pub fn selected(&self, namespace: &str, selector: &Selector<'_>) -> impl Iterator<Item = usize> {
        let is_meant = move |at: &usize| selector.matches(&self.pods[*at].labels);
        let labelled = selector.0.iter().filter_map(|need| self.of_label(namespace, need));
        let rarest = labelled.min_by_key(|found| found.len());
        rarest.unwrap_or_else(|| listed(&self.residents, namespace)).iter().copied().filter(is_meant)
    }

    /// The pods that have the one label that is needed; `None` if that is not what is needed.
    fn of_label(&self, namespace: &str, need: &Need<'_>) -> Option<&[usize]> {
        let Need::In(key, values) = need else { return None };
        let [value] = values.as_slice() else { return None };
        let list = self.labelled.get(&(namespace, *key, *value) as &(&str, &str, &str)).copied();
        Some(list.map_or(&[], |list| &self.lists[list]))
    }

    /// Whether what is not among the objects is nowhere.
    pub fn is_closed(&self) -> bool {
        self.known.is_some()
    }

    /// The object of this kind, namespace (empty for objects of the cluster) and name.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<Thing<'a>> {
        self.found.get(&(kind, namespace, name) as &(&str, &str, &str)).map(|at| self.objects[*at])
    }

    /// Whether others make an object of this kind, namespace and name.
    pub fn is_known(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let Some(known) = self.known else { return false };
        known.secrets && kind == "Secret"
            || known.objects.contains(&(kind.to_owned(), namespace.to_owned(), name.to_owned()))
    }

    /// All objects of a kind.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = Thing<'a>> {
        listed(&self.kinds, kind).iter().map(|at| self.objects[*at])
    }

    /// All objects that land in a namespace.
    pub fn objects_in(&self, namespace: &str) -> impl Iterator<Item = Thing<'a>> {
        listed(&self.places, namespace).iter().map(|at| self.objects[*at])
    }

    /// The pods of a namespace with their numbers, in order.
    pub fn pods_in(&self, namespace: &str) -> impl DoubleEndedIterator<Item = (usize, &Pod<'a>)> {
        listed(&self.residents, namespace).iter().map(|at| (*at, &self.pods[*at]))
    }

    /// The names that objects of a kind have in a namespace.
    pub fn names(&self, kind: &str, place: &str) -> Vec<&'a str> {
        self.of_kind(kind).filter(|thing| thing.place() == place).map(|thing| thing.document.id.name.as_str()).collect()
    }
}

fn listed<'w>(lists: &'w HashMap<&str, Vec<usize>>, name: &str) -> &'w [usize] {
    lists.get(name).map_or(&[], Vec::as_slice)
}

/// Every namespace with its labels, of which its name is always one.
fn namespaces<'a>(objects: &[Thing<'a>]) -> BTreeMap<&'a str, Labels<'a>> {
    let mut found: BTreeMap<&str, Labels<'_>> = BTreeMap::new();
    for thing in objects {
        let (name, labels) = match thing.document.id.kind.as_str() {
            "Namespace" => (&*thing.document.id.name, selector::labels(thing.root().at(&["metadata", "labels"]))),
            _ => (thing.place(), Labels::new()),
        };
        if !name.is_empty() {
            found.entry(name).or_insert_with(|| Labels::from([(NAMESPACE_NAME, name)])).extend(labels);
        }
    }
    found
}

/// Kinds of Kubernetes' own that live in no namespace and are looked for by name.
const OF_THE_CLUSTER: &[&str] = &[
    "APIService",
    "ClusterIssuer",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterSecretStore",
    "CustomResourceDefinition",
    "GatewayClass",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "PersistentVolume",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
];

/// Whether objects of a kind live in no namespace.
pub fn is_of_cluster(kind: &str) -> bool {
    OF_THE_CLUSTER.contains(&kind)
}

impl<'a> Thing<'a> {
    fn of(file: usize, document: &'a Document) -> Self {
        let place = if is_of_cluster(&document.id.kind) { "" } else { namespace(document) };
        Self { file, document, place }
    }

    /// The namespace that it lands in; empty for objects of the cluster.
    pub fn place(&self) -> &'a str {
        self.place
    }

    /// Its content.
    pub fn root(&self) -> &'a Node {
        &self.document.root
    }
}

impl<'a> Pod<'a> {
    fn of(owner: Thing<'a>) -> Option<Self> {
        let keys = path_of_template(&owner.document.id)?;
        let template = owner.root().at(keys)?;
        template.get("spec")?;
        let labels = selector::labels(template.at(&["metadata", "labels"]));
        Some(Self { owner, template, path: Path::of(keys), labels })
    }

    /// What the pods are.
    pub fn spec(&self) -> &'a Node {
        self.template.get("spec").unwrap_or(self.template)
    }

    /// The namespace that they land in.
    pub fn namespace(&self) -> &'a str {
        self.owner.place()
    }

    /// The ports that its containers declare.
    pub fn ports(&self) -> Vec<&'a Node> {
        self.containers().flat_map(|(_, container)| container.items_at(&["ports"])).collect()
    }

    /// All containers, each with the list that holds it.
    pub fn containers(&self) -> impl Iterator<Item = (&'static str, &'a Node)> + use<'a> {
        let spec = self.spec();
        ["initContainers", "containers", "ephemeralContainers"]
            .into_iter()
            .flat_map(move |list| spec.items_at(&[list]).iter().map(move |container| (list, container)))
    }
}
