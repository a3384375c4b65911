//! Pins from a list of digests, as tools that ask registries print it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::diagnostics::codes;
use crate::diagnostics::report::Report;
use crate::diagnostics::source::Span;
use crate::model::pins::Pins;
use crate::values::image::Digest;
use crate::values::parse::Parse;

/// The digests of a list, by image: lines of `image digest` or `image@digest`. Blank lines, comments (`#`) and images
/// that nobody asks for are no fault.
pub fn read(list: &str, report: &mut Report) -> BTreeMap<String, Digest> {
    let mut found: BTreeMap<String, Digest> = BTreeMap::new();
    let mut start = 0;
    for line in list.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let at = at + line.len() - line.trim_start().len();
        let Some((image, digest)) = entry(text, (at..at + text.len()).into(), report) else { continue };
        match found.get(image) {
            Some(known) if *known != digest => {
                let message = format!("`{image}` is {digest} here, and {known} in a line before");
                report.error(codes::CONFLICT, at..at + text.len(), message).help("keep the line that is right");
            }
            _ => {
                found.insert(image.to_owned(), digest);
            }
        }
    }
    found
}

fn entry<'l>(text: &'l str, span: Span, report: &mut Report) -> Option<(&'l str, Digest)> {
    let (image, digest) = match *text.split_whitespace().collect::<Vec<_>>() {
        [both] if both.contains('@') => both.split_once('@')?,
        [image, digest] => (image, digest),
        _ => {
            report
                .error(codes::INVALID_VALUE, span, "this is no image with its digest")
                .help("expected `image digest` or `image@digest`");
            return None;
        }
    };
    let Ok(read) = Digest::parse(digest) else {
        let start = span.start() + text.rfind(digest).unwrap_or_default();
        report
            .error(codes::INVALID_VALUE, start..start + digest.len(), format!("`{digest}` is no digest"))
            .help(format!("expected {}", Digest::EXPECTED));
        return None;
    };
    Some((image.split_once('@').map_or(image, |(image, _)| image), read))
}

/// What is pinned of the images that are `needed`, as the list says or else as before, and what neither knows.
pub fn pins(
    needed: &BTreeSet<(String, Option<Digest>)>,
    before: &BTreeMap<String, Digest>,
    list: &BTreeMap<String, Digest>,
) -> (Pins, Vec<String>) {
    let mut missing = Vec::new();
    let mut pin = |(image, digest): &(String, Option<Digest>)| {
        // what is written with a digest needs no other
        if digest.is_some() {
            return None;
        }
        let known = list.get(image).or_else(|| before.get(image));
        if known.is_none() {
            missing.push(image.clone());
        }
        Some((image.clone(), known?.clone()))
    };
    let pins = needed.iter().filter_map(&mut pin).collect();
    (pins, missing)
}

/// The lock as a file.
pub fn text(pins: &Pins) -> String {
    let mut text =
        "# What the tags of images stand for. Written by `platformgen lock`; commit it.\nversion = 1\n".to_owned();
    for (image, digest) in pins.clone() {
        let _ = write!(text, "\n[[image]]\nreference = \"{image}\"\ndigest = \"{digest}\"\n");
    }
    text
}
