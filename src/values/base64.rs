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
}
