//! Files of the monitoring software inside of objects, known by their shape, whatever they are called.

use std::borrow::Cow;

use crate::diagnostics::report::Diagnostic;
use crate::diagnostics::source::Span;
use crate::manifest::node::{Node, Value};
use crate::manifest::read;
use crate::validate::findings::Findings;
use crate::validate::world::{Thing, World};

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// The configuration of a Prometheus.
    Prometheus,
    /// Recording and alert rules.
    Rules,
    /// The configuration of an Alertmanager.
    Alertmanager,
    /// A dashboard of Grafana.
    Dashboard,
    /// What Grafana asks.
    Sources,
    /// What the adapter makes metrics of.
    Adapter,
    /// The configuration of an image registry.
    Registry,
}

/// A file of the monitoring software.
#[derive(Clone, Debug)]
pub struct Payload<'a> {
    /// The object that holds it.
    pub thing: Thing<'a>,
    /// The text that it is, or the value if an object says it without a text.
    pub node: &'a Node,
    /// What it is for.
    pub usage: Use,
    /// What it says.
    pub root: Cow<'a, Node>,
    /// The text of the manifest.
    source: Option<&'a str>,
}

/// The texts that an object holds as files, each with its name.
pub fn files(thing: Thing<'_>) -> impl Iterator<Item = (&str, &Node)> {
    let fields: &[&str] = match thing.document.id.kind.as_str() {
        "ConfigMap" => &["data"],
        "Secret" => &["stringData"],
        _ => &[],
    };
    let entries = fields.iter().filter_map(move |field| thing.root().get(field)).flat_map(Node::entries);
    entries.map(|entry| (entry.key.as_str(), &entry.node))
}

impl<'a> Payload<'a> {
    /// What a text is by its shape.
    pub fn of_shape(world: &World<'a>, thing: Thing<'a>, node: &'a Node) -> Option<Self> {
        let text = node.text().filter(|text| is_promising(text))?;
        let root = read::payload(text)?;
        let usage = usage(&root)?;
        Some(Self::of(world, thing, node, usage, root))
    }

    /// A text that is known to be for `usage`.
    pub fn of(world: &World<'a>, thing: Thing<'a>, node: &'a Node, usage: Use, root: Node) -> Self {
        let source = world.text(thing.file);
        Self { thing, node, usage, root: Cow::Owned(root), source }
    }

    /// The rules that a `PrometheusRule` holds.
    pub fn of_operator(thing: Thing<'a>) -> Option<Self> {
        let node = thing.root().get("spec").filter(|_| thing.document.id.kind == "PrometheusRule")?;
        Some(Self { thing, node, usage: Use::Rules, root: Cow::Borrowed(node), source: None })
    }

    /// Something that will not work, at a value of the file.
    pub fn error<'f>(
        &self,
        findings: &'f mut Findings,
        code: &'static str,
        at: &Node,
        message: &str,
    ) -> &'f mut Diagnostic {
        findings.error(code, self.thing, &self.spot(at), message)
    }

    /// Something that somebody should decide, at a value of the file.
    pub fn warning<'f>(
        &self,
        findings: &'f mut Findings,
        code: &'static str,
        at: &Node,
        message: &str,
    ) -> &'f mut Diagnostic {
        findings.warning(code, self.thing, &self.spot(at), message)
    }

    /// Where a value of the file stands in the manifest; where the file itself does if that cannot be told.
    fn spot(&self, at: &Node) -> Node {
        let found = match &self.root {
            Cow::Borrowed(_) => at.span,
            Cow::Owned(_) => self.within(at).map_or(self.node.span.first(), Span::from),
        };
        let is_long = matches!(at.value, Value::List(_) | Value::Map(_));
        let span = if is_long { found.first() } else { found };
        Node { span, value: Value::Null }
    }

    /// The place in the manifest: a literal block keeps lines and puts the same blanks before each.
    fn within(&self, at: &Node) -> Option<std::ops::Range<usize>> {
        let (source, text) = (self.source?, self.node.text()?);
        let (start, indent) = literal(source, self.node.span.start(), text)?;
        let before = text.get(..at.span.start())?;
        let line = before.matches('\n').count();
        let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1);
        let above: usize = source.get(start..)?.split_inclusive('\n').take(line).map(str::len).sum();
        let start = start + above + indent + column;
        let length = text.get(at.span.start()..at.span.end()).and_then(|text| text.lines().next()).map_or(1, str::len);
        Some(start..start + length.max(1))
    }
}

/// Where the first line of a literal block begins, and how many blanks stand before each. Of such a block one reader
/// tells the place of its header, another that of its first letter.
fn literal(source: &str, at: usize, text: &str) -> Option<(usize, usize)> {
    let rest = source.get(at..)?;
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let first = |text: &str| text.lines().find(|line| !line.trim().is_empty()).map(blanks);
    if rest.starts_with('|') {
        let start = at + rest.find('\n')? + 1;
        return Some((start, first(&source[start..])?.checked_sub(first(text)?)?));
    }
    let start = source[..at].rfind('\n').map_or(0, |end| end + 1);
    let header = source[..start].trim_end().rsplit([' ', '\n']).next().unwrap_or_default();
    let is_block =
        header.starts_with('|') && blanks(&source[start..]) >= at - start && rest.lines().next() == text.lines().next();
    is_block.then_some((start, at - start))
}

/// Words of which every file that we know has one, so that others are not read.
const SIGNS: &[&str] =
    &["scrape_configs", "groups", "receivers", "panels", "datasources", "metricsQuery", "rule_files"];

/// What a file was meant to be that has the name and the words of a dashboard and cannot be read.
pub fn broken(name: &str, node: &Node) -> Option<Use> {
    let text =
        node.text().filter(|text| name.rsplit('.').next() == Some("json") && text.trim_start().starts_with('{'))?;
    let is_meant = ["\"panels\"", "\"title\""].iter().all(|word| text.contains(word));
    (is_meant && read::payload(text).is_none()).then_some(Use::Dashboard)
}

fn is_promising(text: &str) -> bool {
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// What a value is by its shape.
fn usage(root: &Node) -> Option<Use> {
    let has = |key: &str| root.get(key).is_some();
    let first = |list: &str, keys: &[&str]| {
        let item = root.items_at(&[list]).first();
        item.is_some_and(|item| keys.iter().any(|key| item.get(key).is_some()))
    };
    // agents that read logs and forward samples have scrape jobs too, and tests of rules name their files
    let is_of_agent = || ["clients", "positions", "server", "receivers", "tests"].iter().any(|key| has(key));
    if (has("scrape_configs") || has("rule_files")) && !is_of_agent() {
        return Some(Use::Prometheus);
    }
    if has("route") && has("receivers") {
        return Some(Use::Alertmanager);
    }
    if !has("apiVersion") && root.items_at(&["groups"]).iter().any(is_group_of_rules) {
        return Some(Use::Rules);
    }
    if has("panels") && ["schemaVersion", "templating", "title"].iter().any(|key| has(key)) {
        return Some(Use::Dashboard);
    }
    if has("apiVersion") && has("datasources") {
        return Some(Use::Sources);
    }
    first("rules", &["metricsQuery", "seriesQuery"]).then_some(Use::Adapter)
}

fn is_group_of_rules(group: &Node) -> bool {
    group.items_at(&["rules"]).iter().any(|rule| ["alert", "expr", "record"].iter().any(|key| rule.get(key).is_some()))
}
