//! Rules that look at several fields of one value.
//!
//! Source: `pkg/apis/*/validation/validation.go` and `apimachinery/pkg/util/validation` of Kubernetes 1.35 to 1.37.

use std::collections::BTreeSet;

use crate::diagnostics::suggest;
use crate::manifest::node::{Node, Value};
use crate::validate::api::{
    Judge, Rule, admission, authorization, autoscaling, config, containers, definitions, devices, events, fields, jobs,
    meta, mounts, networking, nodes, others, pods, probes, quota, rbac, scheduling, security, services, storage,
    structural, volumes, workloads,
};

/// The rules of each type.
pub const RULES: &[(&str, Rule)] = &[
    ("admissionregistration/v1.ApplyConfiguration", admission::expression),
    ("admissionregistration/v1.AuditAnnotation", admission::expression),
    ("admissionregistration/v1.JSONPatch", admission::expression),
    ("admissionregistration/v1.MatchCondition", admission::expression),
    ("admissionregistration/v1.MutatingAdmissionPolicyBindingSpec", admission::mutating_binding),
    ("admissionregistration/v1.MutatingAdmissionPolicySpec", admission::mutating_policy),
    ("admissionregistration/v1.MutatingWebhook", admission::webhook),
    ("admissionregistration/v1.MutatingWebhookConfiguration", admission::webhooks),
    ("admissionregistration/v1.Mutation", admission::mutation),
    ("admissionregistration/v1.NamedRuleWithOperations", admission::rule),
    ("admissionregistration/v1.ParamKind", admission::parameter_kind),
    ("admissionregistration/v1.ParamRef", admission::parameters),
    ("admissionregistration/v1.RuleWithOperations", admission::rule),
    ("admissionregistration/v1.ServiceReference", admission::service),
    ("admissionregistration/v1.ValidatingAdmissionPolicyBindingSpec", admission::binding),
    ("admissionregistration/v1.ValidatingAdmissionPolicySpec", admission::policy),
    ("admissionregistration/v1.ValidatingWebhook", admission::webhook),
    ("admissionregistration/v1.ValidatingWebhookConfiguration", admission::webhooks),
    ("admissionregistration/v1.Validation", admission::validation),
    ("admissionregistration/v1.Variable", admission::variable),
    ("admissionregistration/v1.WebhookClientConfig", admission::client),
    ("apiextensions/v1.CustomResourceColumnDefinition", definitions::column),
    ("apiextensions/v1.CustomResourceConversion", definitions::conversion),
    ("apiextensions/v1.CustomResourceDefinition", definitions::definition),
    ("apiextensions/v1.CustomResourceDefinitionNames", definitions::names),
    ("apiextensions/v1.CustomResourceDefinitionSpec", definitions::spec),
    ("apiextensions/v1.CustomResourceDefinitionVersion", definitions::version),
    ("apiextensions/v1.CustomResourceSubresourceScale", definitions::scale),
    ("apiextensions/v1.CustomResourceValidation", structural::validation),
    ("apiextensions/v1.ServiceReference", admission::service),
    ("apiextensions/v1.ValidationRule", definitions::rule),
    ("apiextensions/v1.WebhookClientConfig", admission::client),
    ("apiregistration/v1.APIService", admission::api_service),
    ("apps/v1.ControllerRevision", nodes::revision),
    ("apps/v1.DaemonSetSpec", mounts::used),
    ("apps/v1.DaemonSetSpec", pods::host_names),
    ("apps/v1.DaemonSetSpec", workloads::controller),
    ("apps/v1.DaemonSetUpdateStrategy", workloads::daemon_set_strategy),
    ("apps/v1.DeploymentSpec", mounts::used),
    ("apps/v1.DeploymentSpec", pods::host_names),
    ("apps/v1.DeploymentSpec", workloads::deployment),
    ("apps/v1.DeploymentStrategy", workloads::deployment_strategy),
    ("apps/v1.ReplicaSetSpec", mounts::used),
    ("apps/v1.ReplicaSetSpec", pods::host_names),
    ("apps/v1.ReplicaSetSpec", workloads::controller),
    ("apps/v1.StatefulSetSpec", mounts::used),
    ("apps/v1.StatefulSetSpec", workloads::stateful_set),
    ("apps/v1.StatefulSetUpdateStrategy", workloads::stateful_set_strategy),
    ("authorization/v1.FieldSelectorAttributes", authorization::selector),
    ("authorization/v1.LabelSelectorAttributes", authorization::selector),
    ("authorization/v1.LocalSubjectAccessReview", authorization::local_review),
    ("authorization/v1.SelfSubjectAccessReview", authorization::review),
    ("authorization/v1.SelfSubjectAccessReviewSpec", authorization::own),
    ("authorization/v1.SubjectAccessReview", authorization::review),
    ("authorization/v1.SubjectAccessReviewSpec", authorization::of_somebody),
    ("autoscaling/v1.HorizontalPodAutoscaler", autoscaling::first),
    ("autoscaling/v1.HorizontalPodAutoscalerSpec", autoscaling::scale),
    ("autoscaling/v2.ContainerResourceMetricSource", autoscaling::container_metric),
    ("autoscaling/v2.HPAScalingRules", autoscaling::scaling_rules),
    ("autoscaling/v2.HorizontalPodAutoscalerSpec", autoscaling::autoscaler),
    ("autoscaling/v2.MetricSpec", autoscaling::metric),
    ("autoscaling/v2.MetricTarget", autoscaling::metric_target),
    ("autoscaling/v2.ObjectMetricSource", autoscaling::described),
    ("batch/v1.CronJobSpec", jobs::cron_job),
    ("batch/v1.Job", jobs::job),
    ("batch/v1.JobSpec", jobs::job_spec),
    ("batch/v1.JobSpec", mounts::used),
    ("batch/v1.JobSpec", pods::host_names),
    ("certificates/v1.CertificateSigningRequestSpec", others::signing_request),
    ("coordination/v1.LeaseSpec", others::lease),
    ("core/v1.AppArmorProfile", security::app_armor),
    ("core/v1.AzureDiskVolumeSource", volumes::azure_disk),
    ("core/v1.Binding", nodes::binding),
    ("core/v1.CSIPersistentVolumeSource", storage::driver_of_volume),
    ("core/v1.CSIVolumeSource", volumes::inline_driver),
    ("core/v1.CinderVolumeSource", volumes::secret_of_driver),
    ("core/v1.ClusterTrustBundleProjection", volumes::trust_bundle),
    ("core/v1.ConfigMap", config::config_map),
    ("core/v1.Container", containers::container),
    ("core/v1.ContainerRestartRule", containers::restart_rule),
    ("core/v1.DownwardAPIVolumeFile", fields::of_file),
    ("core/v1.DownwardAPIVolumeFile", volumes::file),
    ("core/v1.EmptyDirVolumeSource", volumes::empty),
    ("core/v1.EndpointAddress", services::endpoint_address),
    ("core/v1.EndpointSubset", services::subset),
    ("core/v1.EnvFromSource", containers::variables),
    ("core/v1.EnvVar", containers::variable),
    ("core/v1.EnvVarSource", containers::variable_source),
    ("core/v1.EnvVarSource", fields::of_variable),
    ("core/v1.Event", events::of_core),
    ("core/v1.EventSeries", events::series),
    ("core/v1.FCVolumeSource", volumes::fibre_channel),
    ("core/v1.FileKeySelector", containers::file_key),
    ("core/v1.FlexVolumeSource", volumes::flex),
    ("core/v1.FlockerVolumeSource", volumes::flocker),
    ("core/v1.GitRepoVolumeSource", volumes::git),
    ("core/v1.HostAlias", pods::host_alias),
    ("core/v1.HostPathVolumeSource", storage::node_path),
    ("core/v1.ISCSIVolumeSource", volumes::iscsi),
    ("core/v1.ImageVolumeSource", volumes::image),
    ("core/v1.KeyToPath", volumes::file),
    ("core/v1.LifecycleHandler", probes::handler),
    ("core/v1.LimitRangeItem", quota::limits),
    ("core/v1.LimitRangeSpec", quota::limit_range),
    ("core/v1.LocalVolumeSource", storage::node_path),
    ("core/v1.NFSVolumeSource", storage::nfs),
    ("core/v1.NamespaceSpec", others::namespace),
    ("core/v1.NodeSelectorTerm", scheduling::node_term),
    ("core/v1.NodeSpec", nodes::spec),
    ("core/v1.PersistentVolumeClaimSpec", storage::claim),
    ("core/v1.PersistentVolumeClaimTemplate", volumes::claim_template),
    ("core/v1.PersistentVolumeSpec", storage::volume),
    ("core/v1.Pod", mounts::used),
    ("core/v1.Pod", pods::annotations),
    ("core/v1.Pod", pods::host_names),
    ("core/v1.Pod", scheduling::of_bare_pod),
    ("core/v1.Pod", volumes::claims),
    ("core/v1.PodAffinityTerm", scheduling::affinity_term),
    ("core/v1.PodCertificateProjection", volumes::pod_certificate),
    ("core/v1.PodResourceClaim", pods::resource_claim),
    ("core/v1.PodSecurityContext", security::of_pod),
    ("core/v1.PodSpec", pods::spec),
    ("core/v1.PodTemplate", mounts::used),
    ("core/v1.PodTemplate", pods::host_names),
    ("core/v1.PodTemplateSpec", pods::annotations),
    ("core/v1.Probe", probes::probe),
    ("core/v1.ProjectedVolumeSource", volumes::projected),
    ("core/v1.QuobyteVolumeSource", volumes::quobyte),
    ("core/v1.ReplicationControllerSpec", mounts::used),
    ("core/v1.ReplicationControllerSpec", pods::host_names),
    ("core/v1.ReplicationControllerSpec", workloads::replication_controller),
    ("core/v1.ResourceQuotaSpec", quota::quota),
    ("core/v1.ScopedResourceSelectorRequirement", quota::scope),
    ("core/v1.SeccompProfile", security::seccomp),
    ("core/v1.Secret", config::secret),
    ("core/v1.SecurityContext", security::of_container),
    ("core/v1.Service", services::service),
    ("core/v1.ServiceAccountTokenProjection", volumes::file),
    ("core/v1.ServiceSpec", services::spec),
    ("core/v1.StorageOSVolumeSource", volumes::secret_of_driver),
    ("core/v1.Toleration", scheduling::toleration),
    ("core/v1.TopologySpreadConstraint", scheduling::spread),
    ("core/v1.Volume", volumes::volume),
    ("core/v1.VolumeDevice", mounts::device),
    ("core/v1.VolumeMount", mounts::mount),
    ("core/v1.WindowsSecurityContextOptions", security::windows),
    ("discovery/v1.EndpointHints", services::hints),
    ("discovery/v1.EndpointSlice", services::slice),
    ("events/v1.Event", events::of_events),
    ("events/v1.EventSeries", events::series),
    ("meta/v1.LabelSelector", meta::selector),
    ("meta/v1.ObjectMeta", meta::metadata),
    ("networking/v1.HTTPIngressPath", networking::ingress_path),
    ("networking/v1.IPBlock", networking::block),
    ("networking/v1.Ingress", networking::ingress),
    ("networking/v1.IngressBackend", networking::ingress_backend),
    ("networking/v1.IngressClassParametersReference", networking::class_parameters),
    ("networking/v1.IngressClassSpec", networking::class),
    ("networking/v1.IngressRule", networking::ingress_rule),
    ("networking/v1.IngressSpec", networking::ingress_spec),
    ("networking/v1.NetworkPolicyPeer", networking::peer),
    ("networking/v1.NetworkPolicyPort", networking::policy_port),
    ("networking/v1.NetworkPolicySpec", networking::policy),
    ("networking/v1.ServiceCIDRSpec", networking::service_ranges),
    ("node/v1.RuntimeClass", others::runtime),
    ("policy/v1.PodDisruptionBudgetSpec", autoscaling::budget),
    ("rbac/v1.AggregationRule", rbac::aggregation),
    ("rbac/v1.ClusterRoleBinding", rbac::cluster_binding),
    ("rbac/v1.PolicyRule", rbac::right),
    ("rbac/v1.Role", rbac::role),
    ("rbac/v1.Subject", rbac::subject),
    ("resource/v1.CELDeviceSelector", devices::selector),
    ("resource/v1.DeviceClaim", devices::claim),
    ("resource/v1.DeviceClaimConfiguration", devices::configuration),
    ("resource/v1.DeviceClassConfiguration", devices::configuration),
    ("resource/v1.DeviceClassSpec", devices::class),
    ("resource/v1.DeviceConstraint", devices::constraint),
    ("resource/v1.DeviceRequest", devices::request),
    ("resource/v1.DeviceSubRequest", devices::amount),
    ("resource/v1.DeviceToleration", devices::toleration),
    ("resource/v1.ExactDeviceRequest", devices::amount),
    ("scheduling/v1.PriorityClass", others::priority),
    ("storage/v1.CSIDriverSpec", storage::driver),
    ("storage/v1.CSINodeSpec", storage::node_drivers),
    ("storage/v1.CSIStorageCapacity", storage::capacity),
    ("storage/v1.StorageClass", storage::class),
    ("storage/v1.VolumeAttachmentSource", storage::attachment_source),
    ("storage/v1.VolumeAttributesClass", storage::attributes_class),
];

pub fn has(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(|value| !matches!(value.value, Value::Null))
}

pub fn given<'k>(node: &Node, keys: &[&'k str]) -> Vec<&'k str> {
    keys.iter().copied().filter(|key| has(node, key)).collect()
}

/// No two items of a list have the same text under a key.
pub fn once(judge: &mut Judge<'_>, node: &Node, list: &str, key: &str) {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for item in node.items_at(&[list]) {
        let Some((text, at)) = item.get(key).and_then(|node| Some((node.text()?, node.span))) else { continue };
        if !text.is_empty() && !known.insert(text) {
            judge.at(&judge.path.key(list), at, &format!("holds the {key} `{text}` twice"));
        }
    }
}

/// A list holds no more than a server takes.
pub fn at_most(judge: &mut Judge<'_>, node: &Node, list: &str, most: usize) {
    let count = node.items_at(&[list]).len();
    if count > most {
        judge.refuse(node, list, &format!("holds {count}; it must not hold more than {most}"));
    }
}

/// No text stands twice in a list.
pub fn distinct(judge: &mut Judge<'_>, node: &Node, list: &str) {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for item in node.items_at(&[list]) {
        if let Some(text) = item.text().filter(|text| !known.insert(text)) {
            judge.at(&judge.path.key(list), item.span, &format!("holds `{text}` twice"));
        }
    }
}

pub fn exactly_one(judge: &mut Judge<'_>, node: &Node, keys: &[&str]) {
    match given(node, keys).as_slice() {
        [_] => {}
        [] if keys.iter().any(|key| judge.is_misspelt(node, key)) => {}
        [] => judge.refuse(node, "", &format!("must have one of {}", suggest::list(keys.iter().copied()))),
        [first, second, ..] => judge.refuse(node, second, &format!("must not stand beside `{first}`")),
    }
}
