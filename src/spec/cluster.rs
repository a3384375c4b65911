//! The cluster under the platform: facts that nothing here can guess.

use crate::spec::non_empty::NonEmpty;
use crate::spec::read::{At, Entries};
use crate::spec::scalars::Port;
use crate::spec::shape::{shape, words};
use crate::values::cidr::Cidr;
use crate::values::host::Host;
use crate::values::label::{LabelKey, LabelValue};
use crate::values::name::{Name, ObjectName};
use crate::values::parse::Parse;

shape! {
    /// Facts about the cluster that nothing here can guess; network policies and volumes need them.
    ClusterSpec {
        /// Network plugin; `cilium` adds policies for what plain ranges cannot express there. `generic` when absent.
        cni: Cni = Cni::Generic,
        /// Ranges of pod addresses; kept out of `public`.
        pod_cidrs as "pod-cidrs": Option<NonEmpty<Vec<At<Cidr>>>>,
        /// Ranges of Service addresses; kept out of `public`.
        service_cidrs as "service-cidrs": Option<NonEmpty<Vec<At<Cidr>>>>,
        /// Ranges of node addresses; kept out of `public`, and where Prometheus finds the kubelets.
        node_cidrs as "node-cidrs": Option<NonEmpty<Vec<At<Cidr>>>>,
        /// Where pods reach the API server.
        api_server as "api-server": ApiServerSpec,
        /// The cluster's resolver; `k8s-app = "kube-dns"` in `kube-system` when absent.
        dns: DnsSpec = DnsSpec::kube_dns(),
        /// Addresses at which NodeLocal DNSCache answers pods at port 53: `169.254.20.10/32`, and the resolver's Service
        /// address too where kube-proxy does not run in IPVS mode. There is no such cache when absent.
        node_local_dns as "node-local-dns": Option<NonEmpty<Vec<At<Cidr>>>>,
        /// StorageClass of every volume; the cluster's default when absent.
        storage_class as "storage-class": Option<ObjectName>,
        /// Whether the cluster serves CPU and memory metrics already, or needs metrics-server. `present` when absent.
        metrics_server as "metrics-server": At<MetricsServer> =
            At { value: MetricsServer::Present, span: Default::default() },
        /// DNS domain of the cluster; `cluster.local` when absent.
        domain: Host = cluster_local(),
    }
}

fn cluster_local() -> Host {
    Host::parse("cluster.local").expect("`cluster.local` is a host")
}

/// Where NodeLocal DNSCache listens; its manifest has no other port.
pub const NODE_LOCAL_DNS_PORT: u16 = 53;

words! {
    /// The network plugin that enforces the policies.
    Cni {
        /// Any plugin that implements NetworkPolicy.
        Generic = "generic",
        /// Calico.
        Calico = "calico",
        /// Cilium.
        Cilium = "cilium",
    }
}

words! {
    /// Who serves `metrics.k8s.io`.
    MetricsServer {
        /// The cluster does.
        Present = "present",
        /// We install metrics-server.
        Install = "install",
    }
}

shape! {
    /// Where pods reach the API server. Plugins differ on whether a policy sees the Service port or the real one, so name both.
    ApiServerSpec {
        /// Its addresses.
        cidrs: NonEmpty<Vec<At<Cidr>>>,
        /// Its ports.
        ports: NonEmpty<Vec<At<Port>>>,
    }
}

shape! {
    /// The pods that resolve names.
    DnsSpec {
        /// Their namespace.
        namespace: Name,
        /// Their labels.
        labels: NonEmpty<Entries<LabelKey, LabelValue>>,
        /// The port of the pods themselves, over UDP and TCP: OpenShift's listen at 5353. `53` when absent.
        port: Port = Port(53),
    }
}

impl ClusterSpec {
    /// Every range that is known to be the cluster's own.
    pub fn own_ranges(&self) -> impl Iterator<Item = Cidr> {
        let lists = [&self.pod_cidrs, &self.service_cidrs, &self.node_cidrs];
        lists.into_iter().flatten().flat_map(|list| list.iter()).map(|range| range.value)
    }
}

impl DnsSpec {
    fn kube_dns() -> Self {
        let at = |value| At { value, span: Default::default() };
        let key = LabelKey::parse("k8s-app").expect("`k8s-app` is a label key");
        let value = LabelValue::parse("kube-dns").expect("`kube-dns` is a label value");
        Self { namespace: Name::fixed("kube-system"), labels: NonEmpty::entry(at(key), value), port: Port(53) }
    }
}
