//! A workload: everything that decides its pods, and nothing that follows from that. The derivations make the
//! Deployment, service account, policies, budgets and the rest from it.

use k8s_openapi::api::core::v1::{Lifecycle, Probe};
use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::model::payload::Payload;
use crate::spec::shapes::Domain;
use crate::spec::size::ExactSize;
use crate::values::amount::{Bytes, Cpu};
use crate::values::image::Image;
use crate::values::name::Name;
use crate::values::secret_ref::{Origin, SecretKey, SecretRef};

/// One kind of pod of a component.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name, and that of every object of it.
    pub name: Name,
    /// The part it plays in the component: `server`, `webhook`, `controller`.
    pub role: &'static str,
    /// What keeps its pods.
    pub controller: Controller,
    /// How it ranks when a node is full.
    pub priority: Priority,
    /// Whom it runs as.
    pub user: User,
    /// Whether its pods get a token for the Kubernetes API.
    pub api_token: bool,
    /// The main container.
    pub main: Main,
    /// Containers that run before it.
    pub init: Vec<Init>,
    /// What the containers see besides their image.
    pub volumes: Vec<Volume>,
    /// Seconds from the beginning of the end to the kill.
    pub grace: i64,
    /// Failure domains over which replicas spread.
    pub spread: Vec<Domain>,
    /// Whom it reaches besides what `calls` names.
    pub reaches: Vec<Reach>,
    /// What its service account may do.
    pub grants: Vec<Grant>,
}

/// What keeps the pods of a workload.
#[derive(Clone, Debug)]
pub enum Controller {
    /// A Deployment that replaces pods one by one.
    Rolling(Replicas),
    /// A Deployment that stops the old pod before it starts the new one: for volumes that one pod can hold.
    Recreate {
        /// Seconds for which the new one may work on the volume before it starts.
        prepares: i64,
    },
    /// A StatefulSet with a headless Service `<name>-headless`.
    Stateful {
        /// How many pods.
        replicas: i32,
    },
    /// A `DaemonSet`: one pod on every node, for ports of the node itself.
    PerNode,
    /// An object that somebody wrote, with this many pods at least and at most.
    Given {
        /// While nothing is wrong.
        fewest: i32,
        /// At once.
        most: i32,
    },
    /// A `CronJob`.
    Scheduled {
        /// Five fields.
        schedule: String,
    },
}

/// How many pods.
#[derive(Clone, Debug)]
pub enum Replicas {
    /// Always so many.
    Fixed(i32),
    /// As many as an autoscaler decides.
    Scaled(Scale),
}

/// The range and targets of an autoscaler.
#[derive(Clone, Debug)]
pub struct Scale {
    /// Fewest pods.
    pub min: i32,
    /// Most pods.
    pub max: i32,
    /// Percent of the CPU request.
    pub cpu: Option<i32>,
    /// Percent of the memory request.
    pub memory: Option<i32>,
    /// Requests per second of each pod.
    pub requests_per_second: Option<u32>,
}

impl Controller {
    /// The fewest pods that run when nothing is wrong; 0 for jobs.
    pub fn min_replicas(&self) -> i32 {
        match self {
            Self::Rolling(Replicas::Fixed(count)) | Self::Stateful { replicas: count } => *count,
            Self::Rolling(Replicas::Scaled(scale)) => scale.min,
            Self::Recreate { .. } | Self::PerNode => 1,
            Self::Given { fewest, .. } => *fewest,
            Self::Scheduled { .. } => 0,
        }
    }
}

impl Controller {
    /// The most pods that there may be at once: while all are replaced, at the largest scale. Of one on every node, one.
    pub fn max_pods(&self) -> i128 {
        match self {
            // a rollout adds one before it takes one away
            Self::Rolling(Replicas::Fixed(count)) => i128::from(*count) + 1,
            Self::Rolling(Replicas::Scaled(scale)) => i128::from(scale.max) + 1,
            Self::Stateful { replicas } | Self::Given { most: replicas, .. } => i128::from(*replicas),
            Self::Recreate { .. } | Self::PerNode | Self::Scheduled { .. } => 1,
        }
    }
}

/// Rank when a node is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// The cluster itself asks it: without it nothing scales, least of all when nodes are full.
    Cluster,
    /// Without it nothing is reachable.
    Edge,
    /// Without it nothing can be deployed or seen.
    Platform,
    /// The applications.
    App,
    /// Can wait.
    Job,
}

/// Whom the processes run as; never root.
#[derive(Clone, Copy, Debug)]
pub struct User {
    /// User id.
    pub uid: i64,
    /// Group id.
    pub gid: i64,
    /// Group that owns the volumes, where the workload writes to one.
    pub fs_group: Option<i64>,
}

/// The main container, named like the workload's role in the component or the component itself.
#[derive(Clone, Debug)]
pub struct Main {
    /// Container name.
    pub name: Name,
    /// Image.
    pub image: Image,
    /// Replaces the image's entry point, unless empty.
    pub command: Vec<String>,
    /// Arguments.
    pub args: Vec<String>,
    /// Environment, in the order given.
    pub env: Vec<Env>,
    /// Health.
    pub probes: Probes,
    /// Requests and limits.
    pub size: Size,
    /// What runs before the end.
    pub lifecycle: Option<Lifecycle>,
    /// Weaker settings that the software needs.
    pub exceptions: Exceptions,
}

/// Health of a container.
#[derive(Clone, Debug, Default)]
pub struct Probes {
    /// Holds the others back until the process is up.
    pub startup: Option<Probe>,
    /// Restarts the container.
    pub live: Option<Probe>,
    /// Takes the pod out of its Services.
    pub ready: Option<Probe>,
}

/// Weaker settings than the house's own, each for a reason that its user states in a comment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exceptions {
    /// The software writes to its image.
    pub writable_root: bool,
    /// Capabilities that are added back; `restricted` allows `NET_BIND_SERVICE` only.
    pub capabilities: &'static [&'static str],
}

/// Requests and limits of a container.
#[derive(Clone, Debug)]
pub struct Size {
    /// What is set aside.
    pub requests: ExactSize,
    /// What it may use at most.
    pub limits: ExactSize,
}

impl Size {
    /// The house rule: CPU and disk may burst to four times the request, memory to twice.
    pub fn with_headroom(requests: ExactSize) -> Self {
        let limits = ExactSize {
            cpu: requests.cpu.times(4),
            memory: requests.memory.times(2),
            ephemeral_storage: requests.ephemeral_storage.times(4),
        };
        Self { requests, limits }
    }

    /// The same with at least this much of the node's disk at most, for scratch that must fit.
    #[must_use]
    pub fn with_disk(mut self, least: Bytes) -> Self {
        self.limits.ephemeral_storage = self.limits.ephemeral_storage.max(least);
        self
    }

    /// CPU in thousandths, memory in MiB, each as request and limit, with 64Mi to 256Mi of disk.
    pub fn of(cpu: (i128, i128), memory: (i128, i128)) -> Self {
        let size = |cpu, memory, disk| ExactSize {
            cpu: Cpu::millis(cpu),
            memory: Bytes::mebibytes(memory),
            ephemeral_storage: Bytes::mebibytes(disk),
        };
        Self { requests: size(cpu.0, memory.0, 64), limits: size(cpu.1, memory.1, 256) }
    }
}

/// An environment variable.
#[derive(Clone, Debug)]
pub struct Env {
    /// Name.
    pub name: String,
    /// Where its value comes from.
    pub value: EnvValue,
}

/// Where the value of a variable comes from.
#[derive(Clone, Debug)]
pub enum EnvValue {
    /// It stands here.
    Literal(String),
    /// One key of a Secret.
    Secret(SecretRef),
    /// A field of the pod, such as `metadata.namespace`.
    Field(&'static str),
}

impl Env {
    /// A variable with a value that may be read by all.
    pub fn literal(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: EnvValue::Literal(value.into()) }
    }

    /// A variable from a secret.
    pub fn secret(name: &str, reference: SecretRef) -> Self {
        Self { name: name.to_owned(), value: EnvValue::Secret(reference) }
    }

    /// A variable from the pod itself.
    pub fn field(name: &str, path: &'static str) -> Self {
        Self { name: name.to_owned(), value: EnvValue::Field(path) }
    }
}

/// A container that prepares a volume, in the same image and with the same restrictions as the main one.
#[derive(Clone, Debug)]
pub struct Init {
    /// Container name.
    pub name: &'static str,
    /// Command and its arguments.
    pub command: Vec<String>,
    /// Volumes by name, with the directory where this container sees each.
    pub mounts: Vec<(&'static str, String)>,
    /// Environment.
    pub env: Vec<Env>,
}

/// A directory that the main container sees.
#[derive(Clone, Debug)]
pub struct Volume {
    /// Name in the pod; two directories of one name show the same volume.
    pub name: String,
    /// Where the main container sees it.
    pub path: String,
    /// What is in it.
    pub source: Source,
}

/// What is in a volume.
#[derive(Clone, Debug)]
pub enum Source {
    /// An empty directory of at most this size.
    Scratch(Bytes),
    /// Configuration files, each set a `ConfigMap`; several sets are projected into one directory.
    Config(Vec<ConfigFiles>),
    /// A Secret from the store.
    Secret(SecretFiles),
    /// A Secret that cert-manager fills: name, then file name by key.
    Issued {
        /// The Secret.
        secret: Name,
        /// Key and file name; all keys when empty.
        files: &'static [(&'static str, &'static str)],
    },
    /// A persistent volume of this size, held by one pod.
    Persistent(Bytes),
}

/// One `ConfigMap` of a workload.
#[derive(Clone, Debug)]
pub struct ConfigFiles {
    /// Its name; a hash of the content follows unless it is `live`.
    pub name: Name,
    /// File name and content.
    pub files: Vec<(String, Payload)>,
    /// Whether the software reads it again by itself. If not, it is immutable and named after its content, so that
    /// a change rolls the pods.
    pub live: bool,
}

/// One Secret of a workload.
#[derive(Clone, Debug)]
pub struct SecretFiles {
    /// Its name.
    pub name: Name,
    /// How the store fills it.
    pub content: SecretContent,
}

/// How the store fills a Secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretContent {
    /// These keys of the entry of the same name, which somebody wrote or which is ours alone.
    Keys(Origin, Vec<SecretKey>),
    /// Everything in the entry of the same name.
    Whole,
    /// `htpasswd` (bcrypt), made from the user name and password in the entry `from`.
    Htpasswd {
        /// The entry with `username` and `password`.
        from: Name,
    },
    /// `.dockerconfigjson` for `host`, made from the user name and password in the entry `from`.
    PullCredential {
        /// The entry with `username` and `password`.
        from: Name,
        /// Registry host.
        host: String,
    },
}

/// Whom a workload reaches besides what `calls` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The API server.
    ApiServer,
    /// The kubelet of every node.
    Kubelets,
    /// The public internet on these ports.
    Public(&'static [u16]),
    /// Every component with a route, on the routed port.
    Routed,
    /// Every endpoint with metrics.
    Scraped,
    /// The ingress controller's public ports, from inside.
    Edge,
    /// The pods with which cert-manager answers ACME challenges.
    Solvers,
}

/// A right of a service account.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Suffix of the role's name; empty for the workload's own name.
    pub suffix: &'static str,
    /// Where it holds.
    pub scope: Scope,
}

/// Where a right holds.
#[derive(Clone, Debug)]
pub enum Scope {
    /// In the workload's own namespace.
    Own(Vec<PolicyRule>),
    /// In this namespace.
    Namespace(Name, Vec<PolicyRule>),
    /// Everywhere.
    Cluster(Vec<PolicyRule>),
    /// What a `ClusterRole` that the cluster has by itself says, everywhere.
    ClusterRole(&'static str),
    /// What a Role of `kube-system` that the cluster has by itself says.
    SystemRole(&'static str),
}
