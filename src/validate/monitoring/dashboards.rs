//! Dashboards of Grafana and what the adapter makes metrics of: sources that are there, and questions that can be
//! understood.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::codes::MONITORING_CONFIG;
use crate::diagnostics::suggest;
use crate::manifest::node::Node;
use crate::ordered::Ordered;
use crate::shares;
use crate::tables::{HashMap, HashSet};
use crate::validate::findings::Findings;
use crate::validate::monitoring::payloads::{Payload, Use};
use crate::validate::monitoring::promql::{self, Query};
use crate::validate::monitoring::questions::{ANY, Answers};
use crate::validate::monitoring::rules;
use crate::validate::monitoring::scene::Scene;

/// Grafana stores no longer one.
const LONGEST_UID: usize = 40;
/// Sources that Grafana has by itself.
const OF_GRAFANA: &[&str] = &["-- Dashboard --", "-- Grafana --", "-- Mixed --", "__expr__", "grafana"];

/// What panels ask, by the text of the question; without those that nobody understands.
pub type Questions<'s> = HashMap<&'s str, Query>;

/// Reads what the panels of all dashboards ask.
pub fn questions<'s>(scene: &'s Scene<'_>) -> Questions<'s> {
    let panels = scene.all(Use::Dashboard).flat_map(|payload| panels(payload.root.items_at(&["panels"])));
    let asked = panels.flat_map(|panel| panel.items_at(&["targets"])).filter_map(|target| target.text_at(&["expr"]));
    let texts: BTreeSet<&str> = asked.ordered();
    let read = |text: &'s str| Some((text, fillings(text).find_map(|text| promql::parse(&text)?.ok())?));
    shares::each(texts, FEW, read).into_iter().flatten().collect()
}

/// Questions that are worth a thread.
const FEW: usize = 8;

/// Judges all dashboards.
pub fn judge(scene: &Scene<'_>, questions: &Questions<'_>, answers: &Answers, findings: &mut Findings) {
    usual(scene, findings);
    let sources = sources(scene);
    let mut uids: BTreeMap<&str, &str> = BTreeMap::new();
    for payload in scene.all(Use::Dashboard) {
        let root = &payload.root;
        let title = root.text_at(&["title"]).unwrap_or("without a title");
        if root.text_at(&["title"]).is_none_or(|title| title.trim().is_empty()) {
            payload
                .error(findings, MONITORING_CONFIG, root, "a dashboard has no `title`")
                .help("Grafana does not load it");
        }
        if let Some((at, uid)) = root.get("uid").and_then(|at| Some((at, at.text()?))) {
            findings.ask();
            let fault = if uid.len() > LONGEST_UID {
                Some(format!("has {} letters, and may have {LONGEST_UID}", uid.len()))
            } else {
                let is_plain = uid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
                (!is_plain).then(|| format!("is `{uid}`, and may have letters, digits, `-` and `_`"))
            };
            if let Some(fault) = fault {
                let message = format!("the uid of the dashboard `{title}` {fault}");
                payload.error(findings, MONITORING_CONFIG, at, &message).help("Grafana does not load it");
            }
            if let Some(other) = uids.insert(uid, title) {
                let message = format!("the dashboards `{other}` and `{title}` have the same uid `{uid}`");
                payload
                    .error(findings, MONITORING_CONFIG, at, &message)
                    .help("one replaces the other, again and again");
            }
        }
        let mut told = HashSet::default();
        let lists = [root.items_at(&["templating", "list"]), root.items_at(&["annotations", "list"])];
        for source in lists.into_iter().flatten().filter_map(|item| item.get("datasource")) {
            if let Some(sources) = &sources {
                exists(payload, source, sources, &mut told, findings);
            }
        }
        for panel in panels(root.items_at(&["panels"])) {
            let name = panel.text_at(&["title"]).filter(|name| !name.is_empty()).unwrap_or(title);
            for target in panel.items_at(&["targets"]) {
                let source = target.get("datasource").or_else(|| panel.get("datasource"));
                if let (Some(source), Some(sources)) = (source, &sources) {
                    exists(payload, source, sources, &mut told, findings);
                }
                if source.is_none_or(is_prometheus)
                    && let Some(expr) = target.get("expr")
                {
                    panel_asks(payload, expr, name, questions, answers, findings);
                }
            }
        }
    }
}

/// Panels, and those that rows hold.
fn panels(panels: &[Node]) -> impl Iterator<Item = &Node> {
    panels.iter().flat_map(|panel| std::iter::once(panel).chain(panel.items_at(&["panels"])))
}

/// The sources that are provisioned, by uid and name; `None` if there are none or one of them gets a uid by itself.
fn sources<'s>(scene: &'s Scene<'_>) -> Option<Vec<&'s str>> {
    let all: Vec<&Node> = scene.all(Use::Sources).flat_map(|payload| payload.root.items_at(&["datasources"])).collect();
    let uids: Option<Vec<&str>> = all.iter().map(|source| source.text_at(&["uid"])).collect();
    let names = all.iter().filter_map(|source| source.text_at(&["name"]));
    uids.filter(|uids| !uids.is_empty()).map(|uids| uids.into_iter().chain(names).collect())
}

/// Grafana asks one source where a panel names none, and does not start if several say that it is them.
fn usual(scene: &Scene<'_>, findings: &mut Findings) {
    let mut first: BTreeMap<(&str, i128), (&Payload<'_>, &str)> = BTreeMap::new();
    for payload in scene.all(Use::Sources) {
        for source in payload.root.items_at(&["datasources"]) {
            let Some(at) = source.get("isDefault").filter(|at| at.bool() == Some(true)) else { continue };
            findings.ask();
            let name = source.text_at(&["name"]).unwrap_or_default();
            let organisation = source.get("orgId").and_then(Node::integer).unwrap_or(1);
            let (own, other) = *first.entry((payload.thing.place(), organisation)).or_insert((payload, name));
            if other == name && std::ptr::eq(own, payload) {
                continue;
            }
            let message = format!("`{other}` and `{name}` are both the default source");
            let found = if std::ptr::eq(own, payload) {
                payload.error(findings, MONITORING_CONFIG, at, &message)
            } else {
                // there may be two Grafanas
                payload.warning(findings, MONITORING_CONFIG, at, &message)
            };
            found.help("Grafana does not start; leave `isDefault` out in all but one");
        }
    }
}

fn is_prometheus(source: &Node) -> bool {
    let kind = source.text_at(&["type"]);
    let name = source.text().or_else(|| source.text_at(&["uid"])).unwrap_or_default();
    kind.is_none_or(|kind| kind.ends_with("prometheus")) && !name.to_lowercase().contains("loki")
}

fn exists<'p>(
    payload: &Payload<'_>,
    source: &'p Node,
    sources: &[&str],
    told: &mut HashSet<&'p str>,
    findings: &mut Findings,
) {
    let at = source.get("uid").unwrap_or(source);
    let Some(uid) = at.text() else { return };
    findings.ask();
    let is_there = uid.is_empty() || uid.contains('$') || OF_GRAFANA.contains(&uid) || sources.contains(&uid);
    if !is_there && told.insert(uid) {
        payload
            .error(findings, MONITORING_CONFIG, at, &format!("no source with the uid `{uid}` is provisioned"))
            .help(format!("there are {}", suggest::joined(sources.iter().copied(), "and")))
            .did_you_mean(suggest::nearest(uid, sources.iter().copied()));
    }
}

/// What stands for a variable: nobody knows whether a name, a number or a time is meant.
const STAND_INS: &[&str] = &[ANY, "1", "5m"];

/// What stands before a number.
const BEFORE_NUMBERS: &[&str] = &["topk(", "bottomk(", "quantile(", "limitk("];

/// A question with each of them in the place of its variables.
fn fillings(text: &str) -> impl Iterator<Item = String> {
    STAND_INS.iter().map(move |word| filled(text, word))
}

fn panel_asks(
    payload: &Payload<'_>,
    expr: &Node,
    name: &str,
    questions: &Questions<'_>,
    answers: &Answers,
    findings: &mut Findings,
) {
    let Some(text) = expr.text().filter(|text| !text.trim().is_empty()) else { return };
    if let Some(query) = questions.get(text) {
        findings.ask();
        answers.judge(payload, expr, name, query, findings);
    } else if let Some(text) = fillings(text).next() {
        rules::ask(payload, expr, &text, name, findings);
    }
}

/// The text with something in the place of each variable. Windows become long, since Grafana chooses them to fit.
fn filled(text: &str, word: &str) -> String {
    let (mut filled, mut rest, mut is_window) = (String::with_capacity(text.len()), text, false);
    while let Some(letter) = rest.chars().next() {
        is_window = letter == '[' && !rest.starts_with("[[") || is_window && letter != ']';
        let length = variable(rest);
        match length {
            Some(_) if is_window => filled.push_str("52w"),
            Some(_) if BEFORE_NUMBERS.iter().any(|call| filled.trim_end().ends_with(call)) => filled.push('1'),
            Some(_) => filled.push_str(word),
            None => filled.push(letter),
        }
        rest = &rest[length.unwrap_or(letter.len_utf8())..];
    }
    // a pattern that is chosen later is no pattern yet, and reading one takes longer than all the rest
    filled.replace(&format!("=~\"{ANY}\""), &format!("=\"{ANY}\""))
}

/// The length of the variable that a text begins with: `$x`, `${x:y}` or `[[x]]`.
fn variable(text: &str) -> Option<usize> {
    let closed = |end: &str| text.find(end).map(|at| at + end.len());
    if text.starts_with("${") {
        return closed("}");
    }
    if text.starts_with("[[") {
        return closed("]]");
    }
    let name = text.strip_prefix('$')?;
    let length = name.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(name.len());
    (length > 0).then_some(length + 1)
}

/// Judges what the adapter asks.
pub fn adapters(scene: &Scene<'_>, answers: &Answers, findings: &mut Findings) {
    for payload in scene.all(Use::Adapter) {
        let lists = ["rules", "externalRules"].iter().flat_map(|list| payload.root.items_at(&[list]));
        for rule in lists {
            let series = rule.text_at(&["seriesQuery"]).unwrap_or("x");
            let name = rule.text_at(&["name", "as"]).unwrap_or(series);
            if let Some(at) = rule.get("seriesQuery")
                && let Some(query) = rules::ask(payload, at, series, name, findings)
            {
                answers.judge(payload, at, name, &query, findings);
            }
            if let Some(at) = rule.get("metricsQuery") {
                let metric = series.split('{').next().filter(|metric| !metric.is_empty()).unwrap_or("x");
                let text = of_adapter(at.text().unwrap_or_default(), metric);
                if let Some(query) = rules::ask(payload, at, &text, name, findings) {
                    let windows_only = Query { selectors: Vec::new(), ..query };
                    answers.judge(payload, at, name, &windows_only, findings);
                }
            }
        }
    }
}

/// A query of the adapter with something in the place of its templates.
fn of_adapter(text: &str, metric: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<<") {
        filled.push_str(before);
        let (inner, after) = after.split_once(">>").unwrap_or((after, ""));
        filled.push_str(match inner.trim() {
            ".Series" => metric,
            ".LabelMatchers" => "x=\"y\"",
            _ => "x",
        });
        rest = after;
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_become_words() {
        assert_eq!(filled("rate(a{b=~\"$c\"}[$__rate_interval])", "x"), "rate(a{b=~\"x\"}[52w])");
        assert_eq!(filled("a{b=~\"$c\"}", ANY), "a{b=\"any__\"}");
        assert_eq!(filled("topk(${n:raw}, [[m]])", "1"), "topk(1, 1)");
        assert_eq!(of_adapter("sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)", "a"), "sum(a{x=\"y\"}) by (x)");
    }
}
