//! Priority classes of the platform: what gives way when a node is full.

use k8s_openapi::api::scheduling::v1::PriorityClass;

use crate::model::identity::platform_labels;
use crate::model::workload::Priority;
use crate::parts::meta::cluster_scoped;
use crate::values::name::Name;

/// Rank, suffix, value, meaning. Values leave room between them and stay below the system's own (a billion).
const CLASSES: &[(Priority, &str, i32, &str)] = &[
    (Priority::Edge, "edge", 1_000_000, "ingress and certificates: without them nothing is reachable"),
    (Priority::Platform, "platform", 500_000, "registry and monitoring: without them nothing can be deployed or seen"),
    (Priority::App, "app", 100_000, "applications"),
];

/// The cluster's own class for what it cannot do without; it exists everywhere.
const CLUSTER: &str = "system-cluster-critical";

/// Name of the class of `priority`, if it has one.
pub fn class_name(platform: &Name, priority: Priority) -> Option<String> {
    if priority == Priority::Cluster {
        return Some(CLUSTER.to_owned());
    }
    let row = CLASSES.iter().find(|(rank, ..)| *rank == priority);
    row.map(|(_, suffix, ..)| format!("{platform}-{suffix}"))
}

/// The classes that `used` needs.
pub fn classes(platform: &Name, used: &[Priority]) -> Vec<PriorityClass> {
    CLASSES
        .iter()
        .filter(|(rank, ..)| used.contains(rank))
        .map(|(_, suffix, value, meaning)| PriorityClass {
            metadata: cluster_scoped(format!("{platform}-{suffix}"), platform_labels(platform, "priority")),
            value: Some(*value),
            global_default: Some(false),
            description: Some((*meaning).to_owned()),
            ..Default::default()
        })
        .collect()
}
