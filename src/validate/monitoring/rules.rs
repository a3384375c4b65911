//! Recording and alert rules, as promtool and Prometheus judge them.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::codes::{ALERT_TEMPLATE, MONITORING_CONFIG, PROMQL_SYNTAX};
use crate::manifest::node::Node;
use crate::validate::findings::Findings;
use crate::validate::monitoring::durations;
use crate::validate::monitoring::fields::{Reader, Tables};
use crate::validate::monitoring::payloads::Payload;
use crate::validate::monitoring::promql::{self, Query};
use crate::validate::monitoring::scene::{Software, label_names, plain_labels};
use crate::validate::monitoring::sight::Seen;
use crate::validate::monitoring::templates::{self, Fault, OF_ALERTS};

/// A rule that can be read.
#[derive(Debug)]
pub struct Rule<'p> {
    /// The rule.
    pub node: &'p Node,
    /// Its expression.
    pub expr: &'p Node,
    /// The name of the alert or of the series.
    pub name: &'p str,
    /// Whether it is an alert.
    pub is_alert: bool,
    /// The labels that it gives, as far as they are no templates.
    pub labels: BTreeMap<String, String>,
    /// The names of all labels that it gives.
    pub label_names: BTreeSet<String>,
    /// How often it is evaluated, in milliseconds, if its group says so.
    pub interval: Option<u64>,
    /// What it asks.
    pub query: Query,
}

/// Judges a file of rules, and hands back what can be read of it.
pub fn judge<'p>(payload: &'p Payload<'_>, tables: &Tables, findings: &mut Findings) -> Vec<Rule<'p>> {
    let root: &'p Node = &payload.root;
    Reader { payload, tables, findings, sees: &|_| Seen::Unknown }.table(root, "rules", "the file of rules");
    let mut rules = Vec::new();
    let mut names = BTreeSet::new();
    for group in root.items_at(&["groups"]) {
        let name = group.text_at(&["name"]).unwrap_or_default();
        let at = group.get("name").unwrap_or(group);
        if name.is_empty() {
            payload.error(findings, MONITORING_CONFIG, at, "a group of rules has no name");
        } else if !names.insert(name) {
            let message = format!("a second group is called `{name}` in this file");
            payload.error(findings, MONITORING_CONFIG, at, &message).help("the whole file is refused; rename one");
        }
        let interval = group.text_at(&["interval"]).and_then(durations::parse);
        for node in group.items_at(&["rules"]) {
            rules.extend(rule(payload, group, node, interval, findings));
        }
    }
    once(payload, &rules, findings);
    rules
}

fn rule<'p>(
    payload: &Payload<'_>,
    group: &Node,
    node: &'p Node,
    interval: Option<u64>,
    findings: &mut Findings,
) -> Option<Rule<'p>> {
    findings.ask();
    let said = |key: &str| node.get(key).and_then(Node::text).filter(|text| !text.is_empty());
    let (name, is_alert) = match (said("record"), said("alert")) {
        (Some(name), None) => (name, false),
        (None, Some(name)) => (name, true),
        (both, _) => {
            let message = if both.is_some() {
                "a rule has both `record` and `alert`"
            } else {
                "a rule has neither `record` nor `alert`"
            };
            payload.error(findings, MONITORING_CONFIG, node, message).help("it is either a series or an alert");
            return None;
        }
    };
    let mut labels = plain_labels(group.get("labels"));
    labels.extend(plain_labels(node.get("labels")));
    let mut label_names = label_names(group.get("labels"));
    label_names.extend(self::label_names(node.get("labels")));
    if label_names.contains("__name__") {
        payload.error(
            findings,
            MONITORING_CONFIG,
            node,
            &format!("`{name}` gives the label `__name__`, which no rule may"),
        );
    }
    if !is_alert {
        record(payload, node, name, findings);
    }
    let Some(expr) = node.get("expr").filter(|expr| expr.spelled().is_some_and(|text| !text.is_empty())) else {
        payload.error(findings, MONITORING_CONFIG, node, &format!("`{name}` has no `expr`"));
        return None;
    };
    let query = ask(payload, expr, &expr.spelled()?, name, findings);
    if let Some(result) = query.as_ref().and_then(|query| query.result) {
        let message = format!("`{name}` asks for {result}, which no rule takes");
        payload
            .error(findings, MONITORING_CONFIG, expr, &message)
            .help("every evaluation of it fails; ask for a value of the moment, such as `max_over_time(…[5m]) > 0`");
    }
    if is_alert {
        alert(payload, node, name, query.as_ref(), findings);
    }
    Some(Rule { node, expr, name, is_alert, labels, label_names, interval, query: query? })
}

/// Reads an expression and tells why it cannot be read.
pub fn ask(payload: &Payload<'_>, at: &Node, text: &str, name: &str, findings: &mut Findings) -> Option<Query> {
    findings.ask();
    match promql::parse(text)? {
        Ok(query) => Some(query),
        Err(fault) => {
            let fault = fault.lines().next().unwrap_or_default().to_owned();
            let message = format!("`{name}` asks what Prometheus does not understand: {fault}");
            let found = payload.error(findings, PROMQL_SYNTAX, at, &message);
            if let Some(hint) = promql::hint(text) {
                found.help(hint);
            }
            None
        }
    }
}

/// Turns on what may still change.
const EXPERIMENTS: &str = "promql-experimental-functions";

/// Every Prometheus that reads a rule has the functions of its expression.
pub fn are_turned_on<'s, 'a: 's>(
    payload: &Payload<'_>,
    rule: &Rule<'_>,
    mut readers: impl Iterator<Item = &'s Software<'a>>,
    findings: &mut Findings,
) {
    let Some(function) = rule.query.experiments.first() else { return };
    findings.ask();
    let Some(reader) = readers.find(|reader| !reader.may_turn_on(EXPERIMENTS)) else { return };
    let whose = &reader.pod.owner.document.id;
    let message = format!("`{}` asks for `{function}`, which {whose} does not turn on", rule.name);
    payload
        .error(findings, PROMQL_SYNTAX, rule.expr, &message)
        .help(format!("the whole file is refused; start Prometheus with `--enable-feature={EXPERIMENTS}`"));
}

/// What only alerts may say.
const OF_ALERTS_ONLY: &[&str] = &["annotations", "for", "keep_firing_for"];

fn record(payload: &Payload<'_>, node: &Node, name: &str, findings: &mut Findings) {
    if name.contains(['{', '}']) {
        let message = format!("`{name}` is no name of a series: it has braces");
        payload
            .error(findings, MONITORING_CONFIG, node.get("record").unwrap_or(node), &message)
            .help("labels stand in `labels`, and what is asked in `expr`");
    }
    for key in OF_ALERTS_ONLY {
        if let Some(at) = node.get(key).filter(|said| said.spelled().is_some() || !said.entries().is_empty()) {
            let message = format!("`{name}` records a series and has `{key}`, which only alerts have");
            payload.error(findings, MONITORING_CONFIG, at, &message);
        }
    }
}

fn alert(payload: &Payload<'_>, node: &Node, name: &str, query: Option<&Query>, findings: &mut Findings) {
    let is_value = |query: &Query| !query.is_condition && !query.selectors.is_empty();
    if query.is_some_and(|query| is_value(query) && query.result.is_none()) {
        let at = node.get("expr").unwrap_or(node);
        payload
            .warning(
                findings,
                MONITORING_CONFIG,
                at,
                &format!("`{name}` compares nothing: it fires as long as its series are there"),
            )
            .help("say from which value on something is wrong");
    }
    let known = query.and_then(|query| query.labels.as_ref());
    for field in ["labels", "annotations"] {
        for entry in node.get(field).map_or(&[][..], Node::entries) {
            findings.ask();
            let Some(text) = entry.node.text().filter(|text| text.contains("{{")) else { continue };
            let what = format!("`{}` of `{name}`", entry.key);
            match templates::read(text, OF_ALERTS) {
                Err(Fault { message, near, .. }) => {
                    payload
                        .error(findings, ALERT_TEMPLATE, &entry.node, &format!("{what} cannot be filled in: {message}"))
                        .help("the file of rules is refused, or the message arrives with an error in it")
                        .did_you_mean(near);
                }
                Ok(uses) => {
                    let gone = uses.labels.iter().find(|(_, label)| known.is_some_and(|known| !known.contains(label)));
                    if let Some((_, label)) = gone {
                        let message = format!(
                            "{what} names the label `{label}`, which the result of the expression does not have"
                        );
                        payload
                            .error(findings, ALERT_TEMPLATE, &entry.node, &message)
                            .help("nothing will stand there; add it to `by (…)`, or name another");
                    }
                }
            }
        }
    }
}

/// No series and no alert is made twice with the same labels.
fn once(payload: &Payload<'_>, rules: &[Rule<'_>], findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for rule in rules {
        findings.ask();
        let templates = rule.label_names.len() != rule.labels.len();
        if !templates && !seen.insert((rule.is_alert, rule.name, &rule.labels)) {
            let what = if rule.is_alert { "alert" } else { "series" };
            let message = format!("a second rule makes the {what} `{}` with the same labels", rule.name);
            payload
                .error(findings, MONITORING_CONFIG, rule.node, &message)
                .help("what the two say mixes; give one another name or label, or join them");
        }
    }
}
