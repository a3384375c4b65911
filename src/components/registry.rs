//! `registry`: a private image registry with one set of credentials, on a volume of its own.
//! Source: distribution/distribution v3.1, `docs/content/about/configuration.md`.

mod garbage;
mod rules;

use serde_json::json;

use crate::components::registry::garbage::{COLLECT, collector, restarter};
use crate::components::registry::rules::{METRICS, absence, health};
use crate::diagnostics::codes;
use crate::model::component::{Component, ComponentType, Desk, Provides};
use crate::model::endpoint::{Audience, Endpoint};
use crate::model::facts::Facts;
use crate::model::identity::Own;
use crate::model::monitoring::{Alert, RuleGroup};
use crate::model::site::{Registry as OwnRegistry, Site};
use crate::model::workload::{
    ConfigFiles, Controller, Env, Main, Priority, Probes, SecretContent, SecretFiles, Size, Source, User, Volume,
    Workload,
};
use crate::parts::payload;
use crate::parts::probe;
use crate::parts::template::quoted;
use crate::spec::shape::shape;
use crate::spec::shapes::RouteSpec;
use crate::values::amount::Bytes;
use crate::values::body_size::BodySize;
use crate::values::duration::Duration;
use crate::values::image::Image;
use crate::values::name::Name;
use crate::values::parse::Parse;
use crate::values::path::UrlPath;
use crate::values::schedule::Schedule;
use crate::values::secret_ref::SecretRef;

shape! {
    /// A private image registry.
    RegistrySpec {
        /// Size of the volume with the images.
        storage: Bytes,
        /// Entry of the secret store with `username` and `password` (at most 72 bytes): who may push and pull. Every
        /// pull secret is made from it too.
        users: Name,
        /// How the world and the nodes reach it; without a route only components that call it do. Bodies have no limit
        /// and requests a quarter of an hour, unless it says otherwise.
        route: Option<RouteSpec>,
        /// When to remove what no tag leads to any more; never when absent. A job restarts the registry, which collects
        /// before it serves, as after any `kubectl rollout restart`; the log of `collect-garbage` says how it went. The
        /// registry is away meanwhile, so only after forty minutes does its absence wake somebody; and an image that is
        /// deployed by digest must keep a tag.
        garbage_collection as "garbage-collection": Option<Schedule>,
    }
}

/// A checked registry.
#[derive(Debug)]
pub struct Registry {
    spec: RegistrySpec,
}

/// User and group of the process; the image names none and would run as root.
const USER: User = User { uid: 1000, gid: 1000, fs_group: Some(1000) };
/// The tag is built again whenever its base image is.
const IMAGE_DIGEST: &str = "sha256:1be55279f18a2fe1a74edf2664cac61c1bea305b7b4642dab412e7affdcb3e33";
const CONFIG: &str = "/etc/distribution";
const DATA: &str = "/var/lib/registry";

impl ComponentType for Registry {
    const TYPE: &'static str = "registry";
    const SUMMARY: &'static str = "A private image registry: htpasswd, a volume, garbage collection on a schedule.";
    type Spec = RegistrySpec;

    fn resolve(mut spec: RegistrySpec, desk: &mut Desk<'_>) -> Option<Self> {
        if let Some(route) = &mut spec.route {
            check_path(route, desk)?;
            // Layers are large, and slow lines send them for minutes.
            route.body.get_or_insert_with(|| BodySize::fixed("0"));
            route.timeout.get_or_insert(Duration::seconds(900));
        }
        Some(Self { spec })
    }
}

/// Clients look for the registry's API at the root of its host and nowhere else.
fn check_path(route: &RouteSpec, desk: &mut Desk<'_>) -> Option<()> {
    if UrlPath::parse("/v2").is_ok_and(|api| route.path.value.covers(&api)) {
        return Some(());
    }
    let message = format!("the route {} does not lead to /v2, where clients look for a registry", route.path.value);
    desk.report
        .error(codes::CONFLICT, route.path.span_or(route.host.span), message)
        .help("remove `path`: a registry has a host of its own");
    None
}

impl Component for Registry {
    fn endpoints(&self, own: &Own) -> Vec<Endpoint> {
        let http = Endpoint {
            service: Some(5000),
            app_protocol: Some("http"),
            audience: &[Audience::Callers],
            ..Endpoint::tcp(&own.name, "http", 5000)
        };
        // Health and metrics, without credentials: for Prometheus only, and in no Service.
        vec![http, Endpoint::metrics(&own.name, "metrics", 5001, "registry")]
    }

    fn workloads(&self, site: &Site<'_>) -> Vec<Workload> {
        let restarts = self.spec.garbage_collection.iter().map(|schedule| restarter(schedule, site.own));
        [self.server(site)].into_iter().chain(restarts).collect()
    }

    fn route(&self) -> Option<&RouteSpec> {
        self.spec.route.as_ref()
    }

    /// Nodes pull by the route's host, so only a registry with a route is one that images can come from.
    fn provides(&self, _own: &Own, facts: &Facts) -> Provides {
        match &self.spec.route {
            Some(route) => Provides::Registry(OwnRegistry {
                host: route.host.value.below(&facts.platform.domain),
                users: self.spec.users.clone(),
            }),
            None => Provides::Nothing,
        }
    }

    fn metrics(&self) -> Vec<&'static str> {
        METRICS.to_vec()
    }

    fn rules(&self, _own: &Own) -> Vec<RuleGroup> {
        vec![health()]
    }

    fn absence(&self, own: &Own) -> Option<Alert> {
        Some(absence(own, self.spec.garbage_collection.is_some()))
    }
}

impl Registry {
    /// One pod: the volume can be held by one only, and garbage collection bears no second writer.
    fn server(&self, site: &Site<'_>) -> Workload {
        let own = &site.own.name;
        Workload {
            name: own.clone(),
            role: "server",
            // As long as its alert waits for a collection.
            controller: Controller::Recreate { prepares: self.spec.garbage_collection.as_ref().map_or(0, |_| 40 * 60) },
            priority: Priority::Platform,
            user: USER,
            api_token: false,
            main: Main {
                name: own.clone(),
                image: Image::pinned("docker.io", "library/registry", "3.1.1").at(IMAGE_DIGEST),
                command: Vec::new(),
                args: vec!["serve".to_owned(), format!("{CONFIG}/config.yml")],
                env: vec![
                    Env::secret("REGISTRY_HTTP_SECRET", SecretRef::derived(own.with("http"), "secret")),
                    // Without it the process sends traces to a collector that is not there.
                    Env::literal("OTEL_TRACES_EXPORTER", "none"),
                ],
                probes: Probes {
                    startup: Some(probe::http("/", "http", probe::STARTUP)),
                    // Restarts do not mend a broken volume, so only readiness asks for it.
                    live: Some(probe::tcp("http", probe::LIVENESS)),
                    ready: Some(probe::http("/", "http", probe::READINESS)),
                },
                size: site.size.clone().map_or_else(|| Size::of((100, 500), (128, 512)), Size::with_headroom),
                lifecycle: None,
                exceptions: Default::default(),
            },
            init: self.spec.garbage_collection.iter().map(|_| collector()).collect(),
            volumes: self.volumes(site),
            // Longer than `draintimeout`, so that uploads may end.
            grace: 70,
            spread: Vec::new(),
            reaches: Vec::new(),
            grants: Vec::new(),
        }
    }

    fn volumes(&self, site: &Site<'_>) -> Vec<Volume> {
        let own = &site.own.name;
        let realm = quoted(&format!("{} registry", site.facts.platform.name));
        let file = |path, values| payload::file(path, values, &site.facts.overrides);
        let mut files = vec![("config.yml".to_owned(), file("registry/config.yml", json!({ "realm": realm })))];
        if self.spec.garbage_collection.is_some() {
            files.push((COLLECT.to_owned(), file("registry/collect-garbage.sh", json!({}))));
        }
        let config = ConfigFiles { name: own.with("config"), files, live: false };
        // A whole directory: the registry reads the file again when it changes, which a `subPath` never does.
        let auth =
            SecretFiles { name: own.with("auth"), content: SecretContent::Htpasswd { from: self.spec.users.clone() } };
        let volume = |name: &str, path: &str, source| Volume { name: name.to_owned(), path: path.to_owned(), source };
        vec![
            volume("data", DATA, Source::Persistent(self.spec.storage)),
            volume("config", CONFIG, Source::Config(vec![config])),
            volume("auth", "/etc/registry/auth", Source::Secret(auth)),
            volume("tmp", "/tmp", Source::Scratch(Bytes::mebibytes(64))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostics::report::Report;
    use crate::model::platform::Platform;
    use crate::pipeline;

    const GENERAL: &str = r#"
        version = 1
        platform = { name = "acme", domain = "example.com" }
        cluster = { api-server = { cidrs = ["10.0.0.1/32"], ports = [443] } }
        secrets = { backend = "existing" }
        namespaces.infra = {}
        components.images = { type = "registry", namespace = "infra", storage = "10Gi", users = "people" EXTRA }
    "#;

    fn platform(extra: &str) -> (Option<Platform>, Vec<String>) {
        let mut report = Report::default();
        let platform = pipeline::platform(&GENERAL.replace("EXTRA", extra), None, &mut report);
        (platform, report.sorted().into_iter().map(|diagnostic| diagnostic.message.clone()).collect())
    }

    fn kinds(extra: &str) -> Vec<String> {
        let (platform, messages) = platform(extra);
        let platform = platform.unwrap_or_else(|| panic!("{messages:?}"));
        let of_ours = |name: &str| name.starts_with("images");
        let ids =
            pipeline::bundle(&platform).expect("names differ").objects.into_iter().map(|placed| placed.object.id());
        ids.filter(|id| of_ours(&id.name)).map(|id| format!("{}/{}", id.kind, id.name)).collect()
    }

    #[test]
    fn rights_and_restarts_exist_only_with_a_schedule() {
        let without = kinds("");
        assert!(!without.iter().any(|id| id.starts_with("Role") || id.starts_with("CronJob")), "{without:?}");
        let with = kinds(r#", garbage-collection = "0 3 * * 0""#);
        for id in ["CronJob/images-gc", "Role/images-gc", "RoleBinding/images-gc", "ServiceAccount/images-gc"] {
            assert!(with.contains(&id.to_owned()), "{id} in {with:?}");
        }
    }

    #[test]
    fn only_a_registry_with_a_route_is_one_that_nodes_pull_from() {
        let (platform, _) = platform("");
        assert_eq!(platform.expect("valid").around.registry, None);
    }

    #[test]
    fn a_route_must_lead_to_the_api() {
        let wrong = "does not lead to /v2";
        for (path, fits) in [("/", true), ("/v2", true), ("/v", false), ("/images", false), ("/v2/acme", false)] {
            let (_, messages) = platform(&format!(r#", route = {{ host = "images", path = "{path}" }}"#));
            assert_eq!(messages.iter().any(|message| message.contains(wrong)), !fits, "{path}: {messages:?}");
        }
    }

    #[test]
    fn a_malformed_schedule_is_reported_with_what_is_expected() {
        let (platform, messages) = platform(r#", garbage-collection = "TZ=UTC 0 3 * * 0""#);
        assert!(platform.is_none());
        assert!(messages.iter().any(|message| message.contains("sets a time zone")), "{messages:?}");
    }
}
