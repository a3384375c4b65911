//! `prometheus.yml`: what is scraped, what is kept, and whom alerts go to.

use serde::Serialize;

use crate::components::prometheus::{KubeletTls, Prometheus, RULES_PATH, SECRETS_PATH};
use crate::model::identity::SCRAPE_LABEL;
use crate::model::monitoring::Job;
use crate::model::payload::Payload;
use crate::model::site::Site;
use crate::parts::payload;
use crate::values::duration::Duration;
use crate::values::name::Name;
use crate::values::secret_ref::SecretRef;

/// Longest wait for one target, unless the interval is shorter.
const TIMEOUT: Duration = Duration::seconds(10);
/// Most samples of one scrape of an exporter written by hand: one label too many, and a service would fill the disk.
const OWN_SAMPLES: u32 = 20_000;
/// Most samples of one scrape of known software: its series grow with the platform, not by mistake.
const KNOWN_SAMPLES: u32 = 100_000;
/// Where a pod finds its own token and the cluster's authority.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// What the kubelet says about volumes, pods and itself, without its hundreds of histograms.
pub const KUBELET_KEPT: &str = "kubelet_(?:evictions|pleg_relist_duration|running|runtime_operations_errors|started_containers_errors|volume_stats).*";

#[derive(Serialize)]
struct Values {
    interval: String,
    timeout: String,
    cluster: String,
    environment: String,
    retention_time: String,
    retention_size: String,
    rules_path: &'static str,
    alertmanagers: Vec<String>,
    jobs: Vec<JobValues>,
    kubelet: Option<KubeletValues>,
}

#[derive(Serialize)]
struct JobValues {
    name: String,
    namespaces: Vec<String>,
    selector: String,
    ports: String,
    path: String,
    scheme: &'static str,
    honor_labels: bool,
    foreign: bool,
    lenient: bool,
    user: Option<&'static str>,
    password_file: String,
    sample_limit: u32,
}

#[derive(Serialize)]
struct KubeletValues {
    verify: bool,
    account: &'static str,
    sample_limit: u32,
    namespaces: String,
    kept: &'static str,
}

/// The text of `prometheus.yml`.
pub fn config(prometheus: &Prometheus, site: &Site<'_>) -> Payload {
    let spec = &prometheus.spec;
    let platform = &site.facts.platform;
    let values = Values {
        interval: spec.interval.value.to_string(),
        timeout: spec.interval.value.min(TIMEOUT).to_string(),
        cluster: platform.name.to_string(),
        environment: platform.environment.to_string(),
        retention_time: spec.retention.time.to_string(),
        retention_size: prometheus.kept.to_string(),
        rules_path: RULES_PATH,
        alertmanagers: alertmanagers(site),
        jobs: site.around.monitoring.jobs.iter().map(job).collect(),
        kubelet: prometheus.kubelet.then(|| kubelet(spec.kubelet_tls, site)),
    };
    payload::file("prometheus/prometheus.yml", values, &site.facts.overrides)
}

/// Every replica of every Alertmanager that `calls` names.
fn alertmanagers(site: &Site<'_>) -> Vec<String> {
    let peers = site.peers.iter().filter(|peer| peer.type_name == Some("alertmanager"));
    peers.flat_map(|peer| &peer.replicas).map(ToString::to_string).collect()
}

fn job(job: &Job) -> JobValues {
    let joined = |items: Vec<String>, separator| items.join(separator);
    let components: Vec<String> = job.ports.keys().map(ToString::to_string).collect();
    // Names hold letters, digits and `-`: nothing that a regular expression reads in its own way.
    let ports = job.ports.iter().flat_map(|(name, ports)| ports.iter().map(move |port| format!("{name};{port}")));
    JobValues {
        name: job.name.clone(),
        namespaces: job.namespaces.iter().map(ToString::to_string).collect(),
        selector: format!("{SCRAPE_LABEL}=true,app.kubernetes.io/name in ({})", joined(components, ",")),
        ports: joined(ports.collect(), "|"),
        path: job.path.clone(),
        scheme: job.scheme,
        honor_labels: job.honor_labels,
        foreign: job.foreign,
        lenient: job.lenient,
        user: job.credentials.as_ref().map(|credentials| credentials.user),
        password_file: job
            .credentials
            .as_ref()
            .map(|credentials| password_file(&credentials.password))
            .unwrap_or_default(),
        sample_limit: if job.lenient { OWN_SAMPLES } else { KNOWN_SAMPLES },
    }
}

fn password_file(password: &SecretRef) -> String {
    format!("{SECRETS_PATH}/{}/{}", password.secret, password.key.as_str())
}

fn kubelet(tls: KubeletTls, site: &Site<'_>) -> KubeletValues {
    let namespaces: Vec<&str> = site.around.namespaces.iter().map(Name::as_str).collect();
    KubeletValues {
        verify: tls == KubeletTls::Verify,
        account: ACCOUNT,
        sample_limit: KNOWN_SAMPLES,
        // The empty alternative first: series of the node itself have no namespace.
        namespaces: format!("|{}", namespaces.join("|")),
        kept: KUBELET_KEPT,
    }
}
