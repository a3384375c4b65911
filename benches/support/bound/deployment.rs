//! The Deployment of a service.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, EmptyDirVolumeSource, EnvVar, EnvVarSource, HTTPGetAction, Lifecycle,
    LifecycleHandler, LocalObjectReference, PodSecurityContext, PodSpec, PodTemplateSpec, Probe, ResourceRequirements,
    SeccompProfile, SecretKeySelector, SecretVolumeSource, SecurityContext, SleepAction, TopologySpreadConstraint,
    Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::Service;
use super::objects::{Labels, map, matching, quantities};

pub fn deployment(service: &Service<'_>) -> Deployment {
    let labels = versioned(service);
    let mut pod_labels = labels.clone();
    pod_labels.insert("platformgen.io/scrape".to_owned(), "true".to_owned());
    let template = PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(pod_labels),
            annotations: Some(map(&[("platformgen.io/secret-hash", "989ab00e5c")])),
            ..Default::default()
        }),
        spec: Some(pod(service)),
    };
    let strategy = DeploymentStrategy {
        type_: Some("RollingUpdate".to_owned()),
        rolling_update: Some(RollingUpdateDeployment {
            max_surge: Some(IntOrString::Int(1)),
            max_unavailable: Some(IntOrString::Int(0)),
        }),
    };
    Deployment {
        metadata: ObjectMeta { labels: Some(labels), ..service.metadata() },
        spec: DeploymentSpec {
            selector: matching(service.selector()),
            strategy: Some(strategy),
            min_ready_seconds: Some(5),
            progress_deadline_seconds: Some(300),
            revision_history_limit: Some(5),
            template,
            ..Default::default()
        },
        ..Default::default()
    }
}

fn versioned(service: &Service<'_>) -> Labels {
    let mut labels = service.labels();
    let version = service.declared.image.rsplit(':').next().unwrap_or_default();
    labels.insert("app.kubernetes.io/version".to_owned(), version.to_owned());
    labels
}

fn pod(service: &Service<'_>) -> PodSpec {
    let (mounts, volumes) = volumes(service).into_iter().unzip();
    let spread = |topology_key: &str| TopologySpreadConstraint {
        max_skew: 1,
        topology_key: topology_key.to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(matching(service.selector())),
        match_label_keys: Some(vec!["pod-template-hash".to_owned()]),
        ..Default::default()
    };
    PodSpec {
        service_account_name: Some(service.name.to_owned()),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        image_pull_secrets: Some(vec![LocalObjectReference { name: "image-pull".to_owned() }]),
        node_selector: Some(map(&[("kubernetes.io/os", "linux")])),
        priority_class_name: Some(format!("{}-app", service.platform.name)),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(10_001),
            run_as_group: Some(10_001),
            seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), ..Default::default() }),
            ..Default::default()
        }),
        termination_grace_period_seconds: Some(45),
        topology_spread_constraints: Some(vec![
            spread("topology.kubernetes.io/zone"),
            spread("kubernetes.io/hostname"),
        ]),
        containers: vec![container(service, mounts)],
        volumes: Some(volumes),
        ..Default::default()
    }
}

fn container(service: &Service<'_>, mounts: Vec<VolumeMount>) -> Container {
    let declared = service.declared;
    let sleep = LifecycleHandler { sleep: Some(SleepAction { seconds: 10 }), ..Default::default() };
    Container {
        name: service.name.to_owned(),
        image: Some(declared.image.clone()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        ports: Some(vec![ContainerPort {
            name: Some("http".to_owned()),
            container_port: i32::from(declared.port),
            protocol: Some("TCP".to_owned()),
            ..Default::default()
        }]),
        env: Some(env(service)),
        startup_probe: Some(probe("/healthz", 2, 30)),
        liveness_probe: Some(probe("/healthz", 10, 3)),
        readiness_probe: Some(probe("/readyz", 5, 3)),
        lifecycle: Some(Lifecycle { pre_stop: Some(sleep), ..Default::default() }),
        resources: Some(resources(&declared.size)),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
            ..Default::default()
        }),
        volume_mounts: Some(mounts),
        ..Default::default()
    }
}

fn env(service: &Service<'_>) -> Vec<EnvVar> {
    let declared = service.declared;
    let plain = |name: &str, value: String| EnvVar { name: name.to_owned(), value: Some(value), ..Default::default() };
    let mut env: Vec<EnvVar> =
        declared.env.iter().map(|(name, value)| plain(name, format!("{value}.svc.cluster.local"))).collect();
    env.extend(declared.secrets.iter().map(|(name, entry)| {
        let (secret, key) = entry.split_once('/').expect("the description says secret/key");
        let selector = SecretKeySelector { name: secret.to_owned(), key: key.to_owned(), optional: Some(false) };
        let source = EnvVarSource { secret_key_ref: Some(selector), ..Default::default() };
        EnvVar { name: name.clone(), value_from: Some(source), ..Default::default() }
    }));
    let runtime: &[(&str, &str)] = match declared.runtime.as_str() {
        "node" => &[("NODE_OPTIONS", "--max-old-space-size=288")],
        "go" => &[("GOMEMLIMIT", "345MiB")],
        _ => &[
            ("PYTHONDONTWRITEBYTECODE", "1"),
            ("PYTHONUNBUFFERED", "1"),
            ("HOME", "/tmp"),
            ("GUNICORN_CMD_ARGS", "--worker-tmp-dir /tmp"),
        ],
    };
    env.extend(runtime.iter().map(|(name, value)| plain(name, (*value).to_owned())));
    env
}

fn probe(path: &str, period: i32, failures: i32) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String("http".to_owned()),
            ..Default::default()
        }),
        period_seconds: Some(period),
        timeout_seconds: Some(2),
        failure_threshold: Some(failures),
        ..Default::default()
    }
}

fn resources(size: &str) -> ResourceRequirements {
    let amounts = |cpu, memory, disk| -> Option<BTreeMap<String, Quantity>> {
        Some(quantities(&[("cpu", cpu), ("memory", memory), ("ephemeral-storage", disk)]))
    };
    let (requests, limits) = match size {
        "small" => (amounts("100m", "192Mi", "64Mi"), amounts("400m", "384Mi", "256Mi")),
        "medium" => (amounts("250m", "384Mi", "256Mi"), amounts("1", "768Mi", "1Gi")),
        _ => (amounts("500m", "768Mi", "512Mi"), amounts("2", "1536Mi", "2Gi")),
    };
    ResourceRequirements { requests, limits, ..Default::default() }
}

/// Each volume with its mount.
fn volumes(service: &Service<'_>) -> Vec<(VolumeMount, Volume)> {
    let declared = service.declared;
    let mount = |name: &str, path: &str, read_only| VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only,
        ..Default::default()
    };
    let scratch = |path: &str, size: &str| {
        let name = format!("scratch-{}", path.trim_start_matches('/').replace('/', "-"));
        let source = EmptyDirVolumeSource { size_limit: Some(Quantity(size.to_owned())), ..Default::default() };
        let volume = Volume { name: name.clone(), empty_dir: Some(source), ..Default::default() };
        (mount(&name, path, None), volume)
    };
    let mut volumes = Vec::new();
    for (path, secret) in &declared.mounts {
        let name = secret.trim_start_matches("secret:");
        let source =
            SecretVolumeSource { secret_name: Some(name.to_owned()), optional: Some(false), ..Default::default() };
        let volume = Volume { name: name.to_owned(), secret: Some(source), ..Default::default() };
        volumes.push((mount(name, path, Some(true)), volume));
    }
    volumes.extend(declared.scratch.iter().map(|(path, size)| scratch(path, size)));
    volumes.push(scratch("/tmp", "64Mi"));
    volumes
}
