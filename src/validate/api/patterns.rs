//! Regular expressions as Go takes them, as far as a look at their brackets tells.
//!
//! Source: `regexp/syntax` of Go: no groups are referred to, nothing looks ahead or behind.

/// Why a text is surely no regular expression; `None` if it may be one.
pub fn fault(text: &str) -> Option<&'static str> {
    let letters: Vec<char> = text.chars().collect();
    let (mut at, mut open, mut is_start) = (0, 0_usize, true);
    while let Some(letter) = letters.get(at) {
        let rest = letters.get(at + 1..).unwrap_or_default();
        match letter {
            '\\' => match rest.first() {
                None => return Some("it ends with `\\`"),
                Some('1'..='9') => return Some("it refers to a group, which Go does not know"),
                // what stands between is taken as it is
                Some('Q') => return None,
                Some(_) => at += 1,
            },
            '[' => match class_len(rest) {
                Some(length) => at += length,
                None => return Some("a `[` is never closed"),
            },
            '(' => {
                open += 1;
                if matches!(rest, ['?', '=' | '!', ..] | ['?', '<', '=' | '!', ..]) {
                    return Some("it looks ahead or behind, which Go does not know");
                }
                at += usize::from(rest.first() == Some(&'?'));
            }
            ')' if open == 0 => return Some("a `)` closes nothing"),
            ')' => open -= 1,
            '*' | '+' | '?' if is_start => return Some("it repeats nothing"),
            _ => {}
        }
        is_start = matches!(letter, '(' | '|');
        at += 1;
    }
    (open > 0).then_some("a `(` is never closed")
}

/// How many letters stand after a `[` up to the bracket that closes it.
fn class_len(rest: &[char]) -> Option<usize> {
    let mut at = usize::from(rest.first() == Some(&'^'));
    // the first bracket is a letter
    at += usize::from(rest.get(at) == Some(&']'));
    loop {
        match (rest.get(at)?, rest.get(at + 1)) {
            ('\\', _) => at += 2,
            ('[', Some(':')) => {
                let inner = rest.get(at..)?.windows(2).position(|pair| pair == [':', ']']);
                at += inner.map_or(1, |end| end + 2);
            }
            (']', _) => return Some(at + 1),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn only_what_go_cannot_take_is_refused() {
        for text in
            ["^a+$", r"^(([a-z]\.)*|[^]]+)$", r"[[:alpha:]_\]]*", r"(?i)a|(?P<n>b)", r"\(", "", "a{1,2}?", "[)]"]
        {
            assert_eq!(fault(text), None, "{text}");
        }
        for text in ["(", ")", "[a", r"a\", r"(a)\1", "(?=a)", "(?<!a)", "*a", "(|+)"] {
            assert!(fault(text).is_some(), "{text}");
        }
    }
}
