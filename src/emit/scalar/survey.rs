//! One look over a text, for all that the spelling of a string depends on.
//!
//! Lives here: which bytes and characters matter to YAML. It must never know how a string is spelled in the end.

/// The bytes of a text that matter, each kind one bit.
#[derive(Clone, Copy)]
pub(super) struct Survey(u8);

/// `\n`.
pub(super) const BREAK: u8 = 1;
/// `\t`.
pub(super) const TAB: u8 = 1 << 1;
/// A blank, which is a trap at the ends and before `#`.
pub(super) const BLANK: u8 = 1 << 2;
/// `:`, which is a trap before a blank and at the end.
pub(super) const COLON: u8 = 1 << 3;
/// `#`, which is a trap behind a blank.
pub(super) const HASH: u8 = 1 << 4;
/// `"` or `\`, which need a backslash between double quotes.
pub(super) const QUOTE: u8 = 1 << 5;
/// A control character.
pub(super) const CONTROL: u8 = 1 << 6;
/// The first byte of a group of characters some of which are `UNPRINTABLE`.
const SUSPECT: u8 = 1 << 7;

impl Survey {
    #[inline]
    pub(super) fn of(text: &str) -> Self {
        // as many bytes at once as the machine can
        let (pieces, rest) = text.as_bytes().as_chunks::<16>();
        let mut seen = [0; 16];
        for piece in pieces {
            for (seen, byte) in seen.iter_mut().zip(piece) {
                *seen |= meaning(*byte);
            }
        }
        let mut all = 0;
        if !pieces.is_empty() {
            for seen in seen {
                all |= seen;
            }
        }
        for byte in rest {
            all |= MEANING[usize::from(*byte)];
        }
        Self(all)
    }

    #[inline]
    pub(super) fn has(self, kinds: u8) -> bool {
        self.0 & kinds != 0
    }

    /// Whether `text`, of which this is the survey, holds characters that are never written as they are.
    #[inline]
    pub(super) fn has_unprintable(self, text: &str) -> bool {
        self.has(CONTROL) || self.has(SUSPECT) && text.contains(is_unprintable)
    }
}

/// Whether a character needs a backslash between double quotes.
pub(super) fn needs_escape(character: char) -> bool {
    match u8::try_from(character) {
        Ok(byte) if byte.is_ascii() => MEANING[usize::from(byte)] & (BREAK | TAB | QUOTE | CONTROL) != 0,
        _ => is_unprintable(character),
    }
}

fn is_unprintable(character: char) -> bool {
    UNPRINTABLE.iter().any(|&(first, last)| (first..=last).contains(&character))
}

/// Characters outside ASCII that are always escaped. All lie in the basic plane; `MEANING` suspects their first bytes.
const UNPRINTABLE: &[(char, char)] = &[
    // the C1 controls; NEL among them breaks lines in YAML 1.1
    ('\u{80}', '\u{9f}'),
    // line and paragraph separator: break lines in YAML 1.1
    ('\u{2028}', '\u{2029}'),
    // overrides and isolates of the writing direction: a reviewer sees another text than a reader gets (CVE-2021-42574)
    ('\u{202a}', '\u{202e}'),
    ('\u{2066}', '\u{2069}'),
    // the byte order mark, invisible and dropped at the start of a file
    ('\u{feff}', '\u{feff}'),
    // not characters: outside `c-printable` of every YAML version
    ('\u{fffe}', '\u{ffff}'),
];

const MEANING: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        #[allow(clippy::cast_possible_truncation, reason = "the line above")]
        let meaning = meaning(byte as u8);
        table[byte] = meaning;
        byte += 1;
    }
    table
};

/// The kinds that a byte is of: comparisons without a branch, of which a processor does many at once.
#[inline]
const fn meaning(byte: u8) -> u8 {
    const fn kind(is: bool, kind: u8) -> u8 {
        if is { kind } else { 0 }
    }
    kind(byte == b'\n', BREAK)
        | kind(byte == b'\t', TAB)
        | kind(byte == b' ', BLANK)
        | kind(byte == b':', COLON)
        | kind(byte == b'#', HASH)
        | kind(byte == b'"', QUOTE)
        | kind(byte == b'\\', QUOTE)
        | kind(byte < b' ', CONTROL) & !kind(byte == b'\n', CONTROL) & !kind(byte == b'\t', CONTROL)
        | kind(byte == 0x7f, CONTROL)
        | kind(byte == 0xc2, SUSPECT)
        | kind(byte == 0xe2, SUSPECT)
        | kind(byte == 0xef, SUSPECT)
}

#[cfg(test)]
mod tests {
    use super::{CONTROL, MEANING, SUSPECT, UNPRINTABLE, is_unprintable, needs_escape};

    #[test]
    fn every_unprintable_character_is_suspected() {
        for &(first, last) in UNPRINTABLE {
            for character in first..=last {
                let mut bytes = [0; 4];
                character.encode_utf8(&mut bytes);
                assert_eq!(MEANING[usize::from(bytes[0])], SUSPECT, "{character:?}");
                assert!(u32::from(character) <= 0xffff, "an escape has four digits");
            }
        }
    }

    #[test]
    fn every_control_character_is_escaped() {
        for character in
            (0..=u32::from(char::MAX)).filter_map(char::from_u32).filter(|character| character.is_control())
        {
            assert!(needs_escape(character), "{character:?}");
            let is_ascii_control = character.is_ascii() && MEANING[character as usize] == CONTROL;
            assert!(is_ascii_control || is_unprintable(character) || ['\n', '\t'].contains(&character));
        }
    }

    #[test]
    fn text_of_all_scripts_stays_as_it_is() {
        assert!(!"é ß 日本語 עברית العربية हिन्दी 😀 👩‍💻 ⚠️ \u{a0}".contains(needs_escape));
    }
}
