//! The YAML writer: any value comes back as it went in, from two readers with parsers of their own, and a reviewer can
//! read it.

use platformgen::emit::yaml;
use proptest::prelude::*;
use serde_json::{Value, json};

fn written(value: &Value) -> String {
    let mut text = String::new();
    yaml::write(value, &mut text).expect("keys are strings and the value is not deep");
    text
}

/// Reads with both readers; they must agree with what was written.
fn survives(value: &Value) -> Result<(), String> {
    let text = written(value);
    let first: Value = yaml_serde::from_str(&text).map_err(|error| format!("{error} in\n{text}"))?;
    let second: Value = serde_saphyr::from_str(&text).map_err(|error| format!("{error} in\n{text}"))?;
    if first == *value && second == *value {
        Ok(())
    } else {
        Err(format!("{value} became {first} and {second} through\n{text}"))
    }
}

/// As value, list item, nested list item and key.
fn everywhere(text: &str) -> Value {
    json!({ "value": text, "list": [text, [text, text]], "map": { text: text, "next": { text: [text] } }, "last": 1 })
}

/// Texts that some reader takes for something else when they stand plain, or cannot hold in a literal block.
const TRAPS: &[&str] = &[
    "",
    " ",
    "~",
    "null",
    "Null",
    "true",
    "False",
    "yes",
    "No",
    "on",
    "OFF",
    "y",
    "n",
    "Y",
    "N",
    "=",
    "<<",
    "-",
    "?",
    ":",
    "---",
    "...",
    "0",
    "1",
    "-1",
    "+1",
    "1_000",
    "012",
    "0o17",
    "0x1F",
    "0b11",
    "1.5",
    ".5",
    "5.",
    "1e3",
    "1e",
    "1E+3",
    ".inf",
    "-.INF",
    ".nan",
    "12:30",
    "12:30:45",
    "1:60",
    "2026-11-22",
    "2026-11-22T10:00:00Z",
    "1.2.3",
    "v1.36",
    "10Gi",
    "250m",
    "@a",
    "`a",
    "%a",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "|-",
    "#a",
    "a #b",
    "a#b",
    "a: b",
    "a:",
    ":a",
    "a:b",
    "- a",
    "-a",
    "? a",
    "[a",
    "]",
    "{a",
    "}",
    ",a",
    "'a",
    "\"a",
    "a'b\"c",
    "\\",
    "a\\nb",
    " a",
    "a ",
    "\ta",
    "a\t",
    "a\tb",
    "\n",
    "\n\n",
    "a\n",
    "a\nb",
    "a\nb\n",
    "a\n\nb\n\n",
    "\na",
    "\n a",
    " a\nb",
    "\ta\nb",
    "a\n b",
    "a\n\tb",
    "a \nb",
    "a\t\nb",
    "a\r\nb",
    "\r",
    "a\rb",
    "a\u{85}b",
    "a\u{2028}b",
    "\u{feff}a",
    "a\u{feff}",
    "\u{7f}",
    "\u{1b}[0m",
    "\u{0}",
    "é",
    "日本",
    "😀",
    "a\n# b\n",
    "# a\nb",
    "---\na",
    "a\n---\nb",
    "...\n",
    "%a\nb",
    "a: |\n  b\n",
    "{{ x }}",
    "{{ .a | b }}\n",
    "- a\n- b\n",
    "key: value",
    "https://example.com:443/a?b=c#d",
    "$(VAR)",
    "${x}",
    "*",
    "**/*.rs",
    "a, b",
    "[a, b]",
];

#[test]
fn every_trap_comes_back_from_everywhere() {
    for trap in TRAPS {
        survives(&everywhere(trap)).expect("it comes back");
    }
}

#[test]
fn values_that_are_no_text_keep_their_type() {
    for value in [
        json!(null),
        json!(true),
        json!(0),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(0.5),
        json!(-1e300),
        json!([]),
        json!({}),
        json!([[], {}, [[]], [{}], { "a": [] }]),
        json!({ "a": { "b": {} }, "c": [1, [2, [3]], { "d": 4 }] }),
    ] {
        survives(&json!({ "value": value, "list": [value, value] })).expect("it comes back");
    }
}

#[test]
fn plain_text_stays_plain_and_payloads_are_literal_blocks() {
    let value = json!({ "image": "registry.example.com/acme/api:1.4.2", "list": ["a b", "--flag=value"], "text": "one\n  two\n\nthree\n" });
    let expected = "image: registry.example.com/acme/api:1.4.2\nlist:\n- a b\n- --flag=value\ntext: |\n  one\n    two\n\n  three\n";
    assert_eq!(written(&value), expected);
}

#[test]
fn depth_is_bounded_and_an_error_leaves_nothing_behind() {
    let deep = (0..10_000).fold(json!(1), |inner, _| Value::Array(vec![inner]));
    let mut text = "before\n".to_owned();
    assert!(yaml::write(&deep, &mut text).is_err());
    assert_eq!(text, "before\n");
    // serde_json drops a value by recursion; give it back level by level.
    let mut rest = deep;
    while let Value::Array(mut items) = rest {
        rest = items.pop().unwrap_or(Value::Null);
    }
}

/// Every trap alone and joined with every other, for `conformance/run`, which asks readers in other languages.
#[test]
fn the_corpus_for_other_readers_is_written_when_asked_for() {
    let joined =
        |glue: &'static str| TRAPS.iter().flat_map(move |a| TRAPS.iter().map(move |b| format!("{a}{glue}{b}")));
    let texts: Vec<String> =
        TRAPS.iter().map(|trap| (*trap).to_owned()).chain(joined("\n")).chain(joined(" ")).collect();
    assert!(texts.len() > 10_000, "the corpus is large");
    let Some(path) = std::env::var_os("PLATFORMGEN_CORPUS") else { return };
    let line = |text: &String| {
        let value = everywhere(text);
        json!({ "yaml": written(&value), "value": value }).to_string()
    };
    let lines = texts.iter().map(line).collect::<Vec<_>>().join("\n") + "\n";
    std::fs::write(path, lines).expect("the corpus can be written");
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[ \t\n#:a-c-]{0,24}".prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("\\PC{0,8}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_back_from_everywhere(text in any::<String>()) {
        survives(&everywhere(&text)).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn texts_of_many_lines_come_back(text in "([ \t]{0,3}[a-c#:{}'\"|>-]{0,4}[ \t]{0,2}\n){0,6}[a-c ]{0,3}") {
        survives(&everywhere(&text)).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn any_value_comes_back(value in values()) {
        survives(&json!({ "value": value })).map_err(TestCaseError::fail)?;
    }
}
