//! Patterns that must match the whole of a value, as Prometheus and Alertmanager have them.
//!
//! Lives here: those of words, dots, choices and repetition, which nearly all are. Making an automaton of one takes the
//! library longer than everything else that is asked of its file. All others are left to the library, mistakes included,
//! and whatever is read here matches what the library says it matches (the tests below).

use std::collections::BTreeSet;

use promql_parser::label::Matcher;
use promql_parser::parser::token::T_EQL_REGEX;

use crate::tables::HashSet;

/// A pattern.
#[derive(Clone, Debug)]
pub struct Pattern(Form);

#[derive(Clone, Debug)]
enum Form {
    /// Words to choose from, of which there may be as many as there are services.
    Words(HashSet<String>),
    Plain(Choice),
    /// As the library reads it.
    Other(Box<Matcher>),
}

/// One of several sequences.
type Choice = Vec<Vec<Piece>>;

/// A part of a sequence, and how often it comes.
#[derive(Clone, Debug)]
struct Piece {
    part: Part,
    times: Times,
}

#[derive(Clone, Debug)]
enum Part {
    Word(String),
    /// Any letter but the end of a line.
    Dot,
    /// A letter from one of these ranges.
    OneOf(Vec<(u8, u8)>),
    Group(Choice),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    Once,
    AtMostOnce,
    AnyNumber,
    AtLeastOnce,
}

/// Places in a text.
type Places = BTreeSet<usize>;

/// The library refuses patterns that become too large; none that is as short as this does.
const LONGEST: usize = 16_384;
/// Groups within groups that anybody writes.
const DEEPEST: usize = 16;

impl Pattern {
    /// Reads a pattern; `None` if it is none, or if the library cannot read it.
    pub fn read(text: &str) -> Option<Self> {
        let other = || Matcher::new_matcher(T_EQL_REGEX, String::new(), text.to_owned()).ok();
        Self::plain(text).or_else(|| other().map(Self::of_library))
    }

    /// What the library has read: whatever its matcher matches.
    pub fn of_library(matcher: Matcher) -> Self {
        Self(Form::Other(Box::new(matcher)))
    }

    /// Reads a pattern that is plain; `None` is said of others.
    pub fn plain(text: &str) -> Option<Self> {
        let mut reader = Reader { text: text.as_bytes(), at: 0, depth: 0 };
        let choice = reader.choice().filter(|_| reader.at == text.len() && text.len() <= LONGEST)?;
        let words: Option<HashSet<String>> = choice.iter().map(|sequence| word(sequence).map(str::to_owned)).collect();
        Some(Self(words.map_or(Form::Plain(choice), Form::Words)))
    }

    /// Whether it matches the whole of a text.
    pub fn is_match(&self, text: &str) -> bool {
        match &self.0 {
            Form::Words(words) => words.contains(text),
            Form::Plain(choice) => after_choice(choice, text, &Places::from([0])).contains(&text.len()),
            Form::Other(matcher) => matcher.is_match(text),
        }
    }
}

/// The one word that a sequence is.
fn word(sequence: &[Piece]) -> Option<&str> {
    match sequence {
        [] => Some(""),
        [Piece { part: Part::Word(word), times: Times::Once }] => Some(word),
        _ => None,
    }
}

/// Where one of the sequences may end that begins at one of these places.
fn after_choice(choice: &Choice, text: &str, starts: &Places) -> Places {
    let after = |sequence: &Vec<Piece>| match sequence.split_first() {
        None => starts.clone(),
        Some((first, rest)) => rest.iter().fold(first.after(text, starts), |from, piece| piece.after(text, &from)),
    };
    choice.iter().flat_map(after).collect()
}

impl Piece {
    fn after(&self, text: &str, starts: &Places) -> Places {
        let mut last = self.part.after(text, starts);
        let mut all = match self.times {
            Times::Once => return last,
            Times::AtLeastOnce => last.clone(),
            Times::AtMostOnce => return starts | &last,
            Times::AnyNumber => starts | &last,
        };
        while !last.is_empty() {
            last = &self.part.after(text, &last) - &all;
            all.extend(&last);
        }
        all
    }
}

impl Part {
    fn after(&self, text: &str, starts: &Places) -> Places {
        if let Self::Group(choice) = self {
            return after_choice(choice, text, starts);
        }
        starts.iter().filter_map(|at| Some(at + self.length(text.get(*at..)?)?)).collect()
    }

    /// How long it is where the text begins with it.
    fn length(&self, text: &str) -> Option<usize> {
        match self {
            Self::Word(word) => text.starts_with(word.as_str()).then_some(word.len()),
            Self::Dot => text.chars().next().filter(|letter| *letter != '\n').map(char::len_utf8),
            Self::OneOf(ranges) => {
                let letter = text.bytes().next()?;
                ranges.iter().any(|(first, last)| (first..=last).contains(&&letter)).then_some(1)
            }
            Self::Group(_) => None,
        }
    }
}

/// A place in a pattern.
struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skips(&mut self, what: &[u8]) -> bool {
        let is_next = self.text[self.at..].starts_with(what);
        self.at += if is_next { what.len() } else { 0 };
        is_next
    }

    fn choice(&mut self) -> Option<Choice> {
        let mut choice = vec![self.sequence()?];
        while self.skips(b"|") {
            choice.push(self.sequence()?);
        }
        Some(choice)
    }

    fn sequence(&mut self) -> Option<Vec<Piece>> {
        let mut pieces: Vec<Piece> = Vec::new();
        while self.peek().is_some_and(|letter| !matches!(letter, b'|' | b')')) {
            let (part, times) = (self.part()?, self.times());
            match (pieces.last_mut(), &part) {
                (Some(Piece { part: Part::Word(before), times: Times::Once }), Part::Word(word))
                    if times == Times::Once =>
                {
                    before.push_str(word);
                }
                _ => pieces.push(Piece { part, times }),
            }
        }
        Some(pieces)
    }

    fn part(&mut self) -> Option<Part> {
        if self.skips(b"(") {
            return self.group();
        }
        if self.skips(b"[") {
            return self.one_of();
        }
        if self.skips(b".") {
            return Some(Part::Dot);
        }
        if self.skips(b"\\.") {
            return Some(Part::Word(".".to_owned()));
        }
        let letter = self.peek().filter(|letter| letter.is_ascii_alphanumeric() || b" -/:;_,=%@".contains(letter))?;
        self.at += 1;
        Some(Part::Word(char::from(letter).to_string()))
    }

    fn group(&mut self) -> Option<Part> {
        self.skips(b"?:");
        self.depth += 1;
        let choice = if self.depth > DEEPEST { None } else { self.choice() };
        self.depth -= 1;
        choice.filter(|_| self.skips(b")")).map(Part::Group)
    }

    fn one_of(&mut self) -> Option<Part> {
        let mut ranges = Vec::new();
        while !self.skips(b"]") {
            let first = self.letter()?;
            let last = if self.skips(b"-") { self.letter()? } else { first };
            ranges.push((first, last));
        }
        let is_right = !ranges.is_empty() && ranges.iter().all(|(first, last)| first <= last);
        is_right.then_some(Part::OneOf(ranges))
    }

    /// A letter or digit between brackets.
    fn letter(&mut self) -> Option<u8> {
        let letter = self.peek().filter(u8::is_ascii_alphanumeric)?;
        self.at += 1;
        Some(letter)
    }

    /// Another sign of repetition behind the first begins no part, so that the pattern is left to the library.
    fn times(&mut self) -> Times {
        let signs: [(&[u8], Times); 3] =
            [(b"?", Times::AtMostOnce), (b"*", Times::AnyNumber), (b"+", Times::AtLeastOnce)];
        signs.into_iter().find(|(sign, _)| self.skips(sign)).map_or(Times::Once, |(_, times)| times)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What patterns are made of, and what leads a reader astray.
    const PIECES: &[&str] = &[
        "a", "b", "ab", ".", "\\.", "*", "+", "?", "|", "(", ")", "(?:", "[ab]", "[a-c]", "[b-a]", "[", "]", "[^a]",
        "-", "{2}", "\\d", "^", "$", "a*", ".+", ".*", "(a|b)*", "(?i)", "é",
    ];
    const TEXTS: &[&str] = &["", "a", "b", "ab", "ba", "aab", "abab", "c", ".", "é", "éa", "\n", "a\nb", "-a", "^a"];

    fn library(text: &str) -> Option<Matcher> {
        Matcher::new_matcher(T_EQL_REGEX, String::new(), text.to_owned()).ok()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_read_here_matches_what_the_library_says(
            pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..7)
        ) {
            let text = pieces.concat();
            if let Some(own) = Pattern::plain(&text) {
                let library = library(&text);
                prop_assert!(library.is_some(), "the library refuses {text}");
                for value in TEXTS {
                    let expected = library.as_ref().is_some_and(|library| library.is_match(value));
                    prop_assert_eq!(own.is_match(value), expected, "{} on {:?}", text, value);
                }
            }
        }
    }

    #[test]
    fn ordinary_patterns_are_read_here() {
        for text in [
            "5..",
            ".+",
            "a|b-c|",
            "[123]..",
            "api;http|auth;http",
            "kube_(?:pod|node)_.*;",
            "a(?:b_.+|c(?:d|e)?)",
            "/healthz|/readyz",
            "a\\.b",
        ] {
            assert!(Pattern::plain(text).is_some(), "{text}");
        }
        for text in ["(", ")", "*", "a**", "a+?", "a{2}", "[]", "(?i)a", "\\d", "^a", "é", "a[b", "[b-a]"] {
            assert!(Pattern::plain(text).is_none(), "{text}");
        }
        assert!(Pattern::read("a{2}").is_some_and(|pattern| pattern.is_match("aa")) && Pattern::read("(").is_none());
    }

    #[test]
    fn many_ways_to_match_take_no_longer() {
        let pattern = Pattern::plain(&"(a*)*".repeat(10)).expect("it is plain");
        assert!(!pattern.is_match(&format!("{}b", "a".repeat(60))));
    }
}
