//! What a namespace takes at its largest of what quotas count.
//! Source: `pkg/quota/v1/evaluator/core` and `apiserver/pkg/quota/v1/generic` of Kubernetes 1.35 to 1.37.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::diff::quantities::amount;
use crate::manifest::document::Id;
use crate::manifest::node::Node;
use crate::validate::arithmetic::asks::{Defaults, Side};
use crate::validate::arithmetic::devices;
use crate::validate::arithmetic::scale::Scale;
use crate::validate::arithmetic::scopes::{Scopes, default_priority};
use crate::validate::world::{Thing, World};
use crate::values::parse::Parse;
use crate::values::quantity::Quantity;

/// Who takes how much.
type Takers<'a> = Vec<(&'a str, Quantity)>;

/// What is taken, by what quotas call it.
#[derive(Default)]
pub struct Shares<'a>(BTreeMap<Cow<'a, str>, Takers<'a>>);

/// Objects that are counted without `count/` before them.
const OBJECTS: &[&str] = &["configmaps", "replicationcontrollers", "resourcequotas", "secrets", "services"];

/// Kinds that are counted with what makes them.
const COUNTED: &[&str] = &["Pod", "PersistentVolumeClaim"];

/// What a controller makes of objects.
struct Made {
    /// The kind of the objects, and its group.
    of: (&'static str, &'static str),
    /// What quotas call what is made.
    name: &'static str,
    /// How many are kept, by field, and how many where it says nothing.
    kept: &'static [(&'static str, i128)],
    /// How many are there besides.
    more: i128,
}

/// Source: `cleanupDeployment` in `pkg/controller/deployment/sync.go`, and `SetDefaults_CronJob` in
/// `pkg/apis/batch/v1/defaults.go`.
const MADE: &[Made] = &[
    Made {
        of: ("Deployment", "apps"),
        name: "replicasets.apps",
        kept: &[("revisionHistoryLimit", 10)],
        // the one that runs, and the one that takes its place
        more: 2,
    },
    Made {
        of: ("CronJob", "batch"),
        name: "jobs.batch",
        kept: &[("successfulJobsHistoryLimit", 3), ("failedJobsHistoryLimit", 1)],
        more: 1,
    },
];

/// What every namespace is given: what of, and by which name. Source: `pkg/controller/certificates/rootcacertpublisher` and
/// `pkg/controller/serviceaccount`.
const GIVEN: &[(&str, &str, &str)] =
    &[("configmaps", "ConfigMap", "kube-root-ca.crt"), ("serviceaccounts", "ServiceAccount", "default")];

/// The name of a resource that has several: `cpu` is `requests.cpu`, and `count/pods` are `pods`.
pub fn plain(name: &str) -> &str {
    const SAME: &[(&str, &str)] =
        &[("cpu", "requests.cpu"), ("memory", "requests.memory"), ("ephemeral-storage", "requests.ephemeral-storage")];
    let same = SAME.iter().find(|(other, _)| *other == name);
    same.map_or_else(|| name.strip_prefix("count/").unwrap_or(name), |(_, name)| name)
}

/// What is taken in a namespace by what a quota is about, apart from objects that stand here and are only counted.
pub fn of<'a>(world: &World<'a>, scales: &[Option<Scale>], namespace: &str, scopes: &Scopes<'a>) -> Shares<'a> {
    let (defaults, priority) = (Defaults::of(world, namespace), default_priority(world));
    let mut shares = Shares::default();
    let mut claims: Vec<(&'a str, &'a Node, i128)> = Vec::new();
    for (at, pod) in world.pods_in(namespace) {
        let Some(scale) = &scales[at] else { continue };
        let (name, count) = (pod.owner.document.id.name.as_str(), scale.most.saturating_add(scale.surge));
        let volumes = pod.spec().items_at(&["volumes"]).iter();
        let own = volumes.filter_map(|volume| volume.at(&["ephemeral", "volumeClaimTemplate"]));
        claims.extend(own.map(|claim| (name, claim, count)));
        let templates = pod.owner.root().items_at(&["spec", "volumeClaimTemplates"]).iter();
        claims.extend(templates.map(|claim| (name, claim, scale.most)));
        for claim in pod.spec().items_at(&["resourceClaims"]).iter().filter(|_| scopes.are_open()) {
            let template = claim.text_at(&["resourceClaimTemplateName"]);
            let template = template.and_then(|name| world.find("ResourceClaimTemplate", namespace, name));
            if let Some(spec) = template.and_then(|template| template.root().at(&["spec", "spec"])) {
                shares.add("resourceclaims.resource.k8s.io", name, Quantity::whole(count));
                shares.devices(name, spec, count);
            }
        }
        if !scopes.have_pod(pod, &defaults, priority) {
            continue;
        }
        shares.add("pods", name, Quantity::whole(count));
        for (resource, amount) in defaults.pod(pod.spec(), Side::Requests) {
            shares.add(requests(resource), name, amount.times(count));
            if resource.starts_with("hugepages-") {
                shares.add(resource, name, amount.times(count));
            }
        }
        for (resource, amount) in defaults.pod(pod.spec(), Side::Limits) {
            if let Some((_, key)) = LIMITS.iter().find(|(own, _)| *own == resource) {
                shares.add(*key, name, amount.times(count));
            }
        }
    }
    for thing in world.objects_in(namespace) {
        let name = thing.document.id.name.as_str();
        match thing.document.id.kind.as_str() {
            "PersistentVolumeClaim" => claims.push((name, thing.root(), 1)),
            _ if !scopes.are_open() => {}
            "Service" => shares.service(name, thing.root()),
            "ResourceClaim" => thing.root().get("spec").into_iter().for_each(|spec| shares.devices(name, spec, 1)),
            _ => shares.made_by(thing),
        }
    }
    let class = default_class(world);
    for (name, claim, count) in claims.into_iter().filter(|(_, claim, _)| scopes.have_claim(claim)) {
        shares.claim(name, claim, class, count);
    }
    if scopes.are_open() {
        for (resource, kind, name) in GIVEN {
            // whoever writes it has it counted
            if world.find(kind, namespace, name).is_none() {
                shares.add(*resource, name, Quantity::whole(1));
            }
        }
    }
    let challenges = challenges(world, namespace);
    for (resource, each) in SOLVER.iter().filter(|_| challenges > 0) {
        let is_meant = if *resource == "services" { scopes.are_open() } else { scopes.have_solver(priority) };
        if let Some(each) = Quantity::parse(each).ok().filter(|_| is_meant) {
            shares.add(*resource, "the answer to ACME challenges", each.times(challenges));
        }
    }
    shares
}

impl<'a> Shares<'a> {
    /// Who takes how much of what a quota names; objects that stand here are looked for.
    pub fn of(&self, world: &World<'a>, namespace: &str, name: &str, scopes: &Scopes<'a>) -> Takers<'a> {
        let resource = plain(name);
        let mut takers = self.0.get(resource).cloned().unwrap_or_default();
        if scopes.are_open() && (name.starts_with("count/") || OBJECTS.contains(&name)) {
            let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
            let is_meant = named(world, plural, group);
            let counted = world.objects_in(namespace).filter(|thing| is_meant(&thing.document.id));
            takers.extend(counted.map(|thing| (thing.document.id.name.as_str(), Quantity::whole(1))));
        }
        takers
    }

    fn add(&mut self, resource: impl Into<Cow<'a, str>>, name: &'a str, amount: Quantity) {
        self.0.entry(resource.into()).or_default().push((name, amount));
    }

    fn service(&mut self, name: &'a str, service: &Node) {
        let ports = service.items_at(&["spec", "ports"]);
        let kind = service.text_at(&["spec", "type"]).unwrap_or_default();
        let is_free = service.at(&["spec", "allocateLoadBalancerNodePorts"]).and_then(Node::bool) == Some(false);
        let of_nodes = match kind {
            "LoadBalancer" if is_free => ports.iter().filter(|port| has_node_port(port)).count(),
            "LoadBalancer" | "NodePort" => ports.len(),
            _ => 0,
        };
        if kind == "LoadBalancer" {
            self.add("services.loadbalancers", name, Quantity::whole(1));
        }
        if of_nodes > 0 {
            self.add("services.nodeports", name, Quantity::whole(i128::try_from(of_nodes).unwrap_or_default()));
        }
    }

    /// What a claim for devices, made so many times, asks for.
    fn devices(&mut self, name: &'a str, claim: &'a Node, count: i128) {
        for (class, each) in devices::asked(claim) {
            let amount = Quantity::whole(each.saturating_mul(count));
            self.add(format!("{class}.deviceclass.resource.k8s.io/devices"), name, amount);
        }
    }

    fn made_by(&mut self, thing: Thing<'a>) {
        let id = &thing.document.id;
        let Some(made) = MADE.iter().find(|made| id.kind == made.of.0 && id.group == made.of.1) else { return };
        let number = |key: &str| thing.root().at(&["spec", key]).and_then(Node::integer);
        let kept = made.kept.iter().map(|(key, unsaid)| number(key).unwrap_or(*unsaid));
        self.add(made.name, &id.name, Quantity::whole(kept.fold(made.more, i128::saturating_add)));
    }

    fn claim(&mut self, name: &'a str, claim: &'a Node, class: Option<&'a str>, count: i128) {
        const OLD: &str = "volume.beta.kubernetes.io/storage-class";
        let storage = claim.at(&["spec", "resources", "requests", "storage"]).and_then(amount);
        let storage = storage.unwrap_or(Quantity::whole(0)).times(count);
        let own = claim.text_at(&["metadata", "annotations", OLD]);
        let class = own.or_else(|| claim.text_at(&["spec", "storageClassName"])).or(class);
        for (resource, amount) in [("persistentvolumeclaims", Quantity::whole(count)), ("requests.storage", storage)] {
            self.add(resource, name, amount);
            if let Some(class) = class.filter(|class| !class.is_empty()) {
                self.add(format!("{class}.storageclass.storage.k8s.io/{resource}"), name, amount);
            }
        }
    }
}

/// The class of claims that name none. Source: `plugin/pkg/admission/storage/storageclass/setdefault`.
fn default_class<'a>(world: &World<'a>) -> Option<&'a str> {
    const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";
    let is_default = |class: &Thing<'_>| class.root().text_at(&["metadata", "annotations", DEFAULT]) == Some("true");
    world.of_kind("StorageClass").find(is_default).map(|class| class.document.id.name.as_str())
}

fn has_node_port(port: &Node) -> bool {
    port.get("nodePort").and_then(Node::integer).is_some_and(|number| number != 0)
}

const LIMITS: &[(&str, &str)] =
    &[("cpu", "limits.cpu"), ("memory", "limits.memory"), ("ephemeral-storage", "limits.ephemeral-storage")];

/// What quotas call requests of a resource.
fn requests<'a>(resource: &str) -> Cow<'a, str> {
    const KNOWN: &[&str] = &["requests.cpu", "requests.memory", "requests.ephemeral-storage"];
    let known = KNOWN.iter().find(|known| known.strip_prefix("requests.") == Some(resource));
    known.map_or_else(|| format!("requests.{resource}").into(), |known| Cow::Borrowed(*known))
}

/// Whether an object is of those that are called like this in addresses. Those whose definition is here are called as it says.
fn named<'a>(world: &World<'a>, plural: &str, group: &str) -> impl Fn(&Id) -> bool {
    let is_it = |definition: &Thing<'_>| {
        let says = |path: &[&str], wanted: &str| definition.root().text_at(path) == Some(wanted);
        says(&["spec", "group"], group) && says(&["spec", "names", "plural"], plural)
    };
    let definition = if group.is_empty() { None } else { world.of_kind("CustomResourceDefinition").find(is_it) };
    let kind = definition.and_then(|definition| definition.root().text_at(&["spec", "names", "kind"]));
    move |id: &Id| {
        let is_kind = kind.map_or_else(|| guessed(&id.kind) == plural, |kind| id.kind == kind);
        id.group == group && is_kind && !COUNTED.contains(&id.kind.as_str())
    }
}

/// What objects of a kind are called in addresses.
fn guessed(kind: &str) -> String {
    let name = kind.to_lowercase();
    match name.as_bytes() {
        _ if name == "endpoints" => name,
        [.., b's'] => name + "es",
        [.., before, b'y'] if !b"aeiou".contains(before) => format!("{}ies", &name[..name.len() - 1]),
        _ => name + "s",
    }
}

/// What a pod that answers a challenge takes, with its Service.
/// Source: cert-manager `pkg/controller/context.go`, defaults of `--acme-http01-solver-resource-*`.
const SOLVER: &[(&str, &str)] = &[
    ("limits.cpu", "100m"),
    ("limits.memory", "64Mi"),
    ("pods", "1"),
    ("requests.cpu", "10m"),
    ("requests.memory", "64Mi"),
    ("services", "1"),
];

/// How many names of a namespace an issuer that asks challenges may ask about at once.
fn challenges(world: &World<'_>, namespace: &str) -> i128 {
    let asks = |certificate: &Thing<'_>| {
        let of = |key: &str| certificate.root().text_at(&["spec", "issuerRef", key]);
        let kind = of("kind").unwrap_or("Issuer");
        let place = if kind == "ClusterIssuer" { "" } else { namespace };
        let issuer = of("name").and_then(|name| world.find(kind, place, name));
        let solvers = issuer.map(|issuer| issuer.root().items_at(&["spec", "acme", "solvers"])).unwrap_or_default();
        solvers.iter().any(|solver| solver.get("http01").is_some())
    };
    let here = world.of_kind("Certificate").filter(|certificate| certificate.place() == namespace).filter(asks);
    let names = here.map(|certificate| certificate.root().items_at(&["spec", "dnsNames"]).len()).sum::<usize>();
    i128::try_from(names).unwrap_or_default()
}
