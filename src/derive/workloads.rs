//! What keeps the pods: Deployments, StatefulSets, DaemonSets, CronJobs, and their volume claims.

use k8s_openapi::api::apps::v1::{
    DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy, Deployment, DeploymentSpec, DeploymentStrategy,
    RollingUpdateDaemonSet, RollingUpdateDeployment, StatefulSet, StatefulSetPersistentVolumeClaimRetentionPolicy,
    StatefulSetSpec, StatefulSetUpdateStrategy,
};
use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, JobSpec, JobTemplateSpec};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::derive::pods::{self, Plan};
use crate::model::identity::matching;
use crate::model::object::Object;
use crate::model::workload::{Controller, Replicas, Source, Workload};
use crate::parts::meta::namespaced;
use crate::values::amount::Bytes;
use crate::values::name::ObjectName;

/// The controller of the workload's pods, after the claim that it needs.
pub fn workload(plan: &Plan<'_>, storage_class: Option<&ObjectName>) -> Vec<Object> {
    let claim = plan.workload.volumes.iter().find_map(|volume| match volume.source {
        Source::Persistent(size) => Some((volume.name.as_str(), size)),
        _ => None,
    });
    let controller: Object = match &plan.workload.controller {
        Controller::Rolling(Replicas::Fixed(count)) => deployment(plan, Some(*count), rolling()).into(),
        // An autoscaler owns the number; writing one here would undo its work at every apply.
        Controller::Rolling(Replicas::Scaled(_)) => deployment(plan, None, rolling()).into(),
        Controller::Recreate { .. } => deployment(plan, Some(1), recreate()).into(),
        Controller::Stateful { replicas } => {
            return vec![stateful_set(plan, *replicas, claim, storage_class).into()];
        }
        Controller::PerNode => daemon_set(plan).into(),
        // it is among the objects of the component
        Controller::Given { .. } => return Vec::new(),
        Controller::Scheduled { schedule } => cron_job(plan, schedule).into(),
    };
    let claim = claim.map(|(_, size)| PersistentVolumeClaim {
        metadata: metadata(plan),
        spec: Some(claim_spec(size, storage_class)),
        ..Default::default()
    });
    claim.map(Object::from).into_iter().chain([controller]).collect()
}

fn metadata(plan: &Plan<'_>) -> ObjectMeta {
    namespaced(plan.identity.instance.as_str(), &plan.identity.own.namespace, plan.identity.versioned_labels())
}

fn deployment(plan: &Plan<'_>, replicas: Option<i32>, strategy: DeploymentStrategy) -> Deployment {
    Deployment {
        metadata: metadata(plan),
        spec: DeploymentSpec {
            replicas,
            selector: matching(plan.identity.selector()),
            strategy: Some(strategy),
            min_ready_seconds: Some(5),
            progress_deadline_seconds: Some(deadline(plan.workload)),
            revision_history_limit: Some(5),
            template: pods::template(plan),
            ..Default::default()
        },
        ..Default::default()
    }
}

/// Seconds after which a rollout is called stuck: as long as a pod may take that does what it should, and a while for its
/// node to be found, its volumes to be attached and its images to be pulled.
fn deadline(workload: &Workload) -> i32 {
    const LEAST: i64 = 300;
    const AROUND: i64 = 120;
    let before = match workload.controller {
        Controller::Recreate { prepares } => workload.grace + prepares,
        _ => 0,
    };
    let starts = workload.main.probes.startup.as_ref().map_or(0, |probe| {
        // the rest is what the API says of a probe that does not
        let (delay, period, failures) = (probe.initial_delay_seconds, probe.period_seconds, probe.failure_threshold);
        i64::from(delay.unwrap_or(0)) + i64::from(period.unwrap_or(10)) * i64::from(failures.unwrap_or(3))
    });
    i32::try_from(LEAST.max(before + starts + AROUND)).unwrap_or(i32::MAX)
}

fn rolling() -> DeploymentStrategy {
    DeploymentStrategy {
        type_: Some("RollingUpdate".to_owned()),
        rolling_update: Some(RollingUpdateDeployment {
            max_surge: Some(IntOrString::Int(1)),
            max_unavailable: Some(IntOrString::Int(0)),
        }),
    }
}

fn recreate() -> DeploymentStrategy {
    DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None }
}

/// One node after the other: two pods cannot hold the same port of a node, so there is no surge.
fn daemon_set(plan: &Plan<'_>) -> DaemonSet {
    DaemonSet {
        metadata: metadata(plan),
        spec: DaemonSetSpec {
            selector: matching(plan.identity.selector()),
            update_strategy: Some(DaemonSetUpdateStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(RollingUpdateDaemonSet {
                    max_surge: Some(IntOrString::Int(0)),
                    max_unavailable: Some(IntOrString::Int(1)),
                }),
            }),
            min_ready_seconds: Some(5),
            revision_history_limit: Some(5),
            template: pods::template(plan),
        },
        ..Default::default()
    }
}

fn stateful_set(
    plan: &Plan<'_>,
    replicas: i32,
    claim: Option<(&str, Bytes)>,
    class: Option<&ObjectName>,
) -> StatefulSet {
    let mut template = pods::template(plan);
    if let (Some((name, _)), Some(spec)) = (claim, &mut template.spec) {
        // The controller adds the claim's volume to each pod itself.
        if let Some(volumes) = &mut spec.volumes {
            volumes.retain(|volume| volume.name != name);
        }
        spec.volumes = spec.volumes.take().filter(|volumes| !volumes.is_empty());
    }
    let templates = claim.map(|(name, size)| {
        vec![PersistentVolumeClaim {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                labels: Some(plan.identity.selector()),
                ..Default::default()
            },
            spec: Some(claim_spec(size, class)),
            ..Default::default()
        }]
    });
    StatefulSet {
        metadata: metadata(plan),
        spec: StatefulSetSpec {
            replicas: Some(replicas),
            selector: matching(plan.identity.selector()),
            service_name: Some(plan.identity.instance.with("headless").to_string()),
            pod_management_policy: Some("Parallel".to_owned()),
            update_strategy: Some(StatefulSetUpdateStrategy {
                type_: Some("RollingUpdate".to_owned()),
                ..Default::default()
            }),
            revision_history_limit: Some(5),
            min_ready_seconds: Some(5),
            persistent_volume_claim_retention_policy: Some(StatefulSetPersistentVolumeClaimRetentionPolicy {
                when_deleted: Some("Retain".to_owned()),
                when_scaled: Some("Retain".to_owned()),
            }),
            volume_claim_templates: templates,
            template,
            ..Default::default()
        },
        ..Default::default()
    }
}

fn claim_spec(size: Bytes, storage_class: Option<&ObjectName>) -> PersistentVolumeClaimSpec {
    PersistentVolumeClaimSpec {
        access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
        storage_class_name: storage_class.map(ToString::to_string),
        resources: Some(VolumeResourceRequirements {
            requests: Some([("storage".to_owned(), size.api())].into()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn cron_job(plan: &Plan<'_>, schedule: &str) -> CronJob {
    CronJob {
        metadata: metadata(plan),
        spec: CronJobSpec {
            schedule: schedule.to_owned(),
            time_zone: Some("Etc/UTC".to_owned()),
            concurrency_policy: Some("Forbid".to_owned()),
            starting_deadline_seconds: Some(3600),
            successful_jobs_history_limit: Some(1),
            failed_jobs_history_limit: Some(3),
            job_template: JobTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(plan.identity.labels()), ..Default::default() }),
                spec: Some(JobSpec {
                    backoff_limit: Some(1),
                    active_deadline_seconds: Some(600),
                    ttl_seconds_after_finished: Some(86_400),
                    template: pods::template(plan),
                    ..Default::default()
                }),
            },
            ..Default::default()
        },
        ..Default::default()
    }
}
