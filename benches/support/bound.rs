//! The bound: what rendering costs at the least. It reads the same description with serde alone, builds as many objects
//! of the same kinds and sizes in code, and writes them with the same writer. It resolves, checks and locates nothing:
//! names are taken on trust, a callee is supposed to live beside its caller and to listen where the caller does, and
//! each object is forgotten once it is written.

#[path = "bound/deployment.rs"]
mod deployment;
#[path = "bound/objects.rs"]
mod objects;
#[path = "bound/policies.rs"]
mod policies;
#[path = "bound/scraping.rs"]
mod scraping;

use std::collections::BTreeMap;

use platformgen::emit::yaml;
use platformgen::model::object::Object;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Description {
    platform: Platform,
    namespaces: BTreeMap<String, Namespace>,
    externals: BTreeMap<String, External>,
    components: BTreeMap<String, Component>,
}

#[derive(Deserialize)]
struct Platform {
    name: String,
    domain: String,
    environment: String,
}

#[derive(Deserialize)]
struct Namespace {
    quota: Option<Quota>,
}

#[derive(Deserialize)]
struct Quota {
    cpu: String,
    memory: String,
    pods: u32,
}

#[derive(Deserialize)]
struct External {
    port: u16,
    cidrs: Vec<String>,
}

/// A component of any type; what only services have is empty for the others.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Component {
    r#type: String,
    namespace: String,
    image: String,
    runtime: String,
    port: u16,
    size: String,
    calls: Vec<String>,
    route: Route,
    env: BTreeMap<String, String>,
    secrets: BTreeMap<String, String>,
    mounts: BTreeMap<String, String>,
    scratch: BTreeMap<String, String>,
    scale: Scale,
}

#[derive(Deserialize, Default)]
struct Route {
    host: String,
    path: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
struct Scale {
    min: i32,
    max: i32,
    cpu: i32,
    memory: i32,
    requests_per_second: u32,
}

/// A service and what stands around it.
#[derive(Clone, Copy)]
struct Service<'a> {
    name: &'a str,
    declared: &'a Component,
    platform: &'a Platform,
    externals: &'a BTreeMap<String, External>,
}

/// The text so far.
#[derive(Default)]
pub struct Stream {
    /// All documents.
    pub text: String,
    /// How many they are.
    pub objects: usize,
    writer: yaml::Writer,
}

impl Stream {
    fn put(&mut self, object: &impl Serialize) {
        self.text.push_str("---\n");
        self.writer.write(object, &mut self.text).expect("Kubernetes objects can be written");
        self.objects += 1;
    }

    fn put_all<T: Serialize>(&mut self, objects: impl Iterator<Item = T>) {
        for object in objects {
            self.put(&object);
        }
    }
}

/// Reads `text` and writes every object of its services and of their namespaces, kind by kind; then what else grows with
/// the services, which is what scrapers and the ingress controller know of them; then copies of `rest`, the objects of a
/// platform that has no services yet.
pub fn render(text: &str, rest: &[Object]) -> Stream {
    let description: Description = toml::from_str(text).expect("the generated description is well-formed");
    let platform = &description.platform;
    let teams: Vec<(&str, &Quota)> = description
        .namespaces
        .iter()
        .filter_map(|(name, namespace)| Some((name.as_str(), namespace.quota.as_ref()?)))
        .collect();
    let services: Vec<Service<'_>> = description
        .components
        .iter()
        .filter(|(_, component)| component.r#type == "web-service")
        .map(|(name, declared)| Service { name, declared, platform, externals: &description.externals })
        .collect();
    let mut stream = Stream::default();

    stream.put_all(teams.iter().map(|(name, _)| objects::namespace(name, platform)));
    stream.put_all(teams.iter().map(|(name, quota)| objects::resource_quota(name, quota, platform)));
    stream.put_all(teams.iter().map(|(name, _)| objects::limit_range(name, platform)));
    for (name, _) in &teams {
        stream.put(&policies::solvers(name, platform));
        stream.put(&policies::allow_dns(name, platform));
        stream.put(&policies::default_deny(name, platform));
    }
    stream.put_all(services.iter().map(policies::service));
    stream.put_all(services.iter().map(objects::account));
    stream.put_all(teams.iter().map(|(name, _)| scraping::role(name, platform)));
    stream.put_all(teams.iter().map(|(name, _)| scraping::role_binding(name, platform)));
    stream.put_all(teams.iter().map(|(name, _)| objects::pull_secret(name, platform)));
    for service in &services {
        stream.put_all(service.declared.secrets.values().map(|entry| objects::secret_key(service, entry)));
        stream.put_all(service.declared.mounts.values().map(|entry| objects::secret(service, entry)));
    }
    stream.put_all(teams.iter().map(|(name, _)| objects::certificate(name, platform)));
    stream.put_all(services.iter().map(objects::service));
    stream.put_all(services.iter().map(deployment::deployment));
    stream.put_all(services.iter().map(objects::autoscaler));
    stream.put_all(services.iter().map(objects::budget));
    stream.put_all(services.iter().map(objects::ingress));

    stream.put(&policies::to_all("prometheus", &services, platform));
    stream.put(&policies::to_all("ingress-nginx", &services, platform));
    stream.put(&scraping::jobs(&services, platform));
    stream.put(&scraping::rules(&services, platform));
    stream.put_all(rest.iter().filter(|object| !grows(object)).cloned());
    stream
}

/// Whether `render` has built this one in code.
fn grows(object: &Object) -> bool {
    let name = object.metadata().name.as_deref().unwrap_or_default();
    let built: &[&str] = match object.kind().as_ref() {
        "NetworkPolicy" => &["prometheus", "ingress-nginx-controller"],
        "ConfigMap" => &["prometheus-config", "prometheus-rules"],
        _ => &[],
    };
    built.contains(&name)
}
