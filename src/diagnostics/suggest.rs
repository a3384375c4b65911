//! "Did you mean": the nearest known word, when one is near enough to be a slip of the hand.

/// The candidate nearest to `word`, if at most a third of it (and never more than three letters) differs; capitals do
/// not count.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = &word.to_lowercase();
    let length = word.chars().count();
    let limit = (length / 3).clamp(1, 3);
    candidates
        .into_iter()
        // what differs in length by more cannot be near, and need not be compared letter by letter
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit || is_prefix(word, candidate))
        .map(|candidate| (strsim::damerau_levenshtein(word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= limit || is_prefix(word, candidate))
        .min()
        .map(|(_, candidate)| candidate)
}

/// More slips than anybody makes in one map; a map of nothing else has no meaning to be guessed.
const MOST_SLIPS: usize = 20;

/// The candidates that somebody has meant and misspelt.
pub fn meant<'a, 'w>(words: impl IntoIterator<Item = &'w str>, candidates: &[&'a str]) -> Vec<&'a str> {
    let slips = words.into_iter().filter(|word| !candidates.contains(word)).take(MOST_SLIPS);
    slips.filter_map(|word| nearest(word, candidates.iter().copied())).collect()
}

fn is_prefix(word: &str, candidate: &str) -> bool {
    word.len() >= 3 && (candidate.starts_with(word) || word.starts_with(candidate) && candidate.len() >= 3)
}

/// Whether a word is another but for one slip: a letter more, less or another, or two that have changed places; capitals do
/// not count.
pub fn is_slip(word: &str, wanted: &str) -> bool {
    let (word, wanted) = (word.as_bytes(), wanted.as_bytes());
    let is_same = |(a, b): &(&u8, &u8)| a.eq_ignore_ascii_case(b);
    let start = word.iter().zip(wanted).take_while(is_same).count();
    let (word, wanted) = (&word[start..], &wanted[start..]);
    let end = word.iter().rev().zip(wanted.iter().rev()).take_while(is_same).count();
    match (&word[..word.len() - end], &wanted[..wanted.len() - end]) {
        ([] | [_], [] | [_]) => true,
        ([a, b], [c, d]) => a.eq_ignore_ascii_case(d) && b.eq_ignore_ascii_case(c),
        _ => false,
    }
}

/// `a`, `b` and `c`, each in backticks: a list for the middle of a sentence.
pub fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    joined(words, "or")
}

/// The same with another word before the last.
pub fn joined<'a>(words: impl IntoIterator<Item = &'a str>, word: &str) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} {word} {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("atuh", ["auth", "api"]), Some("auth"));
        assert_eq!(nearest("imag", ["image", "port"]), Some("image"));
        assert_eq!(nearest("postgresql", ["postgres", "redis"]), Some("postgres"));
        assert_eq!(nearest("OFF", ["on", "off"]), Some("off"));
        assert_eq!(nearest("kafka", ["auth", "api"]), None);
    }

    #[test]
    fn a_slip_is_one_letter() {
        for word in ["value", "vlaue", "valu", "values", "Vslue", "evalue"] {
            assert!(is_slip(word, "value"), "{word}");
        }
        for word in ["", "valueFrom", "vla", "aulve", "name"] {
            assert!(!is_slip(word, "value"), "{word}");
        }
    }

    #[test]
    fn a_list_reads_as_a_sentence() {
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
