//! `alertmanager.yml` and the texts of messages: who hears what, how often, and what is left out.

use serde::Serialize;

use crate::components::alertmanager::{Alertmanager, CONFIG_PATH, Channel, secret_file};
use crate::model::payload::Payload;
use crate::model::site::Site;
use crate::parts::payload;

#[derive(Serialize)]
struct Values<'a> {
    config_path: &'static str,
    email: Option<EmailValues<'a>>,
    slack: Option<SlackValues<'a>>,
    heartbeat: Option<String>,
    critical: Receiver,
    warning: Receiver,
}

#[derive(Serialize)]
struct EmailValues<'a> {
    to: &'a str,
    from: &'a str,
    smarthost: String,
    user: Option<&'a str>,
    password_file: Option<String>,
}

#[derive(Serialize)]
struct SlackValues<'a> {
    channel: &'a str,
    webhook_file: String,
}

#[derive(Serialize)]
struct Receiver {
    email: bool,
    slack: bool,
}

/// What gives the configuration files.
pub const TEMPLATES: [&str; 2] = ["alertmanager/alertmanager.yml", "alertmanager/messages.tmpl"];

/// File name and text of each configuration file.
pub fn config(alertmanager: &Alertmanager, site: &Site<'_>) -> Vec<(String, Payload)> {
    let overrides = &site.facts.overrides;
    let file = |name: &str, payload| (name.to_owned(), payload);
    let [routes, messages] = TEMPLATES;
    vec![
        file("alertmanager.yml", payload::file(routes, values(alertmanager, site), overrides)),
        file("messages.tmpl", payload::file(messages, (), overrides)),
    ]
}

fn values<'a>(alertmanager: &'a Alertmanager, site: &Site<'_>) -> Values<'a> {
    let spec = &alertmanager.spec;
    let email = spec.email.as_ref().map(|email| EmailValues {
        to: &email.to.value,
        from: &email.from.value,
        // `calls` names it, so it is a peer.
        smarthost: site.peer(&email.via.value).map(|relay| relay.address.to_string()).unwrap_or_default(),
        user: email.user.as_ref().map(|user| user.value.as_str()),
        password_file: email.password.as_ref().map(|password| secret_file(&password.value)),
    });
    let slack = spec
        .slack
        .as_ref()
        .map(|slack| SlackValues { channel: &slack.channel.value, webhook_file: secret_file(&slack.webhook) });
    Values {
        config_path: CONFIG_PATH,
        email,
        slack,
        heartbeat: spec.heartbeat.as_ref().map(|heartbeat| secret_file(&heartbeat.url)),
        critical: receiver(&alertmanager.critical),
        warning: receiver(&alertmanager.warning),
    }
}

fn receiver(channels: &[Channel]) -> Receiver {
    Receiver { email: channels.contains(&Channel::Email), slack: channels.contains(&Channel::Slack) }
}
