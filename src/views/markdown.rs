//! What a bot posts under a change: the effects first, every object folded, never longer than a comment may be.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::diff::compare::{Cause, Comparison, Fate, ObjectChange};
use crate::views::paint::Paint;
use crate::views::text::{self, Look, headline, number, object_lines};
use crate::views::{lines, summary};

/// By this line a bot finds its comment again.
pub const MARKER: &str = "<!-- platformgen diff -->";

/// Room for the line that says what was left out.
const FOOTER: usize = 160;

/// The whole comparison in at most `most` bytes: what does not fit is left out whole, and counted.
pub fn markdown(comparison: &Comparison, context: usize, most: usize) -> String {
    let mut out = format!("{MARKER}\n### platformgen: {}\n", headline(comparison));
    for line in head(comparison) {
        // what will happen must not crowd out what changed
        if out.len() + line.len() + 2 * FOOTER > most / 2 {
            out.push_str("\n_More than fits: run `platformgen diff` to see all._\n");
            break;
        }
        out.push_str(&line);
    }
    let look = Look { paint: Paint::default(), context };
    let mut left_out = 0;
    let mut cause = None;
    for section in grouped(&comparison.objects, look) {
        let heading = match section.cause {
            Some(own) if section.cause != cause => format!("\n{}\n", heading(own, &comparison.objects)),
            _ => String::new(),
        };
        if out.len() + heading.len() + section.text.len() + FOOTER <= most {
            out.push_str(&heading);
            out.push_str(&section.text);
            cause = section.cause;
        } else {
            left_out += section.objects;
        }
    }
    if left_out > 0 {
        let objects = number(left_out, "object");
        let _ = write!(out, "\n_{objects} more not shown: run `platformgen diff` to see all._\n");
    }
    out
}

/// What stands above the objects, line by line: the effects as a table, then the lists.
fn head(comparison: &Comparison) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for key in &comparison.lone_keys {
        out.push(format!("- only in `{}`: `{}` (line {})\n", key.environment, key.key, key.line));
    }
    let effects = summary::effects(comparison);
    if !effects.is_empty() {
        out.push("\n| effect | what, and why |\n|---|---|\n".to_owned());
        out.extend(effects.into_iter().map(|(kind, what)| format!("| **{kind}** | {} |\n", cell(&what))));
    }
    out.extend(comparison.notes.iter().map(|note| format!("\n_{}_\n", cell(note))));
    let files = text::bare_files(comparison, Paint::default());
    let files = if files.is_empty() { None } else { Some(("files", files)) };
    for (title, lines) in
        files.into_iter().chain(summary::sections(comparison)).filter(|(title, _)| *title != "effects")
    {
        let body = lines.join("\n");
        let fence = fence(&body);
        out.push(format!("\n**{title}**\n\n{fence}diff\n{body}\n{fence}\n"));
    }
    out
}

/// Text in a table or list: nothing in it is markup, but for what stands in backticks.
fn cell(text: &str) -> String {
    escaped(text).replace('|', "\\|").replace('*', "\\*").replace('@', "&#64;")
}

struct Section<'a> {
    cause: Option<&'a Cause>,
    objects: usize,
    text: String,
}

/// The lines of the description that caused what follows: nothing in them is markup.
fn heading(cause: &Cause, objects: &[ObjectChange]) -> String {
    let told = text::caused(cause, objects);
    let (line, rest) = (plain(&told.line), plain(&told.rest));
    format!("{}<code>{line}</code>{rest}", told.gone)
}

/// Text that stands for itself.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for letter in escaped(text).replace('@', "&#64;").chars() {
        if "\\`*_[]~|".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// An object and its lines.
type Told<'a> = (&'a ObjectChange, Vec<String>);

/// Objects of one kind with the same changes of one cause are one section.
fn grouped(objects: &[ObjectChange], look: Look) -> Vec<Section<'_>> {
    type Key = (usize, String, String);
    let mut order: Vec<Key> = Vec::new();
    let mut groups: BTreeMap<Key, Vec<Told<'_>>> = BTreeMap::new();
    // they stand in the order of their causes
    let (mut cause, mut count) = (None, 0);
    for object in objects {
        let lines = object_lines(object, look);
        let anonymous = lines.join("\n").replace(&object.id.to_string(), "").replace(&object.file, "");
        if object.cause != cause {
            (cause, count) = (object.cause.clone(), count + 1);
        }
        let key = (count, object.id.kind.clone(), anonymous);
        let group = groups.entry(key.clone()).or_default();
        if group.is_empty() {
            order.push(key);
        }
        group.push((object, lines));
    }
    order.iter().filter_map(|key| groups.get(key)).map(|group| section(group)).collect()
}

fn section<'a>(group: &[Told<'a>]) -> Section<'a> {
    let Some(((object, lines), others)) = group.split_first() else {
        return Section { cause: None, objects: 0, text: String::new() };
    };
    let title = if others.is_empty() {
        format!("<code>{}</code>", escaped(&title(object)))
    } else {
        let names: Vec<String> = group.iter().map(|(object, _)| escaped(&object.id.place())).collect();
        format!("same change in {} of kind {}: {}", group.len(), escaped(&object.id.kind), names.join(", "))
    };
    let body = lines.join("\n");
    let fence = fence(&body);
    let text = format!("\n<details><summary>{title}</summary>\n\n{fence}diff\n{body}\n{fence}\n\n</details>\n");
    Section { cause: object.cause.as_deref(), objects: group.len(), text }
}

/// What became of the object, as a sign, and its name.
fn title(object: &ObjectChange) -> String {
    let sign = match object.fate {
        Fate::Added => '+',
        Fate::Removed => '-',
        Fate::Renamed | Fate::Changed => '~',
        Fate::Moved | Fate::Reformatted => '=',
    };
    format!("{sign} {}", object.id)
}

/// Longer than any run of backticks inside.
fn fence(body: &str) -> String {
    let longest = body.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

fn escaped(text: &str) -> String {
    lines::visible(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
