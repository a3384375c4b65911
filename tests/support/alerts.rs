//! What the rule files of Prometheus and the configuration of Alertmanager say, read from the ConfigMaps that hold them.
//! Source: prometheus.io, "Query functions": `absent` gives the labels of equality matchers, and of a plain selector only.

use serde_json::Value;

use crate::support::examples::{World, documents};
use crate::support::faults::Faults;
use crate::support::objects::{Object, entries, items, text};

/// Every alert, with the ConfigMap that it stands in.
fn alerts(world: &World) -> Vec<(&Object, Value)> {
    let mut alerts = Vec::new();
    for object in world.of_kind("ConfigMap").filter(|object| object.name.ends_with("-rules")) {
        for (_, file) in entries(object.at("/data")) {
            let groups = documents(text(file));
            let rules = groups.iter().flat_map(|file| items(&file["groups"])).flat_map(|group| items(&group["rules"]));
            alerts.extend(rules.filter(|rule| rule["alert"].is_string()).map(|rule| (object, rule.clone())));
        }
    }
    alerts
}

/// What `absent` is asked about is a plain selector that names a namespace. Over a comparison it has no labels: the
/// page names nobody, nothing groups it and nothing mutes it.
pub fn absences_say_where(world: &World, faults: &mut Faults) {
    for (object, alert) in alerts(world) {
        let arguments = text(&alert["expr"]).split("absent(").skip(1).map(argument);
        for selector in arguments {
            let plain = selector.split_once('{').is_some_and(|(metric, labels)| {
                let named = metric.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
                named && labels.find('}') == Some(labels.len() - 1) && labels.contains("namespace=\"")
            });
            let message = format!("absent({selector}) does not say where");
            faults.unless(plain, object, text(&alert["alert"]), message);
        }
    }
}

/// What somebody gets up for is muted only by what is about the very same pod: that one of ten does not answer says
/// nothing about why the other nine fail.
pub fn only_the_same_pod_mutes_what_is_critical(world: &World, faults: &mut Faults) {
    for object in world.of_kind("ConfigMap") {
        let Some(file) = object.at("/data")["alertmanager.yml"].as_str() else { continue };
        for rule in documents(file).iter().flat_map(|config| items(&config["inhibit_rules"])) {
            let quiet = items(&rule["target_matchers"]).any(|matcher| matcher == "severity=\"warning\"");
            let same_pod = items(&rule["equal"]).any(|label| label == "pod");
            // Labels that neither has are equal too.
            let known = items(&rule["source_matchers"]).any(|matcher| matcher == "pod=~\".+\"");
            let message = format!("mutes what is critical: {rule}");
            faults.unless(quiet || same_pod && known, object, "inhibit_rules", message);
        }
    }
}

/// To the parenthesis that closes the call; no label value here holds one.
fn argument(call: &str) -> &str {
    let mut depth = 1;
    let closes = |letter: char| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        depth == 0
    };
    &call[..call.find(closes).unwrap_or(call.len())]
}
