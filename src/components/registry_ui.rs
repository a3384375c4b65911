//! `registry-ui`: a web page over one registry, which asks the visitor for the registry's own credentials.
//! Source: Joxit/docker-registry-ui 2.6, its README and start script.

use crate::diagnostics::codes;
use crate::model::component::{Component, ComponentType, Desk};
use crate::model::endpoint::{Audience, Endpoint};
use crate::model::identity::Own;
use crate::model::site::Site;
use crate::model::workload::{
    Controller, Env, Init, Main, Priority, Probes, Replicas, Size, Source, User, Volume, Workload,
};
use crate::parts::pod::sleep_before_stop;
use crate::parts::probe;
use crate::spec::cluster::ClusterSpec;
use crate::spec::shape::shape;
use crate::spec::shapes::RouteSpec;
use crate::values::amount::Bytes;
use crate::values::image::Image;
use crate::values::path::UrlPath;

shape! {
    /// A web page over the registry that `calls` names.
    RegistryUiSpec {
        /// How the world reaches it.
        route: Option<RouteSpec>,
    }
}

/// A checked page.
#[derive(Debug)]
pub struct RegistryUi {
    spec: RegistryUiSpec,
}

/// The type whose components it shows.
const REGISTRY: &str = "registry";
/// The port that an nginx without root can listen on.
const PORT: u16 = 8080;

/// What the start script and nginx write, as volume and directory. The script moves nginx's pid file out of `/run`
/// only if it finds the line that older base images have.
const WRITTEN: &[(&str, &str)] = &[
    ("html", "/usr/share/nginx/html"),
    ("nginx", "/etc/nginx"),
    ("cache", "/var/cache/nginx"),
    ("run", "/run"),
    ("tmp", "/tmp"),
];

/// Those of them that the image already fills: the start script edits these files in place.
const EDITED: &[&str] = &["html", "nginx"];

impl ComponentType for RegistryUi {
    const TYPE: &'static str = "registry-ui";
    const SUMMARY: &'static str = "A web page that shows what is in a registry.";
    type Spec = RegistryUiSpec;

    fn resolve(spec: RegistryUiSpec, desk: &mut Desk<'_>) -> Option<Self> {
        if let Some(route) = spec.route.as_ref().filter(|route| route.path.value != UrlPath::root()) {
            let message = format!("the route {} is not the root of a host, where this page lives", route.path.value);
            desk.report.error(codes::CONFLICT, route.path.span, message).help("remove `path`");
            return None;
        }
        Some(Self { spec })
    }
}

impl Component for RegistryUi {
    fn endpoints(&self, own: &Own) -> Vec<Endpoint> {
        vec![Endpoint {
            service: Some(80),
            app_protocol: Some("http"),
            audience: &[Audience::Callers],
            ..Endpoint::tcp(&own.name, "http", PORT)
        }]
    }

    fn workloads(&self, site: &Site<'_>) -> Vec<Workload> {
        vec![Workload {
            name: site.own.name.clone(),
            role: "ui",
            controller: Controller::Rolling(Replicas::Fixed(1)),
            priority: Priority::Platform,
            user: User { uid: 101, gid: 101, fs_group: None },
            api_token: false,
            main: Main {
                name: site.own.name.clone(),
                image: Image::pinned("docker.io", "joxit/docker-registry-ui", "2.6.0"),
                command: Vec::new(),
                args: Vec::new(),
                env: environment(site),
                probes: Probes {
                    startup: Some(probe::http("/", "http", probe::STARTUP)),
                    live: Some(probe::http("/", "http", probe::LIVENESS)),
                    ready: Some(probe::http("/", "http", probe::READINESS)),
                },
                size: site.size.clone().map_or_else(|| Size::of((10, 100), (32, 64)), Size::with_headroom),
                lifecycle: Some(sleep_before_stop(5)),
                exceptions: Default::default(),
            },
            init: vec![copy()],
            volumes: WRITTEN
                .iter()
                .map(|(name, path)| Volume {
                    name: (*name).to_owned(),
                    path: (*path).to_owned(),
                    source: Source::Scratch(Bytes::mebibytes(32)),
                })
                .collect(),
            grace: 30,
            spread: Vec::new(),
            reaches: Vec::new(),
            grants: Vec::new(),
        }]
    }

    fn route(&self) -> Option<&RouteSpec> {
        self.spec.route.as_ref()
    }

    fn calls_types(&self) -> &'static [&'static str] {
        &[REGISTRY]
    }
}

/// The page asks its own nginx, which passes requests and credentials on to the registry: no other origin, no CORS.
fn environment(site: &Site<'_>) -> Vec<Env> {
    let registry = site.peer_of_type(REGISTRY);
    let address = registry.map(|peer| peer.address.to_string()).unwrap_or_default();
    // The host in image references; a registry without a route is only known inside the cluster.
    let host = registry.and_then(|peer| peer.public.as_ref()).map_or_else(|| address.clone(), ToString::to_string);
    let literal = |(name, value): (&str, &str)| Env::literal(name, value);
    [
        ("NGINX_LISTEN_PORT", listening(&site.facts.cluster).as_str()),
        ("NGINX_PROXY_PASS_URL", &format!("http://{address}")),
        ("REGISTRY_TITLE", &host),
        ("PULL_URL", &host),
        // As many workers as the CPU limit feeds; by default one for each core of the node, each with its own memory.
        ("NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE", "1"),
        ("SINGLE_REGISTRY", "true"),
        ("REGISTRY_SECURED", "true"),
        ("DELETE_IMAGES", "false"),
        ("SHOW_CONTENT_DIGEST", "true"),
        // It would ask a host on the internet from the visitor's browser.
        ("ENABLE_VERSION_NOTIFICATION", "false"),
    ]
    .map(literal)
    .into()
}

/// What stands behind `listen` in the configuration of the image, which has IPv4 in mind: its own script writes this text
/// there. Where pods have IPv6 addresses, the kubelet may ask by one, and nginx must listen to both.
fn listening(cluster: &ClusterSpec) -> String {
    let mut ranges = cluster.pod_cidrs.iter().flat_map(|ranges| ranges.iter());
    if ranges.all(|range| range.value.is_v4()) { PORT.to_string() } else { format!("[::]:{PORT} ipv6only=off") }
}

/// Fills the writable directories from the image, because the image itself is read-only.
fn copy() -> Init {
    let edited = || WRITTEN.iter().filter(|(name, _)| EDITED.contains(name));
    let copies: Vec<String> = edited().map(|(name, path)| format!("cp -RP {path}/. /copy/{name}/")).collect();
    Init {
        name: "copy",
        command: vec!["/bin/sh".to_owned(), "-c".to_owned(), copies.join(" && ")],
        mounts: edited().map(|(name, _)| (*name, format!("/copy/{name}"))).collect(),
        env: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostics::report::Report;
    use crate::emit;
    use crate::pipeline;

    const GENERAL: &str = r#"
        version = 1
        platform = { name = "acme", domain = "example.com" }
        cluster = { api-server = { cidrs = ["10.0.0.1/32"], ports = [443] } }
        secrets = { backend = "existing" }
        namespaces.infra = {}
        components.images = { type = "registry", namespace = "infra", storage = "10Gi", users = "people" }
        components.page = { type = "registry-ui", namespace = "infra" EXTRA }
    "#;

    fn render(extra: &str) -> Result<String, Vec<String>> {
        let mut report = Report::default();
        let platform = pipeline::platform(&GENERAL.replace("EXTRA", extra), None, &mut report);
        let messages =
            report.sorted().into_iter().map(|found| format!("{} ({:?})", found.message, found.help)).collect();
        platform.map(|platform| emit::list(&pipeline::bundle(&platform).expect("names differ").objects)).ok_or(messages)
    }

    #[test]
    fn it_shows_the_registry_that_it_calls() {
        let text = render(r#", calls = ["images"]"#).expect("valid");
        assert!(text.contains("http://images.infra.svc.cluster.local:5000"));
    }

    #[test]
    fn it_listens_where_pods_have_addresses() {
        let on = |ranges: &str| {
            let general = GENERAL.replace("cluster = {", &format!("cluster = {{ pod-cidrs = [{ranges}],"));
            let text = general.replace("EXTRA", r#", calls = ["images"]"#);
            let platform = pipeline::platform(&text, None, &mut Report::default()).expect("valid");
            emit::list(&pipeline::bundle(&platform).expect("names differ").objects)
        };
        assert!(!on(r#""10.244.0.0/16""#).contains("[::]"));
        assert!(on(r#""10.244.0.0/16", "fd00:1::/56""#).contains("[::]:8080 ipv6only=off"));
    }

    #[test]
    fn without_a_registry_it_is_refused_with_the_one_there_is() {
        let messages = render("").expect_err("a page over nothing");
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(messages[0].contains("`page` needs a `registry` in `calls`"), "{messages:?}");
        assert!(messages[0].contains("images"), "{messages:?}");
    }

    #[test]
    fn it_lives_at_the_root_of_a_host() {
        let messages = render(r#", calls = ["images"], route = { host = "page", path = "/ui" }"#).expect_err("a path");
        assert!(messages.iter().any(|message| message.contains("/ui is not the root")), "{messages:?}");
    }
}
