//! Pod templates.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    ConfigMapProjection, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource, KeyToPath,
    LocalObjectReference, PersistentVolumeClaimVolumeSource, PodSpec, PodTemplateSpec, ProjectedVolumeSource,
    SecretVolumeSource, TopologySpreadConstraint, Volume as ApiVolume, VolumeMount, VolumeProjection,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::derive::{config, priorities, secrets};
use crate::model::encrypted::Files;
use crate::model::endpoint::{Audience, Endpoint};
use crate::model::identity::{Identity, SCRAPE_LABEL, SECRET_HASH, labels, matching};
use crate::model::site::PullSecret;
use crate::model::workload::{ConfigFiles, Controller, Init, SecretContent, Source, Volume, Workload};
use crate::parts::pod;
use crate::spec::shapes::Domain;
use crate::values::image::Image;

/// What a pod template is made from.
pub struct Plan<'a> {
    /// Whose pods.
    pub identity: Identity<'a>,
    /// What decides them.
    pub workload: &'a Workload,
    /// The ports on which they listen.
    pub endpoints: Vec<&'a Endpoint>,
    /// The image that all their containers run.
    pub image: Image,
    /// The credential for it.
    pub pull_secret: Option<PullSecret>,
    /// What files hold of its Secrets.
    pub encrypted: &'a Files,
}

/// The template of the workload's pods.
pub fn template(plan: &Plan<'_>) -> PodTemplateSpec {
    let mut pod_labels = plan.identity.versioned_labels();
    if plan.endpoints.iter().any(|endpoint| endpoint.is_for(Audience::Scrapers)) {
        pod_labels.extend(labels(&[(SCRAPE_LABEL, "true")]));
    }
    let hash = secrets::secret_hash(plan.workload, &plan.identity.own.namespace, plan.encrypted);
    let annotations = hash.map(|hash| labels(&[(SECRET_HASH, &hash)]));
    PodTemplateSpec {
        metadata: Some(ObjectMeta { labels: Some(pod_labels), annotations, ..Default::default() }),
        spec: Some(spec(plan)),
    }
}

fn spec(plan: &Plan<'_>) -> PodSpec {
    let workload = plan.workload;
    let job = matches!(workload.controller, Controller::Scheduled { .. });
    let init: Vec<Container> = workload.init.iter().map(|init| init_container(init, plan)).collect();
    let mut named = BTreeSet::new();
    let once = workload.volumes.iter().filter(|volume| named.insert(&volume.name));
    let volumes: Vec<ApiVolume> = once.map(|item| volume(item, plan)).collect();
    PodSpec {
        service_account_name: Some(plan.identity.instance.to_string()),
        automount_service_account_token: Some(workload.api_token),
        // A Service named `registry` would put REGISTRY_PORT and the like into every container around it.
        enable_service_links: Some(false),
        image_pull_secrets: plan
            .pull_secret
            .as_ref()
            .map(|secret| vec![LocalObjectReference { name: secret.name.to_string() }]),
        node_selector: Some(labels(&[("kubernetes.io/os", "linux")])),
        priority_class_name: priorities::class_name(plan.identity.part_of, workload.priority),
        restart_policy: job.then(|| "OnFailure".to_owned()),
        security_context: Some(pod::security_context(workload.user)),
        termination_grace_period_seconds: Some(workload.grace),
        topology_spread_constraints: spread(plan),
        init_containers: (!init.is_empty()).then_some(init),
        containers: vec![main_container(plan)],
        volumes: (!volumes.is_empty()).then_some(volumes),
        ..Default::default()
    }
}

fn main_container(plan: &Plan<'_>) -> Container {
    let main = &plan.workload.main;
    let ports: Vec<ContainerPort> = plan
        .endpoints
        .iter()
        .map(|endpoint| ContainerPort {
            name: Some(endpoint.name.to_owned()),
            container_port: i32::from(endpoint.port),
            host_port: endpoint.host_port.map(i32::from),
            protocol: Some(endpoint.protocol.as_str().to_owned()),
            ..Default::default()
        })
        .collect();
    let mounts: Vec<VolumeMount> = plan.workload.volumes.iter().map(|volume| mount(volume, &volume.path)).collect();
    Container {
        name: main.name.to_string(),
        command: listed(&main.command),
        args: listed(&main.args),
        env: listed(&main.env).map(|list| list.iter().map(pod::env).collect()),
        ports: (!ports.is_empty()).then_some(ports),
        startup_probe: main.probes.startup.clone(),
        liveness_probe: main.probes.live.clone(),
        readiness_probe: main.probes.ready.clone(),
        lifecycle: main.lifecycle.clone(),
        volume_mounts: (!mounts.is_empty()).then_some(mounts),
        ..hardened(plan)
    }
}

fn init_container(init: &Init, plan: &Plan<'_>) -> Container {
    let mounts = init.mounts.iter().filter_map(|(name, path)| {
        plan.workload.volumes.iter().find(|volume| volume.name == *name).map(|volume| mount(volume, path))
    });
    Container {
        name: init.name.to_owned(),
        command: listed(&init.command),
        env: listed(&init.env).map(|list| list.iter().map(pod::env).collect()),
        volume_mounts: Some(mounts.collect()),
        ..hardened(plan)
    }
}

fn hardened(plan: &Plan<'_>) -> Container {
    let workload = plan.workload;
    Container {
        image: Some(plan.image.to_string()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        resources: Some(pod::resources(&workload.main.size)),
        security_context: Some(pod::container_security_context(workload.main.exceptions)),
        ..Default::default()
    }
}

fn listed<T: Clone>(items: &[T]) -> Option<Vec<T>> {
    (!items.is_empty()).then(|| items.to_vec())
}

fn mount(volume: &Volume, path: &str) -> VolumeMount {
    let writable = matches!(volume.source, Source::Scratch(_) | Source::Persistent(_));
    VolumeMount {
        name: volume.name.clone(),
        mount_path: path.to_owned(),
        read_only: (!writable).then_some(true),
        ..Default::default()
    }
}

fn volume(volume: &Volume, plan: &Plan<'_>) -> ApiVolume {
    let mut api = ApiVolume { name: volume.name.clone(), ..Default::default() };
    match &volume.source {
        Source::Scratch(size) => {
            api.empty_dir = Some(EmptyDirVolumeSource { size_limit: Some(size.api()), ..Default::default() });
        }
        Source::Config(sets) => match sets.as_slice() {
            [only] => {
                api.config_map = Some(ConfigMapVolumeSource { name: config::name(only), ..Default::default() });
            }
            several => api.projected = Some(projected(several)),
        },
        Source::Secret(files) => api.secret = Some(secret(files.name.as_str(), &listed_keys(&files.content))),
        Source::Issued { secret: name, files } => api.secret = Some(secret(name.as_str(), files)),
        Source::Persistent(_) => {
            api.persistent_volume_claim = Some(PersistentVolumeClaimVolumeSource {
                claim_name: plan.identity.instance.to_string(),
                ..Default::default()
            });
        }
    }
    api
}

fn projected(sets: &[ConfigFiles]) -> ProjectedVolumeSource {
    let source = |set: &ConfigFiles| VolumeProjection {
        config_map: Some(ConfigMapProjection { name: config::name(set), ..Default::default() }),
        ..Default::default()
    };
    ProjectedVolumeSource { sources: Some(sets.iter().map(source).collect()), ..Default::default() }
}

/// Only the keys that the workload asks for, each under its own name: the Secret may hold more, for somebody else.
fn listed_keys(content: &SecretContent) -> Vec<(&str, &str)> {
    match content {
        SecretContent::Keys(_, keys) => keys.iter().map(|key| (key.as_str(), key.as_str())).collect(),
        SecretContent::Whole | SecretContent::Htpasswd { .. } | SecretContent::PullCredential { .. } => Vec::new(),
    }
}

fn secret(name: &str, files: &[(&str, &str)]) -> SecretVolumeSource {
    let items: Vec<KeyToPath> = files
        .iter()
        .map(|(key, path)| KeyToPath { key: (*key).to_owned(), path: (*path).to_owned(), ..Default::default() })
        .collect();
    SecretVolumeSource {
        secret_name: Some(name.to_owned()),
        optional: Some(false),
        items: (!items.is_empty()).then_some(items),
        ..Default::default()
    }
}

/// Replicas spread, but never at the price of not running: `DoNotSchedule` would deadlock small clusters and surges.
fn spread(plan: &Plan<'_>) -> Option<Vec<TopologySpreadConstraint>> {
    let alone = plan.workload.controller.min_replicas() < 2;
    let deployed = matches!(plan.workload.controller, Controller::Rolling(_));
    let constraint = |domain: &Domain| TopologySpreadConstraint {
        max_skew: 1,
        topology_key: match domain {
            Domain::Zone => "topology.kubernetes.io/zone",
            Domain::Host => "kubernetes.io/hostname",
        }
        .to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(matching(plan.identity.selector())),
        // Pods of the version that leaves do not count for the one that comes; only Deployments label their pods with it.
        match_label_keys: deployed.then(|| vec!["pod-template-hash".to_owned()]),
        ..Default::default()
    };
    let domains = &plan.workload.spread;
    (!alone && !domains.is_empty()).then(|| domains.iter().map(constraint).collect())
}
