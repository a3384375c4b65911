//! What cert-manager's programs may do. The controllers for the cluster's own `CertificateSigningRequests` and for the
//! Gateway API are off by default, so their rights are not granted.
//! Source: cert-manager 1.21, `deploy/charts/cert-manager/templates/rbac.yaml` and its siblings.

use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::model::workload::{Grant, Scope};
use crate::parts::rights::{rule, rule_on};
use crate::values::name::Name;

const CERT_MANAGER: &str = "cert-manager.io";
const ACME: &str = "acme.cert-manager.io";
const READ: &[&str] = &["get", "list", "watch"];

/// Upstream has seven roles with one holder; they are one role here, because some of their controllers live off the
/// rights of another.
pub fn controller() -> Vec<Grant> {
    let rules = vec![
        rule(CERT_MANAGER, &["clusterissuers", "issuers"], &["get", "list", "watch", "update", "patch"]),
        rule(
            CERT_MANAGER,
            &["certificates", "certificaterequests"],
            &["get", "list", "watch", "create", "update", "patch", "delete"],
        ),
        rule(
            CERT_MANAGER,
            &["clusterissuers/status", "issuers/status", "certificates/status", "certificaterequests/status"],
            &["update", "patch"],
        ),
        rule(
            CERT_MANAGER,
            &[
                "clusterissuers/finalizers",
                "issuers/finalizers",
                "certificates/finalizers",
                "certificaterequests/finalizers",
            ],
            &["update"],
        ),
        // Requests for our issuers are approved as they come: who may ask for a certificate is decided when the
        // Certificate is stored.
        rule_on(
            CERT_MANAGER,
            &["signers"],
            &["clusterissuers.cert-manager.io/*", "issuers.cert-manager.io/*"],
            &["approve"],
        ),
        rule(ACME, &["orders", "challenges"], &["get", "list", "watch", "create", "update", "patch", "delete"]),
        rule(ACME, &["orders/status", "challenges/status"], &["update", "patch"]),
        rule(ACME, &["orders/finalizers", "challenges/finalizers"], &["update"]),
        // Keys and certificates, in every namespace that has a Certificate.
        rule("", &["secrets"], &["get", "list", "watch", "create", "update", "patch", "delete"]),
        // Solver pods, and what leads to them.
        rule("", &["pods", "services"], &["get", "list", "watch", "create", "delete"]),
        rule("networking.k8s.io", &["ingresses"], &["get", "list", "watch", "create", "update", "delete"]),
        rule("networking.k8s.io", &["ingresses/finalizers"], &["update"]),
        rule("", &["events"], &["create", "patch"]),
    ];
    vec![Grant { suffix: "", scope: Scope::Cluster(rules) }, leases("cert-manager-controller")]
}

/// Its own authority, and the question who may approve a request.
pub fn webhook(authority: &Name) -> Vec<Grant> {
    let authority = vec![
        rule_on("", &["secrets"], &[authority.as_str()], &["get", "list", "watch", "update"]),
        // A name cannot limit creation.
        rule("", &["secrets"], &["create"]),
    ];
    let reviews = vec![rule("authorization.k8s.io", &["subjectaccessreviews"], &["create"])];
    vec![
        Grant { suffix: "", scope: Scope::Cluster(reviews) },
        Grant { suffix: "dynamic-serving", scope: Scope::Own(authority) },
    ]
}

/// Reads authorities, writes them into whatever asks for one by annotation.
pub fn injector() -> Vec<Grant> {
    const INJECT: &[&str] = &["get", "list", "watch", "update", "patch"];
    let rules = vec![
        rule(CERT_MANAGER, &["certificates"], READ),
        rule("", &["secrets"], READ),
        rule(
            "admissionregistration.k8s.io",
            &["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
            INJECT,
        ),
        rule("apiregistration.k8s.io", &["apiservices"], INJECT),
        rule("apiextensions.k8s.io", &["customresourcedefinitions"], INJECT),
        rule("", &["events"], &["get", "create", "update", "patch"]),
    ];
    vec![Grant { suffix: "", scope: Scope::Cluster(rules) }, leases("cert-manager-cainjector-leader-election")]
}

/// The lease by which one replica leads; the programs choose their names.
fn leases(name: &str) -> Grant {
    const COORDINATION: &str = "coordination.k8s.io";
    let rules: Vec<PolicyRule> = vec![
        rule_on(COORDINATION, &["leases"], &[name], &["get", "update", "patch"]),
        rule(COORDINATION, &["leases"], &["create"]),
    ];
    Grant { suffix: "leader-election", scope: Scope::Own(rules) }
}
