//! What a component offers to others: named ports and who may use them.

use crate::values::name::Name;
use crate::values::secret_ref::SecretRef;

/// The transport of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// The protocol as the API writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// Who uses an endpoint, beyond the node's own probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Components that name it in `calls`, and the ingress controller when it is routed.
    Callers,
    /// Prometheus.
    Scrapers,
    /// The API server: admission webhooks and aggregated APIs.
    ApiServer,
    /// The world.
    World,
    /// The other replicas of the same workload.
    Peers,
}

/// One named port of one workload.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The workload whose pods listen.
    pub workload: Name,
    /// Port name: at most 15 letters, unique in the pod.
    pub name: &'static str,
    /// The port on which the pod listens.
    pub port: u16,
    /// Its transport.
    pub protocol: Protocol,
    /// The port of the Service that leads here, if one does.
    pub service: Option<u16>,
    /// Suffix of that Service's name, for a port that must not share the Service of the workload's other ports.
    pub service_suffix: Option<&'static str>,
    /// The port of the node that leads here, if one does; only namespaces of Pod Security `privileged` admit that.
    pub host_port: Option<u16>,
    /// What is spoken here, for `appProtocol`.
    pub app_protocol: Option<&'static str>,
    /// Who uses it.
    pub audience: &'static [Audience],
    /// What Prometheus does here, if it scrapes it.
    pub metrics: Option<Metrics>,
    /// Replicas with stable names behind a headless Service, if the workload is a StatefulSet.
    pub stable_replicas: Option<i32>,
}

/// How an endpoint is scraped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metrics {
    /// The job that scrapes it; components of one namespace may share a job.
    pub job: String,
    /// Path.
    pub path: String,
    /// `https` needs a certificate that nobody verifies inside the cluster.
    pub scheme: &'static str,
    /// Whether labels of the exporter win over those of the target.
    pub honor_labels: bool,
    /// Whether every series is about something else than the exporter, so that the exporter's own pod, node and
    /// service belong on none of them.
    pub foreign: bool,
    /// Whether the exporter may forget its content type, as hand-written ones do.
    pub lenient: bool,
    /// What the exporter asks for, if it asks.
    pub credentials: Option<Credentials>,
}

/// User name and password of an exporter that does not answer everybody. Prometheus gets the password as a Secret of
/// the same name and entry in its own namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Credentials {
    /// User name.
    pub user: &'static str,
    /// Password.
    pub password: SecretRef,
}

impl Endpoint {
    /// A TCP port with nobody to use it yet.
    pub fn tcp(workload: &Name, name: &'static str, port: u16) -> Self {
        Self {
            workload: workload.clone(),
            name,
            port,
            protocol: Protocol::Tcp,
            service: None,
            service_suffix: None,
            host_port: None,
            app_protocol: None,
            audience: &[],
            metrics: None,
            stable_replicas: None,
        }
    }

    /// A metrics port of built-in software: `/metrics` over HTTP, in the job of that name.
    pub fn metrics(workload: &Name, name: &'static str, port: u16, job: &str) -> Self {
        Self { audience: &[Audience::Scrapers], metrics: Some(Metrics::of(job)), ..Self::tcp(workload, name, port) }
    }

    /// Name of the Service that leads here, if one does.
    pub fn service_name(&self) -> Name {
        self.service_suffix.map_or_else(|| self.workload.clone(), |suffix| self.workload.with(suffix))
    }

    /// Whether `audience` uses this endpoint.
    pub fn is_for(&self, audience: Audience) -> bool {
        self.audience.contains(&audience)
    }
}

impl Metrics {
    /// The usual: `/metrics` over HTTP.
    pub fn of(job: &str) -> Self {
        Self {
            job: job.to_owned(),
            path: "/metrics".to_owned(),
            scheme: "http",
            honor_labels: false,
            lenient: false,
            credentials: None,
            foreign: false,
        }
    }
}
