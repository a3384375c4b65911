//! Rules for what runs to its end: jobs, and what starts them by the clock.
//!
//! Source: `pkg/apis/batch/validation/validation.go` of Kubernetes 1.35 to 1.37, `robfig/cron` v3.

use std::collections::BTreeSet;

use crate::manifest::node::Node;
use crate::manifest::selector::{self, Selector};
use crate::ordered::Ordered;
use crate::validate::api::forms::{is_label, is_subdomain};
use crate::validate::api::rules::has;
use crate::validate::api::{Judge, zones};
use crate::values::schedule::Schedule;

/// More completions than these need limits of failures and of pods at a time.
const MANY_COMPLETIONS: i128 = 100_000;
const MOST_AT_A_TIME: i128 = 100_000;
const MOST_FAILED: i128 = 100_000;
const MOST_OF_MANY: i128 = 10_000;
const MOST_RULES: usize = 20;
const MOST_CODES: usize = 255;
const LONGEST_INDEXES: usize = 64 << 10;
const LONGEST_MANAGER: usize = 63;
const LONGEST_NAME: usize = 63;
/// What the server itself chooses pods by.
const OWN_LABELS: &[&str] =
    &["batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name"];

fn number(node: &Node, key: &str) -> Option<i128> {
    node.get(key).and_then(Node::integer)
}

pub fn job(judge: &mut Judge<'_>, node: &Node) {
    let Some(spec) = node.get("spec") else { return };
    let is_by_hand = spec.get("manualSelector").and_then(Node::bool) == Some(true);
    let name = node.text_at(&["metadata", "name"]).unwrap_or_default();
    judge.under(node, &["spec"], selector_of_job);
    judge.under(node, &["spec", "template", "metadata", "labels"], |judge, labels| {
        if !is_by_hand {
            own_labels(judge, labels, name);
        }
    });
    if name.len() > LONGEST_NAME && is_subdomain(name) && !is_by_hand {
        judge.under(node, &["metadata"], |judge, metadata| {
            judge.refuse(metadata, "name", "has more than 63 characters, and so cannot be a label of the pods");
        });
    }
    let most = number(spec, "completions").filter(|most| *most > 0 && is_indexed(spec));
    if let Some(most) = most.filter(|_| !name.is_empty()) {
        let last = format!("{name}-{}", most - 1);
        if !is_label(&last) && is_subdomain(name) {
            judge.under(node, &["metadata"], |judge, metadata| {
                judge.refuse(metadata, "name", &format!("makes a pod's host name of `{last}`, which is none"));
            });
        }
    }
}

/// Labels that the server makes may only say what it would.
fn own_labels(judge: &mut Judge<'_>, labels: &Node, name: &str) {
    for key in OWN_LABELS {
        let Some(value) = labels.text_at(&[key]) else { continue };
        if key.ends_with("controller-uid") || (value != name && !name.is_empty()) {
            judge.refuse(
                labels,
                key,
                "must not be there: the server makes this label, unless `manualSelector` is true",
            );
        }
    }
}

/// A job chooses its pods by labels that the server makes, unless somebody does it by hand.
fn selector_of_job(judge: &mut Judge<'_>, node: &Node) {
    let own = node.get("selector").filter(|_| has(node, "selector"));
    if node.get("manualSelector").and_then(Node::bool) == Some(true) {
        let labels = selector::labels(node.at(&["template", "metadata", "labels"]));
        match own {
            None => judge.refuse(node, "selector", "is missing where `manualSelector` is true"),
            Some(own) if !Selector::read(own).matches(&labels) => {
                judge.refuse(node, "selector", "does not match the labels of the template");
            }
            Some(_) => {}
        }
    } else if own.is_some_and(chooses_by_others) {
        judge.refuse(node, "selector", "must not be there: the server makes it, unless `manualSelector` is true");
    }
}

fn chooses_by_others(own: &Node) -> bool {
    let labels = own.get("matchLabels").map(Node::entries).unwrap_or_default();
    let needs = own.items_at(&["matchExpressions"]).iter().filter_map(|need| need.text_at(&["key"]));
    labels.iter().map(|entry| entry.key.as_str()).chain(needs).any(|key| !OWN_LABELS.contains(&key))
}

fn is_indexed(spec: &Node) -> bool {
    spec.text_at(&["completionMode"]) == Some("Indexed")
}

pub fn job_spec(judge: &mut Judge<'_>, node: &Node) {
    pods_end(judge, node);
    if is_indexed(node) {
        indexed(judge, node);
    } else {
        for key in ["backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"] {
            if has(node, key) {
                judge.refuse(node, key, "needs `completionMode: Indexed`");
            }
        }
    }
    if has(node, "maxFailedIndexes") && !has(node, "backoffLimitPerIndex") {
        judge.refuse(node, "maxFailedIndexes", "needs a `backoffLimitPerIndex`");
    }
    judge.faults(node, "managedBy", manager_fault);
    if has(node, "podFailurePolicy") {
        failure_policy(judge, node);
    }
}

fn manager_fault(text: &str) -> Option<String> {
    let is_path = |path: &str| !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_graphic() && is_of_path(byte));
    let is_form = text.split_once('/').is_some_and(|(domain, path)| is_subdomain(domain) && is_path(path));
    let why = if is_form { "has too many characters" } else { "must be such as `example.com/name`" };
    (!is_form || text.len() > LONGEST_MANAGER).then(|| format!("{why}: at most {LONGEST_MANAGER}"))
}

fn is_of_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte)
}

fn pods_end(judge: &mut Judge<'_>, node: &Node) {
    let has_policy = has(node, "podFailurePolicy");
    judge.under(node, &["template", "spec"], |judge, pod| match pod.text_at(&["restartPolicy"]).unwrap_or_default() {
        "" => judge.refuse(pod, "restartPolicy", "is missing: it must be `OnFailure` or `Never` in a job"),
        "Always" => judge.refuse(pod, "restartPolicy", "is `Always`; it must be `OnFailure` or `Never` in a job"),
        "OnFailure" if has_policy => {
            judge.refuse(
                pod,
                "restartPolicy",
                "is `OnFailure`; it must be `Never` where there is a `podFailurePolicy`",
            );
        }
        _ => {}
    });
}

fn indexed(judge: &mut Judge<'_>, node: &Node) {
    // a job that says neither runs one pod to its end
    let completions = number(node, "completions").or_else(|| (!has(node, "parallelism")).then_some(1));
    let failed = number(node, "maxFailedIndexes");
    if completions.is_none() {
        judge.refuse(node, "completions", "is missing where the `completionMode` is `Indexed`");
    }
    judge.range(node, "parallelism", i128::MIN, MOST_AT_A_TIME);
    judge.range(node, "maxFailedIndexes", i128::MIN, completions.unwrap_or(MOST_FAILED).min(MOST_FAILED));
    if completions.is_some_and(|most| most > MANY_COMPLETIONS) && has(node, "backoffLimitPerIndex") {
        if failed.is_none() {
            judge.refuse(node, "maxFailedIndexes", "is missing where there are more than 100000 completions");
        }
        for key in ["parallelism", "maxFailedIndexes"] {
            judge.range(node, key, i128::MIN, MOST_OF_MANY);
        }
    }
    judge.under(node, &["successPolicy"], |judge, policy| {
        judge.filled_list(policy, "rules");
        judge.at_most(policy, "rules", MOST_RULES);
        judge.each(policy, "rules", |judge, rule| success(judge, rule, completions.unwrap_or(0)));
    });
}

fn success(judge: &mut Judge<'_>, rule: &Node, completions: i128) {
    let indexes = rule.text_at(&["succeededIndexes"]);
    if indexes.is_none() && !has(rule, "succeededCount") {
        judge.refuse(rule, "", "must have a `succeededCount` or `succeededIndexes`");
    }
    let total = indexes.map(|text| count(text, completions));
    match total {
        Some(None) => {
            let why = format!("must be indexes below {completions}, one after the other, such as `0,2-4`");
            judge.refuse(rule, "succeededIndexes", &why);
        }
        Some(Some(_)) if indexes.is_some_and(|text| text.len() > LONGEST_INDEXES) => {
            judge.refuse(rule, "succeededIndexes", &format!("must have at most {LONGEST_INDEXES} characters"));
        }
        _ => {}
    }
    judge.range(rule, "succeededCount", 0, total.flatten().map_or(completions, |total| total.min(completions)));
}

/// How many indexes a text names; `None` if it is none of those texts.
fn count(text: &str, completions: i128) -> Option<i128> {
    let index = |text: &str| text.parse::<i128>().ok().filter(|index| *index < completions);
    let (mut total, mut last) = (0, None);
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let (from, to) = part.split_once('-').map_or((part, None), |(from, to)| (from, Some(to)));
        let from = index(from)?;
        let to = to.map_or(Some(from), |to| index(to).filter(|to| from < *to))?;
        if last.is_some_and(|last| last >= from) {
            return None;
        }
        total += to - from + 1;
        last = Some(to);
    }
    Some(total)
}

fn failure_policy(judge: &mut Judge<'_>, node: &Node) {
    if node.text_at(&["podReplacementPolicy"]).is_some_and(|policy| policy != "Failed") {
        judge.refuse(node, "podReplacementPolicy", "must be `Failed` where there is a `podFailurePolicy`");
    }
    let lists = ["containers", "initContainers"].into_iter();
    let containers = lists.flat_map(|list| node.items_at(&["template", "spec", list]));
    let names: BTreeSet<&str> = containers.filter_map(|container| container.text_at(&["name"])).ordered();
    let has_limit = has(node, "backoffLimitPerIndex");
    judge.under(node, &["podFailurePolicy"], |judge, policy| {
        judge.at_most(policy, "rules", MOST_RULES);
        judge.each(policy, "rules", |judge, rule| {
            if rule.text_at(&["action"]) == Some("FailIndex") && !has_limit {
                judge.refuse(rule, "action", "is `FailIndex`, which needs a `backoffLimitPerIndex`");
            }
            match (has(rule, "onExitCodes"), !rule.items_at(&["onPodConditions"]).is_empty()) {
                (true, true) => judge.refuse(rule, "onPodConditions", "must not stand beside `onExitCodes`"),
                (false, false) => judge.refuse(rule, "", "must have one of `onExitCodes` or `onPodConditions`"),
                _ => {}
            }
            judge.at_most(rule, "onPodConditions", MOST_RULES);
            judge.under(rule, &["onExitCodes"], |judge, codes| exit_codes(judge, codes, &names));
        });
    });
}

fn exit_codes(judge: &mut Judge<'_>, node: &Node, names: &BTreeSet<&str>) {
    if let Some(name) = node.text_at(&["containerName"]).filter(|name| !names.contains(name)) {
        judge.refuse(node, "containerName", &format!("is `{name}`, a container that the pod does not have"));
    }
    judge.filled_list(node, "values");
    judge.at_most(node, "values", MOST_CODES);
    let codes: Vec<i128> = node.items_at(&["values"]).iter().filter_map(Node::integer).collect();
    if node.text_at(&["operator"]) == Some("In") && codes.contains(&0) {
        judge.refuse(node, "values", "must not hold 0, which is no failure");
    }
    if !codes.is_sorted_by(|one, other| one < other) {
        judge.refuse(node, "values", "must stand in order, each once");
    }
}

pub fn cron_job(judge: &mut Judge<'_>, node: &Node) {
    if let Some(text) = node.text_at(&["schedule"]).filter(|text| !text.is_empty())
        && let Err(why) = Schedule::readable(text)
    {
        judge.refuse(node, "schedule", &why);
    }
    if let Some(zone) = node.text_at(&["timeZone"]).filter(|zone| !zone.is_empty()) {
        time_zone(judge, node, zone);
    }
    judge.under(node, &["jobTemplate", "spec"], |judge, spec| {
        if has(spec, "selector") {
            judge.refuse(spec, "selector", "must not be there: the server makes one for each job");
        }
        if spec.get("manualSelector").and_then(Node::bool) == Some(true) {
            judge.refuse(spec, "manualSelector", "must not be true where jobs are made by the clock");
        }
    });
}

fn time_zone(judge: &mut Judge<'_>, node: &Node, zone: &str) {
    if let Some(why) = zones::fault(zone) {
        judge.refuse(node, "timeZone", why);
    } else if !zones::is_known(zone) {
        judge.refuse(node, "timeZone", &format!("is `{zone}`, which is no zone such as `Europe/Berlin`"));
        if let Some(near) = zones::nearest(zone) {
            judge.report.last_help(&format!("did you mean `{near}`?"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_counted_in_order() {
        for (text, total) in [("", 0), ("0", 1), ("0,2-4", 4), ("1-2", 2)] {
            assert_eq!(count(text, 5), Some(total), "{text}");
        }
        for text in ["5", "0-5", "2,1", "1-1", "0-1-2", "x", "1,1", ","] {
            assert_eq!(count(text, 5), None, "{text}");
        }
    }
}
