//! `prometheus`: scrapes everything that has metrics, keeps it, evaluates the rules, and hands alerts on.

mod config;
mod metrics;
mod rule_files;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use crate::components::prometheus::config::config;
use crate::components::prometheus::rule_files::{ALERT, rule_files};
use crate::components::prometheus::rules::rules;
use crate::diagnostics::codes;
use crate::model::component::{Component, ComponentType, Desk, Provides};
use crate::model::endpoint::{Audience, Endpoint, Metrics};
use crate::model::facts::Facts;
use crate::model::identity::Own;
use crate::model::monitoring::RuleGroup;
use crate::model::site::Site;
use crate::model::workload::{
    ConfigFiles, Controller, Grant, Main, Priority, Probes, Reach, Scope, SecretContent, SecretFiles, Size, Source,
    User, Volume, Workload,
};
use crate::ordered::Ordered;
use crate::parts::probe::{self, Timing};
use crate::parts::rights::rule;
use crate::spec::read::At;
use crate::spec::scalars::Count;
use crate::spec::shape::{shape, words};
use crate::values::amount::Bytes;
use crate::values::data_size::DataSize;
use crate::values::duration::Duration;
use crate::values::image::Image;
use crate::values::name::Name;
use crate::values::secret_ref::{Origin, SecretKey, SecretRef};

const PORT: u16 = 9090;
/// The user `nobody` of the image.
const USER: i64 = 65_534;
const CONFIG_PATH: &str = "/etc/prometheus/config";
const RULES_PATH: &str = "/etc/prometheus/rules";
/// Passwords of exporters, one directory for each Secret.
const SECRETS_PATH: &str = "/etc/prometheus/secrets";
const DATA_PATH: &str = "/prometheus";
/// Intervals that make sense: below, targets do little else than answer; above, the five minutes that rules look at
/// hold too few scrapes for a rate.
const SHORTEST: Duration = Duration::seconds(5);
const LONGEST: Duration = Duration::seconds(60);
/// Percent of the volume that `retention.size` may fill. The rest is for the log of what is not yet in blocks, and for
/// blocks that exist twice while they are joined.
const MOST: u8 = 85;
/// Percent of the volume that is filled when nobody says how much.
const USUAL: u8 = 80;

shape! {
    /// Collects metrics from everything that has some, evaluates the rules of every component type, and sends alerts to
    /// the `alertmanager` that `calls` names.
    PrometheusSpec {
        /// How often every target is asked, from 5s to 1m.
        interval: At<Duration> = At { value: Duration::seconds(15), span: Default::default() },
        /// How long and how much is kept; what is over either of them goes.
        retention: RetentionSpec = RetentionSpec { time: Duration::seconds(15 * 86_400), size: None },
        /// Size of the volume of each replica.
        storage: At<Bytes> = At { value: Bytes::gibibytes(50), span: Default::default() },
        /// How many replicas. Each collects everything for itself, so that one can fail; alerts still arrive once.
        replicas: Count = Count(1),
        /// Whether to ask the kubelets what containers and volumes use. Without this key: if `cluster.node-cidrs` says
        /// where the nodes are.
        kubelet: Option<At<bool>>,
        /// Address of the page on what to do about an alert, where `{alert}` stands for its name, such as
        /// `https://runbooks.example.com/{alert}`: every alert and every message then leads there.
        runbooks: Option<At<String>>,
        /// How to trust the kubelets.
        kubelet_tls as "kubelet-tls": KubeletTls = KubeletTls::Verify,
    }
}

shape! {
    /// How long and how much is kept.
    RetentionSpec {
        /// How long.
        time: Duration = Duration::seconds(15 * 86_400),
        /// How much, in Prometheus' own units (`40GB` is 40Gi): at most 85 % of `storage`, and 80 % without this key.
        size: Option<At<DataSize>>,
    }
}

words! {
    /// How to trust the kubelets.
    KubeletTls {
        /// Their certificates must be signed by the cluster's authority. GKE, EKS and AKS do that; kubeadm, kind and Talos only with `serverTLSBootstrap` and an approver.
        Verify = "verify",
        /// Any certificate will do: whoever can answer at a node's address can make up its numbers and read the token.
        SkipVerify = "skip-verify",
    }
}

/// A checked Prometheus.
#[derive(Debug)]
pub struct Prometheus {
    spec: PrometheusSpec,
    /// Most bytes on a volume.
    kept: DataSize,
    /// Whether the kubelets are asked.
    kubelet: bool,
    /// Whether there is somebody to send alerts to.
    alerting: bool,
}

impl ComponentType for Prometheus {
    const TYPE: &'static str = "prometheus";
    const SUMMARY: &'static str = "Collects metrics from everything, evaluates alert rules, sends alerts.";
    type Spec = PrometheusSpec;

    fn resolve(spec: PrometheusSpec, desk: &mut Desk<'_>) -> Option<Self> {
        check_interval(&spec.interval, desk);
        if let Some(runbooks) = &spec.runbooks {
            check_runbooks(runbooks, desk);
        }
        let kept = kept(&spec, desk);
        let kubelet = asks_kubelets(spec.kubelet.as_ref(), desk);
        let alerting = desk.common.callees().any(|name| desk.names.components.contains(name));
        Some(Self { kept: kept?, kubelet, alerting, spec })
    }
}

fn check_interval(interval: &At<Duration>, desk: &mut Desk<'_>) {
    if !(SHORTEST..=LONGEST).contains(&interval.value) {
        let message = format!("`interval` is {}, outside of {SHORTEST} to {LONGEST}", interval.value);
        desk.report
            .error(codes::INVALID_VALUE, interval.span_or(desk.span), message)
            .help("rules look at five minutes at a time and need several scrapes in them");
    }
}

/// It becomes part of rules, where double braces mean something else.
fn check_runbooks(runbooks: &At<String>, desk: &mut Desk<'_>) {
    let address = runbooks.value.strip_prefix("https://").or_else(|| runbooks.value.strip_prefix("http://"));
    let around: Option<Vec<&str>> = address.map(|address| address.split(ALERT).collect());
    let plain = |part: &&str| part.chars().all(|letter| letter.is_ascii_graphic() && !"\"\\{}".contains(letter));
    if !around.is_some_and(|parts| parts.len() == 2 && !parts[0].is_empty() && parts.iter().all(plain)) {
        desk.report
            .error(codes::INVALID_VALUE, runbooks.span, format!("`{}` leads to no page about an alert", runbooks.value))
            .help("expected an address with `{alert}` in it once, such as `https://runbooks.example.com/{alert}`");
    }
}

/// How much is kept: what the user says if that fits on the volume, else a share of the volume.
fn kept(spec: &PrometheusSpec, desk: &mut Desk<'_>) -> Option<DataSize> {
    let storage = spec.storage.value;
    let most = DataSize::share(MOST, storage);
    if most.is_zero() {
        let message = format!("`storage` ({storage}) is too small for a database");
        desk.report
            .error(codes::INVALID_VALUE, spec.storage.span_or(desk.span), message)
            .help("give it some gibibytes");
        return None;
    }
    let Some(size) = &spec.retention.size else { return Some(DataSize::share(USUAL, storage)) };
    if !size.value.fits(MOST, storage) {
        let message = format!("`retention.size` ({}) is more than {MOST} % of `storage` ({storage})", size.value);
        desk.report
            .error(codes::CONFLICT, size.span, message)
            .help(format!("write at most `{most}`, or raise `storage`: a full volume stops Prometheus"));
        return None;
    }
    Some(size.value)
}

fn asks_kubelets(wanted: Option<&At<bool>>, desk: &mut Desk<'_>) -> bool {
    let known = desk.facts.cluster.node_cidrs.is_some();
    match wanted {
        Some(key) if key.value && !known => {
            desk.report
                .error(codes::REQUIRES, key.span, "`kubelet` needs to know where the nodes are")
                .help("add `node-cidrs` to `[cluster]`: network policies open the way to these addresses only");
            false
        }
        Some(key) => key.value,
        None => known,
    }
}

impl Component for Prometheus {
    fn endpoints(&self, own: &Own) -> Vec<Endpoint> {
        vec![Endpoint {
            service: Some(PORT),
            app_protocol: Some("http"),
            audience: &[Audience::Callers, Audience::Scrapers],
            metrics: Some(Metrics::of("prometheus")),
            stable_replicas: Some(self.spec.replicas.0),
            ..Endpoint::tcp(&own.name, "http", PORT)
        }]
    }

    fn workloads(&self, site: &Site<'_>) -> Vec<Workload> {
        let mut reaches = vec![Reach::ApiServer, Reach::Scraped];
        if self.kubelet {
            reaches.push(Reach::Kubelets);
        }
        vec![Workload {
            name: site.own.name.clone(),
            role: "server",
            controller: Controller::Stateful { replicas: self.spec.replicas.0 },
            priority: Priority::Platform,
            user: User { uid: USER, gid: USER, fs_group: Some(USER) },
            api_token: true,
            main: container(site),
            init: Vec::new(),
            volumes: self.volumes(site),
            // Writes out what is only in memory; otherwise the next start reads the whole log again.
            grace: 300,
            spread: site.spread.clone(),
            reaches,
            grants: self.grants(site),
        }]
    }

    fn provides(&self, _own: &Own, _facts: &Facts) -> Provides {
        Provides::Scraping { interval: self.spec.interval.value }
    }

    fn metrics(&self) -> Vec<&'static str> {
        metrics::OWN.to_vec()
    }

    fn jobs(&self) -> &'static [(&'static str, &'static [&'static str])] {
        if self.kubelet { &[("cadvisor", metrics::CADVISOR), ("kubelet", metrics::KUBELET)] } else { &[] }
    }

    fn rules(&self, _own: &Own) -> Vec<RuleGroup> {
        rules(self.alerting, self.kubelet)
    }
}

impl Prometheus {
    fn volumes(&self, site: &Site<'_>) -> Vec<Volume> {
        let name = &site.own.name;
        let runbooks = self.spec.runbooks.as_ref().map(|runbooks| runbooks.value.as_str());
        let (groups, facts) = (&site.around.monitoring.groups, site.facts);
        let rules = || rule_files(groups, &facts.platform.name, runbooks, &facts.overrides);
        let rules = site.files(&["prometheus/rules.yml"], rules);
        let config = || vec![("prometheus.yml".to_owned(), config(self, site))];
        let config = site.files(&["prometheus/prometheus.yml"], config);
        let live = |suffix, files| Source::Config(vec![ConfigFiles { name: name.with(suffix), files, live: true }]);
        let volume = |name: &str, path: &str, source| Volume { name: name.to_owned(), path: path.to_owned(), source };
        let mut volumes = vec![
            volume("config", CONFIG_PATH, live("config", config)),
            volume("rules", RULES_PATH, live("rules", rules)),
            volume("data", DATA_PATH, Source::Persistent(self.spec.storage.value)),
        ];
        volumes.extend(passwords(site).into_iter().map(|(secret, (origin, keys))| {
            let files = SecretFiles { name: secret.clone(), content: SecretContent::Keys(origin, keys) };
            volume(&format!("secret-{secret}"), &format!("{SECRETS_PATH}/{secret}"), Source::Secret(files))
        }));
        volumes
    }

    /// Pods of the namespaces that hold targets; nodes only when it asks them.
    fn grants(&self, site: &Site<'_>) -> Vec<Grant> {
        let jobs = &site.around.monitoring.jobs;
        let namespaces: BTreeSet<&Name> = jobs.iter().flat_map(|job| &job.namespaces).ordered();
        let read = ["get", "list", "watch"];
        let pods = |namespace: &Name| Scope::Namespace(namespace.clone(), vec![rule("", &["pods"], &read)]);
        let nodes = || Scope::Cluster(vec![rule("", &["nodes"], &read), rule("", &["nodes/metrics"], &["get"])]);
        let scopes = namespaces.into_iter().map(pods).chain(self.kubelet.then(nodes));
        scopes.map(|scope| Grant { suffix: "", scope }).collect()
    }
}

/// The passwords of exporters that ask for one: keys by Secret.
fn passwords(site: &Site<'_>) -> BTreeMap<Name, (Origin, Vec<SecretKey>)> {
    let mut keys: BTreeMap<Name, (Origin, Vec<SecretKey>)> = BTreeMap::new();
    for credentials in site.around.monitoring.jobs.iter().filter_map(|job| job.credentials.as_ref()) {
        let SecretRef { secret, key, .. } = &credentials.password;
        let none = || (credentials.password.origin(), Vec::new());
        keys.entry(secret.clone()).or_insert_with(none).1.push(key.clone());
    }
    for (_, list) in keys.values_mut() {
        list.sort_unstable();
        list.dedup();
    }
    keys
}

/// Neither of the flags that let callers reload, stop or delete is set: nothing here asks who calls.
fn container(site: &Site<'_>) -> Main {
    let address = format!("http://{}:{PORT}", site.service_host(&site.own.name));
    Main {
        name: site.own.name.clone(),
        image: Image::pinned("quay.io", "prometheus/prometheus", "v3.14.0"),
        command: Vec::new(),
        args: vec![
            format!("--config.file={CONFIG_PATH}/prometheus.yml"),
            "--config.auto-reload".to_owned(),
            "--config.auto-reload-interval=30s".to_owned(),
            format!("--storage.tsdb.path={DATA_PATH}"),
            format!("--web.external-url={address}"),
        ],
        env: Vec::new(),
        probes: Probes {
            // A quarter of an hour: after a crash it reads its log again before it is ready.
            startup: Some(probe::http(
                "/-/ready",
                "http",
                Timing { period: 15, timeout: 3, failures: 60, ..probe::STARTUP },
            )),
            live: Some(probe::http("/-/healthy", "http", Timing { timeout: 3, failures: 6, ..probe::LIVENESS })),
            ready: Some(probe::http("/-/ready", "http", Timing { timeout: 3, ..probe::READINESS })),
        },
        size: site.size.clone().map_or_else(|| Size::of((250, 1000), (1024, 2048)), Size::with_headroom),
        lifecycle: None,
        exceptions: Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use yaml_serde::Value;

    use super::*;
    use crate::diagnostics::report::Report;
    use crate::model::object::Object;
    use crate::pipeline;

    /// A platform with names that YAML would read as something else, `cluster` and keys of Prometheus added.
    fn objects(cluster: &str, prometheus: &str) -> Vec<Object> {
        let text = format!(
            r#"
            version = 1
            platform = {{ name = "no", domain = "example.com" }}
            cluster = {{ api-server = {{ cidrs = ["10.0.0.1/32"], ports = [6443] }}, {cluster} }}
            secrets = {{ backend = "existing" }}
            namespaces = {{ on = {{}}, off = {{}}, unwatched = {{}} }}
            [components.y]
            type = "web-service"
            namespace = "on"
            image = "ghcr.io/a/b:1"
            port = 8080
            metrics = {{ port = 9100, path = "/own.metrics" }}
            [components.null]
            type = "web-service"
            namespace = "on"
            image = "ghcr.io/a/b:1"
            port = 8080
            metrics = {{ port = 9100, path = "/own.metrics" }}
            [components.prometheus]
            type = "prometheus"
            namespace = "off"
            {prometheus}
            "#
        );
        let mut report = Report::default();
        let platform = pipeline::platform(&text, None, &mut report);
        let platform = platform.unwrap_or_else(|| unreachable!("{:?}", report.sorted()));
        pipeline::bundle(&platform).expect("names differ").objects.into_iter().map(|placed| placed.object).collect()
    }

    fn config_in(objects: &[Object]) -> Value {
        let maps = objects.iter().filter_map(|object| match object {
            Object::ConfigMap(map) => map.data.as_ref(),
            _ => None,
        });
        let file = maps.filter_map(|data| data.get("prometheus.yml")).find(|text| text.contains("scrape_configs"));
        yaml_serde::from_str(file.expect("there is a configuration")).expect("it is YAML")
    }

    fn job<'a>(config: &'a Value, name: &str) -> Option<&'a Value> {
        let jobs = config["scrape_configs"].as_sequence().expect("a list");
        jobs.iter().find(|job| job["job_name"].as_str() == Some(name))
    }

    fn names_of(objects: &[Object], kind: &str) -> Vec<(Option<String>, String)> {
        let of_kind = objects.iter().filter(|object| object.kind() == kind).map(Object::metadata);
        of_kind.map(|metadata| (metadata.namespace.clone(), metadata.name.clone().unwrap_or_default())).collect()
    }

    #[test]
    fn names_stay_text_and_each_target_is_one_port() {
        let config = config_in(&objects("", ""));
        let services = job(&config, "on-services").expect("services have a job");
        let discovery = &services["kubernetes_sd_configs"][0];
        assert_eq!(config["global"]["external_labels"]["cluster"].as_str(), Some("no"));
        assert_eq!(discovery["namespaces"]["names"][0].as_str(), Some("on"));
        assert_eq!(
            discovery["selectors"][0]["label"].as_str(),
            Some("platformgen.io/scrape=true,app.kubernetes.io/name in (null,y)")
        );
        assert_eq!(services["relabel_configs"][0]["regex"].as_str(), Some("null;metrics|y;metrics"));
        assert_eq!(services["metrics_path"].as_str(), Some("/own.metrics"));
        assert_eq!(services["fallback_scrape_protocol"].as_str(), Some("PrometheusText0.0.4"));
        assert!(job(&config, "prometheus").is_some_and(|own| own.get("fallback_scrape_protocol").is_none()));
    }

    #[test]
    fn kubelets_are_asked_where_nodes_are_known() {
        let without = objects("", "");
        assert!(job(&config_in(&without), "cadvisor").is_none());
        assert_eq!(names_of(&without, "ClusterRole"), []);
        assert!(!format!("{without:?}").contains("container_cpu_usage"), "no rule asks for what nobody collects");

        let nodes = r#"node-cidrs = ["10.0.0.0/20"]"#;
        let with = objects(nodes, "");
        let config = config_in(&with);
        let kubelet = job(&config, "kubelet").expect("the kubelet has a job");
        assert!(kubelet["tls_config"].get("insecure_skip_verify").is_none(), "certificates are verified by default");
        assert_eq!(kubelet["metric_relabel_configs"][0]["regex"].as_str(), Some("|off|on|unwatched"));
        assert_eq!(names_of(&with, "ClusterRole"), [(None, "no-prometheus".to_owned())]);
        assert!(format!("{with:?}").contains("namespace:container_cpu_usage:rate5m"));

        let trusting = config_in(&objects(nodes, r#"kubelet-tls = "skip-verify""#));
        let tls = &job(&trusting, "cadvisor").expect("cAdvisor has a job")["tls_config"];
        assert_eq!(tls["insecure_skip_verify"].as_bool(), Some(true));
        assert!(job(&config_in(&objects(nodes, "kubelet = false")), "kubelet").is_none());
    }

    #[test]
    fn it_reads_pods_only_where_targets_are() {
        let at = |namespace: &str| (Some(namespace.to_owned()), "prometheus".to_owned());
        assert_eq!(names_of(&objects("", ""), "Role"), [at("off"), at("on")]);
    }

    #[test]
    fn a_volume_is_never_filled() {
        let kept = |keys: &str| {
            let config = config_in(&objects("", keys));
            config["storage"]["tsdb"]["retention"]["size"].as_str().map(str::to_owned)
        };
        assert_eq!(kept("").as_deref(), Some("40GB"));
        assert_eq!(kept(r#"storage = "100Gi""#).as_deref(), Some("80GB"));
        assert_eq!(kept(r#"retention = { size = "42GB" }"#).as_deref(), Some("42GB"));
    }

    #[test]
    fn slow_targets_do_not_overlap() {
        let config = config_in(&objects("", r#"interval = "5s""#));
        assert_eq!(config["global"]["scrape_timeout"].as_str(), Some("5s"));
        assert_eq!(config_in(&objects("", ""))["global"]["scrape_timeout"].as_str(), Some("10s"));
    }

    #[test]
    fn what_is_promised_of_the_kubelet_is_let_through() {
        let families: Vec<&str> =
            config::KUBELET_KEPT.trim_start_matches("kubelet_(?:").trim_end_matches(").*").split('|').collect();
        for metric in metrics::KUBELET.iter().filter_map(|metric| metric.strip_prefix("kubelet_")) {
            assert!(families.iter().any(|family| metric.starts_with(family)), "{metric}");
        }
    }
}
