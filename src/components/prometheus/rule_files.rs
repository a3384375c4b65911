//! Rule files: one for each group, named after it, so that a change shows in the file of what it is about.

use serde::Serialize;

use crate::model::monitoring::{Rule, RuleGroup};
use crate::model::payload::{Overrides, Payload};
use crate::parts::payload;
use crate::values::name::Name;

/// Stands for the name of an alert in the address of its page.
pub const ALERT: &str = "{alert}";

#[derive(Serialize)]
struct Values<'a> {
    team: &'a str,
    group: GroupValues<'a>,
}

#[derive(Serialize)]
struct GroupValues<'a> {
    name: &'a str,
    records: bool,
    rules: Vec<RuleValues<'a>>,
}

/// A rule without a severity records a series.
#[derive(Default, Serialize)]
struct RuleValues<'a> {
    name: &'a str,
    expr: String,
    hold: Option<&'a str>,
    severity: Option<&'a str>,
    summary: &'a str,
    description: &'a str,
    runbook: Option<String>,
}

/// File name and text of each group. Alerts carry the platform's name as `team`: it owns them. `runbooks` is the address
/// of the page about each.
pub fn rule_files(
    groups: &[RuleGroup],
    platform: &Name,
    runbooks: Option<&str>,
    overrides: &Overrides,
) -> Vec<(String, Payload)> {
    let file = |group| {
        let values = Values { team: platform.as_str(), group: values(group, runbooks) };
        payload::file("prometheus/rules.yml", values, overrides)
    };
    groups.iter().map(|group| (format!("{}.yml", group.name), file(group))).collect()
}

fn values<'a>(group: &'a RuleGroup, runbooks: Option<&str>) -> GroupValues<'a> {
    GroupValues {
        name: &group.name,
        records: group.rules.iter().any(|rule| matches!(rule, Rule::Record { .. })),
        rules: merged(group.rules.iter().map(|listed| rule(listed, runbooks))),
    }
}

/// Alerts that differ in nothing but the query become one: two rules of one name and the same labels are, to every
/// linter, one rule by mistake. `or` binds loosest, so it joins any two queries.
fn merged<'a>(rules: impl Iterator<Item = RuleValues<'a>>) -> Vec<RuleValues<'a>> {
    let mut merged: Vec<RuleValues<'a>> = Vec::new();
    for rule in rules {
        match merged.iter_mut().find(|earlier| rule.severity.is_some() && earlier.says_the_same(&rule)) {
            Some(earlier) => earlier.expr.extend(["\nor ", &rule.expr]),
            None => merged.push(rule),
        }
    }
    merged
}

impl RuleValues<'_> {
    fn says_the_same(&self, other: &Self) -> bool {
        (self.name, self.hold, self.severity) == (other.name, other.hold, other.severity)
            && (self.summary, self.description) == (other.summary, other.description)
    }
}

fn rule<'a>(rule: &'a Rule, runbooks: Option<&str>) -> RuleValues<'a> {
    match rule {
        Rule::Record { name, expr } => RuleValues { name, expr: expr.trim().to_owned(), ..Default::default() },
        Rule::Alert(alert) => RuleValues {
            name: alert.name,
            expr: alert.expr.trim().to_owned(),
            // Prometheus writes "at once" by leaving the wait out.
            hold: Some(alert.hold).filter(|hold| *hold != "0s"),
            severity: Some(alert.urgency.as_str()),
            summary: alert.summary,
            description: alert.description,
            runbook: runbooks.map(|page| page.replace(ALERT, alert.name)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::monitoring::{Alert, Urgency};

    fn written(rules: Vec<Rule>) -> yaml_serde::Value {
        let group = RuleGroup { name: "on".to_owned(), rules };
        let runbooks = Some("https://runbooks.example.com/{alert}#first");
        let files = rule_files(&[group], &Name::fixed("no"), runbooks, &Overrides::new());
        assert_eq!(files[0].0, "on.yml");
        yaml_serde::from_str(&files[0].1.text).expect("rule files are YAML")
    }

    #[test]
    fn expressions_and_templates_come_back_as_they_were() {
        let expr = "sum by (a) (\n  rate(x{path!~\"/m|\\\\d: #\", y='z'}[5m])\n)\n  > 0.1";
        let summary = r#"{{ $labels.a }}: {{ printf "%.1f" $value }} of 'all' # {% not ours %} << nor this >>"#;
        let alert = Alert {
            name: "Loud",
            expr: expr.to_owned(),
            hold: "5m",
            urgency: Urgency::Critical,
            summary,
            description: "yes: no",
        };
        let file = written(vec![Rule::Alert(alert)]);
        let group = &file["groups"][0];
        let rule = &group["rules"][0];
        assert_eq!(group["name"].as_str(), Some("on"));
        assert!(group.get("interval").is_none(), "a group that records nothing is evaluated at the usual interval");
        assert_eq!(rule["expr"].as_str(), Some(expr));
        assert_eq!(rule["annotations"]["summary"].as_str(), Some(summary));
        let page = rule["annotations"]["runbook_url"].as_str();
        assert_eq!(page, Some("https://runbooks.example.com/Loud#first"));
        assert_eq!(rule["labels"]["team"].as_str(), Some("no"));
        assert_eq!(rule["for"].as_str(), Some("5m"));
    }

    #[test]
    fn alerts_that_say_the_same_are_one() {
        let absent = |service: &str, urgency| {
            Rule::Alert(Alert {
                name: "Absent",
                expr: format!("absent(up{{service=\"{service}\"}})"),
                hold: "2m",
                urgency,
                summary: "s",
                description: "d",
            })
        };
        let file = written(vec![
            absent("a", Urgency::Critical),
            absent("b", Urgency::Warning),
            absent("c", Urgency::Critical),
        ]);
        let rules = file["groups"][0]["rules"].as_sequence().expect("a list");
        let exprs: Vec<_> = rules.iter().map(|rule| rule["expr"].as_str().unwrap_or_default()).collect();
        assert_eq!(exprs, ["absent(up{service=\"a\"})\nor absent(up{service=\"c\"})", "absent(up{service=\"b\"})"]);
    }

    #[test]
    fn records_have_no_labels_and_immediate_alerts_no_wait() {
        let record = Rule::Record { name: "a:b:rate5m", expr: "rate(b[5m])".to_owned() };
        let alert = Alert {
            name: "Now",
            expr: "vector(1)".to_owned(),
            hold: "0s",
            urgency: Urgency::Info,
            summary: "s",
            description: "d",
        };
        let file = written(vec![record, Rule::Alert(alert)]);
        let rules = &file["groups"][0]["rules"];
        assert_eq!(rules[0]["record"].as_str(), Some("a:b:rate5m"));
        assert!(rules[0].get("labels").is_none() && rules[0].get("annotations").is_none());
        assert_eq!(rules[1]["labels"]["severity"].as_str(), Some("info"));
        assert!(rules[1].get("for").is_none());
        assert_eq!(file["groups"][0]["interval"].as_str(), Some("30s"));
    }
}
