//! No secret value is anywhere.

use serde_json::Value;

use crate::support::examples::World;
use crate::support::faults::Faults;
use crate::support::objects::{Object, entries, items, text, walk};

/// Words in the names of fields and variables that hold secrets.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "access_key",
    "private_key",
    "credential",
    "htpasswd",
];

/// What such a field may hold besides: a path, a reference, a template, a switch.
fn is_harmless(key: &str, value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'', ',']);
    let refers = key.ends_with("file")
        || key.ends_with("name")
        || key.ends_with("namespace")
        || key.ends_with("path")
        || value.starts_with('/');
    let computed = value.starts_with("{{") || value.starts_with("$(") || value.starts_with("${");
    let switch = ["true", "false", ""].contains(&value) || value.parse::<f64>().is_ok();
    refers || computed || switch
}

/// No Secret objects, and no literal where the name of a field or variable says that it is a secret.
pub fn nothing_secret_is_written(world: &World, faults: &mut Faults) {
    for object in &world.objects {
        if object.kind == "Secret" {
            let maps = ["/data", "/stringData"].into_iter().flat_map(|map| entries(object.at(map)));
            for (key, value) in maps {
                let is_encrypted =
                    text(value).starts_with("ENC[AES256_GCM,data:") && text(value).ends_with(",type:str]");
                faults.unless(is_encrypted, object, key, "a Secret holds a value");
            }
            faults.unless(object.at("/sops/mac").is_string(), object, "/sops", "a Secret is not encrypted");
        }
        if let Some(pods) = object.pods() {
            for container in pods.containers() {
                for variable in items(&container.value["env"]) {
                    let name = text(&variable["name"]).to_lowercase();
                    judge(object, &name, &variable["value"], faults);
                }
                for argument in items(&container.value["args"]).map(text) {
                    if let Some((flag, value)) = argument.split_once('=') {
                        judge(object, &flag.to_lowercase(), &Value::from(value), faults);
                    }
                }
            }
        }
        if object.kind == "ConfigMap" {
            walk(object.at("/data"), "/data", &mut |pointer, value| {
                for line in text(value).lines() {
                    let line = line.trim().trim_start_matches("- ");
                    if let Some((key, value)) = line.split_once(": ").or_else(|| line.split_once('=')) {
                        let key = key.trim().trim_matches('"').to_lowercase();
                        // Panels and rules name metrics, in JSON and in expressions; neither is a setting.
                        if key.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter)) {
                            judge(object, &key, &Value::from(value), faults);
                        }
                    }
                }
                let key = pointer.to_lowercase();
                faults.unless(!text(value).contains("PRIVATE KEY"), object, pointer, "holds a private key");
                faults.unless(key.split('.').next_back() != Some("key"), object, pointer, "holds a key");
            });
        }
    }
}

fn judge(object: &Object, key: &str, value: &Value, faults: &mut Faults) {
    let secret = SECRET_WORDS.iter().any(|word| key.contains(word));
    if let Some(value) = value.as_str().filter(|value| secret && !is_harmless(key, value)) {
        faults.add(object, key, format!("`{value}` stands in the open"));
    }
}
