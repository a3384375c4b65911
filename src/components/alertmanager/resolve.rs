//! Checks that every alert reaches somebody: channels are complete, what routes name exists, nothing is said twice.

use crate::components::alertmanager::{Alertmanager, AlertmanagerSpec, Channel, EmailSpec};
use crate::diagnostics::codes;
use crate::model::component::Desk;
use crate::spec::read::At;
use crate::values::name::Name;

/// The checked component.
pub fn resolved(spec: AlertmanagerSpec, desk: &mut Desk<'_>) -> Option<Alertmanager> {
    let relays = [
        spec.email.as_ref().map(|email| (&email.via, "email.via")),
        spec.slack.as_ref().map(|slack| (&slack.via, "slack.via")),
        spec.heartbeat.as_ref().map(|heartbeat| (&heartbeat.via, "heartbeat.via")),
    ];
    for (via, key) in relays.into_iter().flatten() {
        check_via(via, key, desk);
    }
    if let Some(email) = &spec.email {
        check_email(email, desk);
    }
    if let Some(slack) = &spec.slack
        && !is_channel(&slack.channel.value)
    {
        desk.report
            .error(codes::INVALID_VALUE, slack.channel.span, format!("`{}` is no Slack channel", slack.channel.value))
            .help("expected a name such as `#alerts`, of lower-case letters, digits, `-` and `_`");
    }
    let configured: Vec<Channel> = [(Channel::Email, spec.email.is_some()), (Channel::Slack, spec.slack.is_some())]
        .into_iter()
        .filter_map(|(channel, there)| there.then_some(channel))
        .collect();
    let Some(quietest) = configured.last() else {
        desk.needs("alerts reach nobody: there is neither `email` nor `slack`", "add one of them");
        return None;
    };
    if spec.heartbeat.is_none() {
        let message = "without `heartbeat`, an alerting that has failed looks like one that has nothing to say";
        desk.doubt(
            codes::NO_HEARTBEAT,
            message,
            "let a dead man's switch outside of the cluster listen to `heartbeat`",
        );
    }
    let critical = spec.routes.as_ref().and_then(|routes| routes.critical.as_ref());
    let warning = spec.routes.as_ref().and_then(|routes| routes.warning.as_ref());
    if let Some(list) = critical.filter(|list| list.value.is_empty()) {
        desk.report
            .error(codes::INVALID_VALUE, list.span, "critical alerts reach nobody")
            .help("name at least one channel, or leave the key out");
    }
    let critical = critical.map_or_else(|| configured.clone(), |list| routed(list, &configured, desk));
    let warning = warning.map_or_else(|| vec![*quietest], |list| routed(list, &configured, desk));
    Some(Alertmanager { spec, critical, warning })
}

fn check_via(via: &At<Name>, key: &str, desk: &mut Desk<'_>) {
    if desk.must_call(via, key).is_some() && desk.names.components.contains(via.value.as_str()) {
        let message = format!("`{key}` names `{}`, which is no external", via.value);
        desk.report
            .error(codes::CONFLICT, via.span, message)
            .help(format!("declare `[externals.{}]`: messages leave the cluster", via.value));
    }
}

fn check_email(email: &EmailSpec, desk: &mut Desk<'_>) {
    for (addresses, several) in [(&email.to, true), (&email.from, false)] {
        let parts: Vec<&str> = addresses.value.split(',').map(str::trim).collect();
        if (parts.len() > 1 && !several) || !parts.iter().all(|part| is_address(part)) {
            let expected = if several { "addresses with commas between them" } else { "one address" };
            desk.report
                .error(codes::INVALID_VALUE, addresses.span, format!("`{}` is no e-mail address", addresses.value))
                .help(format!("expected {expected}, such as `oncall@example.com`"));
        }
    }
    let half = match (&email.user, &email.password) {
        (Some(user), None) => Some((user.span, "`user` without `password`", "password = \"secret/key\"")),
        (None, Some(password)) => Some((password.span, "`password` without `user`", "user = …")),
        _ => None,
    };
    if let Some((span, message, missing)) = half {
        desk.report.error(codes::MISSING_KEY, span, message).help(format!("add `{missing}`, or leave both out"));
    }
}

/// Enough to catch a forgotten domain; only the relay knows whether somebody reads it.
fn is_address(text: &str) -> bool {
    let plain = text.chars().all(|letter| letter.is_ascii_graphic());
    plain
        && text
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
}

/// Source: slack.com/help, "Guidelines for channel names".
fn is_channel(text: &str) -> bool {
    let fits = |letter: char| (letter.is_alphanumeric() && !letter.is_uppercase()) || "-_".contains(letter);
    text.strip_prefix('#').is_some_and(|name| (1..=80).contains(&name.chars().count()) && name.chars().all(fits))
}

/// The channels of a route; those that are not configured, or stand there twice, are reported.
fn routed(list: &At<Vec<At<Channel>>>, configured: &[Channel], desk: &mut Desk<'_>) -> Vec<Channel> {
    let mut channels = Vec::with_capacity(list.value.len());
    for At { value: channel, span } in &list.value {
        let name = match channel {
            Channel::Email => "email",
            Channel::Slack => "slack",
        };
        if channels.contains(channel) {
            desk.report.error(codes::DUPLICATE, *span, format!("`{name}` stands here twice")).help("name it once");
        } else if configured.contains(channel) {
            channels.push(*channel);
        } else {
            desk.report
                .error(codes::REQUIRES, *span, format!("this component has no `{name}`"))
                .help(format!("add `{name} = {{ … }}`, or take it out of the route"));
        }
    }
    channels
}
