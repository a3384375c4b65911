//! `web-service`: a stateless HTTP service of one's own, with health, metrics, scaling and a route.

mod directories;
mod environment;
mod rules;

use std::collections::BTreeSet;

use crate::components::web_service::environment::{Text, interpolated, spelled};
use crate::components::web_service::rules::{HTTP_METRICS, absence, golden_signals};
use crate::diagnostics::codes;
use crate::model::component::{Capability, Component, ComponentType, Desk};
use crate::model::endpoint::{Audience, Endpoint, Metrics};
use crate::model::identity::Own;
use crate::model::monitoring::{Alert, RuleGroup};
use crate::model::site::Site;
use crate::model::workload::{Controller, Env, Main, Priority, Probes, Replicas, Scale, Size, User, Workload};
use crate::ordered::Ordered;
use crate::parts::pod::sleep_before_stop;
use crate::parts::probe::{self, Timing};
use crate::spec::read::{At, Entries};
use crate::spec::scalars::{Amount, ContainerPort, Count, Percent, UserId};
use crate::spec::shape::{shape, words};
use crate::spec::shapes::{MetricsSpec, ProbesSpec, RouteSpec, ShutdownSpec};
use crate::values::amount::Bytes;
use crate::values::image::Image;
use crate::values::name::{Name, Variable};
use crate::values::path::MountPath;
use crate::values::secret_ref::{MountSource, SecretRef};

shape! {
    /// A stateless HTTP service of one's own.
    WebServiceSpec {
        /// Image, with registry host and tag.
        image: At<Image>,
        /// What it is written in: sets what each runtime needs to know of its limits.
        runtime: Option<Runtime>,
        /// Port on which it serves HTTP.
        port: ContainerPort,
        /// How the world reaches it.
        route: Option<RouteSpec>,
        /// Environment; `${name}` is the address of a component or external that `calls` names.
        env: Entries<Variable, At<String>>,
        /// Environment from secrets, each `"secret/key"`.
        secrets: Entries<Variable, SecretRef>,
        /// Directories from secrets, each `"secret:name"`.
        mounts: Entries<MountPath, MountSource>,
        /// Writable directories and their sizes.
        scratch: Entries<MountPath, Bytes>,
        /// Connections that one replica may hold to each external.
        pools: Entries<Name, Amount>,
        /// How many replicas, decided by load; `replicas` when absent.
        scale: Option<At<ScaleSpec>>,
        /// How many replicas, when load does not decide; `2` when absent.
        replicas: Option<At<Count>>,
        /// Replaces the image's entry point.
        command: Vec<String>,
        /// Arguments.
        args: Vec<String>,
        /// User and group id of the process; `10001` when absent.
        uid: UserId = UserId(10_001),
        /// Health endpoints, instead of the defaults.
        probes: Option<ProbesSpec>,
        /// Metrics endpoint, instead of the default. Alerts, dashboards and scaling by requests ask it for the counter
        /// `http_requests_total` with `method`, `path` and `status`, and for the histogram
        /// `http_request_duration_seconds`.
        metrics: Option<At<MetricsSpec>>,
        /// How a pod leaves, instead of the default.
        shutdown: Option<ShutdownSpec>,
    }
}

words! {
    /// What a service is written in.
    Runtime {
        /// Node.js: the heap limit is three quarters of the memory limit.
        Node = "node",
        /// Go: the collector works harder from nine tenths of the memory limit on.
        Go = "go",
        /// Python: writes no bytecode and no home directory; gunicorn's heartbeat files live in scratch space.
        Python = "python",
    }
}

shape! {
    /// How many replicas, decided by load.
    ScaleSpec {
        /// Fewest replicas; `2` when absent.
        min: At<Count> = At { value: Count(2), span: Default::default() },
        /// Most replicas.
        max: At<Count>,
        /// Percent of the CPU request, on average.
        cpu: Option<Percent>,
        /// Percent of the memory request, on average.
        memory: Option<Percent>,
        /// Requests per second of each replica, on average.
        requests_per_second as "requests-per-second": Option<Amount>,
    }
}

/// A checked service.
#[derive(Debug)]
pub struct WebService {
    spec: WebServiceSpec,
    env: Vec<(String, Text)>,
    controller: Controller,
    probes: ProbesSpec,
    metrics: MetricsSpec,
    shutdown: ShutdownSpec,
}

impl ComponentType for WebService {
    const TYPE: &'static str = "web-service";
    const SUMMARY: &'static str = "A stateless HTTP service of one's own: health, metrics, autoscaling, a route.";
    type Spec = WebServiceSpec;

    fn resolve(spec: WebServiceSpec, desk: &mut Desk<'_>) -> Option<Self> {
        let env: Vec<Option<(String, Text)>> = spec
            .env
            .0
            .iter()
            .map(|(name, value)| Some((name.value.as_str().to_owned(), interpolated(value, desk)?)))
            .collect();
        check_names_once(&spec, desk);
        let size = Size::with_headroom(desk.common.size.as_ref().unwrap_or(&desk.facts.defaults.size).exact());
        directories::check(&spec, &size, desk);
        check_ports(&spec, desk);
        check_pools(&spec, desk);
        let controller = controller(&spec, desk);
        let metrics = spec.metrics.clone().unwrap_or_else(|| desk.facts.defaults.metrics.clone());
        check_requests_are_counted(&spec, &metrics, desk);
        let shutdown = spec.shutdown.clone().unwrap_or_else(|| desk.facts.defaults.shutdown.clone());
        check_shutdown(&shutdown, desk);
        Some(Self {
            env: env.into_iter().collect::<Option<_>>()?,
            controller: controller?,
            probes: spec.probes.clone().unwrap_or_else(|| desk.facts.defaults.probes.clone()),
            metrics: metrics.value,
            shutdown,
            spec,
        })
    }
}

/// A variable comes from `env`, from `secrets` or from the runtime, never from two of them.
fn check_names_once(spec: &WebServiceSpec, desk: &mut Desk<'_>) {
    let plain: BTreeSet<&str> = spec.env.0.iter().map(|(name, _)| name.value.as_str()).ordered();
    for (name, _) in &spec.secrets.0 {
        if plain.contains(name.value.as_str()) {
            let message = format!("`{}` stands in `env` and in `secrets`", name.value.as_str());
            desk.report.error(codes::CONFLICT, name.span, message).help("a variable has one source");
        }
    }
}

fn check_ports(spec: &WebServiceSpec, desk: &mut Desk<'_>) {
    if let Some(At { value: MetricsSpec::Own(metrics), .. }) = &spec.metrics
        && metrics.port == spec.port
    {
        let message = format!("the metrics have the service's own port {}", spec.port.0);
        desk.report.error(codes::CONFLICT, desk.span, message).help("give them another port, or write just their path");
    }
}

/// An autoscaler that cannot read one of its metrics never scales down.
fn check_requests_are_counted(spec: &WebServiceSpec, metrics: &At<MetricsSpec>, desk: &mut Desk<'_>) {
    let Some(At { value: scale, span }) = &spec.scale else { return };
    let off = matches!(metrics.value, MetricsSpec::Off) && !metrics.is_stand_in();
    if off && scale.requests_per_second.is_some() {
        desk.report
            .error(codes::CONFLICT, *span, "`requests-per-second` is a target, and the service has no metrics")
            .help("write where they are (`metrics = \"/metrics\"`), or scale by `cpu` or `memory` alone");
    }
}

fn check_pools(spec: &WebServiceSpec, desk: &mut Desk<'_>) {
    for (name, _) in &spec.pools.0 {
        if desk.must_call(name, "pools").is_some() && desk.names.components.contains(name.value.as_str()) {
            let message = format!("`pools` counts connections to `{}`, which is no external", name.value);
            desk.report
                .error(codes::CONFLICT, name.span, message)
                .help("pools are connections to something outside the cluster");
        }
    }
}

fn check_shutdown(shutdown: &ShutdownSpec, desk: &mut Desk<'_>) {
    if shutdown.pre_stop >= shutdown.grace.value {
        let message = format!("`grace` ({}) does not outlast `pre-stop` ({})", shutdown.grace.value, shutdown.pre_stop);
        let span = shutdown.grace.span_or(desk.span);
        desk.report.error(codes::CONFLICT, span, message).help("the pod would be killed before it begins to stop");
    }
}

fn controller(spec: &WebServiceSpec, desk: &mut Desk<'_>) -> Option<Controller> {
    let Some(At { value: scale, span }) = &spec.scale else {
        return Some(Controller::Rolling(Replicas::Fixed(spec.replicas.as_ref().map_or(2, |count| count.value.0))));
    };
    if let Some(replicas) = &spec.replicas {
        desk.report
            .error(codes::CONFLICT, replicas.span, "`replicas` stands beside `scale`")
            .help("the autoscaler decides the number: remove one of them");
        return None;
    }
    // who has the bounds the wrong way round is told of all else as well
    let max = scale.max.value.0.max(scale.min.value.0);
    if scale.min.value > scale.max.value {
        let message = format!("`max` ({}) is less than `min` ({})", scale.max.value.0, scale.min.value.0);
        desk.report.error(codes::CONFLICT, scale.max.span, message);
    }
    if scale.cpu.is_none() && scale.memory.is_none() && scale.requests_per_second.is_none() {
        // A key in it that is not known was meant to be one.
        if desk.report.error_places().iter().any(|at| (span.start()..span.end()).contains(at)) {
            return None;
        }
        desk.report
            .error(codes::MISSING_KEY, *span, "`scale` has no target")
            .help("add `cpu`, `memory` or `requests-per-second`, or write `replicas` instead");
        return None;
    }
    Some(Controller::Rolling(Replicas::Scaled(Scale {
        min: scale.min.value.0,
        max,
        cpu: scale.cpu.map(|percent| percent.0),
        memory: scale.memory.map(|percent| percent.0),
        requests_per_second: scale.requests_per_second.map(|amount| amount.0),
    })))
}

impl Component for WebService {
    fn endpoints(&self, own: &Own) -> Vec<Endpoint> {
        let http = Endpoint {
            service: Some(self.spec.port.0),
            app_protocol: Some("http"),
            audience: &[Audience::Callers],
            ..Endpoint::tcp(&own.name, "http", self.spec.port.0)
        };
        // One job for all services of a namespace: they speak the same metrics.
        let scraped = |path: &str| Metrics {
            path: path.to_owned(),
            lenient: true,
            ..Metrics::of(&format!("{}-services", own.namespace))
        };
        match &self.metrics {
            MetricsSpec::Off => vec![http],
            MetricsSpec::Shared(path) => {
                vec![Endpoint {
                    audience: &[Audience::Callers, Audience::Scrapers],
                    metrics: Some(scraped(path.as_str())),
                    ..http
                }]
            }
            MetricsSpec::Own(metrics) => {
                let own_port = Endpoint::tcp(&own.name, "metrics", metrics.port.0);
                let scraped = scraped(metrics.path.as_str());
                vec![http, Endpoint { audience: &[Audience::Scrapers], metrics: Some(scraped), ..own_port }]
            }
        }
    }

    fn workloads(&self, site: &Site<'_>) -> Vec<Workload> {
        let user = UserId(self.spec.uid.0).0;
        vec![Workload {
            name: site.own.name.clone(),
            role: "server",
            controller: self.controller.clone(),
            priority: Priority::App,
            user: User { uid: user, gid: user, fs_group: None },
            api_token: false,
            main: self.container(site),
            init: Vec::new(),
            volumes: directories::volumes(&self.spec),
            grace: i64::from(self.shutdown.grace.value.in_seconds()),
            spread: site.spread.clone(),
            reaches: Vec::new(),
            grants: Vec::new(),
        }]
    }

    fn route(&self) -> Option<&RouteSpec> {
        self.spec.route.as_ref()
    }

    fn requires(&self) -> &'static [Capability] {
        if self.scales_on_requests() { &[Capability::RequestRate] } else { &[] }
    }

    fn pools(&self) -> Vec<(&Name, u32)> {
        self.spec.pools.0.iter().map(|(name, pool)| (&name.value, pool.0)).collect()
    }

    fn images(&self) -> Vec<&At<Image>> {
        vec![&self.spec.image]
    }

    fn scales_on_requests(&self) -> bool {
        matches!(&self.controller, Controller::Rolling(Replicas::Scaled(scale)) if scale.requests_per_second.is_some())
    }

    fn metrics(&self) -> Vec<&'static str> {
        let runtime = self.spec.runtime.map_or(&[][..], Runtime::metrics);
        HTTP_METRICS.iter().chain(runtime).copied().collect()
    }

    fn rules(&self, _own: &Own) -> Vec<RuleGroup> {
        vec![golden_signals()]
    }

    fn absence(&self, own: &Own) -> Option<Alert> {
        (!matches!(self.metrics, MetricsSpec::Off)).then(|| absence(own))
    }
}

impl WebService {
    fn container(&self, site: &Site<'_>) -> Main {
        let size = Size::with_headroom(site.size.clone().unwrap_or_else(|| site.facts.defaults.size.exact()));
        let startup = Timing {
            failures: (i32::try_from(self.probes.startup.in_seconds()).unwrap_or(i32::MAX) / probe::STARTUP.period)
                .max(1),
            ..probe::STARTUP
        };
        Main {
            name: site.own.name.clone(),
            image: self.spec.image.value.clone(),
            command: self.spec.command.clone(),
            args: self.spec.args.clone(),
            env: self.environment(site, &size),
            probes: Probes {
                startup: Some(probe::http(self.probes.live.as_str(), "http", startup)),
                live: Some(probe::http(self.probes.live.as_str(), "http", probe::LIVENESS)),
                ready: Some(probe::http(self.probes.ready.as_str(), "http", probe::READINESS)),
            },
            size,
            lifecycle: Some(sleep_before_stop(self.shutdown.pre_stop.in_seconds())),
            exceptions: Default::default(),
        }
    }

    /// What the user wrote, then secrets, then what the runtime needs and the user has not set.
    fn environment(&self, site: &Site<'_>, size: &Size) -> Vec<Env> {
        let mut variables: Vec<Env> =
            self.env.iter().map(|(name, text)| Env::literal(name, spelled(text, site))).collect();
        variables.extend(
            self.spec.secrets.0.iter().map(|(name, reference)| Env::secret(name.value.as_str(), reference.clone())),
        );
        let runtime = self.spec.runtime.map(|runtime| runtime.environment(size)).unwrap_or_default();
        for (name, value) in runtime {
            if !variables.iter().any(|variable| variable.name == name) {
                variables.push(Env::literal(name, value));
            }
        }
        variables
    }
}

impl Runtime {
    fn environment(self, size: &Size) -> Vec<(&'static str, String)> {
        let percent_of_memory = |percent| size.limits.memory.mebibytes_at(percent);
        match self {
            Self::Node => vec![("NODE_OPTIONS", format!("--max-old-space-size={}", percent_of_memory(75)))],
            Self::Go => vec![("GOMEMLIMIT", format!("{}MiB", percent_of_memory(90)))],
            Self::Python => [
                ("PYTHONDONTWRITEBYTECODE", "1"),
                ("PYTHONUNBUFFERED", "1"),
                ("HOME", "/tmp"),
                ("GUNICORN_CMD_ARGS", "--worker-tmp-dir /tmp"),
            ]
            .map(|(name, value)| (name, value.to_owned()))
            .into(),
        }
    }

    /// What the usual client library of the language exports by itself.
    const fn metrics(self) -> &'static [&'static str] {
        match self {
            Self::Node => &[
                "nodejs_eventloop_lag_seconds",
                "nodejs_heap_size_used_bytes",
                "process_cpu_seconds_total",
                "process_resident_memory_bytes",
            ],
            Self::Go => &[
                "go_gc_duration_seconds",
                "go_goroutines",
                "process_cpu_seconds_total",
                "process_resident_memory_bytes",
            ],
            Self::Python => {
                &["process_cpu_seconds_total", "process_resident_memory_bytes", "python_gc_objects_collected_total"]
            }
        }
    }
}
