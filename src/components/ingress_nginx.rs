//! `ingress-nginx`: the edge. Ends TLS for every route and passes requests on to the pods behind it.

mod rights;
mod rules;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::networking::v1::{IngressClass, IngressClassSpec};

use crate::diagnostics::codes;
use crate::model::component::{Capability, Component, ComponentType, Desk, Provides};
use crate::model::endpoint::{Audience, Endpoint, Metrics};
use crate::model::facts::Facts;
use crate::model::identity::{Identity, Own};
use crate::model::monitoring::{Alert, RuleGroup};
use crate::model::object::Object;
use crate::model::site::Site;
use crate::model::workload::{
    Controller, Env, Exceptions, Main, Priority, Probes, Reach, Replicas, Size, Source, User, Volume, Workload,
};
use crate::ordered::Ordered;
use crate::parts::certificate::Serving;
use crate::parts::meta::{Labels, annotated, cluster_scoped, namespaced};
use crate::parts::pod::run_before_stop;
use crate::parts::probe::{self, Timing};
use crate::parts::webhook::{self, Webhook};
use crate::spec::read::At;
use crate::spec::scalars::Count;
use crate::spec::shape::{shape, words};
use crate::spec::size::ExactSize;
use crate::values::amount::{Bytes, Cpu};
use crate::values::image::Image;
use crate::values::name::Name;

shape! {
    /// The ingress-nginx controller, retired by its project in March 2026.
    IngressNginxSpec {
        /// How the world reaches it.
        expose: Expose = Expose::LoadBalancer,
        /// How many replicas stand behind the load balancer; two when absent.
        replicas: Option<At<Count>>,
    }
}

words! {
    /// How the world reaches the ingress controller.
    Expose {
        /// A load balancer in front of the cluster, made by a Service.
        LoadBalancer = "load-balancer",
        /// Ports 80 and 443 of every node; needs a namespace with `pod-security = "privileged"`.
        HostPort = "host-port",
    }
}

/// A checked ingress controller.
#[derive(Debug)]
pub struct IngressNginx {
    expose: Expose,
    replicas: i32,
}

const VERSION: &str = "v1.15.1";
const DIGEST: &str = "sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1";
/// The class of Ingresses that it serves, and the name by which the class finds it.
const CLASS: &str = "nginx";
const CONTROLLER_CLASS: &str = "k8s.io/ingress-nginx";
/// Where the certificate of the admission webhook is mounted.
const CERTIFICATES: &str = "/usr/local/certificates";
const ROLE: &str = "controller";
/// Seconds for which it goes on taking connections when it is to stop. Load balancers ask every few seconds whether a node
/// still has a pod, and believe the third no.
const DRAIN: u32 = 25;

impl ComponentType for IngressNginx {
    const TYPE: &'static str = "ingress-nginx";
    const SUMMARY: &'static str = "The ingress-nginx controller: ends TLS for every route. Retired by its project.";
    type Spec = IngressNginxSpec;

    fn resolve(spec: IngressNginxSpec, desk: &mut Desk<'_>) -> Option<Self> {
        let message = format!("ingress-nginx was retired in March 2026: {VERSION} is its last release");
        desk.doubt(codes::INGRESS_NGINX_RETIRED, message, "plan the switch to another controller");
        if let (Expose::HostPort, Some(replicas)) = (spec.expose, &spec.replicas) {
            desk.report
                .error(codes::CONFLICT, replicas.span, "`replicas` stands beside `expose = \"host-port\"`")
                .help("every node runs one: remove `replicas`");
        }
        Some(Self { expose: spec.expose, replicas: spec.replicas.map_or(2, |count| count.value.0) })
    }
}

impl Component for IngressNginx {
    fn endpoints(&self, _: &Own) -> Vec<Endpoint> {
        let workload = controller_name();
        let public = |name, port| {
            let (service, host_port) = match self.expose {
                Expose::LoadBalancer => (Some(port), None),
                Expose::HostPort => (None, Some(port)),
            };
            Endpoint {
                service,
                host_port,
                app_protocol: Some(name),
                audience: &[Audience::World],
                ..Endpoint::tcp(&workload, name, port)
            }
        };
        vec![
            public("http", 80),
            public("https", 443),
            Endpoint {
                service: Some(443),
                // The world must not find it behind the load balancer.
                service_suffix: Some("admission"),
                app_protocol: Some("https"),
                audience: &[Audience::ApiServer],
                ..Endpoint::tcp(&workload, "webhook", 8443)
            },
            Endpoint {
                // The metrics say which namespace and service a request was for, so their own labels win.
                metrics: Some(Metrics { honor_labels: true, ..Metrics::of(Self::TYPE) }),
                ..Endpoint::metrics(&workload, "metrics", 10_254, Self::TYPE)
            },
        ]
    }

    fn workloads(&self, site: &Site<'_>) -> Vec<Workload> {
        let lease = lease(site);
        vec![Workload {
            name: controller_name(),
            role: ROLE,
            controller: match self.expose {
                Expose::LoadBalancer => Controller::Rolling(Replicas::Fixed(self.replicas)),
                // A port of a node has one holder: a second pod there, or one more for a rollout, would never start.
                Expose::HostPort => Controller::PerNode,
            },
            priority: Priority::Edge,
            user: User { uid: 101, gid: 82, fs_group: None },
            api_token: true,
            main: self.container(site, &lease),
            init: Vec::new(),
            volumes: vec![Volume {
                name: "webhook-certificate".to_owned(),
                path: CERTIFICATES.to_owned(),
                source: Source::Issued {
                    secret: serving(site, &admission_name()).secret(),
                    files: &[("tls.crt", "cert"), ("tls.key", "key")],
                },
            }],
            // Long downloads and web sockets end by themselves, for four minutes at most, after the drain.
            grace: 300,
            spread: site.spread.clone(),
            reaches: vec![Reach::ApiServer, Reach::Routed, Reach::Solvers],
            grants: rights::controller(&lease),
        }]
    }

    fn objects(&self, site: &Site<'_>) -> Vec<Object> {
        let admission = admission_name();
        let serving = serving(site, &admission);
        let mut objects = vec![class(site).into(), configuration(site).into()];
        objects.extend(serving.objects());
        objects.push(validation(site, &admission, &serving));
        objects
    }

    fn provides(&self, _own: &Own, _facts: &Facts) -> Provides {
        Provides::Routing { class: CLASS }
    }

    fn requires(&self) -> &'static [Capability] {
        // Its webhook serves TLS, with a certificate that the API server must trust.
        &[Capability::Certificates]
    }

    fn metrics(&self) -> Vec<&'static str> {
        rules::METRICS.to_vec()
    }

    fn rules(&self, _own: &Own) -> Vec<RuleGroup> {
        vec![rules::group()]
    }

    fn absence(&self, own: &Own) -> Option<Alert> {
        Some(rules::absence(own))
    }
}

/// Fixed, because the routes and policies of other tools look for it under the name that upstream gives it.
fn controller_name() -> Name {
    Name::fixed("ingress-nginx-controller")
}

/// The Service of the admission webhook.
fn admission_name() -> Name {
    controller_name().with("admission")
}

/// The lease by which one replica writes addresses into Ingresses.
fn lease(site: &Site<'_>) -> Name {
    site.facts.platform.name.with("ingress-nginx-leader")
}

fn labels(site: &Site<'_>, role: &'static str) -> Labels {
    let instance = controller_name();
    Identity { own: site.own, instance: &instance, role, part_of: &site.facts.platform.name, version: VERSION }.labels()
}

fn serving<'a>(site: &'a Site<'_>, admission: &'a Name) -> Serving<'a> {
    Serving {
        prefix: "ingress-nginx-admission",
        service: admission,
        namespace: &site.own.namespace,
        labels: labels(site, "webhook"),
    }
}

impl IngressNginx {
    fn container(&self, site: &Site<'_>, lease: &Name) -> Main {
        let health =
            |failures| probe::http("/healthz", "metrics", Timing { delay: 10, period: 10, timeout: 1, failures });
        Main {
            name: Name::fixed(ROLE),
            image: Image::pinned("registry.k8s.io", "ingress-nginx/controller", VERSION).at(DIGEST),
            command: Vec::new(),
            args: self.arguments(site, lease),
            env: vec![
                // It looks itself up by these.
                Env::field("POD_NAME", "metadata.name"),
                Env::field("POD_NAMESPACE", "metadata.namespace"),
                Env::literal("LD_PRELOAD", "/usr/local/lib/libmimalloc.so"),
            ],
            probes: Probes { startup: None, live: Some(health(5)), ready: Some(health(3)) },
            size: room(site),
            lifecycle: Some(run_before_stop(&["/wait-shutdown"])),
            exceptions: Exceptions {
                // It writes nginx.conf, certificates and request bodies all over its image.
                writable_root: true,
                // Ports below 1024. The binaries carry the capability as a file attribute, so it must stay possible.
                capabilities: &["NET_BIND_SERVICE"],
            },
        }
    }

    /// The image's entry point is an init, so the program itself comes first.
    fn arguments(&self, site: &Site<'_>, lease: &Name) -> Vec<String> {
        let namespace = &site.own.namespace;
        let own = controller_name();
        // Whose address Ingresses report; without it, the addresses of the nodes.
        let publish = match self.expose {
            Expose::LoadBalancer => Some(format!("--publish-service={namespace}/{own}")),
            Expose::HostPort => None,
        };
        ["/nginx-ingress-controller".to_owned()]
            .into_iter()
            .chain(publish)
            .chain([
                format!("--election-id={lease}"),
                format!("--controller-class={CONTROLLER_CLASS}"),
                format!("--ingress-class={CLASS}"),
                format!("--configmap={namespace}/{own}"),
                // Load balancers hear late that a pod stops: until then it takes what they still send.
                format!("--shutdown-grace-period={DRAIN}"),
                "--validating-webhook=:8443".to_owned(),
                format!("--validating-webhook-certificate={CERTIFICATES}/cert"),
                format!("--validating-webhook-key={CERTIFICATES}/key"),
                "--enable-metrics=true".to_owned(),
            ])
            .collect()
    }
}

/// Requests and limits. Bodies are collected on disk before they are passed on, so many large uploads at once need
/// room there.
fn room(site: &Site<'_>) -> Size {
    let exact = |cpu, memory, disk| ExactSize {
        cpu: Cpu::millis(cpu),
        memory: Bytes::mebibytes(memory),
        ephemeral_storage: Bytes::mebibytes(disk),
    };
    let usual = || Size { requests: exact(100, 128, 256), limits: exact(2000, 512, 2048) };
    site.size.clone().map_or_else(usual, Size::with_headroom)
}

fn class(site: &Site<'_>) -> IngressClass {
    IngressClass {
        metadata: cluster_scoped(CLASS, labels(site, ROLE)),
        spec: Some(IngressClassSpec { controller: Some(CONTROLLER_CLASS.to_owned()), parameters: None }),
    }
}

/// What the controller reads by name, and again whenever it changes.
/// Source: ingress-nginx, "`ConfigMaps`" and "Annotations risks".
fn configuration(site: &Site<'_>) -> ConfigMap {
    // Left to itself it may start a worker for every core of the node, and the limits hold for all of them together.
    let workers = (room(site).limits.cpu.in_millis() + 999) / 1000;
    let settings = [
        ("allow-snippet-annotations", "false".to_owned()),
        // Routes need no more; it keeps out annotations that reach into nginx.conf or send requests elsewhere.
        ("annotations-risk-level", "Medium".to_owned()),
        ("strict-validate-path-type", "true".to_owned()),
        ("ssl-protocols", "TLSv1.2 TLSv1.3".to_owned()),
        ("hsts", "true".to_owned()),
        ("hsts-max-age", "31536000".to_owned()),
        ("server-tokens", "false".to_owned()),
        // Nothing in front of it is known to set them, so anybody could.
        ("use-forwarded-headers", "false".to_owned()),
        ("log-format-escape-json", "true".to_owned()),
        ("worker-processes", workers.to_string()),
    ];
    let data: BTreeMap<String, String> = settings.into_iter().map(|(key, value)| (key.to_owned(), value)).ordered();
    ConfigMap {
        metadata: namespaced(controller_name().as_str(), &site.own.namespace, labels(site, ROLE)),
        data: Some(data),
        ..Default::default()
    }
}

/// The API server stores no Ingress that would break the configuration of all the others.
fn validation(site: &Site<'_>, admission: &Name, serving: &Serving<'_>) -> Object {
    let name = site.facts.platform.name.with(serving.prefix);
    let metadata = annotated(
        cluster_scoped(name.as_str(), labels(site, "webhook")),
        &[("cert-manager.io/inject-ca-from", &serving.inject_from())],
    );
    let webhook = Webhook {
        name: "validate.nginx.ingress.kubernetes.io",
        service: admission,
        namespace: &site.own.namespace,
        path: "/networking/v1/ingresses",
        groups: &["networking.k8s.io"],
        resources: &["ingresses"],
        operations: &["CREATE", "UPDATE"],
        timeout: 10,
    };
    webhook::validating(metadata, &webhook).into()
}

#[cfg(test)]
mod tests {
    use crate::diagnostics::report::Report;
    use crate::model::object::Object;
    use crate::pipeline;

    const DESCRIPTION: &str = r#"
        version = 1
        platform = { name = "shop", domain = "example.com" }
        cluster = { api-server = { cidrs = ["10.0.0.10/32"], ports = [443] } }
        secrets = { backend = "existing" }
        namespaces = { edge = {} }
        [components.tls]
        type = "cert-manager"
        namespace = "edge"
        issuer = "self-signed"
        [components.front]
        type = "ingress-nginx"
        namespace = "edge"
        KEYS
    "#;

    fn rendered(keys: &str) -> Vec<Object> {
        let mut report = Report::default();
        let rendered = pipeline::render(&DESCRIPTION.replace("KEYS", keys), None, &mut report);
        let (_, bundle) = rendered.unwrap_or_else(|| panic!("{:#?}", report.sorted()));
        bundle.objects.into_iter().map(|placed| placed.object).collect()
    }

    #[test]
    fn the_webhook_asks_a_service_whose_pods_hold_a_certificate_for_its_name() {
        let objects = rendered("");
        let find = |kind: &str, name: &str| {
            let found = objects.iter().find(|object| object.id().kind == kind && object.id().name == name);
            serde_json::to_value(found.unwrap_or_else(|| panic!("no {kind} {name}"))).expect("it is an object")
        };
        let webhook = find("ValidatingWebhookConfiguration", "shop-ingress-nginx-admission");
        let asked = &webhook["webhooks"][0]["clientConfig"]["service"];
        let service = find("Service", asked["name"].as_str().expect("a name"));
        let deployment = find("Deployment", "ingress-nginx-controller");
        let pod = &deployment["spec"]["template"];
        for (key, value) in service["spec"]["selector"].as_object().expect("it selects") {
            assert_eq!(&pod["metadata"]["labels"][key], value);
        }
        assert_eq!(service["spec"]["ports"].as_array().map(Vec::len), Some(1), "nothing else stands behind it");
        assert_eq!(service["spec"]["ports"][0]["port"], asked["port"]);

        let source = webhook["metadata"]["annotations"]["cert-manager.io/inject-ca-from"].as_str().expect("a source");
        let certificate = find("Certificate", source.strip_prefix("edge/").expect("in the namespace"));
        assert_eq!(certificate["spec"]["secretName"], pod["spec"]["volumes"][0]["secret"]["secretName"]);
        let name = format!("{}.edge.svc", asked["name"].as_str().expect("a name"));
        assert!(certificate["spec"]["dnsNames"].as_array().expect("names").contains(&name.into()));
    }

    #[test]
    fn the_arguments_name_objects_that_exist() {
        let objects = rendered("");
        let has =
            |kind: &str, name: &str| objects.iter().any(|object| object.id().kind == kind && object.id().name == name);
        let text = serde_json::to_string(&objects).expect("objects can be written");
        for (flag, kind, name) in [
            ("--publish-service=edge/", "Service", "ingress-nginx-controller"),
            ("--configmap=edge/", "ConfigMap", "ingress-nginx-controller"),
            ("--ingress-class=", "IngressClass", "nginx"),
        ] {
            assert!(text.contains(&format!("{flag}{name}\"")), "{flag}{name}");
            assert!(has(kind, name), "{kind} {name}");
        }
        assert!(text.contains("--election-id=shop-ingress-nginx-leader"));
        assert!(text.contains(r#""resourceNames":["shop-ingress-nginx-leader"]"#), "it may hold its lease");
    }

    #[test]
    fn it_starts_as_many_workers_as_its_limit_has_cores() {
        for (keys, workers) in [
            ("", "2"),
            (r#"size = { cpu = "100m", memory = "128Mi" }"#, "1"),
            (r#"size = { cpu = "1100m", memory = "1Gi" }"#, "5"),
        ] {
            let text = serde_json::to_string(&rendered(keys)).expect("objects can be written");
            assert!(text.contains(&format!(r#""worker-processes":"{workers}""#)), "{keys}: {workers}");
        }
    }
}
