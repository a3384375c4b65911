//! `grafana`: dashboards over what Prometheus collects; who reads them logs in.

mod board;
mod capacity;
mod dashboard;
mod draw;
mod edge_registry_tls;
mod environment;
mod platform_overview;
mod provisioning;
mod service_red;

use crate::components::grafana::board::Board;
use crate::components::grafana::environment::environment;
use crate::components::grafana::provisioning::{datasources, drawn, providers};
use crate::derive::promql::unreached;
use crate::diagnostics::codes;
use crate::model::component::{Capability, Component, ComponentType, Desk};
use crate::model::endpoint::{Audience, Credentials, Endpoint, Metrics};
use crate::model::identity::Own;
use crate::model::monitoring::{Alert, Urgency};
use crate::model::site::Site;
use crate::model::workload::{
    ConfigFiles, Controller, Main, Priority, Probes, SecretContent, SecretFiles, Size, Source, User, Volume, Workload,
};
use crate::parts::probe::{self, Timing};
use crate::spec::read::At;
use crate::spec::shape::{shape, words};
use crate::spec::shapes::RouteSpec;
use crate::values::amount::Bytes;
use crate::values::image::Image;
use crate::values::secret_ref::{SecretKey, SecretRef};

/// The release that dashboards, settings and image agree on.
const VERSION: &str = "13.2.3";
/// The uid by which dashboards name their data source.
const DATASOURCE: &str = "prometheus";
/// The component type that is the data source.
const PROMETHEUS: &str = "prometheus";

shape! {
    /// Dashboards over what Prometheus collects.
    GrafanaSpec {
        /// How the world reaches it.
        route: Option<RouteSpec>,
        /// Size of the volume with users, preferences and dashboards made by hand.
        storage: Bytes,
        /// First password of the user `admin`, as `secret/key`. The same secret holds `secret-key`, with which Grafana
        /// encrypts what it stores.
        admin: At<SecretRef>,
        /// Password of its metrics, which a route would publish otherwise, as `secret/key`; with a route and without
        /// this key, `password` of the secret `<name>-metrics`.
        metrics: Option<SecretRef>,
        /// Built-in dashboards; all of them when absent. Each shows only what this platform collects.
        dashboards: Vec<At<BoardName>> = ALL.map(|value| At { value, span: Default::default() }).into(),
    }
}

words! {
    /// A built-in dashboard.
    BoardName {
        /// Is anything wrong, where, and what will be wrong next?
        PlatformOverview = "platform-overview",
        /// Rate, errors and duration of one service, and what limits it.
        ServiceRed = "service-red",
        /// What is left of quotas, nodes, volumes and autoscalers.
        Capacity = "capacity",
        /// The edge, certificates, the registry, and notifications.
        EdgeRegistryTls = "edge-registry-tls",
    }
}

/// Every built-in dashboard.
const ALL: [BoardName; 4] =
    [BoardName::PlatformOverview, BoardName::ServiceRed, BoardName::Capacity, BoardName::EdgeRegistryTls];

impl BoardName {
    const fn board(self) -> &'static Board {
        match self {
            Self::PlatformOverview => &platform_overview::BOARD,
            Self::ServiceRed => &service_red::BOARD,
            Self::Capacity => &capacity::BOARD,
            Self::EdgeRegistryTls => &edge_registry_tls::BOARD,
        }
    }
}

/// A checked Grafana.
#[derive(Debug)]
pub struct Grafana {
    spec: GrafanaSpec,
}

impl ComponentType for Grafana {
    const TYPE: &'static str = "grafana";
    const SUMMARY: &'static str = "Dashboards over what Prometheus collects, rendered for what this platform has.";
    type Spec = GrafanaSpec;

    fn resolve(spec: GrafanaSpec, desk: &mut Desk<'_>) -> Option<Self> {
        if spec.admin.value.key == secret_key() {
            desk.report
                .error(codes::CONFLICT, spec.admin.span, "the key `secret-key` holds what Grafana encrypts with")
                .help("keep the password under another key of the secret, such as `password`");
        }
        for (at, dashboard) in spec.dashboards.iter().enumerate() {
            if spec.dashboards[..at].iter().any(|earlier| earlier.value == dashboard.value) {
                let message = format!("dashboard `{}` is listed twice", dashboard.value.board().name);
                desk.report.error(codes::DUPLICATE, dashboard.span, message);
            }
        }
        Some(Self { spec })
    }
}

fn secret_key() -> SecretKey {
    SecretKey::fixed("secret-key")
}

impl Component for Grafana {
    fn endpoints(&self, own: &Own) -> Vec<Endpoint> {
        let metrics = Metrics {
            path: format!("{}/metrics", self.sub_path()),
            credentials: self.guard(own).map(|password| Credentials { user: METRICS_USER, password }),
            ..Metrics::of("grafana")
        };
        vec![Endpoint {
            service: Some(PORT),
            app_protocol: Some("http"),
            audience: &[Audience::Callers, Audience::Scrapers],
            metrics: Some(metrics),
            ..Endpoint::tcp(&own.name, "http", PORT)
        }]
    }

    fn workloads(&self, site: &Site<'_>) -> Vec<Workload> {
        vec![Workload {
            name: site.own.name.clone(),
            role: "dashboards",
            // Its database is a file on a volume that one pod can hold.
            controller: Controller::Recreate { prepares: 0 },
            priority: Priority::Platform,
            // The image's own user; its files are readable by all, so no group of the image is needed.
            user: User { uid: 472, gid: 472, fs_group: Some(472) },
            api_token: false,
            main: self.container(site),
            init: Vec::new(),
            volumes: self.volumes(site),
            grace: 30,
            spread: Vec::new(),
            reaches: Vec::new(),
            grants: Vec::new(),
        }]
    }

    fn route(&self) -> Option<&RouteSpec> {
        self.spec.route.as_ref()
    }

    fn calls_types(&self) -> &'static [&'static str] {
        &[PROMETHEUS]
    }

    fn requires(&self) -> &'static [Capability] {
        &[Capability::Scraping]
    }

    /// Wherever a route leads to them: see `guard`.
    fn guards_metrics(&self) -> bool {
        true
    }

    fn absence(&self, own: &Own) -> Option<Alert> {
        Some(Alert {
            name: "GrafanaAbsent",
            expr: unreached(own, None),
            hold: "5m",
            urgency: Urgency::Warning,
            summary: "{{ $labels.namespace }}/{{ $labels.service }} shows no dashboards",
            description: "Prometheus reaches no pod of Grafana. Either none runs, or its volume is held elsewhere, or Prometheus and Grafana disagree on the password of its metrics, which Grafana reads only when it starts.",
        })
    }

    fn metrics(&self) -> Vec<&'static str> {
        vec![
            "go_goroutines",
            "grafana_build_info",
            "grafana_http_request_duration_seconds_bucket",
            "grafana_http_request_duration_seconds_count",
            "grafana_http_request_duration_seconds_sum",
            "grafana_plugin_request_total",
            "process_cpu_seconds_total",
            "process_resident_memory_bytes",
        ]
    }
}

const PORT: u16 = 3000;
/// Below `/etc/grafana/provisioning` the image has an empty directory for each kind of file; those that we have nothing
/// for stay as they are, and no file has to be mounted into a directory that something else owns.
const PROVISIONING: &str = "/etc/grafana/provisioning";
const DASHBOARDS: &str = "/etc/grafana/dashboards";
const ADMIN_SECRET: &str = "/etc/grafana/secrets/admin";
const METRICS_SECRET: &str = "/etc/grafana/secrets/metrics";
const METRICS_USER: &str = "metrics";
/// Sockets and unpacked files of the plugins, which are processes of their own since 13.2 and fill about 100Mi, and
/// uploads. A pod that fills its scratch is evicted, again and again.
const TMP: Bytes = Bytes::mebibytes(256);

/// Two minutes: the first start migrates an empty database on a network volume.
const STARTUP: Timing = Timing { failures: 60, ..probe::STARTUP };
/// A busy database answers late; a restart would not make it faster.
const LIVENESS: Timing = Timing { failures: 10, ..probe::LIVENESS };

impl Grafana {
    /// The path below which it is served, without a slash at the end.
    fn sub_path(&self) -> &str {
        self.spec.route.as_ref().map_or("", |route| route.path.value.as_str().trim_end_matches('/'))
    }

    /// The password of the metrics. They stand on the same port as everything else, so a route leads to them; and what
    /// they tell (version, users, data sources) is not for the world. Of the ways to keep them inside, a password is the
    /// only one that does not depend on which ingress controller stands in front: Grafana has no second port, snippets
    /// are forbidden, and a path of its own in the Ingress would need a backend that answers nothing. Without a route
    /// only Prometheus reaches the port.
    fn guard(&self, own: &Own) -> Option<SecretRef> {
        let usual = || SecretRef::derived(own.name.with("metrics"), "password");
        self.spec.metrics.clone().or_else(|| self.spec.route.as_ref().map(|_| usual()))
    }

    fn container(&self, site: &Site<'_>) -> Main {
        let health = format!("{}/api/health", self.sub_path());
        Main {
            name: site.own.name.clone(),
            image: Image::pinned("docker.io", "grafana/grafana", VERSION),
            command: Vec::new(),
            args: Vec::new(),
            env: environment(self, site),
            probes: Probes {
                startup: Some(probe::http(&health, "http", STARTUP)),
                live: Some(probe::http(&health, "http", LIVENESS)),
                ready: Some(probe::http(&health, "http", probe::READINESS)),
            },
            size: site
                .size
                .clone()
                .map_or_else(|| Size::of((100, 500), (192, 512)), Size::with_headroom)
                // The scratch, and as much again for logs.
                .with_disk(TMP.times(2)),
            lifecycle: None,
            exceptions: Default::default(),
        }
    }

    fn volumes(&self, site: &Site<'_>) -> Vec<Volume> {
        let volume = |name: &str, path: &str, source| Volume { name: name.to_owned(), path: path.to_owned(), source };
        let secret = |name: &str, path: &str, reference: &SecretRef, more: Vec<SecretKey>| {
            let keys = [reference.key.clone()].into_iter().chain(more).collect();
            let content = SecretContent::Keys(reference.origin(), keys);
            let files = SecretFiles { name: reference.secret.clone(), content };
            volume(name, path, Source::Secret(files))
        };
        let provisioned = |kind: &str, files: ConfigFiles| {
            volume(kind, &format!("{PROVISIONING}/{kind}"), Source::Config(vec![files]))
        };
        let mut volumes = vec![
            volume("data", "/var/lib/grafana", Source::Persistent(self.spec.storage)),
            volume("tmp", "/tmp", Source::Scratch(TMP)),
            secret("admin", ADMIN_SECRET, &self.spec.admin.value, vec![secret_key()]),
        ];
        volumes.extend(self.guard(site.own).map(|password| secret("metrics", METRICS_SECRET, &password, Vec::new())));
        volumes.push(provisioned("datasources", datasources(site)));
        if !self.spec.dashboards.is_empty() {
            volumes.push(provisioned("dashboards", providers(site)));
            let boards = self.spec.dashboards.iter().map(|name| drawn(name.value.board(), site)).collect();
            volumes.push(volume("boards", DASHBOARDS, Source::Config(boards)));
        }
        volumes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::report::Report;
    use crate::parts::payload::DRAWN;
    use crate::pipeline;
    use crate::spec::read::At;
    use crate::values::host::Host;
    use crate::values::name::Name;
    use crate::values::parse::Parse;
    use crate::values::path::UrlPath;

    fn at<T>(value: T) -> At<T> {
        At { value, span: Default::default() }
    }

    fn grafana(path: Option<&str>, metrics: Option<&str>) -> Grafana {
        let reference = |text| SecretRef::parse(text).expect("a reference");
        let route = path.map(|path| RouteSpec {
            host: at(Host::parse("grafana").expect("a host")),
            path: at(UrlPath::parse(path).expect("a path")),
            body: None,
            timeout: None,
        });
        Grafana {
            spec: GrafanaSpec {
                route,
                storage: Bytes::gibibytes(5),
                admin: at(reference("grafana-admin/password")),
                metrics: metrics.map(reference),
                dashboards: Vec::new(),
            },
        }
    }

    fn own() -> Own {
        Own { namespace: Name::fixed("watch"), name: Name::fixed("charts") }
    }

    #[test]
    fn metrics_ask_for_a_password_wherever_a_route_leads_to_them() {
        for (path, metrics, expected_path, expected_secret) in [
            (None, None, "/metrics", None),
            (Some("/"), None, "/metrics", Some("charts-metrics")),
            (Some("/charts"), None, "/charts/metrics", Some("charts-metrics")),
            (Some("/"), Some("mine/word"), "/metrics", Some("mine")),
            (None, Some("mine/word"), "/metrics", Some("mine")),
        ] {
            let endpoints = grafana(path, metrics).endpoints(&own());
            let served = endpoints[0].metrics.as_ref().expect("Grafana has metrics");
            let secret = served.credentials.as_ref().map(|credentials| credentials.password.secret.as_str());
            assert_eq!((served.path.as_str(), secret), (expected_path, expected_secret), "{path:?} {metrics:?}");
        }
    }

    #[test]
    fn every_board_is_listed_under_its_own_name() {
        use crate::spec::read::Read;
        let words = BoardName::type_name();
        for name in ALL {
            assert!(words.contains(&format!("`{}`", name.board().name)), "{words}");
        }
        assert_eq!(words.matches('`').count(), 2 * ALL.len());
    }

    #[test]
    fn a_template_can_take_the_place_of_every_board() {
        let mut boards = ALL.map(|name| format!("grafana/{}.json", name.board().name));
        boards.sort();
        assert_eq!(boards.as_slice(), DRAWN);
    }

    fn complaints(stanza: &str) -> String {
        let text = format!(
            "version = 1\nplatform = {{ name = \"p\", domain = \"example.org\" }}\n\
             cluster = {{ api-server = {{ cidrs = [\"10.0.0.1/32\"], ports = [443] }} }}\nsecrets = {{ backend = \"existing\" }}\n\
             [namespaces.watch]\n[components.charts]\ntype = \"grafana\"\nnamespace = \"watch\"\nstorage = \"1Gi\"\n{stanza}\n"
        );
        let mut report = Report::default();
        let _ = pipeline::platform(&text, None, &mut report);
        let told = report
            .sorted()
            .into_iter()
            .map(|found| format!("{}: {} {}\n", found.code, found.message, found.help.clone().unwrap_or_default()));
        told.collect()
    }

    #[test]
    fn mistakes_in_dashboards_and_keys_are_reported() {
        let admin = "admin = \"g/password\"\n";
        let told = complaints(&format!("{admin}dashboards = [\"capacity\", \"service-rde\", \"capacity\", \"zzz\"]"));
        assert!(told.contains("did you mean `service-red`?"), "{told}");
        assert!(told.contains("`zzz`"), "{told}");
        let told = complaints(&format!("{admin}dashboards = [\"capacity\", \"service-red\", \"capacity\"]"));
        assert!(told.contains("duplicate: dashboard `capacity` is listed twice"), "{told}");
        let told = complaints("admin = \"g/secret-key\"");
        assert!(told.contains("conflict: the key `secret-key`"), "{told}");
        let told = complaints(admin);
        assert!(!told.contains("dashboard") && !told.contains("secret-key"), "{told}");
    }
}
