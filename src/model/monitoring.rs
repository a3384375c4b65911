//! What Prometheus is told: jobs, rules, and which metrics therefore exist.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::endpoint::Credentials;
use crate::values::duration::Duration;
use crate::values::name::Name;

/// One scrape job over the pods of some components.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// Namespaces in which to look.
    pub namespaces: BTreeSet<Name>,
    /// Components (`app.kubernetes.io/name`) with the names of their metrics ports.
    pub ports: BTreeMap<Name, BTreeSet<&'static str>>,
    /// Path.
    pub path: String,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// Whether labels of the exporter win.
    pub honor_labels: bool,
    /// Whether the target's own pod, node and service are kept off the series.
    pub foreign: bool,
    /// Whether a missing content type is forgiven.
    pub lenient: bool,
    /// What the exporter asks for, if it asks.
    pub credentials: Option<Credentials>,
}

/// How loudly an alert speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody gets up.
    Critical,
    /// Somebody looks tomorrow.
    Warning,
    /// Nobody is told; it mutes others or proves that alerting works.
    Info,
}

impl Urgency {
    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A recording or alert rule. It is rendered only if every metric that it uses is collected.
#[derive(Clone, Debug)]
pub enum Rule {
    /// A series computed from others.
    Record {
        /// Its name.
        name: &'static str,
        /// The query.
        expr: String,
    },
    /// A condition that somebody should know.
    Alert(Alert),
}

/// A condition that somebody should know.
#[derive(Clone, Debug)]
pub struct Alert {
    /// CamelCase name.
    pub name: &'static str,
    /// The query; its result is what is wrong.
    pub expr: String,
    /// How long it must hold, such as `5m`.
    pub hold: &'static str,
    /// How loud.
    pub urgency: Urgency,
    /// One line, with `{{ $labels.x }}`.
    pub summary: &'static str,
    /// What it means and what to do first.
    pub description: &'static str,
}

/// The rules of one component type, or of one component.
#[derive(Clone, Debug)]
pub struct RuleGroup {
    /// Unique name.
    pub name: String,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// Everything that monitoring components need to know of the others.
#[derive(Clone, Debug, Default)]
pub struct Monitoring {
    /// Scrape jobs, by name.
    pub jobs: Vec<Job>,
    /// Rule groups offered by the platform's component types; those that use unknown metrics are already gone.
    pub groups: Vec<RuleGroup>,
    /// How often the jobs collect, if anything does.
    pub interval: Option<Duration>,
    /// Names of all metrics that the jobs collect and the rules record.
    pub collected: BTreeSet<&'static str>,
    /// Names of the metrics that each job finds, by the name of the job.
    pub found: BTreeMap<String, BTreeSet<&'static str>>,
}
