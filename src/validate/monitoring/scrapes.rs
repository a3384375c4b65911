//! The configuration of Prometheus, as promtool judges it and beyond.

use std::collections::BTreeSet;

use crate::diagnostics::codes::MONITORING_CONFIG;
use crate::diagnostics::suggest;
use crate::manifest::node::{Node, Value};
use crate::validate::findings::Findings;
use crate::validate::monitoring::durations::{self, spelled};
use crate::validate::monitoring::fields::{Reader, Tables};
use crate::validate::monitoring::payloads::{Payload, Use};
use crate::validate::monitoring::scene::{INTERVAL, Scene};
use crate::validate::monitoring::sight::Seen;
use crate::validate::references;
use crate::validate::world::World;

/// Judges every configuration.
pub fn judge(world: &World<'_>, scene: &Scene<'_>, findings: &mut Findings) {
    let mut tables = None;
    for payload in scene.all(Use::Prometheus) {
        let tables = tables.get_or_insert_with(Tables::of_prometheus);
        let sees = |path: &str| scene.sees(payload, path);
        Reader { payload, tables, findings, sees: &sees }.table(&payload.root, "prometheus", "the configuration");
        let mut teller = Teller { world, payload, findings };
        teller.global();
        teller.jobs();
        teller.alerting();
        teller.remotes();
        for key in ["rule_files", "scrape_config_files"] {
            files(scene, payload, key, findings);
        }
    }
}

/// Who tells what is wrong with a configuration.
struct Teller<'t, 'a> {
    world: &'t World<'a>,
    payload: &'t Payload<'a>,
    findings: &'t mut Findings,
}

impl Teller<'_, '_> {
    fn tell(&mut self, at: &Node, message: &str, help: &str) {
        let found = self.payload.error(self.findings, MONITORING_CONFIG, at, message);
        if !help.is_empty() {
            found.help(help);
        }
    }

    fn global(&mut self) {
        let root = &self.payload.root;
        let interval = duration(root, &["global", "scrape_interval"]).unwrap_or(INTERVAL);
        self.timeout(root.get("global"), interval, "`global`");
    }

    fn timeout(&mut self, holder: Option<&Node>, interval: u64, name: &str) {
        self.findings.ask();
        let Some(at) = holder.and_then(|holder| holder.get("scrape_timeout")) else { return };
        let timeout = at.text().and_then(durations::parse).unwrap_or_default();
        if timeout > interval {
            let message = format!("{name} waits {} for what it collects every {}", spelled(timeout), spelled(interval));
            self.tell(at, &message, "Prometheus refuses a `scrape_timeout` above the `scrape_interval`");
        }
    }

    fn jobs(&mut self) {
        let payload = self.payload;
        let usual = duration(&payload.root, &["global", "scrape_interval"]).unwrap_or(INTERVAL);
        let mut names = BTreeSet::new();
        for job in payload.root.items_at(&["scrape_configs"]) {
            let name = job.text_at(&["job_name"]).unwrap_or_default();
            let title = format!("the job `{name}`");
            let at = job.get("job_name").unwrap_or(job);
            if name.is_empty() {
                self.tell(at, "a job has no `job_name`", "");
            } else if !names.insert(name) {
                self.tell(at, &format!("a second job is called `{name}`"), "Prometheus refuses the file; rename one");
            }
            self.timeout(Some(job), duration(job, &["scrape_interval"]).unwrap_or(usual), &title);
            self.address(job, &title, "metrics_path");
            self.targets(job, &title);
            self.relabeling(job, &title);
        }
    }

    /// What promtool takes and no target answers to.
    fn address(&mut self, holder: &Node, title: &str, path: &str) {
        self.findings.ask();
        if let Some((at, text)) = holder.get("scheme").and_then(|at| Some((at, at.text()?)))
            && !["http", "https"].contains(&text)
        {
            self.tell(at, &format!("`scheme` of {title} is `{text}`"), "it is `http` or `https`");
        }
        if let Some((at, text)) = holder.get(path).and_then(|at| Some((at, at.text()?)))
            && !text.starts_with('/')
        {
            self.tell(at, &format!("`{path}` of {title} is `{text}`"), "it begins with a slash");
        }
    }

    fn targets(&mut self, holder: &Node, title: &str) {
        let mut is_any = false;
        for entry in
            holder.entries().iter().filter(|entry| entry.key.ends_with("_sd_configs") || entry.key == "static_configs")
        {
            is_any |= !entry.node.items().is_empty();
        }
        if !is_any {
            self.payload
                .warning(self.findings, MONITORING_CONFIG, holder, &format!("{title} says nowhere what to ask"))
                .help("it collects nothing; give it targets or a discovery");
        }
        for target in holder.items_at(&["static_configs"]).iter().flat_map(|list| list.items_at(&["targets"])) {
            self.findings.ask();
            if target.text() == Some("") {
                self.tell(target, &format!("a target of {title} is empty"), "it is a host and a port");
            }
            if target.text().is_some_and(|text| text.contains('/')) {
                let message = format!("a target of {title} is `{}`", target.text().unwrap_or_default());
                self.tell(target, &message, "it is a host and a port; the rest stands in `scheme` and `metrics_path`");
            }
        }
        for discovery in holder.items_at(&["kubernetes_sd_configs"]) {
            self.discovery(discovery, title);
        }
    }

    fn discovery(&mut self, discovery: &Node, title: &str) {
        self.findings.ask();
        let Some(role) = discovery.text_at(&["role"]) else { return };
        self.access(discovery, title);
        for at in discovery.items_at(&["namespaces", "names"]) {
            let Some(name) = at.text().filter(|name| !references::is_namespace(self.world, name)) else { continue };
            let near = suggest::nearest(name, self.world.namespaces.keys().copied());
            let message = format!("a discovery of {title} looks into the namespace `{name}`, which is not there");
            self.payload
                .error(self.findings, MONITORING_CONFIG, at, &message)
                .help("it finds nothing")
                .did_you_mean(near);
        }
        let allowed = SELECTABLE.iter().find(|(own, _)| *own == role).map_or(&[][..], |(_, allowed)| allowed);
        let mut seen = BTreeSet::new();
        for selector in discovery.items_at(&["selectors"]) {
            let Some((at, own)) = selector.get("role").and_then(|at| Some((at, at.text()?))) else { continue };
            if !allowed.is_empty() && !allowed.contains(&own) {
                self.tell(
                    at,
                    &format!("a discovery of the role `{role}` in {title} selects by `{own}`"),
                    "Prometheus refuses it",
                );
            } else if !seen.insert(own) {
                self.tell(at, &format!("a discovery of {title} selects by `{own}` twice"), "Prometheus refuses it");
            }
        }
    }

    /// Either the account of the pod, or a file, or an address with proofs.
    fn access(&mut self, discovery: &Node, title: &str) {
        let has = |key: &str| discovery.get(key).is_some();
        let of_client = || discovery.entries().iter().any(|entry| !OF_DISCOVERY.contains(&entry.key.as_str()));
        let is_own = discovery.at(&["namespaces", "own_namespace"]).and_then(Node::bool) == Some(true);
        let what = match (has("api_server"), has("kubeconfig_file")) {
            (true, true) => "both `api_server` and `kubeconfig_file`",
            (true, false) | (false, true) if is_own => "`own_namespace` in a cluster that is not its own",
            (false, true) if of_client() => "`kubeconfig_file` and proofs beside it",
            (false, false) if of_client() => "proofs without the `api_server` that they are for",
            _ => return,
        };
        self.tell(discovery, &format!("a discovery of {title} has {what}"), "Prometheus refuses it");
    }

    fn relabeling(&mut self, job: &Node, title: &str) {
        let roles: Vec<&str> = job
            .items_at(&["kubernetes_sd_configs"])
            .iter()
            .filter_map(|discovery| discovery.text_at(&["role"]))
            .collect();
        for list in ["relabel_configs", "metric_relabel_configs"] {
            for rule in job.items_at(&[list]) {
                self.findings.ask();
                self.relabel(rule, title);
                for source in rule.items_at(&["source_labels"]) {
                    let text = source.text().unwrap_or_default();
                    let Some(rest) = text.strip_prefix("__meta_kubernetes_") else { continue };
                    if list == "metric_relabel_configs" {
                        self.tell(
                            source,
                            &format!("{title} looks at `{text}` in samples"),
                            "it is gone by then; use `relabel_configs`",
                        );
                    } else if !roles.is_empty() && !roles.iter().any(|role| is_found(role, rest)) {
                        let message = format!("no discovery of {title} gives a target the label `{text}`");
                        self.tell(source, &message, "the rule never matches");
                    }
                }
            }
        }
    }

    fn relabel(&mut self, rule: &Node, title: &str) {
        let action = rule.text_at(&["action"]).unwrap_or("replace").to_ascii_lowercase();
        let has = |key: &str| rule.get(key).is_some_and(|node| !matches!(node.value, Value::Null));
        let needs_target = ["replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal"];
        if needs_target.contains(&&*action) && !has("target_label") {
            self.tell(rule, &format!("a rule of {title} with the action `{action}` has no `target_label`"), "");
        }
        if action == "hashmod" && rule.get("modulus").and_then(Node::integer).unwrap_or_default() == 0 {
            self.tell(rule, &format!("a rule of {title} with the action `hashmod` has no `modulus`"), "");
        }
        let refused: &[&str] = match &*action {
            "labeldrop" | "labelkeep" => &["source_labels", "target_label", "modulus", "separator", "replacement"],
            "keepequal" | "dropequal" => &["regex", "modulus", "separator", "replacement"],
            "lowercase" | "uppercase" => &["replacement"],
            _ => &[],
        };
        if let Some(key) = refused.iter().find(|key| has(key)) {
            self.tell(
                rule,
                &format!("a rule of {title} with the action `{action}` has `{key}`"),
                "Prometheus refuses it",
            );
        }
    }

    /// Those that have names have names of their own.
    fn remotes(&mut self) {
        let payload = self.payload;
        for list in ["remote_write", "remote_read"] {
            let mut names = BTreeSet::new();
            for at in payload.root.items_at(&[list]).iter().filter_map(|remote| remote.get("name")) {
                let name = at.text().unwrap_or_default();
                if !name.is_empty() && !names.insert(name) {
                    let message = format!("a second entry of `{list}` is called `{name}`");
                    self.tell(at, &message, "Prometheus refuses the file; rename one");
                }
            }
        }
    }

    fn alerting(&mut self) {
        let payload = self.payload;
        for client in payload.root.items_at(&["alerting", "alertmanagers"]) {
            self.address(client, "the Alertmanager", "path_prefix");
            self.targets(client, "the Alertmanager");
        }
    }
}

fn duration(node: &Node, keys: &[&str]) -> Option<u64> {
    node.text_at(keys).and_then(durations::parse)
}

/// What a discovery says besides how to reach the API server.
const OF_DISCOVERY: &[&str] = &["api_server", "role", "kubeconfig_file", "namespaces", "selectors", "attach_metadata"];

/// What a discovery of each role may select by. Source: `discovery/kubernetes` of Prometheus.
const SELECTABLE: &[(&str, &[&str])] = &[
    ("pod", &["pod", "node"]),
    ("service", &["service"]),
    ("endpointslice", &["pod", "service", "endpointslice"]),
    ("endpoints", &["pod", "service", "endpoints"]),
    ("node", &["node"]),
    ("ingress", &["ingress"]),
];

/// Of what a discovery of each role gives labels to its targets.
const GIVEN: &[(&str, &[&str])] = &[
    ("pod", &["namespace", "pod", "node", "deployment", "job", "cronjob"]),
    ("service", &["namespace", "service"]),
    ("endpointslice", &["namespace", "endpointslice", "service", "pod", "node", "deployment", "job", "cronjob"]),
    ("endpoints", &["namespace", "endpoints", "endpoint", "service", "pod", "node", "deployment", "job", "cronjob"]),
    ("node", &["node"]),
    ("ingress", &["namespace", "ingress"]),
];

/// What is told of a pod, besides its own labels and annotations.
const OF_PODS: &[&str] = &[
    "name",
    "ip",
    "container_init",
    "container_name",
    "container_id",
    "container_image",
    "container_port_name",
    "container_port_number",
    "container_port_protocol",
    "ready",
    "phase",
    "node_name",
    "host_ip",
    "uid",
    "controller_kind",
    "controller_name",
];
const OWN: &[&str] = &["label_", "labelpresent_", "annotation_", "annotationpresent_"];

/// Whether a discovery of a role gives its targets a label, of which `rest` is the end.
fn is_found(role: &str, rest: &str) -> bool {
    let Some((_, kinds)) = GIVEN.iter().find(|(own, _)| *own == role) else { return true };
    kinds.iter().any(|kind| match rest.strip_prefix(kind) {
        Some("") => *kind == "namespace",
        Some(end) => end.strip_prefix('_').is_some_and(|end| {
            *kind != "pod" || OF_PODS.contains(&end) || OWN.iter().any(|prefix| end.starts_with(prefix))
        }),
        None => false,
    })
}

/// Every pattern finds files where they are looked for.
fn files(scene: &Scene<'_>, payload: &Payload<'_>, key: &str, findings: &mut Findings) {
    for at in payload.root.items_at(&[key]) {
        findings.ask();
        let Some(pattern) = at.text() else { continue };
        if pattern.rsplit_once('/').is_some_and(|(directory, _)| directory.contains('*')) {
            let message = format!("`{key}` has `{pattern}`, with a star in a directory");
            payload.error(findings, MONITORING_CONFIG, at, &message).help("only the last part may have one");
            continue;
        }
        let seen = scene.readers_of(payload).map(|reader| reader.matching(pattern).1);
        if let Some(Seen::NotInVolume | Seen::NoVolume) = seen.min_by_key(|seen| *seen == Seen::Yes) {
            payload
                .error(findings, MONITORING_CONFIG, at, &format!("no file that is mounted matches `{pattern}`"))
                .help("Prometheus starts without what stands there and says nothing");
        }
    }
}
