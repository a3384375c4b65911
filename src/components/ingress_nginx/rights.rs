//! What the ingress controller may do. Secrets of every namespace are among it: the certificates of all routes are
//! there, and the controller watches all namespaces.
//!
//! Upstream also grants what the program never asks for: Endpoints (it watches `EndpointSlices`), lists of nodes, of
//! leases and of the pods of other namespaces, and namespaces, which it lists only when told to select some.
//! Source: ingress-nginx, `internal/ingress/controller/store`, `internal/ingress/status` and `internal/k8s`.

use crate::model::workload::{Grant, Scope};
use crate::parts::rights::{rule, rule_on};
use crate::values::name::Name;

const NETWORKING: &str = "networking.k8s.io";
const LEASES: &[&str] = &["leases"];

/// The rights of the controller, which leads by `lease`.
pub fn controller(lease: &Name) -> Vec<Grant> {
    let everywhere = vec![
        rule("", &["configmaps", "secrets"], &["list", "watch"]),
        rule("", &["services"], &["get", "list", "watch"]),
        // Addresses of the node of each replica, for the status of Ingresses.
        rule("", &["nodes"], &["get"]),
        rule("discovery.k8s.io", &["endpointslices"], &["get", "list", "watch"]),
        rule(NETWORKING, &["ingresses", "ingressclasses"], &["get", "list", "watch"]),
        rule(NETWORKING, &["ingresses/status"], &["update"]),
        rule("", &["events"], &["create", "patch"]),
    ];
    let here = vec![
        rule("", &["configmaps", "secrets"], &["get"]),
        // Itself and the other replicas.
        rule("", &["pods"], &["get", "list", "watch"]),
        rule_on("coordination.k8s.io", LEASES, &[lease.as_str()], &["get", "update"]),
        rule("coordination.k8s.io", LEASES, &["create"]),
    ];
    vec![Grant { suffix: "", scope: Scope::Cluster(everywhere) }, Grant { suffix: "", scope: Scope::Own(here) }]
}
