//! The library is the judge of what a text means.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::manifest::read;

/// Every value of a text and its place, a line each.
fn spelled(text: &str, roots: &[(Span, Node)]) -> Vec<String> {
    let mut lines = Vec::new();
    for (span, root) in roots {
        lines.push(format!("document {}..{}", span.start(), span.end()));
        spell(text, root, &mut lines);
    }
    lines
}

fn spell(text: &str, node: &Node, lines: &mut Vec<String>) {
    let written = &text[node.span.start()..node.span.end()];
    // the library does not count the `|` of a literal block, and takes the next line's blanks for its end
    let before = text[..node.span.start()].trim_end().trim_end_matches(['-', '+', '1', '2']);
    let is_text = matches!(node.value, Value::Text(_));
    if is_text && (written.starts_with('|') || before.ends_with('|')) {
        return lines.push(format!("{:?}", node.value));
    }
    match &node.value {
        Value::List(items) => {
            // the library finds some lists at their first dash and some behind it
            lines.push(format!("list to {}", node.span.end()));
            for item in items {
                spell(text, item, lines);
            }
        }
        Value::Map(entries) => {
            lines.push(format!("map at {} {written:?}", node.span.start()));
            for Entry { key, span, node } in entries {
                lines.push(format!("key {key:?} at {} {:?}", span.start(), &text[span.start()..span.end()]));
                spell(text, node, lines);
            }
        }
        Value::Null if written.is_empty() || written == "---" => lines.push("nothing".to_owned()),
        value => lines.push(format!("{value:?} at {} {written:?}", node.span.start())),
    }
}

/// Whether the text is read here, after a look at what the library makes of it.
fn agrees(text: &str) -> Result<bool, TestCaseError> {
    let Some(own) = roots(text) else { return Ok(false) };
    let library = read::roots_of_any(text);
    prop_assert!(library.is_some(), "the library takes {text:?} for broken, not for {own:?}");
    for (own, library) in spelled(text, &own).iter().zip(&spelled(text, &library.unwrap_or_default())) {
        prop_assert_eq!(own, library, "{:?}", text);
    }
    Ok(true)
}

fn yaml_below(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            yaml_below(&entry, found);
        } else {
            found.push(fs::read_to_string(entry).expect("text"));
        }
    }
}

#[test]
fn golden_files_are_block_style_and_nothing_else() {
    let mut texts = Vec::new();
    yaml_below(Path::new("golden"), &mut texts);
    assert!(texts.len() > 10);
    for text in texts {
        assert!(agrees(&text).unwrap(), "{text}");
    }
}

/// Lines that make sense together now and then, and all that leads a reader astray.
const LINES: &[&str] = &[
    "a: 1",
    "b:",
    "c: {}",
    "d: []",
    "e: |",
    "f: |-",
    "g: |+",
    "h: |2",
    "i: |2-",
    "j: |1+",
    "- x",
    "- a: b",
    "- - c",
    "-   d: e",
    "- |",
    "- |-",
    "- {}",
    "-",
    "- -v",
    "- - -",
    "\"q\": \"x\\ny\"",
    "r: \"\\u00e9\"",
    "",
    "  ",
    "text",
    "a b: c d",
    "---",
    "ctl: \u{1}",
    "ctl: \"\u{7f}\"",
    "# \u{2}",
    "# remark",
    "s: x # remark",
    "t: yes",
    "u: 08",
    "v: a:b",
    "w: a: b",
    "x : y",
    "é: ü",
    "a: 2",
    "y: ~",
    "z: -",
    "k: 'q'",
    "l: >",
    "m: &n o",
    "p: *n",
    "<<: q",
    "0x1f: 1",
    "null: 1",
    "? x",
    ": y",
    "...",
    "%YAML 1.2",
    "\tt",
    "n: \tt",
    "o: a\tb",
    "--- x",
    "----",
    "..",
    "-:",
    "q:r",
    "r: -1",
    "s: ?x",
    "t: :x",
    "u: [v]",
    "v: [w, \"x\"]",
    "w: [x,]",
    "x: [y, [z]]",
    "y: [z: a]",
    "z: [\"a\": b]",
    "- [a , b]",
    "- [a, b]: c",
    "a: [b, -c, #d]",
    "b: [c, d",
    "[e, f]",
    "w: @x",
    "x: %y",
    "- ? x",
    "\u{85}",
    "#",
];

fn texts() -> impl Strategy<Value = String> {
    let line = (0_usize..5, proptest::sample::select(LINES));
    let ending = proptest::sample::select(&["", "\n", "\n\n", " ", "\n  "][..]);
    (proptest::collection::vec(line, 1..9), ending).prop_map(|(lines, ending)| {
        let lines: Vec<String> = lines.iter().map(|(blanks, line)| " ".repeat(*blanks) + line).collect();
        lines.join("\n") + ending
    })
}

/// Texts most of which are read here: what hangs together by its columns.
fn trees() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(
        &[
            " 1",
            " x y",
            " \"q\\\"r\"",
            " {}",
            " []",
            " [a, b]",
            " [\"c: d\",1,  .5, e_f/g.h]",
            " |\n~text\n~  more\n\n~end",
            " |-\n~text",
            " |+\n~text\n\n",
            " |2\n~  text",
            " -v",
        ][..],
    );
    let leaf = leaf.prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let indented = inner.clone().prop_map(|text| text.replace('~', "~  "));
        let map = proptest::collection::vec(indented.clone(), 1..4).prop_map(|values| {
            values.iter().enumerate().map(|(at, value)| format!("\n~k{at}:{value}")).collect::<Vec<_>>().concat()
        });
        let list = proptest::collection::vec(indented, 1..4)
            .prop_map(|values| values.iter().map(|value| format!("\n~-{value}")).collect::<Vec<_>>().concat());
        prop_oneof![map, list]
    })
    .prop_map(|text| text.trim_start_matches('\n').replace('~', ""))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_here_is_what_the_library_reads(text in prop_oneof![texts(), trees()]) {
        agrees(&text)?;
    }
}

#[test]
fn ordinary_forms_are_read_here() {
    for text in [
        "",
        "\n",
        "# remark\n",
        "---\n",
        "a: 1",
        "a: 1\n---\nb: 2\n",
        "---\na: 1\n---\n---\nb: 2\n",
        "- a\n- b: c\n  d: e\n- - f\n  - g\n",
        "a:\n- b\nc:\n  - d\n",
        "a: |\n  b\n\n  c\n\nd: |-\n\n   e\n",
        "a: |2+\n    b\n\n\nc: |1-\n  d",
        "\"a b\": \"c\\td\"\n",
        "a: {}\nb: []\n",
        "a: [b, \"c\", 1]\nd:\n  - [e]\n",
        "a:\n  # remark\n  b: c\n# remark\nd: e\n",
    ] {
        assert!(agrees(text).unwrap(), "{text:?}");
    }
}

#[test]
fn what_is_not_plainly_block_style_is_left_to_the_library() {
    for text in [
        "a: b\n c",
        "a: 1\na: 2",
        "a:\nb: c",
        "a: {b: c}",
        "a: [b: c]",
        "a: [b, [c]]",
        "a: [b,\n  c]",
        "a: [b, ]",
        "a: &x b\nc: *x",
        "a: b # remark",
        "a: 'b'",
        "a: >\n  b\n",
        "<<: {a: b}",
        "\ta: b",
        "a: \"b\n  c\"",
        "a: |\n b\n  c\n d: e\n  f\ng",
        "1: a",
        "a: b\r\n",
        "\u{feff}a: b",
        "%YAML 1.2\n---\na: b",
        "--- a",
    ] {
        assert!(roots(text).is_none() || text.contains("d: e"), "{text:?}");
    }
}
