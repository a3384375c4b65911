//! The objects around a changed one: what a Service selects, whom a policy isolates and where else a route leads follow
//! from several. Each is looked up only when somebody asks.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::diff::effects::routes::{self, Route};
use crate::diff::effects::template_of;
use crate::diff::pair::{Pair, Placed};
use crate::diff::scale::Scales;
use crate::manifest::document::{Document, Id};
use crate::manifest::node::Node;
use crate::manifest::selector::{Labels, labels};
use crate::reach::pods::{Pods, namespace};
use crate::reach::policy::{self, Policy};
use crate::rights::{self, Right};
use crate::tables::{HashMap, HashSet};

/// Both sides as they are around one object.
pub struct Around<'a> {
    /// As it was.
    pub before: World<'a>,
    /// As it is.
    pub after: World<'a>,
    pairs: &'a [Pair<'a>],
    heirs: OnceLock<HashMap<(&'a str, String), String>>,
}

impl<'a> Around<'a> {
    /// Around each of these pairs.
    pub fn new(pairs: &'a [Pair<'a>]) -> Self {
        let of = |placed: Option<Placed<'a>>| placed.map(|placed| placed.document);
        Self {
            before: World::of(pairs.iter().filter_map(|pair| of(pair.before())).collect()),
            after: World::of(pairs.iter().filter_map(|pair| of(pair.after())).collect()),
            pairs,
            heirs: OnceLock::new(),
        }
    }

    /// What an object of the old side is called now, as `namespace/name`.
    pub fn heir_of(&self, document: &Document) -> String {
        self.heir(&document.id.kind, &place(document)).to_owned()
    }

    /// What an object of this kind is called now, as `namespace/name`.
    pub fn heir<'n>(&'n self, kind: &'n str, name: &'n str) -> &'n str {
        let heirs = self.heirs.get_or_init(|| {
            let renamed = self.pairs.iter().filter(|pair| pair.is_renamed());
            let called = |placed: Placed<'_>| place(placed.document);
            let heir =
                |pair: &'a Pair<'a>| Some(((pair.id().kind.as_str(), called(pair.before()?)), called(pair.after()?)));
            renamed.filter_map(heir).collect()
        });
        heirs.get(&(kind, name.to_owned())).map_or(name, String::as_str)
    }
}

/// `namespace/name`, also of what names no namespace.
pub fn place(document: &Document) -> String {
    format!("{}/{}", namespace(document), document.id.name)
}

/// A label in a namespace.
type Spot<'a> = (&'a str, &'a str, &'a str);

/// One side.
pub struct World<'a> {
    documents: Vec<&'a Document>,
    services: OnceLock<Services<'a>>,
    workloads: OnceLock<Workloads<'a>>,
    routes: OnceLock<Routes>,
    network: OnceLock<Network<'a>>,
    scales: OnceLock<Scales<'a>>,
    rights: OnceLock<BTreeSet<Right>>,
}

#[derive(Default)]
struct Routes {
    all: Vec<Route>,
    by_host: HashMap<String, Vec<usize>>,
    by_service: HashMap<String, Vec<usize>>,
}

/// The pods, and the policies for them.
pub struct Network<'a> {
    /// The pods.
    pub pods: Pods<'a>,
    /// The policies.
    pub policies: Vec<Policy<'a>>,
    /// For each pod, whether a policy judges who calls it, and whom it calls.
    pub is_judged: Vec<(bool, bool)>,
}

#[derive(Default)]
struct Services<'a> {
    by_name: HashMap<(&'a str, &'a str), &'a Document>,
    by_label: HashMap<Spot<'a>, Vec<&'a Document>>,
}

#[derive(Default)]
struct Workloads<'a> {
    all: Vec<Workload<'a>>,
    by_label: HashMap<Spot<'a>, Vec<usize>>,
}

impl Workloads<'_> {
    fn labelled<'w>(&'w self, namespace: &'w str, key: &'w str, value: &'w str) -> &'w [usize] {
        self.by_label.get(&(namespace, key, value)).map_or(&[][..], Vec::as_slice)
    }
}

/// The pods that one object makes.
pub struct Workload<'a> {
    /// The object.
    pub document: &'a Document,
    /// Their labels.
    pub labels: Labels<'a>,
    /// Their spec.
    pub pod: &'a Node,
}

impl<'a> World<'a> {
    fn of(documents: Vec<&'a Document>) -> Self {
        Self {
            documents,
            services: OnceLock::new(),
            workloads: OnceLock::new(),
            routes: OnceLock::new(),
            network: OnceLock::new(),
            scales: OnceLock::new(),
            rights: OnceLock::new(),
        }
    }

    fn routes(&self) -> &Routes {
        self.routes.get_or_init(|| {
            let mut found = Routes::default();
            for route in self.documents.iter().flat_map(|document| routes::of(document, self)) {
                let at = found.all.len();
                found.by_host.entry(route.host.clone()).or_default().push(at);
                for service in route.services() {
                    found.by_service.entry(service.to_owned()).or_default().push(at);
                }
                found.all.push(route);
            }
            found
        })
    }

    fn services(&self) -> &Services<'a> {
        self.services.get_or_init(|| {
            let mut found = Services::default();
            for document in self.documents.iter().filter(|one| one.id.kind == "Service" && one.id.group.is_empty()) {
                let home = namespace(document);
                found.by_name.insert((home, &document.id.name), document);
                for (key, value) in selector(&document.root) {
                    found.by_label.entry((home, key, value)).or_default().push(document);
                }
            }
            found
        })
    }

    fn workloads(&self) -> &Workloads<'a> {
        self.workloads.get_or_init(|| {
            let mut found = Workloads::default();
            for document in &self.documents {
                let Some((template, pod)) = template_of(document).and_then(|one| Some((one, one.get("spec")?))) else {
                    continue;
                };
                let labels = labels(template.at(&["metadata", "labels"]));
                for (key, value) in &labels {
                    found.by_label.entry((namespace(document), key, value)).or_default().push(found.all.len());
                }
                found.all.push(Workload { document, labels, pod });
            }
            found
        })
    }

    /// The Service of that name.
    pub fn service(&self, namespace: &str, name: &str) -> Option<&'a Document> {
        self.services().by_name.get(&(namespace, name)).copied()
    }

    /// The Services that want one of these labels, each once.
    pub fn services_by(&self, namespace: &str, labels: &Labels<'_>) -> Vec<&'a Document> {
        let by_label = &self.services().by_label;
        let found = labels.iter().filter_map(|(key, value)| by_label.get(&(namespace, *key, *value))).flatten();
        let mut seen = HashSet::default();
        found.filter(|service| seen.insert(&service.id)).copied().collect()
    }

    /// The pods that a Service leads to; `None` if somebody else says that.
    pub fn selected(&self, service: &Document) -> Option<Vec<&Workload<'a>>> {
        let wanted = selector(&service.root);
        let workloads = self.workloads();
        let rarest = wanted
            .iter()
            .map(|(key, value)| workloads.labelled(namespace(service), key, value))
            .min_by_key(|list| list.len())?;
        let found = rarest.iter().filter_map(|at| workloads.all.get(*at));
        Some(found.filter(|workload| holds(&workload.labels, &wanted)).collect())
    }

    /// The routes that may lead where a route of this host leads.
    pub fn routes_near(&self, host: &str) -> impl Iterator<Item = &Route> {
        let routes = self.routes();
        let parent = host.split_once('.').map(|(_, parent)| format!("*.{parent}"));
        let mut hosts = vec![host.to_owned(), "*".to_owned()];
        hosts.extend(parent);
        hosts.sort_unstable();
        hosts.dedup();
        hosts.into_iter().filter_map(|host| routes.by_host.get(&host)).flatten().map(|at| &routes.all[*at])
    }

    /// The routes that lead to a Service, `namespace/name`.
    pub fn routes_to(&self, service: &str) -> impl Iterator<Item = &Route> {
        let routes = self.routes();
        routes.by_service.get(service).into_iter().flatten().map(|at| &routes.all[*at])
    }

    /// How many pods objects keep.
    pub fn scales(&self) -> &Scales<'a> {
        self.scales.get_or_init(|| Scales::of(self.documents.iter().copied()))
    }

    /// Who may do what.
    pub fn rights(&self) -> &BTreeSet<Right> {
        self.rights.get_or_init(|| rights::rights(self.documents.iter().copied()))
    }

    /// The object of that kind of the core group and that name.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&'a Document> {
        let is_it = |id: &Id| id.kind == kind && id.group.is_empty() && id.name == name;
        self.documents.iter().copied().find(|one| is_it(&one.id) && self::namespace(one) == namespace)
    }

    /// The pods, and the policies for them.
    pub fn network(&self) -> &Network<'a> {
        self.network.get_or_init(|| {
            let pods = Pods::of(&self.documents);
            let policies: Vec<Policy<'a>> = self.documents.iter().flat_map(|document| policy::read(document)).collect();
            let mut is_judged = vec![(false, false); pods.all.len()];
            for policy in &policies {
                for pod in pods.find(&policy.subject) {
                    is_judged[pod].0 |= policy.ingress.is_some();
                    is_judged[pod].1 |= policy.egress.is_some();
                }
            }
            Network { pods, policies, is_judged }
        })
    }

    /// Whether there is a namespace of that name, or anything in it.
    pub fn has_namespace(&self, name: &str) -> bool {
        self.documents.iter().any(|document| namespace(document) == name)
    }
}

/// The labels that a Service wants.
pub fn selector(service: &Node) -> Labels<'_> {
    labels(service.at(&["spec", "selector"]))
}

/// Whether somebody with these labels has all that are wanted.
pub fn holds(labels: &Labels<'_>, wanted: &Labels<'_>) -> bool {
    wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
}
