//! Random descriptions of platforms.

use std::fmt::Write;

use platformgen::diff::hiding::line_hidden;
use proptest::prelude::*;

/// Services that call each other forwards, on random ports, with random limits.
pub fn platforms() -> impl Strategy<Value = String> {
    let value = "[a-zA-Z0-9 #:{}%@`'_-]{0,20}".prop_filter("a password is refused", |text| line_hidden(text) == *text);
    let service = (1024..60_000_u16, 1..5_i32, value, any::<bool>());
    prop::collection::vec(service, 1..8).prop_map(|services| {
        let mut text = String::from(
            "version = 1\n[platform]\nname = \"p\"\ndomain = \"example.com\"\n[cluster]\napi-server = { cidrs = [\"10.0.0.1/32\"], ports = [443] }\n\
             [secrets]\nbackend = \"external-secrets\"\nstore = \"s\"\n[namespaces.a]\n[namespaces.b]\n",
        );
        let count = services.len();
        for (at, (port, replicas, value, other)) in services.into_iter().enumerate() {
            let value = serde_json::to_string(&value).expect("TOML reads what JSON writes");
            let namespace = if other { "a" } else { "b" };
            let calls = if at + 1 < count { format!("\"s{}\"", at + 1) } else { String::new() };
            let address = if at + 1 < count { format!("${{s{}}}", at + 1) } else { String::new() };
            let _ = write!(
                text,
                "[components.s{at}]\ntype = \"web-service\"\nnamespace = \"{namespace}\"\nimage = \"ghcr.io/x/s{at}:1\"\nport = {port}\n\
                 replicas = {replicas}\ncalls = [{calls}]\nenv = {{ VALUE = {value}, NEXT = \"{address}\" }}\nsecrets = {{ KEY = \"s{at}/key\" }}\n",
            );
        }
        text
    })
}
