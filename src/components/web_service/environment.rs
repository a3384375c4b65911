//! Values of `env`: text in which `${name}` stands for the address of something that `calls` names.

use crate::diagnostics::codes;
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
        literal.push_str(before);
        if let Some(tail) = after.strip_prefix('$') {
            // the kubelet expands `$(NAME)` in values, and takes two for one as we do
            literal.push_str("$$");
            rest = tail;
        } else if let Some((name, tail)) = after.strip_prefix('{').and_then(|inside| inside.split_once('}')) {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            match called(name, value, desk) {
                Some(name) => pieces.push(Piece::Address(name)),
                None => whole = false,
            }
            rest = tail;
        } else {
            desk.report
                .error(
                    codes::INVALID_VALUE,
                    value.span,
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

fn called(name: &str, value: &At<String>, desk: &mut Desk<'_>) -> Option<Name> {
    if desk.common.may_call(name) {
        return Name::parse(name).ok();
    }
    let near = suggest::nearest(name, desk.common.callees());
    let mistake =
        desk.report.error(codes::UNKNOWN_NAME, value.span, format!("`${{{name}}}` is nothing that `calls` names"));
    match near {
        Some(near) => mistake.help(format!("did you mean `${{{near}}}`?")),
        None => mistake.help(format!("add `\"{name}\"` to `calls`, or write `$${{{name}}}` for the text itself")),
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
