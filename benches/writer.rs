//! How fast the YAML writer is, next to `serde_json`, `yaml_serde` and `serde-saphyr`, on objects as platforms hold them.
//!
//! Prints a table and asserts nothing: time is no promise of this program. Ratios compare the time for one object, since
//! the writers do not write the same number of bytes; each is the median of rounds in which all writers take turns.

#![allow(clippy::print_stdout, reason = "the table is what a bench is for")]

#[path = "../tests/support/flagship.rs"]
mod flagship;

use std::hint::black_box;
use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{ConfigMap, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use platformgen::diagnostics::report::Report;
use platformgen::emit::yaml;
use platformgen::model::object::Object;
use platformgen::pipeline;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const ROUNDS: usize = 101;
const ROUND: Duration = Duration::from_millis(2);

/// A writer appends to the text: nobody pays for a fresh allocation but those whose interface asks for one. Ours writes
/// object after object, as it does for `render`.
type Writer<T> = Box<dyn FnMut(&T, &mut Vec<u8>)>;

fn main() {
    println!(
        "{:<26}{:>8}  {:>16}  {:>22}  {:>22}  {:>22}",
        "object", "bytes", "ours", "serde_json", "yaml_serde", "serde-saphyr"
    );
    compare("Deployment", &read::<Deployment>(deployment()));
    compare("Service", &read::<Service>(service()));
    compare("NetworkPolicy", &read::<NetworkPolicy>(network_policy()));
    compare("HorizontalPodAutoscaler", &read::<HorizontalPodAutoscaler>(autoscaler()));
    compare("ConfigMap, 4 KiB payload", &read::<ConfigMap>(config_map()));
    compare("100 Deployments", &vec![read::<Deployment>(deployment()); 100]);
    compare("all of the flagship", &objects());
}

fn read<T: DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).expect("the objects of this bench are well-formed")
}

/// Every object of the flagship, as one list.
fn objects() -> Vec<Object> {
    let described = flagship::described();
    let rendered = pipeline::render_as(described, None, &mut Report::default(), || |object: Object| object);
    let (_, bundle) = rendered.expect("the flagship has no mistakes");
    bundle.objects.into_iter().map(|placed| placed.object).collect()
}

fn compare<T: Serialize>(name: &str, object: &T) {
    let mut own = yaml::Writer::default();
    let mut writers: [Writer<T>; 4] = [
        Box::new(move |object, out| {
            let mut text = String::from_utf8(std::mem::take(out)).expect("every writer writes UTF-8");
            own.write(object, &mut text).expect("Kubernetes objects can be written");
            *out = text.into_bytes();
        }),
        Box::new(|object, out| serde_json::to_writer(out, object).expect("Kubernetes objects can be written")),
        Box::new(|object, out| yaml_serde::to_writer(out, object).expect("Kubernetes objects can be written")),
        Box::new(|object, out| {
            let text = serde_saphyr::to_string(object).expect("Kubernetes objects can be written");
            out.extend_from_slice(text.as_bytes());
        }),
    ];
    let [ours, others @ ..] = measure(object, &mut writers);
    print!("{name:<26}{:>8}  {:>6.2} µs {:>4.0} MB/s", ours.bytes, ours.micros(), ours.megabytes_per_second());
    for other in others {
        let ratio = other.micros() / ours.micros();
        print!("  {:>6.0} MB/s, time {ratio:>5.2}x", other.megabytes_per_second());
    }
    println!();
}

struct Measure {
    bytes: usize,
    median: Duration,
}

impl Measure {
    fn micros(&self) -> f64 {
        self.median.as_secs_f64() * 1e6
    }

    fn megabytes_per_second(&self) -> f64 {
        let bytes = u32::try_from(self.bytes).map_or(f64::INFINITY, f64::from);
        bytes / self.micros()
    }
}

fn measure<T>(object: &T, writers: &mut [Writer<T>; 4]) -> [Measure; 4] {
    let mut out = Vec::new();
    let mut times: [Vec<Duration>; 4] = Default::default();
    let repeats = writers.each_mut().map(|write| {
        let start = Instant::now();
        let mut count = 0;
        while start.elapsed() < ROUND {
            once(object, write, &mut out);
            count += 1;
        }
        count
    });
    for _ in 0..ROUNDS {
        for ((write, times), repeats) in writers.iter_mut().zip(&mut times).zip(repeats) {
            let start = Instant::now();
            for _ in 0..repeats {
                once(object, write, &mut out);
            }
            times.push(start.elapsed() / repeats);
        }
    }
    let mut results = writers.iter_mut().zip(times).map(|(write, mut times)| {
        times.sort_unstable();
        once(object, write, &mut out);
        Measure { bytes: out.len(), median: times[ROUNDS / 2] }
    });
    std::array::from_fn(|_| results.next().expect("one result a writer"))
}

fn once<T>(object: &T, write: &mut Writer<T>, out: &mut Vec<u8>) {
    out.clear();
    write(black_box(object), out);
    black_box(out);
}

fn metadata(name: &str) -> Value {
    json!({
        "name": name,
        "namespace": "shop",
        "labels": labels(name),
        "annotations": {"platformgen.dev/owner": "team-checkout", "prometheus.io/scrape": "true"},
    })
}

fn labels(name: &str) -> Value {
    json!({
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/version": "1.27.3",
        "app.kubernetes.io/part-of": "shop",
        "app.kubernetes.io/managed-by": "platformgen",
    })
}

fn probe(path: &str) -> Value {
    json!({"httpGet": {"path": path, "port": "http"}, "periodSeconds": 10, "timeoutSeconds": 2, "failureThreshold": 3})
}

fn security_context() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "runAsNonRoot": true,
        "runAsUser": 10001,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}

fn container(name: &str) -> Value {
    json!({
        "name": name,
        "image": "registry.example.org/shop/api:1.27.3@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "imagePullPolicy": "IfNotPresent",
        "args": ["--listen=0.0.0.0:8080", "--log-format=json", "--database=postgres://db.data.svc:5432/shop", "--verbose"],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "WORKERS", "value": "8"},
            {"name": "FEATURE_CHECKOUT", "value": "true"},
            {"name": "DATABASE_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "api-database", "key": "password"}}},
        ],
        "ports": [
            {"name": "http", "containerPort": 8080, "protocol": "TCP"},
            {"name": "metrics", "containerPort": 9090, "protocol": "TCP"},
        ],
        "livenessProbe": probe("/livez"),
        "readinessProbe": probe("/readyz"),
        "startupProbe": probe("/livez"),
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": security_context(),
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "config", "mountPath": "/etc/api", "readOnly": true},
        ],
    })
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata("api"),
        "spec": {
            "replicas": 3,
            "revisionHistoryLimit": 5,
            "selector": {"matchLabels": {"app.kubernetes.io/name": "api", "app.kubernetes.io/instance": "api"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": labels("api"), "annotations": {"checksum/config": "5df6e0e2761359d3"}},
                "spec": {
                    "serviceAccountName": "api",
                    "automountServiceAccountToken": false,
                    "securityContext": {"fsGroup": 10001, "runAsNonRoot": true},
                    "terminationGracePeriodSeconds": 30,
                    "initContainers": [container("migrate")],
                    "containers": [container("api")],
                    "topologySpreadConstraints": [{
                        "maxSkew": 1,
                        "topologyKey": "topology.kubernetes.io/zone",
                        "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "api"}},
                    }],
                    "volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "config", "configMap": {"name": "api-5df6e0e2"}}],
                },
            },
        },
    })
}

fn service() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata("api"),
        "spec": {
            "type": "ClusterIP",
            "selector": {"app.kubernetes.io/name": "api", "app.kubernetes.io/instance": "api"},
            "ports": [
                {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"},
                {"name": "metrics", "port": 9090, "targetPort": "metrics", "protocol": "TCP"},
            ],
        },
    })
}

fn network_policy() -> Value {
    let peer = |name: &str| {
        json!({
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}},
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": name}},
        })
    };
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata("api"),
        "spec": {
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "api"}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {"from": [peer("web"), peer("admin")], "ports": [{"port": 8080, "protocol": "TCP"}]},
                {"from": [peer("prometheus")], "ports": [{"port": 9090, "protocol": "TCP"}]},
            ],
            "egress": [
                {"to": [peer("database")], "ports": [{"port": 5432, "protocol": "TCP"}]},
                {"to": [{"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.7/32"]}}], "ports": [{"port": 443, "protocol": "TCP"}]},
            ],
        },
    })
}

fn autoscaler() -> Value {
    json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata("api"),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"},
            "minReplicas": 3,
            "maxReplicas": 12,
            "metrics": [
                {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}},
            ],
            "behavior": {
                "scaleDown": {
                    "stabilizationWindowSeconds": 300,
                    "policies": [{"type": "Percent", "value": 10, "periodSeconds": 60}],
                },
            },
        },
    })
}

fn config_map() -> Value {
    let job = "  - job_name: api\n    scrape_interval: 30s\n    static_configs:\n      - targets: [\"api.shop.svc:9090\"] # one port\n\n";
    let payload = format!("global:\n  scrape_interval: 15s\nscrape_configs:\n{}", job.repeat(4096 / job.len()));
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata("prometheus"),
        "data": {"prometheus.yml": payload},
    })
}
