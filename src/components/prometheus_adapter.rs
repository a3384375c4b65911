//! `prometheus-adapter`: serves requests per second of each pod to the autoscalers, as a custom metric.
//!
//! Upstream has announced that it ends in favour of KEDA (kubernetes-sigs/prometheus-adapter#701). It needs no custom
//! resources and leaves the autoscalers standard objects, so it stays the one that is rendered here.

use serde_json::json;

use crate::derive::disruption::REQUEST_RATE;
use crate::model::component::{Capability, Component, ComponentType, Desk, Provides};
use crate::model::endpoint::{Audience, Endpoint, Metrics};
use crate::model::facts::Facts;
use crate::model::identity::{Identity, Own};
use crate::model::object::Object;
use crate::model::payload::{Overrides, Payload};
use crate::model::site::Site;
use crate::model::workload::{
    ConfigFiles, Controller, Grant, Main, Priority, Probes, Reach, Replicas, Scope, Size, Source, User, Volume,
    Workload,
};
use crate::parts::aggregation::{api_service, delegation};
use crate::parts::certificate::Serving;
use crate::parts::payload;
use crate::parts::pod::sleep_before_stop;
use crate::parts::probe;
use crate::parts::rights::rule;
use crate::parts::template::quoted;
use crate::spec::shape::shape;
use crate::spec::shapes::{DefaultsSpec, MetricsSpec};
use crate::values::amount::Bytes;
use crate::values::duration::Duration;
use crate::values::image::Image;
use crate::values::name::Name;
use crate::values::path::UrlPath;

shape! {
    /// Serves requests per second to autoscalers, from the Prometheus that `calls` names.
    PrometheusAdapterSpec {
        /// Time over which requests are counted: at least four scrape intervals, or the count has gaps; `2m` when
        /// absent.
        window: Duration = Duration::seconds(120),
    }
}

/// A checked adapter.
#[derive(Debug)]
pub struct PrometheusAdapter {
    spec: PrometheusAdapterSpec,
}

const VERSION: &str = "v0.12.0";
/// The type that it asks.
const PROMETHEUS: &str = "prometheus";
/// Counts the requests of every web service.
const REQUESTS: &str = "http_requests_total";
/// How often it looks for new series; it refuses to start with less than that as their greatest age.
const RELIST: Duration = Duration::seconds(30);
const CONFIG: &str = "/etc/adapter/config";
const TLS: &str = "/etc/adapter/tls";

impl ComponentType for PrometheusAdapter {
    const TYPE: &'static str = "prometheus-adapter";
    const SUMMARY: &'static str = "Serves requests per second to autoscalers, from Prometheus.";
    type Spec = PrometheusAdapterSpec;

    fn resolve(spec: PrometheusAdapterSpec, _desk: &mut Desk<'_>) -> Option<Self> {
        Some(Self { spec })
    }
}

impl Component for PrometheusAdapter {
    fn endpoints(&self, own: &Own) -> Vec<Endpoint> {
        vec![Endpoint {
            service: Some(443),
            app_protocol: Some("https"),
            audience: &[Audience::ApiServer, Audience::Scrapers],
            metrics: Some(Metrics { scheme: "https", ..Metrics::of(Self::TYPE) }),
            ..Endpoint::tcp(&own.name, "https", 6443)
        }]
    }

    fn workloads(&self, site: &Site<'_>) -> Vec<Workload> {
        vec![Workload {
            name: site.own.name.clone(),
            role: ROLE,
            controller: Controller::Rolling(Replicas::Fixed(2)),
            priority: Priority::Platform,
            user: User { uid: 10_001, gid: 10_001, fs_group: None },
            api_token: true,
            main: self.container(site),
            init: Vec::new(),
            volumes: self.volumes(site),
            grace: 30,
            spread: site.spread.clone(),
            reaches: vec![Reach::ApiServer],
            grants: grants(),
        }]
    }

    fn objects(&self, site: &Site<'_>) -> Vec<Object> {
        let serving = serving(site);
        let mut objects = serving.objects();
        objects.push(api_service("custom.metrics.k8s.io", "v1beta1", &serving).into());
        objects
    }

    fn metrics(&self) -> Vec<&'static str> {
        METRICS.to_vec()
    }

    fn provides(&self, _own: &Own, _facts: &Facts) -> Provides {
        Provides::RequestRate
    }

    fn requires(&self) -> &'static [Capability] {
        &[Capability::Certificates, Capability::Scraping]
    }

    fn calls_types(&self) -> &'static [&'static str] {
        &[PROMETHEUS]
    }
}

/// Whatever is not listed here it asks the API server about. Prometheus has no need of a right, and does not hand its
/// token to somebody whose certificate it cannot verify.
const OPEN: &str = "--authorization-always-allow-paths=/healthz,/livez,/metrics,/readyz";

/// Its own series, as far as anybody asks for them.
const METRICS: &[&str] = &[
    "apiserver_request_duration_seconds_bucket",
    "apiserver_request_duration_seconds_count",
    "apiserver_request_duration_seconds_sum",
    "apiserver_request_total",
    "go_goroutines",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
];

const ROLE: &str = "custom-metrics";

/// Upstream's manifests also read nodes and services; the one rule here maps to pods and namespaces only.
fn grants() -> Vec<Grant> {
    let objects = rule("", &["namespaces", "pods"], &["get", "list", "watch"]);
    let own = Grant { suffix: "", scope: Scope::Cluster(vec![objects]) };
    [own].into_iter().chain(delegation()).collect()
}

impl PrometheusAdapter {
    fn container(&self, site: &Site<'_>) -> Main {
        let prometheus = site.peer_of_type(PROMETHEUS).map(|peer| peer.address.to_string()).unwrap_or_default();
        Main {
            name: site.own.name.clone(),
            image: Image::pinned("registry.k8s.io", "prometheus-adapter/prometheus-adapter", VERSION),
            command: Vec::new(),
            args: vec![
                format!("--config={CONFIG}/config.yaml"),
                format!("--prometheus-url=http://{prometheus}/"),
                format!("--metrics-relist-interval={}", self.spec.window.min(RELIST)),
                // A series counts as there for as long as its rate can be computed.
                format!("--metrics-max-age={}", self.spec.window),
                "--secure-port=6443".to_owned(),
                OPEN.to_owned(),
                format!("--tls-cert-file={TLS}/tls.crt"),
                format!("--tls-private-key-file={TLS}/tls.key"),
            ],
            env: Vec::new(),
            probes: Probes {
                startup: Some(probe::https("/livez", "https", probe::DISCOVERY)),
                live: Some(probe::https("/livez", "https", probe::LIVENESS)),
                ready: Some(probe::https("/readyz", "https", probe::READINESS)),
            },
            size: site.size.clone().map_or_else(|| Size::of((100, 400), (180, 360)), Size::with_headroom),
            lifecycle: Some(sleep_before_stop(5)),
            exceptions: Default::default(),
        }
    }

    fn volumes(&self, site: &Site<'_>) -> Vec<Volume> {
        let overhead = overhead(&housekeeping(site.facts));
        let file = config(&site.around.request_rate_namespaces, &overhead, self.spec.window, &site.facts.overrides);
        let config = ConfigFiles {
            name: site.own.name.with("config"),
            files: vec![("config.yaml".to_owned(), file)],
            live: false,
        };
        let volume = |name: &str, path: &str, source| Volume { name: name.to_owned(), path: path.to_owned(), source };
        vec![
            volume("config", CONFIG, Source::Config(vec![config])),
            volume("tls", TLS, Source::Issued { secret: serving(site).secret(), files: &[] }),
            volume("tmp", "/tmp", Source::Scratch(Bytes::mebibytes(16))),
        ]
    }
}

/// The adapter's one rule. `<<` and `>>` are its own placeholders: it fills in the series, and the pods that an
/// autoscaler asks for. A pod that only its probes ask has no request, which is 0 and not unknown: an autoscaler that
/// does not know one of its metrics never scales down.
fn config(names: &[Name], overhead: &str, window: Duration, overrides: &Overrides) -> Payload {
    let series = format!(r#"{REQUESTS}{{{}, pod!=""}}"#, namespaces(names));
    let rate = |but: &str| format!("sum(rate(<<.Series>>{{<<.LabelMatchers>>{but}}}[{window}])) by (<<.GroupBy>>)");
    let query = format!("{} or 0 * {}", rate(&format!(r#", path!~"{overhead}""#)), rate(""));
    let values = json!({ "series": quoted(&series), "metric": REQUEST_RATE, "query": quoted(&query) });
    payload::file("prometheus-adapter/config.yaml", values, overrides)
}

/// Selects the namespaces whose services scale on requests; all of them while none does.
fn namespaces(names: &[Name]) -> String {
    match names {
        [] => r#"namespace!="""#.to_owned(),
        [only] => format!(r#"namespace="{only}""#),
        several => {
            let names: Vec<&str> = several.iter().map(Name::as_str).collect();
            format!(r#"namespace=~"{}""#, names.join("|"))
        }
    }
}

/// The paths that probes and Prometheus ask for, unless a service has its own.
fn housekeeping(facts: &Facts) -> Vec<UrlPath> {
    let DefaultsSpec { probes, metrics, .. } = &facts.defaults;
    let metrics = match &metrics.value {
        MetricsSpec::Shared(path) => Some(path),
        MetricsSpec::Off | MetricsSpec::Own(_) => None,
    };
    [&probes.live, &probes.ready].into_iter().chain(metrics).cloned().collect()
}

/// `paths` as a pattern: nobody needs more pods for them.
fn overhead(paths: &[UrlPath]) -> String {
    // Of the letters of a path, only the dot means something else in a pattern.
    let patterns: Vec<String> = paths.iter().map(|path| path.as_str().replace('.', "[.]")).collect();
    patterns.join("|")
}

fn serving<'a>(site: &Site<'a>) -> Serving<'a> {
    let own = site.own;
    let identity =
        Identity { own, instance: &own.name, role: ROLE, part_of: &site.facts.platform.name, version: VERSION };
    Serving { prefix: own.name.as_str(), service: &own.name, namespace: &own.namespace, labels: identity.labels() }
}

#[cfg(test)]
mod tests {
    use crate::values::parse::Parse;

    use super::*;

    fn configuration(names: &[&'static str], window: Duration) -> yaml_serde::Value {
        let names: Vec<Name> = names.iter().map(|name| Name::fixed(name)).collect();
        let overhead = overhead(&[UrlPath::parse("/healthz").expect("valid")]);
        let file = config(&names, &overhead, window, &Overrides::new());
        let file: yaml_serde::Value = yaml_serde::from_str(&file.text).expect("the adapter reads YAML");
        file["rules"][0].clone()
    }

    #[test]
    fn the_adapter_gets_its_own_placeholders_and_every_namespace() {
        let rule = configuration(&["shop", "search"], Duration::seconds(240));
        let text = |key: &str| rule[key].as_str().expect("a string").to_owned();
        assert_eq!(text("seriesQuery"), r#"http_requests_total{namespace=~"shop|search", pod!=""}"#);
        assert_eq!(
            text("metricsQuery"),
            concat!(
                r#"sum(rate(<<.Series>>{<<.LabelMatchers>>, path!~"/healthz"}[4m])) by (<<.GroupBy>>)"#,
                " or 0 * sum(rate(<<.Series>>{<<.LabelMatchers>>}[4m])) by (<<.GroupBy>>)"
            )
        );
        assert_eq!(rule["name"]["as"].as_str(), Some(REQUEST_RATE));
    }

    #[test]
    fn one_namespace_is_matched_exactly_and_none_means_all() {
        assert_eq!(namespaces(&[Name::fixed("shop")]), r#"namespace="shop""#);
        assert_eq!(namespaces(&[]), r#"namespace!="""#);
    }

    #[test]
    fn a_dot_in_a_path_is_only_a_dot() {
        let paths = ["/live", "/a.b"].map(|path| UrlPath::parse(path).expect("valid"));
        assert_eq!(overhead(&paths), "/live|/a[.]b");
    }
}
