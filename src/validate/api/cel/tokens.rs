//! The pieces of an expression: names, signs, numbers and texts.

const SIGNS: &[&str] = &[
    "||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]",
    "{", "}",
];

/// Why reading ends early.
pub enum Stop {
    /// No server takes what stands at this place.
    Fault(usize, String),
    /// A server may take it.
    Unsure,
}

/// What a step of reading comes to.
pub type Step = Result<(), Stop>;

/// A piece of an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Token<'t> {
    /// A name, or a word of the language.
    Name(&'t str),
    /// A number or a text.
    Literal,
    /// A sign of the language.
    Sign(&'t str),
    /// Nothing follows.
    End,
}

/// The pieces of an expression, each with its place.
pub fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, Stop> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        let (length, token) = match letter {
            _ if letter.is_ascii_whitespace() => (1, None),
            _ if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), None),
            '`' => match rest[1..].find('`') {
                Some(end) => (end + 2, Some(Token::Name(&rest[1..=end]))),
                None => return Err(Stop::Fault(at, "a name is never closed".to_owned())),
            },
            '"' | '\'' => (quoted(rest, false).map_err(|fault| fault.behind(at))?, Some(Token::Literal)),
            _ if letter.is_ascii_digit() || is_fraction(rest) => (number(rest), Some(Token::Literal)),
            _ if is_of_name(letter) => {
                let length = rest.find(|letter| !is_of_name(letter)).unwrap_or(rest.len());
                let (name, after) = rest.split_at(length);
                let is_prefix = ["b", "br", "r", "rb"].contains(&name.to_ascii_lowercase().as_str());
                if is_prefix && after.starts_with(['"', '\'']) {
                    let is_raw = name.contains(['r', 'R']);
                    let inner = quoted(after, is_raw).map_err(|fault| fault.behind(at + length))?;
                    (length + inner, Some(Token::Literal))
                } else {
                    (length, Some(Token::Name(name)))
                }
            }
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => (sign.len(), Some(Token::Sign(sign))),
                None => return Err(Stop::Fault(at, format!("`{letter}` cannot stand"))),
            },
        };
        found.extend(token.map(|token| (at, token)));
        at += length;
    }
    found.push((text.len(), Token::End));
    Ok(found)
}

impl Stop {
    fn behind(self, start: usize) -> Self {
        match self {
            Self::Fault(at, why) => Self::Fault(start + at, why),
            Self::Unsure => Self::Unsure,
        }
    }
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn is_fraction(rest: &str) -> bool {
    rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
}

/// The length of a number, with its sign of an exponent and whatever is glued to it.
fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let is_hex = rest.starts_with("0x") || rest.starts_with("0X");
    let mut length = 0;
    while let Some(byte) = bytes.get(length) {
        let is_exponent = !is_hex && length > 0 && b"eE".contains(&bytes[length - 1]) && b"+-".contains(byte);
        let is_point = *byte == b'.' && is_fraction(&rest[length..]);
        if !(byte.is_ascii_alphanumeric() || is_exponent || is_point) {
            break;
        }
        length += 1;
    }
    length
}

/// The length of a text with its quotes.
fn quoted(rest: &str, is_raw: bool) -> Result<usize, Stop> {
    let quote = &rest[..1];
    let is_long = rest.starts_with(&quote.repeat(3));
    let end = if is_long { quote.repeat(3) } else { quote.to_owned() };
    let mut at = end.len();
    while let Some(letter) = rest[at..].chars().next() {
        if rest[at..].starts_with(&end) {
            return Ok(at + end.len());
        }
        match letter {
            '\\' => at += escape(&rest[at..], is_raw).map_err(|fault| fault.behind(at))?,
            '\n' | '\r' if !is_long => break,
            _ => at += letter.len_utf8(),
        }
    }
    Err(Stop::Fault(0, "a text is never closed that begins".to_owned()))
}

/// The length of an escape; in a raw text, every letter stands for itself.
fn escape(rest: &str, is_raw: bool) -> Result<usize, Stop> {
    let Some(letter) = rest[1..].chars().next() else { return Ok(1) };
    let digits = |count: usize, radix: u32| {
        rest.get(2..2 + count).is_some_and(|digits| digits.chars().all(|letter| letter.is_digit(radix)))
    };
    match letter {
        _ if is_raw => Ok(1 + letter.len_utf8()),
        'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' | '?' | '"' | '\'' | '`' => Ok(2),
        'x' | 'X' if digits(2, 16) => Ok(4),
        'u' if digits(4, 16) => Ok(6),
        'U' if digits(8, 16) => Ok(10),
        '0'..='3' if digits(2, 8) => Ok(4),
        _ => Err(Stop::Fault(0, format!("`\\{letter}` is no escape (write `\\\\{letter}`, or `r` before the text)"))),
    }
}
