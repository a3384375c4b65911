//! `cert-manager`: obtains and renews certificates, and hands their authorities to whoever must trust them.
//! Its custom resource definitions are not rendered: they come with its release and are installed before.

mod issuer;
mod rights;
mod rules;

use crate::components::cert_manager::issuer::Signer;
use crate::diagnostics::codes;
use crate::model::component::{Capability, Component, ComponentType, Desk, Provides};
use crate::model::endpoint::{Audience, Endpoint, Metrics};
use crate::model::facts::Facts;
use crate::model::identity::{Identity, Own};
use crate::model::monitoring::{Alert, RuleGroup};
use crate::model::object::Object;
use crate::model::site::Site;
use crate::model::workload::{Controller, Grant, Main, Priority, Probes, Reach, Replicas, Size, User, Workload};
use crate::parts::meta::{Labels, annotated, cluster_scoped};
use crate::parts::pod::sleep_before_stop;
use crate::parts::probe::{self, Timing};
use crate::parts::webhook::{self, Webhook};
use crate::spec::read::At;
use crate::spec::shape::shape;
use crate::values::host::Host;
use crate::values::image::Image;
use crate::values::name::Name;
use crate::values::parse::Parse;

shape! {
    /// cert-manager, with the `ClusterIssuer` of all routes.
    CertManagerSpec {
        /// Who signs the certificates of routes: one of the known authorities, or a `ClusterIssuer` that exists already.
        issuer: At<Signer>,
        /// Whom Let's Encrypt may write to about the account.
        email: Option<At<String>>,
        /// Whether an existing `ClusterIssuer` answers ACME challenges over HTTP, so that its solver pods and the
        /// authority must be within reach. Other authorities outside the cluster are externals that `calls` names.
        acme: Option<At<bool>>,
    }
}

/// A checked cert-manager.
#[derive(Debug)]
pub struct CertManager {
    signer: At<Signer>,
    email: Option<String>,
    acme: bool,
}

/// Version of all images; they are released together.
const VERSION: &str = "v1.21.1";
/// Ports as the programs open them by default, but for the webhook's, which is an argument.
const METRICS: u16 = 9402;
const HEALTH: u16 = 9403;
const WEBHOOK: u16 = 10_250;
const WEBHOOK_HEALTH: u16 = 6080;

impl ComponentType for CertManager {
    const TYPE: &'static str = "cert-manager";
    const SUMMARY: &'static str = "cert-manager: public certificates for every route, and private ones for webhooks.";
    type Spec = CertManagerSpec;

    fn resolve(spec: CertManagerSpec, desk: &mut Desk<'_>) -> Option<Self> {
        let email = spec.email.map(|email| checked_email(email, &spec.issuer.value, desk));
        // Whether `acme` fits an issuer that could not be read, nobody knows.
        let acme = spec.acme.filter(|_| !spec.issuer.is_stand_in());
        let acme = checked_acme(acme, &spec.issuer.value, desk)?;
        Some(Self { acme, email: email.map_or(Some(None), |email| email.map(Some))?, signer: spec.issuer })
    }
}

/// An address that an authority accepts, for an authority that asks for one.
fn checked_email(email: At<String>, signer: &Signer, desk: &mut Desk<'_>) -> Option<String> {
    if signer.directory().is_none() {
        let message = format!("`email` stands beside the issuer `{}`, which has no account", signer.name());
        desk.report
            .error(codes::CONFLICT, email.span, message)
            .help("remove it, or use `letsencrypt` or `letsencrypt-staging`");
        return None;
    }
    let good = email.value.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty()
            && local.chars().all(|letter| letter.is_ascii_graphic() && letter != '@')
            && host.contains('.')
            && Host::parse(host).is_ok()
    });
    if !good {
        desk.report
            .error(codes::INVALID_VALUE, email.span, format!("`{}` is no e-mail address", email.value))
            .help("expected an address such as `platform@example.com`");
    }
    good.then_some(email.value)
}

/// Whether challenges are answered: known for our own issuers, and asked for one that exists already.
fn checked_acme(written: Option<At<bool>>, signer: &Signer, desk: &mut Desk<'_>) -> Option<bool> {
    let known = signer.directory().is_some();
    match written {
        Some(written) if matches!(signer, Signer::Existing(_)) => Some(written.value),
        Some(written) => {
            let message = "`acme` stands beside an issuer of which it is known";
            desk.report.error(codes::CONFLICT, written.span, message).help("remove it");
            None
        }
        None => Some(known),
    }
}

impl Component for CertManager {
    fn endpoints(&self, own: &Own) -> Vec<Endpoint> {
        let controller = &own.name;
        let (webhook, injector) = (webhook_name(own), injector_name(own));
        // The metrics say which namespace a certificate lives in, so their own labels win.
        let metrics = |workload: &Name| Endpoint {
            metrics: Some(Metrics { honor_labels: true, ..Metrics::of(Self::TYPE) }),
            ..Endpoint::metrics(workload, "metrics", METRICS, Self::TYPE)
        };
        vec![
            metrics(controller),
            Endpoint::tcp(controller, "health", HEALTH),
            Endpoint {
                service: Some(443),
                app_protocol: Some("https"),
                audience: &[Audience::ApiServer],
                ..Endpoint::tcp(&webhook, "https", WEBHOOK)
            },
            metrics(&webhook),
            Endpoint::tcp(&webhook, "health", WEBHOOK_HEALTH),
            metrics(&injector),
        ]
    }

    fn workloads(&self, site: &Site<'_>) -> Vec<Workload> {
        vec![self.controller(site), webhook_workload(site), injector(site)]
    }

    fn objects(&self, site: &Site<'_>) -> Vec<Object> {
        let mut objects =
            issuer::objects(&self.signer.value, self.email.as_ref(), site, &labels(site, &site.own.name, CONTROLLER));
        objects.extend(webhooks(site));
        objects
    }

    fn provides(&self, _own: &Own, _facts: &Facts) -> Provides {
        Provides::Certificates {
            issuer: self.signer.value.name().to_owned(),
            acme: self.acme,
            trusted: self.signer.value.is_trusted(),
            span: self.signer.span,
        }
    }

    fn requires(&self) -> &'static [Capability] {
        // Challenges are answered through Ingresses.
        if self.acme { &[Capability::Routing] } else { &[] }
    }

    fn starts(&self) -> Vec<Image> {
        if self.acme { vec![solver()] } else { Vec::new() }
    }

    fn metrics(&self) -> Vec<&'static str> {
        rules::METRICS.to_vec()
    }

    fn rules(&self, _own: &Own) -> Vec<RuleGroup> {
        vec![rules::group(self.acme)]
    }

    fn absence(&self, own: &Own) -> Option<Alert> {
        Some(rules::absence(own))
    }
}

const CONTROLLER: &str = "controller";

fn webhook_name(own: &Own) -> Name {
    own.name.with("webhook")
}

fn injector_name(own: &Own) -> Name {
    own.name.with("cainjector")
}

/// The Secret in which the webhook keeps the authority behind its own certificate.
fn webhook_authority(own: &Own) -> Name {
    webhook_name(own).with("ca")
}

fn labels(site: &Site<'_>, instance: &Name, role: &'static str) -> Labels {
    Identity { own: site.own, instance, role, part_of: &site.facts.platform.name, version: VERSION }.labels()
}

/// What the three programs have in common.
fn workload(site: &Site<'_>, name: Name, role: &'static str, room: Size) -> Workload {
    Workload {
        name,
        role,
        controller: Controller::Rolling(Replicas::Fixed(1)),
        priority: Priority::Edge,
        // The user of the images, said as a number because the kubelet cannot check a name.
        user: User { uid: 1000, gid: 1000, fs_group: None },
        api_token: true,
        main: Main {
            name: Name::fixed(role),
            image: image(role),
            command: Vec::new(),
            args: vec!["--v=2".to_owned()],
            env: Vec::new(),
            probes: Probes::default(),
            size: room,
            lifecycle: None,
            exceptions: Default::default(),
        },
        init: Vec::new(),
        volumes: Vec::new(),
        grace: 30,
        spread: site.spread.clone(),
        reaches: vec![Reach::ApiServer],
        grants: Vec::new(),
    }
}

fn image(program: &str) -> Image {
    Image::pinned("quay.io", &format!("jetstack/cert-manager-{program}"), VERSION)
}

/// What answers challenges, in pods that the controller starts.
fn solver() -> Image {
    image("acmesolver")
}

/// Leases stand beside the pods, so that nothing of ours is in `kube-system`.
fn leases(site: &Site<'_>) -> String {
    format!("--leader-election-namespace={}", site.own.namespace)
}

impl CertManager {
    fn controller(&self, site: &Site<'_>) -> Workload {
        let room = site.size.clone().map_or_else(|| Size::of((50, 500), (128, 512)), Size::with_headroom);
        let base = workload(site, site.own.name.clone(), CONTROLLER, room);
        let mut args = base.main.args.clone();
        args.push(format!("--cluster-resource-namespace={}", site.own.namespace));
        args.push(leases(site));
        let mut reaches = base.reaches.clone();
        if self.acme {
            args.push(format!("--acme-http01-solver-image={}", site.facts.pins.pinned(&solver())));
            // The authority on 443. It asks for a challenge only after the answer has been seen to be reachable: at the
            // public address on 80 and, where that is short-circuited, at the ingress controller's pods.
            reaches.extend([Reach::Public(&[80, 443]), Reach::Edge]);
        }
        let slow = Timing { delay: 10, period: 10, timeout: 15, failures: 8 };
        let probes = Probes {
            startup: None,
            live: Some(probe::http("/livez", "health", slow)),
            ready: Some(probe::http("/livez", "health", probe::READINESS)),
        };
        Workload { reaches, grants: rights::controller(), main: Main { args, probes, ..base.main }, ..base }
    }
}

/// Two of them: while none answers, no certificate and no issuer can be changed.
fn webhook_workload(site: &Site<'_>) -> Workload {
    let name = webhook_name(site.own);
    let base = workload(site, name.clone(), "webhook", Size::of((20, 200), (64, 128)));
    let namespace = &site.own.namespace;
    let authority = webhook_authority(site.own);
    let mut args = base.main.args.clone();
    args.push(format!("--secure-port={WEBHOOK}"));
    args.push(format!("--dynamic-serving-ca-secret-namespace={namespace}"));
    args.push(format!("--dynamic-serving-ca-secret-name={authority}"));
    for host in [name.to_string(), format!("{name}.{namespace}"), format!("{name}.{namespace}.svc")] {
        args.push(format!("--dynamic-serving-dns-names={host}"));
    }
    let probes = Probes {
        // Long enough for two replicas to agree on one authority.
        startup: Some(probe::http("/livez", "health", probe::STARTUP)),
        live: Some(probe::http("/livez", "health", probe::LIVENESS)),
        ready: Some(probe::http("/healthz", "health", probe::READINESS)),
    };
    Workload {
        controller: Controller::Rolling(Replicas::Fixed(2)),
        grants: rights::webhook(&authority),
        main: Main { args, probes, lifecycle: Some(sleep_before_stop(5)), ..base.main },
        ..base
    }
}

fn injector(site: &Site<'_>) -> Workload {
    // It holds every definition of the cluster in memory, and the name of every Secret.
    let base = workload(site, injector_name(site.own), "cainjector", Size::of((20, 200), (128, 512)));
    let mut args = base.main.args.clone();
    args.push(leases(site));
    // It has no health endpoint, but it opens this port only once it has found cert-manager's definitions.
    let probes = Probes { ready: Some(probe::tcp("metrics", probe::READINESS)), ..Default::default() };
    let grants: Vec<Grant> = rights::injector();
    Workload { grants, main: Main { args, probes, ..base.main }, ..base }
}

/// The API server asks before it stores an object of cert-manager's.
fn webhooks(site: &Site<'_>) -> [Object; 2] {
    let name = webhook_name(site.own);
    let source = format!("{}/{}", site.own.namespace, webhook_authority(site.own));
    let metadata = annotated(
        cluster_scoped(site.facts.platform.name.with(name.as_str()).as_str(), labels(site, &name, "webhook")),
        &[("cert-manager.io/inject-ca-from-secret", &source)],
    );
    let validate = Webhook {
        name: "webhook.cert-manager.io",
        service: &name,
        namespace: &site.own.namespace,
        path: "/validate",
        groups: &["cert-manager.io", "acme.cert-manager.io"],
        resources: &["*/*"],
        operations: &["CREATE", "UPDATE"],
        timeout: 30,
    };
    // Records who asks for a certificate.
    let mutate = Webhook {
        path: "/mutate",
        groups: &["cert-manager.io"],
        resources: &["certificaterequests"],
        operations: &["CREATE"],
        ..validate
    };
    [webhook::mutating(metadata.clone(), &mutate).into(), webhook::validating(metadata, &validate).into()]
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::diagnostics::report::Report;
    use crate::pipeline;

    fn rendered(name: &str, keys: &str) -> Vec<Value> {
        let text = format!(
            r#"
            version = 1
            platform = {{ name = "shop", domain = "example.com" }}
            cluster = {{ api-server = {{ cidrs = ["10.0.0.10/32"], ports = [443] }} }}
            secrets = {{ backend = "existing" }}
            namespaces = {{ certs = {{}}, edge = {{}} }}
            [components.front]
            type = "ingress-nginx"
            namespace = "edge"
            [components.{name}]
            type = "cert-manager"
            namespace = "certs"
            {keys}
            "#
        );
        let mut report = Report::default();
        let rendered = pipeline::render(&text, None, &mut report);
        let (_, bundle) = rendered.unwrap_or_else(|| panic!("{:#?}", report.sorted()));
        bundle.objects.iter().map(|placed| serde_json::to_value(&placed.object).expect("it is an object")).collect()
    }

    fn find<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
        let is = |object: &&Value| object["kind"] == kind && object["metadata"]["name"] == name;
        objects.iter().find(is).unwrap_or_else(|| panic!("no {kind} {name}"))
    }

    #[test]
    fn every_name_of_the_webhook_is_made_from_the_component() {
        let objects = rendered("tls", r#"issuer = "letsencrypt""#);
        let deployment = find(&objects, "Deployment", "tls-webhook");
        let args = deployment["spec"]["template"]["spec"]["containers"][0]["args"].to_string();
        for kind in ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"] {
            let configuration = find(&objects, kind, "shop-tls-webhook");
            let asked = &configuration["webhooks"][0]["clientConfig"]["service"];
            let service = find(&objects, "Service", asked["name"].as_str().expect("a name"));
            assert_eq!(service["spec"]["ports"][0]["port"], asked["port"]);
            let host = format!("{}.certs.svc", asked["name"].as_str().expect("a name"));
            assert!(args.contains(&format!("--dynamic-serving-dns-names={host}")), "{host}");

            let source = configuration["metadata"]["annotations"]["cert-manager.io/inject-ca-from-secret"].as_str();
            let secret = source.and_then(|source| source.strip_prefix("certs/")).expect("in its namespace");
            assert!(args.contains(&format!("--dynamic-serving-ca-secret-name={secret}\"")), "{secret}");
            let role = find(&objects, "Role", "tls-webhook-dynamic-serving");
            assert_eq!(role["rules"][0]["resourceNames"][0], secret, "it may write what it is told to write");
        }
    }

    /// Policies, arguments and requirements of challenges come and go together.
    #[test]
    fn the_world_is_within_reach_only_for_challenges() {
        for (keys, acme) in [
            (r#"issuer = "letsencrypt""#, true),
            (r#"issuer = "self-signed""#, false),
            (r#"issuer = "corp-ca""#, false),
            ("issuer = \"corp-acme\"\nacme = true", true),
        ] {
            let objects = rendered("tls", keys);
            let policy = find(&objects, "NetworkPolicy", "tls").to_string();
            assert_eq!(policy.contains("0.0.0.0/0"), acme, "{keys}");
            let deployment = find(&objects, "Deployment", "tls").to_string();
            assert_eq!(deployment.contains("acmesolver"), acme, "{keys}");
        }
    }

    #[test]
    fn an_issuer_is_rendered_unless_it_exists_already() {
        let issuers = |keys: &str| -> Vec<Value> {
            let objects = rendered("tls", keys);
            objects.into_iter().filter(|object| object["kind"] == "ClusterIssuer").collect()
        };
        assert_eq!(issuers(r#"issuer = "corp-ca""#), Vec::<Value>::new());
        let staging = issuers("issuer = \"letsencrypt-staging\"\nemail = \"ops@example.com\"");
        let acme = &staging[0]["spec"]["acme"];
        assert_eq!(acme["server"], "https://acme-staging-v02.api.letsencrypt.org/directory");
        assert_eq!(acme["email"], "ops@example.com");
        assert_eq!(acme["solvers"][0]["http01"]["ingress"]["ingressClassName"], "nginx");

        let objects = rendered("tls", r#"issuer = "self-signed""#);
        let secret = &find(&objects, "ClusterIssuer", "self-signed")["spec"]["ca"]["secretName"];
        let authority = find(&objects, "Certificate", secret.as_str().expect("a name"));
        // Where the controller looks for the Secrets of ClusterIssuers: its `--cluster-resource-namespace`.
        assert_eq!(authority["metadata"]["namespace"], "certs");
        assert_eq!(&authority["spec"]["secretName"], secret);
    }
}
