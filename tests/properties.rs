//! Whatever is thrown at the reader, the answer is a platform that renders or diagnostics with places; and what is
//! rendered reads back as what was meant.

use std::ops::Range;

use platformgen::diagnostics::caret;
use platformgen::diagnostics::report::{Report, Severity};
use platformgen::diagnostics::source::Source;
use platformgen::values::shelf::Described;
use platformgen::{emit, pipeline};
use proptest::prelude::*;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

#[path = "support/flagship.rs"]
mod flagship;
#[path = "support/random.rs"]
mod random;

const DIFFERENT: &str = include_str!("platforms/different.toml");
const REPLICATED: &str = include_str!("platforms/replicated.toml");

/// Renders `text`, or prints what is wrong with it. Exactly one of the two.
fn outcome<'a>(described: impl Into<Described<'a>>) -> Result<String, String> {
    let (described, mut report) = (described.into(), Report::default());
    let rendered = pipeline::render(described, None, &mut report);
    assert_eq!(rendered.is_none(), report.has_errors(), "a platform comes without errors, and only then");
    let own = caret::text(&report.sorted(), Source { name: "p.toml", text: described.text }, false);
    let beside = report.files().map(|(source, report)| caret::text(&report.sorted(), source, false));
    let printed = beside.fold(own, |all, one| all + &one);
    match rendered {
        Some((_, bundle)) => Ok(emit::stream(&bundle.objects)),
        None => Err(printed),
    }
}

/// Every diagnostic names a line and a column that exist.
fn places_exist(text: &str, printed: &str) {
    let lines = text.lines().count().max(1) + 1;
    for line in printed.lines().filter_map(|line| line.trim_start().strip_prefix("--> p.toml:")) {
        let (row, column) = line.split_once(':').expect("a place has two numbers");
        assert!((1..=lines).contains(&row.parse::<usize>().expect("a number")), "line {row} of {lines}");
        assert!(column.parse::<usize>().expect("a number") >= 1);
    }
}

fn documents(stream: &str) -> Vec<Value> {
    // A separator stands alone on its line; inside a value it cannot, as values are quoted or indented.
    format!("\n{stream}")
        .split("\n---\n")
        .filter(|document| !document.is_empty())
        .map(|document| yaml_serde::from_str(document).expect("every document is YAML"))
        .collect()
}

/// A line of the flagship, taken out, doubled or bent.
fn bent() -> impl Strategy<Value = String> {
    let count = flagship::TEXT.lines().count();
    (0..count, 0..4_u8, "\\PC{0,12}").prop_map(|(at, how, noise)| {
        let mut lines: Vec<String> = flagship::TEXT.lines().map(str::to_owned).collect();
        match how {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at].clone()),
            2 => lines[at].push_str(&noise),
            _ => lines[at] = lines[at].replace('"', &noise),
        }
        lines.join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_platform_or_diagnostics(text in "\\PC{0,300}") {
        if let Err(printed) = outcome(&text) {
            places_exist(&text, &printed);
        }
    }

    #[test]
    fn a_bent_flagship_is_a_platform_or_diagnostics(text in bent()) {
        if let Err(printed) = outcome(flagship::with_text(&text)) {
            places_exist(&text, &printed);
            prop_assert!(printed.contains("-->"));
        }
    }

    #[test]
    fn random_platforms_render_and_read_back(text in random::platforms()) {
        let stream = outcome(&text).map_err(TestCaseError::fail)?;
        let mut report = Report::default();
        let (_, bundle) = pipeline::render(&text, None, &mut report).expect("it rendered");
        let read = documents(&stream);
        prop_assert_eq!(read.len(), bundle.objects.len());
        for (document, placed) in read.iter().zip(&bundle.objects) {
            prop_assert_eq!(document, &serde_json::to_value(&placed.object).expect("objects are JSON"));
        }
    }
}

/// Where each value stands that is written after a `=` or in a list; a table with a header of its own is no such value.
fn values(table: &DeTable<'_>, text: &str, found: &mut Vec<Range<usize>>) {
    for (_, node) in table {
        value(node, text, found);
    }
}

fn value(node: &Spanned<DeValue<'_>>, text: &str, found: &mut Vec<Range<usize>>) {
    let span = node.span();
    let written = match node.get_ref() {
        DeValue::Table(inner) => {
            values(inner, text, found);
            text[span.clone()].starts_with('{')
        }
        DeValue::Array(items) => {
            items.iter().for_each(|item| value(item, text, found));
            !text[span.clone()].starts_with("[[")
        }
        _ => true,
    };
    if written {
        found.push(span);
    }
}

/// Whatever stands in for a faulty value while the rest is read, nobody hears of it.
#[test]
fn one_value_of_a_wrong_type_is_one_error() {
    for described in [flagship::described(), DIFFERENT.into(), REPLICATED.into()] {
        let description = described.text;
        let document = DeTable::parse(description).expect("it is TOML");
        let mut found = Vec::new();
        values(document.get_ref(), description, &mut found);
        // what a patch merges is what it says, whatever that is
        let is_merged = |span: &Range<usize>| {
            let line = description[..span.start].rsplit('\n').next().unwrap_or_default();
            line.starts_with("merge") && line.contains('{')
        };
        found.retain(|span| !is_merged(span));
        assert!(found.len() > 20);
        let mut wrong = Vec::new();
        for span in found {
            // No key takes a date. An overlay of the faulty value would be the first to give it a shape.
            let base = description.find("[environments").filter(|base| span.end <= *base);
            let after = &description[span.end..base.unwrap_or(description.len())];
            let text = format!("{}1979-05-27{after}", &description[..span.start]);
            let mut report = Report::default();
            let rendered = pipeline::render(described.with_text(&text), None, &mut report).is_some();
            let told: Vec<_> = report.sorted().into_iter().filter(|told| told.severity == Severity::Error).collect();
            let is_told_elsewhere = report.files().any(|(_, beside)| beside.has_errors());
            if rendered || is_told_elsewhere || told.len() != 1 || told[0].span.start() != span.start {
                wrong.push(caret::text(&told, Source { name: "p.toml", text: &text }, false));
            }
        }
        assert!(wrong.is_empty(), "{} values:\n{}", wrong.len(), wrong.join("--\n"));
    }
}

#[test]
fn deep_nesting_is_one_syntax_error_and_not_a_crash() {
    let told = |text: &str| outcome(text).expect_err("it is no description").matches("error[syntax]").count();
    for open in ["[", "{ a = ", "a = [", "[[", "a.b.", "a = { b = ", "a = \"\"\""] {
        assert_eq!(told(&open.repeat(200_000)), 1, "{open}");
    }
    assert_eq!(told(&format!("x = {}", "[".repeat(10 << 20))), 1);
}
