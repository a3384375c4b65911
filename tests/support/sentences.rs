//! The sentences that sources can say: their literals of several words, without what fills them in.

use std::fs;
use std::path::Path;

/// A literal of a source file.
pub struct Sentence {
    /// Where it stands, from the root of the sources.
    pub file: String,
    /// As it is written.
    pub text: String,
    parts: Vec<String>,
}

impl Sentence {
    /// Whether a line says it, whatever fills it in.
    pub fn is_in(&self, line: &str) -> bool {
        let mut rest = line;
        self.parts.iter().all(|part| match rest.split_once(part.as_str()) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }
}

/// What is no sentence for users: why something cannot fail, and why a lint is wrong.
const REMARKS: &[&str] = &["expect(", "reason =", "include_str!("];

/// All sentences of all files below a directory.
pub fn of(directory: &Path) -> Vec<Sentence> {
    let mut found = Vec::new();
    let mut entries: Vec<_> =
        fs::read_dir(directory).expect("sources can be listed").map(|entry| entry.expect("listed").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            found.extend(of(&path));
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            let text = fs::read_to_string(&path).expect("sources are text");
            let file = path.display().to_string();
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            found.extend(literals(product).into_iter().map(|text| sentence(&file, text)));
        }
    }
    found
}

fn sentence(file: &str, text: String) -> Sentence {
    let (mut parts, mut part, mut depth) = (Vec::new(), String::new(), 0);
    let plain = text.replace("{{", "\u{1}").replace("}}", "\u{2}");
    for letter in plain.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if depth > 0 => continue,
            '\u{1}' => part.push('{'),
            '\u{2}' => part.push('}'),
            _ => part.push(letter),
        }
        if letter == '{' {
            parts.push(std::mem::take(&mut part));
        }
    }
    parts.push(part);
    parts.retain(|part| !part.trim().is_empty());
    Sentence { file: file.to_owned(), text, parts }
}

/// Literals in which at least two words follow one another.
fn literals(source: &str) -> Vec<String> {
    let (mut found, mut rest, mut before) = (Vec::new(), source, String::new());
    while let Some(at) = rest.find(['"', '\'', '/']) {
        before.push_str(&rest[..at]);
        let (letter, after) = (&rest[at..=at], &rest[at + 1..]);
        rest = match letter {
            "/" if after.starts_with('/') => after.find('\n').map_or("", |end| &after[end..]),
            "'" => after_letter(after),
            "\"" => {
                let end = quote(after);
                let is_remark = REMARKS.iter().any(|mark| before.trim_end().ends_with(mark));
                let text = unescaped(&after[..end]);
                if !is_remark && is_of_words(&text) {
                    found.push(text);
                }
                before.clear();
                &after[end + 1..]
            }
            _ => after,
        };
    }
    found
}

/// What follows a letter in quotes; a lifetime is none.
fn after_letter(after: &str) -> &str {
    let mut letters = after.char_indices();
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some((at, _))) => after[at + 1..].split_once('\'').map_or("", |(_, rest)| rest),
        (Some(_), Some((at, '\''))) => &after[at + 1..],
        _ => after,
    }
}

fn quote(text: &str) -> usize {
    let mut is_escaped = false;
    let is_end = |letter: char| {
        let is_end = letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        is_end
    };
    text.find(is_end).unwrap_or(text.len())
}

fn unescaped(text: &str) -> String {
    let mut lines = text.split("\\\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let whole = lines.fold(first, |whole, line| whole + line.trim_start());
    whole.replace("\\\"", "\"").replace("\\n", "\n").replace("\\\\", "\\")
}

fn is_of_words(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let is_word = |word: &str| word.len() > 1 && word.chars().all(char::is_lowercase);
    words.windows(2).any(|pair| pair.iter().all(|word| is_word(word.trim_end_matches([',', ':', ';', '.', '`']))))
}
