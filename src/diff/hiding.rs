//! Texts without the secrets in them. When in doubt, more is hidden: a line loses all that follows a telling name.

use std::borrow::Cow;

use crate::diff::telling::{is_place, is_telling, may_tell};
use crate::values::base64;

/// What stands for a hidden value.
pub const HIDDEN: &str = "(hidden)";

/// What stands in a text for a value that is fetched from elsewhere.
pub const FETCHED: char = '\0';

/// How tokens of well-known services begin.
const TOKENS: &[&str] = &[
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "AIza",
    "sk_live_",
    "sk-ant-",
    "sk-proj-",
    "eyJhbGciOi",
    "hooks.slack.com/services/",
    "discord.com/api/webhooks/",
];

/// How tokens begin that begin as plain names do, and how many letters and digits they go on for.
const LONG_TOKENS: &[(&str, usize)] = &[("npm_", 36)];

/// How hashes of passwords begin, which can be tried out at leisure.
const HASHES: &[&str] = &["$2a$", "$2b$", "$2y$", "$apr1$", "$argon2"];

/// Programs with the short option that takes a password.
const OPTIONS: &[(&str, &str)] = &[
    ("redis-cli", " -a"),
    ("curl", " -u"),
    ("curl", " --user "),
    ("mysql", " -p"),
    ("mariadb", " -p"),
    ("sshpass", " -p"),
    ("mongo", " -p"),
    ("docker login", " -p"),
    ("ldap", " -w"),
];

/// What a value is that opens a block.
const OPENERS: &[&str] = &["", "|", "|-", "|+", ">", ">-", "{", "[", "(", "\\", "\"\"\"", "'''", "`"];

/// Whether a text is a docker configuration, a private key or a well-known token, plain or in base64.
pub fn holds_credentials(text: &str) -> bool {
    is_credential(text) || decoded(text).is_some_and(|text| is_credential(&text) || text_hidden(&text) != text)
}

fn is_credential(text: &str) -> bool {
    // most texts have none of the letters without which they cannot be one
    let marks = text.bytes().fold(0, |marks, byte| marks | MARKS[usize::from(byte)]);
    let has = |mark: u8| marks & mark != 0;
    (has(BLANK) && text.contains("PRIVATE KEY-----"))
        || (has(BRACE) && text.contains("\"auths\""))
        || (has(DOLLAR) && HASHES.iter().any(|start| text.contains(start)))
        || (has(TOKEN) && holds_token(text))
}

const BLANK: u8 = 1;
const BRACE: u8 = 1 << 1;
const DOLLAR: u8 = 1 << 2;
/// A byte that a token begins with.
const TOKEN: u8 = 1 << 3;

/// What a byte may be a part of.
const MARKS: [u8; 256] = {
    let (mut marks, mut byte) = ([0; 256], 0);
    while byte < 256 {
        marks[byte] = if BEGIN_TOKENS[byte] { TOKEN } else { 0 };
        byte += 1;
    }
    marks[b' ' as usize] |= BLANK;
    marks[b'{' as usize] |= BRACE;
    marks[b'$' as usize] |= DOLLAR;
    marks
};

/// Whether a word of a text begins as a token does and goes on for a while.
fn holds_token(text: &str) -> bool {
    // whole files come by here: their bytes are looked at first, and their letters where that is not enough
    let mut before = b' ';
    text.bytes().enumerate().any(|(at, byte)| {
        let was_inside = std::mem::replace(&mut before, byte).is_ascii_alphanumeric();
        if was_inside || !BEGIN_TOKENS[usize::from(byte)] {
            return false;
        }
        // the second letter tells most words from tokens
        let second = text.as_bytes().get(at + 1);
        let near = TOKENS.iter().filter(|start| start.as_bytes().get(1) == second);
        let mut rests = near.filter_map(|start| text.get(at..)?.strip_prefix(start));
        let is_token = rests.any(|rest| rest.chars().take_while(|letter| is_name(*letter)).count() >= 6);
        let is_long = LONG_TOKENS.iter().any(|(start, length)| {
            let rest = text.get(at..).and_then(|rest| rest.strip_prefix(start));
            rest.is_some_and(|rest| rest.bytes().take_while(u8::is_ascii_alphanumeric).count() >= *length)
        });
        (is_token || is_long) && !text[..at].ends_with(char::is_alphanumeric)
    })
}

/// Whether a token begins with a byte.
const BEGIN_TOKENS: [bool; 256] = {
    let (mut begin, mut at) = ([false; 256], 0);
    while at < TOKENS.len() {
        begin[TOKENS[at].as_bytes()[0] as usize] = true;
        at += 1;
    }
    at = 0;
    while at < LONG_TOKENS.len() {
        begin[LONG_TOKENS[at].0.as_bytes()[0] as usize] = true;
        at += 1;
    }
    begin
};

/// Whether a key of a map is a secret by itself: a well-known token, or an address with a password in it.
pub fn is_secret_key(key: &str) -> bool {
    let is_name = key.len() < SHORTEST_TOKEN || key.bytes().all(|byte| byte.is_ascii_alphabetic());
    !is_name && (is_credential(key) || key.contains('@') && addresses_hidden(key) != key)
}

/// No token, and no address with a password that matters, is shorter.
const SHORTEST_TOKEN: usize = 8;

/// `user:password` in base64, as a docker configuration has it.
pub fn is_basic(text: &str) -> bool {
    decoded(text).is_some_and(|text| text.contains(':') && !text.contains(char::is_control))
}

/// What a text is the base64 of, if that is a text.
fn decoded(text: &str) -> Option<String> {
    base64::text(text.trim()).filter(|text| text.len() >= SHORTEST)
}

/// Fewer bytes than this are no text that anybody encodes.
const SHORTEST: usize = 6;

/// The lines of a text, with everything hidden that may be secret; each line stays a line.
pub fn text_hidden(text: &str) -> String {
    lines_hidden(text.split('\n')).collect::<Vec<_>>().join("\n")
}

/// The same, line by line.
pub fn lines_hidden<'a>(lines: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = Cow<'a, str>> {
    // the indentation of a line whose value stands below it, and whether nothing has followed it yet
    let mut open: Option<(usize, bool)> = None;
    let mut is_named = false;
    lines.into_iter().map(move |line| {
        let indent = line.len() - line.trim_start().len();
        let is_blank = line.trim().is_empty();
        if let Some((outer, is_first)) = open
            && (is_blank || is_first || indent > outer)
        {
            open = Some((outer, is_first && is_blank));
            return if is_blank { line.into() } else { format!("{}{HIDDEN}", &line[..indent]).into() };
        }
        let names = telling(line);
        let is_value = line.trim_start_matches([' ', '\t', '-', '"', '\'', '{']).starts_with("value");
        let shown = match (is_named && is_value).then(|| line.find([':', '='])).flatten() {
            Some(at) => format!("{} {HIDDEN}", &line[..=at]).into(),
            None => hidden(line, &names),
        };
        open = matches!(pair(line, &names), Pair::Open).then_some((indent, true));
        is_named = !names.is_empty();
        shown
    })
}

/// One line, with everything hidden that may be secret.
pub fn line_hidden(line: &str) -> Cow<'_, str> {
    hidden(line, &telling(line))
}

/// The same of a line with these telling names.
fn hidden<'a>(line: &'a str, names: &[Word]) -> Cow<'a, str> {
    if is_credential(line) {
        return HIDDEN.into();
    }
    let line = addresses_hidden(line);
    let found = match &line {
        Cow::Borrowed(line) => pair(line, names),
        Cow::Owned(line) => pair(line, &telling(line)),
    };
    let cut = match found {
        Pair::Value(at) => Some(at),
        Pair::Open | Pair::None => None,
    };
    // the others are words that a blank ends
    let others = || [scheme(&line), option(&line), acl(&line)].into_iter().flatten();
    let first = if line.contains(' ') { others().chain(cut).min() } else { cut };
    match first {
        Some(at) => format!("{} {HIDDEN}", line[..at].trim_end()).into(),
        None => line,
    }
}

/// Where a name begins and ends.
type Word = (usize, usize);

/// The telling names of a line.
fn telling(line: &str) -> Vec<Word> {
    if !may_tell(line) {
        return Vec::new();
    }
    words(line).filter(|(start, end)| is_telling(line[*start..*end].trim_start_matches('-'))).collect()
}

enum Pair {
    /// A telling name, and its value from here on.
    Value(usize),
    /// A telling name whose value must stand in the next lines.
    Open,
    None,
}

/// The first of these telling names of a line with a value.
fn pair(line: &str, names: &[Word]) -> Pair {
    let mut is_open = false;
    for &(start, end) in names {
        let name = line[start..end].trim_start_matches('-');
        if line[..start].ends_with("</") || line[..start].ends_with("$(") {
            continue;
        }
        let rest = &line[end..];
        // `{key: password, value: x}`
        if let Some(at) = rest
            .match_indices("value")
            .map(|(at, _)| at + "value".len())
            .find(|at| rest[*at..].trim_start_matches(['"', '\'', '\\', ' ']).starts_with([':', '=']))
        {
            return Pair::Value(end + at + rest[at..].find([':', '=']).unwrap_or(0) + 1);
        }
        let inner = rest.trim_start_matches(['"', '\'', '\\', ')', ']', ' ', '\t', '`']);
        let is_element = line[..start].ends_with('<') && inner.starts_with('>');
        if !(inner.starts_with([':', '=']) || is_element) {
            if let Some(at) = follows(line, start, end) {
                return Pair::Value(at);
            }
            continue;
        }
        let value = inner.trim_start_matches([':', '=', '>', ' ', '\t']);
        let value = if inner.starts_with([':', '=']) && inner[1..].trim_start().starts_with('>') {
            // a folded block, or `=>`
            inner[1..].trim_start_matches([':', '=', ' ', '\t'])
        } else {
            value
        };
        let at = line.len() - value.len();
        if OPENERS.contains(&value.trim()) {
            is_open = true;
        } else if !is_nothing(value) && !is_place(name, token(value)) {
            return Pair::Value(at);
        }
    }
    if is_open { Pair::Open } else { Pair::None }
}

/// Where the value begins that follows a telling name after a blank, if it does.
fn follows(line: &str, start: usize, end: usize) -> Option<usize> {
    let rest = line[end..].trim_start_matches(['"', '\'', ',']);
    let value = rest.trim_start();
    if value.is_empty() || value.len() == rest.len() {
        return None;
    }
    let is_flag = line[start..end].starts_with('-') && !value.starts_with('-');
    let is_last = value.split_whitespace().count() == 1 && !value.ends_with(['.', ',', ':', '{', ')']);
    let is_directive = is_last && line[..start].split_whitespace().count() <= 3;
    let is_quoted = value.starts_with(['"', '\'']);
    let is_netrc = ["machine ", "login "].iter().any(|word| line.contains(word));
    let is_value = is_flag || is_directive || is_quoted || is_netrc;
    (is_value && !is_place(&line[start..end], token(value))).then(|| line.len() - value.len())
}

/// The first word of a value, without its quotes.
fn token(value: &str) -> &str {
    let value = value.trim_start_matches(['"', '\'', '\\']);
    let end =
        value.find(|letter: char| letter.is_whitespace() || ",;&\"'\\}])<".contains(letter)).unwrap_or(value.len());
    &value[..end]
}

/// Whether a value says nothing: it is empty, fetched from elsewhere, or a word of the language.
fn is_nothing(value: &str) -> bool {
    let is_end =
        |rest: &str| rest.chars().next().is_none_or(|letter| letter.is_whitespace() || ",}];&/>)".contains(letter));
    let is_empty = |quotes: &&str| value.strip_prefix(*quotes).is_some_and(is_end);
    let word = token(value);
    let is_fetched = !word.is_empty() && word.chars().all(|letter| letter == FETCHED);
    value.is_empty()
        || is_fetched
        || ["\"\"", "''", "\\\"\\\""].iter().any(is_empty)
        || ["true", "false", "null", "~"].contains(&word)
}

/// Names and what looks like names, by where they stand.
fn words(line: &str) -> impl Iterator<Item = Word> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let start = next + line[next..].find(is_name)?;
        let end = line[start..].find(|letter| !is_name(letter)).map_or(line.len(), |length| start + length);
        next = end;
        Some((start, end))
    })
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || "_-.".contains(letter)
}

/// `Basic dXNlcjp4` and `Bearer x`.
fn scheme(line: &str) -> Option<usize> {
    ["basic ", "bearer "]
        .iter()
        .filter_map(|word| {
            let at = find_in_any_case(line, word)? + word.len();
            let length = line[at..].chars().take_while(|letter| is_name(*letter) || "+/=~".contains(*letter)).count();
            (length >= 8).then_some(at)
        })
        .min()
}

/// `redis-cli -a x`
fn option(line: &str) -> Option<usize> {
    OPTIONS
        .iter()
        .filter_map(|(program, option)| {
            let start = line.find(program)?;
            let at = start + line[start..].find(option)? + option.len();
            // in a list of words, the password comes with the next one
            (!line[at..].trim().is_empty()).then_some(at)
        })
        .min()
}

/// `user app on >x ~*` and `IDENTIFIED BY 'x'`
fn acl(line: &str) -> Option<usize> {
    let identified = || find_in_any_case(line, "IDENTIFIED BY ").map(|at| at + "IDENTIFIED BY ".len());
    let user = || {
        line.trim_start()
            .starts_with("user ")
            .then(|| line.find([">", "<", "#"].map(|sign| sign.chars().next().unwrap_or('>'))))
            .flatten()
    };
    identified().or_else(user)
}

/// Where a word of ASCII letters begins, whatever their case.
fn find_in_any_case(line: &str, word: &str) -> Option<usize> {
    line.as_bytes().windows(word.len()).position(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// `scheme://user:password@host` without the password, and `user:password@tcp(host)`.
fn addresses_hidden(line: &str) -> Cow<'_, str> {
    if !line.contains('@') {
        return line.into();
    }
    let is_end = |letter: char| letter.is_whitespace() || "\"'<>`".contains(letter);
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(|letter| !is_end(letter)) {
        let end = rest[start..].find(is_end).map_or(rest.len(), |length| start + length);
        shown.push_str(&rest[..start]);
        shown.push_str(&address_hidden(&rest[start..end]));
        rest = &rest[end..];
    }
    (shown + rest).into()
}

fn address_hidden(word: &str) -> String {
    let Some((before, host)) = word.rsplit_once('@') else { return word.to_owned() };
    let (scheme, user) = match before.split_once("://") {
        Some((scheme, user)) => (&before[..scheme.len() + 3], user),
        None => ("", before),
    };
    let is_plain = if scheme.is_empty() {
        // `image:tag@sha256:…`, an address of mail
        !user.contains(':') || host.starts_with("sha256:") || user.starts_with("mailto:")
    } else {
        let authority = user.split(['/', '?', '#']).next().unwrap_or(user);
        let is_host = authority.len() < user.len() && authority.contains('.') && !authority.contains('@');
        is_host || user.is_empty() || (["ssh://", "git+ssh://"].contains(&scheme) && user == "git")
    };
    let (name, password) = user.split_once(':').unwrap_or(("", user));
    if is_plain || password.chars().all(|letter| letter == FETCHED) {
        return word.to_owned();
    }
    let colon = if name.is_empty() { "" } else { ":" };
    format!("{scheme}{name}{colon}{HIDDEN}@{host}")
}
