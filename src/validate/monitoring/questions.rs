//! Whether what is asked has an answer: series that some job collects or some rule records, over windows that hold
//! enough of their samples.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::codes::{SHORT_WINDOW, UNKNOWN_METRIC};
use crate::diagnostics::suggest;
use crate::manifest::node::Node;
use crate::validate::findings::Findings;
use crate::validate::monitoring::durations::{self, spelled};
use crate::validate::monitoring::patterns::Pattern;
use crate::validate::monitoring::payloads::Payload;
use crate::validate::monitoring::promql::{Query, Selector, Window};
use crate::validate::monitoring::rules::Rule;
use crate::validate::monitoring::scene::{Job, Server};
use crate::validate::world::World;

/// Stands for a word that is chosen later; a metric with it in its name can be any.
pub const ANY: &str = "any__";

/// What can be asked for.
#[derive(Debug, Default)]
pub struct Answers {
    /// How often each recorded series is computed, in milliseconds.
    recorded: BTreeMap<String, u64>,
    /// The jobs.
    jobs: Vec<Source>,
    /// Whether all metrics that the jobs collect are known.
    is_complete: bool,
}

/// A job, as far as answers go.
#[derive(Debug)]
struct Source {
    name: String,
    interval: u64,
    metrics: BTreeSet<&'static str>,
}

/// Series that Prometheus adds for every target and every alert.
const OF_TARGETS: &[&str] = &[
    "ALERTS",
    "ALERTS_FOR_STATE",
    "scrape_duration_seconds",
    "scrape_samples_post_metric_relabeling",
    "scrape_samples_scraped",
    "scrape_series_added",
    "up",
];

impl Answers {
    /// What some servers together can be asked for.
    pub fn of(world: &World<'_>, servers: &[&Server<'_, '_>], rules: &BTreeMap<usize, Vec<Rule<'_>>>) -> Self {
        let mut answers = Self::default();
        let catalogue = world.known.and_then(|known| known.metrics.as_ref());
        let is_listed = |job: &Job<'_>| catalogue.is_some_and(|known| known.contains_key(job.name));
        answers.is_complete =
            catalogue.is_some() && !servers.is_empty() && servers.iter().flat_map(|server| &server.jobs).all(is_listed);
        for server in servers {
            for job in &server.jobs {
                let metrics = catalogue.and_then(|known| known.get(job.name)).cloned().unwrap_or_default();
                let metrics = kept(job.node, metrics);
                answers.jobs.push(Source { name: job.name.to_owned(), interval: job.interval, metrics });
            }
            let recording = server.rules.iter().filter_map(|at| rules.get(at)).flatten().filter(|rule| !rule.is_alert);
            for rule in recording {
                let interval = rule.interval.unwrap_or(server.evaluation);
                let slot = answers.recorded.entry(rule.name.to_owned()).or_insert(interval);
                *slot = interval.min(*slot);
            }
        }
        answers
    }

    fn has(&self, metric: &str) -> bool {
        OF_TARGETS.contains(&metric)
            || self.recorded.contains_key(metric)
            || self.jobs.iter().any(|job| job.metrics.contains(metric))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let collected = self.jobs.iter().flat_map(|job| job.metrics.iter().copied());
        self.recorded.keys().map(String::as_str).chain(collected)
    }

    /// The shortest time between two samples of what is selected, in milliseconds; `None` if nobody knows.
    fn interval(&self, selector: &Selector) -> Option<u64> {
        let metric = selector.metric.as_deref()?;
        if let Some(interval) = self.recorded.get(metric) {
            return Some(*interval);
        }
        let wanted = |source: &&Source| {
            selector.matchers.iter().all(|matcher| matcher.name != "job" || matcher.is_match(&source.name))
        };
        let makers = || self.jobs.iter().filter(|source| source.metrics.contains(metric)).filter(wanted);
        let known = makers().map(|source| source.interval).min();
        // a name with colons was recorded by somebody whom nobody here knows
        let any =
            || self.jobs.iter().filter(wanted).map(|source| source.interval).min().filter(|_| !metric.contains(':'));
        known.or_else(any)
    }

    /// Judges what one expression asks.
    pub fn judge(&self, payload: &Payload<'_>, at: &Node, name: &str, query: &Query, findings: &mut Findings) {
        let mut told = BTreeSet::new();
        for metric in query.selectors.iter().filter_map(|selector| selector.metric.as_deref()) {
            findings.ask();
            if self.is_complete && !self.has(metric) && !metric.contains(ANY) && told.insert(metric) {
                payload
                    .error(
                        findings,
                        UNKNOWN_METRIC,
                        at,
                        &format!("`{name}` asks for `{metric}`, which no job collects and no rule records"),
                    )
                    .help("it will never have an answer; collect it, or ask for something else")
                    .did_you_mean(suggest::nearest(metric, self.names()));
            }
        }
        for vain in &query.vain {
            let message = format!("`{name}` {vain}");
            payload.warning(findings, UNKNOWN_METRIC, at, &message).help("it will never have an answer");
        }
        for window in &query.windows {
            findings.ask();
            self.fits(payload, at, name, window, findings);
        }
    }

    /// An alert on what is not there outlives a scrape that fails.
    pub fn waits(&self, payload: &Payload<'_>, rule: &Rule<'_>, findings: &mut Findings) {
        // what is there for every target is there when a scrape fails
        let is_collected = |selector: &&Selector| {
            selector
                .metric
                .as_deref()
                .is_some_and(|name| !OF_TARGETS.contains(&name) && !self.recorded.contains_key(name))
        };
        let absences = rule.query.absences.iter().filter(is_collected);
        let longest =
            absences.filter_map(|selector| Some((self.interval(selector)?, selector))).max_by_key(|(of, _)| *of);
        let Some((interval, selector)) = longest.filter(|_| rule.is_alert) else { return };
        findings.ask();
        let waits = rule.node.text_at(&["for"]).and_then(durations::parse).unwrap_or_default();
        let needed = interval.saturating_mul(2);
        if waits < needed {
            let (of, metric) = (rule.name, selector.metric.as_deref().unwrap_or_default());
            let message = format!(
                "`{of}` fires when `{metric}` is not there for {}, with a sample every {}",
                spelled(waits),
                spelled(interval)
            );
            payload
                .warning(findings, SHORT_WINDOW, rule.expr, &message)
                .help(format!("one scrape that fails sets it off; give it a `for` of {} or more", spelled(needed)));
        }
    }

    fn fits(&self, payload: &Payload<'_>, at: &Node, name: &str, window: &Window, findings: &mut Findings) {
        let Some(interval) = window.step.or_else(|| self.interval(&window.selector)) else { return };
        let needed = interval.saturating_mul(window.samples);
        let Window { function, samples, range, .. } = window;
        if *range >= needed {
            return;
        }
        let message = format!(
            "`{name}` looks at `{function}` over {}, with a sample every {}: {} are needed for {samples} of them",
            spelled(*range),
            spelled(interval),
            spelled(needed)
        );
        let is_empty = *range < interval.saturating_mul(2);
        let help = if is_empty { "there is no result at all" } else { "one scrape that fails, and there is no result" };
        let found = if is_empty {
            payload.error(findings, SHORT_WINDOW, at, &message)
        } else {
            payload.warning(findings, SHORT_WINDOW, at, &message)
        };
        found.help(help);
    }
}

/// The metrics that a job does not throw away by their names.
fn kept(job: &Node, mut metrics: BTreeSet<&'static str>) -> BTreeSet<&'static str> {
    for rule in job.items_at(&["metric_relabel_configs"]) {
        let sources: Vec<&str> = rule.items_at(&["source_labels"]).iter().filter_map(Node::text).collect();
        let pattern = rule.text_at(&["regex"]).and_then(Pattern::read);
        match (sources.as_slice(), rule.text_at(&["action"]), pattern) {
            (["__name__"], Some("keep"), Some(pattern)) => metrics.retain(|metric| pattern.is_match(metric)),
            (["__name__"], Some("drop"), Some(pattern)) => metrics.retain(|metric| !pattern.is_match(metric)),
            _ => {}
        }
    }
    metrics
}
