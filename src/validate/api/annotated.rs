//! What an autoscaler of version 1 says in annotations, as its spec knows nothing but the CPU. A server takes it as if it stood
//! in the spec of version 2, and overlooks what is of another type.
//!
//! Source: `Convert_v1_HorizontalPodAutoscaler_To_autoscaling_HorizontalPodAutoscaler` in
//! `pkg/apis/autoscaling/v1/conversion.go` of Kubernetes 1.35 to 1.37.

use crate::diagnostics::source::Span;
use crate::manifest::json;
use crate::manifest::node::{Entry, Node, Value, edit};
use crate::validate::api::amounts::{self, Amount};

/// The type that says it.
pub const AUTOSCALER: &str = "autoscaling/v1.HorizontalPodAutoscaler";

/// Where a part of a source of metrics stands in version 1, and in version 2.
type Move = (&'static str, &'static [&'static str]);

const AVERAGE: Move = ("targetAverageValue", &["target", "averageValue"]);
const METRIC: Move = ("metricName", &["metric", "name"]);
const NAME: Move = ("name", &["name"]);
const SELECTOR: Move = ("selector", &["metric", "selector"]);
const UTILIZATION: Move = ("targetAverageUtilization", &["target", "averageUtilization"]);
const VALUE: Move = ("targetValue", &["target", "value"]);

/// The parts of each source.
const MOVED: &[(&str, &[Move])] = &[
    ("containerResource", &[("container", &["container"]), NAME, UTILIZATION, AVERAGE]),
    ("external", &[METRIC, ("metricSelector", SELECTOR.1), VALUE, AVERAGE]),
    ("object", &[("target", &["describedObject"]), METRIC, SELECTOR, VALUE, ("averageValue", AVERAGE.1)]),
    ("pods", &[METRIC, SELECTOR, AVERAGE]),
    ("resource", &[NAME, UTILIZATION, AVERAGE]),
];

/// The fields of the spec that annotations of an autoscaler give, as version 2 has them.
pub fn fields(root: &Node) -> impl Iterator<Item = (&'static str, Node)> {
    let said = |key: &str| {
        let text = root.at(&["metadata", "annotations", key])?;
        let (_, value) = json::roots(text.text()?)?.pop()?;
        Some(at(value, text.span))
    };
    let metrics = said("autoscaling.alpha.kubernetes.io/metrics").filter(|node| matches!(node.value, Value::List(_)));
    let metrics = metrics.map(|list| Node { value: Value::List(list.items().iter().map(metric).collect()), ..list });
    let behavior =
        said("autoscaling.alpha.kubernetes.io/behavior").map(|behavior| with_policies(mapped(&behavior, &field)));
    [("metrics", metrics), ("behavior", behavior)].into_iter().filter_map(|(field, node)| Some((field, node?)))
}

fn metric(node: &Node) -> Node {
    let mut made = empty(node.span);
    for (source, parts) in MOVED {
        let Some(old) = get(node, source) else { continue };
        let is_average = *source == "object" && get(old, "averageValue").is_some();
        for (from, to) in *parts {
            // version 1 writes it even where nothing is meant
            let is_filler =
                |part: &&Node| is_average && *from == "targetValue" && amounts::read(part) == Some(Amount::ZERO);
            if let Some(part) = get(old, from).filter(|part| !is_filler(part)) {
                put(&mut made, &[&[*source], *to].concat(), part.clone());
            }
        }
        let has = |key: &str| made.at(&[source, "target", key]).is_some();
        // version 1 cannot leave out what it always needs
        let unsaid = match *source {
            "object" if !has("value") && !has("averageValue") => Some("value"),
            "pods" if !has("averageValue") => Some("averageValue"),
            _ => None,
        };
        let kind = if has("averageUtilization") {
            "Utilization"
        } else if has("value") || unsaid == Some("value") {
            "Value"
        } else {
            "AverageValue"
        };
        if let Some(unsaid) = unsaid {
            put(&mut made, &[source, "target", unsaid], Node { span: node.span, value: Value::Integer(0.into()) });
        }
        put(&mut made, &[source, "target", "type"], Node { span: node.span, ..Node::of_text(kind) });
    }
    if let Some(kind) = get(node, "type") {
        put(&mut made, &["type"], kind.clone());
    }
    made
}

/// Nothing fills in the policies of a behavior here, and there must be some.
fn with_policies(mut behavior: Node) -> Node {
    for way in ["scaleDown", "scaleUp"] {
        let Value::Map(entries) = &mut behavior.value else { break };
        if let Some(entry) = entries.iter_mut().find(|entry| entry.key == way)
            && entry.node.get("policies").is_none()
        {
            let none = Node { span: entry.span, value: Value::List(Box::default()) };
            put(&mut entry.node, &["policies"], none);
        }
    }
    behavior
}

fn empty(span: Span) -> Node {
    Node { span, value: Value::Map(Box::default()) }
}

/// Puts a value at the end of a chain of keys.
fn put(node: &mut Node, keys: &[&str], value: Node) {
    let (span, Value::Map(entries)) = (node.span, &mut node.value) else { return };
    match keys {
        [key] => edit(entries, |entries| entries.push(Entry { key: (*key).into(), span, node: value })),
        [key, rest @ ..] => edit(entries, |entries| {
            let at = entries.iter().position(|entry| entry.key == *key).unwrap_or_else(|| {
                entries.push(Entry { key: (*key).into(), span, node: empty(span) });
                entries.len() - 1
            });
            put(&mut entries[at].node, rest, value);
        }),
        [] => {}
    }
}

/// The same with other keys.
fn mapped(node: &Node, key: &impl Fn(&str) -> String) -> Node {
    let value = match &node.value {
        Value::List(items) => Value::List(items.iter().map(|item| mapped(item, key)).collect()),
        Value::Map(entries) => {
            let own =
                |entry: &Entry| Entry { key: key(&entry.key).into(), span: entry.span, node: mapped(&entry.node, key) };
            Value::Map(entries.iter().map(own).collect())
        }
        other => other.clone(),
    };
    Node { span: node.span, value }
}

/// The fields of a behavior, which is written with the names that they have in Go.
const FIELDS: &[&str] = &[
    "periodSeconds",
    "policies",
    "scaleDown",
    "scaleUp",
    "selectPolicy",
    "stabilizationWindowSeconds",
    "tolerance",
    "type",
    "value",
];

/// As it is written here: Go reads names of fields in any case.
fn field(key: &str) -> String {
    FIELDS.iter().find(|field| field.eq_ignore_ascii_case(key)).map_or(key, |field| field).to_owned()
}

/// What stands under a key in any case.
fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    node.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(key)).map(|entry| &entry.node)
}

/// What stands in a text stands where the text does.
fn at(mut node: Node, span: Span) -> Node {
    node.span = span;
    match &mut node.value {
        Value::List(items) => *items = std::mem::take(items).into_iter().map(|item| at(item, span)).collect(),
        // nothing is what is not there
        Value::Map(entries) => {
            let own = |entry: Entry| Entry { span, node: at(entry.node, span), ..entry };
            let said = std::mem::take(entries).into_iter().filter(|entry| !matches!(entry.node.value, Value::Null));
            *entries = said.map(own).collect();
        }
        _ => {}
    }
    node
}
