//! Who an object belongs to: the one place where labels and derived names are made.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::values::name::Name;

/// The mark of every object that we render.
pub const MANAGER: &str = "platformgen";
/// The label by which Prometheus finds pods with metrics.
pub const SCRAPE_LABEL: &str = "platformgen.io/scrape";
/// The annotation that changes with what pods read of Secrets, as far as anybody here can tell, so that they restart.
pub const SECRET_HASH: &str = "platformgen.io/secret-hash";

/// A component's name and namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Own {
    /// Its namespace.
    pub namespace: Name,
    /// Its name.
    pub name: Name,
}

/// One workload of a component, as its labels say it.
#[derive(Clone, Debug)]
pub struct Identity<'a> {
    /// The component.
    pub own: &'a Own,
    /// The workload's name: unique in its namespace.
    pub instance: &'a Name,
    /// The part it plays in the component.
    pub role: &'static str,
    /// The platform.
    pub part_of: &'a Name,
    /// The version that runs.
    pub version: &'a str,
}

impl Identity<'_> {
    /// Labels of every object of the workload.
    /// Source: kubernetes.io, "Recommended Labels".
    pub fn labels(&self) -> BTreeMap<String, String> {
        labels(&[
            ("app.kubernetes.io/name", self.own.name.as_str()),
            ("app.kubernetes.io/instance", self.instance.as_str()),
            ("app.kubernetes.io/component", self.role),
            ("app.kubernetes.io/part-of", self.part_of.as_str()),
            ("app.kubernetes.io/managed-by", MANAGER),
        ])
    }

    /// The same with the version: for workloads and pods, which change with it anyway.
    pub fn versioned_labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.labels();
        labels.insert("app.kubernetes.io/version".to_owned(), self.version.to_owned());
        labels
    }

    /// What selects the workload's pods.
    pub fn selector(&self) -> BTreeMap<String, String> {
        pod_selector(&self.own.name, self.instance)
    }
}

/// What selects the pods of `instance`, a workload of `component`: immutable, so it holds nothing that can change.
pub fn pod_selector(component: &Name, instance: &Name) -> BTreeMap<String, String> {
    labels(&[("app.kubernetes.io/name", component.as_str()), ("app.kubernetes.io/instance", instance.as_str())])
}

/// Labels of an object that belongs to the platform and to no component.
pub fn platform_labels(platform: &Name, role: &str) -> BTreeMap<String, String> {
    labels(&[
        ("app.kubernetes.io/name", platform.as_str()),
        ("app.kubernetes.io/instance", platform.as_str()),
        ("app.kubernetes.io/component", role),
        ("app.kubernetes.io/part-of", platform.as_str()),
        ("app.kubernetes.io/managed-by", MANAGER),
    ])
}

/// The label of cert-manager's solver pods. Source: cert-manager `pkg/apis/acme/v1`, `SolverIdentificationLabelKey`.
pub const SOLVER_LABEL: (&str, &str) = ("acme.cert-manager.io/http01-solver", "true");

/// A map of labels from a table.
pub fn labels(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
    // one by one, since `collect` would list and sort them first, which takes longer than the few insertions
    let mut labels = BTreeMap::new();
    for (key, value) in rows {
        labels.insert((*key).to_owned(), (*value).to_owned());
    }
    labels
}

/// A selector of exactly these labels.
pub fn matching(labels: BTreeMap<String, String>) -> LabelSelector {
    LabelSelector { match_labels: Some(labels), ..Default::default() }
}
