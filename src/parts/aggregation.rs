//! Aggregated APIs: APIs that the API server passes on to a Service of ours.

use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::{APIService, APIServiceSpec, ServiceReference};

use crate::model::workload::{Grant, Scope};
use crate::parts::certificate::Serving;
use crate::parts::meta::{annotated, cluster_scoped};

/// Tells the API server that `serving` answers for `version` of API group `group`, on port 443. cert-manager writes
/// the authority into the object, so no field here says whom to trust, least of all everybody.
pub fn api_service(group: &str, version: &str, serving: &Serving<'_>) -> APIService {
    let metadata = cluster_scoped(format!("{version}.{group}"), serving.labels.clone());
    APIService {
        metadata: annotated(metadata, &[("cert-manager.io/inject-ca-from", &serving.inject_from())]),
        spec: Some(APIServiceSpec {
            group: Some(group.to_owned()),
            version: Some(version.to_owned()),
            group_priority_minimum: 100,
            version_priority: 100,
            service: Some(ServiceReference {
                name: Some(serving.service.to_string()),
                namespace: Some(serving.namespace.to_string()),
                port: Some(443),
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// What a server needs to trust the API server, and to learn from it who a caller is and what the caller may do.
pub fn delegation() -> [Grant; 2] {
    [
        Grant { suffix: "auth-delegator", scope: Scope::ClusterRole("system:auth-delegator") },
        Grant { suffix: "auth-reader", scope: Scope::SystemRole("extension-apiserver-authentication-reader") },
    ]
}
