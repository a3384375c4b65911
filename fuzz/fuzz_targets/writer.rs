//! Any text as key, value and list item: what a YAML reader gets back is what was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use platformgen::emit::yaml;
use serde_json::{Value, json};

fuzz_target!(|text: &str| {
    let value = json!({ "value": text, "list": [text, [text]], "map": { text: text } });
    let mut written = String::new();
    yaml::write(&value, &mut written).expect("keys are strings and the value is not deep");
    let read: Value = yaml_serde::from_str(&written).expect("what is written can be read");
    assert_eq!(read, value, "{written}");
});
