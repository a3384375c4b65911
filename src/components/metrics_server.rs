//! metrics-server: CPU and memory of every pod, for autoscalers and `kubectl top`. It belongs to the cluster and not to
//! the platform, so no description declares it: `[cluster] metrics-server = "install"` brings it into `kube-system`,
//! whose other pods, policies and labels stay as they are.
//! Source: kubernetes-sigs/metrics-server v0.9, `manifests/`.

use k8s_openapi::api::rbac::v1::ClusterRole;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::model::component::{Capability, Component};
use crate::model::endpoint::{Audience, Endpoint};
use crate::model::facts::Facts;
use crate::model::identity::{Identity, Own};
use crate::model::names::Names;
use crate::model::object::Object;
use crate::model::platform::Declared;
use crate::model::site::Site;
use crate::model::workload::{
    Controller, Grant, Main, Priority, Probes, Reach, Replicas, Scope, Size, Source, User, Volume, Workload,
};
use crate::parts::aggregation::{api_service, delegation};
use crate::parts::certificate::Serving;
use crate::parts::meta::cluster_scoped;
use crate::parts::pod::sleep_before_stop;
use crate::parts::probe;
use crate::parts::rights::rule;
use crate::spec::cluster::MetricsServer as Wanted;
use crate::spec::read::At;
use crate::spec::shapes::ComponentSpec;
use crate::values::amount::Bytes;
use crate::values::image::Image;
use crate::values::name::Name;

/// The component; nothing about it can be chosen.
#[derive(Debug)]
pub struct MetricsServer;

const NAME: &str = "metrics-server";
const VERSION: &str = "v0.9.0";
const API: &str = "metrics.k8s.io";
const TLS: &str = "/etc/metrics-server/tls";

/// The component where `[cluster]` asks for it.
pub fn implied(facts: &Facts, names: &Names<'_>, report: &mut Report) -> Option<Declared> {
    let wanted = &facts.cluster.metrics_server;
    if wanted.value != Wanted::Install {
        return None;
    }
    if facts.cluster.node_cidrs.is_none() {
        report
            .error(codes::REQUIRES, wanted.span, "metrics-server needs `node-cidrs`")
            .help("it asks the kubelet of every node, and its network policy must know where they are");
    }
    if names.components.contains(NAME) {
        report
            .error(codes::CONFLICT, wanted.span, format!("this brings a component `{NAME}` beside the declared one"))
            .help("give the declared one another name");
        return None;
    }
    let own = Own { namespace: Name::fixed("kube-system"), name: Name::fixed(NAME) };
    let endpoints = MetricsServer.endpoints(&own);
    Some(Declared {
        common: ComponentSpec {
            type_name: At { value: NAME.to_owned(), span: wanted.span },
            namespace: At { value: own.namespace.clone(), span: wanted.span },
            calls: Vec::new(),
            size: None,
            spread: None,
        },
        own,
        type_name: NAME,
        component: Box::new(MetricsServer),
        endpoints,
        links: Vec::new(),
        span: wanted.span,
    })
}

impl Component for MetricsServer {
    fn endpoints(&self, own: &Own) -> Vec<Endpoint> {
        vec![Endpoint {
            service: Some(443),
            app_protocol: Some("https"),
            audience: &[Audience::ApiServer],
            ..Endpoint::tcp(&own.name, "https", 10_250)
        }]
    }

    fn workloads(&self, site: &Site<'_>) -> Vec<Workload> {
        vec![Workload {
            name: site.own.name.clone(),
            role: ROLE,
            controller: Controller::Rolling(Replicas::Fixed(2)),
            priority: Priority::Cluster,
            user: User { uid: 1000, gid: 1000, fs_group: None },
            api_token: true,
            main: container(site),
            init: Vec::new(),
            volumes: volumes(site),
            grace: 30,
            spread: site.spread.clone(),
            reaches: vec![Reach::ApiServer, Reach::Kubelets],
            grants: grants(),
        }]
    }

    fn objects(&self, site: &Site<'_>) -> Vec<Object> {
        let serving = serving(site);
        let mut objects = serving.objects();
        objects.push(reader(site, &serving).into());
        objects.push(api_service(API, "v1beta1", &serving).into());
        objects
    }

    fn requires(&self) -> &'static [Capability] {
        &[Capability::Certificates]
    }
}

const ROLE: &str = "resource-metrics";

fn container(site: &Site<'_>) -> Main {
    Main {
        name: site.own.name.clone(),
        image: Image::pinned("registry.k8s.io", "metrics-server/metrics-server", VERSION),
        command: Vec::new(),
        // The kubelets' certificates are verified: a cluster whose kubelets sign their own must first get
        // `serverTLSBootstrap`, which is better than `--kubelet-insecure-tls` here.
        args: [
            "--secure-port=10250",
            "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
            "--kubelet-use-node-status-port",
            "--metric-resolution=15s",
        ]
        .into_iter()
        .map(str::to_owned)
        .chain([format!("--tls-cert-file={TLS}/tls.crt"), format!("--tls-private-key-file={TLS}/tls.key")])
        .collect(),
        env: Vec::new(),
        probes: Probes {
            startup: Some(probe::https("/livez", "https", probe::DISCOVERY)),
            live: Some(probe::https("/livez", "https", probe::LIVENESS)),
            ready: Some(probe::https("/readyz", "https", probe::READINESS)),
        },
        size: Size::of((100, 400), (200, 400)),
        lifecycle: Some(sleep_before_stop(5)),
        exceptions: Default::default(),
    }
}

fn volumes(site: &Site<'_>) -> Vec<Volume> {
    let volume = |name: &str, path: &str, source| Volume { name: name.to_owned(), path: path.to_owned(), source };
    vec![
        volume("tls", TLS, Source::Issued { secret: serving(site).secret(), files: &[] }),
        volume("tmp", "/tmp", Source::Scratch(Bytes::mebibytes(16))),
    ]
}

fn grants() -> Vec<Grant> {
    let rules = vec![rule("", &["nodes/metrics"], &["get"]), rule("", &["nodes", "pods"], &["get", "list", "watch"])];
    [Grant { suffix: "", scope: Scope::Cluster(rules) }].into_iter().chain(delegation()).collect()
}

fn serving<'a>(site: &Site<'a>) -> Serving<'a> {
    let own = site.own;
    let part_of = &site.facts.platform.name;
    let labels = Identity { own, instance: &own.name, role: ROLE, part_of, version: VERSION }.labels();
    Serving { prefix: own.name.as_str(), service: &own.name, namespace: &own.namespace, labels }
}

/// Lets everybody who may view a namespace read the metrics of its pods.
fn reader(site: &Site<'_>, serving: &Serving<'_>) -> ClusterRole {
    let mut labels = serving.labels.clone();
    for role in ["view", "edit", "admin"] {
        labels.insert(format!("rbac.authorization.k8s.io/aggregate-to-{role}"), "true".to_owned());
    }
    ClusterRole {
        metadata: cluster_scoped(format!("{}-{NAME}-reader", site.facts.platform.name), labels),
        rules: Some(vec![rule(API, &["nodes", "pods"], &["get", "list", "watch"])]),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostics::report::Report;
    use crate::pipeline;

    const GENERAL: &str = r#"
        version = 1
        platform = { name = "acme", domain = "example.com" }
        cluster = { metrics-server = "install", api-server = { cidrs = ["10.0.0.1/32"], ports = [443] } EXTRA }
        secrets = { backend = "existing" }
        namespaces.infra = {}
    "#;

    fn messages(extra: &str, more: &str) -> Vec<String> {
        let mut report = Report::default();
        let text = GENERAL.replace("EXTRA", extra) + more;
        let _ = pipeline::platform(&text, None, &mut report);
        report.sorted().into_iter().map(|found| found.message.clone()).collect()
    }

    #[test]
    fn it_needs_nodes_and_somebody_who_signs() {
        let found = messages("", "");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|message| message.contains("`node-cidrs`")), "{found:?}");
        assert!(found.iter().any(|message| message.contains("`metrics-server` needs certificates")), "{found:?}");
    }

    #[test]
    fn its_name_is_taken() {
        let declared =
            r#"components.metrics-server = { type = "registry", namespace = "infra", storage = "1Gi", users = "x" }"#;
        let found = messages(r#", node-cidrs = ["10.0.0.0/20"]"#, declared);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("beside the declared one"), "{found:?}");
    }
}
