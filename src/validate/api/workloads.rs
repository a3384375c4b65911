//! Rules for what makes pods and keeps them running: deployments, stateful sets and their kin.
//!
//! Source: `pkg/apis/apps/validation/validation.go`, `pkg/apis/apps/v1/defaults.go` and
//! `ValidateReplicationControllerSpec` in `pkg/apis/core/validation/validation.go` of Kubernetes 1.35 to 1.37.

use crate::manifest::node::{Entry, Node, Value};
use crate::manifest::selector::{self, Labels, Selector};
use crate::spec::shapes::Minor;
use crate::validate::api::forms::LABEL;
use crate::validate::api::rules::has;
use crate::validate::api::{Judge, meta};

/// Seconds that a rollout may take if nobody says.
const DEADLINE: i128 = 600;

pub fn deployment(judge: &mut Judge<'_>, node: &Node) {
    controller(judge, node);
    let seconds = |key: &str| node.get(key).and_then(Node::integer);
    let (ready, deadline) =
        (seconds("minReadySeconds").unwrap_or(0), seconds("progressDeadlineSeconds").unwrap_or(DEADLINE));
    if deadline <= ready && deadline >= 0 && ready >= 0 {
        let why = format!("is {deadline}; it must be more than the {ready} of `minReadySeconds`");
        judge.refuse(node, "progressDeadlineSeconds", &why);
    }
}

pub fn stateful_set(judge: &mut Judge<'_>, node: &Node) {
    controller(judge, node);
    judge.each(node, "volumeClaimTemplates", |judge, claim| {
        judge.under(claim, &["metadata"], |judge, metadata| {
            judge.form(metadata, "name", LABEL);
        });
        if claim.text_at(&["metadata", "name"]).is_none_or(str::is_empty) {
            judge.refuse(claim, "metadata", "must have a `name`");
        }
    });
}

/// What keeps pods running chooses those that it makes, and no others.
pub fn controller(judge: &mut Judge<'_>, node: &Node) {
    pods_go_on(judge, node);
    let Some(own) = node.get("selector").filter(|own| matches!(own.value, Value::Map(_))) else { return };
    if !are_texts(own.get("matchLabels")) {
        return;
    }
    let read = Selector::read(own);
    if read == Selector::default() {
        judge.refuse(node, "selector", "is empty: it would select every pod");
    } else if are_texts(labels_of_template(node)) && !read.matches(&template_labels(node)) {
        judge.refuse(node, "selector", "does not match the labels of the template");
    }
}

/// A selector of this kind is a plain map; without one it is the labels of the template.
pub fn replication_controller(judge: &mut Judge<'_>, node: &Node) {
    pods_go_on(judge, node);
    meta::labels(judge, node, "selector");
    let own = selector::labels(node.get("selector"));
    let labels = template_labels(node);
    let are_texts = are_texts(node.get("selector")) && are_texts(labels_of_template(node));
    if own.is_empty() && labels.is_empty() && are_texts {
        judge.refuse(node, "selector", "is empty: it would select every pod");
    } else if are_texts && own.iter().any(|(key, value)| labels.get(key) != Some(value)) {
        judge.refuse(node, "selector", "does not match the labels of the template");
    }
    if !has(node, "template") {
        judge.refuse(node, "template", "is missing");
    }
}

fn template_labels(node: &Node) -> Labels<'_> {
    selector::labels(labels_of_template(node))
}

fn labels_of_template(node: &Node) -> Option<&Node> {
    node.at(&["template", "metadata", "labels"])
}

/// Whether labels can be compared: of values that are no texts somebody has been told.
fn are_texts(labels: Option<&Node>) -> bool {
    let is_text = |entry: &Entry| matches!(entry.node.value, Value::Text(_) | Value::Null);
    labels.map(Node::entries).unwrap_or_default().iter().all(is_text)
}

fn pods_go_on(judge: &mut Judge<'_>, node: &Node) {
    judge.under(node, &["template", "spec"], |judge, pod| {
        let known = ["OnFailure", "Never"];
        if let Some(policy) = pod.text_at(&["restartPolicy"]).filter(|policy| known.contains(policy)) {
            let why = format!("is `{policy}`; it must be `Always` where pods are kept running");
            judge.refuse(pod, "restartPolicy", &why);
        }
        if has(pod, "activeDeadlineSeconds") {
            judge.refuse(pod, "activeDeadlineSeconds", "must not be there: these pods are kept running");
        }
    });
}

/// How many of the pods, or which part of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    Count(i128),
    Percent(u64),
}

impl Share {
    fn is_zero(self) -> bool {
        matches!(self, Self::Count(0) | Self::Percent(0))
    }
}

/// A number or a percentage; says so if it is neither.
fn share(judge: &mut Judge<'_>, node: &Node, key: &str, most: Option<u64>) -> Option<Share> {
    let value = node.get(key).filter(|_| has(node, key))?;
    let read = match &value.value {
        Value::Integer(number) => Some(Share::Count(number.get())).filter(|_| number.get() >= 0),
        Value::Text(text) => percent(text).map(Share::Percent),
        _ => return None,
    };
    match read {
        None => {
            let said = value.spelled().unwrap_or_default();
            judge.refuse(
                node,
                key,
                &format!("is `{said}`; it must be a number from 0 on, or a percentage such as `25%`"),
            );
        }
        Some(Share::Percent(own)) if most.is_some_and(|most| own > most) => {
            judge.refuse(node, key, &format!("is {own}%; it must be at most 100%"));
        }
        Some(_) => {}
    }
    read
}

fn percent(text: &str) -> Option<u64> {
    let digits = text.strip_suffix('%').filter(|digits| !digits.is_empty())?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().unwrap_or(u64::MAX))
}

pub fn deployment_strategy(judge: &mut Judge<'_>, node: &Node) {
    if node.text_at(&["type"]) == Some("Recreate") {
        if has(node, "rollingUpdate") {
            judge.refuse(node, "rollingUpdate", "must not stand beside the type `Recreate`");
        }
        return;
    }
    judge.under(node, &["rollingUpdate"], |judge, rolling| {
        let gone = share(judge, rolling, "maxUnavailable", Some(100));
        let more = share(judge, rolling, "maxSurge", None);
        if gone.is_some_and(Share::is_zero) && more.is_some_and(Share::is_zero) {
            let why = "lets neither a pod go nor another one come: `maxSurge` and `maxUnavailable` are both 0";
            judge.refuse(rolling, "", why);
        }
    });
}

pub fn daemon_set_strategy(judge: &mut Judge<'_>, node: &Node) {
    if node.text_at(&["type"]) == Some("OnDelete") {
        return;
    }
    judge.under(node, &["rollingUpdate"], |judge, rolling| {
        let gone = share(judge, rolling, "maxUnavailable", Some(100));
        let more = share(judge, rolling, "maxSurge", Some(100));
        let is_gone = !gone.unwrap_or(Share::Count(1)).is_zero();
        let is_more = !more.unwrap_or(Share::Count(0)).is_zero();
        if is_gone && is_more {
            judge.refuse(rolling, "maxSurge", "must be 0 unless `maxUnavailable` is 0, which is 1 if nobody says");
        } else if !is_gone && !is_more {
            let why = "lets neither a pod go nor another one come: `maxSurge` and `maxUnavailable` are both 0";
            judge.refuse(rolling, "", why);
        }
    });
}

pub fn stateful_set_strategy(judge: &mut Judge<'_>, node: &Node) {
    if node.text_at(&["type"]) == Some("OnDelete") {
        if has(node, "rollingUpdate") {
            judge.refuse(node, "rollingUpdate", "must not stand beside the type `OnDelete`");
        }
        return;
    }
    judge.under(node, &["rollingUpdate"], |judge, rolling| {
        // servers before 1.37 drop it unseen
        if judge.minor >= Minor::V1_37 && share(judge, rolling, "maxUnavailable", Some(100)).is_some_and(Share::is_zero)
        {
            judge.refuse(rolling, "maxUnavailable", "must not be 0: no pod would be replaced");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_digits_and_a_sign() {
        assert_eq!(percent("25%"), Some(25));
        assert_eq!(percent("00%"), Some(0));
        for text in ["25", "%", "-5%", "1.5%", "+5%", "5 %"] {
            assert_eq!(percent(text), None, "{text}");
        }
    }
}
