//! Questions to Prometheus: whether it understands them, and what they ask for.

use std::collections::BTreeSet;

use promql_parser::parser::token::{T_LAND, T_LIMIT_RATIO, T_LIMITK, T_LOR, T_LUNLESS, TokenId};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{self, BinaryExpr, Call, Expr, LabelModifier, VectorSelector};

use crate::validate::monitoring::masks::Masks;
use crate::validate::monitoring::matchers::Matcher;
use crate::validate::monitoring::{spelling, vain};

/// What an expression asks for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The series that it selects.
    pub selectors: Vec<Selector>,
    /// The windows over which it looks at how series change.
    pub windows: Vec<Window>,
    /// What its result is, if that is no value of the moment.
    pub result: Option<&'static str>,
    /// Functions that Prometheus has only if somebody turns them on.
    pub experiments: Vec<&'static str>,
    /// Whether it has a result only if something is the case.
    pub is_condition: bool,
    /// The labels of its result; `None` if nobody can tell.
    pub labels: Option<BTreeSet<String>>,
    /// The series whose absence is a result by itself.
    pub absences: Vec<Selector>,
    /// What in it never has a result, whatever there is.
    pub vain: Vec<String>,
}

/// Series that are selected.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    /// The name of their metric, if it is said.
    pub metric: Option<String>,
    /// What else they must have.
    pub matchers: Vec<Matcher>,
}

/// A window of time within a function.
#[derive(Clone, Debug)]
pub struct Window {
    /// The function.
    pub function: &'static str,
    /// How many samples it needs within the window to say something sound.
    pub samples: u64,
    /// How long it is, in milliseconds.
    pub range: u64,
    /// The distance of the values in it, in milliseconds, if the expression itself says so.
    pub step: Option<u64>,
    /// Whose samples they are.
    pub selector: Selector,
}

/// Functions of how series change, and how many samples each needs: two to say anything, four to outlive a scrape that
/// fails and another that is late.
const CHANGES: &[(&str, u64)] =
    &[("rate", 4), ("increase", 4), ("delta", 4), ("deriv", 4), ("predict_linear", 4), ("irate", 2), ("idelta", 2)];

/// Aggregations that Prometheus has only if somebody turns them on; of functions, the parser knows.
const EXPERIMENTS: &[(TokenId, &str)] = &[(T_LIMITK, "limitk"), (T_LIMIT_RATIO, "limit_ratio")];

/// More operators and parentheses than anybody writes; walking along them would take more stack than there is.
const MOST: usize = 2_000;

/// Reads an expression, or says what is wrong with it. `None` if it is too large to be judged.
pub fn parse(text: &str) -> Option<Result<Query, String>> {
    let operators = text.bytes().filter(|byte| b"(+-*/%^<>=!{".contains(byte)).count();
    if operators + text.split_ascii_whitespace().count() > MOST {
        return is_lopsided(text).then(|| Err("its parentheses do not go together".to_owned()));
    }
    let text = spelling::plain(text);
    let (masked, masks) = Masks::of(&text);
    // what is wrong is told in the words of the expression itself
    let parsed = parser::parse(&masked).or_else(|_| parser::parse(&text));
    Some(parsed.map(|expr| {
        let mut query = Query { result: result(&expr), ..Query::default() };
        walk(&expr, &masks, &mut query);
        query.is_condition = is_condition(&expr);
        query.labels = labels(&expr);
        query
    }))
}

/// Whether some parenthesis has no other one, so that nobody can read an expression, however large.
fn is_lopsided(text: &str) -> bool {
    let (mut depth, mut quote, mut is_escaped) = (0_i64, None, false);
    for letter in text.chars() {
        match (quote, letter) {
            (Some('\n'), '\n') => quote = None,
            (Some('"' | '\''), _) if is_escaped => is_escaped = false,
            (Some('"' | '\''), '\\') => is_escaped = true,
            (Some(open), _) if open == letter => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(letter),
            // a remark ends with its line
            (None, '#') => quote = Some('\n'),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return true;
        }
    }
    depth != 0
}

/// What something must follow, the longer before the shorter.
const BETWEEN: &[&str] = &[
    "==", "!=", ">=", "<=", ">", "<", "+", "-", "*", "/", "%", "^", " and", " or", " unless", " atan2", " bool",
    " offset",
];

/// Words that a list of labels in parentheses follows.
const BEFORE_LABELS: &[&str] = &["by", "without", "on", "ignoring"];

/// What is wrong with an expression for which the parser has no words.
pub fn hint(text: &str) -> Option<String> {
    if let Some(last) = BETWEEN.iter().find(|sign| text.trim_end().ends_with(**sign)) {
        return Some(format!("something must follow `{}`", last.trim()));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let slip = words.windows(2).find(|pair| {
        BEFORE_LABELS.contains(&pair[0].to_ascii_lowercase().as_str())
            && pair[1].starts_with(|letter: char| letter.is_ascii_alphabetic())
    })?;
    let label = slip[1].split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').next()?;
    Some(format!("labels stand in parentheses: `{} ({label})`", slip[0]))
}

/// What an expression results in, if that is no value of the moment.
fn result(expr: &Expr) -> Option<&'static str> {
    match expr.value_type() {
        ValueType::Vector | ValueType::Scalar => None,
        ValueType::Matrix => Some("the samples of a range"),
        ValueType::String => Some("a text"),
    }
}

fn walk(expr: &Expr, masks: &Masks, query: &mut Query) {
    match expr {
        Expr::Aggregate(inner) => {
            let experiment = EXPERIMENTS.iter().find(|(id, _)| *id == inner.op.id());
            query.experiments.extend(experiment.map(|(_, name)| name));
            walk(&inner.expr, masks, query);
            inner.param.iter().for_each(|param| walk(param, masks, query));
        }
        Expr::Unary(inner) => walk(&inner.expr, masks, query),
        Expr::Paren(inner) => walk(&inner.expr, masks, query),
        Expr::Subquery(inner) => walk(&inner.expr, masks, query),
        Expr::Binary(inner) => {
            walk(&inner.lhs, masks, query);
            walk(&inner.rhs, masks, query);
            query.vain.extend(vain::partners(inner, &labels(&inner.lhs), &labels(&inner.rhs)));
        }
        Expr::VectorSelector(selector) => select(selector, masks, query),
        Expr::MatrixSelector(selector) => select(&selector.vs, masks, query),
        Expr::Call(call) => {
            query.windows.extend(window(call, masks));
            query.experiments.extend(call.func.experimental.then_some(call.func.name));
            let before = query.selectors.len();
            call.args.args.iter().for_each(|argument| walk(argument, masks, query));
            if call.func.name == "absent" {
                query.absences.extend_from_slice(&query.selectors[before..]);
            }
            if let (true, Some(of)) = (call.func.name == "histogram_quantile", call.args.args.last()) {
                query.vain.extend(vain::buckets(&labels(of), &query.selectors[before..]));
            }
        }
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

fn select(selector: &VectorSelector, masks: &Masks, query: &mut Query) {
    let matchers = all_matchers(selector, masks);
    query.vain.extend(vain::matchers(&matchers));
    query.selectors.push(selected(selector, matchers));
}

fn all_matchers(selector: &VectorSelector, masks: &Masks) -> Vec<Matcher> {
    selector.matchers.matchers.iter().map(|matcher| masks.meant(matcher)).collect()
}

fn selected(selector: &VectorSelector, matchers: Vec<Matcher>) -> Selector {
    let (names, matchers): (Vec<Matcher>, Vec<Matcher>) =
        matchers.into_iter().partition(|matcher| matcher.name == "__name__");
    let told = names.into_iter().find(Matcher::is_exact).map(|matcher| matcher.value);
    Selector { metric: selector.name.clone().or(told), matchers }
}

fn window(call: &Call, masks: &Masks) -> Option<Window> {
    let (function, samples) = CHANGES.iter().find(|(name, _)| *name == call.func.name)?;
    let whole = |milliseconds: u128| u64::try_from(milliseconds).unwrap_or(u64::MAX);
    call.args.args.iter().find_map(|argument| {
        let (range, step, selector) = match argument.as_ref() {
            Expr::MatrixSelector(matrix) => {
                (whole(matrix.range.as_millis()), None, selected(&matrix.vs, all_matchers(&matrix.vs, masks)))
            }
            Expr::Subquery(inner) => {
                (whole(inner.range.as_millis()), Some(whole(inner.step?.as_millis())), Selector::default())
            }
            _ => return None,
        };

        Some(Window { function, samples: *samples, range, step, selector })
    })
}

/// Whether an expression is without a result as long as all is well: it compares, or asks for what is not there.
fn is_condition(expr: &Expr) -> bool {
    match expr {
        Expr::Binary(inner) => is_filter(inner),
        Expr::Aggregate(inner) => is_condition(&inner.expr),
        Expr::Unary(inner) => is_condition(&inner.expr),
        Expr::Paren(inner) => is_condition(&inner.expr),
        Expr::Subquery(inner) => is_condition(&inner.expr),
        Expr::Call(call) => {
            call.func.name.starts_with("absent") || call.args.args.iter().any(|argument| is_condition(argument))
        }
        // alerts are conditions already
        Expr::VectorSelector(selector) => selector.name.as_deref().is_some_and(|name| name.starts_with("ALERTS")),
        Expr::MatrixSelector(_) | Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => false,
    }
}

fn is_filter(expr: &BinaryExpr) -> bool {
    let is_bool = expr.modifier.as_ref().is_some_and(|modifier| modifier.return_bool);
    let id = expr.op.id();
    if id == T_LOR {
        return is_condition(&expr.lhs) && is_condition(&expr.rhs);
    }
    let compares = expr.op.is_comparison_operator() && !is_bool;
    compares || id == T_LAND || id == T_LUNLESS || is_condition(&expr.lhs) || is_condition(&expr.rhs)
}

/// The labels that a result has, where an aggregation says so.
fn labels(expr: &Expr) -> Option<BTreeSet<String>> {
    let is_number = |expr: &Expr| matches!(expr, Expr::NumberLiteral(_));
    match expr {
        Expr::Paren(inner) => labels(&inner.expr),
        Expr::Unary(inner) => labels(&inner.expr),
        Expr::Aggregate(inner) if !inner.op.is_aggregator_with_param() => match &inner.modifier {
            Some(LabelModifier::Include(names)) => Some(names.labels.iter().cloned().collect()),
            None => Some(BTreeSet::new()),
            Some(LabelModifier::Exclude(_)) => None,
        },
        Expr::Binary(inner) if is_number(&inner.rhs) => labels(&inner.lhs),
        Expr::Binary(inner) if is_number(&inner.lhs) => labels(&inner.rhs),
        Expr::Binary(inner) if inner.op.id() == T_LAND || inner.op.id() == T_LUNLESS => labels(&inner.lhs),
        Expr::Binary(inner) if inner.op.id() == T_LOR => {
            let (mut all, others) = (labels(&inner.lhs)?, labels(&inner.rhs)?);
            all.extend(others);
            Some(all)
        }
        // both sides have the same labels, or the one side would find no partner
        Expr::Binary(inner) if inner.modifier.as_ref().is_none_or(|modifier| modifier.matching.is_none()) => {
            labels(&inner.lhs).or_else(|| labels(&inner.rhs))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Query {
        parse(text).expect("it is small").unwrap_or_else(|fault| panic!("{text}: {fault}"))
    }

    #[test]
    fn conditions_are_told_from_values() {
        for (text, is_condition) in [
            ("up == 0", true),
            ("up", false),
            ("up == bool 0", false),
            ("absent(up)", true),
            ("sum by (x) (up == 0)", true),
            ("sum(rate(x[5m])) / sum(rate(y[5m]))", false),
            ("x unless y", true),
            ("x > 1 or y", false),
            ("x > 1 or absent(y)", true),
            ("(x / y) > 0.5 and z", true),
            ("ALERTS{severity=\"info\"}", true),
            ("vector(1)", false),
        ] {
            assert_eq!(read(text).is_condition, is_condition, "{text}");
        }
    }

    #[test]
    fn labels_are_those_of_the_aggregation() {
        for (text, expected) in [
            ("sum by (a, b) (x) > 1", Some(vec!["a", "b"])),
            ("sum(x) / sum(y)", Some(vec![])),
            ("100 * sum by (a) (x)", Some(vec!["a"])),
            ("x > 1", None),
            ("topk by (a) (1, x)", None),
            ("sum by (a) (x) / on (a) group_left (b) y", None),
            ("sum without (a) (x)", None),
        ] {
            let expected = expected.map(|all| all.into_iter().map(str::to_owned).collect());
            assert_eq!(read(text).labels, expected, "{text}");
        }
    }

    #[test]
    fn series_and_windows_are_found() {
        let query = read(r#"sum(rate(a{job="x"}[2m])) / sum({__name__="b"}) + deriv(c[5m:1m])"#);
        let metrics: Vec<Option<&str>> = query.selectors.iter().map(|selector| selector.metric.as_deref()).collect();
        assert_eq!(metrics, [Some("a"), Some("b"), Some("c")]);
        let windows: Vec<_> = query.windows.iter().map(|window| (window.function, window.range, window.step)).collect();
        assert_eq!(windows, [("rate", 120_000, None), ("deriv", 300_000, Some(60_000))]);
    }

    #[test]
    fn patterns_are_what_they_were_before_the_parser_read_the_rest() {
        let query = read(r#"a{b=~"c|d",e!~'f.+'} / on () {__name__=~"g|h",i=~".*"}"#);
        let told: Vec<(&str, bool)> = query
            .selectors
            .iter()
            .flat_map(|selector| &selector.matchers)
            .map(|matcher| (matcher.value.as_str(), matcher.is_match("d")))
            .collect();
        assert_eq!(told, [("c|d", true), ("f.+", true), (".*", true)]);
        assert!(query.selectors[1].metric.is_none());
        for text in
            [r#"a{b=~"("}"#, r#"{b=~".*"}"#, r#"a{b=~"c"} +"#, r#"a{__name__=~"b"}"#, r#"a =~ "b""#, r#"a ==~ "b""#]
        {
            assert_eq!(parse(text).map(|read| read.map(drop)), Some(parser::parse(text).map(drop)), "{text}");
            assert!(parser::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_prometheus_spells_otherwise_is_understood() {
        let query = read(r"a{b=~`c-\d+`} > 1_000");
        assert!(query.is_condition && query.selectors[0].matchers[0].is_match("c-12"));
        assert_eq!(query.selectors[0].matchers[0].value, r"c-\d+");
        assert!(parse(r#"a{b=~"c-\d+"}"#).is_some_and(|read| read.is_err()), "of these, Prometheus reads escapes");
    }

    #[test]
    fn results_and_experiments_are_told() {
        for (text, result) in [
            ("a", None),
            ("1", None),
            ("time()", None),
            ("a[5m]", Some("the samples of a range")),
            ("(a[5m:1m])", Some("the samples of a range")),
            ("'a'", Some("a text")),
        ] {
            assert_eq!(read(text).result, result, "{text}");
        }
        assert_eq!(read("limitk(1, sort_by_label(a, 'b'))").experiments, ["limitk", "sort_by_label"]);
        assert!(read("topk(1, sort(quantile_over_time(0.5, a[5m])))").experiments.is_empty());
    }

    #[test]
    fn what_is_too_large_is_not_judged() {
        let whole = format!("{}1{} or a{{b=')'}} # )", "(".repeat(5_000), ")".repeat(5_000));
        for text in [whole, "-".repeat(100_000), "a + ".repeat(50_000)] {
            assert!(parse(&text).is_none());
        }
        for text in ["(".repeat(100_000), format!("{})", "a + ".repeat(50_000))] {
            assert!(parse(&text).is_some_and(|read| read.is_err()), "nobody can read that");
        }
        assert!(parse(&format!("{}1{}", "(".repeat(900), ")".repeat(900))).is_some_and(|read| read.is_ok()));
    }
}
