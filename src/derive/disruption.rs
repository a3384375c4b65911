//! Autoscalers and disruption budgets.

use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehavior, HorizontalPodAutoscalerSpec, MetricIdentifier, MetricSpec, MetricTarget,
    PodsMetricSource, ResourceMetricSource,
};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::model::identity::{Identity, matching};
use crate::model::workload::Scale;
use crate::parts::meta::namespaced;
use crate::values::quantity::Quantity;

/// The metric that prometheus-adapter serves for every pod that counts requests.
pub const REQUEST_RATE: &str = "http_requests_per_second";

/// The autoscaler of the workload's Deployment.
pub fn autoscaler(identity: &Identity<'_>, scale: &Scale) -> HorizontalPodAutoscaler {
    let resource = |name: &str, percent: i32| MetricSpec {
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
    let metrics = [
        scale.cpu.map(|percent| resource("cpu", percent)),
        scale.memory.map(|percent| resource("memory", percent)),
        scale.requests_per_second.map(request_rate),
    ];
    HorizontalPodAutoscaler {
        metadata: namespaced(identity.instance.as_str(), &identity.own.namespace, identity.labels()),
        spec: HorizontalPodAutoscalerSpec {
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".to_owned()),
                kind: "Deployment".to_owned(),
                name: identity.instance.to_string(),
            },
            min_replicas: Some(scale.min),
            max_replicas: scale.max,
            metrics: Some(metrics.into_iter().flatten().collect()),
            behavior: Some(behavior()),
        },
        ..Default::default()
    }
}

fn request_rate(per_second: u32) -> MetricSpec {
    MetricSpec {
        type_: "Pods".to_owned(),
        pods: Some(PodsMetricSource {
            metric: MetricIdentifier { name: REQUEST_RATE.to_owned(), ..Default::default() },
            target: MetricTarget {
                type_: "AverageValue".to_owned(),
                average_value: Some(Quantity::whole(i128::from(per_second)).api()),
                ..Default::default()
            },
        }),
        ..Default::default()
    }
}

/// Up at once, because load does not wait; down by half a minute's thought and half the pods at most.
fn behavior() -> HorizontalPodAutoscalerBehavior {
    let policy =
        |type_: &str, value, period_seconds| HPAScalingPolicy { type_: type_.to_owned(), value, period_seconds };
    let rules = |window, policies| HPAScalingRules {
        stabilization_window_seconds: Some(window),
        select_policy: Some("Max".to_owned()),
        policies: Some(policies),
        ..Default::default()
    };
    HorizontalPodAutoscalerBehavior {
        scale_up: Some(rules(0, vec![policy("Percent", 100, 30), policy("Pods", 4, 30)])),
        scale_down: Some(rules(300, vec![policy("Percent", 50, 60)])),
    }
}

/// The budget of a workload that keeps at least `min` pods. One pod has none: it would only block drains.
pub fn budget(identity: &Identity<'_>, min: i32) -> Option<PodDisruptionBudget> {
    (min >= 2).then(|| PodDisruptionBudget {
        metadata: namespaced(identity.instance.as_str(), &identity.own.namespace, identity.labels()),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(matching(identity.selector())),
            // A pod that is broken anyway must not keep a node from being drained.
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    })
}
