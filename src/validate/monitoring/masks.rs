//! Patterns within an expression, taken out before it is parsed: the parser makes an automaton of each, which takes it
//! longer than all the rest.
//!
//! Lives here: what stands for a pattern, and what it stands for. An expression with such stand-ins is as right or as wrong
//! as it was before.

use std::borrow::Cow;

use promql_parser::label::{MatchOp, Matcher as Parsed};

use crate::validate::monitoring::matchers::{Matcher, Wants};
use crate::validate::monitoring::patterns::Pattern;
use crate::validate::monitoring::spelling::quoted_len;

/// Begins the values that stand for patterns; nobody writes it.
const MARK: &str = "\u{f8ff}";

/// The patterns of an expression.
#[derive(Debug, Default)]
pub struct Masks {
    /// Each as it is spelled, by its number.
    patterns: Vec<(String, Pattern)>,
}

impl Masks {
    /// An expression with a value in the place of each plain pattern. A pattern that takes a label that is not there for
    /// right stays, since the parser refuses expressions with nothing else.
    pub fn of(text: &str) -> (Cow<'_, str>, Self) {
        let mut masks = Self::default();
        if text.contains(MARK) {
            return (text.into(), masks);
        }
        let (mut masked, mut told, mut at) = (String::new(), 0, 0);
        while let Some(letter) = text.as_bytes().get(at) {
            let rest = &text[at..];
            at += match letter {
                b'"' | b'\'' | b'`' => quoted_len(rest),
                b'#' => rest.find('\n').unwrap_or(rest.len()),
                b'=' | b'!' => match masks.pattern(rest) {
                    Some(length) => {
                        let operator = if *letter == b'=' { "=" } else { "!=" };
                        masked.push_str(&text[told..at]);
                        let number = (masks.patterns.len() - 1).to_string();
                        masked.extend([operator, "\"", MARK, &number, "\""]);
                        told = at + length;
                        length
                    }
                    None => 1,
                },
                _ => rest.chars().next().map_or(1, char::len_utf8),
            };
        }
        let masked: Cow<'_, str> =
            if masks.patterns.is_empty() { text.into() } else { (masked + &text[told..]).into() };
        (masked, masks)
    }

    /// Remembers the pattern that an operator at the beginning of a text is followed by, and says where that ends.
    fn pattern(&mut self, text: &str) -> Option<usize> {
        let value = text.get(1..)?.strip_prefix('~')?.trim_start_matches([' ', '\t', '\n', '\r']);
        let quote = value.chars().next().filter(|letter| "\"'`".contains(*letter))?;
        let length = quoted_len(value);
        let inner = value.get(..length)?.strip_prefix(quote)?.strip_suffix(quote)?;
        let pattern = Pattern::plain(inner).filter(|pattern| !inner.contains('\\') && !pattern.is_match(""))?;
        self.patterns.push((inner.to_owned(), pattern));
        Some(text.len() - value.len() + length)
    }

    /// What a matcher means that the parser has read.
    pub fn meant(&self, parsed: &Parsed) -> Matcher {
        let number = parsed.value.strip_prefix(MARK).and_then(|number| number.parse::<usize>().ok());
        let masked = number.and_then(|number| self.patterns.get(number)).cloned();
        let is_wanted = matches!(parsed.op, MatchOp::Equal | MatchOp::Re(_));
        let pattern = match (&parsed.op, masked) {
            (_, Some((value, pattern))) => Some((value, pattern)),
            (MatchOp::Re(_), None) => Some((parsed.value.clone(), Pattern::of_library(parsed.clone()))),
            (MatchOp::NotRe(regex), None) => {
                let positive = Parsed { op: MatchOp::Re(regex.clone()), ..parsed.clone() };
                Some((parsed.value.clone(), Pattern::of_library(positive)))
            }
            (MatchOp::Equal | MatchOp::NotEqual, None) => None,
        };
        let (value, wants) = match pattern {
            Some((value, pattern)) => (value, if is_wanted { Wants::Match(pattern) } else { Wants::NoMatch(pattern) }),
            None => (parsed.value.clone(), if is_wanted { Wants::Equal } else { Wants::NotEqual }),
        };
        Matcher { name: parsed.name.clone(), wants, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_patterns_are_taken_out() {
        for (text, expected) in [
            ("a{b=~\"c|d\",e!~ 'f.+'}", "a{b=\"\u{f8ff}0\",e!=\"\u{f8ff}1\"}"),
            ("a{b=~`c`} # =~\"d\"", "a{b=\"\u{f8ff}0\"} # =~\"d\""),
            ("a{b=\"=~\\\"c\"}", "a{b=\"=~\\\"c\"}"),
            ("a{b=~\".*\"}", "a{b=~\".*\"}"),
            ("a{b=~\"(\", c=~\"d\\\\.\", e=~\"f{2}\"}", "a{b=~\"(\", c=~\"d\\\\.\", e=~\"f{2}\"}"),
            ("a =~ \"b", "a =~ \"b"),
            ("a{é=~\"b\"} != 1", "a{é=\"\u{f8ff}0\"} != 1"),
            ("a{b=~", "a{b=~"),
        ] {
            assert_eq!(Masks::of(text).0, expected, "{text}");
        }
    }

    #[test]
    fn what_stands_for_a_pattern_means_it() {
        let (_, masks) = Masks::of("a{b=~\"c|d\"}");
        let matcher = |op, value: &str| masks.meant(&Parsed { op, name: "b".to_owned(), value: value.to_owned() });
        let meant = matcher(MatchOp::Equal, "\u{f8ff}0");
        assert!(meant.value == "c|d" && meant.is_match("d") && !meant.is_match("e") && !meant.is_exact());
        assert!(!matcher(MatchOp::NotEqual, "\u{f8ff}0").is_match("d"));
        assert!(matcher(MatchOp::Equal, "c|d").is_exact());
    }
}
