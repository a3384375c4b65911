//! `alertmanager`: tells people about alerts, by email and Slack, once each and no more often than they can bear.

mod config;
mod metrics;
mod resolve;

use std::collections::BTreeMap;

use crate::components::alertmanager::config::{TEMPLATES, config};
use crate::components::alertmanager::resolve::resolved;
use crate::model::component::{Component, ComponentType, Desk};
use crate::model::endpoint::{Audience, Endpoint, Metrics, Protocol};
use crate::model::identity::Own;
use crate::model::monitoring::{Alert, Rule, RuleGroup, Urgency};
use crate::model::site::Site;
use crate::model::workload::{
    ConfigFiles, Controller, Env, Main, Priority, Probes, SecretContent, SecretFiles, Size, Source, User, Volume,
    Workload,
};
use crate::parts::probe;
use crate::spec::read::At;
use crate::spec::scalars::Count;
use crate::spec::shape::{shape, words};
use crate::values::amount::Bytes;
use crate::values::image::Image;
use crate::values::name::Name;
use crate::values::secret_ref::{Origin, SecretKey, SecretRef};

const PORT: u16 = 9093;
const MESH_PORT: u16 = 9094;
/// The user `nobody` of the image.
const USER: i64 = 65_534;
const CONFIG_PATH: &str = "/etc/alertmanager/config";
const SECRETS_PATH: &str = "/etc/alertmanager/secrets";
const DATA_PATH: &str = "/alertmanager";

shape! {
    /// Tells people about alerts: critical ones at once and every hour, warnings every four hours, the rest not at all.
    AlertmanagerSpec {
        /// How many replicas. Several agree among themselves, so that each message is sent once.
        replicas: Count = Count(1),
        /// Size of the volume of each replica: silences, and what has been sent.
        storage: Bytes = Bytes::gibibytes(2),
        /// Sends email.
        email: Option<EmailSpec>,
        /// Writes to Slack.
        slack: Option<SlackSpec>,
        /// Tells somebody outside, every five minutes, that alerting still works; without it, nobody learns when
        /// Prometheus, Alertmanager or the way from them is gone, and rendering warns of that.
        heartbeat: Option<HeartbeatSpec>,
        /// Who hears what. Without this key critical alerts go everywhere, and warnings to Slack if there is Slack.
        routes: Option<RoutesSpec>,
    }
}

shape! {
    /// Sends email over an encrypted connection.
    EmailSpec {
        /// Whom it is for; several addresses with commas between them.
        to: At<String>,
        /// Whom it is from.
        from: At<String>,
        /// The external that relays it; `calls` names it too.
        via: At<Name>,
        /// User name at the relay.
        user: Option<At<String>>,
        /// Password at the relay, as `"secret/key"`.
        password: Option<At<SecretRef>>,
    }
}

shape! {
    /// Writes to Slack by an incoming webhook.
    SlackSpec {
        /// Channel, such as `#alerts`; webhooks of newer apps are bound to theirs and ignore it.
        channel: At<String>,
        /// The external that is Slack; `calls` names it too.
        via: At<Name>,
        /// Address of the webhook, as `"secret/key"`.
        webhook: SecretRef,
    }
}

shape! {
    /// Tells a dead man's switch outside of the cluster that alerting works.
    HeartbeatSpec {
        /// The external that listens; `calls` names it too.
        via: At<Name>,
        /// Address to post to, as `"secret/key"`.
        url: SecretRef,
    }
}

shape! {
    /// Who hears what.
    RoutesSpec {
        /// Alerts for which somebody gets up.
        critical: Option<At<Vec<At<Channel>>>>,
        /// Alerts that somebody looks at tomorrow.
        warning: Option<At<Vec<At<Channel>>>>,
    }
}

words! {
    /// A way to tell people.
    Channel {
        /// The `email` of this component.
        Email = "email",
        /// The `slack` of this component.
        Slack = "slack",
    }
}

/// A checked Alertmanager.
#[derive(Debug)]
pub struct Alertmanager {
    spec: AlertmanagerSpec,
    critical: Vec<Channel>,
    warning: Vec<Channel>,
}

impl ComponentType for Alertmanager {
    const TYPE: &'static str = "alertmanager";
    const SUMMARY: &'static str = "Tells people about alerts, by email and Slack.";
    type Spec = AlertmanagerSpec;

    fn resolve(spec: AlertmanagerSpec, desk: &mut Desk<'_>) -> Option<Self> {
        resolved(spec, desk)
    }
}

impl Component for Alertmanager {
    fn endpoints(&self, own: &Own) -> Vec<Endpoint> {
        let stable = |endpoint| Endpoint { stable_replicas: Some(self.spec.replicas.0), ..endpoint };
        let http = Endpoint {
            service: Some(PORT),
            app_protocol: Some("http"),
            audience: &[Audience::Callers, Audience::Scrapers],
            metrics: Some(Metrics::of("alertmanager")),
            ..Endpoint::tcp(&own.name, "http", PORT)
        };
        let mesh = |name, protocol| Endpoint {
            protocol,
            audience: &[Audience::Peers],
            ..Endpoint::tcp(&own.name, name, MESH_PORT)
        };
        let mut endpoints = vec![stable(http)];
        if self.is_cluster() {
            endpoints.extend([stable(mesh("mesh-tcp", Protocol::Tcp)), stable(mesh("mesh-udp", Protocol::Udp))]);
        }
        endpoints
    }

    fn workloads(&self, site: &Site<'_>) -> Vec<Workload> {
        vec![Workload {
            name: site.own.name.clone(),
            role: "server",
            controller: Controller::Stateful { replicas: self.spec.replicas.0 },
            priority: Priority::Platform,
            user: User { uid: USER, gid: USER, fs_group: Some(USER) },
            api_token: false,
            main: self.container(site),
            init: Vec::new(),
            volumes: self.volumes(site),
            grace: 60,
            spread: site.spread.clone(),
            reaches: Vec::new(),
            grants: Vec::new(),
        }]
    }

    fn metrics(&self) -> Vec<&'static str> {
        let cluster = if self.is_cluster() { metrics::CLUSTER } else { &[] };
        metrics::OWN.iter().chain(cluster).copied().collect()
    }

    fn rules(&self, _own: &Own) -> Vec<RuleGroup> {
        vec![RuleGroup { name: "alertmanager".to_owned(), rules: vec![notifications_failing()] }]
    }
}

/// Critical, because a warning may have only the one channel that fails.
fn notifications_failing() -> Rule {
    let failed = "rate(alertmanager_notifications_failed_total[5m])";
    Rule::Alert(Alert {
        name: "AlertmanagerNotificationsFailing",
        expr: format!("sum by (namespace, service, integration, reason) ({failed}) > 0"),
        hold: "5m",
        urgency: Urgency::Critical,
        summary: "Messages by {{ $labels.integration }} do not arrive ({{ $labels.reason }})",
        description: "Alertmanager could not send by {{ $labels.integration }}. `authError` and `clientError` are the credential or the address, `contextDeadlineExceeded` the network or a policy, `rateLimited` too many messages.",
    })
}

impl Alertmanager {
    fn is_cluster(&self) -> bool {
        self.spec.replicas.0 > 1
    }

    fn container(&self, site: &Site<'_>) -> Main {
        let resources = site.size.clone().map_or_else(|| Size::of((50, 200), (64, 128)), Size::with_headroom);
        let mut env = vec![Env::literal("GOMEMLIMIT", format!("{}MiB", resources.limits.memory.mebibytes_at(90)))];
        if self.is_cluster() {
            env.push(Env::field("POD_IP", "status.podIP"));
        }
        Main {
            name: site.own.name.clone(),
            image: Image::pinned("quay.io", "prometheus/alertmanager", "v0.34.0"),
            command: Vec::new(),
            args: self.args(site),
            env,
            probes: Probes {
                startup: None,
                live: Some(probe::http("/-/healthy", "http", probe::LIVENESS)),
                ready: Some(probe::http("/-/ready", "http", probe::READINESS)),
            },
            size: resources,
            lifecycle: None,
            exceptions: Default::default(),
        }
    }

    fn args(&self, site: &Site<'_>) -> Vec<String> {
        let mut args = vec![
            format!("--config.file={CONFIG_PATH}/alertmanager.yml"),
            format!("--storage.path={DATA_PATH}"),
            "--data.retention=120h".to_owned(),
            // After a restart Prometheus sends everything that fires again, within a minute and an evaluation. Whoever
            // speaks before that does not know yet what is inhibited.
            "--dispatch.start-delay=90s".to_owned(),
            format!("--web.external-url=http://{}:{PORT}", site.service_host(&site.own.name)),
        ];
        if !self.is_cluster() {
            // An empty address turns the mesh off.
            args.push("--cluster.listen-address=".to_owned());
            return args;
        }
        // The brackets keep IPv6 apart from the port, and do no harm to IPv4.
        args.push(format!("--cluster.listen-address=[$(POD_IP)]:{MESH_PORT}"));
        let headless = site.service_host(&site.own.name.with("headless"));
        let peers = 0..self.spec.replicas.0;
        args.extend(peers.map(|ordinal| format!("--cluster.peer={}-{ordinal}.{headless}:{MESH_PORT}", site.own.name)));
        args
    }

    fn volumes(&self, site: &Site<'_>) -> Vec<Volume> {
        let volume = |name: &str, path: String, source| Volume { name: name.to_owned(), path, source };
        let files = site.files(&TEMPLATES, || config(self, site));
        let files = ConfigFiles { name: site.own.name.with("config"), files, live: false };
        let secrets = self.secrets().into_iter().map(|(name, keys)| {
            let path = format!("{SECRETS_PATH}/{name}");
            let content = SecretContent::Keys(Origin::Written, keys);
            volume(&format!("secret-{name}"), path, Source::Secret(SecretFiles { name, content }))
        });
        [
            volume("config", CONFIG_PATH.to_owned(), Source::Config(vec![files])),
            volume("data", DATA_PATH.to_owned(), Source::Persistent(self.spec.storage)),
        ]
        .into_iter()
        .chain(secrets)
        .collect()
    }

    /// The keys of each Secret that the configuration reads from files.
    fn secrets(&self) -> BTreeMap<Name, Vec<SecretKey>> {
        let spec = &self.spec;
        let password = spec.email.as_ref().and_then(|email| email.password.as_ref()).map(|password| &password.value);
        let webhook = spec.slack.as_ref().map(|slack| &slack.webhook);
        let url = spec.heartbeat.as_ref().map(|heartbeat| &heartbeat.url);
        let mut secrets: BTreeMap<Name, Vec<SecretKey>> = BTreeMap::new();
        for reference in [password, webhook, url].into_iter().flatten() {
            let keys = secrets.entry(reference.secret.clone()).or_default();
            if !keys.contains(&reference.key) {
                keys.push(reference.key.clone());
            }
        }
        secrets
    }
}

/// Where the container finds a secret value.
fn secret_file(reference: &SecretRef) -> String {
    format!("{SECRETS_PATH}/{}/{}", reference.secret, reference.key.as_str())
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::StatefulSet;
    use yaml_serde::Value;

    use crate::diagnostics::report::Report;
    use crate::model::object::Object;
    use crate::pipeline;

    const EMAIL: &str = r#"email = { to = "a@example.com", from = "b@example.com", via = "relay" }"#;
    const SLACK: &str = r##"slack = { channel = "#a-b", via = "chat", webhook = "hooks/slack" }"##;

    fn objects(keys: &[&str]) -> Vec<Object> {
        let text = format!(
            r#"
            version = 1
            platform = {{ name = "shop", domain = "example.com" }}
            cluster = {{ api-server = {{ cidrs = ["10.0.0.1/32"], ports = [6443] }} }}
            secrets = {{ backend = "existing" }}
            namespaces = {{ watch = {{}} }}
            externals.relay = {{ host = "mail.example.com", port = 465, cidrs = ["203.0.113.1/32"] }}
            externals.chat = {{ host = "chat.example.com", port = 443, cidrs = ["public"] }}
            externals.switch = {{ host = "switch.example.com", port = 443, cidrs = ["public"] }}
            [components.bell]
            type = "alertmanager"
            namespace = "watch"
            calls = ["relay", "chat", "switch"]
            {}
            "#,
            keys.join("\n")
        );
        let mut report = Report::default();
        let platform = pipeline::platform(&text, None, &mut report);
        let platform = platform.unwrap_or_else(|| unreachable!("{:?}", report.sorted()));
        pipeline::bundle(&platform).expect("names differ").objects.into_iter().map(|placed| placed.object).collect()
    }

    fn config_of(keys: &[&str]) -> Value {
        let text = objects(keys).into_iter().find_map(|object| match object {
            Object::ConfigMap(map) => map.data.and_then(|mut data| data.remove("alertmanager.yml")),
            _ => None,
        });
        yaml_serde::from_str(&text.expect("there is a configuration")).expect("it is YAML")
    }

    fn stateful_set(keys: &[&str]) -> StatefulSet {
        let found = objects(keys).into_iter().find_map(|object| match object {
            Object::StatefulSet(set) => Some(*set),
            _ => None,
        });
        found.expect("there is a StatefulSet")
    }

    fn args(keys: &[&str]) -> Vec<String> {
        let spec = stateful_set(keys).spec.template.spec.expect("there is a pod");
        spec.containers[0].args.clone().unwrap_or_default()
    }

    /// Which channels a receiver has.
    fn channels(config: &Value, receiver: &str) -> (bool, bool) {
        let receivers = config["receivers"].as_sequence().expect("a list");
        let found = receivers.iter().find(|item| item["name"].as_str() == Some(receiver)).expect("it is declared");
        (found.get("email_configs").is_some(), found.get("slack_configs").is_some())
    }

    #[test]
    fn routes_reach_what_they_name_and_sensible_channels_without_names() {
        for (keys, critical, warning) in [
            (vec![EMAIL, SLACK], (true, true), (false, true)),
            (vec![EMAIL], (true, false), (true, false)),
            (vec![SLACK], (false, true), (false, true)),
            (vec![EMAIL, SLACK, r#"routes = { critical = ["email"] }"#], (true, false), (false, true)),
            (vec![EMAIL, SLACK, r#"routes = { warning = ["email", "slack"] }"#], (true, true), (true, true)),
            (vec![EMAIL, SLACK, "routes = { warning = [] }"], (true, true), (false, false)),
        ] {
            let config = config_of(&keys);
            assert_eq!(channels(&config, "critical"), critical, "{keys:?}");
            assert_eq!(channels(&config, "warning"), warning, "{keys:?}");
            assert_eq!(channels(&config, "nobody"), (false, false), "{keys:?}");
        }
    }

    #[test]
    fn every_route_ends_at_a_declared_receiver() {
        let heartbeat = r#"heartbeat = { via = "switch", url = "hooks/switch" }"#;
        for keys in [vec![EMAIL], vec![SLACK, heartbeat]] {
            let config = config_of(&keys);
            let receivers = config["receivers"].as_sequence().expect("a list");
            let routes = config["route"]["routes"].as_sequence().expect("a list");
            for route in routes.iter().chain([&config["route"]]) {
                assert!(receivers.iter().any(|receiver| receiver["name"] == route["receiver"]), "{keys:?}: {route:?}");
            }
        }
        let config = config_of(&[SLACK, heartbeat]);
        assert_eq!(config["route"]["routes"][0]["receiver"].as_str(), Some("heartbeat"));
        assert_eq!(config_of(&[SLACK])["route"]["routes"][0]["receiver"].as_str(), Some("nobody"));
    }

    #[test]
    fn values_of_the_user_stay_text() {
        let config = config_of(&[EMAIL, SLACK]);
        assert_eq!(config["receivers"][1]["slack_configs"][0]["channel"].as_str(), Some("#a-b"));
        assert_eq!(config["global"]["smtp_smarthost"].as_str(), Some("mail.example.com:465"));
        assert!(config["global"].get("smtp_auth_username").is_none(), "a relay without a user gets no password");
    }

    #[test]
    fn secrets_are_files_of_the_secret_that_holds_them() {
        let email = r#"email = { to = "a@example.com", from = "b@example.com", via = "relay", user = "u", password = "mail/p" }"#;
        let config = config_of(&[email, SLACK]);
        let spec = stateful_set(&[email, SLACK]).spec.template.spec.expect("there is a pod");
        let mounts = spec.containers[0].volume_mounts.clone().unwrap_or_default();
        for key in ["smtp_auth_password_file", "slack_api_url_file"] {
            let file = config["global"][key].as_str().expect("it is set");
            let directory = file.rsplit_once('/').map(|(directory, _)| directory);
            let mount =
                mounts.iter().find(|mount| Some(mount.mount_path.as_str()) == directory).expect("it is mounted");
            let volume =
                spec.volumes.iter().flatten().find(|volume| volume.name == mount.name).expect("it is a volume");
            let secret = volume.secret.as_ref().and_then(|secret| secret.secret_name.as_deref());
            assert_eq!(secret, directory.and_then(|directory| directory.rsplit('/').next()), "{key}");
        }
    }

    #[test]
    fn replicas_know_each_other_and_one_replica_has_no_mesh() {
        let alone = args(&[EMAIL]);
        assert!(alone.contains(&"--cluster.listen-address=".to_owned()));
        assert!(!alone.iter().any(|arg| arg.starts_with("--cluster.peer")));

        let several = args(&[EMAIL, "replicas = 3"]);
        let peers: Vec<&String> = several.iter().filter(|arg| arg.starts_with("--cluster.peer=")).collect();
        assert_eq!(peers.len(), 3);
        assert_eq!(peers[2], "--cluster.peer=bell-2.bell-headless.watch.svc.cluster.local:9094");
        let spec = stateful_set(&[EMAIL, "replicas = 3"]).spec.template.spec.expect("there is a pod");
        let ports = spec.containers[0].ports.clone().unwrap_or_default();
        let mesh: Vec<_> = ports.iter().filter(|port| port.container_port == 9094).map(|port| &port.protocol).collect();
        assert_eq!(mesh, [&Some("TCP".to_owned()), &Some("UDP".to_owned())]);
    }
}
