//! The configuration of Alertmanager, as amtool judges it and beyond, and where each alert ends.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::codes::{MONITORING_CONFIG, SILENT_ALERT};
use crate::diagnostics::suggest;
use crate::manifest::node::{Entry, Node};
use crate::ordered::Ordered;
use crate::validate::findings::Findings;
use crate::validate::monitoring::durations;
use crate::validate::monitoring::fields::{Reader, Tables, is_said};
use crate::validate::monitoring::matchers::{self, Labels};
use crate::validate::monitoring::messages;
use crate::validate::monitoring::needs::NEEDS;
use crate::validate::monitoring::payloads::{Payload, Use};
use crate::validate::monitoring::rules::Rule;
use crate::validate::monitoring::scene::{Scene, Server, plain_labels};
use crate::validate::monitoring::times;
use crate::validate::world::World;

/// Judges every configuration.
pub fn judge<'a>(world: &World<'a>, scene: &Scene<'a>, findings: &mut Findings) {
    let mut tables = None;
    for payload in scene.all(Use::Alertmanager) {
        let tables = tables.get_or_insert_with(Tables::of_alertmanager);
        let sees = |path: &str| scene.sees(payload, path);
        Reader { payload, tables, findings, sees: &sees }.table(&payload.root, "alertmanager", "the configuration");
        let mut teller = Teller { payload, findings };
        teller.receivers();
        teller.routes();
        messages::read(world, scene, payload, findings);
    }
}

/// Who tells what is wrong with a configuration.
struct Teller<'t, 'a> {
    payload: &'t Payload<'a>,
    findings: &'t mut Findings,
}

impl<'t> Teller<'t, '_> {
    fn tell(&mut self, at: &Node, message: &str, help: &str) {
        let found = self.payload.error(self.findings, MONITORING_CONFIG, at, message);
        if !help.is_empty() {
            found.help(help);
        }
    }

    fn receivers(&mut self) {
        let payload = self.payload;
        let global = payload.root.get("global");
        let says = |node: &Node, keys: &[&str]| keys.iter().any(|key| node.get(key).is_some_and(is_said));
        let slack = payload.root.items_at(&["receivers"]).iter().flat_map(|own| own.items_at(&["slack_configs"]));
        for (holder, prefix) in global.map(|global| (global, "slack_")).into_iter().chain(slack.map(|own| (own, ""))) {
            let said = |key: &str| {
                let key = format!("{prefix}{key}");
                holder.entries().iter().find(|entry| entry.key.trim_end_matches("_file") == key && is_said(&entry.node))
            };
            if let (Some(url), Some(token)) = (said("api_url"), said("app_token")) {
                let message = format!("`{}` and `{}` cannot both be said", url.key, token.key);
                self.tell(&url.node, &message, "a webhook and an app are two ways to the same channel; keep one");
            }
        }
        let mut names = BTreeSet::new();
        for receiver in payload.root.items_at(&["receivers"]) {
            let name = receiver.text_at(&["name"]).unwrap_or_default();
            let at = receiver.get("name").unwrap_or(receiver);
            if name.is_empty() {
                self.tell(at, "a receiver has no `name`", "");
            } else if !names.insert(name) {
                self.tell(
                    at,
                    &format!("a second receiver is called `{name}`"),
                    "Alertmanager refuses the file; rename one",
                );
            }
            for (list, own, global_keys, what) in NEEDS {
                for config in receiver.items_at(&[list]) {
                    self.findings.ask();
                    if !says(config, own) && !global.is_some_and(|global| says(global, global_keys)) {
                        self.tell(
                            config,
                            &format!("the receiver `{name}` lacks {what}"),
                            "Alertmanager refuses the file",
                        );
                    }
                }
            }
        }
    }

    fn routes(&mut self) {
        let payload = self.payload;
        let Some(root) = payload.root.get("route").filter(|route| !route.entries().is_empty()) else {
            return self.tell(&payload.root, "there is no `route`", "Alertmanager refuses the file");
        };
        if root.text_at(&["receiver"]).is_none_or(str::is_empty) {
            self.tell(root, "the first route has no `receiver`", "what no other route takes goes there");
        }
        let refused = ["match", "match_re", "matchers", "mute_time_intervals", "active_time_intervals"];
        if let Some(at) = refused
            .iter()
            .find_map(|key| root.get(key).filter(|said| !said.items().is_empty() || !said.entries().is_empty()))
        {
            self.tell(at, "the first route does not take all alerts", "it must have no matchers and no times");
        }
        if root.get("continue").and_then(Node::bool) == Some(true) {
            self.tell(root, "the first route has `continue`", "nothing comes after it");
        }
        let receivers: Vec<&str> =
            payload.root.items_at(&["receivers"]).iter().filter_map(|item| item.text_at(&["name"])).collect();
        let times = self.times();
        self.route(root, &receivers, &times);
    }

    /// The names of the times; each is there once, and ends after it has begun.
    fn times(&mut self) -> Vec<&'t str> {
        let payload = self.payload;
        let mut names = Vec::new();
        let lists = ["mute_time_intervals", "time_intervals"].iter().flat_map(|list| payload.root.items_at(&[list]));
        for interval in lists {
            let Some((at, name)) = interval.get("name").and_then(|at| Some((at, at.text()?))) else { continue };
            if names.contains(&name) {
                let message = format!("a second time interval is called `{name}`");
                self.tell(at, &message, "Alertmanager refuses the file; rename one");
            }
            names.push(name);
            for clock in interval.items_at(&["time_intervals"]).iter().flat_map(|part| part.items_at(&["times"])) {
                if times::is_backwards(clock) {
                    self.tell(
                        clock,
                        &format!("the time interval `{name}` ends before it begins"),
                        "Alertmanager refuses the file; write two, of which one begins at `00:00`",
                    );
                }
            }
        }
        names
    }

    fn route(&mut self, route: &Node, receivers: &[&str], times: &[&str]) {
        self.findings.ask();
        if let Some((at, name)) = route.get("receiver").and_then(|at| Some((at, at.text()?)))
            && !name.is_empty()
            && !receivers.contains(&name)
        {
            let near = suggest::nearest(name, receivers.iter().copied());
            self.payload
                .error(self.findings, MONITORING_CONFIG, at, &format!("there is no receiver `{name}`"))
                .help("Alertmanager refuses the file")
                .did_you_mean(near);
        }
        for list in ["mute_time_intervals", "active_time_intervals"] {
            for at in route.items_at(&[list]) {
                if at.text().is_some_and(|name| !times.contains(&name)) {
                    let message = format!("there is no time interval `{}`", at.text().unwrap_or_default());
                    self.tell(at, &message, "Alertmanager refuses the file");
                }
            }
        }
        let mut seen = BTreeSet::new();
        let groups = route.items_at(&["group_by"]);
        for at in groups {
            let label = at.text().unwrap_or_default();
            if !seen.insert(label) {
                self.tell(at, &format!("`group_by` has `{label}` twice"), "Alertmanager refuses the file");
            } else if label == "..." && groups.len() > 1 {
                self.tell(at, "`group_by` has `...` and labels beside it", "it means all labels and stands alone");
            }
        }
        for key in ["group_interval", "repeat_interval"] {
            if let Some(at) =
                route.get(key).filter(|at| at.spelled().and_then(|text| durations::parse(&text)) == Some(0))
            {
                self.tell(at, &format!("`{key}` is zero"), "Alertmanager refuses the file");
            }
        }
        route.items_at(&["routes"]).iter().for_each(|inner| self.route(inner, receivers, times));
    }
}

/// Alerts that are meant to reach nobody: they prove that alerting works, or mute others.
const QUIET: &[&str] = &["DeadMansSwitch", "InfoInhibitor", "Watchdog"];
/// The same by their severity.
const QUIET_SEVERITIES: &[&str] = &["info", "none"];

/// Every alert reaches somebody.
pub fn arrive(
    scene: &Scene<'_>,
    servers: &[Server<'_, '_>],
    rules: &BTreeMap<usize, Vec<Rule<'_>>>,
    findings: &mut Findings,
) {
    let destinations: Vec<&Payload<'_>> = scene.all(Use::Alertmanager).collect();
    let sends = |server: &&Server<'_, '_>| !server.payload.root.items_at(&["alerting", "alertmanagers"]).is_empty();
    for server in servers.iter().filter(sends) {
        // what is relabelled on its way can be anything
        if server.payload.root.at(&["alerting", "alert_relabel_configs"]).is_some() {
            continue;
        }
        let external = plain_labels(server.payload.root.at(&["global", "external_labels"]));
        for (at, rule) in server
            .rules
            .iter()
            .filter_map(|at| Some((at, rules.get(at)?)))
            .flat_map(|(at, all)| all.iter().map(move |rule| (at, rule)))
        {
            if !rule.is_alert || is_quiet(rule) || destinations.is_empty() {
                continue;
            }
            findings.ask();
            let labels = labels(rule, &external);
            if !destinations.iter().any(|payload| reaches(payload, &labels)) {
                let ends: BTreeSet<String> = destinations.iter().flat_map(|payload| ends(payload, &labels)).ordered();
                let message = format!("the alert `{}` reaches nobody", rule.name);
                let help = format!("it ends at {}", suggest::joined(ends.iter().map(String::as_str), "and"));
                scene.payloads[*at]
                    .error(findings, SILENT_ALERT, rule.node, &message)
                    .help(help + ", which tells nobody; give it a label that a route with a receiver takes");
            }
        }
    }
}

fn is_quiet(rule: &Rule<'_>) -> bool {
    let severity = rule.labels.get("severity").map(String::as_str);
    QUIET.contains(&rule.name) || severity.is_some_and(|severity| QUIET_SEVERITIES.contains(&severity))
}

/// What is known of the labels of an alert when it arrives.
fn labels(rule: &Rule<'_>, external: &BTreeMap<String, String>) -> Labels {
    let mut known = external.clone();
    let possible = rule.query.labels.as_ref().map(|of_result| {
        let all = of_result.iter().chain(&rule.label_names).chain(external.keys());
        all.cloned().chain(["alertname".to_owned()]).collect()
    });
    // a label of the result wins over one that all alerts get
    known.retain(|name, _| rule.query.labels.as_ref().is_some_and(|of_result| !of_result.contains(name)));
    known.extend(rule.labels.clone());
    for name in rule.label_names.iter().filter(|name| !rule.labels.contains_key(*name)) {
        known.remove(name);
    }
    known.insert("alertname".to_owned(), rule.name.to_owned());
    Labels { known, possible }
}

/// Whether an alert may reach a receiver that tells somebody.
fn reaches(payload: &Payload<'_>, labels: &Labels) -> bool {
    let receivers = payload.root.items_at(&["receivers"]);
    let is_list = |entry: &Entry| entry.key.ends_with("_configs") && !entry.node.items().is_empty();
    let tells = |name: &String| {
        let mut of_name = receivers.iter().filter(|receiver| receiver.text_at(&["name"]) == Some(name)).peekable();
        // a receiver that is not there has been told of
        of_name.peek().is_none() || of_name.any(|receiver| receiver.entries().iter().any(is_list))
    };
    ends(payload, labels).iter().any(tells)
}

/// The receivers at which an alert may end.
fn ends(payload: &Payload<'_>, labels: &Labels) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(root) = payload.root.get("route") {
        follow(root, "", labels, &mut found);
    }
    found
}

/// Goes through the routes below one that takes an alert. Where it is not known whether a route does, both may be.
fn follow(route: &Node, inherited: &str, labels: &Labels, found: &mut BTreeSet<String>) {
    let receiver = route.text_at(&["receiver"]).filter(|name| !name.is_empty()).unwrap_or(inherited);
    let mut is_taken = false;
    for inner in route.items_at(&["routes"]) {
        let matchers = matchers::of(inner, "matchers", "match", "match_re");
        let answers: Vec<Option<bool>> = matchers.iter().map(|matcher| labels.satisfy(matcher)).collect();
        if answers.contains(&Some(false)) {
            continue;
        }
        follow(inner, receiver, labels, found);
        if answers.iter().all(|answer| *answer == Some(true)) {
            is_taken = true;
            if inner.get("continue").and_then(Node::bool) != Some(true) {
                return;
            }
        }
    }
    if !is_taken {
        found.insert(receiver.to_owned());
    }
}
