//! Rules for probes and for what runs when a container starts and ends.
//!
//! Source: `validateProbe`, `validateHandler` and `validateLifecycle` in `pkg/apis/core/validation/validation.go` of
//! Kubernetes 1.35 to 1.37.

use crate::manifest::node::Node;
use crate::validate::api::Judge;
use crate::validate::api::rules::{exactly_one, has};

pub const PROBES: &[&str] = &["livenessProbe", "readinessProbe", "startupProbe"];

pub fn probe(judge: &mut Judge<'_>, node: &Node) {
    exactly_one(judge, node, &["exec", "grpc", "httpGet", "tcpSocket"]);
}

pub fn handler(judge: &mut Judge<'_>, node: &Node) {
    exactly_one(judge, node, &["exec", "httpGet", "sleep", "tcpSocket"]);
}

/// Who fails once is not well again after several successes, and who is not ready is not ended.
pub fn thresholds(judge: &mut Judge<'_>, node: &Node) {
    for key in ["livenessProbe", "startupProbe"] {
        judge.under(node, &[key], |judge, probe| {
            if let Some(number) = probe.get("successThreshold").and_then(Node::integer).filter(|number| *number > 1) {
                judge.refuse(probe, "successThreshold", &format!("is {number}; it must be 1 in a `{key}`"));
            }
        });
    }
    judge.under(node, &["readinessProbe"], |judge, probe| {
        if has(probe, "terminationGracePeriodSeconds") {
            judge.refuse(probe, "terminationGracePeriodSeconds", "must not be there: a `readinessProbe` ends nothing");
        }
    });
}

/// Whether an init container runs beside the others.
pub fn is_sidecar(container: &Node) -> bool {
    container.text_at(&["restartPolicy"]) == Some("Always")
}

/// What runs to its end before the others has nothing to probe.
pub fn of_init_container(judge: &mut Judge<'_>, node: &Node) {
    if !is_sidecar(node) {
        for key in PROBES.iter().chain(&["lifecycle"]).filter(|key| has(node, key)) {
            judge.refuse(node, key, "must not be there: only an init container with `restartPolicy: Always` has one");
        }
    }
}

/// Nothing sleeps longer than the pod has to end.
pub fn sleeps(judge: &mut Judge<'_>, container: &Node, grace: i128) {
    for key in ["postStart", "preStop"] {
        judge.under(container, &["lifecycle", key, "sleep"], |judge, sleep| {
            let Some(seconds) = sleep.get("seconds").and_then(Node::integer) else { return };
            if !(0..=grace).contains(&seconds) {
                let why =
                    format!("is {seconds}; it must be between 0 and the {grace} of `terminationGracePeriodSeconds`");
                judge.refuse(sleep, "seconds", &why);
            }
        });
    }
}
