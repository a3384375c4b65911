//! PromQL, read and written: the names of the metrics in an expression, with enough of the grammar to tell a metric from
//! a label, a function and a keyword; and the one expression that every component asks about itself.
//! Source: prometheus.io, "Querying basics", "Operators" and "Query functions".

use crate::model::identity::Own;

/// Words that take a list of labels in parentheses.
const LABEL_LISTS: &[&str] = &["by", "without", "on", "ignoring", "group_left", "group_right"];
/// Words that stand alone.
const KEYWORDS: &[&str] = &["and", "or", "unless", "bool", "offset", "inf", "nan", "start", "end", "atan2"];

/// True while Prometheus reaches no target of `own`, or none in its containers of that name: `up == 0` cannot see what
/// is not there at all.
///
/// `absent` keeps the labels of a plain selector only; with a comparison inside, the page would name nobody. Both halves
/// give the same labels, so that an alert stays the same one when pods come back without being ready.
pub fn unreached(own: &Own, container: Option<&str>) -> String {
    let mut labels = vec![("namespace", own.namespace.as_str()), ("service", own.name.as_str())];
    labels.extend(container.map(|container| ("container", container)));
    let matchers: Vec<String> = labels.iter().map(|(label, value)| format!(r#"{label}="{value}""#)).collect();
    let names: Vec<&str> = labels.iter().map(|(label, _)| *label).collect();
    let targets = format!("up{{{}}}", matchers.join(", "));
    format!("(absent({targets}) or sum by ({}) ({targets}) == 0)", names.join(", "))
}

/// Every metric name in `expr`, as often as it occurs.
pub fn metrics_in(expr: &str) -> impl Iterator<Item = &str> {
    let mut rest = expr;
    std::iter::from_fn(move || {
        loop {
            let (word, after) = next_word(rest)?;
            rest = after;
            if LABEL_LISTS.contains(&word) {
                rest = skip_parenthesis(rest);
            } else if !is_keyword(word) && !rest.trim_start().starts_with('(') && !is_aggregation_head(rest) {
                return Some(word);
            }
        }
    })
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// `sum by (x) (…)`: the word before `by` or `without` is an aggregation, not a metric.
fn is_aggregation_head(rest: &str) -> bool {
    let next = rest.trim_start();
    ["by", "without"].iter().any(|word| next.strip_prefix(word).is_some_and(|tail| tail.trim_start().starts_with('(')))
}

/// The next word outside strings, selectors, ranges and numbers, and what follows it.
fn next_word(text: &str) -> Option<(&str, &str)> {
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let skipped = match letter {
            '"' | '\'' | '`' => string_length(rest, letter),
            '{' => delimited_length(rest, '}'),
            '[' => delimited_length(rest, ']'),
            '$' => 1 + word_length(&rest[1..]),
            '0'..='9' => word_length(rest),
            _ if is_word_start(letter) => return Some(rest.split_at(word_length(rest))),
            _ => letter.len_utf8(),
        };
        rest = &rest[skipped..];
    }
    None
}

fn is_word_start(letter: char) -> bool {
    letter.is_ascii_alphabetic() || letter == '_' || letter == ':'
}

fn word_length(text: &str) -> usize {
    text.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == ':')).unwrap_or(text.len())
}

fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// To the closing delimiter; quoted text inside may hold it.
fn delimited_length(text: &str, close: char) -> usize {
    let mut at = 1;
    while let Some(letter) = text[at..].chars().next() {
        match letter {
            '"' | '\'' | '`' => at += string_length(&text[at..], letter),
            _ if letter == close => return at + 1,
            _ => at += letter.len_utf8(),
        }
    }
    text.len()
}

fn skip_parenthesis(text: &str) -> &str {
    match text.trim_start().strip_prefix('(').and_then(|inside| inside.split_once(')')) {
        Some((_, after)) => after,
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::name::Name;

    fn found(expr: &str) -> Vec<&str> {
        metrics_in(expr).collect()
    }

    #[test]
    fn metrics_are_told_from_functions_labels_and_keywords() {
        for (expr, expected) in [
            ("up == 0", vec!["up"]),
            (r#"absent(up{service="api"} == 1)"#, vec!["up"]),
            ("sum by (namespace, service) (rate(http_requests_total[5m]))", vec!["http_requests_total"]),
            ("sum(rate(a_total[5m])) by (pod) / on (pod) group_left (node) b:c:rate5m", vec!["a_total", "b:c:rate5m"]),
            (r#"histogram_quantile(0.95, sum by (le) (x_bucket{path!~"/a|}b"}))"#, vec!["x_bucket"]),
            ("x > 0.1 and y offset 5m unless z", vec!["x", "y", "z"]),
            ("rate(x[$__rate_interval]) * 1e3", vec!["x"]),
            ("vector(1)", vec![]),
            ("count_values(\"version\", build_info)", vec!["build_info"]),
            ("max without (pod) (x)", vec!["x"]),
            ("predict_linear(v[6h], 4 * 86400) < 0", vec!["v"]),
        ] {
            assert_eq!(found(expr), expected, "{expr}");
        }
    }

    #[test]
    fn what_is_gone_is_named_by_both_halves() {
        let own = Own { namespace: Name::fixed("shop"), name: Name::fixed("till") };
        let targets = r#"up{namespace="shop", service="till"}"#;
        assert_eq!(
            unreached(&own, None),
            format!("(absent({targets}) or sum by (namespace, service) ({targets}) == 0)")
        );
        let targets = r#"up{namespace="shop", service="till", container="drawer"}"#;
        assert_eq!(
            unreached(&own, Some("drawer")),
            format!("(absent({targets}) or sum by (namespace, service, container) ({targets}) == 0)")
        );
    }

    #[test]
    fn broken_text_ends_instead_of_looping() {
        for expr in ["{", "\"", "a{b=\"", "[", "$", "$é", "by (", "é{"] {
            let _ = found(expr);
        }
    }
}
