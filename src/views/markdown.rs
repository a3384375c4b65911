//! What a bot posts under a change: the effects first, every object folded, never longer than a comment may be.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::diff::compare::{Cause, Comparison, Fate, ObjectChange};
use crate::views::paint::Paint;
use crate::views::text::{self, INDENT, Look, change_lines, fate_lines, headline, number};
use crate::views::{lines, summary};

/// By this line a bot finds its comment again.
pub const MARKER: &str = "<!-- platformgen diff -->";

/// Room for the line that says what was left out.
const FOOTER: usize = 160;

/// The most objects that are told as one.
const MOST: usize = 40;

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
            Some(own) if section.cause != cause => heading(own, &comparison.objects),
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
        out.push(format!("\n**{title}**\n\n{}", block(&lines)));
    }
    out
}

/// Text in a table or list: nothing in it is markup, but for what stands in backticks.
fn cell(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return plain(text);
    }
    let told = |(at, part): (usize, &&str)| if at.is_multiple_of(2) { plain(part) } else { code(part) };
    parts.iter().enumerate().map(told).collect()
}

struct Section<'a> {
    cause: Option<&'a Cause>,
    objects: usize,
    text: String,
}

/// The lines of the description that caused what follows: nothing in them is markup.
fn heading(cause: &Cause, objects: &[ObjectChange]) -> String {
    let told = text::caused(cause, objects);
    format!("\n#### {}{}{}\n", told.gone, code(&told.line), plain(&told.rest))
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

/// The same as a piece of code, within text.
fn code(text: &str) -> String {
    format!("<code>{}</code>", plain(text))
}

/// A name in a summary, where nothing but tags is markup.
fn tagged(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// An object, what became of it and what is different in it.
struct Told<'a> {
    object: &'a ObjectChange,
    fate: Vec<String>,
    changes: Vec<String>,
}

/// What objects share that are told as one: the number of their cause, and more.
type Key = (usize, String);

/// Objects of one cause are one section if what is different in them is the same, or if the same became of them and
/// nothing is different in them.
fn grouped(objects: &[ObjectChange], look: Look) -> Vec<Section<'_>> {
    let mut order: Vec<Key> = Vec::new();
    let mut groups: BTreeMap<Key, Vec<Told<'_>>> = BTreeMap::new();
    // they stand in the order of their causes
    let (mut cause, mut count) = (None, 0);
    for object in objects {
        if object.cause != cause {
            (cause, count) = (object.cause.clone(), count + 1);
        }
        let fate = fate_lines(object, look.paint);
        let changes = object.changes.iter().flat_map(|change| change_lines("", change, look)).collect();
        let told = Told { object, fate, changes };
        let key = (count, alike(&told));
        let group = groups.entry(key.clone()).or_default();
        if group.is_empty() {
            order.push(key);
        }
        group.push(told);
    }
    order.iter().filter_map(|key| groups.get(key)).flat_map(|group| group.chunks(MOST)).map(section).collect()
}

/// What is the same in objects that can be told as one.
fn alike(told: &Told<'_>) -> String {
    let Told { object, fate, changes } = told;
    if changes.is_empty() {
        format!("{} {}", sign(object.fate), became(object))
    } else {
        format!("{}\n{}\n{}", object.id.kind, fate.join("\n"), anonymous(told).join("\n"))
    }
}

/// What is different in an object, without its name.
fn anonymous(told: &Told<'_>) -> Vec<String> {
    told.changes.iter().map(|line| summary::anonymous(line, &told.object.id)).collect()
}

/// What became of an object, without what it is.
fn became(object: &ObjectChange) -> String {
    let file = tagged(&object.file);
    match (object.fate, &object.was, &object.was_in) {
        (Fate::Added, ..) => format!("new in {file}"),
        (Fate::Removed, ..) => format!("gone from {file}"),
        (Fate::Renamed, Some(was), _) => {
            format!("renamed from {} to {}, will be re-created", tagged(&was.place()), tagged(&object.id.place()))
        }
        (Fate::Moved, _, Some(was)) => format!("moved from {} to {file}", tagged(was)),
        (Fate::Moved, ..) => format!("moved within {file}"),
        _ => format!("says the same in other words in {file}"),
    }
}

/// A group, folded; the first of it speaks for all.
fn section<'a>(group: &[Told<'a>]) -> Section<'a> {
    let Some((first, others)) = group.split_first() else {
        return Section { cause: None, objects: 0, text: String::new() };
    };
    let object = first.object;
    let (title, lines) = match (first.changes.as_slice(), others) {
        ([], []) => (name(object), first.fate.clone()),
        ([], _) => {
            let (sign, count) = (tagged(&sign(object.fate).to_string()), number(group.len(), "object"));
            let fates = group.iter().flat_map(|told| told.fate.clone()).collect();
            (format!("{sign} {count} {}", became(object)), fates)
        }
        (changes, []) => {
            let count = number(object.changes.len(), "change");
            (format!("{} {count}", name(object)), first.fate.iter().chain(changes).cloned().collect())
        }
        _ => {
            let names: Vec<String> = group.iter().map(|told| tagged(&told.object.id.place())).collect();
            let kinds = escaped(&plural(&object.id.kind));
            (format!("same change in {} {kinds}: {}", group.len(), names.join(", ")), shared(group))
        }
    };
    let text = format!("\n<details><summary>{title}</summary>\n\n{}\n</details>\n", block(&lines));
    Section { cause: object.cause.as_deref(), objects: group.len(), text }
}

/// What is different in each of a group.
fn shared(group: &[Told<'_>]) -> Vec<String> {
    match group {
        [first, others @ ..] if others.iter().any(|other| other.changes != first.changes) => anonymous(first),
        [first, ..] => first.changes.clone(),
        [] => Vec::new(),
    }
}

/// The object with a sign of what became of it.
fn name(object: &ObjectChange) -> String {
    tagged(&format!("{} {}", sign(object.fate), object.id))
}

fn sign(fate: Fate) -> char {
    match fate {
        Fate::Added => '+',
        Fate::Removed => '-',
        Fate::Renamed | Fate::Changed => '~',
        Fate::Moved | Fate::Reformatted => '=',
    }
}

/// `Deployments`, `NetworkPolicies`, `Ingresses`.
fn plural(kind: &str) -> String {
    match kind.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies"),
        _ if kind.ends_with("ss") => format!("{kind}es"),
        _ if kind.ends_with('s') => kind.to_owned(),
        _ => format!("{kind}s"),
    }
}

/// Lines as sites colour them: what is another stands behind `!` there, and lines of texts begin where all lines do.
fn block(lines: &[String]) -> String {
    let line = |line: &String| match line.strip_prefix('~') {
        Some(rest) => format!("!{rest}"),
        None => line.strip_prefix(INDENT).unwrap_or(line).to_owned(),
    };
    let body = lines.iter().map(line).collect::<Vec<_>>().join("\n");
    let fence = fence(&body);
    format!("{fence}diff\n{body}\n{fence}\n")
}

/// Longer than any run of backticks inside.
fn fence(body: &str) -> String {
    let longest = body.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

fn escaped(text: &str) -> String {
    lines::visible(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(cell("a|b `c*[d]` <e> @f"), "a\\|b <code>c\\*\\[d\\]</code> &lt;e&gt; &#64;f");
        assert_eq!(cell("one ` alone"), "one \\` alone");
    }

    #[test]
    fn several_of_a_kind_are_called_as_people_do() {
        let kinds = ["Deployment", "NetworkPolicy", "Ingress", "Gateway", "Endpoints", "Proxy"];
        let told = ["Deployments", "NetworkPolicies", "Ingresses", "Gateways", "Endpoints", "Proxies"];
        assert_eq!(kinds.map(plural), told);
    }
}
