//! Secrets in plain sight. No message ever says what they are.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diff::hiding::holds_credentials;
use crate::diff::telling::{is_place, is_telling};
use crate::manifest::node::Node;
use crate::validate::policy::Fault;
use crate::validate::policy::scene::Inside;
use crate::validate::world::Thing;

/// Variables and arguments.
pub fn in_container<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let variables = inside.node.items_at(&["env"]).iter().filter_map(|item| {
        let name = item.get("name")?;
        is_literal(name.text()?, item.text_at(&["value"])?).then_some(name)
    });
    if let Some(name) = variables.into_iter().next() {
        return Some((name, format!("has a secret in plain sight: the variable `{}`", name.text()?)));
    }
    let words = ["command", "args"].into_iter().flat_map(|key| inside.node.items_at(&[key])).filter_map(Node::text);
    let mut flags = words.filter_map(|word| word.split_once('=')).filter(|(flag, _)| flag.starts_with('-'));
    let (flag, _) = flags.find(|(flag, value)| is_literal(flag.trim_start_matches('-'), value))?;
    Some((inside.node, format!("has a secret in plain sight: the argument `{flag}`")))
}

/// Files of configuration.
pub fn in_config(config: Thing<'_>) -> Vec<Fault<'_>> {
    let entries = ["data", "binaryData"].into_iter().filter_map(|key| config.root().get(key)).flat_map(Node::entries);
    let telling = entries.filter(|entry| {
        let text = entry.node.text().unwrap_or_default();
        let is_file = text.contains('\n');
        holds_key(text) || holds_password(text) || (!is_file && is_literal(&entry.key, text))
    });
    let name = config.root().at(&["metadata", "name"]).unwrap_or(config.root());
    telling.map(|entry| (name, format!("holds a secret in plain sight: `{}`", entry.key))).collect()
}

/// Secrets in a description, which is no place for them: variables by their names, and every text by what it is. Where
/// somebody has accepted one for a component, its variables are not asked.
pub fn in_description(document: &DeTable<'_>, report: &mut Report) {
    let accepted = document.get("accept").and_then(|node| node.get_ref().as_array());
    let components = accepted.into_iter().flatten().filter_map(|entry| {
        let entry = entry.get_ref().as_table()?;
        let of = |key: &str| entry.get(key)?.get_ref().as_str();
        (of("code") == Some(codes::LITERAL_SECRET)).then(|| of("object")?.strip_prefix("components."))?
    });
    let accepted: Vec<&str> = components.collect();
    for (key, node) in document {
        in_table(&[key.get_ref()], node, &accepted, report);
    }
}

/// Letters of the shortest key or token of a known form: names, of which a description is full, are mostly shorter.
const SHORTEST: usize = 20;

fn in_table(path: &[&str], node: &Spanned<DeValue<'_>>, accepted: &[&str], report: &mut Report) {
    match node.get_ref() {
        DeValue::Table(table) => {
            for (key, node) in table {
                in_table(&[path, &[key.get_ref()]].concat(), node, accepted, report);
            }
        }
        DeValue::Array(items) => items.iter().for_each(|item| in_table(path, item, accepted, report)),
        DeValue::String(text) => {
            let variable = match path {
                [.., "components", component, "env", name] if !accepted.contains(component) => Some(*name),
                [.., "components", component, "env", _] if accepted.contains(component) => return,
                // what is no reference has been told of
                [.., "components", _, "secrets", _] => return,
                _ => None,
            };
            if let Some(name) = variable.filter(|name| is_literal(name, text)) {
                report
                    .error(
                        codes::LITERAL_SECRET,
                        node.span(),
                        format!("the variable `{name}` is a secret in plain sight"),
                    )
                    .help(format!(
                        "put the value into a Secret, and say where it is: `secrets = {{ {name} = \"secret/key\" }}`"
                    ));
            } else if variable.is_none() && (holds_password(text) || (text.len() >= SHORTEST && holds_key(text))) {
                // what cannot be read as what it stands for has been told of
                if report.error_places().contains(&node.span().start) {
                    return;
                }
                report
                    .error(codes::LITERAL_SECRET, node.span(), "this is a secret in plain sight")
                    .help("a description says where secrets are and never what they are");
            }
        }
        _ => {}
    }
}

/// Whether a value is a secret, by its name or by itself.
fn is_literal(name: &str, value: &str) -> bool {
    holds_password(value) || holds_key(value) || (is_telling(name) && !is_harmless(name, value))
}

fn holds_key(text: &str) -> bool {
    holds_credentials(text)
}

/// Endings of names that say something about a secret.
const ABOUT: &[&str] = &[
    "algorithm",
    "alg",
    "audience",
    "enabled",
    "endpoint",
    "expiration",
    "expiry",
    "expires",
    "header",
    "host",
    "id",
    "interval",
    "issuer",
    "length",
    "lifetime",
    "method",
    "mode",
    "port",
    "prefix",
    "provider",
    "rotation",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "version",
];

/// Names that end like that and are secrets all the same: whoever knows such an address may use it.
const ADDRESSES: &[&str] = &["webhook", "connection", "slack"];

/// A place, a switch, a number, a reference, or something about a secret.
fn is_harmless(name: &str, value: &str) -> bool {
    let plain = name.to_lowercase();
    let last = plain.rsplit(['_', '-', '.']).next().unwrap_or_default();
    let is_about = ABOUT.contains(&last) && !ADDRESSES.iter().any(|word| plain.contains(word));
    let is_word = ["", "true", "false", "yes", "no", "none", "null"].contains(&value.to_lowercase().as_str());
    let refers = ["$(", "${", "{{", "<", "/", "file:"].iter().any(|start| value.starts_with(start));
    is_about || is_word || refers || is_place(name, value) || value.parse::<f64>().is_ok()
}

/// `postgres://user:password@host`
fn holds_password(text: &str) -> bool {
    text.match_indices("://").any(|(at, mark)| {
        let rest = &text[at + mark.len()..];
        let end = rest.find(|letter: char| letter.is_whitespace() || "/\"'`<>".contains(letter)).unwrap_or(rest.len());
        let Some((user, _)) = rest[..end].rsplit_once('@') else { return false };
        let password = user.split_once(':').map_or("", |(_, password)| password);
        !password.is_empty() && !password.starts_with(['$', '{', '*', '%', '<', '['])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_what_is_about_them() {
        for (name, value) in [
            ("DB_PASSWORD", "hunter2"),
            ("DATABASE", "postgres://app:hunter2@db:5432/app"),
            ("ANY", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
            ("SLACK_WEBHOOK_URL", "https://hooks.example.com/T0/B0/x"),
            ("api-key", "4f2a9c"),
        ] {
            assert!(is_literal(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("DB_PASSWORD", ""),
            ("DB_PASSWORD", "$(PASSWORD)"),
            ("DB_PASSWORD_FILE", "/run/secrets/db"),
            ("TOKEN_URL", "https://login.example.com/token"),
            ("TOKEN_TTL", "1h"),
            ("PASSWORD_MIN_LENGTH", "12"),
            ("DATABASE", "postgres://db:5432/app"),
            ("DATABASE", "postgres://$(USER):$(PASSWORD)@db:5432/app"),
            ("AWS_ACCESS_KEY_ID", "some-name"),
            ("SECRET_NAME", "db"),
            ("LOG_LEVEL", "info"),
        ] {
            assert!(!is_literal(name, value), "{name}={value}");
        }
    }
}
