//! Which lines of a text may be quoted in a message. The text may be broken, and a key that nobody knows may hold what should
//! have been a value: so nothing here is read as a whole, and when in doubt a line is not shown.

use crate::diagnostics::suggest::is_slip;
use crate::diff::hiding::lines_hidden;
use crate::diff::secrets::walk::{NAMED, NAMING, TEMPLATES};
use crate::diff::telling::is_telling;

/// Which lines of a manifest may be shown: none that holds a value of a Secret, or of what nobody can tell from one.
pub fn of_manifest(text: &str) -> Vec<bool> {
    let mut shown = Vec::new();
    let mut chunk: Vec<&str> = Vec::new();
    for line in text.split('\n') {
        if line.starts_with("---") {
            shown.extend(of_document(&std::mem::take(&mut chunk)));
        }
        chunk.push(line);
    }
    shown.extend(of_document(&chunk));
    shown
}

fn of_document(lines: &[&str]) -> Vec<bool> {
    let has_kind = |line: &&str| line.contains("kind:") || line.contains("\"kind\"");
    if !lines.iter().any(has_kind) {
        return lines.iter().map(|line| DIRECTIVES.iter().any(|word| line.starts_with(word))).collect();
    }
    if lines.iter().any(|line| is_of_secret(line)) { of_secret(lines) } else { of_text(lines) }
}

/// How lines begin that say nothing of an object: a template says of which others it is made, a text how it is to be read.
const DIRECTIVES: &[&str] = &["<% include ", "%YAML "];

/// Whether a line says that the object is a Secret, though it may be a slip that says so.
fn is_of_secret(line: &str) -> bool {
    let is_kind =
        || line.contains("kind") && line.contains("Secret") && !TEMPLATES.iter().any(|kind| line.contains(kind));
    let is_open = line.starts_with("kind:") && line.len() == "kind:".len();
    is_open || is_kind() || pairs(line).any(|(key, value)| is_slip(key, "kind") && is_slip(value, "Secret"))
}

/// Which lines of any other text may be shown: none with a telling name, and none that stands beside one.
pub fn of_text(lines: &[&str]) -> Vec<bool> {
    let roles: Vec<Role> = lines.iter().map(|line| Role::of(line)).collect();
    let blocks = Blocks::of(lines, &roles);
    let named: Vec<usize> = (0..lines.len()).filter(|at| roles[*at].names).collect();
    let hidden = lines_hidden(lines.iter().copied());
    let lines = lines.iter().zip(hidden).zip(roles.iter().zip(&blocks.of_line)).enumerate();
    lines
        .map(|(at, ((line, hidden), (role, block)))| {
            // where the lines of a broken text belong is a guess
            let next = named.partition_point(|named| named + NEAR < at);
            let is_near = || named.get(next).is_some_and(|named| *named <= at + NEAR) && holds_value(line);
            let is_beside = || block.is_some_and(|block| blocks.is_named(block)) || is_near();
            let is_open = if role.names { !has_room(line) } else { !is_beside() || is_harmless(line) };
            *line == hidden && !role.sets_values && is_open
        })
        .collect()
}

/// What a line is for those around it.
struct Role {
    /// It names a secret, as `- name: DB_PASSWORD` does.
    names: bool,
    /// It opens the values of a Secret, which nothing else has in the clear.
    sets_values: bool,
}

impl Role {
    fn of(line: &str) -> Self {
        pairs(line).fold(Self { names: false, sets_values: false }, |role, pair| Self {
            names: role.names || is_naming(pair),
            sets_values: role.sets_values || is_slip(pair.0, "stringData"),
        })
    }
}

/// What of a description decides whether its line at this place may be shown, and how many of those lines come before it:
/// its table; the one before, where a value may have begun; and what is near the end. All others are closed by then.
pub fn tables_around(text: &str, at: usize) -> (&str, usize) {
    let bytes = text.as_bytes();
    let line = bytes[..at.min(bytes.len())].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let above = |line: usize| text[..line].rfind(TABLE).map_or(0, |end| end + 1);
    let own = if text[line..].starts_with(TABLE.trim_start()) { line } else { above(line) };
    let start = above(own);
    let below = text[line..].find(TABLE).map_or(text.len(), |end| line + end + 1);
    let end = text[below..].match_indices('\n').nth(NEAR).map_or(text.len(), |(end, _)| below + end);
    (&text[start..end], text[start..line].matches('\n').count())
}

/// How a table of a description begins.
const TABLE: &str = "\n[";

/// Lines that may be between a name and its value.
const NEAR: usize = 2;

/// Whether a word of the line calls what stands there a value.
fn holds_value(line: &str) -> bool {
    let words = line.split(|letter: char| !letter.is_alphanumeric());
    words.into_iter().any(|word| NAMED.iter().any(|named| is_slip(word, named)))
}

/// The maps of a text by how far their lines are indented, each within another.
#[derive(Default)]
struct Blocks {
    /// The block around each, and whether one of its lines names a secret, or what holds it is one.
    all: Vec<(Option<usize>, bool)>,
    /// That of each line; none of an empty one.
    of_line: Vec<Option<usize>>,
}

impl Blocks {
    fn of(lines: &[&str], roles: &[Role]) -> Self {
        let mut blocks = Self::default();
        // where the lines of the blocks begin that are open, and which blocks these are
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut sets: Option<usize> = None;
        for (line, role) in lines.iter().zip(roles) {
            let body = line.trim_start_matches([' ', '\t', '-']);
            if body.trim().is_empty() {
                blocks.of_line.push(None);
                continue;
            }
            let column = line.len() - body.len();
            // an item of a list, a table of a description
            let is_first = line.trim_start().starts_with(['-', '[']);
            open.retain(|(other, _)| *other < column || *other == column && !is_first);
            sets = sets.filter(|outer| column > *outer);
            if open.last().is_none_or(|(other, _)| *other < column) {
                blocks.all.push((open.last().map(|(_, block)| *block), sets.is_some()));
                open.push((column, blocks.all.len() - 1));
            }
            let block = open.last().map(|(_, block)| *block);
            if let Some(block) = block.filter(|_| role.names) {
                blocks.all[block].1 = true;
            }
            if role.sets_values {
                sets = sets.or(Some(column));
            }
            blocks.of_line.push(block);
        }
        // whoever holds a block came before it
        for at in 0..blocks.all.len() {
            blocks.all[at].1 |= blocks.all[at].0.is_some_and(|outer| blocks.all[outer].1);
        }
        blocks
    }

    fn is_named(&self, block: usize) -> bool {
        self.all[block].1
    }
}

/// The keys of a line with their values: `a: b`, `a = "b"`, `{"a": "b", …`.
fn pairs(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_mark = |letter: char| letter.is_whitespace() || "\"'-[](),".contains(letter);
    line.split([',', '{', '}'])
        .filter_map(|part| part.split_once([':', '=']))
        .map(move |(key, value)| (key.trim_matches(is_mark), value.trim_matches(is_mark)))
}

fn is_naming((key, value): (&str, &str)) -> bool {
    !value.contains(char::is_whitespace) && NAMING.iter().any(|naming| is_slip(key, naming)) && is_telling(value)
}

/// Whether a line that names a secret has room for it.
fn has_room(line: &str) -> bool {
    pairs(line).any(|(key, value)| !value.is_empty() && !is_safe(key) && !is_naming((key, value)))
}

/// Whether a line beside the name of a secret holds none.
fn is_harmless(line: &str) -> bool {
    let is_flat = !line.contains(['{', '[', '|', '>']);
    is_flat && pairs(line).all(|(key, _)| is_safe(key)) && pairs(line).next().is_some()
}

/// Fields that stand beside names and hold no secret.
const SAFE: &[&str] = &[
    "apiVersion",
    "claimName",
    "containerPort",
    "defaultMode",
    "fieldPath",
    "image",
    "imagePullPolicy",
    "key",
    "kind",
    "mode",
    "mountPath",
    "name",
    "namespace",
    "optional",
    "path",
    "port",
    "protocol",
    "readOnly",
    "secretKeyRef",
    "secretName",
    "sizeLimit",
    "subPath",
    "type",
    "valueFrom",
];

fn is_safe(key: &str) -> bool {
    SAFE.contains(&key)
}

/// What a Secret is called by, line by line; nothing below what may begin its values.
fn of_secret(lines: &[&str]) -> Vec<bool> {
    let mut values: Option<usize> = None;
    let mut shown = Vec::with_capacity(lines.len());
    for line in lines {
        let indent = line.len() - line.trim_start().len();
        let (key, value) = line.trim().split_once(':').unwrap_or((line.trim(), "{"));
        let is_plain =
            value.is_empty() || value.starts_with(' ') && !value.contains(['{', '[', '|', '>', ',', '#', ':']);
        let is_known = OUTSIDE.contains(&key);
        let is_open = INSIDE.contains(&key) && value.is_empty();
        if values.is_some_and(|outer| indent <= outer && (is_known || is_open)) {
            values = None;
        }
        shown.push(values.is_none() && is_plain && (is_open || is_known));
        // a key that nobody knows may be one of those; what is no plain line may not end where it seems to
        if !line.trim().is_empty() && !line.starts_with("---") && (!is_known || !is_plain) {
            values = Some(values.map_or(indent, |outer| outer.min(indent)));
        }
    }
    shown
}

/// Fields that hold values.
const INSIDE: &[&str] = &["data", "encryptedData", "stringData"];
/// Fields that hold none.
const OUTSIDE: &[&str] = &[
    "annotations",
    "apiVersion",
    "immutable",
    "kind",
    "labels",
    "lastmodified",
    "metadata",
    "name",
    "namespace",
    "platformgen.io/sealed-for",
    "sealedsecrets.bitnami.com/cluster-wide",
    "sealedsecrets.bitnami.com/namespace-wide",
    "sops",
    "spec",
    "template",
    "type",
    "version",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> Vec<&str> {
        let shown = of_manifest(text);
        text.split('\n').zip(shown).filter(|(_, shown)| !shown).map(|(line, _)| line.trim()).collect()
    }

    #[test]
    fn what_stands_beside_a_telling_name_is_hidden_whatever_its_key() {
        let text = "kind: Pod\nspec:\n  containers:\n  - name: api\n    env:\n    - vlaue: one\n      name: DB_PASSWORD\n      other:\n        deep: two\n    - {nmae: TOKEN, valeu: three}\n    - name: LEVEL\n      vlaue: info\n    volumeMounts:\n    - name: tokens\n      mountPath: /a\n";
        assert_eq!(
            hidden(text),
            ["- vlaue: one", "other:", "deep: two", "- {nmae: TOKEN, valeu: three}", "vlaue: info"]
        );
        let json = "{\n  \"kind\": \"Pod\",\n  \"env\": [\n    {\n      \"vlaue\": \"one\",\n      \"name\": \"DB_PASSWORD\"\n    }\n  ]\n}";
        assert_eq!(hidden(json), ["\"vlaue\": \"one\","]);
    }

    #[test]
    fn tables_further_away_decide_nothing() {
        let text = "version = 1\n[a]\nname = \"DB_PASSWORD\"\nvlaue = \"one\"\n[b]\nx = 1\npassword =\n[c]\n  \"two\"\n  y = 2\nz = 3\n\n[d]\nw = 4\nname = \"TOKEN\"\n[e]\nvalue = \"three\"\nv = 5\n\n\n[f]\nu = 6";
        let lines: Vec<&str> = text.split('\n').collect();
        let whole = of_text(&lines);
        assert!(whole.contains(&true) && whole.contains(&false));
        let mut at = 0;
        for (line, is_shown) in lines.iter().zip(whole) {
            for at in [at, at + line.len()] {
                let (around, before) = tables_around(text, at);
                let around: Vec<&str> = around.split('\n').collect();
                assert_eq!(around[before], *line);
                assert_eq!(of_text(&around)[before], is_shown, "{line}");
            }
            at += line.len() + 1;
        }
    }

    #[test]
    fn a_slip_makes_no_secret_of_a_secret_less_of_one() {
        for text in [
            "kind: Secrt\ndata:\n  a: one",
            "kind: secret\nstringDta:\n  name: one",
            "kind:\n  Secret\nb:\n  name: one",
        ] {
            assert!(hidden(text).contains(&text.rsplit_once("  ").expect("it is indented").1), "{text}");
        }
        assert_eq!(hidden("kind: ConfigMap\nstringDta:\n  a: one\nlabels: {}"), ["stringDta:", "a: one"]);
        assert_eq!(hidden("kind: CustomResourceDefinition\nspec:\n  kind:\n    type: string"), [""; 0]);
    }
}
