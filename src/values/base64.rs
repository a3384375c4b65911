//! Bytes as text. Source: RFC 4648, both alphabets; whoever wants one of them only has checked that before.

/// The bytes that a text stands for; `None` if it has letters of neither alphabet.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.bytes().filter(|letter| !matches!(letter, b'\n' | b'\r' | b'=')) {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap_or_default());
        }
    }
    Some(bytes)
}

/// The text that another stands for.
pub fn text(text: &str) -> Option<String> {
    String::from_utf8(bytes(text)?).ok()
}

/// The bytes that a text in the standard alphabet with padding stands for, as Go reads it: line breaks are nothing.
pub fn strict(text: &str) -> Option<Vec<u8>> {
    let letters = || text.bytes().filter(|letter| !matches!(letter, b'\n' | b'\r'));
    let padding = letters().rev().take_while(|letter| *letter == b'=').count();
    let count = letters().count();
    let is_standard = letters().take(count - padding).all(|letter| !matches!(letter, b'=' | b'-' | b'_'));
    (is_standard && padding <= 2 && count % 4 == 0).then(|| bytes(text)).flatten()
}

/// Bytes as text in the standard alphabet with padding.
pub fn encoded(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | usize::from(chunk.get(at).copied().unwrap_or_default()));
        let letters = [18, 12, 6, 0].map(|shift| char::from(LETTERS[bits >> shift & 63]));
        text.extend(letters.iter().take(chunk.len() + 1));
        text.extend(std::iter::repeat_n('=', 3 - chunk.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts_are_read() {
        assert_eq!(text("eyJhIjoxfQ==").as_deref(), Some("{\"a\":1}"));
        assert_eq!(text("YQ").as_deref(), Some("a"));
        assert_eq!(bytes("_-8"), bytes("/+8"));
        assert_eq!(bytes("a b"), None);
    }

    #[test]
    fn what_is_encoded_is_read_again() {
        for (plain, text) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("\u{fb}\u{ff}", "w7vDvw==")] {
            assert_eq!(encoded(plain.as_bytes()), text);
            assert_eq!(strict(text).as_deref(), Some(plain.as_bytes()));
        }
    }

    #[test]
    fn only_the_standard_alphabet_is_strict() {
        for text in ["YQ", "YQ=", "_-8=", "YQ==YQ==", "Y===", "YQ= ="] {
            assert_eq!(strict(text), None, "{text}");
        }
        assert_eq!(strict("YWJj\nYQ==\n").as_deref(), Some(&b"abca"[..]));
    }
}
