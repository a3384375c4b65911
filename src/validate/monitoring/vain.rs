//! Parts of questions that have no answer, whatever is collected: each is right by itself, and together they exclude each
//! other.

use std::collections::BTreeSet;

use promql_parser::parser::token::{T_LOR, T_LUNLESS};
use promql_parser::parser::{BinaryExpr, LabelModifier};

use crate::diagnostics::suggest;
use crate::validate::monitoring::matchers::Matcher;
use crate::validate::monitoring::promql::Selector;
use crate::validate::monitoring::questions::ANY;

/// The labels of a result, as far as anybody can tell.
type Labels = Option<BTreeSet<String>>;

/// The labels that are known, with none among them that is chosen later.
fn known(labels: &Labels) -> Option<BTreeSet<&str>> {
    let labels = labels.as_ref().filter(|labels| !labels.iter().any(|label| label.contains(ANY)))?;
    Some(labels.iter().map(String::as_str).collect())
}

/// Two sides of an operator that never find each other, since they have other labels.
pub fn partners(expr: &BinaryExpr, left: &Labels, right: &Labels) -> Option<String> {
    let modifier = expr.modifier.as_ref();
    let is_filled = modifier.is_some_and(|modifier| {
        let fills = &modifier.fill_values;
        fills.lhs.is_some() || fills.rhs.is_some()
    });
    // what finds no partner there is a result all the same
    if [T_LOR, T_LUNLESS].contains(&expr.op.id()) || is_filled {
        return None;
    }
    let matching = modifier.and_then(|modifier| modifier.matching.as_ref());
    if let Some(LabelModifier::Include(on)) = matching {
        let lacks =
            |labels: &Labels, label: &String| known(labels).is_some_and(|labels| !labels.contains(label.as_str()));
        let lost = on.labels.iter().find(|label| lacks(left, label) != lacks(right, label))?;
        return Some(format!("joins on the label `{lost}`, which one of its sides does not have"));
    }
    let (mut left, mut right) = (known(left)?, known(right)?);
    if let Some(LabelModifier::Exclude(ignored)) = matching {
        for labels in [&mut left, &mut right] {
            labels.retain(|label| !ignored.labels.iter().any(|own| own == label));
        }
    }
    let said = |labels: &BTreeSet<&str>| match labels.len() {
        0 => "no labels".to_owned(),
        1 => format!("the label {}", suggest::joined(labels.iter().copied(), "and")),
        _ => format!("the labels {}", suggest::joined(labels.iter().copied(), "and")),
    };
    (left != right).then(|| format!("joins what has {} with what has {}, which never match", said(&left), said(&right)))
}

/// Matchers of which one takes what the other refuses. What is chosen later may be anything.
pub fn matchers(all: &[Matcher]) -> Option<String> {
    let is_chosen = |matcher: &Matcher| matcher.value.contains(ANY);
    let exact = all.iter().filter(|matcher| matcher.is_exact() && !is_chosen(matcher));
    let against = |one: &Matcher| {
        all.iter().any(|other| other.name == one.name && !is_chosen(other) && !other.is_match(&one.value))
    };
    let one = exact.into_iter().find(|one| against(one))?;
    Some(format!("wants `{}` to be `{}`, and something else at once", one.name, one.value))
}

/// The buckets of a histogram without their bounds.
pub fn buckets(labels: &Labels, selectors: &[Selector]) -> Option<String> {
    let of_buckets = |selector: &Selector| selector.metric.as_ref().is_some_and(|name| name.ends_with("_bucket"));
    let is_lost = known(labels).is_some_and(|labels| !labels.contains("le"));
    (is_lost && !selectors.is_empty() && selectors.iter().all(of_buckets))
        .then(|| "takes `histogram_quantile` of buckets without the label `le`".to_owned())
}
