//! `kube-state-metrics`: makes metrics of what the API says about the platform's objects.

mod metrics;
mod rules;

use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::components::kube_state_metrics::rules::{absence, rules};
use crate::model::component::{Capability, Component, ComponentType, Desk};
use crate::model::endpoint::{Endpoint, Metrics};
use crate::model::identity::Own;
use crate::model::monitoring::{Alert, RuleGroup};
use crate::model::site::Site;
use crate::model::workload::{
    Controller, Env, Grant, Main, Priority, Probes, Reach, Replicas, Scope, Size, User, Workload,
};
use crate::parts::probe::{self, Timing};
use crate::parts::rights;
use crate::spec::shape::shape;
use crate::values::image::Image;
use crate::values::name::Name;

const PORT: u16 = 8080;
const OWN_PORT: u16 = 8081;
/// The user `nobody` of the image.
const USER: i64 = 65_534;

shape! {
    /// Makes metrics of what the API says about Deployments, pods, autoscalers, quotas and nodes.
    KubeStateMetricsSpec {}
}

/// A checked kube-state-metrics.
#[derive(Debug)]
pub struct KubeStateMetrics;

/// A resource that it reads: API group and plural.
type Resource = (&'static str, &'static str);

/// What it reads in each of the platform's namespaces. Neither secrets nor config maps: no rule or panel needs them.
const NAMESPACED: &[Resource] = &[
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("", "pods"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("policy", "poddisruptionbudgets"),
    ("", "persistentvolumeclaims"),
    ("", "resourcequotas"),
    ("networking.k8s.io", "ingresses"),
];

/// What it reads of the cluster itself.
const CLUSTER: &[Resource] = &[("", "namespaces"), ("", "nodes")];

impl ComponentType for KubeStateMetrics {
    const TYPE: &'static str = "kube-state-metrics";
    const SUMMARY: &'static str = "Metrics about Deployments, pods, autoscalers, quotas and nodes.";
    type Spec = KubeStateMetricsSpec;

    fn resolve(_spec: KubeStateMetricsSpec, _desk: &mut Desk<'_>) -> Option<Self> {
        Some(Self)
    }
}

/// The workload that reads what belongs to no namespace. With several namespaces to watch, version 2.20 repeats every
/// series about nodes and namespaces once for each of them, and Prometheus drops the repetitions with a warning at
/// every scrape (kube-state-metrics#2878). Apart, each is right, and neither has the other's rights.
fn cluster_workload(own: &Own) -> Name {
    own.name.with("cluster")
}

impl Component for KubeStateMetrics {
    fn endpoints(&self, own: &Own) -> Vec<Endpoint> {
        [own.name.clone(), cluster_workload(own)].iter().flat_map(endpoints).collect()
    }

    fn workloads(&self, site: &Site<'_>) -> Vec<Workload> {
        let namespaces = &site.around.namespaces;
        let names: Vec<&str> = namespaces.iter().map(Name::as_str).collect();
        let everywhere = namespaces.iter().map(|name| Scope::Namespace(name.clone(), readable(NAMESPACED))).collect();
        vec![
            workload(
                site,
                site.own.name.clone(),
                vec![resources(NAMESPACED), format!("--namespaces={}", names.join(","))],
                everywhere,
            ),
            workload(
                site,
                cluster_workload(site.own),
                vec![resources(CLUSTER)],
                vec![Scope::Cluster(readable(CLUSTER))],
            ),
        ]
    }

    fn requires(&self) -> &'static [Capability] {
        &[Capability::Scraping]
    }

    fn metrics(&self) -> Vec<&'static str> {
        [metrics::OBJECTS, metrics::CLUSTER, metrics::OWN].concat()
    }

    fn rules(&self, _own: &Own) -> Vec<RuleGroup> {
        vec![rules()]
    }

    fn absence(&self, own: &Own) -> Option<Alert> {
        Some(absence(own))
    }
}

fn endpoints(workload: &Name) -> [Endpoint; 2] {
    let objects = Metrics { honor_labels: true, foreign: true, ..Metrics::of("kube-state-metrics") };
    let scraped = Endpoint::metrics(workload, "http-metrics", PORT, "kube-state-metrics");
    [
        Endpoint { metrics: Some(objects), ..scraped },
        Endpoint::metrics(workload, "telemetry", OWN_PORT, "kube-state-metrics-self"),
    ]
}

fn resources(resources: &[Resource]) -> String {
    let names: Vec<&str> = resources.iter().map(|(_, plural)| *plural).collect();
    format!("--resources={}", names.join(","))
}

/// One rule for each API group, in the order of the table.
fn readable(resources: &[Resource]) -> Vec<PolicyRule> {
    let mut groups: Vec<&str> = resources.iter().map(|(group, _)| *group).collect();
    groups.sort_unstable();
    groups.dedup();
    let of = |group: &str| -> Vec<&str> {
        resources.iter().filter(|(other, _)| *other == group).map(|(_, plural)| *plural).collect()
    };
    groups.into_iter().map(|group| rights::rule(group, &of(group), &["list", "watch"])).collect()
}

fn workload(site: &Site<'_>, name: Name, args: Vec<String>, scopes: Vec<Scope>) -> Workload {
    Workload {
        name,
        role: "exporter",
        controller: Controller::Rolling(Replicas::Fixed(1)),
        priority: Priority::Platform,
        user: User { uid: USER, gid: USER, fs_group: None },
        api_token: true,
        main: container(site, args),
        init: Vec::new(),
        volumes: Vec::new(),
        grace: 30,
        spread: site.spread.clone(),
        reaches: vec![Reach::ApiServer],
        grants: scopes.into_iter().map(|scope| Grant { suffix: "", scope }).collect(),
    }
}

fn container(site: &Site<'_>, args: Vec<String>) -> Main {
    let resources = site.size.clone().map_or_else(|| Size::of((10, 200), (64, 256)), Size::with_headroom);
    let ports = [format!("--port={PORT}"), format!("--telemetry-port={OWN_PORT}")];
    Main {
        name: site.own.name.clone(),
        image: Image::pinned("registry.k8s.io", "kube-state-metrics/kube-state-metrics", "v2.20.0"),
        command: Vec::new(),
        args: ports.into_iter().chain(args).collect(),
        env: vec![Env::literal("GOMEMLIMIT", format!("{}MiB", resources.limits.memory.mebibytes_at(90)))],
        probes: Probes {
            startup: None,
            // Both ask the API server, which may be away for longer than a container should be restarted for.
            live: Some(probe::http(
                "/livez",
                "http-metrics",
                Timing { delay: 5, timeout: 5, failures: 12, ..probe::LIVENESS },
            )),
            ready: Some(probe::http("/readyz", "telemetry", Timing { delay: 5, timeout: 5, ..probe::READINESS })),
        },
        size: resources,
        lifecycle: None,
        exceptions: Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_the_resources_it_reads_and_no_more() {
        for table in [NAMESPACED, CLUSTER] {
            let rules = readable(table);
            let granted: Vec<Resource> = table
                .iter()
                .filter(|(group, plural)| {
                    let named = |list: &Option<Vec<String>>, word: &str| list.iter().flatten().any(|item| item == word);
                    rules.iter().any(|rule| named(&rule.api_groups, group) && named(&rule.resources, plural))
                })
                .copied()
                .collect();
            let named: usize = rules.iter().flat_map(|rule| &rule.resources).map(Vec::len).sum();
            assert_eq!(granted, table);
            assert_eq!(named, table.len());
            assert!(rules.iter().all(|rule| rule.verbs == ["list", "watch"]));
        }
    }

    #[test]
    fn metrics_are_of_the_resources_that_are_read() {
        let singular = |(_, plural): &Resource| match plural.strip_suffix("ses") {
            Some(stem) => format!("kube_{stem}s"),
            None => format!("kube_{}", plural.trim_end_matches('s')),
        };
        let prefixes: Vec<String> = NAMESPACED.iter().chain(CLUSTER).map(singular).collect();
        for metric in metrics::OBJECTS.iter().chain(metrics::CLUSTER) {
            assert!(prefixes.iter().any(|prefix| metric.starts_with(prefix.as_str())), "{metric}");
        }
        for prefix in &prefixes {
            assert!(
                metrics::OBJECTS.iter().chain(metrics::CLUSTER).any(|metric| metric.starts_with(prefix.as_str())),
                "{prefix}"
            );
        }
    }
}
