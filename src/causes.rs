//! Which line of the description caused which change: the lines that differ are applied one after the other, and what
//! each of them changes in the rendered platform is its doing.
//!
//! It must never guess: a line that is no description without the next one is taken together with it.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostics::report::Report;
use crate::diagnostics::source::Source;
use crate::diff::alignment::changes;
use crate::diff::compare::{self, Cause, LoneKey, ObjectChange};
use crate::diff::hiding::HIDDEN;
use crate::diff::secrets::Description;
use crate::diff::side::Side;
use crate::manifest::read::Dialect;
use crate::spec::overlay::lone;
use crate::stages::parse;
use crate::values::shelf::Described;
use crate::{emit, pipeline};

/// More steps than this are taken as one: each of them renders the platform.
const MOST: usize = 100;

/// What the lines of `new` change in the platform that `old` describes, in their order; both render. An object stands once
/// for each cause.
pub fn causes(old: Described<'_>, name: &str, new: Described<'_>, environment: Option<&str>) -> Vec<ObjectChange> {
    let shelf = new;
    let Some(mut before) = side(&Side::default(), old, environment) else { return Vec::new() };
    let (old, new) = (old.text, new.text);
    let steps = steps(old, new);
    let guards = [old, new].map(Description::of);
    let mut found = Vec::new();
    // what lies beside the description is no line of it
    if let Some(after) = side(&before, shelf.with_text(old), environment) {
        found = compare::objects(&before, &after);
        before = after;
    }
    let mut pending: Vec<&Step> = Vec::new();
    for (count, step) in steps.iter().enumerate() {
        pending.push(step);
        let text = applied(old, new, &steps[..=count]);
        let Some(after) = side(&before, shelf.with_text(&text), environment) else { continue };
        let objects = compare::objects(&before, &after);
        let cause = Arc::new(cause(&pending, old, Source { name, text: new }, &guards));
        found.extend(objects.into_iter().map(|object| ObjectChange { cause: Some(Arc::clone(&cause)), ..object }));
        pending.clear();
        before = after;
    }
    found
}

/// The keys that one of two environments of a description sets and the other does not.
pub fn lone_keys(text: &str, one: Option<&str>, other: Option<&str>) -> Vec<LoneKey> {
    let document = parse::parse(text, &mut Report::default());
    let source = Source { name: "", text };
    let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
    let keys = |name: &str, other: &str| -> Vec<LoneKey> {
        let found = lone::lone_keys(document.get_ref(), name, other).into_iter();
        found
            .map(|(key, span)| LoneKey { environment: name.to_owned(), key, line: source.place(span.start()).line })
            .collect()
    };
    [keys(one, other), keys(other, one)].concat()
}

/// Lines of the old text that lines of the new one take the place of.
struct Step {
    old: Range<usize>,
    new: Range<usize>,
}

fn steps(old: &str, new: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (old, new) in changes(&lines(old), &lines(new)) {
        if old.len() == new.len() {
            steps.extend(old.zip(new).map(|(old, new)| Step { old: old..old + 1, new: new..new + 1 }));
        } else {
            steps.push(Step { old, new });
        }
    }
    match (steps.first(), steps.last()) {
        (Some(first), Some(last)) if steps.len() > MOST => {
            vec![Step { old: first.old.start..last.old.end, new: first.new.start..last.new.end }]
        }
        _ => steps,
    }
}

/// The old text with these steps taken.
fn applied(old: &str, new: &str, steps: &[Step]) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (lines(old), lines(new));
    let mut text = String::new();
    let mut next = 0;
    for step in steps {
        text.extend(old[next..step.old.start].iter().copied());
        text.extend(new[step.new.clone()].iter().copied());
        next = step.old.end;
    }
    text.extend(old[next..].iter().copied());
    text
}

/// The lines with their ends; the last one gets an end, so that another may follow.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn side(known: &Side, described: Described<'_>, environment: Option<&str>) -> Option<Side> {
    let (_, bundle) = pipeline::render_as(described, environment, &mut Report::default(), emit::writer)?;
    Side::read_beside(known, "", emit::tree(&bundle), Dialect::Own).ok()
}

fn cause(steps: &[&Step], old: &str, new: Source<'_>, guards: &[Description]) -> Cause {
    let said = |text: &str, ranges: &mut dyn Iterator<Item = Range<usize>>| -> Option<(usize, String)> {
        let all = lines(text);
        ranges.flatten().find_map(|at| {
            let line = all.get(at)?.trim();
            (!line.is_empty() && !line.starts_with('#')).then(|| (at, line.to_owned()))
        })
    };
    let added = said(new.text, &mut steps.iter().map(|step| step.new.clone()));
    let removed = said(old, &mut steps.iter().map(|step| step.old.clone()));
    let is_removed = added.is_none();
    let place = steps.first().map_or(0, |step| step.new.start);
    let (line, text) = match (added, removed) {
        (Some((at, text)), _) => (at, text),
        (None, Some((_, text))) => (place, text),
        (None, None) => (place, String::new()),
    };
    let lines = steps.iter().map(|step| if is_removed { step.old.len() } else { step.new.len() }).sum();
    // people align their `=`
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_shown = guards.iter().all(|guard| guard.shows(&text));
    let text = if is_shown { text } else { HIDDEN.to_owned() };
    Cause { file: new.name.to_owned(), line: line + 1, text, lines, is_removed }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::LazyLock;

    use super::*;
    use crate::commands::shelf::Directory;

    const FLAGSHIP: &str = include_str!("../platform.toml");

    /// A text in the place of the flagship's, with what lies beside that.
    fn described(text: &str) -> Described<'_> {
        static SHELF: LazyLock<Directory> =
            LazyLock::new(|| Directory::of(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/platform.toml"))));
        Described { text, shelf: &*SHELF, is_locked: false, is_alone: false }
    }

    fn told(changes: &[(&str, &str)]) -> Vec<(String, usize)> {
        let new = changes.iter().fold(FLAGSHIP.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        let mut told: Vec<(String, usize)> = Vec::new();
        for object in causes(described(FLAGSHIP), "new.toml", described(&new), None) {
            let line = &object.cause.as_ref().expect("each has one").text;
            match told.last_mut() {
                Some((last, count)) if last == line => *count += 1,
                _ => told.push((line.clone(), 1)),
            }
        }
        told
    }

    #[test]
    fn each_line_is_told_with_its_own_doing() {
        let told = told(&[("cpu = 65", "cpu = 66"), ("acme/api:1.4.2", "acme/api:1.5.0")]);
        let lines: Vec<&str> = told.iter().map(|(line, _)| line.split('=').next().unwrap_or_default().trim()).collect();
        assert_eq!(lines, ["image", "scale"]);
        assert_eq!(told[0].1, 1, "the Deployment");
        assert_eq!(told[1].1, 1, "the autoscaler");
    }

    #[test]
    fn lines_that_need_each_other_are_one_cause() {
        let service = "[components.mail]\ntype = \"web-service\"\nnamespace = \"production\"\nimage = \"registry.example.com/acme/mail:1.0.0\"\nport = 8080\n\n[components.image]";
        let told = told(&[
            ("calls     = [\"auth\", \"postgres\"]", "calls     = [\"auth\", \"mail\", \"postgres\"]"),
            ("[components.image]", service),
        ]);
        assert_eq!(told.len(), 1, "`calls` names what is declared further down: {told:?}");
    }

    #[test]
    fn comments_cause_nothing() {
        assert!(told(&[("version = 1", "# another comment\nversion = 1")]).is_empty());
    }
}
