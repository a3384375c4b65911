//! What belongs to a namespace as a whole: its Pod Security labels, quota, limits, default policies and certificates.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    LimitRange, LimitRangeItem, LimitRangeSpec, Namespace, ResourceQuota, ResourceQuotaSpec,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as ApiQuantity;

use crate::derive::{policies, routes};
use crate::manifest::document::Document;
use crate::manifest::node::Value;
use crate::model::edge::Edges;
use crate::model::endpoint::{Audience, Endpoint};
use crate::model::identity::platform_labels;
use crate::model::object::Object;
use crate::model::platform::Platform;
use crate::model::workload::{Source, Workload};
use crate::ordered::Ordered;
use crate::parts::meta::{Labels, cluster_scoped, namespaced};
use crate::spec::shapes::{NamespaceSpec, PodSecurity, QuotaSpec};
use crate::values::amount::{Bytes, Cpu};
use crate::values::name::Name;
use crate::values::parse::Parse;
use crate::values::quantity::Quantity;

/// The objects of every namespace. `workloads` holds the workloads of each component, in the platform's order; `brought` are
/// the manifests of somebody's own.
pub fn namespaces(
    edges: &Edges,
    platform: &Platform,
    workloads: &[Vec<Workload>],
    brought: &[&Document],
) -> Vec<(Name, Vec<Object>)> {
    let censuses = census(platform, workloads, brought);
    let hosts = routes::hosts(platform);
    let objects = |(name, spec): (&Name, &NamespaceSpec)| {
        let own = platform_labels(&platform.facts.platform.name, "namespace");
        let mut objects: Vec<Object> = vec![labelled(name, spec, platform).into()];
        if let Some(quota) = &spec.quota {
            let census = censuses.get(name).copied().unwrap_or_default();
            objects.push(resource_quota(name, quota, census, own.clone()).into());
            objects.push(limit_range(name, census, own.clone()).into());
        }
        objects.push(policies::default_deny(name, own.clone()).into());
        objects.push(policies::allow_dns(name, own.clone(), platform).into());
        objects.extend(policies::solvers(name, own, edges, platform).map(Object::from));
        let hosts = hosts.get(name).map_or(&[][..], Vec::as_slice);
        objects.extend(routes::certificates(name, hosts, platform).into_iter().map(Object::from));
        (name.clone(), objects)
    };
    platform.namespaces.iter().map(objects).collect()
}

fn labelled(name: &Name, spec: &NamespaceSpec, platform: &Platform) -> Namespace {
    let level = spec.pod_security.unwrap_or(PodSecurity::Restricted).label();
    let version = platform.facts.platform.kubernetes.label();
    let mut labels = platform_labels(&platform.facts.platform.name, "namespace");
    for (key, value) in &spec.labels.0 {
        labels.insert(key.value.as_str().to_owned(), value.as_str().to_owned());
    }
    for mode in ["enforce", "audit", "warn"] {
        labels.insert(format!("pod-security.kubernetes.io/{mode}"), level.to_owned());
        // Pinned: `latest` would change its meaning with the cluster's next upgrade.
        labels.insert(format!("pod-security.kubernetes.io/{mode}-version"), version.to_owned());
    }
    Namespace { metadata: cluster_scoped(name.as_str(), labels), ..Default::default() }
}

/// What a namespace holds: the quota admits exactly that.
#[derive(Clone, Copy)]
struct Census {
    claims: i128,
    load_balancers: i128,
    node_ports: i128,
    largest_cpu: Cpu,
    largest_memory: Bytes,
    largest_claim: Bytes,
}

impl Default for Census {
    /// Nothing counted, and the largest container and claim that anybody may bring along.
    fn default() -> Self {
        Self {
            claims: 0,
            load_balancers: 0,
            node_ports: 0,
            largest_cpu: Cpu::cores(4),
            largest_memory: Bytes::gibibytes(8),
            largest_claim: Bytes::gibibytes(200),
        }
    }
}

fn census<'a>(
    platform: &'a Platform,
    workloads: &[Vec<Workload>],
    brought: &[&Document],
) -> BTreeMap<&'a Name, Census> {
    let mut censuses: BTreeMap<&Name, Census> = BTreeMap::new();
    for (declared, workloads) in platform.components.iter().zip(workloads) {
        let census = censuses.entry(&declared.own.namespace).or_default();
        let public = |workload: &&Workload| {
            let balanced = |endpoint: &Endpoint| endpoint.service.is_some() && endpoint.is_for(Audience::World);
            declared.endpoints.iter().any(|endpoint| endpoint.workload == workload.name && balanced(endpoint))
        };
        let balanced = workloads.iter().filter(public).map(|_| 1).sum::<i128>();
        census.load_balancers += balanced;
        // A load balancer takes a node port for each of its ports.
        census.node_ports += balanced * 2;
        for workload in workloads {
            census.count(workload);
        }
        for document in declared.component.written().iter().flat_map(|written| &written.documents) {
            census.count_written(document);
        }
    }
    for document in brought {
        // one that is not declared has been told of
        let namespace = Name::parse(&document.id.namespace).ok();
        if let Some((name, _)) = namespace.and_then(|name| platform.namespaces.get_key_value(&name)) {
            censuses.entry(name).or_default().count_written(document);
        }
    }
    censuses
}

impl Census {
    fn count(&mut self, workload: &Workload) {
        self.largest_cpu = self.largest_cpu.max(workload.main.size.limits.cpu);
        self.largest_memory = self.largest_memory.max(workload.main.size.limits.memory);
        for volume in &workload.volumes {
            if let Source::Persistent(size) = volume.source {
                self.claims += i128::from(workload.controller.min_replicas().max(1));
                self.largest_claim = self.largest_claim.max(size);
            }
        }
    }

    /// What somebody has written.
    fn count_written(&mut self, document: &Document) {
        let root = &document.root;
        match document.id.kind.as_str() {
            "PersistentVolumeClaim" => self.claims += 1,
            "Service" => {
                let kind = root.text_at(&["spec", "type"]);
                let is_balanced = kind == Some("LoadBalancer");
                let ports = i128::try_from(root.items_at(&["spec", "ports"]).len()).unwrap_or_default();
                self.load_balancers += i128::from(is_balanced);
                self.node_ports += if is_balanced || kind == Some("NodePort") { ports } else { 0 };
            }
            "StatefulSet" => {
                let templates = i128::try_from(root.items_at(&["spec", "volumeClaimTemplates"]).len());
                let replicas = match root.at(&["spec", "replicas"]).map(|node| &node.value) {
                    Some(Value::Integer(replicas)) => replicas.get(),
                    _ => 1,
                };
                self.claims += templates.unwrap_or_default() * replicas;
            }
            _ => {}
        }
    }
}

fn resource_quota(namespace: &Name, quota: &QuotaSpec, census: Census, labels: Labels) -> ResourceQuota {
    let hard = amounts(&[
        ("requests.cpu", quota.cpu.value.api()),
        ("requests.memory", quota.memory.value.api()),
        // Limits are twice the requests by the house rule.
        ("limits.memory", quota.memory.value.times(2).api()),
        ("pods", count(quota.pods.value.0)),
        ("persistentvolumeclaims", count(census.claims)),
        ("services.loadbalancers", count(census.load_balancers)),
        ("services.nodeports", count(census.node_ports)),
    ]);
    ResourceQuota {
        metadata: namespaced(namespace.as_str(), namespace, labels),
        spec: Some(ResourceQuotaSpec { hard: Some(hard), ..Default::default() }),
        ..Default::default()
    }
}

/// For pods that bring no requests of their own: a quota refuses those outright.
fn limit_range(namespace: &Name, census: Census, labels: Labels) -> LimitRange {
    let mebibytes = |mebibytes| Bytes::mebibytes(mebibytes).api();
    let container = LimitRangeItem {
        type_: "Container".to_owned(),
        default: Some(amounts(&[
            ("cpu", Cpu::millis(500).api()),
            ("memory", mebibytes(256)),
            ("ephemeral-storage", mebibytes(512)),
        ])),
        default_request: Some(amounts(&[
            ("cpu", Cpu::millis(50).api()),
            ("memory", mebibytes(64)),
            ("ephemeral-storage", mebibytes(64)),
        ])),
        max: Some(amounts(&[("cpu", census.largest_cpu.api()), ("memory", census.largest_memory.api())])),
        ..Default::default()
    };
    let claim = LimitRangeItem {
        type_: "PersistentVolumeClaim".to_owned(),
        max: Some(amounts(&[("storage", census.largest_claim.api())])),
        ..Default::default()
    };
    LimitRange {
        metadata: namespaced(namespace.as_str(), namespace, labels),
        spec: Some(LimitRangeSpec { limits: vec![container, claim] }),
    }
}

fn count(things: impl Into<i128>) -> ApiQuantity {
    Quantity::whole(things.into()).api()
}

fn amounts(rows: &[(&str, ApiQuantity)]) -> BTreeMap<String, ApiQuantity> {
    rows.iter().map(|(name, amount)| ((*name).to_owned(), amount.clone())).ordered()
}
