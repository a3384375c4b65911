//! Whether somebody would hear of it if a component were gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::codes::UNWATCHED_COMPONENT;
use crate::manifest::node::Node;
use crate::manifest::selector::{self, Labels};
use crate::validate::findings::Findings;
use crate::validate::monitoring::matchers::{Matcher, Wants};
use crate::validate::monitoring::patterns::Pattern;
use crate::validate::monitoring::promql::Selector;
use crate::validate::monitoring::rules::Rule;
use crate::validate::monitoring::scene::{Job, Scene, Server};
use crate::validate::world::{Pod, World};

/// Series about targets and pods as such, whatever runs in them.
const ABOUT_PODS: &[&str] = &["up", "kube_pod_", "kube_deployment_", "kube_statefulset_", "kube_daemonset_"];

/// Every workload that a job asks is watched by an alert.
pub fn watch(
    world: &World<'_>,
    scene: &Scene<'_>,
    servers: &[Server<'_, '_>],
    rules: &BTreeMap<usize, Vec<Rule<'_>>>,
    findings: &mut Findings,
) {
    let all: Vec<&Rule<'_>> =
        servers.iter().flat_map(|server| &server.rules).filter_map(|at| rules.get(at)).flatten().collect();
    let alerts = Alerts::of(all.iter().filter(|rule| rule.is_alert).flat_map(|rule| &rule.query.selectors));
    // rules may come from elsewhere
    if alerts.is_empty() || servers.iter().any(|server| scene.readers_of(server.payload).next().is_none()) {
        return;
    }
    let mut told = BTreeSet::new();
    for job in servers.iter().flat_map(|server| &server.jobs) {
        for pod in asked(world, job) {
            if !told.insert((pod.namespace(), pod.owner.document.id.name.as_str())) {
                continue;
            }
            findings.ask();
            let facts = Facts::of(pod, job);
            if !alerts.about(&facts).any(|selector| facts.is_told_of(selector)) {
                let message = format!("no alert tells when it is gone, though the job `{}` asks it", job.name);
                let at = pod.owner.root().at(&["metadata", "name"]).unwrap_or(pod.owner.root());
                findings
                    .warning(UNWATCHED_COMPONENT, pod.owner, at, &message)
                    .help(format!("such as `up{{job=\"{}\"}} == 0`", job.name));
            }
        }
    }
}

/// The pods that a job asks, as far as its discovery and the rules on labels of pods say.
fn asked<'w, 'a>(world: &'w World<'a>, job: &Job<'_>) -> impl Iterator<Item = &'w Pod<'a>> {
    let discoveries: Vec<Vec<String>> = job
        .node
        .items_at(&["kubernetes_sd_configs"])
        .iter()
        .filter(|discovery| discovery.text_at(&["role"]) == Some("pod"))
        .map(|discovery| discovery.items_at(&["namespaces", "names"]).iter().filter_map(Node::spelled).collect())
        .collect();
    let keeps: Vec<(Vec<String>, Pattern)> = job
        .node
        .items_at(&["relabel_configs"])
        .iter()
        .filter(|rule| rule.text_at(&["action"]) == Some("keep"))
        .filter_map(|rule| {
            let sources = rule.items_at(&["source_labels"]).iter().filter_map(Node::spelled).collect();
            Some((sources, Pattern::read(rule.text_at(&["regex"])?)?))
        })
        .collect();
    let is_asked = move |pod: &&Pod<'_>| {
        let is_found = |names: &Vec<String>| names.is_empty() || names.iter().any(|name| name == pod.namespace());
        discoveries.iter().any(is_found)
            && !keeps.is_empty()
            && keeps.iter().all(|(sources, pattern)| is_kept(pod, sources, pattern))
    };
    world.pods.iter().filter(is_asked)
}

/// Whether a rule keeps one of the targets that a pod becomes.
fn is_kept(pod: &Pod<'_>, sources: &[String], pattern: &Pattern) -> bool {
    let ports = pod.ports();
    let names = ports.iter().map(|port| port.text_at(&["name"]).unwrap_or_default());
    names.chain((ports.is_empty()).then_some("")).any(|port| {
        let values = sources.iter().map(|source| value(pod, source, port));
        values.collect::<Option<Vec<&str>>>().is_some_and(|values| pattern.is_match(&values.join(";")))
    })
}

/// What a label of discovery is for a pod; `None` if that is not known here.
fn value<'p>(pod: &'p Pod<'_>, source: &str, port: &'p str) -> Option<&'p str> {
    let folded = |key: &str| key.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
    let among = |labels: &Labels<'p>, wanted: &str| {
        labels.iter().find(|(key, _)| folded(key) == wanted).map_or("", |(_, value)| value)
    };
    match source.strip_prefix("__meta_kubernetes_")? {
        "namespace" => Some(pod.namespace()),
        "pod_container_port_name" => Some(port),
        rest => {
            if let Some(label) = rest.strip_prefix("pod_label_") {
                return Some(among(&pod.labels, label));
            }
            let annotations = selector::labels(pod.template.at(&["metadata", "annotations"]));
            rest.strip_prefix("pod_annotation_").map(|name| among(&annotations, name))
        }
    }
}

/// What alerts select: with as many services as alerts, nobody can look at each for each.
#[derive(Default)]
struct Alerts<'s> {
    /// By the one name that a label must have.
    named: BTreeMap<&'s str, Vec<&'s Selector>>,
    /// Those that say no such name.
    general: Vec<&'s Selector>,
}

impl<'s> Alerts<'s> {
    fn of(selectors: impl Iterator<Item = &'s Selector>) -> Self {
        let mut alerts = Self::default();
        for selector in selectors {
            let is_name = |matcher: &&Matcher| {
                matcher.is_exact() && (matcher.name == "job" || OF_WORKLOADS.contains(&matcher.name.as_str()))
            };
            match selector.matchers.iter().find(is_name) {
                Some(matcher) => alerts.named.entry(&matcher.value).or_default().push(selector),
                None => alerts.general.push(selector),
            }
        }
        alerts
    }

    fn is_empty(&self) -> bool {
        self.named.is_empty() && self.general.is_empty()
    }

    /// Those that may be about a workload.
    fn about<'f>(&'f self, facts: &'f Facts<'_>) -> impl Iterator<Item = &'s Selector> + use<'f, 's> {
        let names = facts.names.iter().chain([&facts.job]);
        let named = names.filter_map(|name| self.named.get(name)).flatten();
        self.general.iter().chain(named).copied()
    }
}

/// Labels with the name of a workload.
const OF_WORKLOADS: &[&str] = &["service", "deployment", "statefulset", "daemonset", "app"];

/// What is known of the series about a workload.
struct Facts<'f> {
    namespace: &'f str,
    job: &'f str,
    /// Names that a label of its series may have.
    names: Vec<&'f str>,
}

impl<'f> Facts<'f> {
    fn of(pod: &'f Pod<'_>, job: &'f Job<'_>) -> Self {
        let own = pod.owner.document.id.name.as_str();
        let labels = ["app.kubernetes.io/name", "app.kubernetes.io/instance", "app", "k8s-app"];
        let names = labels.iter().filter_map(|label| pod.labels.get(label).copied()).chain([own]).collect();
        Self { namespace: pod.namespace(), job: job.name, names }
    }

    /// Whether an alert looks at series of the workload: at those of all, or at its own by name.
    fn is_told_of(&self, selector: &Selector) -> bool {
        let metric = selector.metric.as_deref().unwrap_or_default();
        let is_about_pods =
            ABOUT_PODS.iter().any(|about| metric == *about || about.ends_with('_') && metric.starts_with(about));
        let names_it = |matcher: &Matcher| {
            let is_name = matcher.name == "job" && matcher.is_match(self.job)
                || self.names.iter().any(|name| matcher.is_match(name));
            is_name && matches!(matcher.wants, Wants::Equal | Wants::Match(_)) && !matcher.is_match("")
        };
        let is_possible = |matcher: &Matcher| match matcher.name.as_str() {
            "job" => matcher.is_match(self.job),
            "namespace" => matcher.is_match(self.namespace),
            label if OF_WORKLOADS.contains(&label) => self.names.iter().any(|name| matcher.is_match(name)),
            _ => true,
        };
        let is_its_own = selector.matchers.iter().filter(|matcher| matcher.name != "namespace").any(names_it);
        selector.matchers.iter().all(is_possible) && (is_about_pods || is_its_own)
    }
}
