//! Values of `env`: text in which `${name}` stands for the address of something that `calls` names.

use std::ops::Range;

use crate::diagnostics::codes;
use crate::diagnostics::source::Span;
use crate::diagnostics::suggest;
use crate::model::component::Desk;
use crate::model::site::Site;
use crate::spec::read::At;
use crate::values::name::Name;
use crate::values::parse::Parse;

/// A value of the environment: literal text and addresses of what the service calls, in turn.
pub type Text = Vec<Piece>;

/// A part of a value.
#[derive(Clone, Debug)]
pub enum Piece {
    /// As the API wants it: with two dollar signs for one.
    Literal(String),
    /// The address of what the service calls.
    Address(Name),
}

/// Takes `${name}` apart from literal text; `$$` is a dollar sign.
pub fn interpolated(value: &At<String>, desk: &mut Desk<'_>) -> Option<Text> {
    let mut pieces = Text::new();
    let mut literal = String::new();
    let mut rest = value.value.as_str();
    let mut whole = true;
    while let Some((before, after)) = rest.split_once('$') {
        let dollar = value.value.len() - after.len() - 1;
        literal.push_str(before);
        if let Some(tail) = after.strip_prefix('$') {
            // the kubelet expands `$(NAME)` in values, and takes two for one as we do
            literal.push_str("$$");
            rest = tail;
        } else if let Some((name, tail)) = after.strip_prefix('{').and_then(|inside| inside.split_once('}')) {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            match called(name, place(value, dollar..dollar + name.len() + "${}".len()), desk) {
                Some(name) => pieces.push(Piece::Address(name)),
                None => whole = false,
            }
            rest = tail;
        } else {
            desk.report
                .error(
                    codes::INVALID_VALUE,
                    place(value, dollar..dollar + 1),
                    format!("`{}` has a `$` that begins no `${{name}}`", value.value),
                )
                .help("write `${name}` for an address, `$$` for a dollar sign");
            return None;
        }
    }
    literal.push_str(rest);
    pieces.push(Piece::Literal(literal));
    whole.then_some(pieces)
}

/// Where a part of a text stands in the file. With escapes or several lines in it nobody can count, and it is the whole.
fn place(value: &At<String>, part: Range<usize>) -> Span {
    let quote = 1;
    let is_as_written = value.span.end().checked_sub(value.span.start()) == Some(value.value.len() + 2 * quote);
    let start = value.span.start().saturating_add(quote);
    if is_as_written { (start + part.start..start + part.end).into() } else { value.span }
}

fn called(name: &str, span: Span, desk: &mut Desk<'_>) -> Option<Name> {
    if desk.names.may_call(desk.common, name) {
        return Name::parse(name).ok();
    }
    let callees = desk.common.callees().filter(|called| desk.names.declares(called));
    let near = suggest::nearest(name, callees);
    let mistake = desk.report.error(codes::UNKNOWN_NAME, span, format!("`${{{name}}}` is nothing that `calls` names"));
    match near {
        Some(near) => mistake.help(format!("did you mean `${{{near}}}`?")),
        None if desk.names.declares(name) => {
            mistake.help(format!("add `\"{name}\"` to `calls`, or write `$${{{name}}}` for the text itself"))
        }
        None => mistake
            .help(format!("write the name of something that `calls` names, or `$${{{name}}}` for the text itself")),
    };
    None
}

/// The value with every address in its place.
pub fn spelled(text: &[Piece], site: &Site<'_>) -> String {
    text.iter()
        .map(|piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Address(name) => site.peer(name).map(|peer| peer.address.to_string()).unwrap_or_default(),
        })
        .collect()
}
