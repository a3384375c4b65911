//! Changes to references, ports, routes, autoscalers and addresses.

use serde_json::json;

use crate::support::examples::World;
use crate::support::mutations::{Mutation, breaks, change, double, drop, push, remove, set};
use crate::support::objects::text;

const API: &str = "Deployment production/api";
const CONTAINER: &str = "/spec/template/spec/containers/0";
const SCALER: &str = "HorizontalPodAutoscaler production/api";
const INGRESS: &str = "Ingress production/api";
const BACKEND: &str = "/spec/rules/0/http/paths/0/backend/service";
const HOOK: &str = "ValidatingWebhookConfiguration acme-ingress-nginx-admission";

pub(super) const MUTATIONS: &[Mutation] = &[
    breaks("references_are_found", "no account", |w| drop(w, "ServiceAccount production/api")),
    breaks("references_are_found", "the default account", |w| {
        remove(w, API, "/spec/template/spec", "serviceAccountName");
    }),
    breaks("references_are_found", "no configuration", |w| drop(w, "ConfigMap monitoring/prometheus-config")),
    breaks("references_are_found", "no secret", |w| drop(w, "ExternalSecret production/api-database")),
    breaks("references_are_found", "no key", |w| {
        set(w, "ExternalSecret production/api-database", "/spec/data/0/secretKey", json!("uri"));
    }),
    breaks("references_are_found", "no certificate", |w| drop(w, "Certificate production/app.example.com-tls")),
    breaks("references_are_found", "no pull secret", |w| drop(w, "ExternalSecret production/registry-pull")),
    breaks("references_are_found", "no claim", |w| drop(w, "PersistentVolumeClaim default/registry")),
    breaks("references_are_found", "no priority", |w| drop(w, "PriorityClass acme-app")),
    breaks("references_are_found", "no role", |w| drop(w, "Role default/registry-gc")),
    breaks("references_are_found", "no cluster role", |w| drop(w, "ClusterRole acme-prometheus")),
    breaks("references_are_found", "no target", |w| set(w, SCALER, "/spec/scaleTargetRef/name", json!("nobody"))),
    breaks("references_are_found", "no issuer", |w| drop(w, "ClusterIssuer letsencrypt-prod")),
    breaks("references_are_found", "no authority", |w| drop(w, "Issuer monitoring/prometheus-adapter-ca")),
    breaks("references_are_found", "no class", |w| drop(w, "IngressClass nginx")),
    breaks("references_are_found", "no webhook", |w| {
        drop(w, "Service ingress-nginx/ingress-nginx-controller-admission");
    }),
    breaks("references_are_found", "no aggregated API", |w| drop(w, "Service monitoring/prometheus-adapter")),
    breaks("references_are_found", "no headless Service", |w| drop(w, "Service monitoring/prometheus-headless")),
    breaks("references_are_found", "no injected authority", |w| {
        set(w, HOOK, "/metadata/annotations/cert-manager.io~1inject-ca-from", json!("ingress-nginx/nobody"));
    }),
    breaks("references_are_found", "no settings for the controller", |w| {
        drop(w, "ConfigMap ingress-nginx/ingress-nginx-controller");
    }),
    breaks("references_are_found", "another store", |w| {
        set(w, "ExternalSecret production/auth-jwt", "/spec/secretStoreRef/name", json!("elsewhere"));
    }),
    breaks("references_are_found", "another storage class", |w| {
        set(w, "PersistentVolumeClaim default/registry", "/spec/storageClassName", json!("slow"));
    }),
    breaks("secrets_have_one_maker", "two for one", |w| double(w, "ExternalSecret production/api-database", "again")),
    breaks("secrets_have_one_maker", "a certificate and an entry of the store", |w| {
        set(w, "ExternalSecret monitoring/grafana-admin", "/spec/target/name", json!("grafana.example.com-tls"));
    }),
    breaks("external_secrets_are_spelled_out", "a default of the schema", |w| {
        remove(w, "ExternalSecret production/api-database", "/spec/data/0/remoteRef", "decodingStrategy");
    }),
    breaks("external_secrets_are_spelled_out", "a Secret without labels", |w| {
        remove(w, "ExternalSecret production/registry-pull", "/spec/target/template/metadata", "labels");
    }),
    breaks("routes_lead_to_services", "one path twice", |w| double(w, INGRESS, "again")),
    breaks("nothing_is_an_orphan", "an account of nobody", |w| double(w, "ServiceAccount production/api", "spare")),
    breaks("nothing_is_an_orphan", "configuration of nobody", |w| {
        double(w, "ConfigMap monitoring/prometheus-config", "spare");
    }),
    breaks("nothing_is_an_orphan", "a role of nobody", |w| drop(w, "RoleBinding default/registry-gc")),
    breaks("nothing_is_an_orphan", "a secret of nobody", |w| {
        change(w, API, &format!("{CONTAINER}/env"), |env| env.as_array_mut().expect("a list").clear());
    }),
    breaks("nothing_is_an_orphan", "a certificate of nobody", |w| drop(w, "Ingress monitoring/grafana")),
    breaks("mounts_are_found", "no volume", |w| {
        remove(w, "Deployment production/image", "/spec/template/spec", "volumes");
    }),
    breaks("mounts_are_found", "a volume for nobody", |w| {
        push(w, API, "/spec/template/spec/volumes", json!({ "name": "spare", "emptyDir": { "sizeLimit": "1Mi" } }));
    }),
    breaks("mounts_are_found", "a relative path", |w| {
        set(w, API, &format!("{CONTAINER}/volumeMounts/0/mountPath"), json!("tmp"));
    }),
    breaks("services_lead_to_ports", "another name", |w| {
        set(w, "Service production/api", "/spec/ports/0/targetPort", json!("web"));
    }),
    breaks("services_lead_to_ports", "another number", |w| {
        set(w, "Service production/api", "/spec/ports/0/targetPort", json!(3001));
    }),
    breaks("services_lead_to_ports", "another protocol", |w| {
        set(w, "Service production/api", "/spec/ports/0/protocol", json!("UDP"));
    }),
    breaks("probes_ask_declared_ports", "another name", |w| {
        set(w, API, &format!("{CONTAINER}/livenessProbe/httpGet/port"), json!("web"));
    }),
    breaks("probes_ask_declared_ports", "another number", |w| {
        set(w, API, &format!("{CONTAINER}/startupProbe/httpGet/port"), json!(3001));
    }),
    breaks("routes_lead_to_services", "another Service", |w| {
        set(w, INGRESS, &format!("{BACKEND}/name"), json!("nobody"));
    }),
    breaks("routes_lead_to_services", "another port", |w| {
        set(w, INGRESS, &format!("{BACKEND}/port/name"), json!("web"));
    }),
    breaks("routes_lead_to_services", "no TLS", |w| remove(w, INGRESS, "/spec", "tls")),
    breaks("routes_lead_to_services", "every host", |w| remove(w, INGRESS, "/spec/rules/0", "host")),
    breaks("routes_lead_to_services", "a certificate for another host", |w| {
        set(w, "Certificate production/app.example.com-tls", "/spec/dnsNames/0", json!("www.example.com"));
    }),
    breaks("routes_lead_to_services", "a webhook on another port", |w| {
        set(w, HOOK, "/webhooks/0/clientConfig/service/port", json!(8443));
    }),
    breaks("routes_lead_to_services", "an aggregated API on another port", |w| {
        set(w, "APIService v1beta1.custom.metrics.k8s.io", "/spec/service/port", json!(6443));
    }),
    breaks("autoscalers_own_their_targets", "a fixed number", |w| set(w, API, "/spec/replicas", json!(3))),
    breaks("autoscalers_own_their_targets", "fewer than least", |w| set(w, SCALER, "/spec/maxReplicas", json!(1))),
    breaks("autoscalers_own_their_targets", "no request", |w| {
        remove(w, API, &format!("{CONTAINER}/resources/requests"), "cpu");
    }),
    breaks("autoscalers_own_their_targets", "nobody serves", |w| {
        drop(w, "APIService v1beta1.custom.metrics.k8s.io");
    }),
    breaks("autoscalers_own_their_targets", "two autoscalers", |w| double(w, SCALER, "second")),
    breaks("autoscalers_own_their_targets", "no number", |w| {
        remove(w, "StatefulSet monitoring/prometheus", "/spec", "replicas");
    }),
    breaks("addresses_are_found", "no such Service", |w| drop(w, "Service production/auth")),
    breaks("addresses_are_found", "another port", |w| {
        set(w, "Service production/auth", "/spec/ports/0/port", json!(80));
    }),
    breaks("addresses_are_found", "another domain", |w| {
        let variable = json!({ "name": "X", "value": "http://auth.production.svc.cluster:8080/" });
        push(w, API, &format!("{CONTAINER}/env"), variable);
    }),
    breaks("addresses_are_found", "no such replica", |w| {
        let variable = json!({ "name": "X", "value": "prometheus-1.prometheus-headless.monitoring.svc.cluster.local" });
        push(w, API, &format!("{CONTAINER}/env"), variable);
    }),
    breaks("arguments_expand", "an unknown variable", |w| {
        push(w, API, &format!("{CONTAINER}/args"), json!("--x=$(X)"));
    }),
    breaks("callers_stay_with_one_replica", "two databases", |w| {
        set(w, "StatefulSet monitoring/prometheus", "/spec/replicas", json!(2));
    }),
    breaks("callers_stay_with_one_replica", "no balance", |w| {
        set(w, "Service production/api", "/spec/sessionAffinity", json!("ClientIP"));
    }),
    breaks("only_the_same_pod_mutes", "one pod for its service", |w| {
        rewrite_alertmanager(w, "equal: [namespace, pod]", "equal: [namespace, service]");
    }),
    breaks("only_the_same_pod_mutes", "no pod for no pod", |w| rewrite_alertmanager(w, "pod=~\".+\"", "job=~\".+\"")),
    breaks("absences_say_where", "a comparison inside", |w| rewrite_absences(w, "})", "} == 1)")),
    breaks("absences_say_where", "no namespace", |w| rewrite_absences(w, "namespace=\"", "nothing=\"")),
    breaks("images_are_exact", "no registry", |w| set(w, API, &format!("{CONTAINER}/image"), json!("acme/api:1"))),
    breaks("images_are_exact", "no tag", |w| set(w, API, &format!("{CONTAINER}/image"), json!("ghcr.io/acme/api"))),
    breaks("images_are_exact", "latest", |w| {
        set(w, API, &format!("{CONTAINER}/image"), json!("ghcr.io/acme/api:latest"));
    }),
    breaks("images_are_exact", "no credential", |w| remove(w, API, "/spec/template/spec", "imagePullSecrets")),
    breaks("images_are_exact", "a credential for another host", |w| {
        set(w, API, &format!("{CONTAINER}/image"), json!("registry.example.org/acme/api:1"));
    }),
];

fn rewrite_absences(world: &mut World, from: &str, to: &str) {
    rewrite(world, "monitoring/prometheus-rules", "absences.yml", from, to);
}

fn rewrite_alertmanager(world: &mut World, from: &str, to: &str) {
    rewrite(world, "monitoring/alertmanager-config", "alertmanager.yml", from, to);
}

/// Changes the text of a file in the ConfigMap of that name, whatever hash follows.
fn rewrite(world: &mut World, map: &str, file: &str, from: &str, to: &str) {
    let prefix = format!("ConfigMap {map}");
    let mut ids = world.objects.iter().map(ToString::to_string);
    let id = ids.find(|id| id.starts_with(&prefix)).unwrap_or_else(|| panic!("no {prefix}"));
    change(world, &id, &format!("/data/{file}"), |content| *content = json!(text(content).replace(from, to)));
}
