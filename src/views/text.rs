//! For people at a terminal: one change a line, what it does at the end, where the eye is.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::diff::change::{Change, What};
use crate::diff::compare::{Cause, Comparison, Fate, FileFate, ObjectChange};
use crate::manifest::document::Id;
use crate::shares;
use crate::tables::HashSet;
use crate::views::inline::{both, shortened};
use crate::views::paint::Paint;
use crate::views::{lines, summary};

/// Lines get about this long, and values are cut for it: the JSON view has them whole.
const WIDEST: usize = 160;

/// However long the way to a value is, so much of it is shown.
const LEAST: usize = 60;

/// What stands before lines of texts.
pub const INDENT: &str = "    ";

/// How to show it.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Colours.
    pub paint: Paint,
    /// Lines around changed lines of texts.
    pub context: usize,
}

/// The whole comparison.
pub fn text(comparison: &Comparison, look: Look) -> String {
    let mut out = String::new();
    for key in &comparison.lone_keys {
        let line = format!("only in {}: {} (line {})", key.environment, lines::visible(&key.key), key.line);
        let _ = writeln!(out, "{}", look.paint.bold(&line));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    let told = shares::each(&comparison.objects, FEWEST_OBJECTS, |object| object_lines(object, look));
    let mut cause = &None;
    for (object, told) in comparison.objects.iter().zip(told) {
        if object.cause != *cause {
            cause = &object.cause;
            let heading = cause.as_ref().map(|cause| heading(cause, &comparison.objects)).unwrap_or_default();
            let _ = writeln!(out, "{}{}", if out.is_empty() { "" } else { "\n" }, look.paint.bold(&heading));
        }
        out.push_str(&told);
    }
    for line in bare_files(comparison, look.paint) {
        let _ = writeln!(out, "{line}");
    }
    for note in &comparison.notes {
        let _ = writeln!(out, "\nnote: {}", lines::visible(note));
    }
    for (title, lines) in summary::sections(comparison) {
        let _ = writeln!(out, "\n{}", look.paint.bold(title));
        for line in lines {
            let sign = line.chars().next().unwrap_or(' ');
            let _ = writeln!(out, "{}", look.paint.by_sign(sign, lines::visible(&line)));
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(out, "{}", look.paint.bold(headline(comparison)));
    out
}

/// Fewer objects than this are not worth a thread.
const FEWEST_OBJECTS: usize = 256;

/// ``size = "medium"` (platform.toml:84) caused 3 changes`
fn heading(cause: &Cause, objects: &[ObjectChange]) -> String {
    let Caused { gone, line, rest } = caused(cause, objects);
    format!("{gone}`{}`{rest}", lines::visible(&line))
}

/// What is said of a cause, in three pieces.
pub struct Caused {
    /// Whether it is that something is no longer there.
    pub gone: &'static str,
    /// The line.
    pub line: String,
    /// Where it stands, and how much it caused.
    pub rest: String,
}

/// What a cause did to these objects.
pub fn caused(cause: &Cause, objects: &[ObjectChange]) -> Caused {
    let own = objects.iter().filter(|object| object.cause.as_deref() == Some(cause));
    let changes = number(own.map(|object| object.changes.len().max(1)).sum(), "change");
    let more = if cause.lines > 1 { format!(" and {} more", number(cause.lines - 1, "line")) } else { String::new() };
    Caused {
        gone: if cause.is_removed { "removing " } else { "" },
        line: cause.text.clone(),
        rest: format!("{more} ({}:{}) caused {changes}", cause.file, cause.line),
    }
}

/// `2 objects added, 1 renamed, 5 changed in 3 files`
pub fn headline(comparison: &Comparison) -> String {
    let mut counts: BTreeMap<Fate, usize> = BTreeMap::new();
    for fate in fates(&comparison.objects) {
        *counts.entry(fate).or_default() += 1;
    }
    let files = number(comparison.files.len(), "file");
    if comparison.files.is_empty() {
        return "nothing differs".to_owned();
    }
    if counts.is_empty() {
        return format!("{files} differ, no object does");
    }
    let counted = |(at, (fate, count)): (usize, (Fate, usize))| {
        if at == 0 { format!("{} {}", number(count, "object"), word(fate)) } else { format!("{count} {}", word(fate)) }
    };
    let list: Vec<String> = counts.into_iter().enumerate().map(counted).collect();
    format!("{} in {files}", list.join(", "))
}

/// What became of each object.
fn fates(objects: &[ObjectChange]) -> Vec<Fate> {
    if objects.iter().all(|object| object.cause.is_none()) {
        return objects.iter().map(|object| object.fate).collect();
    }
    // an object stands once for each cause
    let mut fates: BTreeMap<(&Id, &str), Fate> = BTreeMap::new();
    for object in objects {
        let worst = fates.entry((&object.id, &object.file)).or_insert(object.fate);
        *worst = object.fate.min(*worst);
    }
    fates.into_values().collect()
}

/// `1 file`, `2 files`
pub fn number(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Added => "added",
        Fate::Removed => "removed",
        Fate::Renamed => "renamed",
        Fate::Changed => "changed",
        Fate::Moved => "moved",
        Fate::Reformatted => "reformatted",
    }
}

/// An object, one change a line; its first sign says what became of it.
fn object_lines(object: &ObjectChange, look: Look) -> String {
    let name = object.id.to_string();
    let changes = object.changes.iter().flat_map(|change| change_lines(&name, change, look));
    let mut out = String::new();
    for line in fate_lines(object, look.paint).into_iter().chain(changes) {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// What became of an object as a whole.
pub fn fate_lines(object: &ObjectChange, paint: Paint) -> Vec<String> {
    // most objects have changed where they stand, which their changes say
    if object.fate == Fate::Changed && object.was_in.is_none() {
        return Vec::new();
    }
    let (id, place) = (lines::visible(object.id.to_string()), lines::visible(object.id.place()));
    let home = lines::visible(&object.file);
    let file = paint.dim(format!("({home})"));
    let mut found = match (object.fate, &object.was) {
        (Fate::Added, _) => vec![format!("{} {file}", paint.green(format!("+ {id}")))],
        (Fate::Removed, _) => vec![format!("{} {file}", paint.red(format!("- {id}")))],
        (Fate::Renamed, Some(was)) => {
            let was = lines::visible(was.to_string());
            vec![format!("{}  will be re-created {file}", paint.yellow(format!("~ {was} → {place}")))]
        }
        (Fate::Reformatted, _) => vec![format!("= {id}  says the same in other words {file}")],
        _ => Vec::new(),
    };
    match &object.was_in {
        Some(_) if object.fate == Fate::Renamed => {}
        Some(was) => found.push(format!("= {id}  moved from {} to {home}", lines::visible(was))),
        None if object.fate == Fate::Moved => found.push(format!("= {id}  moved within {home}")),
        None => {}
    }
    found
}

/// A change of what has this name, which is left out if it is empty.
pub fn change_lines(name: &str, change: &Change, look: Look) -> Vec<String> {
    let path = change.path.to_string();
    let mut place = String::with_capacity(name.len() + path.len() + 4);
    for part in [name, &path].into_iter().filter(|part| !part.is_empty()) {
        place.push_str(part);
        place.push_str("  ");
    }
    let line = |sign: char, what: &str| {
        let mut line = String::with_capacity(place.len() + what.len() + 2);
        line.extend([sign, ' ']);
        line.push_str(&place);
        line.push_str(what);
        let line = if line.contains('\n') { line.replace('\n', " ") } else { line };
        vec![look.paint.by_sign(sign, lines::visible(line))]
    };
    let most = WIDEST.saturating_sub(place.chars().count()).max(LEAST);
    match &change.what {
        What::Added(node) => line('+', &shortened(node, most)),
        What::Removed(node) => line('-', &shortened(node, most)),
        What::Changed(old, new) => {
            let (old, new) = both(old, new, most);
            line('~', &format!("{old} → {new}"))
        }
        What::Order(old, new) => line('~', &format!("order: {} → {}", old.join(", "), new.join(", "))),
        What::Text(old, new) => {
            let (came, went) = lines::counts(old, new);
            let mut found = line('~', &format!("lines: {came} added, {went} removed"));
            for hunk in lines::hunks(old, new, look.context) {
                // whether the last line of a payload ends is seen in the file
                found.extend(hunk.lines().filter(|line| !line.starts_with('\\')).map(|line| {
                    let sign = line.chars().next().unwrap_or(' ');
                    look.paint.by_sign(sign, format!("{INDENT}{}", lines::visible(line)))
                }));
            }
            found
        }
    }
}

/// Files that no object speaks for.
pub fn bare_files(comparison: &Comparison, paint: Paint) -> Vec<String> {
    let places = comparison.objects.iter().flat_map(|object| object.was_in.iter().chain([&object.file]));
    let told: HashSet<&str> = places.map(String::as_str).collect();
    comparison
        .files
        .iter()
        .filter(|file| !told.contains(file.path.as_str()))
        .map(|file| (file.fate, lines::visible(&file.path)))
        .map(|(fate, path)| match fate {
            FileFate::Added => paint.green(format!("+ {path}")),
            FileFate::Removed => paint.red(format!("- {path}  nothing renders it")),
            FileFate::Changed => format!("= {path}  formatting only"),
        })
        .collect()
}
