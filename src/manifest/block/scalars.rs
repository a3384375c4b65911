//! Where plain and quoted scalars end within a line, and what they say.
//!
//! Lives here: scalars on one line that no reader takes for anything else. It must never guess.

use compact_str::CompactString;

/// What no scalar may hold as it is.
pub fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\n' && byte != b'\t') || byte == 0x7f
}

/// What some readers take for the end of a line, or do not take at all.
pub fn is_unprintable(letter: char) -> bool {
    matches!(letter, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// The length of the text without quotes that begins here: a key, which its colon ends, or a value, which the end of the
/// line does. `None` if it is no such text, or may go on, hold a remark or be something else.
pub fn bare(rest: &[u8], is_key: bool) -> Option<usize> {
    let is_begin = match rest {
        [] => false,
        [b'-' | b'?' | b':', next, ..] => !matches!(next, b' ' | b'\n'),
        [first, ..] => !INDICATES[usize::from(*first)],
    };
    if !is_begin {
        return None;
    }
    let mut at = 0;
    loop {
        while rest.get(at).is_some_and(|byte| !MATTERS[usize::from(*byte)]) {
            at += 1;
        }
        let last = at.checked_sub(1).map_or(b' ', |before| rest[before]);
        let is_end_of_value = !is_key && !matches!(last, b' ' | b':');
        match rest.get(at) {
            None | Some(b'\n') => return is_end_of_value.then_some(at),
            Some(b':') if is_key && matches!(rest.get(at + 1), None | Some(b' ' | b'\n')) => {
                return (last != b' ').then_some(at);
            }
            Some(b' ') if last == b':' => return None,
            Some(b'#') if last == b' ' => return None,
            Some(b' ' | b':' | b'#') => at += 1,
            Some(_) => return None,
        }
    }
}

/// The bytes that begin something else than a text without quotes.
const INDICATES: [bool; 256] = of(b"-?:,[]{}#&*!|>'\"%@` \n");

/// The bytes that may end a text without quotes, or must not stand in it.
const MATTERS: [bool; 256] = {
    let mut matters = of(b" #:\x7f");
    let mut control = 0;
    while control < b' ' {
        matters[control as usize] = true;
        control += 1;
    }
    matters
};

/// A table in which these bytes are true.
const fn of(bytes: &[u8]) -> [bool; 256] {
    let (mut table, mut at) = ([false; 256], 0);
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
}

/// The text between the double quotes with which the line begins, and where it ends.
pub fn quoted(line: &str) -> Option<(CompactString, usize)> {
    let mut text = CompactString::default();
    let mut at = 1;
    loop {
        let rest = &line[at..];
        let end = rest.find(['"', '\\'])?;
        let piece = &rest[..end];
        if piece.bytes().any(is_control) {
            return None;
        }
        text.push_str(piece);
        at += end + 1;
        if rest.as_bytes()[end] == b'"' {
            return Some((text, at));
        }
        let (letter, length) = escaped(&line[at..])?;
        text.push(letter);
        at += length;
    }
}

/// What stands behind a backslash, and how many bytes say it.
fn escaped(rest: &str) -> Option<(char, usize)> {
    let letter = match rest.as_bytes().first()? {
        b'"' => '"',
        b'\\' => '\\',
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'u' => {
            let digits = rest.get(1..5).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            return Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, 5));
        }
        _ => return None,
    };
    Some((letter, 1))
}
