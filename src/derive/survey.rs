//! What the components together amount to: scrape jobs, rules that can be true, who routes, who signs.

use std::collections::{BTreeMap, BTreeSet};

use crate::derive::promql::metrics_in;
use crate::model::component::Provides;
use crate::model::endpoint::{Audience, Metrics};
use crate::model::facts::Facts;
use crate::model::monitoring::{Job, Monitoring, Rule, RuleGroup};
use crate::model::platform::Declared;
use crate::model::site::Surroundings;
use crate::ordered::Ordered;
use crate::values::name::Name;

/// The surroundings of `components`.
pub fn survey(components: &[Declared], namespaces: Vec<Name>, facts: &Facts) -> Surroundings {
    let mut around = Surroundings { namespaces, monitoring: monitoring(components), ..Default::default() };
    for declared in components {
        match declared.component.provides(&declared.own, facts) {
            Provides::Routing { class } => around.ingress_class = Some(class.to_owned()),
            Provides::Certificates { issuer, acme, .. } => {
                around.issuer = Some(issuer);
                around.acme = acme;
            }
            Provides::Registry(registry) => around.registry = Some(registry),
            Provides::Scraping { interval } => around.monitoring.interval = Some(interval),
            Provides::Nothing | Provides::RequestRate => {}
        }
        if declared.component.scales_on_requests() {
            around.request_rate_namespaces.push(declared.own.namespace.clone());
        }
    }
    around.request_rate_namespaces.sort_unstable();
    around.request_rate_namespaces.dedup();
    around
}

fn monitoring(components: &[Declared]) -> Monitoring {
    let jobs = jobs(components);
    let found = found(components, &jobs);
    let mut collected: BTreeSet<&'static str> = found.values().flatten().chain(TARGET_METRICS).copied().ordered();
    let mut asked = BTreeSet::new();
    let mut groups: Vec<RuleGroup> = Vec::new();
    for declared in components {
        if asked.insert(declared.type_name) {
            groups.extend(declared.component.rules(&declared.own));
        }
    }
    let absences = components.iter().filter_map(|declared| declared.component.absence(&declared.own)).map(Rule::Alert);
    groups.push(RuleGroup { name: "absences".to_owned(), rules: absences.collect() });
    groups.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let groups = possible(groups, &mut collected);
    Monitoring { jobs, groups, interval: None, collected, found }
}

/// Series that Prometheus itself adds for every target and alert.
const TARGET_METRICS: &[&str] = &["up", "scrape_duration_seconds", "scrape_samples_scraped", "ALERTS"];

fn jobs(components: &[Declared]) -> Vec<Job> {
    let mut jobs: BTreeMap<Metrics, Job> = BTreeMap::new();
    for declared in components {
        for endpoint in declared.endpoints.iter().filter(|endpoint| endpoint.is_for(Audience::Scrapers)) {
            let Some(metrics) = &endpoint.metrics else { continue };
            let job = jobs.entry(metrics.clone()).or_insert_with(|| Job {
                name: metrics.job.clone(),
                namespaces: BTreeSet::new(),
                ports: BTreeMap::new(),
                path: metrics.path.clone(),
                scheme: metrics.scheme,
                honor_labels: metrics.honor_labels,
                foreign: metrics.foreign,
                lenient: metrics.lenient,
                credentials: metrics.credentials.clone(),
            });
            job.namespaces.insert(declared.own.namespace.clone());
            job.ports.entry(declared.own.name.clone()).or_default().insert(endpoint.name);
        }
    }
    numbered(jobs.into_values().collect())
}

/// The metrics that each job finds: those of the components that it asks, and those of jobs that ask nobody here.
fn found(components: &[Declared], jobs: &[Job]) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut asking: BTreeMap<&Name, Vec<&Job>> = BTreeMap::new();
    for job in jobs {
        for name in job.ports.keys() {
            asking.entry(name).or_default().push(job);
        }
    }
    let mut found: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    let mut add = |job: &str, metrics: &[&'static str]| found.entry(job.to_owned()).or_default().extend(metrics);
    for declared in components.iter().filter(|declared| declared.endpoints.iter().any(|one| one.metrics.is_some())) {
        let metrics = declared.component.metrics();
        let asked = asking.get(&declared.own.name).into_iter().flatten();
        asked.filter(|job| job.namespaces.contains(&declared.own.namespace)).for_each(|job| add(&job.name, &metrics));
        declared.component.jobs().iter().for_each(|(job, metrics)| add(job, metrics));
    }
    found.into_iter().map(|(job, metrics)| (job, metrics.into_iter().collect())).collect()
}

/// Jobs that differ in path but not in name get a number, because Prometheus refuses two jobs of one name.
fn numbered(mut jobs: Vec<Job>) -> Vec<Job> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for job in &mut jobs {
        let count = seen.entry(job.name.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            job.name = format!("{}-{count}", job.name);
        }
    }
    jobs
}

/// The rules whose every metric is collected. Recording rules add to what is collected, so this repeats until nothing
/// changes.
fn possible(groups: Vec<RuleGroup>, collected: &mut BTreeSet<&'static str>) -> Vec<RuleGroup> {
    loop {
        let before = collected.len();
        for rule in groups.iter().flat_map(|group| &group.rules) {
            if let Rule::Record { name, expr } = rule
                && metrics_in(expr).all(|metric| collected.contains(metric))
            {
                collected.insert(name);
            }
        }
        if collected.len() == before {
            break;
        }
    }
    let holds = |rule: &Rule| match rule {
        Rule::Record { expr, .. } => metrics_in(expr).all(|metric| collected.contains(metric)),
        Rule::Alert(alert) => metrics_in(&alert.expr).all(|metric| collected.contains(metric)),
    };
    groups
        .into_iter()
        .map(|group| RuleGroup { rules: group.rules.into_iter().filter(|rule| holds(rule)).collect(), ..group })
        .filter(|group| !group.rules.is_empty())
        .collect()
}
