//! Rules for events, in both of their groups.
//!
//! Source: `pkg/apis/core/validation/events.go` of Kubernetes 1.35 to 1.37.

use crate::manifest::node::Node;
use crate::validate::api::forms::{LABEL_KEY, is_qualified};
use crate::validate::api::others::exact_time;
use crate::validate::api::{Judge, begin};

/// How a group calls what both have: what the event is about, who reports it, and what it says.
struct Words {
    about: &'static str,
    reporter: &'static str,
    text: &'static str,
}

const OF_CORE: Words = Words { about: "involvedObject", reporter: "reportingComponent", text: "message" };
const OF_EVENTS: Words = Words { about: "regarding", reporter: "reportingController", text: "note" };

/// The longest texts, in bytes.
const LONGEST: usize = 128;
const LONGEST_TEXT: usize = 1024;

pub fn of_core(judge: &mut Judge<'_>, node: &Node) {
    event(judge, node, &OF_CORE);
}

/// The newer group leaves no gaps, and nothing of the older one.
pub fn of_events(judge: &mut Judge<'_>, node: &Node) {
    event(judge, node, &OF_EVENTS);
    let is_said = |keys: &[&str]| match node.at(keys) {
        Some(value) => value.text().is_some_and(|text| !text.is_empty()) || value.integer().is_some_and(|own| own != 0),
        None => false,
    };
    let old: &[(&str, &[&[&str]])] = &[
        ("deprecatedCount", &[&["deprecatedCount"]]),
        ("deprecatedFirstTimestamp", &[&["deprecatedFirstTimestamp"]]),
        ("deprecatedLastTimestamp", &[&["deprecatedLastTimestamp"]]),
        ("deprecatedSource", &[&["deprecatedSource", "component"], &["deprecatedSource", "host"]]),
    ];
    for (key, parts) in old {
        if parts.iter().any(|keys| is_said(keys)) {
            judge.refuse(node, key, "must not be there: it is left from the older group");
        }
    }
}

pub fn series(judge: &mut Judge<'_>, node: &Node) {
    exact_time(judge, node, "lastObservedTime");
}

fn event(judge: &mut Judge<'_>, node: &Node, words: &Words) {
    exact_time(judge, node, "eventTime");
    let said = |key: &str| node.text_at(&[key]).filter(|text| !text.is_empty());
    let is_new = said("eventTime").is_some();
    place(judge, node, words.about, is_new);
    if !is_new {
        return;
    }
    for key in [words.reporter, "reportingInstance", "action", "reason"] {
        if said(key).is_none() {
            judge.refuse(node, key, "is missing where there is an `eventTime`");
        }
    }
    if let Some(reporter) = said(words.reporter).filter(|reporter| !is_qualified(reporter)) {
        judge.refuse(node, words.reporter, &format!("is `{reporter}`; it must be {}", LABEL_KEY.1));
    }
    let limits = ["reportingInstance", "action", "reason"].map(|key| (key, LONGEST));
    for (key, most) in limits.into_iter().chain([(words.text, LONGEST_TEXT)]) {
        if let Some(text) = said(key).filter(|text| text.len() > most) {
            judge.refuse(node, key, &format!("has {} bytes; it must have at most {most}", text.len()));
        }
    }
}

/// An event stands where what it is about stands; what is about a thing of the cluster, in few namespaces.
fn place(judge: &mut Judge<'_>, node: &Node, about: &str, is_new: bool) {
    let Some(own) = node.text_at(&["metadata", "namespace"]).filter(|own| !own.is_empty()) else { return };
    let other = node.text_at(&[about, "namespace"]).filter(|other| !other.is_empty());
    let is_fine = match other {
        None => own == "default" || is_new && own == "kube-system",
        Some(other) => is_new || other == own,
    };
    if !is_fine {
        let thing = node.get(about);
        let at = thing.and_then(|thing| thing.get("namespace")).map(|namespace| namespace.span);
        let path = judge.path.key(about).key("namespace");
        let span = at.unwrap_or_else(|| begin(thing.unwrap_or(node)));
        judge.at(&path, span, &format!("must be `{own}`, the namespace of the event"));
    }
}
