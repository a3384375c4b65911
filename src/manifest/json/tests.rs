//! The library is the judge of what a text means.

use proptest::prelude::*;

use super::*;
use crate::manifest::read;

/// Every value of a text and its place, a line each.
fn spell(text: &str, node: &Node, lines: &mut Vec<String>) {
    // the library counts the blanks behind a quoted text
    let written = text[node.span.start()..node.span.end()].trim_end();
    match &node.value {
        Value::List(items) => {
            lines.push(format!("list {written:?}"));
            for item in items {
                spell(text, item, lines);
            }
        }
        Value::Map(entries) => {
            lines.push(format!("map {written:?}"));
            for Entry { key, span, node } in entries {
                lines.push(format!("key {key:?} at {} {:?}", span.start(), text[span.start()..span.end()].trim_end()));
                spell(text, node, lines);
            }
        }
        value => lines.push(format!("{value:?} at {} {written:?}", node.span.start())),
    }
}

fn spelled(text: &str, roots: &[(Span, Node)]) -> Vec<String> {
    let mut lines = Vec::new();
    for (span, root) in roots {
        lines.push(format!("document at {}", span.start()));
        spell(text, root, &mut lines);
    }
    lines
}

/// Whether the text is read here, after a look at what the library makes of it.
fn agrees(text: &str) -> Result<bool, TestCaseError> {
    let Some(own) = roots(text) else { return Ok(false) };
    let library = read::roots_of_any(text);
    prop_assert!(library.is_some(), "the library takes {text:?} for broken, not for {own:?}");
    prop_assert_eq!(spelled(text, &own), spelled(text, &library.unwrap_or_default()), "{:?}", text);
    Ok(true)
}

/// What JSON is made of, and what leads a reader astray.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "\n",
    "\t",
    "\"a\"",
    "\"b\"",
    "\"\"",
    "\"\\n\\u00e9\"",
    "\"\\/\"",
    "\"\\ud83d\"",
    "\"x: y # z\"",
    "\"<<\"",
    "\"é\"",
    "1",
    "-1",
    "0",
    "1.5",
    "1e3",
    "1.0E+2",
    "-",
    "01",
    "0x1f",
    "true",
    "false",
    "null",
    "yes",
    "a",
    "#",
    "- ",
    "'",
    "\"",
    "\\",
    "&a",
    "*a",
    "!!str",
    "---",
    "...",
    "\r",
    "{\"a\": ",
    "[1, ",
    "\"a\":1",
    "\"k\" : ",
];

/// Values as serde would write them, so that most texts are read.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("JSON has no others", |number| number.is_finite())
            .prop_map(|number| format!("{number:e}")),
        Just("true".to_owned()),
        Just("null".to_owned()),
        "[ -~é\n\t\"\\\\]{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| {
        let blanks = prop_oneof![Just(""), Just(" "), Just("\n  ")];
        prop_oneof![
            (proptest::collection::vec(inner.clone(), 0..5), blanks.clone())
                .prop_map(|(items, blank)| format!("[{blank}{}{blank}]", items.join(&format!(",{blank}")))),
            (proptest::collection::vec(("[a-z ]{0,3}", inner), 0..5), blanks).prop_map(|(entries, blank)| {
                let entries: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{key:?}:{blank}{value}")).collect();
                format!("{{{blank}{}{blank}}}", entries.join(&format!("{blank},")))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_means_what_the_library_says(text in value()) {
        agrees(&text)?;
    }

    #[test]
    fn anything_means_what_the_library_says(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..14)) {
        agrees(&pieces.concat())?;
    }
}

#[test]
fn what_programs_write_is_read_here() {
    for text in ["{\"a\": [1, 2.5, \"x\\n\", null, true, {}]}\n", "[\n  {\n    \"k\": []\n  }\n]\n"] {
        assert!(agrees(text).unwrap(), "{text}");
    }
    for text in ["[1, - ]", "{\"a\": 1, \"a\": 2}", "{a: 1}", "{\"a\": 1,}", "{\"a\"}", "[", "{\"a\": '1'}", "1", ""] {
        assert!(roots(text).is_none(), "{text}");
    }
}

#[test]
fn objects_may_follow_one_another() {
    let text = "{\"a\": \"}{\\\"\"}\n{\"b\":[{}]}{}\r\n";
    let places = stream(text).unwrap();
    let pieces: Vec<&str> = places.iter().map(|place| &text[place.clone()]).collect();
    assert_eq!(pieces, ["{\"a\": \"}{\\\"\"}", "{\"b\":[{}]}", "{}"]);
    for (place, piece) in places.into_iter().zip(pieces) {
        let (span, root) = root_at(text, place.clone()).unwrap();
        assert_eq!((span.start(), span.end()), (place.start, place.end));
        let mut lines = Vec::new();
        spell(text, &root, &mut lines);
        assert_eq!(lines.len(), spelled(piece, &roots(piece).unwrap()).len() - 1, "{lines:?}");
    }
    for text in ["{}", "{} {", "{}}", "{a: b}\n{c: d}", "{}\n---\n{}", "{} # a\n{}", "{\"a", "[] []", "{}\n[]", ""] {
        assert_eq!(stream(text), None, "{text}");
    }
}

#[test]
fn a_letter_of_two_escapes_is_one_in_json_alone() {
    let said = |text: &str| roots(text).map(|roots| roots[0].1.text_at(&["a"]).map(str::to_owned));
    assert_eq!(said(r#"{"a": "x\ud83d\uDE00"}"#), Some(Some("x😀".to_owned())));
    for text in [r#"{"a": "\ud83d"}"#, r#"{"a": "\ud83d\ud83d"}"#, r#"{"a": "\ud83dx"}"#, r#"{"a": "\ude00\ud83d"#] {
        assert_eq!(said(text), None, "{text}");
    }
}
