//! What connects by name or number inside the API: ports, routes, autoscalers, addresses in payloads.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::examples::World;
use crate::support::faults::Faults;
use crate::support::objects::{Object, Pods, at, entries, items, protocol_of, text, walk};
use crate::support::selectors::matches;

/// The pods behind a Service.
pub fn behind<'w>(world: &'w World, service: &Object) -> Vec<Pods<'w>> {
    let selector = serde_json::json!({ "matchLabels": service.at("/spec/selector") });
    let chosen = |pods: &Pods<'_>| pods.owner.namespace == service.namespace && matches(&selector, pods.labels());
    world.pods().filter(chosen).collect()
}

/// The port of a Service, by name or number.
pub fn service_port<'w>(service: &'w Object, wanted: &Value) -> Option<&'w Value> {
    items(service.at("/spec/ports")).find(|port| port["name"] == *wanted || port["port"] == *wanted)
}

/// Every port of a Service leads to a port that the pods behind it declare.
pub fn services_lead_to_ports(world: &World, faults: &mut Faults) {
    for service in world.of_kind("Service") {
        let ports = service.at("/spec/ports");
        faults.unless(items(ports).len() > 0, service, "/spec/ports", "has none");
        for port in items(ports) {
            let target = if port["targetPort"].is_null() { &port["port"] } else { &port["targetPort"] };
            for pods in behind(world, service) {
                let found = pods.port(target, protocol_of(port)).is_some();
                faults.unless(found, service, "/spec/ports", format!("{} has no port {target}", pods.owner));
            }
        }
    }
}

/// Replicas of a StatefulSet each hold their own data, so a caller that is sent to another one at every question sees
/// graphs jump.
pub fn callers_stay_with_one_replica(world: &World, faults: &mut Faults) {
    for service in world.of_kind("Service").filter(|service| service.at("/spec/clusterIP") != "None") {
        let several = behind(world, service)
            .iter()
            .any(|pods| pods.owner.kind == "StatefulSet" && pods.owner.at("/spec/replicas").as_i64() > Some(1));
        let sticky = service.at("/spec/sessionAffinity") == "ClientIP";
        faults.unless(sticky == several, service, "/spec/sessionAffinity", "sends callers to the wrong replicas");
    }
}

/// Probes and hooks ask ports that their own container declares.
pub fn probes_ask_declared_ports(world: &World, faults: &mut Faults) {
    for pods in world.pods() {
        for container in pods.containers() {
            let handlers =
                ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle/preStop", "lifecycle/postStart"];
            for handler in handlers {
                for action in ["httpGet", "tcpSocket", "grpc"] {
                    let port = at(container.value, &format!("/{handler}/{action}/port"));
                    let declared = items(&container.value["ports"])
                        .any(|own| own["name"] == *port || own["containerPort"] == *port);
                    let field = format!("{} {handler}", container.name);
                    faults.unless(port.is_null() || declared, pods.owner, &field, format!("{port} is not declared"));
                }
            }
        }
    }
}

/// Routes lead to ports of Services, over TLS, for hosts that a certificate holds.
pub fn routes_lead_to_services(world: &World, faults: &mut Faults) {
    let mut answers = BTreeSet::new();
    for ingress in world.of_kind("Ingress") {
        let tls: Vec<&Value> = items(ingress.at("/spec/tls")).collect();
        for rule in items(ingress.at("/spec/rules")) {
            let host = &rule["host"];
            let secured = tls.iter().find(|tls| items(&tls["hosts"]).any(|name| name == host));
            let certified = secured.is_some_and(|tls| {
                world.of_kind("Certificate").any(|certificate| {
                    certificate.namespace == ingress.namespace
                        && certificate.at("/spec/secretName") == &tls["secretName"]
                        && items(certificate.at("/spec/dnsNames")).any(|name| name == host)
                })
            });
            faults.unless(host.is_string(), ingress, "/spec/rules", "answers on every host");
            faults.unless(certified, ingress, "/spec/tls", format!("no certificate holds {host}"));
            for path in items(&rule["http"]["paths"]) {
                let first = answers.insert((host.to_string(), path["path"].to_string()));
                faults.unless(first, ingress, "/spec/rules", format!("{host}{} leads elsewhere too", path["path"]));
                let backend = &path["backend"]["service"];
                let service = world.find("Service", ingress.place(), text(&backend["name"]));
                let named = service.is_some_and(|service| {
                    items(service.at("/spec/ports")).any(|port| {
                        port["name"].is_string() && port["name"] == backend["port"]["name"]
                            || port["port"].is_number() && port["port"] == backend["port"]["number"]
                    })
                });
                faults.unless(named, ingress, "/spec/rules", format!("no Service has {backend}"));
            }
        }
    }
    for object in &world.objects {
        let hooks = items(object.at("/webhooks")).map(|hook| &hook["clientConfig"]["service"]);
        for target in hooks.chain([object.at("/spec/service")]).filter(|target| target.is_object()) {
            let port = if target["port"].is_null() { &Value::from(443) } else { &target["port"] };
            let service = world.find("Service", text(&target["namespace"]), text(&target["name"]));
            let found = service.is_some_and(|service| service_port(service, port).is_some());
            faults.unless(found, object, "service", format!("no Service has {target}"));
        }
    }
}

/// An autoscaler owns the number of its pods, and every container requests what it measures.
pub fn autoscalers_own_their_targets(world: &World, faults: &mut Faults) {
    for scaler in world.of_kind("HorizontalPodAutoscaler") {
        let target = scaler.at("/spec/scaleTargetRef");
        let object = world.find(text(&target["kind"]), scaler.place(), text(&target["name"]));
        let Some((object, pods)) = object.and_then(|object| Some((object, object.pods()?))) else {
            faults.add(scaler, "/spec/scaleTargetRef", "is not found");
            continue;
        };
        faults.unless(object.at("/spec/replicas").is_null(), object, "/spec/replicas", "stands beside an autoscaler");
        faults.unless(target["apiVersion"] == "apps/v1", scaler, "/spec/scaleTargetRef/apiVersion", "is not apps/v1");
        let (min, max) = (scaler.at("/spec/minReplicas").as_i64(), scaler.at("/spec/maxReplicas").as_i64());
        faults.unless(min >= Some(1) && min <= max, scaler, "/spec", format!("{min:?} to {max:?}"));
        faults.unless(items(scaler.at("/spec/metrics")).len() > 0, scaler, "/spec/metrics", "measures nothing");
        for metric in items(scaler.at("/spec/metrics")) {
            match text(&metric["type"]) {
                "Resource" => {
                    let name = text(&metric["resource"]["name"]);
                    for container in pods.containers().iter().filter(|container| !container.init) {
                        let requested = container.value["resources"]["requests"].get(name).is_some();
                        faults.unless(requested, object, container.name, format!("requests no {name}"));
                    }
                }
                "Pods" => {
                    let served =
                        world.of_kind("APIService").any(|api| api.at("/spec/group") == "custom.metrics.k8s.io");
                    faults.unless(served, scaler, "/spec/metrics", "nobody serves custom metrics");
                }
                other => faults.add(scaler, "/spec/metrics", format!("type {other}")),
            }
        }
    }
    for group in ["Deployment", "StatefulSet"] {
        for object in world.of_kind(group) {
            let count = world.of_kind("HorizontalPodAutoscaler").filter(|scaler| {
                scaler.namespace == object.namespace && scaler.at("/spec/scaleTargetRef/name") == object.name.as_str()
            });
            let owners = count.count() + usize::from(!object.at("/spec/replicas").is_null());
            faults.unless(owners == 1, object, "/spec/replicas", format!("{owners} places say how many"));
        }
    }
}

/// Addresses of Services that stand in variables, arguments and configuration name a Service and one of its ports.
pub fn addresses_are_found(world: &World, faults: &mut Faults) {
    let domain = world.says("/cluster/domain").as_str().unwrap_or("cluster.local").to_owned();
    for object in &world.objects {
        walk(&object.value, "", &mut |pointer, value| {
            for (host, port) in addresses(text(value)) {
                if let Err(why) = resolves(world, host, port, &domain) {
                    faults.add(object, pointer, format!("{host} {port:?}: {why}"));
                }
            }
        });
    }
}

fn resolves(world: &World, host: &str, port: Option<u64>, domain: &str) -> Result<(), String> {
    let (front, tail) = host.split_once(".svc").ok_or("no `.svc`")?;
    if !["", &format!(".{domain}")].contains(&tail) {
        return Err(format!("the cluster's domain is {domain}"));
    }
    let labels: Vec<&str> = front.split('.').collect();
    let [pod @ .., name, namespace] = labels.as_slice() else { return Err("too short".into()) };
    let service = world.find("Service", namespace, name).ok_or("no such Service")?;
    if let [pod] = pod {
        let named = behind(world, service).iter().any(|pods| {
            let ordinal = pod.strip_prefix(&format!("{}-", pods.owner.name)).and_then(|tail| tail.parse::<i64>().ok());
            pods.owner.kind == "StatefulSet" && ordinal < pods.owner.at("/spec/replicas").as_i64() && ordinal.is_some()
        });
        if !named {
            return Err("no such replica".into());
        }
    }
    match port {
        Some(port) if service_port(service, &port.into()).is_none() => Err("the Service has no such port".into()),
        _ => Ok(()),
    }
}

/// Hosts with `.svc` in a text, each with the port that follows.
fn addresses(text: &str) -> Vec<(&str, Option<u64>)> {
    let inside = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
    let mut found = Vec::new();
    for word in text.split(|letter: char| !inside(letter) && letter != ':') {
        for (at, part) in word.split(':').enumerate().filter(|(_, part)| part.split('.').any(|label| label == "svc")) {
            let port = word.split(':').nth(at + 1).and_then(|port| port.parse().ok());
            found.push((part.trim_end_matches('.'), port));
        }
    }
    found
}

/// Selected maps that hold environment variables may only name what the pod knows: `$(NAME)` in arguments.
pub fn arguments_expand(world: &World, faults: &mut Faults) {
    for pods in world.pods() {
        for container in pods.containers() {
            let names: Vec<&str> = items(&container.value["env"]).map(|variable| text(&variable["name"])).collect();
            for key in ["args", "command"] {
                for argument in items(&container.value[key]) {
                    for part in text(argument).split("$(").skip(1) {
                        let name = part.split(')').next().unwrap_or_default();
                        let known = names.contains(&name);
                        faults.unless(known, pods.owner, container.name, format!("`$({name})` is not in its env"));
                    }
                }
            }
        }
    }
}

/// Images have a registry and a tag or digest that does not move; private ones have a credential for their host.
pub fn images_are_exact(world: &World, faults: &mut Faults) {
    const OPEN: &[&str] = &["docker.io", "quay.io", "registry.k8s.io", "ghcr.io", "gcr.io", "public.ecr.aws"];
    for pods in world.pods() {
        for container in pods.containers() {
            let image = text(&container.value["image"]);
            let (host, rest) = image.split_once('/').unwrap_or_default();
            faults.unless(host.contains(['.', ':']), pods.owner, container.name, format!("`{image}` has no registry"));
            let tag = rest.rsplit_once(':').map_or("", |(_, tag)| tag);
            let exact = !tag.is_empty() && !tag.contains('/') && tag != "latest";
            faults.unless(exact, pods.owner, container.name, format!("`{image}` moves"));
            let pulls: Vec<&str> =
                items(&pods.spec()["imagePullSecrets"]).map(|secret| text(&secret["name"])).collect();
            if !OPEN.contains(&host) && world.renders_secrets() {
                faults.unless(!pulls.is_empty(), pods.owner, "imagePullSecrets", format!("none for `{host}`"));
            }
            for name in pulls {
                let secret = world
                    .of_kind("ExternalSecret")
                    .find(|secret| secret.place() == pods.owner.place() && secret.at("/spec/target/name") == name);
                let Some(secret) = secret else { continue };
                let template = entries(secret.at("/spec/target/template/data"));
                let config = template.iter().find(|(key, _)| *key == ".dockerconfigjson").map_or("", |(_, v)| text(v));
                let whole = config.starts_with("{{ index ");
                let right = whole || config.contains(&format!("\"{host}\""));
                faults.unless(right, pods.owner, "imagePullSecrets", format!("`{name}` is not for `{host}`"));
            }
        }
    }
}
