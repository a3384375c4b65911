//! Descriptions of any number of web services: the same number gives the same text.
//!
//! Each service has a route, three callees, two secrets or one, a pool, and an autoscaler that also counts requests, so
//! that each gives every object that a service can give. A team has a namespace of its own with a quota, a service in
//! front that all others of the team call, and every service also calls one of another team and a database. Only the
//! namespaces of teams have quotas.

use std::fmt::Write;

/// Services of one team.
pub const TEAM: usize = 25;
/// Services that share a database.
const DATABASE: usize = 50;

/// A platform of this many services, with the ingress controller, the certificates and the metrics that they need.
pub fn description(services: usize) -> String {
    let mut text = HEAD.to_owned();
    for team in 0..services.div_ceil(TEAM) {
        write(&mut text, format_args!("{}{QUOTA}", namespace_header(team)));
    }
    for database in 0..services.div_ceil(DATABASE) {
        let octets = (database / 256, database % 256);
        write(
            &mut text,
            format_args!(
                "[externals.{}]\nhost = \"pg-{database:04}.internal.example.com\"\nport = 5432\ncidrs = [\"10.{}.{}.0/24\"]\n",
                database_name(database),
                20 + octets.0,
                octets.1,
            ),
        );
    }
    (0..services).for_each(|at| service(&mut text, at, services));
    text
}

/// The namespace of the one team of a platform with a single service. What is not in it stands around the services of any
/// number; without a service, much of that would be for nobody, which is a mistake.
pub fn only_team() -> String {
    namespace_name(0)
}

fn service(text: &mut String, at: usize, services: usize) {
    let (name, team, database) = (service_name(at), at / TEAM, database_name(at / DATABASE));
    let (runtime, port) = [("node", 3000), ("go", 8080), ("python", 5000)][at % 3];
    let size = ["small", "medium", "large"][at % 5 % 3];
    let front = team * TEAM;
    let other = (at * 7 + 3) % services;
    let mut callees: Vec<usize> = [front, other].into_iter().filter(|callee| *callee != at).collect();
    callees.dedup();
    let calls: Vec<String> = callees.iter().map(|callee| format!("\"{}\", ", service_name(*callee))).collect();
    let urls: Vec<String> = callees
        .iter()
        .enumerate()
        .map(|(nth, callee)| format!(", PEER_{nth}_URL = \"http://${{{}}}\"", service_name(*callee)))
        .collect();
    let (calls, urls) = (calls.concat(), urls.concat());
    write(
        text,
        format_args!(
            r#"
[components.{name}]
type      = "web-service"
namespace = "{}"
image     = "registry.example.com/shop/{name}:1.{}.{}"
runtime   = "{runtime}"
port      = {port}
size      = "{size}"
calls     = [{calls}"{database}"]
route     = {{ host = "team-{team:04}", path = "/{name}" }}
env       = {{ LOG_LEVEL = "info"{urls}, DATABASE_HOST = "${{{database}}}" }}
secrets   = {{ DATABASE_URL = "{name}-database/url" }}
pools     = {{ {database} = 5 }}
scale     = {{ min = 2, max = 6, cpu = 70, memory = 80, requests-per-second = 100 }}
"#,
            namespace_name(team),
            at % 40,
            at % 7,
        ),
    );
    if at.is_multiple_of(4) {
        write(text, format_args!("mounts    = {{ \"/etc/service/keys\" = \"secret:{name}-keys\" }}\n"));
    }
    if at.is_multiple_of(3) {
        text.push_str("scratch   = { \"/var/cache\" = \"128Mi\" }\n");
    }
}

fn namespace_header(team: usize) -> String {
    format!("[namespaces.{}]\n", namespace_name(team))
}

fn namespace_name(team: usize) -> String {
    format!("team-{team:04}")
}

fn service_name(at: usize) -> String {
    format!("service-{at:05}")
}

fn database_name(database: usize) -> String {
    format!("database-{database:04}")
}

fn write(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a string takes everything");
}

const QUOTA: &str = "quota = { cpu = \"400\", memory = \"1Ti\", pods = 400 }\n";

const HEAD: &str = r#"version = 1

[platform]
name        = "shop"
domain      = "example.com"
kubernetes  = "1.36"
environment = "production"

[cluster]
cni            = "generic"
pod-cidrs      = ["10.244.0.0/16"]
service-cidrs  = ["10.96.0.0/12"]
node-cidrs     = ["10.0.0.0/20"]
api-server     = { cidrs = ["10.0.0.10/32"], ports = [443, 6443] }
storage-class  = "standard"

[defaults]
spread = ["zone", "host"]

[secrets]
backend = "external-secrets"
store   = "platform"

[namespaces.cert-manager]
[namespaces.ingress-nginx]
[namespaces.monitoring]

[components.ingress]
type      = "ingress-nginx"
namespace = "ingress-nginx"

[components.cert-manager]
type      = "cert-manager"
namespace = "cert-manager"
issuer    = "letsencrypt"
email     = "platform@example.com"

[components.prometheus]
type      = "prometheus"
namespace = "monitoring"
storage   = "50Gi"

[components.prometheus-adapter]
type      = "prometheus-adapter"
namespace = "monitoring"
calls     = ["prometheus"]

"#;
