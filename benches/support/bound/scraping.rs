//! What Prometheus is told about services, as text of the same size, and its right to find their pods.

use std::collections::BTreeMap;
use std::fmt::Write;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};

use super::objects::{labels, metadata};
use super::{Platform, Service};

const PROMETHEUS: &str = "prometheus";
const MONITORING: &str = "monitoring";

pub fn role(namespace: &str, platform: &Platform) -> Role {
    let rule = PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec!["pods".to_owned()]),
        verbs: ["get", "list", "watch"].map(str::to_owned).into(),
        ..Default::default()
    };
    Role { metadata: metadata(PROMETHEUS, namespace, labels(PROMETHEUS, "server", platform)), rules: Some(vec![rule]) }
}

pub fn role_binding(namespace: &str, platform: &Platform) -> RoleBinding {
    RoleBinding {
        metadata: metadata(PROMETHEUS, namespace, labels(PROMETHEUS, "server", platform)),
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "Role".to_owned(),
            name: PROMETHEUS.to_owned(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name: PROMETHEUS.to_owned(),
            namespace: Some(MONITORING.to_owned()),
            ..Default::default()
        }]),
    }
}

/// One job a namespace, with the names of its services twice.
pub fn jobs(services: &[Service<'_>], platform: &Platform) -> ConfigMap {
    let mut jobs: BTreeMap<&str, (String, String)> = BTreeMap::new();
    for service in services {
        let (names, ports) = jobs.entry(&service.declared.namespace).or_default();
        let _ = write!(names, "{},", service.name);
        let _ = write!(ports, "{};http|", service.name);
    }
    let mut text = String::new();
    for (namespace, (names, ports)) in &jobs {
        let _ = write!(
            text,
            "  - job_name: \"{namespace}-services\"\n    kubernetes_sd_configs:\n      - role: pod\n        namespaces:\n          names: [\"{namespace}\"]\n        selectors:\n          - role: pod\n            label: \"app.kubernetes.io/name in ({names})\"\n    relabel_configs:\n      - source_labels: [__meta_kubernetes_pod_label_app_kubernetes_io_name, __meta_kubernetes_pod_container_port_name]\n        regex: \"{ports}\"\n        action: keep\n{RELABELLING}"
        );
    }
    config_map("prometheus-config", BTreeMap::from([("prometheus.yml".to_owned(), text)]), platform)
}

const RELABELLING: &str = "      - source_labels: [__meta_kubernetes_pod_phase]
        regex: Succeeded|Failed
        action: drop
      - source_labels: [__meta_kubernetes_pod_container_init]
        regex: \"true\"
        action: drop
      - source_labels: [__meta_kubernetes_namespace]
        target_label: namespace
      - source_labels: [__meta_kubernetes_pod_name]
        target_label: pod
      - source_labels: [__meta_kubernetes_pod_container_name]
        target_label: container
      - source_labels: [__meta_kubernetes_pod_label_app_kubernetes_io_name]
        target_label: service
      - source_labels: [__meta_kubernetes_pod_node_name]
        target_label: node
";

/// One rule a namespace, with a line for each of its services.
pub fn rules(services: &[Service<'_>], platform: &Platform) -> ConfigMap {
    let mut absences: BTreeMap<&str, String> = BTreeMap::new();
    for service in services {
        let namespace = &service.declared.namespace;
        let absence = absences.entry(namespace).or_default();
        let _ = writeln!(
            absence,
            "              or absent(up{{namespace=\"{namespace}\", service=\"{}\"}} == 1)",
            service.name
        );
    }
    let mut text = "groups:\n  - name: \"absences\"\n    rules:\n".to_owned();
    for absence in absences.values() {
        text.extend(["      - alert: ServiceAbsent\n        expr: |-\n", absence, RULE]);
    }
    config_map("prometheus-rules", BTreeMap::from([("absences.yml".to_owned(), text)]), platform)
}

const RULE: &str = "        for: 2m
        labels:
          severity: critical
          team: shop
        annotations:
          summary: \"{{ $labels.namespace }}/{{ $labels.service }} has no healthy target\"
          description: \"Prometheus reaches no pod of this service. Either none runs, or none is ready, or a network policy is in the way.\"
";

fn config_map(name: &str, data: BTreeMap<String, String>, platform: &Platform) -> ConfigMap {
    let metadata = metadata(name, MONITORING, labels(PROMETHEUS, "server", platform));
    ConfigMap { metadata, data: Some(data), ..Default::default() }
}
