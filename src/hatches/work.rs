//! What a patch of the description does: read, and held against what a patch can be.

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::manifest::node::{Node, Value};
use crate::manifest::patch::{Operation, Pointer};
use crate::manifest::read as yaml;
use crate::spec::hatches::{MergeSpec, Op, OperationSpec, PatchSpec};
use crate::spec::read::At;
use crate::validate::policy::literals;

/// What a patch does.
#[derive(Debug)]
pub enum Work<'p> {
    /// Merges this.
    Merge(Node),
    /// Carries out these, one after the other.
    Operations(Vec<Step<'p>>),
    /// What it is has been reported to be wrong.
    Nothing,
}

/// An operation, and where it stands.
#[derive(Debug)]
pub struct Step<'p> {
    /// The operation as it is written.
    pub spec: &'p At<OperationSpec>,
    path: Pointer,
    from: Option<Pointer>,
    /// The value with all that it needs.
    value: Option<&'p Node>,
}

impl Step<'_> {
    /// The operation.
    pub fn operation(&self) -> Operation<'_> {
        const NOTHING: &Node = &Node { span: Span::STAND_IN, value: Value::Null };
        let value = self.value.unwrap_or(NOTHING);
        let from = self.from.as_ref().unwrap_or(&self.path);
        match self.spec.value.op {
            Op::Add => Operation::Add(&self.path, value),
            Op::Remove => Operation::Remove(&self.path),
            Op::Replace => Operation::Replace(&self.path, value),
            Op::Move => Operation::Move(from, &self.path),
            Op::Copy => Operation::Copy(from, &self.path),
            Op::Test => Operation::Test(&self.path, value),
        }
    }
}

/// What a patch does, and whether something is wrong with it.
pub fn read<'p>(spec: &'p PatchSpec, text: &str, report: &mut Report) -> (Work<'p>, bool) {
    let before = report.count();
    if spec.reason.value.trim().is_empty() {
        report.error(codes::INVALID_VALUE, spec.reason.span, "the reason is empty").help("say why the patch is needed");
    }
    let work = match (&spec.merge, spec.json6902.as_slice()) {
        (Some(merge), []) => merged(merge, text, report),
        (None, [_, ..]) => {
            let steps: Vec<Step<'_>> = spec.json6902.iter().filter_map(|step| operation(step, report)).collect();
            Work::Operations(steps)
        }
        (None, []) => {
            let message = "this patch does not say what it changes";
            report.error(codes::MISSING_KEY, spec.target.span, message).help("add `merge` or `json6902`");
            Work::Nothing
        }
        (Some(merge), [..]) => {
            let message = "a patch has either `merge` or `json6902`";
            report.error(codes::CONFLICT, merge.span.first(), message).help("write two patches");
            Work::Nothing
        }
    };
    (work, report.count() > before)
}

fn operation<'p>(spec: &'p At<OperationSpec>, report: &mut Report) -> Option<Step<'p>> {
    let OperationSpec { op, path, from, value } = &spec.value;
    let mut pointer = |text: &At<String>| match Pointer::read(&text.value) {
        Ok(pointer) => Some(pointer),
        Err(why) => {
            report
                .error(codes::INVALID_VALUE, text.span, format!("`{}` {why}", text.value))
                .help("expected a path such as `/metadata/annotations/example.com~1team`");
            None
        }
    };
    let place = pointer(path);
    let from_place = from.as_ref().map(&mut pointer);
    let (needs_from, needs_value) = match op {
        Op::Add | Op::Replace | Op::Test => (false, true),
        Op::Move | Op::Copy => (true, false),
        Op::Remove => (false, false),
    };
    for (key, is_needed, is_there) in [("from", needs_from, from.is_some()), ("value", needs_value, value.is_some())] {
        if is_needed && !is_there {
            report
                .error(codes::MISSING_KEY, path.span, format!("missing key `{key}`"))
                .help(format!("add `{key} = …`"));
        } else if !is_needed && is_there {
            report.error(codes::CONFLICT, path.span, format!("this operation takes no `{key}`")).help("leave it out");
        }
    }
    let from = match from_place {
        Some(found) => Some(found?),
        None => None,
    };
    Some(Step { spec, path: place?, from, value: value.as_ref().map(|value| &value.0) })
}

fn merged<'p>(merge: &At<MergeSpec>, text: &str, report: &mut Report) -> Work<'p> {
    let node = match &merge.value {
        MergeSpec::Table(node) => node.clone(),
        MergeSpec::Yaml(yaml) => {
            let base = base(merge.span, yaml, text);
            match yaml::payload_or_fault(yaml) {
                Ok(mut node) => {
                    each(&mut node, &mut |span| *span = moved(*span, base, merge.span));
                    literals::in_patch(&node, report);
                    node
                }
                Err((span, why)) => {
                    report.error(codes::MANIFEST, moved(span, base, merge.span), why).help("expected YAML");
                    return Work::Nothing;
                }
            }
        }
    };
    if matches!(node.value, Value::Map(_)) {
        return Work::Merge(node);
    }
    let message = "a merge patch is a map: what it holds is merged into the object";
    report.error(codes::WRONG_TYPE, merge.span.first(), message);
    Work::Nothing
}

/// Where the content of a string begins in the description; `None` if it is not written as it is.
fn base(span: Span, content: &str, text: &str) -> Option<usize> {
    let raw = text.get(span.start()..span.end())?;
    let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| raw.starts_with(quotes))?;
    let inner = raw.strip_prefix(quotes)?;
    let line = inner.len() - inner.strip_prefix("\r\n").or_else(|| inner.strip_prefix('\n')).unwrap_or(inner).len();
    let begin = if quotes.len() == 3 { line } else { 0 };
    inner[begin..].starts_with(content).then_some(span.start() + quotes.len() + begin)
}

fn moved(span: Span, base: Option<usize>, whole: Span) -> Span {
    match base {
        Some(base) => (span.start() + base..span.end() + base).into(),
        None => whole.first(),
    }
}

/// The spans of a value and of all that is in it.
pub fn each(node: &mut Node, work: &mut impl FnMut(&mut Span)) {
    work(&mut node.span);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| each(item, work)),
        Value::Map(entries) => {
            for entry in entries {
                work(&mut entry.span);
                each(&mut entry.node, work);
            }
        }
        _ => {}
    }
}
