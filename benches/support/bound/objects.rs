//! The small objects of a service and of a namespace.

use std::collections::BTreeMap;

use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehavior, HorizontalPodAutoscalerSpec, MetricIdentifier, MetricSpec, MetricTarget,
    PodsMetricSource, ResourceMetricSource,
};
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec,
    IngressTLS, ServiceBackendPort,
};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use platformgen::model::custom::{
    Certificate, CertificateSpec, DataFrom, ExternalSecret, ExternalSecretSpec, IssuerRef, PrivateKey, RemoteRef,
    SecretData, SecretMetadata, SecretTemplate, StoreRef, Target,
};

use super::{Platform, Quota, Service};

pub type Labels = BTreeMap<String, String>;

pub fn map(rows: &[(&str, &str)]) -> Labels {
    rows.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub fn quantities(rows: &[(&str, &str)]) -> BTreeMap<String, Quantity> {
    rows.iter().map(|(key, value)| ((*key).to_owned(), Quantity((*value).to_owned()))).collect()
}

pub fn matching(labels: Labels) -> LabelSelector {
    LabelSelector { match_labels: Some(labels), ..Default::default() }
}

pub fn labels(owner: &str, role: &str, platform: &Platform) -> Labels {
    map(&[
        ("app.kubernetes.io/name", owner),
        ("app.kubernetes.io/instance", owner),
        ("app.kubernetes.io/component", role),
        ("app.kubernetes.io/part-of", &platform.name),
        ("app.kubernetes.io/managed-by", "platformgen"),
    ])
}

pub fn metadata(name: &str, namespace: &str, labels: Labels) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        labels: Some(labels),
        ..Default::default()
    }
}

impl Service<'_> {
    pub fn labels(&self) -> Labels {
        labels(self.name, "server", self.platform)
    }

    pub fn selector(&self) -> Labels {
        map(&[("app.kubernetes.io/name", self.name), ("app.kubernetes.io/instance", self.name)])
    }

    pub fn metadata(&self) -> ObjectMeta {
        metadata(self.name, &self.declared.namespace, self.labels())
    }
}

pub fn namespace(name: &str, platform: &Platform) -> core::Namespace {
    let mut labels = labels(&platform.name, "namespace", platform);
    for mode in ["enforce", "audit", "warn"] {
        labels.insert(format!("pod-security.kubernetes.io/{mode}"), "restricted".to_owned());
        labels.insert(format!("pod-security.kubernetes.io/{mode}-version"), "v1.36".to_owned());
    }
    let metadata = ObjectMeta { name: Some(name.to_owned()), labels: Some(labels), ..Default::default() };
    core::Namespace { metadata, ..Default::default() }
}

pub fn resource_quota(namespace: &str, quota: &Quota, platform: &Platform) -> core::ResourceQuota {
    let hard = quantities(&[
        ("requests.cpu", &quota.cpu),
        ("requests.memory", &quota.memory),
        ("limits.memory", &quota.memory),
        ("pods", &quota.pods.to_string()),
        ("persistentvolumeclaims", "0"),
        ("services.loadbalancers", "0"),
        ("services.nodeports", "0"),
    ]);
    core::ResourceQuota {
        metadata: metadata(namespace, namespace, labels(&platform.name, "namespace", platform)),
        spec: Some(core::ResourceQuotaSpec { hard: Some(hard), ..Default::default() }),
        ..Default::default()
    }
}

pub fn limit_range(namespace: &str, platform: &Platform) -> core::LimitRange {
    let amounts =
        |cpu, memory, disk| Some(quantities(&[("cpu", cpu), ("memory", memory), ("ephemeral-storage", disk)]));
    let container = core::LimitRangeItem {
        type_: "Container".to_owned(),
        default: amounts("500m", "256Mi", "512Mi"),
        default_request: amounts("50m", "64Mi", "64Mi"),
        max: Some(quantities(&[("cpu", "4"), ("memory", "8Gi")])),
        ..Default::default()
    };
    let claim = core::LimitRangeItem {
        type_: "PersistentVolumeClaim".to_owned(),
        max: Some(quantities(&[("storage", "200Gi")])),
        ..Default::default()
    };
    core::LimitRange {
        metadata: metadata(namespace, namespace, labels(&platform.name, "namespace", platform)),
        spec: Some(core::LimitRangeSpec { limits: vec![container, claim] }),
    }
}

pub fn account(service: &Service<'_>) -> core::ServiceAccount {
    core::ServiceAccount {
        metadata: service.metadata(),
        automount_service_account_token: Some(false),
        ..Default::default()
    }
}

pub fn service(service: &Service<'_>) -> core::Service {
    let port = core::ServicePort {
        name: Some("http".to_owned()),
        port: i32::from(service.declared.port),
        target_port: Some(IntOrString::String("http".to_owned())),
        protocol: Some("TCP".to_owned()),
        app_protocol: Some("http".to_owned()),
        ..Default::default()
    };
    let spec = core::ServiceSpec {
        type_: Some("ClusterIP".to_owned()),
        internal_traffic_policy: Some("Cluster".to_owned()),
        ports: Some(vec![port]),
        selector: Some(service.selector()),
        ..Default::default()
    };
    core::Service { metadata: service.metadata(), spec: Some(spec), ..Default::default() }
}

pub fn autoscaler(service: &Service<'_>) -> HorizontalPodAutoscaler {
    let scale = &service.declared.scale;
    let resource = |name: &str, percent| MetricSpec {
        type_: "Resource".to_owned(),
        resource: Some(ResourceMetricSource {
            name: name.to_owned(),
            target: MetricTarget {
                type_: "Utilization".to_owned(),
                average_utilization: Some(percent),
                ..Default::default()
            },
        }),
        ..Default::default()
    };
    let requests = MetricSpec {
        type_: "Pods".to_owned(),
        pods: Some(PodsMetricSource {
            metric: MetricIdentifier { name: "http_requests_per_second".to_owned(), ..Default::default() },
            target: MetricTarget {
                type_: "AverageValue".to_owned(),
                average_value: Some(Quantity(scale.requests_per_second.to_string())),
                ..Default::default()
            },
        }),
        ..Default::default()
    };
    let policy =
        |type_: &str, value, period_seconds| HPAScalingPolicy { type_: type_.to_owned(), value, period_seconds };
    let rules = |window, policies| HPAScalingRules {
        stabilization_window_seconds: Some(window),
        select_policy: Some("Max".to_owned()),
        policies: Some(policies),
        ..Default::default()
    };
    HorizontalPodAutoscaler {
        metadata: service.metadata(),
        spec: HorizontalPodAutoscalerSpec {
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".to_owned()),
                kind: "Deployment".to_owned(),
                name: service.name.to_owned(),
            },
            min_replicas: Some(scale.min),
            max_replicas: scale.max,
            metrics: Some(vec![resource("cpu", scale.cpu), resource("memory", scale.memory), requests]),
            behavior: Some(HorizontalPodAutoscalerBehavior {
                scale_up: Some(rules(0, vec![policy("Percent", 100, 30), policy("Pods", 4, 30)])),
                scale_down: Some(rules(300, vec![policy("Percent", 50, 60)])),
            }),
        },
        ..Default::default()
    }
}

pub fn budget(service: &Service<'_>) -> PodDisruptionBudget {
    PodDisruptionBudget {
        metadata: service.metadata(),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(matching(service.selector())),
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub fn ingress(service: &Service<'_>) -> Ingress {
    let route = &service.declared.route;
    let host = format!("{}.{}", route.host, service.platform.domain);
    let backend = IngressBackend {
        service: Some(IngressServiceBackend {
            name: service.name.to_owned(),
            port: Some(ServiceBackendPort { name: Some("http".to_owned()), number: None }),
        }),
        resource: None,
    };
    let path = HTTPIngressPath { path: Some(route.path.clone()), path_type: "Prefix".to_owned(), backend };
    Ingress {
        metadata: service.metadata(),
        spec: Some(IngressSpec {
            ingress_class_name: Some("nginx".to_owned()),
            tls: Some(vec![IngressTLS { hosts: Some(vec![host.clone()]), secret_name: Some(tls_secret(&host)) }]),
            rules: Some(vec![IngressRule { host: Some(host), http: Some(HTTPIngressRuleValue { paths: vec![path] }) }]),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn tls_secret(host: &str) -> String {
    format!("{}-tls", host.replace('.', "-"))
}

pub fn certificate(namespace: &str, platform: &Platform) -> Certificate {
    let host = format!("{namespace}.{}", platform.domain);
    let secret = tls_secret(&host);
    Certificate {
        metadata: metadata(&secret, namespace, labels(&platform.name, "certificate", platform)),
        spec: CertificateSpec {
            secret_name: secret,
            dns_names: vec![host],
            private_key: Some(PrivateKey { algorithm: "ECDSA", size: Some(256), rotation_policy: "Always" }),
            renew_before_percentage: Some(33),
            revision_history_limit: Some(2),
            issuer_ref: IssuerRef { group: "cert-manager.io", kind: "ClusterIssuer", name: "letsencrypt".to_owned() },
            ..Default::default()
        },
    }
}

pub fn secret_key(service: &Service<'_>, entry: &str) -> ExternalSecret {
    let (name, key) = entry.split_once('/').expect("the description says secret/key");
    let spec = ExternalSecretSpec { data: vec![value(name, key, service.platform)], ..external(name) };
    external_secret(name, &service.declared.namespace, service.platform, spec)
}

pub fn secret(service: &Service<'_>, entry: &str) -> ExternalSecret {
    let name = entry.trim_start_matches("secret:");
    let extract = remote(name, None, service.platform);
    let spec = ExternalSecretSpec { data_from: vec![DataFrom { extract }], ..external(name) };
    external_secret(name, &service.declared.namespace, service.platform, spec)
}

pub fn pull_secret(namespace: &str, platform: &Platform) -> ExternalSecret {
    let (name, key) = ("image-pull", ".dockerconfigjson");
    let template = SecretTemplate {
        r#type: Some("kubernetes.io/dockerconfigjson"),
        engine_version: "v2",
        merge_policy: "Replace",
        metadata: SecretMetadata { labels: labels(&platform.name, "secret", platform) },
        data: map(&[(key, r#"{{ index . ".dockerconfigjson" }}"#)]),
    };
    let mut spec = ExternalSecretSpec { data: vec![value(name, key, platform)], ..external(name) };
    spec.target.template = Some(template);
    external_secret(name, namespace, platform, spec)
}

fn external_secret(name: &str, namespace: &str, platform: &Platform, spec: ExternalSecretSpec) -> ExternalSecret {
    ExternalSecret { metadata: metadata(name, namespace, labels(&platform.name, "secret", platform)), spec }
}

fn external(name: &str) -> ExternalSecretSpec {
    ExternalSecretSpec {
        refresh_policy: "Periodic",
        refresh_interval: "1h0m0s".to_owned(),
        secret_store_ref: StoreRef { kind: "ClusterSecretStore", name: "platform".to_owned() },
        target: Target {
            name: name.to_owned(),
            creation_policy: "Owner",
            deletion_policy: "Retain",
            ..Default::default()
        },
        ..Default::default()
    }
}

fn value(name: &str, key: &str, platform: &Platform) -> SecretData {
    let remote_ref = remote(name, Some(key), platform);
    SecretData { secret_key: key.to_owned(), remote_ref }
}

fn remote(name: &str, property: Option<&str>, platform: &Platform) -> RemoteRef {
    RemoteRef {
        key: format!("{}/{}/{name}", platform.name, platform.environment),
        property: property.map(str::to_owned),
        conversion_strategy: "Default",
        decoding_strategy: "None",
        metadata_policy: "None",
    }
}
