//! The words of a template.

use std::fmt;

use crate::validate::monitoring::templates::{Fault, fault};

/// A word between the braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'t> {
    /// A name: a function or a keyword.
    Word(&'t str),
    /// `$x`, without the sign.
    Variable(&'t str),
    /// `.`, `.a` or `.a.b`.
    Dot(&'t str),
    /// `.a.b` right behind a variable or a parenthesis.
    Chain(&'t str),
    /// A text in quotes.
    Text(&'t str),
    /// A number.
    Number(&'t str),
    /// Anything else.
    Sign(&'t str),
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "${name}"),
            Self::Word(text)
            | Self::Dot(text)
            | Self::Chain(text)
            | Self::Text(text)
            | Self::Number(text)
            | Self::Sign(text) => f.write_str(text),
        }
    }
}

/// What stands between braces, with the place of the braces; remarks are left out.
pub fn actions(text: &str) -> Result<Vec<(usize, &str)>, Fault> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("{{").map(|at| from + at) {
        let body = &text[start + 2..];
        let inner = body.strip_prefix("- ").map_or(body, str::trim_start);
        if let Some(remark) = inner.strip_prefix("/*") {
            let Some(end) = remark.find("*/") else { return fault(start, "this remark is never closed") };
            let rest = remark[end + 2..].trim_start().trim_start_matches('-');
            let Some(after) = rest.strip_prefix("}}") else {
                return fault(start, "a remark must fill its braces");
            };
            from = text.len() - after.len();
            continue;
        }
        let Some(length) = end_of(body) else {
            let at = start + 2 + quote_that_stays_open(body).unwrap_or(0);
            return match quote_that_stays_open(body) {
                Some(_) => fault(at, "this text is never closed"),
                None => fault(start, "these braces are never closed"),
            };
        };
        found.push((start, &text[start..start + 2 + length]));
        from = start + 2 + length + 2;
    }
    Ok(found)
}

/// Where the closing braces stand that no quotes hold.
fn end_of(body: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &body[at..];
        if rest.starts_with("}}") {
            return Some(at);
        }
        let letter = rest.chars().next()?;
        at += match letter {
            '"' | '\'' | '`' => quoted(rest)?,
            _ => letter.len_utf8(),
        };
    }
}

fn quote_that_stays_open(body: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(letter) = body[at..].chars().next() {
        at += match letter {
            '"' | '\'' | '`' => match quoted(&body[at..]) {
                Some(length) => length,
                None => return Some(at),
            },
            _ => letter.len_utf8(),
        };
    }
    None
}

/// The length of a text with its quotes; `None` if it is never closed. Only raw ones go over lines.
fn quoted(text: &str) -> Option<usize> {
    let quote = text.chars().next()?;
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if quote != '`' => is_escaped = true,
            '\n' if quote != '`' => return None,
            _ if letter == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The words of an action that begins with its braces at `start`, each with its place.
pub fn tokens(action: &str, start: usize) -> Result<Vec<(usize, Token<'_>)>, Fault> {
    let mut at = 2;
    if action[at..].starts_with("- ") {
        at += 1;
    }
    let mut text = action;
    if text.len() > at && text.ends_with('-') && text[..text.len() - 1].ends_with(char::is_whitespace) {
        text = &text[..text.len() - 1];
    }
    let mut found = Vec::new();
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let Some((length, token)) = one(rest, letter, is_behind(text, at)) else {
            return fault(start + at, "this text is never closed");
        };
        found.push((start + at, token));
        at += length;
    }
    Ok(found)
}

/// Whether a dot belongs to what stands before it.
fn is_behind(text: &str, at: usize) -> bool {
    text[..at].ends_with(|letter: char| letter.is_alphanumeric() || "_$)".contains(letter))
}

fn one(rest: &str, letter: char, is_behind: bool) -> Option<(usize, Token<'_>)> {
    let length = |is_part: &dyn Fn(char) -> bool, from: usize| {
        rest[from..].find(|letter| !is_part(letter)).map_or(rest.len(), |end| from + end)
    };
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let is_number = |letter: char| letter.is_ascii_digit();
    let second = rest[letter.len_utf8()..].chars().next();
    Some(match letter {
        '"' | '\'' | '`' => quoted(rest).map(|end| (end, Token::Text(&rest[..end])))?,
        '$' => {
            let end = length(&is_name, 1);
            (end, Token::Variable(&rest[1..end]))
        }
        '.' if !second.is_some_and(is_number) => {
            let end = length(&|letter| is_name(letter) || letter == '.', 1);
            (end, if is_behind { Token::Chain(&rest[..end]) } else { Token::Dot(&rest[..end]) })
        }
        '+' | '-' if second.is_some_and(|next| is_number(next) || next == '.') => number(rest, 1),
        '.' | '0'..='9' => number(rest, 0),
        ':' if second == Some('=') => (2, Token::Sign(&rest[..2])),
        _ if is_name(letter) => {
            let end = length(&is_name, 0);
            (end, Token::Word(&rest[..end]))
        }
        _ => (letter.len_utf8(), Token::Sign(&rest[..letter.len_utf8()])),
    })
}

fn number(rest: &str, from: usize) -> (usize, Token<'_>) {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "._".contains(letter);
    let mut end = rest[from..].find(|letter| !is_part(letter)).map_or(rest.len(), |end| from + end);
    let is_signed = rest[..end].ends_with(['e', 'E']) && rest[end..].starts_with(['+', '-']);
    if is_signed {
        end += 1 + rest[end + 1..].find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len() - end - 1);
    }
    (end, Token::Number(&rest[..end]))
}
