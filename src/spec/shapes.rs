//! The tables of `platform.toml` that belong to no component type, but for the cluster's.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::suggest;
use crate::spec::read::{At, Entries, Node, Read, wrong_type};
use crate::spec::scalars::{Amount, ContainerPort, word};
use crate::spec::shape::{shape, words};
use crate::spec::size::{SizeName, SizeSpec};
use crate::values::amount::{Bytes, Cpu};
use crate::values::body_size::BodySize;
use crate::values::date::Date;
use crate::values::duration::Duration;
use crate::values::host::Host;
use crate::values::label::{FreeLabelKey, LabelValue};
use crate::values::name::{Name, PlatformName};
use crate::values::parse::Parse;
use crate::values::path::UrlPath;

shape! {
    /// The platform as a whole.
    PlatformSpec {
        /// Name of the platform: the label `app.kubernetes.io/part-of` and the prefix of cluster-scoped objects.
        name: PlatformName,
        /// Domain below which hosts without a dot stand.
        domain: Host,
        /// Kubernetes minor that the objects are for: which fields and kinds exist, which Pod Security version is pinned. `1.36` when absent.
        kubernetes: Minor = Minor::USUAL,
        /// Name of the environment: an external label of every metric and the folder of its secrets in the store. `production` when absent.
        environment: Name = Name::fixed("production"),
    }
}

/// A supported Kubernetes minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Minor {
    /// 1.35
    V1_35,
    /// 1.36
    V1_36,
    /// 1.37
    V1_37,
}

const MINORS: &[(&str, Minor)] = &[("1.35", Minor::V1_35), ("1.36", Minor::V1_36), ("1.37", Minor::V1_37)];
/// The first that is supported, as a number, and the day on which the one before it had its last fix.
/// Source: kubernetes.io, "Releases".
const OLDEST: u32 = 35;
const ENDED: &str = "2026-10-27";

impl Minor {
    /// Where nothing is said.
    pub const USUAL: Self = Self::V1_36;

    /// The minor as a number: 36 for 1.36.
    pub const fn number(self) -> u32 {
        match self {
            Self::V1_35 => 35,
            Self::V1_36 => 36,
            Self::V1_37 => 37,
        }
    }

    /// The minor as Pod Security labels write it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::V1_35 => "v1.35",
            Self::V1_36 => "v1.36",
            Self::V1_37 => "v1.37",
        }
    }
}

impl Read for Minor {
    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        let Some(text) = node.get_ref().as_str() else {
            wrong_type(node, &Self::type_name(), report);
            return None;
        };
        let found = MINORS.iter().find(|(name, _)| *name == text).map(|(_, minor)| *minor);
        if found.is_none() {
            report
                .error(codes::INVALID_VALUE, node.span(), unsupported(text))
                .help(format!("expected {}", Self::type_name()));
        }
        found
    }

    fn stand_in(default: Option<Self>) -> Option<Self> {
        default.or(Some(Self::V1_36))
    }

    fn type_name() -> Cow<'static, str> {
        suggest::list(MINORS.iter().map(|(name, _)| *name)).into()
    }

    fn schema() -> Value {
        json!({ "enum": MINORS.iter().map(|(name, _)| *name).collect::<Vec<_>>() })
    }
}

/// Why it is none of those: a minor is no word that could be misspelt, so the nearest is no help.
fn unsupported(text: &str) -> String {
    let minor = text.trim_start_matches('v').split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
    match minor.filter(|_| text.trim_start_matches('v').starts_with("1.")) {
        Some(minor) if minor < OLDEST => {
            format!("Kubernetes 1.{minor} receives no more fixes: support for 1.{} ended on {ENDED}", OLDEST - 1)
        }
        Some(minor) if MINORS.iter().all(|(name, _)| *name != format!("1.{minor}")) => {
            format!("Kubernetes 1.{minor} is newer than what this version knows")
        }
        _ => format!("`{text}` is no Kubernetes minor"),
    }
}

shape! {
    /// What every `web-service` takes unless it says otherwise; `spread` holds for every workload.
    DefaultsSpec {
        /// Requests and limits; `small` when absent.
        size: SizeSpec = SizeSpec::Named(SizeName::Small),
        /// Failure domains over which replicas spread; none when absent.
        spread: Vec<At<Domain>> = Vec::new(),
        /// Health endpoints.
        probes: ProbesSpec = ProbesSpec::conventional(),
        /// Path of the metrics endpoint, or `off`. `/metrics` when absent.
        metrics: At<MetricsSpec> = MetricsSpec::conventional(),
        /// How a pod leaves.
        shutdown: ShutdownSpec = ShutdownSpec::conventional(),
    }
}

words! {
    /// A failure domain.
    Domain {
        /// Another zone, when there is one.
        Zone = "zone",
        /// Another node, when there is one.
        Host = "host",
    }
}

impl DefaultsSpec {
    /// What holds when the table is absent.
    pub fn conventional() -> Self {
        Self {
            size: SizeSpec::Named(SizeName::Small),
            spread: Vec::new(),
            probes: ProbesSpec::conventional(),
            metrics: MetricsSpec::conventional(),
            shutdown: ShutdownSpec::conventional(),
        }
    }
}

shape! {
    /// Health endpoints on the service's own port.
    ProbesSpec {
        /// Answers while the process works; must not ask a database. `/healthz` when absent.
        live: UrlPath = path("/healthz"),
        /// Answers while requests are welcome; `/readyz` when absent.
        ready: UrlPath = path("/readyz"),
        /// How long a start may take; `60s` when absent. A rollout waits for it.
        startup: Duration = Duration::seconds(60),
    }
}

impl ProbesSpec {
    fn conventional() -> Self {
        Self { live: path("/healthz"), ready: path("/readyz"), startup: Duration::seconds(60) }
    }
}

fn path(text: &str) -> UrlPath {
    UrlPath::parse(text).expect("a fixed path is a path")
}

/// The metrics endpoint: `off`, a path on the service's own port, or a path on a port of its own.
#[derive(Clone, Debug)]
pub enum MetricsSpec {
    /// There is none.
    Off,
    /// On the service's own port.
    Shared(UrlPath),
    /// On a port of its own, which no route can reach.
    Own(OwnMetrics),
}

shape! {
    /// A metrics endpoint on a port of its own.
    OwnMetrics {
        /// Path.
        path: UrlPath = path("/metrics"),
        /// Port.
        port: ContainerPort,
    }
}

impl MetricsSpec {
    fn conventional() -> At<Self> {
        At { value: Self::Shared(path("/metrics")), span: Default::default() }
    }
}

impl Read for MetricsSpec {
    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        match node.get_ref().as_str() {
            Some("off") => Some(Self::Off),
            Some(text) if !text.starts_with('/') && suggest::nearest(text, ["off"]).is_some() => {
                word(node, &[("off", Self::Off)], report)
            }
            Some(_) => UrlPath::read(node, report).map(Self::Shared),
            None if node.get_ref().is_table() => OwnMetrics::read(node, report).map(Self::Own),
            None => {
                wrong_type(node, "`off`, a path, or a table with `path` and `port`", report);
                None
            }
        }
    }

    /// Without metrics, nothing that somebody says about them is in the way.
    fn stand_in(_: Option<Self>) -> Option<Self> {
        Some(Self::Off)
    }

    fn type_name() -> Cow<'static, str> {
        "`off`, a path, or a table with path, port".into()
    }

    fn schema() -> Value {
        json!({ "anyOf": [{ "type": "string" }, OwnMetrics::schema()] })
    }
}

shape! {
    /// How a pod leaves: it serves on for `pre-stop`, until every proxy has heard, then has the rest of `grace`.
    ShutdownSpec {
        /// Time for endpoint removal to spread; `10s` when absent.
        pre_stop as "pre-stop": Duration = Duration::seconds(10),
        /// Time until the pod is killed, counted from the beginning; `45s` when absent.
        grace: At<Duration> = At { value: Duration::seconds(45), span: Default::default() },
    }
}

impl ShutdownSpec {
    fn conventional() -> Self {
        Self { pre_stop: Duration::seconds(10), grace: At { value: Duration::seconds(45), span: Default::default() } }
    }
}

shape! {
    /// One namespace.
    NamespaceSpec {
        /// What its pods may request together.
        quota: Option<QuotaSpec>,
        /// Pod Security level that it enforces; `restricted` when absent.
        pod_security as "pod-security": Option<PodSecurity>,
        /// More labels for the namespace, with keys of your own.
        labels: Entries<FreeLabelKey, LabelValue>,
    }
}

words! {
    /// A Pod Security Standard.
    PodSecurity {
        /// No restriction.
        Privileged = "privileged",
        /// No known way to escalate.
        Baseline = "baseline",
        /// Hardened.
        Restricted = "restricted",
    }
}

impl PodSecurity {
    /// The level as the labels write it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

shape! {
    /// What a namespace's pods may use together.
    QuotaSpec {
        /// Sum of CPU requests.
        cpu: At<Cpu>,
        /// Sum of memory requests, and of memory limits twice as much.
        memory: At<Bytes>,
        /// Number of pods.
        pods: At<Amount>,
    }
}

shape! {
    /// What every component has, whatever its type.
    ComponentSpec {
        /// What the component is; decides which further keys it takes.
        type_name as "type": At<String>,
        /// Namespace in which it runs.
        namespace: At<Name>,
        /// Components and externals that it calls, as `name` or `name:port`: the only source of network policies.
        calls: Vec<At<String>>,
        /// Requests and limits of its main container.
        size: Option<SizeSpec>,
        /// Failure domains over which its replicas spread.
        spread: Option<Vec<At<Domain>>>,
    }
}

impl ComponentSpec {
    /// The names in `calls`, without ports.
    pub fn callees(&self) -> impl Iterator<Item = &str> {
        self.calls.iter().map(|call| call.value.split_once(':').map_or(call.value.as_str(), |(name, _)| name))
    }

    /// Whether `calls` names `name`; an entry that could not be read may be any name.
    pub fn may_call(&self, name: &str) -> bool {
        self.callees().any(|called| called == name) || self.calls.iter().any(At::is_stand_in)
    }
}

shape! {
    /// How the world reaches a component.
    RouteSpec {
        /// Host, below the platform's domain unless it has a dot.
        host: At<Host>,
        /// Path prefix; the longest one on a host wins. `/` when absent.
        path: At<UrlPath> = At { value: UrlPath::root(), span: Default::default() },
        /// Largest request body.
        body: Option<BodySize>,
        /// Longest wait for an answer.
        timeout: Option<Duration>,
    }
}

shape! {
    /// A finding that somebody has accepted.
    AcceptSpec {
        /// Its code.
        code: At<String>,
        /// What it is about: a component, such as `components.ingress`, or an object, such as `Deployment production/api`.
        object: At<String>,
        /// The field of the object, such as `.spec.replicas`; every field when absent.
        field: Option<At<String>>,
        /// Why it is accepted.
        reason: At<String>,
        /// The last day on which it is accepted, such as `2027-01-31`; for good when absent.
        until: Option<At<Date>>,
    }
}
