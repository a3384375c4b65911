//! Line breaks and what stands before the text of a line.

/// How many levels of values may hold each other, the wrappers of serde included: far above any Kubernetes schema, and
/// what `serde_json` and its kin read back.
pub(super) const DEEPEST: u8 = 128;

/// Columns that a value stands in from what holds it.
pub(super) const STEP: u16 = 2;

/// A line break and the blanks up to `column`.
#[inline]
pub(super) fn line(column: u16) -> &'static str {
    &LINE[..=usize::from(column)]
}

/// The beginning of the line that stands in furthest.
const LINE: &str = match std::str::from_utf8(&BYTES) {
    Ok(line) => line,
    Err(_) => "",
};

const WIDTH: usize = 1 + (DEEPEST as usize + 1) * STEP as usize;

const BYTES: [u8; WIDTH] = {
    let mut line = [b' '; WIDTH];
    line[0] = b'\n';
    line
};
