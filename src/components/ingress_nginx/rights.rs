//! What the ingress controller may do. Secrets of every namespace are among it: the certificates of all routes are
//! there, and the controller watches all namespaces.
//!
//! This is upstream's set, less the sub-resources that only other modes of the program write. It is wider than what the
//! program was seen to ask for (Endpoints, leases of all namespaces): a cache that never fills keeps the controller
//! from starting, so nothing is taken away before a cluster has shown that it is not missed.
//! Source: ingress-nginx v1.15.1, `deploy/static/provider/cloud/deploy.yaml`.

use crate::model::workload::{Grant, Scope};
use crate::parts::rights::{rule, rule_on};
use crate::values::name::Name;

const COORDINATION: &str = "coordination.k8s.io";
const DISCOVERY: &str = "discovery.k8s.io";
const NETWORKING: &str = "networking.k8s.io";
const WATCH: &[&str] = &["get", "list", "watch"];
const LEASES: &[&str] = &["leases"];

/// The rights of the controller, which leads by `lease`.
pub fn controller(lease: &Name) -> Vec<Grant> {
    let everywhere = vec![
        rule("", &["configmaps", "endpoints", "nodes", "pods", "secrets", "namespaces"], &["list", "watch"]),
        rule(COORDINATION, LEASES, &["list", "watch"]),
        // Addresses of the node of each replica, for the status of Ingresses.
        rule("", &["nodes"], &["get"]),
        rule("", &["services"], WATCH),
        rule(NETWORKING, &["ingresses", "ingressclasses"], WATCH),
        rule(NETWORKING, &["ingresses/status"], &["update"]),
        rule(DISCOVERY, &["endpointslices"], WATCH),
        rule("", &["events"], &["create", "patch"]),
    ];
    let here = vec![
        rule("", &["namespaces"], &["get"]),
        rule("", &["configmaps", "pods", "secrets", "endpoints", "services"], WATCH),
        rule(NETWORKING, &["ingresses", "ingressclasses"], WATCH),
        rule(NETWORKING, &["ingresses/status"], &["update"]),
        rule(DISCOVERY, &["endpointslices"], WATCH),
        rule_on(COORDINATION, LEASES, &[lease.as_str()], &["get", "update"]),
        rule(COORDINATION, LEASES, &["create"]),
        rule("", &["events"], &["create", "patch"]),
    ];
    vec![Grant { suffix: "", scope: Scope::Cluster(everywhere) }, Grant { suffix: "", scope: Scope::Own(here) }]
}
